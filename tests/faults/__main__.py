"""`python -m tests.faults [--long] [KIND ...]`: try faults, print the table; exit status 1 if one is not survived."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context

from tests.faults.tally import Row, rows_of, table

KINDS = (
    "powercuts",
    "unsynced",
    "clock",
    "camera",
    "played",
    "disk",
    "updates",
    "damaged",
    "saving",
    "fuzz",
    "coverage",
    "requests",
)


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.faults", description=__doc__)
    parser.add_argument("--long", action="store_true", help="many more tries, about an hour")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all of them if none is named")
    options = parser.parse_args()
    kinds = options.kinds or KINDS
    with ExitStack() as processes:
        # A process for each kind: some fork, some load the page, and a crash loses only its own rows
        pools = [processes.enter_context(ProcessPoolExecutor(1, get_context("spawn"))) for _ in kinds]
        tried = [pool.submit(rows_of, kind, options.long) for pool, kind in zip(pools, kinds, strict=True)]
        found = [row for kind, future in zip(kinds, tried, strict=True) for row in _rows(kind, future)]
    print(table(found))
    return 0 if all(row.holds for row in found) else 1


def _rows(kind: str, tried: Future[list[Row]]) -> list[Row]:
    try:
        return tried.result()
    except Exception as error:  # the harness failed, so nothing was survived
        return [Row(kind, wrong=f"{type(error).__name__}: {error}")]


if __name__ == "__main__":
    sys.exit(main())
