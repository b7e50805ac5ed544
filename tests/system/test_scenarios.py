"""Every scenario from rendered pictures through the real face mesh to events, at 1 and 0.5 frames a second."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from app.attention.judgement import Attention
from app.attention.policy import NORMAL
from app.camera.frame import Frame
from app.events import Level, State, Verdict
from app.fake_driver.record import rendered
from app.fake_driver.scenario import Expected, Scenario, load_scenario, scenario_names
from app.observer import Observer
from config.settings import Settings
from tests.evaluation.truth import true_sample
from tests.support.story import events, reached

SETTINGS = Settings()
ANALYSIS = SETTINGS.analysis
SIZE = (320, 240)
RATES = (1.0, 0.5)
AWAY_TIMES_S = {
    Level.CAUTION: NORMAL.away_caution_s,
    Level.WARNING: NORMAL.away_warning_s,
    Level.ALARM: NORMAL.away_alarm_s,
}
RULE_TIMES_S = {
    **{
        (kind, level): at_s for kind in (State.LOOKING_AWAY, State.LOOKING_DOWN) for level, at_s in AWAY_TIMES_S.items()
    },
    (State.EYES_CLOSED, Level.WARNING): NORMAL.microsleep_s,
    (State.EYES_CLOSED, Level.ALARM): NORMAL.asleep_s,
    (State.PHONE, Level.CAUTION): NORMAL.phone_caution_s,
    (State.PHONE, Level.WARNING): NORMAL.phone_warning_s,
    (State.PHONE, Level.ALARM): NORMAL.phone_alarm_s,
    (State.NO_FACE, Level.WARNING): NORMAL.no_face_warning_s,
    (State.CAMERA_BLOCKED, Level.WARNING): NORMAL.camera_blocked_s,
}
# A microsleep must be certain for 1.25 s. Without second looks that takes 2 s at either rate, from a look up to a
# period after the lids shut: 3 and 4 s, half a second more than a period after its time
CERTAIN_LATER_S = {(State.EYES_CLOSED, Level.WARNING): 0.5}
# Rules about a share or a count have no time of their own: theirs is when they are met on the truth, looked at as often
COUNTED = frozenset({State.DROWSY, State.DISTRACTED, State.YAWNING})


def verdicts_on_pictures(scenario: Scenario) -> dict[float, list[Verdict]]:
    """Verdicts by frame rate; the slower rate uses every second picture."""
    model = SETTINGS.vision.model if SETTINGS.vision.model in scenario.models else scenario.models[0]
    vision = replace(SETTINGS.vision, model=model, phone=model == "full")
    verdicts: dict[float, list[Verdict]] = {fps: [] for fps in RATES}
    with (
        Observer(vision, ANALYSIS, SETTINGS.alerting.repeat_s) as each,
        Observer(vision, ANALYSIS, SETTINGS.alerting.repeat_s) as every_second,
    ):
        for number, (_, picture) in enumerate(rendered(scenario, 1.0, scenario.length_s, SIZE, seed=1)):
            frame = Frame(picture, float(number), number)
            verdicts[1.0].append(each.look(frame).verdict)
            if number % 2 == 0:
                verdicts[0.5].append(every_second.look(frame).verdict)
    return verdicts


def verdicts_on_truth(scenario: Scenario, fps: float) -> list[Verdict]:
    attention = Attention(ANALYSIS, SETTINGS.alerting.repeat_s)
    times_s = [number / fps for number in range(round(scenario.length_s * fps))]
    return [attention.update(time_s, *true_sample(scenario.scene_at(time_s))) for time_s in times_s]


def due_s(one: Expected, level: Level, on_truth: list[Verdict]) -> float:
    """When this level should be reached; infinite if no rule says so."""
    if one.kind in COUNTED:
        return reached(on_truth, one.kind, level)
    rule_s = RULE_TIMES_S.get((one.kind, level))
    return inf if rule_s is None else one.at_s + rule_s


@pytest.mark.parametrize("name", scenario_names())
def test_scenario_gives_exactly_the_expected_events_in_time(name: str) -> None:
    scenario = load_scenario(name)
    for fps, verdicts in verdicts_on_pictures(scenario).items():
        expected = scenario.expect if fps >= 1 else scenario.expect_at_half_rate
        check(verdicts, verdicts_on_truth(scenario, fps), expected, 1 / fps)


def check(verdicts: list[Verdict], on_truth: list[Verdict], wanted: tuple[Expected, ...], period_s: float) -> None:
    found = sorted(events(verdicts), key=lambda event: event.onset_s)
    assert [(event.kind, event.level) for event in found] == [(one.kind, one.level) for one in wanted]
    for event, one in zip(found, wanted, strict=True):
        assert abs(event.onset_s - one.at_s) <= one.give_s + period_s
        after = [verdict for verdict in verdicts if verdict.time_s >= event.onset_s]
        for level in (Level.CAUTION, Level.WARNING, Level.ALARM):
            alert_s, expected_s = reached(after, one.kind, level), due_s(one, level, on_truth)
            if level <= one.level and expected_s < inf:
                late_s = period_s + CERTAIN_LATER_S.get((one.kind, level), 0.0)
                assert -period_s <= alert_s - expected_s <= late_s + 1e-6, (one.kind, level, alert_s, expected_s)


@pytest.mark.parametrize("name", ("attentive", "talking"))
def test_ten_minutes_without_a_distraction_raise_no_alert(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.length_s >= 600
    assert scenario.expect == scenario.expect_at_half_rate == ()
    assert [verdict for verdict in verdicts_on_truth(scenario, 10.0) if verdict.events] == []
