"""The faults of tests/faults/saving.py, which hinder a detector from saving: a function for each, and their list."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.journal.journal import Journal
from app.monitor.detector import HEALTHY_S
from app.monitor.single_instance import LOCK as DETECTOR_LOCK
from app.monitor.watchdog import CRASH
from app.telemetry import status
from app.telemetry.requests import Request, ask
from config.disk import LOCK
from config.own_files import private_folder
from config.paths import FAILURE, PREVIEW, PREVIEW_WANTED, REQUESTS, STATUS, Paths
from tests.support.appliance import wait_for

HANG = Path(__file__).with_name("hang.c")
RUN_FILES = (STATUS, PREVIEW, PREVIEW_WANTED, FAILURE, CRASH, DETECTOR_LOCK, "memory-history.json", f".{STATUS}.new")
DATA_FILES = ("config.yaml", "config.last-good.yaml", LOCK, "events.sqlite", "events.sqlite-wal", "events.sqlite-shm")
ROWS, REQUEST_FILES = 1_000_000, 100_000
NEIGHBOUR = 65534  # nobody
HELD: list[sqlite3.Connection] = []


@dataclass(slots=True)
class Try:
    """A detector and how it is started; `told` returns what else went wrong, "" if nothing did."""

    place: Path
    env: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    out: int | None = None
    told: Callable[[Try], str] = lambda tried: ""

    @property
    def paths(self) -> Paths:
        """The detector's folders."""
        return Paths(self.place / "data", self.place / "run" / "drivewatch", self.place / "data")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault; `prepare` runs before the start of the detector, `begin` while it watches."""

    name: str
    prepare: Callable[[Try], None] = lambda tried: None
    begin: Callable[[Try], None] = lambda tried: None
    needs_root: bool = False
    needs_compiler: bool = False
    judged_by_status: bool = False


def frames(tried: Try) -> int:
    """How many frames the status file counts."""
    found = status.read(tried.paths.status)
    return found.camera.frames if found else 0


def log(tried: Try) -> str:
    """What the detector has printed."""
    return (tried.place / "log").read_text(errors="replace")


def full_run_folder(tried: Try) -> None:
    """Mount a full file system as the run folder."""
    tried.paths.run.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=700", "tmpfs", tried.paths.run], check=True)
    (tried.paths.run / "filler").write_bytes(b"x" * 4096)


def read_only(folder: str, tried: Try) -> None:
    """Mount a read-only file system as this folder, as the kernel does with a failing card."""
    path = getattr(tried.paths, folder)
    path.mkdir(mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700,ro", "tmpfs", path], check=True)


def hold_settings(tried: Try) -> None:
    """Hold the lock of the settings; the detector, which keeps them as good after a minute, must name it."""
    tried.paths.data.mkdir(mode=0o700)
    tried.paths.config.write_text("camera: {width: 320}\n")
    fcntl.flock(os.open(tried.paths.data / LOCK, os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
    said = "another program holds its lock"
    tried.told = lambda tried: "" if wait_for(lambda: said in log(tried), 2 * HEALTHY_S) else "it does not say so"


def fill_events(tried: Try) -> None:
    """Fill the journal with far more events than a detector keeps; opening it takes seconds."""
    tried.paths.data.mkdir(mode=0o700)
    Journal(tried.paths.events, "before").close()
    with closing(sqlite3.connect(tried.paths.events)) as db, db:
        db.executemany(
            "INSERT INTO events"
            " (boot_id, kind, level, onset_s, onset_earliest_s, onset_latest_s, end_s, detail, wall_s)"
            " VALUES ('before', 'phone', 2, ?, 0, 0, 1, '', 0)",
            ((float(number),) for number in range(ROWS)),
        )


def lock_events(tried: Try) -> None:
    """Hold the journal's lock, as another program that writes and does not end."""
    db = sqlite3.connect(tried.paths.events, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    HELD.append(db)


def stopped_reader(tried: Try) -> None:
    """Let the detector print into a full pipe that nobody reads."""
    _, tried.out = os.pipe()
    os.set_blocking(tried.out, False)
    while True:
        try:
            os.write(tried.out, b"x" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(tried.out, True)


def gone_reader(tried: Try) -> None:
    """Let the detector print into a pipe whose reader has ended."""
    reader, tried.out = os.pipe()
    os.close(reader)


def full_log(tried: Try) -> None:
    """Let the detector print to a full device."""
    tried.out = os.open("/dev/full", os.O_WRONLY)


def closed_streams(tried: Try) -> None:
    """Start the detector with stdin, stdout and stderr closed: the next files that it opens get their numbers."""
    tried.prefix = ("/bin/sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh")


def flood_requests(tried: Try) -> None:
    """Put a real request behind many files that are none."""
    private_folder(tried.paths.requests)
    for number in range(REQUEST_FILES):
        (tried.paths.requests / f"odd-{number}").touch()
    ask(tried.paths.run, Request.MUTE)
    tried.told = lambda tried: "" if wait_for(lambda: "asks to mute" in log(tried)) else "the real one was not taken"


def plant(make: Callable[[Path], None], tried: Try) -> None:
    """Put what `make` makes in the place of every file of the run and the data folder."""
    for folder, names in ((tried.paths.run, (*RUN_FILES, REQUESTS)), (tried.paths.data, DATA_FILES)):
        folder.mkdir(mode=0o700)
        for name in names:
            make(folder / name)
    tried.told = lambda tried: "" if wait_for(lambda: frames(tried) > 0) else "there is no status"


def foreign_run_folder(tried: Try) -> None:
    """Make the run folder another user's, with links to a file of root and a request in it."""
    (victim := tried.place / "victim").write_bytes(b"root's own")
    run = tried.paths.run
    run.parent.chmod(0o1777)
    run.mkdir(mode=0o777)
    for name in RUN_FILES:
        (run / name).symlink_to(victim)
    (run / REQUESTS).mkdir()
    (run / REQUESTS / "mute").touch()
    for path in (run, *run.rglob("*")):
        os.chown(path, NEIGHBOUR, NEIGHBOUR, follow_symlinks=False)

    def told(tried: Try) -> str:
        if victim.read_bytes() != b"root's own" or "asks to mute" in log(tried):
            return "it followed or obeyed the neighbour"
        return "" if f"`sudo rm -r {run}`" in log(tried) else "it names no remedy"

    tried.told = told


def hang(call: str, folder: str, tried: Try, *, at_once: bool = False) -> None:
    """Let this call below the folder block for ever: from the start, or from `begin_hanging` on."""
    library, below = tried.place / "hang.so", getattr(tried.paths, folder)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HANG, "-ldl"], check=True)
    tried.env |= {"LD_PRELOAD": str(library), "HANG_CALL": call, "HANG_BELOW": str(below)}
    tried.env["HANG_WHEN"] = str(tried.place / "hang")
    if at_once:
        begin_hanging(tried)
    if folder == "data" and call in ("write", "fsync"):  # each event needs them
        tried.told = lambda tried: "" if wait_for(partial(is_hang_told, tried)) else "the status does not name it"


