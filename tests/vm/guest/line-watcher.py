"""Counts how often a simulated GPIO line goes high:  line-watcher.py VALUE-FILE COUNT-FILE"""

from __future__ import annotations

import sys
import time
from pathlib import Path

EVERY_S = 0.02  # the shortest beep is 40 ms, of an alarm 90 ms


def main() -> None:
    value, count = map(Path, sys.argv[1:])
    before, rises = "0", 0
    count.write_text("0")
    while True:
        now = value.read_text().strip()
        if now != before:
            before, rises = now, rises + int(now)
            count.write_text(str(rises))
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
