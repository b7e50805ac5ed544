"""Signals -> Verdict and Events: when is the driver not attending, and how urgent is it. No camera, no clock.

Rules count seconds between samples that agree (timers.py), so they hold at 0.5 frames a second as at 10. All are
relative to the driver (driver.py).
"""

from __future__ import annotations

import math

from app.attention.driver import Driver
from app.attention.escalation import Cues, History, Urgency, foremost
from app.attention.eyes import Eyes
from app.attention.looking_away import LookingAway
from app.attention.motion_rules import is_audible, learns_driver, phone_steps
from app.attention.policy import Policy, policy_of
from app.attention.presence import Presence
from app.attention.rules import MeasureRule, SpellRule
from app.attention.sample import Sample
from app.attention.timers import Pace, hold_off_s
from app.attention.yawns import Yawns
from app.events import Event, Level, Motion, Neutral, Sight, State, Torso, Verdict, WaitsFor
from app.vision.measurements import Signals
from config.analysis import Analysis


def road_of(settings: Analysis) -> Neutral:
    """Where the settings say that the road is."""
    return Neutral(settings.neutral_yaw, settings.neutral_pitch, learnt=False)


class Attention:
    """Takes samples in the order of their time and says what they mean."""

    def __init__(self, settings: Analysis, repeat_s: float, policy: Policy | None = None) -> None:
        """policy: instead of the one that the settings choose."""
        policy = self._policy = policy or policy_of(settings)
        self._pace = Pace()
        self._last_s = -math.inf
        self.driver = Driver(policy, road_of(settings))
        self._looking_away = LookingAway(policy)
        self._eyes = Eyes(policy, settings.history_window)
        self._yawns = Yawns(policy)
        self._presence = Presence(policy)
        self._phone = SpellRule(phone_steps(policy, Motion.UNKNOWN), policy.phone_clear_s)
        self._rules: tuple[SpellRule | MeasureRule, ...] = (
            self._presence.no_camera,
            self._presence.blocked,
            self._presence.no_face,
            self._looking_away.rule,
            self._looking_away.repeated,
            self._eyes.rule,
            self._eyes.unseen,
            self._eyes.drowsy,
            self._phone,
            self._yawns.rule,
        )
        self._urgency = Urgency(policy.level_step_s)
        self._cues = Cues(repeat_s)
        self._history = History(settings.max_events_buffer, settings.history_window)
        self._shown = State.ATTENTIVE
        self._since_s: float | None = None
        self._waits_for = WaitsFor.FACE

    def update(
        self,
        time_s: float,
        sight: Sight,
        signals: Signals | None,
        torso: Torso | None = None,
        motion: Motion = Motion.UNKNOWN,
    ) -> Verdict:
        """Take one sample; signals None: no face was found. Times must grow; one that does not is taken as no time."""
        sample = self._sample(time_s, sight, signals, torso, motion)
        self._looking_away.update(sample, is_asleep=self._eyes.rule.episode.event is not None)
        self._yawns.update(sample, self.driver)
        self._eyes.update(sample, self.driver, self._yawns.mouth_is_wide)
        self._presence.update(sample, self._looking_away.is_turned_away(time_s))
        on_phone = sample.signals.hand_at_ear if sample.signals else None
        steps = phone_steps(self._policy, motion)
        self._phone.update(time_s, on_phone, sample.period_s, State.PHONE, steps=steps)
        self._waits_for = self._learn(sample)
        return self._verdict(sample)

    def _learn(self, sample: Sample) -> WaitsFor:
        """Learn from a look at the driver's face, and forget a driver who left; what learning the road waits for."""
        signals = sample.signals if sample.sight is Sight.CLEAR else None
        self.driver.answer_asked(sample.time_s, None if self._eyes.closed else signals)
        if signals is None:
            if self._presence.driver_left:
                self._forget_driver()
            return WaitsFor.FACE
        if not learns_driver(sample.motion):
            return WaitsFor.MOTION
        return self.driver.learn(sample.time_s, signals, self._eyes.closed)

    def recalibrate(self) -> None:
        """Learn the neutral pose and the eyes again, as for a new driver."""
        self._forget_driver()

    def use_direction(self) -> None:
        """Take where the driver looks now as the road's direction, standing or moving; the verdict has the answer."""
        self.driver.ask_direction()

    def change_eyes(self) -> None:
        """Another mesh reads the mouth otherwise: how wide this driver's opens is learnt again; the road stays."""
        self.driver.forget_features()

    @property
    def recent_events(self) -> tuple[Event, ...]:
        """Events that ended within the history window, the newest last; never more than max_events_buffer."""
        return self._history.events(self._last_s)

    def _sample(
        self, time_s: float, sight: Sight, signals: Signals | None, torso: Torso | None, motion: Motion
    ) -> Sample:
        period_s = self._pace.update(time_s, counts=not self._eyes.may_be_asleep)
        # what was not watched counts for nothing: after a gap only one period is known
        gap_s = max(0.0, time_s - self._last_s)
        self._last_s = time_s
        signals = self.driver.accept(signals)
        seconds = gap_s if gap_s <= hold_off_s(period_s) else period_s
        error = self.driver.error(signals) if signals else None
        fits = signals is not None and self.driver.fits(signals)
        return Sample(time_s, seconds, period_s, sight, signals, error, fits, torso, motion)

    def _forget_driver(self) -> None:
        self.driver.forget()
        self._looking_away.forget()
        self._eyes.forget()
        self._yawns.forget()

    def _verdict(self, sample: Sample) -> Verdict:
        changes = tuple(change for rule in self._rules for change in rule.episode.changes)
        self._history.add(changes)
        state = self._state()
        if state is not self._shown or self._since_s is None:
            self._shown, self._since_s = state, sample.time_s
        return Verdict(
            time_s=sample.time_s,
            state=state,
            level=self._urgency.update(sample.time_s, self._level_now()),
            since_s=self._since_s,
            neutral=self.driver.neutral,
            perclos=self._eyes.perclos,
            yaw_error_deg=sample.error.yaw_deg if sample.error else None,
            pitch_error_deg=sample.error.pitch_deg if sample.error else None,
            eyes_closed=self._eyes.closed or self._eyes.lowered,
            is_urgent=self._eyes.may_be_asleep,
            learning=self.driver.learning(self._waits_for),
            events=changes,
            cue=self._cues.update(sample.time_s, changes, self._lasting(), is_audible(sample.motion)),
        )

    def _level_now(self) -> Level:
        return max((rule.episode.level for rule in self._rules if rule.holds_now), default=Level.NONE)

    def _lasting(self) -> tuple[Event, ...]:
        """Events to which the driver adds at this moment."""
        return tuple(rule.episode.event for rule in self._rules if rule.holds_now and rule.episode.event)

    def _state(self) -> State:
        shown = foremost(rule.episode.event for rule in self._rules if rule.episode.event)
        if shown is not None:
            return shown
        unseen = State.EYES_UNSEEN if self._eyes.are_unseen else State.ATTENTIVE
        return State.NO_FACE if self._presence.is_absent else unseen