def begin_hanging(tried: Try) -> None:
    """Start blocking the calls of `hang`."""
    (tried.place / "hang").touch()


def is_hang_told(tried: Try) -> bool:
    found = status.read(tried.paths.status)
    return found is not None and "does not answer" in found.journal_problem


FAULTS = (
    Fault("run folder full", full_run_folder, needs_root=True),
    Fault("run folder read-only", partial(read_only, "run"), needs_root=True),
    Fault("data folder read-only", partial(read_only, "data"), needs_root=True),
    Fault("lock of the settings held by another program", hold_settings),
    Fault(f"{ROWS:,} events in the file", fill_events),
    Fault("events locked by another program", begin=lock_events),
    Fault("stdout and stderr a full pipe", stopped_reader, judged_by_status=True),
    Fault("stdout and stderr a closed pipe", gone_reader, judged_by_status=True),
    Fault("stdout and stderr a full device", full_log, judged_by_status=True),
    Fault("stdin, stdout and stderr closed", closed_streams, judged_by_status=True),
    Fault(f"{REQUEST_FILES:,} files among the requests", begin=flood_requests),
    Fault("a FIFO in the place of each file", partial(plant, os.mkfifo)),
    Fault("a folder in the place of each file", partial(plant, os.mkdir)),
    Fault("a link to /dev/zero in the place of each file", partial(plant, lambda path: path.symlink_to("/dev/zero"))),
    Fault("run folder of another user, full of links", foreign_run_folder, needs_root=True),
    *(
        Fault(f"{call} hangs in the {folder} folder", partial(hang, call, folder), begin_hanging, needs_compiler=True)
        for folder in ("data", "run")
        for call in ("open", "write", "fsync", "rename", "unlink", "statvfs")
        if (folder, call) not in (("run", "fsync"), ("data", "rename"), ("data", "unlink"), ("run", "statvfs"))
    ),
    *(
        Fault(
            f"open hangs in the {folder} folder from the start",
            partial(hang, "open", folder, at_once=True),
            needs_compiler=True,
        )
        for folder in ("run", "data")
    ),
)
