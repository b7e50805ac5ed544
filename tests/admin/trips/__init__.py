"""Tests of admin/trips."""
