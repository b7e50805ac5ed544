"""Restarting the detector, and going back to the last good settings when it does not watch."""
