"""Where files are: three folders, and the names of the files in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Paths:
    """The three folders, absolute.

    `data` is small: a snap refresh copies it and a revert restores it. `run` is gone after a reboot. `common` is the
    same for every revision of the snap.
    """

    data: Path
    run: Path
    common: Path

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

    @property
    def config(self) -> Path:
        """The settings file."""
        return place(self.data, CONFIG)

    @property
    def last_good(self) -> Path:
        """The settings with which the daemon last ran in health."""
        return place(self.data, LAST_GOOD)

    @property
    def history(self) -> Path:
        """The folder of the settings files before this one."""
        return place(self.data, HISTORY)

    @property
    def snapd_told(self) -> Path:
        """The settings that snapd was told last."""
        return place(self.data, SNAPD_TOLD)

    @property
    def admin_password(self) -> Path:
        """The hash of the page's password."""
        return place(self.data, "admin-password")

    @property
    def viewer_password(self) -> Path:
        """The hash of the password of who may look and change nothing."""
        return place(self.data, VIEWER_PASSWORD)

    @property
    def admin_tokens(self) -> Path:
        """The hashes of the tokens for programs."""
        return place(self.data, TOKENS)

    @property
    def first_run(self) -> Path:
        """What a person has confirmed of the page's checklist."""
        return place(self.data, "admin-first-run.json")

    @property
    def events(self) -> Path:
        """The database of distractions."""
        return place(self.common, "events.sqlite")

    @property
    def detector_log(self) -> Path:
        """The detector's newest log lines."""
        return place(self.common, "detector.log")

    @property
    def page_log(self) -> Path:
        """The page's."""
        return place(self.common, "page.log")

    @property
    def status(self) -> Path:
        """The detector's status, written about once a second."""
        return place(self.run, STATUS)

    @property
    def preview(self) -> Path:
        """The picture for the page, only while somebody watches."""
        return place(self.run, PREVIEW)

    @property
    def preview_wanted(self) -> Path:
        """Touched by the page while somebody watches."""
        return place(self.run, PREVIEW_WANTED)

    @property
    def requests(self) -> Path:
        """The folder of the page's requests to the detector, a file each."""
        return place(self.run, REQUESTS)

    @property
    def course(self) -> Path:
        """What the looks of the last two minutes measured."""
        return place(self.run, "course.json")

    @property
    def memory_history(self) -> Path:
        """The detector's memory since it started."""
        return place(self.run, "memory-history.json")

    @property
    def failure(self) -> Path:
        """How the daemon last failed in this boot."""
        return place(self.run, FAILURE)

    @property
    def sessions(self) -> Path:
        """Who is signed in to the page."""
        return place(self.run, "sessions.json")

    @property
    def drafts(self) -> Path:
        """Settings that were typed on the page and are not saved yet."""
        return place(self.run, "drafts.json")

    @property
    def throttle(self) -> Path:
        """Who gave wrong passwords."""
        return place(self.run, "throttle.json")


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
