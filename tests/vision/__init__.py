"""Tests of app/vision."""
