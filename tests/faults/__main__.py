"""`python -m tests.faults [--long] [KIND ...]`: try the faults and print the table; exit status 1 if one wins."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.faults.tally import rows_of, table

KINDS = ("powercuts", "unsynced", "clock", "disk", "damaged", "fuzz", "coverage", "requests")


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.faults", description=__doc__)
    parser.add_argument("--long", action="store_true", help="many more tries, about an hour")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all of them if none is named")
    options = parser.parse_args()
    kinds = options.kinds or KINDS
    # a fresh process each, as some fork and some load the page
    with ProcessPoolExecutor(len(kinds), multiprocessing.get_context("spawn")) as pool:
        tried = [pool.submit(rows_of, kind, options.long) for kind in kinds]
        found = [row for future in tried for row in future.result()]
    print(table(found))
    return 0 if all(row.holds for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
