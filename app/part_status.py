"""How each part of the detector is, as it reports to the loop, the page and `check`. Standard library only.

message: what is wrong and what helps, for people; empty while all is well. remedy: what helps alone, a command or a few
words, where it is known. status.json has the fields of these classes under the same names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """How the camera is."""

    state: Literal["opening", "live", "lost", "hung"] = "opening"
    source: str = ""
    """What was opened, e.g. "/dev/video0 (uvcvideo: HD Webcam)"."""
    message: str = ""
    width: int = 0
    height: int = 0
    """Pixels as they are decoded, which may be fewer than a camera sends; the frames have the size of the settings."""
    measured_fps: float = 0.0
    frames: int = 0
    """Frames captured, including skipped and damaged ones."""
    dropped: int = 0
    bad: int = 0
    last_frame_s: float | None = None
    remedy: str = ""
    note: str = ""
    """Which settings it cannot follow; the pictures come all the same."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether buzzer and LED can reach the driver."""

    buzzer_ok: bool = False
    buzzer_message: str = ""
    led_ok: bool = False
    led_message: str = ""
    buzzer_remedy: str = ""


@dataclass(frozen=True)
class Usage:
    """Memory of one process.

    rss_mb is anonymous_mb (private memory, which only the process can free) + file_mb (mapped files) + shared_mb
    (shared memory); pss_mb counts each memory page by the share of the processes that map it, None where the kernel
    does not tell; peak_mb is the highest rss_mb since the process started.
    """

    rss_mb: float = 0.0
    pss_mb: float | None = None
    anonymous_mb: float = 0.0
    file_mb: float = 0.0
    shared_mb: float = 0.0
    peak_mb: float = 0.0
    swap_mb: float = 0.0


@dataclass(frozen=True)
class MemorySaving:
    """What the detector does to save memory, and why; both empty while memory suffices."""

    saving: str = ""
    saving_reason: str = ""
