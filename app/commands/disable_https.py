"""`python -m app disable-https`: serve the page over plain HTTP."""

from __future__ import annotations

import argparse
import logging

from app.commands.services import restart_page
from config import https
from config.openssl import HttpsError
from config.paths import Paths

log = logging.getLogger(__name__)

DESCRIPTION = "Serves the page over plain HTTP from its next start on, on this machine alone."


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description = DESCRIPTION
    parser.add_argument("--everywhere", action="store_true", help="on every address, readable by the whole network")
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Choose it and restart the page; the exit status."""
    try:
        https.disable(Paths.from_environment(), everywhere=options.everywhere)
    except HttpsError as error:
        log.error("%s", error)
        return 1
    if options.everywhere:
        print("From its next start on the page is open to the network, and whoever listens there reads the password.")
    else:
        print("From its next start on the page is served over plain HTTP, on this machine alone.")
    restart_page()
    return 0
