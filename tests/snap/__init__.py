"""Tests of snap/."""
