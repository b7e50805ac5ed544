"""Tests of admin/aim."""
