"""`python -m app admin-password`: make a new password for the page, the owner's or a viewer's."""

from __future__ import annotations

import argparse

from config import password
from config.paths import Paths

DESCRIPTION = """Makes a new password for the page, prints it once, keeps only its hash, and ends
every session of the one before and every token for programs.
"""
MORE = """With --viewer it is the password of who may look and change nothing; the owner's
sessions and the tokens go on. The page removes it, under Account.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description, parser.epilog = DESCRIPTION, MORE
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--keep-tokens", action="store_true", help="programs go on with the tokens they have")
    which.add_argument("--viewer", action="store_true", help="for who sees all but account and settings")
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Make it and print it; the exit status. Raises: StoreError."""
    paths, made = Paths.from_environment(), password.generate()
    if options.viewer:
        password.save(paths.viewer_password, made, keep_tokens=True)
        print(f"the viewer's password: {made}")
        print("It is shown only this once and not kept. Viewers who were signed in must sign in again.")
        return 0
    password.save(paths.admin_password, made, keep_tokens=options.keep_tokens)
    print(f"the page's password: {made}")
    print("It is shown only this once and not kept. Owners who were signed in must sign in again.")
    print("Tokens for programs are kept." if options.keep_tokens else "Tokens for programs have ended: make new ones.")
    return 0
