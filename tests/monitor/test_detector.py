"""The loop on a fake camera and a fake alert, with the real attention; the tests turn the time."""

from __future__ import annotations

import logging
from itertools import pairwise

import cv2
import numpy as np
import pytest

from app.events import Cue, Level, Sight, State
from app.memory.governor import Action, Decision
from app.monitor.detector import HEALTHY_S, OPENING_S, POLL_S
from app.monitor.errors import DetectorError, HungError
from app.monitor.judge import GIVE_UP_S
from app.monitor.memory_saver import SAVING, MemorySaver
from app.monitor.stuck_parts import CAMERA_HUNG_S, PINS_HUNG_S
from app.part_status import MemorySaving
from tests.support.bench import AWAY, PERIOD_S, START_S, TIMEOUT_S, WALL_S, Bench
from tests.support.story import eyes_closed


def test_every_frame_is_judged_and_told_once(bench: Bench) -> None:
    bench.run(20)
    times_s = [look.frame.time_s for look, _ in bench.report.told if look.frame]
    assert times_s == [START_S + second for second in range(21)]
    assert set(bench.states) == {State.ATTENTIVE}


def test_no_wait_is_longer_than_a_person_who_pressed_ctrl_c_would_like(bench: Bench) -> None:
    bench.run(20)
    assert set(bench.camera.timeouts_s) == {POLL_S}


def test_while_the_camera_opens_nothing_is_said(bench: Bench) -> None:
    bench.camera.sending = False
    bench.run(OPENING_S - POLL_S)
    assert not bench.report.told


def test_a_stream_that_repeats_its_picture_is_opened_anew_ever_less_often_until_it_lives(bench: Bench) -> None:
    bench.watch.sight = Sight.FROZEN
    bench.run(4000)
    tries_s = list(bench.camera.opened_anew_s)
    assert [late - early for early, late in pairwise([0.0, *tries_s])] == [30, 60, 120, 240, 480, *[600] * 5]
    assert bench.states[-1] is State.CAMERA_BLOCKED
    bench.watch.sight = Sight.CLEAR
    bench.run(10)
    bench.watch.sight = Sight.FROZEN
    bench.run(40)
    assert bench.camera.opened_anew_s[len(tries_s) :] == [4000 + 10 + 31]


@pytest.mark.parametrize("sight", [Sight.DARK, Sight.FLAT, Sight.NOISE])
def test_a_covered_lens_is_no_reason_to_open_the_camera_anew(bench: Bench, sight: Sight) -> None:
    bench.watch.sight = sight
    bench.run(200)
    assert not bench.camera.opened_anew_s


def test_between_two_looks_it_says_that_it_is_still_there(bench: Bench) -> None:
    bench.camera.sending = False
    bench.run(OPENING_S - POLL_S)
    assert bench.report.alive_at_s == [pytest.approx(POLL_S * number) for number in range(1, 10)]


def test_before_the_first_frame_nobody_is_called_attentive(bench: Bench) -> None:
    bench.camera.sending = False
    bench.run(OPENING_S + 30)
    assert set(bench.states) == {State.NO_CAMERA}
    assert bench.alert.played == [Cue(State.NO_CAMERA, Level.WARNING)]


def test_a_camera_that_stops_sending_is_noticed_and_told_every_period(bench: Bench) -> None:
    bench.run(10)
    bench.camera.sending = False
    bench.report.told.clear()
    bench.run(10)
    missing_s = [look.verdict.time_s - START_S for look, _ in bench.report.told if look.sight is Sight.NOTHING]
    assert missing_s[0] == 10 + PERIOD_S + TIMEOUT_S
    assert np.diff(missing_s).tolist() == [PERIOD_S] * (len(missing_s) - 1)
    assert bench.states[-1] is State.NO_CAMERA


def test_a_camera_that_comes_back_is_watched_again(bench: Bench) -> None:
    bench.run(10)
    bench.camera.sending = False
    bench.run(30)
    bench.camera.sending = True
    bench.run(10)
    assert bench.states[-1] is State.ATTENTIVE


def test_the_led_is_told_before_the_buzzer(bench: Bench) -> None:
    """Attention that is back silences the buzzer: a cue that came before would be lost."""
    bench.show(AWAY, 10)
    assert "play" in bench.alert.calls
    assert all(bench.alert.calls[at - 1] == "show" for at, call in enumerate(bench.alert.calls) if call == "play")


def test_the_journal_gets_each_change_of_an_event_with_both_clocks(bench: Bench) -> None:
    bench.show(AWAY, 10)
    levels = [(event.level, event.end_s is not None) for event, _ in bench.journal.recorded]
    assert levels == [(Level.CAUTION, False), (Level.WARNING, False), (Level.ALARM, False), (Level.ALARM, True)]
    assert {offset_s for _, offset_s in bench.journal.recorded} == {WALL_S}
    assert bench.journal.retries == len(bench.report.told)


def test_the_report_gets_what_the_parts_say_of_themselves(bench: Bench) -> None:
    bench.show(AWAY, 10)
    around = bench.report.told[-1][1]
    assert around.camera.state == "live"
    assert around.alerts.buzzer_ok
    assert (around.journal_problem, around.journal_remedy) == ("the disk is full", "sudo true")
    assert [event.kind for event in around.events] == [State.LOOKING_AWAY]
    assert not bench.is_muted()


