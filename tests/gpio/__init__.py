"""Tests of app/gpio; the outputs' are in tests/alerts/test_pins.py."""
