"""Tests of app/vehicle."""
