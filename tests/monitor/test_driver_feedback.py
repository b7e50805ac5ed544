"""Signs of life, the button and the lamp in the detector's loop."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from app.alerts.patterns import HEARTBEAT, PRESS_SOUND, ROAD_LEARNT_SOUND, WATCHING_SOUND, Sound, led_rhythm
from app.attention.asked_direction import GIVE_UP_S
from app.events import DirectionAnswer, Level, State
from app.gpio.button import Button, Press
from app.monitor.driver_feedback import DISPUTE_S, MUTE_S, DriverFeedback
from app.telemetry.requests import Request
from tests.support.bench import AWAY, Bench
from tests.support.story import ROAD, looking, lost


class FakeButton(Button):
    def __init__(self) -> None:
        self.presses: list[Press] = []

    def take(self) -> list[Press]:
        taken, self.presses = self.presses, []
        return taken


def feedback_bench(*, signs_of_life: bool = True, has_lamp: bool = False) -> tuple[Bench, FakeButton]:
    button = FakeButton()
    feedback = partial(DriverFeedback, button=button, signs_of_life=signs_of_life, has_lamp=has_lamp)
    return Bench(feedback=feedback), button


def test_first_face_and_learnt_road_each_sound_once() -> None:
    bench, _ = feedback_bench()
    bench.watch.shows = lost(1).signals_at
    bench.run(5)
    assert bench.alert.sounded == []
    bench.watch.shows = lambda _: ROAD
    bench.run(3)
    assert bench.alert.sounded == [WATCHING_SOUND]
    bench.run(40)
    assert bench.alert.sounded == [WATCHING_SOUND, ROAD_LEARNT_SOUND]


def test_signs_of_life_can_be_switched_off() -> None:
    bench, _ = feedback_bench(signs_of_life=False)
    bench.run(60)
    assert bench.alert.sounded == [] and not any(bench.alert.well)


def test_led_heartbeat_stops_while_there_is_a_problem() -> None:
    bench, _ = feedback_bench()
    bench.run(5)
    assert bench.alert.well[-1:] == [True]
    bench.report.problem = "the buzzer is gone"
    bench.run(5)
    assert bench.alert.well[-1:] == [False]
    assert led_rhythm(State.ATTENTIVE, Level.NONE, is_well=True) == HEARTBEAT
    assert led_rhythm(State.ATTENTIVE, Level.NONE) == ()
    assert led_rhythm(State.LOOKING_AWAY, Level.ALARM, is_well=True) != HEARTBEAT


def test_short_press_relearns_the_road_with_a_sound() -> None:
    bench, button = feedback_bench()
    bench.run(60)
    bench.alert.sounded.clear()
    button.presses = [Press.SHORT]
    bench.run(3)
    assert bench.alert.sounded == [PRESS_SOUND]
    assert not bench.report.told[-1][0].verdict.neutral.learnt
    bench.run(40)
    assert bench.alert.sounded == [PRESS_SOUND, ROAD_LEARNT_SOUND]
    assert not any(event.disputed for event, _ in bench.journal.recorded)


def test_long_press_mutes_all_but_alarms() -> None:
    bench, button = feedback_bench()
    bench.run(40)
    button.presses = [Press.LONG]
    bench.show(AWAY, 12)
    assert {cue.level for cue in bench.alert.played} == {Level.ALARM}
    assert bench.is_muted()
    bench.run(MUTE_S)
    assert not bench.is_muted()


def test_press_after_an_alert_disputes_only_its_event() -> None:
    bench, button = feedback_bench()
    bench.run(40)
    bench.show(AWAY, 8)
    button.presses = [Press.SHORT]
    bench.run(2)
    (disputed,) = [event for event, _ in bench.journal.recorded if event.disputed]
    assert (disputed.kind, disputed.level) == (State.LOOKING_AWAY, Level.ALARM)
    assert replace(disputed, disputed=False) in [event for event, _ in bench.journal.recorded]
    assert bench.report.told[-1][0].verdict.neutral.learnt


def test_alert_can_be_disputed_once_and_for_a_limited_time() -> None:
    bench, button = feedback_bench()
    bench.run(40)
    bench.show(AWAY, 8)
    button.presses = [Press.SHORT, Press.SHORT]
    bench.run(2)
    assert sum(event.disputed for event, _ in bench.journal.recorded) == 1
    assert not bench.report.told[-1][0].verdict.neutral.learnt, "the second press learns the road"
    late, button = feedback_bench()
    late.run(40)
    late.show(AWAY, 8)
    late.run(DISPUTE_S)
    button.presses = [Press.SHORT]
    late.run(2)
    assert not any(event.disputed for event, _ in late.journal.recorded)


def test_the_lamp_follows_the_brightness_of_the_picture() -> None:
    bench, _ = feedback_bench(has_lamp=True)
    bench.camera.brightness = 10
    bench.run(20)
    assert bench.alert.lit[-1]
    bench.camera.brightness = 200
    bench.run(20)
    assert not bench.alert.lit[-1]


@pytest.mark.parametrize(
    ("yaw_deg", "answer", "sounds"),
    [(0, DirectionAnswer.TAKEN, [ROAD_LEARNT_SOUND]), (30, DirectionAnswer.OUT_OF_RANGE, [])],
)
def test_only_a_granted_direction_request_beeps(yaw_deg: float, answer: DirectionAnswer, sounds: list[Sound]) -> None:
    bench, _ = feedback_bench()
    bench.run(60)
    bench.alert.sounded.clear()
    bench.ask(Request.USE_DIRECTION)
    bench.show(looking(1, yaw_deg=yaw_deg), GIVE_UP_S + 5)
    assert bench.report.told[-1][0].verdict.learning.answer is answer
    assert bench.alert.sounded == sounds
