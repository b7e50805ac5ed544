"""Restarting the detector, and going back to the last good settings when it does not watch.

course (what comes next, pure), restarter (does it), restart_page (routes)
"""
