"""The fixtures of tests/support/settings_form.py."""

from tests.support.settings_form import app, client, disk, paths, store

__all__ = ["app", "client", "disk", "paths", "store"]
