"""The fixtures of tests/support/page.py, for all tests of the page."""

from tests.support.page import app, cheap_hashes, clock, owner, paths, stored, stranger, viewer, viewers

__all__ = ["app", "cheap_hashes", "clock", "owner", "paths", "stored", "stranger", "viewer", "viewers"]
