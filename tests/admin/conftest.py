"""The fixtures of tests/support/page.py, for all tests of the page."""

from tests.support.page import app, clock, owner, paths, stored, stranger, viewer, viewers

__all__ = ["app", "clock", "owner", "paths", "stored", "stranger", "viewer", "viewers"]
