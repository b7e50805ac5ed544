"""Tests of admin/home."""