def test_closed_eyes_and_only_they_are_looked_at_again(bench: Bench) -> None:
    bench.run(30)
    assert not bench.camera.again_at_s
    bench.watch.shows = eyes_closed(1).signals_at
    bench.run(3)
    assert bench.camera.again_at_s[:2] == [31, 32]


def test_a_minute_of_judged_frames_is_healthy_and_said_once(bench: Bench) -> None:
    bench.run(5 * HEALTHY_S)
    assert bench.healthy_at_s == [HEALTHY_S]
    assert bench.journal.marked_good == 1


def test_without_a_camera_nothing_is_healthy(bench: Bench) -> None:
    bench.camera.sending = False
    bench.run(5 * HEALTHY_S)
    assert not bench.healthy_at_s
    assert not bench.journal.marked_good


def test_the_minute_starts_anew_when_the_camera_was_lost(bench: Bench) -> None:
    bench.run(HEALTHY_S - 10)
    bench.camera.sending = False
    bench.run(20)
    bench.camera.sending = True
    bench.run(HEALTHY_S - 5)
    assert not bench.healthy_at_s
    bench.run(20)
    assert len(bench.healthy_at_s) == 1


def test_an_odd_frame_is_named_once_and_as_good_as_missing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.run(10)
    bench.watch.error = cv2.error("bad\nargument")
    bench.report.told.clear()
    bench.run(GIVE_UP_S - 2)
    assert bench.watch.failures > 5
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "a frame of shape (24, 32, 3) could not be judged: error: bad argument" in caplog.text
    assert bench.report.told[0][0].sight is Sight.NOTHING
    assert "(24, 32, 3)" in bench.report.told[0][1].watch_problem
    assert bench.states[-1] is State.NO_CAMERA


def test_after_an_odd_frame_watching_goes_on(bench: Bench) -> None:
    for _ in range(5):
        bench.watch.error = ValueError("odd")
        bench.run(GIVE_UP_S - 2)
        bench.watch.error = None
        bench.run(10)
    assert bench.states[-1] is State.ATTENTIVE
    assert not bench.report.told[-1][1].watch_problem


def test_it_ends_with_a_reason_when_no_frame_can_be_judged_any_more(bench: Bench) -> None:
    bench.watch.error = RuntimeError("the graph has errors")
    with pytest.raises(DetectorError, match=r"shape \(24, 32, 3\).*the graph has errors.*for 10 s"):
        bench.run(60)
    assert bench.clock.now_s - START_S == pytest.approx(GIVE_UP_S, abs=PERIOD_S)


def test_a_capture_call_that_never_returns_ends_the_process(bench: Bench) -> None:
    bench.run(10)
    bench.camera.sending, bench.camera.hangs = False, True
    began_s = bench.clock.now_s
    with pytest.raises(HungError, match=r"/dev/video0 hangs.* for 60 s"):
        bench.run(300)
    assert bench.clock.now_s - began_s == pytest.approx(CAMERA_HUNG_S, abs=PERIOD_S)


def test_a_capture_call_that_returns_in_time_ends_nothing(bench: Bench) -> None:
    for _ in range(5):
        bench.camera.sending, bench.camera.hangs = False, True
        bench.run(CAMERA_HUNG_S - 5)
        bench.camera.sending, bench.camera.hangs = True, False
        bench.run(5)
    assert bench.states[-1] is State.ATTENTIVE


def test_a_write_to_a_pin_that_never_returns_ends_the_process(bench: Bench) -> None:
    bench.run(10)
    bench.alert.stuck_since_s = began_s = bench.clock.now_s
    with pytest.raises(HungError, match="pin does not answer for 20 s"):
        bench.run(300)
    assert bench.clock.now_s - began_s == pytest.approx(PINS_HUNG_S, abs=PERIOD_S)


class FakeSaver(MemorySaver):
    """Decides this at these times."""

    def __init__(self, decisions: dict[float, Decision]) -> None:
        self._decisions = decisions
        self._saves = False

    @property
    def saving(self) -> MemorySaving:
        return MemorySaving(SAVING) if self._saves else MemorySaving()

    def update(self, now_s: float) -> Decision | None:
        due = [at_s for at_s in self._decisions if now_s - START_S >= at_s]
        decision = self._decisions.pop(due[0]) if due else None
        if decision is not None:
            self._saves = decision.action is Action.SAVE
        return decision


def test_what_saves_memory_is_logged_and_an_event(caplog: pytest.LogCaptureFixture) -> None:
    decisions = {20.0: Decision(Action.SAVE, "only 45 MB"), 90.0: Decision(Action.STOP_SAVING, "500 MB again")}
    bench = Bench(saver=FakeSaver(decisions))
    with caplog.at_level(logging.INFO):
        bench.run(120)
    saved = [event for event, _ in bench.journal.recorded if event.kind is State.SAVING_MEMORY]
    words = [f"saving memory: {SAVING} (only 45 MB)", "no longer saving memory (500 MB again)"]
    assert [event.detail for event in saved] == words
    assert [event.end_s == event.onset_s for event in saved] == [True, True]
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", words[0]),
        ("INFO", words[1]),
    ]
    assert [around.saving.saving for _, around in bench.report.told][:40:38] == ["", SAVING]


def test_where_saving_does_not_help_the_detector_ends_with_the_reason_in_the_journal() -> None:
    bench = Bench(saver=FakeSaver({20.0: Decision(Action.END, "only 9 MB")}))
    with pytest.raises(DetectorError, match="the detector ends itself: only 9 MB"):
        bench.run(60)
    assert bench.journal.recorded[-1][0].detail.endswith("the detector ends itself: only 9 MB")
