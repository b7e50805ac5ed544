"""Whether there is a picture, and a driver in it."""

from __future__ import annotations

from app.attention.motion_rules import judges_distraction
from app.attention.policy import Policy
from app.attention.rules import SpellRule, Step
from app.attention.sample import Sample
from app.events import Level, Sight, State

ABSENCE_NEW_DRIVER_S = 20.0  # nobody changes seats faster


class Presence:
    """The rules of no face, a covered camera and no camera."""

    def __init__(self, policy: Policy) -> None:
        self._hold_s = policy.no_face_hold_s
        self._warning = Step(policy.no_face_warning_s, Level.WARNING)
        self.no_face = SpellRule(())
        self.blocked = SpellRule((Step(policy.camera_blocked_s, Level.WARNING),))
        # one missing frame may only be late, which at 2 s between two looks is as long as the rule itself
        self.no_camera = SpellRule((Step(policy.no_camera_s, Level.WARNING),), in_a_row_min=2)
        self._seen = False
        self._absent_s = 0.0

    def update(self, sample: Sample, is_turned_away: bool) -> None:
        """Take one sample."""
        nothing = sample.sight is Sight.NOTHING
        is_covered = None if nothing else sample.sight is not Sight.CLEAR
        # a face without a pose is as good as none: upside down, cut off, or a profile that the mesh misfits
        no_face = None if sample.sight is not Sight.CLEAR else sample.error is None and not is_turned_away
        self._seen = self._seen or sample.signals is not None
        self.no_camera.update(sample.time_s, nothing, sample.period_s, State.NO_CAMERA)
        self.blocked.update(sample.time_s, is_covered, sample.period_s, State.CAMERA_BLOCKED, str(sample.sight.value))
        self.no_face.update(sample.time_s, no_face, sample.period_s, State.NO_FACE)
        self._absent_s = self.no_face.spell.lasted_s(sample.time_s, sample.period_s)
        span = self.no_face.spell.span
        if not judges_distraction(sample.motion):
            self.no_face.episode.end(sample.time_s)
        elif span is not None and self._seen and self._absent_s >= self._warning.limit:
            self.no_face.episode.rise(State.NO_FACE, self._warning, span)

    @property
    def is_absent(self) -> bool:
        """Nobody was seen for longer than the hold-off."""
        return self._absent_s >= self._hold_s

    @property
    def driver_left(self) -> bool:
        """Nobody was seen for so long that the next face may be another driver's."""
        return self._absent_s >= ABSENCE_NEW_DRIVER_S
