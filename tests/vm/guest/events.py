"""Prints what a file of events holds, and changes nothing:  events.py FILE

JSON: sha256 of the file, version of its tables, kind and Unix time of each event. What is only in its log is left out.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def main() -> None:
    print(json.dumps(stored(Path(sys.argv[1]))))


def stored(file: Path) -> dict[str, object]:
    """What is printed. Raises: OSError, sqlite3.Error."""
    with closing(sqlite3.connect(f"{file.as_uri()}?immutable=1", uri=True)) as db:
        events = db.execute("SELECT kind, CAST(wall_s AS INTEGER) FROM events").fetchall()
        (version,) = db.execute("PRAGMA user_version").fetchone()
    return {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "version": version, "events": events}


if __name__ == "__main__":
    main()
