"""Tests of admin/banner."""
