"""What the owner does at the console: another password, HTTPS on and off, everything back to how it came."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config import https, password
from config.disk import LOCK
from config.paths import Paths
from config.snapd import SnapctlError, command, instance, snapctl

SELF_SIGNED: Final = "self-signed"
SERVICES: Final = ("detector", "admin")


def new_password(paths: Paths) -> None:
    """Make the page's password, print it this once, and end every session. Raises: StoreError."""
    made = password.generate()
    password.save(paths.admin_password, made)
    print(f"the page's password: {made}")
    print("It is shown this once and not kept; whoever was signed in must sign in anew.")


def enable_https(paths: Paths, wanted: list[str]) -> None:
    """Choose a certificate: `self-signed`, or the files of one and its key. Raises: HttpsError."""
    if wanted == [SELF_SIGNED]:
        found = https.enable(paths, SELF_SIGNED)
    elif len(wanted) == 2:
        found = https.enable(paths, (Path(wanted[0]), Path(wanted[1])))
    else:
        raise https.HttpsError("say `enable-https self-signed`, or name two files: `enable-https CERT KEY`")
    print(f"The page is served over HTTPS from its next start on, until {found.expires}.")
    _restart_page()
    print(f"SHA-256 fingerprint, to compare with the browser's: {found.fingerprint}")


def disable_https(paths: Paths, everywhere: bool) -> None:
    """Serve plain HTTP, on this machine alone unless told otherwise. Raises: HttpsError."""
    https.disable(paths, everywhere=everywhere)
    if everywhere:
        print("From its next start on the page is open to the network, and whoever listens there reads the password.")
    else:
        print("From its next start on the page is served over plain HTTP, on this machine alone.")
    _restart_page()


def factory_reset(paths: Paths, *, is_sure: bool) -> int:
    """Delete all that was made since the installation, after a question; exit status."""
    print("To be deleted:", *(f"  {path}" for path in _made_since(paths)), sep="\n")
    if not is_sure and not _confirmed():
        print("Nothing was deleted.", file=sys.stderr)
        return 1
    services = _services()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # an ssh session that drops must not leave them stopped
    try:
        if services:
            snapctl("stop", *services)
        for path in _made_since(paths):  # with what they wrote at their end
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except SnapctlError as error:  # a detector that runs would write its files anew
        remedy = "try again when `snap changes` shows none in progress"
        print(f"Nothing was deleted, as snapd did not stop the services ({error}): {remedy}.", file=sys.stderr)
        return 1
    finally:
        if services:  # after a refusal too: it may have come with one of them stopped
            _ask_snapd("start", *services)
        signal.signal(signal.SIGHUP, before)
    print(f"Deleted. The settings are the defaults, and the page has no password: `{command('admin-password')}`.")
    if not instance():
        print("A detector or a page that runs here holds some of it until it is started again.")
    return 0


def _made_since(paths: Paths) -> Iterator[Path]:
    """A snap's folders hold nothing else, but in common/ the owner may keep a certificate of their own."""
    for folder, patterns in (
        (paths.data, ("config.*", ".*.new", paths.history.name, "admin-*", "https.*", paths.snapd_told.name, LOCK)),
        (paths.common, (f"{paths.events.name}*",)),
        (paths.run, ("*.json", "preview.*", paths.requests.name)),
    ):
        yield from sorted({path for pattern in patterns for path in folder.glob(pattern)})


def _confirmed() -> bool:
    """Nobody to ask is no."""
    try:
        return input("Type yes to delete it for good: ") == "yes"
    except EOFError:
        return False


def _restart_page() -> None:
    """What is chosen here holds from the page's start on."""
    if snap := instance():
        _ask_snapd("restart", f"{snap}.admin")


def _services() -> list[str]:
    """As snapd names them; none outside a snap."""
    return [f"{snap}.{service}" for service in SERVICES] if (snap := instance()) else []


def _ask_snapd(*arguments: str) -> None:
    """Or tell the owner what to do instead."""
    try:
        snapctl(*arguments)
    except SnapctlError as error:
        print(f"snapd did not do it ({error}): sudo snap {' '.join(arguments)}", file=sys.stderr)
