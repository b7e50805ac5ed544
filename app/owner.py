"""What the page's owner does at the console: another password, HTTPS on and off."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config import https, password
from config.paths import Paths

SELF_SIGNED: Final = "self-signed"


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
    print(f"SHA-256 fingerprint, to compare with the browser's: {found.fingerprint}")


def disable_https(paths: Paths, everywhere: bool) -> None:
    """Serve plain HTTP, on this machine alone unless told otherwise. Raises: HttpsError."""
    https.disable(paths, everywhere=everywhere)
    if everywhere:
        print("From its next start on the page is open to the network, and whoever listens there reads the password.")
    else:
        print("From its next start on the page is served over plain HTTP, on this machine alone.")
