"""Tests of app/recordings."""
