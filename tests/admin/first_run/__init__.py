"""Tests of the settings on the page."""
