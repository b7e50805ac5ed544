"""State that outlives a restart of the worker: JSON files in the run folder; in the data folder for a reboot."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from app.telemetry.run_folder import boot_id
from config import durable
from config.disk import Disk
from config.own_files import read_file, replace_file

log = logging.getLogger(__name__)

BOOT = "boot_id"


class Mirror:
    """One file, this user's alone. Its times are monotonic, so another boot's would mean nothing."""

    def __init__(self, file: Path, most_bytes: int) -> None:
        self._file, self._most_bytes = file, most_bytes

    def read(self) -> dict[str, object]:
        """Return what was written in this boot; nothing if it is missing, damaged or too large."""
        try:
            table: object = json.loads(read_file(self._file, self._most_bytes))  # half a file is not JSON
        except (OSError, ValueError, RecursionError):
            return {}
        return table if isinstance(table, dict) and boot_id() and table.get(BOOT) == boot_id() else {}

    def write(self, table: Mapping[str, object]) -> None:
        """Replace what was written. Where that fails, the worker goes on with what it has in memory."""
        try:
            data = json.dumps({**table, BOOT: boot_id()}, separators=(",", ":"))
            replace_file(self._file, data.encode())
        except OSError as error:
            log.debug("%s not written: %s", self._file, error)


class LastingMirror(Mirror):
    """One in the data folder, which a reboot and a power cut leave. Its times are of the boot that wrote them."""

    def read(self) -> dict[str, object]:
        """Return what was written in any boot; nothing if it is missing, damaged or too large."""
        try:
            table: object = json.loads(Disk().read(self._file, self._most_bytes))
        except (OSError, ValueError, RecursionError):
            return {}
        return table if isinstance(table, dict) else {}

    def write(self, table: Mapping[str, object]) -> None:
        """Replace what was written, synced."""
        try:
            durable.replace(self._file, json.dumps(dict(table), separators=(",", ":")).encode(), Disk())
        except OSError as error:
            log.debug("%s not written: %s", self._file, error)
