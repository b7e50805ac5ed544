"""Tests of app/fake_driver."""
