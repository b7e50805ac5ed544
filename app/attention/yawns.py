"""Yawns, counted."""

from __future__ import annotations

from app.attention.driver import Driver
from app.attention.motion_rules import is_audible
from app.attention.policy import Policy
from app.attention.rules import MeasureRule, Step
from app.attention.sample import Sample
from app.attention.timers import Mean, Recent, Spell
from app.events import Level, Sight, State

# No look counts as wider than this many times the limit: a shout or a high note opens the mouth wider than a yawn, for
# one look at 1 frame a second. Of 14 rendered drivers who yawn three times none is missed with 1.15; with 1.35 one of
# eight rendered singers yawns
LOOK_MAX = 1.25


class Yawns:
    """Yawns are counted: the mouth is wide open for longer than a word, on average, as single looks are misread."""

    def __init__(self, policy: Policy) -> None:
        self._wide = Spell(0.0)
        self._mean_mar = Mean(policy.yawn_s)
        self._yawned = False
        self._yawns = Recent(policy.yawn_window_s)
        self.mouth_is_wide = False
        self.rule = MeasureRule((Step(policy.yawns_caution, Level.CAUTION),), policy.yawns_caution)

    def update(self, sample: Sample, driver: Driver) -> None:
        """Take one sample."""
        mar = sample.signals.mar if sample.signals and sample.sight is Sight.CLEAR else None
        is_wide = None if mar is None else mar > driver.yawn_mar(yawns=self._wide.holds_now)
        self._wide.update(sample.time_s, is_wide, sample.period_s)
        self.mouth_is_wide = self._wide.holds_now
        counted_mar = None if mar is None else min(mar, LOOK_MAX * driver.yawn_mar())
        before, mean_mar = self._yawned, self._mean_mar.update(sample.time_s, counted_mar, sample.period_s)
        if mean_mar is None:
            self._yawned = before and self._wide.holds_now
        else:
            self._yawned = mean_mar > driver.yawn_mar(yawns=before)
        if self._yawned and not before:
            self._yawns.add(sample.time_s)
        if is_audible(sample.motion):
            self.rule.update(sample.time_s, self._yawns.count(sample.time_s), self._yawned, State.YAWNING)
        else:
            self.rule.stop(sample.time_s)

    def forget(self) -> None:
        """A new driver."""
        self._yawns.clear()
