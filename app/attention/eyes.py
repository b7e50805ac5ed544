"""Eyes closed in one stretch, eyes closed too much of the time (PERCLOS), and eyes that cannot be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.attention.driver import Driver
from app.attention.motion_rules import judges_drowsiness
from app.attention.policy import Policy
from app.attention.rules import MeasureRule, SpellRule, Step
from app.attention.sample import Sample
from app.attention.timers import Recent, Share
from app.events import Level, Sight, State

# Who looks at the instruments lowers the lids for 1.2 s, and blendshapes cannot tell lowered lids from shut ones
MICROSLEEP_CERTAIN_S = 1.25
# Lids that score less than so much above the driver's limit may be open ones that flicker behind glasses, or a look at
# the instruments beside a blink: they must be shut for one look more
CLEARLY_SHUT, DOUBTED_CERTAIN_S = 0.15, 1.36
# Brows drawn down so far, on average of a closure, are a frown: into the sun, or at something below. Sleepers' brows
# are at rest: of 35 shut pairs of real eyes none has more than 0.45, a woman who frowns at her feet has 0.6. Behind
# glasses single looks at a rendered sleeper reach 0.53
FROWN = 0.4
EYES_UNSEEN_S = 60.0  # so long may a hand, glare or a low sun in the glasses last
EYES_UNSEEN_SHOWN_S = 3.0  # from here on "attentive" would be a claim
MICROSLEEPS_DROWSY, MICROSLEEP_WINDOW_S = 3, 300.0  # three in five minutes are drowsy at once
KNOWN_MAX = 0.5  # PERCLOS needs no more of a short history than this: 60 s of 60 would hardly ever be measured
# Lids that a yawn or a frown narrows are open again below this share of their closure's mean blink score. In a yawn
# they were only half down before a look of which one before the yawn scores less than this share
REOPENED = 0.6
YAWN_SHUTS_EYES_S = 2.5  # a yawn shuts the eyes for less; who sleeps with an open mouth shuts them for longer


@dataclass(slots=True)
class Closure:
    """What the shut looks of one closure add up to."""

    least_blink: float = math.inf  # of the looks before a yawn
    looks: int = 0
    blinks: float = 0.0
    frowns: float = 0.0
    is_in_yawn: bool = False
    narrow_looks: int = 0  # since the newest that showed shut lids; one alone may be misread

    def see(self, blink: float, in_yawn: bool) -> None:
        """Take any look, before it is known whether the lids are still shut."""
        if not self.is_in_yawn:
            self.least_blink = min(self.least_blink, blink)
        self.is_in_yawn = self.is_in_yawn or in_yawn

    def add(self, blink: float, frown: float) -> None:
        """Take a look that shows shut lids."""
        self.looks, self.blinks, self.frowns = self.looks + 1, self.blinks + blink, self.frowns + frown
        self.narrow_looks = 0

    def is_clear(self, shut_blink: float) -> bool:
        """Whether the lids score well above those which count as shut."""
        return self.looks > 0 and self.blinks / self.looks >= shut_blink + CLEARLY_SHUT

    @property
    def narrows(self) -> bool:
        """Whether a yawn or a frown may be what narrows the eyes."""
        return self.is_in_yawn or (self.looks > 0 and self.frowns / self.looks >= FROWN)

    def is_over(self, blink: float) -> bool:
        """Whether eyes that are only narrow have opened again."""
        return self.narrows and blink * self.looks < REOPENED * self.blinks

    def begins(self, blink: float) -> bool:
        """Whether eyes that a yawn had narrowed shut with this look."""
        return self.is_in_yawn and self.least_blink < REOPENED * blink


class Eyes:
    """Eyes closed in one stretch, and PERCLOS: the share of time they are."""

    def __init__(self, policy: Policy, history_s: float) -> None:
        p = self._policy = policy
        self.closed: bool | None = None
        self.lowered: bool | None = None
        self._closure = Closure()
        self._unseen_s = 0.0
        self._share = Share(history_s)
        self._valid_s = min(p.perclos_min_valid_s, KNOWN_MAX * history_s)
        self._microsleeps = Recent(MICROSLEEP_WINDOW_S)
        self.rule = SpellRule(
            (
                Step(p.microsleep_s, Level.WARNING, "microsleep", certain_s=MICROSLEEP_CERTAIN_S),
                Step(p.asleep_s, Level.ALARM, "asleep"),
                Step(p.eyes_unresponsive_s, Level.ALARM, "unresponsive"),
            ),
            p.attention_back_s,
            in_a_row_min=2,  # one closed sample may be a blink, also soon after another one
        )
        self.drowsy = MeasureRule(
            (
                Step(p.perclos_caution, Level.CAUTION),
                Step(p.perclos_warning, Level.WARNING),
                Step(p.perclos_alarm, Level.ALARM),
            ),
            p.perclos_clear,
        )
        self.unseen = SpellRule((Step(EYES_UNSEEN_S, Level.CAUTION),), p.attention_back_s)

    def update(self, sample: Sample, driver: Driver, mouth_is_wide: bool) -> None:
        """Take one sample."""
        before, slept = self.closed, self.rule.episode.event is not None
        self.closed = self._are_shut(sample, driver, mouth_is_wide)
        if self.closed is False and not slept:
            self.rule.spell.restart(sample.time_s)  # it was a blink; only who slept must stay awake for a second
        # Closed eyes are looked at more often than other things (camera/frame.py, SECOND_LOOK_S): what counts is that
        # gap
        period_s = min(sample.period_s, sample.seconds)
        self.rule.update(sample.time_s, self.closed, period_s, State.EYES_CLOSED, least=self._least_s(driver))
        if self.rule.episode.event is not None and not slept:
            self._microsleeps.add(sample.time_s)
        self._judge_drowsiness(sample, before, mouth_is_wide)
        hidden = sample.signals.eyes_hidden if sample.signals and sample.sight is Sight.CLEAR else None
        self.unseen.update(sample.time_s, hidden, sample.period_s, State.EYES_UNSEEN)
        self._unseen_s = self.unseen.spell.lasted_s(sample.time_s, sample.period_s)

    def _least_s(self, driver: Driver) -> float:
        """How long a closure must be certain: what narrows eyes may hide sleep, and single scores scatter."""
        if self._closure.narrows:
            return self._policy.asleep_s
        return 0.0 if self._closure.is_clear(driver.shut_blink) else DOUBTED_CERTAIN_S

    @property
    def may_be_asleep(self) -> bool:
        """They are closed, or have been seen open once since: another look soon would tell a blink from sleep."""
        return self.rule.spell.span is not None

    @property
    def perclos(self) -> float | None:
        """Share of the history window with closed eyes; None before enough of it was measured."""
        return self._share.ratio if self._share.measured_s >= self._valid_s else None

    def forget(self) -> None:
        """A new driver."""
        self._share.clear()
        self._microsleeps.clear()

    @property
    def are_unseen(self) -> bool:
        """Something has hidden them for so long that nobody can say whether they are open."""
        return self._unseen_s >= EYES_UNSEEN_SHOWN_S

    def _are_shut(self, sample: Sample, driver: Driver, mouth_is_wide: bool) -> bool | None:
        """Whether both lids are shut; None where they cannot be seen."""
        self.lowered = None
        blink = driver.blink(sample.signals) if sample.signals and sample.sight is Sight.CLEAR else None
        if sample.signals is None or blink is None:
            return None
        self.lowered = driver.are_lowered(sample.signals)
        were_shut = self.rule.spell.span is not None
        if not were_shut:
            self._closure = Closure()
        self._closure.see(blink if sample.fits else math.inf, in_yawn=mouth_is_wide and sample.fits)
        is_open = not driver.are_shut(sample.signals, were_shut)
        if not is_open and not self._closure.is_over(blink):
            if self._closure.begins(blink) and self.rule.episode.event is None:
                self._closure = Closure(is_in_yawn=True)
                self.rule.spell.restart(sample.time_s)
            frown = sample.signals.brow_down if sample.fits else None
            self._closure.add(blink, frown or 0.0)
            return True
        self._closure.narrow_looks += 1
        is_doubtful = not sample.fits or (not is_open and self._closure.narrow_looks == 1)
        return None if were_shut and is_doubtful else False

    def _judge_drowsiness(self, sample: Sample, before: bool | None, mouth_is_wide: bool) -> None:
        if not judges_drowsiness(sample.motion):
            self.drowsy.stop(sample.time_s)
            return
        is_yawn = mouth_is_wide and self.rule.spell.certain_s(sample.time_s) <= YAWN_SHUTS_EYES_S
        known_s = 0.0 if self.closed is None or is_yawn else sample.seconds
        self._share.add(sample.time_s, known_s * (bool(before) + bool(self.closed)) / 2, known_s)
        self.drowsy.update(sample.time_s, self._drowsiness(sample.time_s), bool(self.closed), State.DROWSY)

    def _drowsiness(self, time_s: float) -> float | None:
        if self._microsleeps.count(time_s) >= MICROSLEEPS_DROWSY:
            return self._policy.perclos_alarm
        if not self._share.measured_s:
            return 0.0  # of nobody seen for so long nobody is called drowsy
        # At 1 Hz the blinks of an alert driver cross 8 % by luck
        return self._share.ratio_lower_bound if self.perclos is not None else None
