"""The page's requests to the detector: test the buzzer, mute, recalibrate, delete events."""

from __future__ import annotations

from pathlib import Path

from app.alerts.patterns import TEST_SOUND
from app.attention.policy import NORMAL
from app.events import Cue, Level, Sight, State
from app.monitor.driver_feedback import MUTE_S
from app.monitor.page_requests import PageRequests
from app.monitor.saving import save_now
from app.telemetry.requests import Request, ask
from tests.support.bench import AWAY, Bench
from tests.support.story import eyes_closed


def test_requests_are_taken_once_and_only_a_deletion_from_before_the_start(tmp_path: Path) -> None:
    for request in Request:
        ask(tmp_path / "run", request)
    found = PageRequests(tmp_path / "run", save_now)
    assert (found.take(), found.take()) == ([Request.DELETE_EVENTS], [])
    ask(tmp_path / "run", Request.RECALIBRATE)
    ask(tmp_path / "run", Request.TEST_BUZZER)
    assert (found.take(), found.take()) == ([Request.RECALIBRATE, Request.TEST_BUZZER], [])


def test_buzzer_test_sounds_also_while_muted(bench: Bench) -> None:
    bench.ask(Request.MUTE, Request.TEST_BUZZER)
    assert bench.alert.sounded.count(TEST_SOUND) == 1


def test_delete_request_deletes_all_events(bench: Bench) -> None:
    bench.run(30)
    bench.show(AWAY, NORMAL.away_alarm_s - 1)
    assert bench.journal.recorded
    bench.ask(Request.DELETE_EVENTS)
    assert not bench.journal.recorded


def test_recalibrate_request_forgets_the_neutral_pose(bench: Bench) -> None:
    bench.run(NORMAL.neutral_learning_s + 5)
    assert bench.report.told[-1][0].verdict.neutral.learnt
    bench.ask(Request.RECALIBRATE)
    bench.run(1)
    assert not bench.report.told[-1][0].verdict.neutral.learnt


def test_mute_silences_cautions_and_warnings(bench: Bench) -> None:
    bench.run(30)
    bench.ask(Request.MUTE)
    bench.show(AWAY, NORMAL.away_alarm_s - 1)
    assert bench.journal.recorded[-1][0].level is Level.WARNING
    assert not bench.alert.played
    assert bench.is_muted()


def test_mute_reports_its_end_and_can_be_ended(bench: Bench) -> None:
    bench.run(30)
    bench.ask(Request.MUTE)
    asked_s = bench.clock.now_s
    bench.run(5)
    until_s = bench.report.told[-1][1].muted_until_s
    assert until_s is not None and abs(until_s - asked_s - MUTE_S) < 1
    bench.ask(Request.END_MUTE)
    bench.show(AWAY, NORMAL.away_alarm_s - 1)
    assert not bench.is_muted()
    assert bench.alert.played[-1].level is Level.WARNING


def test_mute_never_silences_an_alarm(bench: Bench) -> None:
    bench.run(30)
    bench.ask(Request.MUTE)
    bench.show(eyes_closed(1), NORMAL.asleep_s + 4)
    assert {cue.level for cue in bench.alert.played} == {Level.ALARM}


def test_mute_never_silences_the_loss_of_the_camera(bench: Bench) -> None:
    bench.run(30)
    bench.ask(Request.MUTE)
    bench.camera.sending = False
    bench.run(20)
    assert bench.alert.played == [Cue(State.NO_CAMERA, Level.WARNING)]


def test_mute_never_silences_a_covered_lens(bench: Bench) -> None:
    bench.run(30)
    bench.ask(Request.MUTE)
    bench.watch.sight = Sight.DARK
    bench.run(20)
    assert bench.alert.played == [Cue(State.CAMERA_BLOCKED, Level.WARNING)]


def test_mute_ends_by_itself(bench: Bench) -> None:
    bench.ask(Request.MUTE)
    bench.run(MUTE_S - 5)
    assert bench.is_muted()
    bench.run(10)
    assert not bench.is_muted()
    bench.show(AWAY, NORMAL.away_alarm_s - 1)
    assert [cue.level for cue in bench.alert.played] == [Level.WARNING]
