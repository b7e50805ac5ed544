"""`python -m app factory-reset`: delete everything that was made since the installation."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from app.commands.services import ask_snapd, services
from config.commands import command, instance
from config.disk import LOCK
from config.own_files import folder_problem
from config.paths import RESTART, Paths
from config.snapd import SnapctlError, snapctl

DESCRIPTION = """Deletes the settings with their history, the events, the page's password,
sessions and tokens, the newest log lines, and the choice of HTTPS with the
certificate made here.
Asks first, and cannot be undone.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description = DESCRIPTION
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Delete it, after a question; the exit status."""
    paths = Paths.from_environment()
    print("To be deleted:", *(f"  {path}" for path in _to_delete(paths)), sep="\n")
    if not options.yes and not _confirmed():
        print("Nothing was deleted.", file=sys.stderr)
        return 1
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # an ssh session that drops must not leave services stopped
    try:
        _delete(paths, services())
    except SnapctlError as error:
        remedy = "try again when `snap changes` shows none in progress"
        print(f"Nothing was deleted, as snapd did not stop the services ({error}): {remedy}.", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGHUP, before)
    print(f"Deleted. The settings are the defaults, and the page has no password: `{command('admin-password')}`.")
    if not instance():
        print("A detector or a page that runs here keeps some of it until it is restarted.")
    return 0


def _delete(paths: Paths, running: list[str]) -> None:
    """Delete the files with the services stopped: a running detector would write them again. Raises: SnapctlError."""
    try:
        if running:
            snapctl("stop", *running)
        for path in _to_delete(paths):  # listed again, with what the services wrote while they ended
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    finally:
        if running:  # also where snapd refused: it may have stopped one of them
            ask_snapd("start", *running)


def _to_delete(paths: Paths) -> Iterator[Path]:
    """A snap's folders hold nothing else, except that the owner may keep a certificate in common/."""
    for folder, patterns in (
        (
            paths.data,
            ("config.*", ".*.new", paths.history.name, "admin-*", "https.*", paths.snapd_told.name, RESTART, LOCK),
        ),
        (paths.common, (f"{paths.events.name}*", paths.detector_log.name, paths.page_log.name)),
        (paths.run, ("*.json", "preview.*", paths.requests.name)),
    ):
        if folder == paths.run and folder_problem(folder):
            continue  # another user's
        yield from sorted({path for pattern in patterns for path in folder.glob(pattern)})


def _confirmed() -> bool:
    """Whether somebody typed yes; without anybody to ask it is no."""
    try:
        return input("Type yes to delete it for good: ") == "yes"
    except EOFError:
        return False
