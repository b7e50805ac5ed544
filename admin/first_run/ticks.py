"""What a person has confirmed of the first run, in a small file of the data folder; a damaged one confirms nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.telemetry.codec import parsed
from config import durable
from config.disk import Disk

FILE_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Ticks:
    """fingerprint: of the certificate that was compared. password: of the hash that is the owner's choice. Else ""."""

    place: bool = False
    beep: bool = False
    led: bool = False
    fingerprint: str = ""
    password: str = ""
    is_put_away: bool = False


def read(file: Path) -> Ticks:
    """What was confirmed; nothing where the file is missing, unreadable or damaged. Never raises."""
    try:
        found = parsed(Ticks, json.loads(Disk().read(file, FILE_MAX_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return Ticks()
    return found if isinstance(found, Ticks) else Ticks()


def change(file: Path, **changes: bool | str) -> None:
    """Confirm something more, or take it back. Raises: StoreError."""
    disk = Disk()
    with durable.held(file, disk):
        ticks = replace(read(file), **changes)  # type: ignore[arg-type]
        durable.replace(file, json.dumps(asdict(ticks)).encode() + b"\n", disk)
