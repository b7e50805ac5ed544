"""State that outlives a restart of the worker but not a reboot: JSON files in the run folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from app.telemetry.run_folder import boot_id
from config.own_files import read_file, replace_file

log = logging.getLogger(__name__)

BOOT = "boot_id"


class Mirror:
    """One file, this user's alone. Its times are monotonic, so another boot's would mean nothing."""

    def __init__(self, file: Path, most_bytes: int, *, outlives_boot: bool = False) -> None:
        self._file, self._most_bytes, self._outlives_boot = file, most_bytes, outlives_boot

    def read(self) -> dict[str, object]:
        """Return what was written, in this boot unless it outlives that; nothing if missing, damaged or too large."""
        try:
            table: object = json.loads(read_file(self._file, self._most_bytes))  # half a file is not JSON
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(table, dict):
            return {}
        return table if self._outlives_boot or (boot_id() and table.get(BOOT) == boot_id()) else {}

    def write(self, table: Mapping[str, object]) -> None:
        """Replace what was written. Where that fails, the worker goes on with what it has in memory."""
        try:
            data = json.dumps({**table, BOOT: boot_id()}, separators=(",", ":"))
            replace_file(self._file, data.encode())
        except OSError as error:
            log.debug("%s not written: %s", self._file, error)
