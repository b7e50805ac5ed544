"""Tests of app/monitor."""
