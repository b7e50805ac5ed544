"""Tests of app/attention."""
