"""The fixtures of tests/support/page.py, for the tests of the page."""

from tests.support.page import app, cheap_hashes, owner, paths, stored, stranger, viewer, viewers

__all__ = ["app", "cheap_hashes", "owner", "paths", "stored", "stranger", "viewer", "viewers"]
