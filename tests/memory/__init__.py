"""Tests of app/memory."""
