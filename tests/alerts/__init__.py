"""Tests of app/alerts."""
