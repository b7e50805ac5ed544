"""`python -m app enable-https`: serve the page over HTTPS."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Final

from app.commands.services import restart_page
from config import https
from config.certificates import Certificate
from config.openssl import HttpsError
from config.paths import Paths

log = logging.getLogger(__name__)

SELF_SIGNED: Final = "self-signed"
DESCRIPTION = """Serves the page over HTTPS alone from its next start on. `self-signed` makes a
certificate for this machine and renews it in time.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description = DESCRIPTION
    parser.add_argument("wanted", nargs="+", metavar="self-signed | CERT KEY", help="PEM files, or neither")
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Choose the certificate and restart the page; the exit status."""
    try:
        found = _enabled(Paths.from_environment(), options.wanted)
    except HttpsError as error:
        log.error("%s", error)
        return 1
    print(f"The page is served over HTTPS from its next start on, until {found.expires}.")
    restart_page()
    print(f"SHA-256 fingerprint, to compare with the browser's: {found.fingerprint}")
    return 0


def _enabled(paths: Paths, wanted: list[str]) -> Certificate:
    if wanted == [SELF_SIGNED]:
        return https.enable(paths, SELF_SIGNED)
    if len(wanted) == 2:
        return https.enable(paths, (Path(wanted[0]), Path(wanted[1])))
    raise HttpsError("say `enable-https self-signed`, or name two files: `enable-https CERT KEY`")
