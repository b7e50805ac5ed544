"""The detector's loop with a fake camera, alert and clock, and the real attention."""

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


def test_every_frame_is_judged_and_reported_once(bench: Bench) -> None:
    bench.run(20)
    times_s = [look.frame.time_s for look, _ in bench.report.told if look.frame]
    assert times_s == [START_S + second for second in range(21)]
    assert set(bench.states) == {State.ATTENTIVE}


def test_loop_waits_at_most_the_poll_time(bench: Bench) -> None:
    bench.run(20)
    assert set(bench.camera.timeouts_s) == {POLL_S}


def test_frozen_stream_is_reopened_ever_less_often(bench: Bench) -> None:
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
def test_covered_lens_does_not_reopen_the_camera(bench: Bench, sight: Sight) -> None:
    bench.watch.sight = sight
    bench.run(200)
    assert not bench.camera.opened_anew_s


def test_opening_camera_reports_only_that_the_loop_is_alive(bench: Bench) -> None:
    bench.camera.sending = False
    bench.run(OPENING_S - POLL_S)
    assert not bench.report.told
    assert bench.report.alive_at_s == [pytest.approx(POLL_S * number) for number in range(1, 10)]


def test_missing_first_frame_is_no_camera(bench: Bench) -> None:
    bench.camera.sending = False
    bench.run(OPENING_S + 30)
    assert set(bench.states) == {State.NO_CAMERA}
    assert bench.alert.played == [Cue(State.NO_CAMERA, Level.WARNING)]


def test_missing_frames_are_reported_once_a_period(bench: Bench) -> None:
    bench.run(10)
    bench.camera.sending = False
    bench.report.told.clear()
    bench.run(10)
    missing_s = [look.verdict.time_s - START_S for look, _ in bench.report.told if look.sight is Sight.NOTHING]
    assert missing_s[0] == 10 + PERIOD_S + TIMEOUT_S
    assert np.diff(missing_s).tolist() == [PERIOD_S] * (len(missing_s) - 1)
    assert bench.states[-1] is State.NO_CAMERA


def test_led_is_set_before_the_buzzer_plays(bench: Bench) -> None:
    """Regained attention silences the buzzer, so a cue played before showing it would be lost."""
    bench.show(AWAY, 10)
    assert "play" in bench.alert.calls
    assert all(bench.alert.calls[at - 1] == "show" for at, call in enumerate(bench.alert.calls) if call == "play")


def test_journal_gets_each_change_of_an_event_with_both_clocks(bench: Bench) -> None:
    bench.show(AWAY, 10)
    levels = [(event.level, event.end_s is not None) for event, _ in bench.journal.recorded]
    assert levels == [(Level.CAUTION, False), (Level.WARNING, False), (Level.ALARM, False), (Level.ALARM, True)]
    assert {offset_s for _, offset_s in bench.journal.recorded} == {WALL_S}
    assert bench.journal.retries == len(bench.report.told)


def test_report_gets_the_status_of_all_parts(bench: Bench) -> None:
    bench.show(AWAY, 10)
    around = bench.report.told[-1][1]
    assert around.camera.state == "live"
    assert around.alerts.buzzer_ok
    assert (around.journal_problem, around.journal_remedy) == ("the disk is full", "sudo true")
    assert [event.kind for event in around.events] == [State.LOOKING_AWAY]
    assert not bench.is_muted()


def test_only_closed_eyes_request_a_second_look(bench: Bench) -> None:
    bench.run(30)
    assert not bench.camera.again_at_s
    bench.watch.shows = eyes_closed(1).signals_at
    bench.run(3)
    assert bench.camera.again_at_s[:2] == [31, 32]


def test_minute_of_judged_frames_is_healthy_once(bench: Bench) -> None:
    bench.run(5 * HEALTHY_S)
    assert bench.healthy_at_s == [HEALTHY_S]
    assert bench.journal.marked_good == 1


def test_detector_without_a_camera_is_not_healthy(bench: Bench) -> None:
    bench.camera.sending = False
    bench.run(5 * HEALTHY_S)
    assert not bench.healthy_at_s
    assert not bench.journal.marked_good


