"""Where files are: three folders, and the names of the files in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from config.own_files import private_folder

FREE_MIN_MB = 20.0  # on each disk that is written to
CONFIG = "config.yaml"
LAST_GOOD = "config.last-good.yaml"
HISTORY = "history"
SNAPD_TOLD = "snapd.json"
STATUS, PREVIEW, PREVIEW_WANTED, REQUESTS = "status.json", "preview.jpg", "preview.wanted", "requests"
FAILURE = "failure.json"
RESTART = "restart.json"
TOKENS, VIEWER_PASSWORD = "admin-tokens.json", "admin-viewer-password"


@lru_cache(maxsize=64)
def place(folder: Path, *names: str) -> Path:
    """A path that is used every second, made once.

    pathlib interns each part of a new path. Making the same paths again and again lets Python 3.11's table of interned
    strings grow from 1 to 2 MB within some hours.
    """
    return folder.joinpath(*names)


class _File:
    """A file or folder in one of the three folders: its path."""

    def __init__(self, folder: Literal["data", "run", "common"], name: str) -> None:
        self._folder, self._name = folder, name

    def __get__(self, paths: Paths, owner: type[Paths]) -> Path:
        return place(getattr(paths, self._folder), self._name)


@dataclass(frozen=True, slots=True)
class Paths:
    """The three folders, absolute.

    `data` is small: a snap refresh copies it and a revert restores it. `run` is gone after a reboot. `common` is the
    same for every revision of the snap.
    """

    data: Path
    run: Path
    common: Path

    config = _File("data", CONFIG)  # the settings file
    last_good = _File("data", LAST_GOOD)  # the settings with which the daemon last ran in health
    history = _File("data", HISTORY)  # the folder of the settings files before this one
    snapd_told = _File("data", SNAPD_TOLD)  # the settings that snapd was told last
    admin_password = _File("data", "admin-password")  # the hash of the page's password
    viewer_password = _File("data", VIEWER_PASSWORD)  # the hash of the password of who may look and change nothing
    admin_tokens = _File("data", TOKENS)  # the hashes of the tokens for programs
    first_run = _File("data", "admin-first-run.json")  # what a person has confirmed of the page's checklist
    events = _File("common", "events.sqlite")  # the database of distractions
    detector_log = _File("common", "detector.log")  # the detector's newest log lines
    page_log = _File("common", "page.log")  # the page's newest log lines
    status = _File("run", STATUS)  # the detector's status, written about once a second
    preview = _File("run", PREVIEW)  # the picture for the page, only while somebody watches
    preview_wanted = _File("run", PREVIEW_WANTED)  # touched by the page while somebody watches
    requests = _File("run", REQUESTS)  # the folder of the page's requests to the detector, a file each
    course = _File("run", "course.json")  # what the looks of the last two minutes measured
    memory_history = _File("run", "memory-history.json")  # the detector's memory since it started
    failure = _File("run", FAILURE)  # how the daemon last failed in this boot
    sessions = _File("run", "sessions.json")  # who is signed in to the page
    drafts = _File("run", "drafts.json")  # settings that were typed on the page and are not saved yet
    throttle = _File("run", "throttle.json")  # who gave wrong passwords

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Paths:
        """Return the folders that snapd, the user or else the current folder give; nothing is created."""
        data = Path(env.get("SNAP_DATA") or env.get("DRIVEWATCH_DATA") or ".drivewatch").absolute()
        return cls(data=data, run=_run_folder(env), common=Path(env.get("SNAP_COMMON") or data).absolute())

    def make(self) -> None:
        """Create the folders that are missing, for this user alone. Raises: OSError, naming the folder."""
        for folder in (self.data, self.common):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_folder(self.run)


def _run_folder(env: Mapping[str, str]) -> Path:
    """In memory where possible, and where nobody else could have come first: /tmp only where a user has no other."""
    if snap := env.get("SNAP_INSTANCE_NAME"):
        return Path("/run", f"snap.{snap}")
    runtime = env.get("XDG_RUNTIME_DIR")
    if runtime and not _is_anothers(runtime):
        return Path(runtime, "drivewatch").absolute()
    if os.geteuid() == 0:
        return Path("/run/drivewatch")
    return Path(env.get("TMPDIR") or "/tmp", f"drivewatch-{os.geteuid()}").absolute()  # noqa: S108  made private


def _is_anothers(folder: str) -> bool:
    """Whether it is another user's, as `su` and `sudo -E` leave it in the environment."""
    try:
        return os.stat(folder).st_uid != os.geteuid()  # noqa: PTH116
    except FileNotFoundError:
        return False
    except OSError:
        return True
