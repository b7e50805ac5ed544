"""When the detector would look at a recording: at its rate, and soon again after a look that is urgent."""

from __future__ import annotations

from app.camera.frame import SECOND_LOOK_S, has_second_look


class LookTimes:
    """The moments at which looks are due, from phase_s on, in the recording's own time."""

    def __init__(self, fps: float, phase_s: float = 0.0) -> None:
        self._fps, self._phase_s = fps, phase_s
        self._tick = 0
        self.due_s = phase_s

    def is_due(self, reach_s: float) -> bool:
        """Whether the frame that is the nearest one until reach_s is due."""
        return reach_s >= self.due_s

    def taken(self, time_s: float, reach_s: float, is_urgent: bool) -> None:
        """Note a look at time_s, which stands for all that was due until reach_s, half a frame later."""
        # The camera takes no frame before its moment: a recording's frame that comes sooner counts as taken then
        moment_s = max(time_s, self.due_s) if self.due_s <= reach_s else time_s
        while self._phase_s + self._tick / self._fps <= reach_s:
            self._tick += 1
        self.due_s = self._phase_s + self._tick / self._fps
        if is_urgent and has_second_look(moment_s, self.due_s):
            self.due_s = moment_s + SECOND_LOOK_S
