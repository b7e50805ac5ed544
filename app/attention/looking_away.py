"""Looking away from the road, in one stretch or in many short glances."""

from __future__ import annotations

import math

from app.attention.lost_pose import LostPose
from app.attention.motion_rules import away_steps, judges_distraction
from app.attention.policy import Policy
from app.attention.rules import MeasureRule, SpellRule, Step
from app.attention.sample import PoseError, Sample, direction
from app.attention.timers import Share
from app.events import Level, Motion, Sight, State

OTHER_GLANCE_DEG, OTHER_GLANCE_S = 30.0, 0.9  # mirror, then speedometer: two glances, not a long one
GAZE_AWAY_DEG, GAZE_BACK_DEG = 17.0, 13.0  # line of sight from the road: real eyes at a side of the screen read 24
GAZE_TURNED_DEG = 10.0  # in the head, which eyes that look ahead do not reach for long: 10 at most in seven real clips


def looks_aside(error: PoseError, sight_deg: float) -> bool:
    """Whether the eyes alone look beyond this angle from the road: the head faces it, eyes and head together do not.

    Only sideways: up and down the irises are no better than chance at 320 x 240 (app/vision/gaze.py), and who looks
    down lowers the lids, which counts as closed.
    """
    gaze_deg = error.gaze_yaw_deg
    if gaze_deg is None or abs(gaze_deg) <= GAZE_TURNED_DEG:
        return False
    return abs(error.yaw_deg + gaze_deg) > sight_deg


def is_another(last: PoseError | None, sample: Sample) -> bool:
    """Whether this is a look elsewhere, so long after the last that the road may have been looked at between."""
    if last is None or sample.error is None or sample.seconds < OTHER_GLANCE_S:
        return False
    moved_deg = sample.error.yaw_deg - last.yaw_deg, sample.error.pitch_deg - last.pitch_deg
    gazes_deg = [error.gaze_yaw_deg for error in (last, sample.error) if error.gaze_yaw_deg is not None]
    crosses = bool(gazes_deg) and min(gazes_deg) < -GAZE_TURNED_DEG and max(gazes_deg) > GAZE_TURNED_DEG
    return math.hypot(*moved_deg) > OTHER_GLANCE_DEG or crosses


class LookingAway:
    """The rule of one long look away from the road, and that of repeated glances."""

    def __init__(self, policy: Policy) -> None:
        p = self._policy = policy
        self._kind = State.LOOKING_AWAY
        self._lost_pose = LostPose(p.unresponsive_s)
        self._away = Share(p.glances_window_s)
        self.rule = SpellRule(away_steps(p, Motion.UNKNOWN), p.attention_back_s)
        self.repeated = MeasureRule(
            (Step(p.glances_warning_s, Level.WARNING), Step(p.glances_alarm_s, Level.ALARM)),
            p.glances_clear_s,
        )

    def update(self, sample: Sample, is_asleep: bool) -> None:
        """Take one sample; is_asleep: closed eyes have been told of, with which the head may sink."""
        before, last, holds = self.rule.holds_now, self._lost_pose.last_error, self._is_away(sample)
        is_believed = self._lost_pose.last_error is sample.error
        if before and holds and is_believed and not self.rule.episode.event and is_another(last, sample):
            self.rule.spell.restart(sample.time_s - sample.seconds / 2)
        steps = away_steps(self._policy, sample.motion)
        if is_asleep and self._kind is State.LOOKING_DOWN and not self.rule.episode.event:
            steps = ()
        self.rule.update(sample.time_s, holds, sample.period_s, self._kind, steps=steps)
        self._add_up(sample, before, holds)

    def is_turned_away(self, time_s: float) -> bool:
        """Whether the face, if lost, is lost because the head is turned too far for the mesh."""
        return self._lost_pose.is_turned_away(time_s)

    def forget(self) -> None:
        """Start over for a new driver."""
        self._lost_pose.forget()
        self._away.clear()

    def _is_away(self, sample: Sample) -> bool | None:
        if sample.sight is not Sight.CLEAR:
            return None
        if sample.error is None:
            return self._is_away_without_pose(sample)
        away = self._direction(sample.error)
        if away is None and not sample.fits:
            return self._is_away_without_pose(sample)
        self._lost_pose.measured(sample.time_s, sample.error)
        self._kind = away or self._kind
        return away is not None

    def _direction(self, error: PoseError) -> State | None:
        """Where the driver looks; the limits are nearer to the road for who already looks away."""
        p, is_away = self._policy, self.rule.holds_now
        limits_deg = (p.yaw_limit_deg, p.pitch_up_limit_deg, p.pitch_down_limit_deg)
        if is_away:
            limits_deg = (p.yaw_clear_deg, p.pitch_up_clear_deg, p.pitch_down_clear_deg)
        turned = direction(error, *(limit_deg + error.margin_deg for limit_deg in limits_deg))
        if turned is None and looks_aside(error, GAZE_BACK_DEG if is_away else GAZE_AWAY_DEG):
            return State.LOOKING_AWAY
        return turned

    def _is_away_without_pose(self, sample: Sample) -> bool | None:
        lost = self._lost_pose.update(sample)
        self._kind = self._lost_pose.turned or self._kind
        if lost is not None:
            self.rule.spell.began(lost, sample.time_s)
        return True if self.is_turned_away(sample.time_s) else None

    def _add_up(self, sample: Sample, before: bool, holds: bool | None) -> None:
        """Add the glance to the others; one that was warned of on its own is not counted a second time."""
        if not judges_distraction(sample.motion):
            self.repeated.stop(sample.time_s)
            return
        warned = self.rule.episode.level >= Level.WARNING
        if warned and self.rule.spell.span is not None:
            self._away.forget_since(self.rule.spell.span.earliest_s)
        known_s = 0.0 if holds is None or warned else sample.seconds
        self._away.add(sample.time_s, known_s * (bool(before) + bool(holds)) / 2, known_s)
        self.repeated.update(sample.time_s, self._away.held_s, bool(holds) and not warned, State.DISTRACTED)
