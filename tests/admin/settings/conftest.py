"""The fixtures of tests/support/settings_form.py."""

from tests.support.settings_form import app, client, disk, store

__all__ = ["app", "client", "disk", "store"]
