"""`python -m app admin-password`: make a new password for the page."""

from __future__ import annotations

import argparse

from config import password
from config.paths import Paths

DESCRIPTION = """Makes a new password for the page, prints it once, keeps only its hash, and ends
every session and every token for programs.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description = DESCRIPTION
    parser.add_argument("--keep-tokens", action="store_true", help="programs go on with the tokens they have")
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Make it and print it; the exit status. Raises: StoreError."""
    made = password.generate()
    password.save(Paths.from_environment().admin_password, made, keep_tokens=options.keep_tokens)
    print(f"the page's password: {made}")
    print("It is shown only this once and not kept. Everybody who was signed in must sign in again.")
    print("Tokens for programs are kept." if options.keep_tokens else "Tokens for programs have ended: make new ones.")
    return 0