def test_lost_camera_restarts_the_healthy_minute(bench: Bench) -> None:
    bench.run(HEALTHY_S - 10)
    bench.camera.sending = False
    bench.run(20)
    bench.camera.sending = True
    bench.run(HEALTHY_S - 5)
    assert not bench.healthy_at_s
    bench.run(20)
    assert len(bench.healthy_at_s) == 1


def test_frame_that_cannot_be_judged_is_logged_once_and_counts_as_missing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
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


def test_watching_continues_after_frames_that_cannot_be_judged(bench: Bench) -> None:
    for _ in range(5):
        bench.watch.error = ValueError("odd")
        bench.run(GIVE_UP_S - 2)
        bench.watch.error = None
        bench.run(10)
    assert bench.states[-1] is State.ATTENTIVE
    assert not bench.report.told[-1][1].watch_problem


def test_detector_ends_with_a_reason_if_no_frame_can_be_judged(bench: Bench) -> None:
    bench.watch.error = RuntimeError("the graph has errors")
    with pytest.raises(DetectorError, match=r"shape \(24, 32, 3\).*the graph has errors.*for 10 s"):
        bench.run(60)
    assert bench.clock.now_s - START_S == pytest.approx(GIVE_UP_S, abs=PERIOD_S)


def test_hung_camera_ends_the_process(bench: Bench) -> None:
    bench.run(10)
    bench.camera.sending, bench.camera.hangs = False, True
    began_s = bench.clock.now_s
    with pytest.raises(HungError, match=r"/dev/video0 hangs.* for 60 s"):
        bench.run(300)
    assert bench.clock.now_s - began_s == pytest.approx(CAMERA_HUNG_S, abs=PERIOD_S)


def test_camera_that_hangs_briefly_does_not_end_the_process(bench: Bench) -> None:
    for _ in range(5):
        bench.camera.sending, bench.camera.hangs = False, True
        bench.run(CAMERA_HUNG_S - 5)
        bench.camera.sending, bench.camera.hangs = True, False
        bench.run(5)
    assert bench.states[-1] is State.ATTENTIVE


def test_hung_pin_ends_the_process(bench: Bench) -> None:
    bench.run(10)
    bench.alert.stuck_since_s = began_s = bench.clock.now_s
    with pytest.raises(HungError, match="pin does not answer for 20 s"):
        bench.run(300)
    assert bench.clock.now_s - began_s == pytest.approx(PINS_HUNG_S, abs=PERIOD_S)


class FakeSaver(MemorySaver):
    """A memory saver with these decisions at these times."""

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


def test_saving_memory_is_logged_and_recorded_as_an_event(caplog: pytest.LogCaptureFixture) -> None:
    decisions = {20.0: Decision(Action.SAVE, "only 45 MB"), 90.0: Decision(Action.STOP_SAVING, "500 MB again")}
    bench = Bench(saver=FakeSaver(decisions))
    with caplog.at_level(logging.INFO):
        bench.run(120)
    saved = [event for event, _ in bench.journal.recorded if event.kind is State.SAVING_MEMORY]
    words = [f"saving memory: {SAVING} (only 45 MB)", "no longer saving memory (500 MB again)"]
    assert [event.detail for event in saved] == words
    assert [event.end_s == event.onset_s for event in saved] == [True, True]
    logged = [(record.levelname, record.message) for record in caplog.records]
    assert logged == [("WARNING", words[0]), ("INFO", words[1])]
    assert [around.saving.saving for _, around in bench.report.told][:40:38] == ["", SAVING]


def test_end_for_lack_of_memory_is_recorded_with_the_reason() -> None:
    bench = Bench(saver=FakeSaver({20.0: Decision(Action.END, "only 9 MB")}))
    with pytest.raises(DetectorError, match="the detector ends itself: only 9 MB"):
        bench.run(60)
    assert bench.journal.recorded[-1][0].detail.endswith("the detector ends itself: only 9 MB")
