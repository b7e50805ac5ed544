"""Where the head is turned while no pose can be measured: turned too far for the mesh, bowed, or gone."""

from __future__ import annotations

import math

from app.attention.sample import PoseError, Sample, direction
from app.attention.timers import Span
from app.events import State, Torso

TURNED_DEG = 15.0  # a face lost from a pose beyond this was turned away, not taken from the seat
HEADING_DEG = 10.0  # a driver who looks at the road sways less
GLARE_S = 2.1  # a face lost for less may be hidden by glare: so long low sun in glasses hid one
REACHING_DEG = 30.0  # who bowed so far may be reaching into the footwell, which takes the shoulders along


class LostPose:
    """Keeps where the head was turned when its pose was lost, and learns more from each look without one."""

    def __init__(self, absence_s: float) -> None:
        """absence_s: a face lost for longer is no longer a face turned away."""
        self.turned: State | None = None  # where the head was turned in the last look that told
        self.last_error: PoseError | None = None  # the last pose, None where a later look told more
        self._absence_s = absence_s
        self._told_s = -math.inf  # the last look that showed a face
        self._lost: Span | None = None  # between which times the pose was lost, while it is
        self._bowed = 0  # by how many looks since then more showed the driver bowed than upright

    def measured(self, time_s: float, error: PoseError) -> None:
        """Take a look that shows a pose."""
        self._told_s, self.last_error, self._lost = time_s, error, None
        self.turned = direction(error, TURNED_DEG, TURNED_DEG, TURNED_DEG)

    def update(self, sample: Sample) -> Span | None:
        """Take a look without a pose; when the pose was lost, if only this look shows that the head was turned then."""
        if self._lost is None:
            self._lost, self._bowed = Span(self._told_s, sample.time_s), 0
        lost = self._lost
        self._bowed += (sample.torso is Torso.BOWED) - (sample.torso is Torso.UPRIGHT)
        was_known = self.turned is not None
        self.turned = self._direction(sample, lost)
        is_news = not was_known and self._is_recent(sample, lost) and self.is_turned_away(sample.time_s)
        return lost if is_news else None

    def is_turned_away(self, time_s: float) -> bool:
        """The face is lost because the head is turned, up to the time it counts as absence."""
        return self.turned is not None and time_s - self._told_s <= self._absence_s

    def forget(self) -> None:
        """Start over for a new driver."""
        self.turned = None

    def _direction(self, sample: Sample, lost: Span) -> State | None:
        """Where the head is turned after this look: the first of these that tells."""
        if sample.signals is not None and sample.signals.detected_only is not None:
            return self._of_detected(sample.signals.detected_only, sample)
        if sample.torso is Torso.GONE:
            return self.turned if self._may_be_reaching else None
        if not self._is_recent(sample, lost):
            return self.turned
        if sample.torso is Torso.BOWED and self._bowed > 0:
            return self._of_bowed()
        if sample.torso is not None and sample.time_s - lost.latest_s >= GLARE_S:
            return self.turned or self._heading or State.LOOKING_AWAY
        return self.turned

    def _of_detected(self, turned: State, sample: Sample) -> State:
        """Of a head turned far aside the detector's points may look bowed, never the other way round."""
        is_aside = State.LOOKING_AWAY in (turned, self.turned)
        is_upright = sample.torso is Torso.UPRIGHT and self.turned is None
        self._told_s, self.last_error = sample.time_s, None
        return State.LOOKING_AWAY if is_aside or is_upright else turned

    def _of_bowed(self) -> State:
        """The shoulders are where they were, and the head hides the chest."""
        self.last_error = None
        return State.LOOKING_DOWN

    def _is_recent(self, sample: Sample, lost: Span) -> bool:
        return sample.time_s - lost.earliest_s <= self._absence_s

    @property
    def _heading(self) -> State | None:
        """Where the head was going when it was seen last."""
        return direction(self.last_error, HEADING_DEG, HEADING_DEG, HEADING_DEG) if self.last_error else None

    @property
    def _may_be_reaching(self) -> bool:
        """The head went down before the driver was lost, further than to the instruments."""
        last = self.last_error
        return self.turned is State.LOOKING_DOWN and (last is None or last.pitch_deg <= -REACHING_DEG)
