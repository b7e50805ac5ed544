"""Tests of admin/health."""
