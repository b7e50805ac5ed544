"""The record of events in SQLite: written by the detector, read by the page."""
