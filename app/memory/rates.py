"""Which rates ask for speed rather than for memory."""

from __future__ import annotations

from config.settings import Camera

# Frames judged a second from which XNNPACK's kernels and kept blocks are worth their memory: 15 MB more, 5 ms of CPU
# less a frame, which is 0.5 % of a core at 1 frame a second, 2.5 % at 5 and 5 % at 10 (`make bench-rates`)
FAST_FROM_FPS = 5.0


def is_fast(camera: Camera) -> bool:
    """Whether so many frames a second are judged that their time counts for more than memory."""
    return camera.target_fps / camera.frame_skip >= FAST_FROM_FPS
