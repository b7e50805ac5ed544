"""Why the detector ends: the message says what is wrong and what helps."""

from __future__ import annotations


class DetectorError(RuntimeError):
    """The detector cannot start, or cannot go on."""


class HungError(DetectorError):
    """A thread beside the loop does not come back; the stacks of all threads tell where it is."""
