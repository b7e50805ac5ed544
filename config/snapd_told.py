"""What snapd was told last: the settings in force, and whether there was a config.yaml then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from config.check import from_text
from config.declaration import Value
from config.disk import Disk
from config.paths import CONFIG
from config.settings import DECLARATIONS

MAX_BYTES = 64 * 1024  # all settings take 3 KiB
THERE = {CONFIG: "there"}  # beside the settings: whoever finds no file later knows that one is lost


def read(file: Path, disk: Disk | None = None) -> dict[str, str]:
    """Return the texts by key, nothing if the file is missing or damaged. Never raises."""
    try:
        table = json.loads((disk or Disk()).read(file, MAX_BYTES))
        return {key: text for key, text in table.items() if isinstance(text, str)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def was_there(texts: Mapping[str, str]) -> bool:
    """Whether there was a config.yaml when snapd was told."""
    return THERE.items() <= texts.items()


def values(texts: Mapping[str, str]) -> dict[str, Value]:
    """Return the settings in it that are allowed."""
    found = {}
    for key, text in texts.items():
        try:
            found[key] = from_text(DECLARATIONS[key], text)
        except (KeyError, ValueError):  # of another version
            continue
    return found
