"""What the driver hears and sees, and what a press of the button says back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from math import inf

from app.alerts.alert import Alert
from app.alerts.lamp import LampRule
from app.alerts.patterns import PRESS_SOUND, ROAD_LEARNT_SOUND, SHOWN_WHEN_PARKED, WATCHING_SOUND
from app.events import BLIND, Cue, DirectionAnswer, Event, Level, Motion, State
from app.gpio.button import Button, Press
from app.observer import Observation

log = logging.getLogger(__name__)

MUTE_S = 600.0  # a mute ends by itself: a silent safety device is worse than none
DISPUTE_S = 15.0  # so soon after an alert a press means the alert
BRIGHTNESS_STEP_PX = 8  # every eighth pixel tells how bright a picture is


class DriverFeedback:
    """Alerts, signs of life, the mute, the button and the lamp. A mute never silences an alarm or a lost camera."""

    def __init__(
        self, alert: Alert, button: Button | None = None, *, signs_of_life: bool = False, has_lamp: bool = False
    ) -> None:
        self._alert, self._button = alert, button
        self._signs_of_life = signs_of_life
        self._lamp = LampRule() if has_lamp else None
        self._muted_until_s = -inf
        self._is_watching = self._is_learnt = False
        self._open: dict[State, Event] = {}  # the newest event of each kind
        self._alerted: tuple[float, Event] | None = None

    def mute(self, now_s: float) -> None:
        """Silence cautions and warnings for ten minutes."""
        self._muted_until_s = now_s + MUTE_S

    def end_mute(self) -> None:
        """Let cautions and warnings sound again, whether the page or the button muted them."""
        self._muted_until_s = -inf

    def muted_until_s(self, now_s: float) -> float | None:
        """The monotonic time until which cautions and warnings are silent, None while they sound."""
        return self._muted_until_s if now_s < self._muted_until_s else None

    def tell(self, look: Observation, now_s: float, motion: Motion, *, is_well: bool) -> None:
        """Show and sound what follows from a look; is_well: nothing is wrong with the detector."""
        verdict = look.verdict
        is_shown = motion is not Motion.PARKED or verdict.state in SHOWN_WHEN_PARKED
        state, level = (verdict.state, verdict.level) if is_shown else (State.ATTENTIVE, Level.NONE)
        self._alert.show(state, level, is_well=is_well and self._signs_of_life)
        self._open.update((event.kind, event) for event in verdict.events)
        if verdict.cue is not None and not self._is_silenced(verdict.cue, now_s):
            self._alert.play(verdict.cue)
            if verdict.cue.kind in self._open:
                self._alerted = now_s, self._open[verdict.cue.kind]
        self._tell_that_it_works(look)
        if self._lamp is not None:
            self._alert.light(self._lamp.update(now_s, _brightness(look), look.face is not None, motion))

    def take_presses(self, now_s: float, learn: Callable[[], None], dispute: Callable[[Event], None]) -> None:
        """Do what the button was pressed for: mute, dispute the newest alert, or learn the road again."""
        for press in self._button.take() if self._button else ():
            self._alert.sound(PRESS_SOUND)
            if press is Press.LONG:
                log.info("the button mutes for %.0f minutes", MUTE_S / 60)
                self.mute(now_s)
            elif self._alerted is not None and now_s - self._alerted[0] <= DISPUTE_S:
                event = replace(self._alerted[1], disputed=True)
                log.info("the button says that %s was wrong", event.kind.value)
                self._alerted = None
                dispute(event)
            else:
                log.info("the button asks to learn the road")
                self._is_learnt = False
                learn()

    def _is_silenced(self, cue: Cue, now_s: float) -> bool:
        """Whoever muted must still learn of an alarm, and that nothing watches now."""
        return self.muted_until_s(now_s) is not None and cue.level < Level.ALARM and cue.kind not in BLIND

    def _tell_that_it_works(self, look: Observation) -> None:
        was_watching, was_learnt = self._is_watching, self._is_learnt
        self._is_watching = was_watching or look.signals is not None
        # While a request for the direction waits or is refused it is not learnt, so that two beeps say that it is taken
        answer = look.verdict.learning.answer
        is_asked = answer not in (DirectionAnswer.NOT_ASKED, DirectionAnswer.TAKEN)
        self._is_learnt = look.verdict.neutral.learnt and not is_asked
        if not self._signs_of_life:
            return
        if self._is_watching and not was_watching:
            self._alert.sound(WATCHING_SOUND)
        if self._is_learnt and not was_learnt:
            self._alert.sound(ROAD_LEARNT_SOUND)


def _brightness(look: Observation) -> float | None:
    if look.frame is None:
        return None
    return float(look.frame.bgr[::BRIGHTNESS_STEP_PX, ::BRIGHTNESS_STEP_PX].mean())
