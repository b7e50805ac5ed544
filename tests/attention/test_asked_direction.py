"""The request "use this direction as the road": when it is granted or refused, and what learning waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.attention.asked_direction import GIVE_UP_S, LOOK_UP_S
from app.attention.judgement import Attention
from app.attention.policy import NORMAL
from app.events import DirectionAnswer, Motion, Sight, State, Verdict, WaitsFor
from app.vision.measurements import Signals
from config.settings import Analysis, Settings
from tests.support.story import RATES, ROAD, START_S, new_attention

ASIDE = replace(ROAD, yaw_deg=12.0, pitch_deg=-6.0, gaze_yaw_deg=2.0)
LAP = replace(ROAD, pitch_deg=-35.0)
HELD_TO_THE_END_S = LOOK_UP_S + 4.0


def looks(
    attention: Attention,
    seen: Callable[[float], Signals | None],
    for_s: float = GIVE_UP_S + 1,
    fps: float = 1.0,
    motion: Motion = Motion.UNKNOWN,
    from_s: float = 100.0,
) -> list[Verdict]:
    times_s = [number / fps for number in range(int(for_s * fps) + 1)]
    return [attention.update(from_s + t, Sight.CLEAR, seen(t), motion=motion) for t in times_s]


def asked(analysis: Analysis | None = None) -> Attention:
    attention = new_attention(analysis)
    attention.use_direction()
    return attention


@pytest.mark.parametrize("fps", RATES)
def test_a_head_held_still_becomes_the_roads_direction(fps: float) -> None:
    verdicts = looks(asked(), lambda _: ASIDE, HELD_TO_THE_END_S, fps)
    assert verdicts[0].learning.answer is DirectionAnswer.WAITING
    assert (verdicts[0].learning.beyond_yaw_deg, verdicts[0].learning.beyond_pitch_deg) == (0, 0)
    last = verdicts[-1]
    assert last.learning.answer is DirectionAnswer.TAKEN
    assert (last.neutral.yaw_deg, last.neutral.pitch_deg, last.neutral.learnt) == pytest.approx((12, -6, True))
    assert last.learning.progress == 1
    assert last.yaw_error_deg == pytest.approx(0)


def test_requested_direction_is_the_mean_of_the_held_looks() -> None:
    sways = asked()
    last = looks(sways, lambda t: replace(ASIDE, yaw_deg=12.0 + (1.5 if t % 2 else -1.5)), HELD_TO_THE_END_S, 10)[-1]
    assert last.neutral.yaw_deg == pytest.approx(12, abs=1.5)
    assert last.learning.answer is DirectionAnswer.TAKEN


@pytest.mark.parametrize(("fps", "taken_s"), [(1.0, 5.0), (10.0, 4.9)])
def test_request_waits_for_three_seconds_and_then_for_a_head_held_still(fps: float, taken_s: float) -> None:
    last = looks(asked(), lambda _: ASIDE, HELD_TO_THE_END_S, fps)[-1]
    assert last.learning.answered_s == pytest.approx(100 + taken_s)


def test_requested_direction_is_that_of_the_newest_looks_of_a_drifting_head() -> None:
    last = looks(asked(), lambda t: replace(ROAD, yaw_deg=2 * t, pitch_deg=-t), 5)[-1]
    assert (last.neutral.yaw_deg, last.neutral.pitch_deg) == pytest.approx((9, -4.5), abs=0.01)  # of 4 and 5 s


# The eyes look 4 degrees aside in the head, on average, as the direction is taken: 17 degrees from there are aside
@pytest.mark.parametrize(("gaze_yaw_deg", "is_away"), [(22, True), (20, False), (-12, False), (-14, True)])
def test_requested_direction_includes_where_the_eyes_are(gaze_yaw_deg: float, is_away: bool) -> None:
    attention = asked()
    gazes_deg = {104: 3.0, 105: 5.0}
    looks(attention, lambda t: replace(ROAD, gaze_yaw_deg=gazes_deg.get(100 + int(t), 0.0)), 5)
    verdicts = looks(attention, lambda _: replace(ROAD, gaze_yaw_deg=gaze_yaw_deg), 3, from_s=106)
    assert verdicts[-1].state is (State.LOOKING_AWAY if is_away else State.ATTENTIVE)


def test_request_from_a_phone_leaves_time_to_look_up() -> None:
    verdicts = looks(asked(), lambda t: LAP if t < 8 else ASIDE)
    assert verdicts[-1].learning.answer is DirectionAnswer.TAKEN
    assert verdicts[-1].neutral.pitch_deg == pytest.approx(-6, abs=0.5)


def test_short_look_at_the_phone_is_not_taken_as_the_road() -> None:
    beside = replace(ROAD, yaw_deg=20.0)
    last = looks(asked(), lambda t: beside if t < LOOK_UP_S else ROAD, HELD_TO_THE_END_S)[-1]
    assert last.neutral.yaw_deg == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize(
    ("seen", "answer"),
    [
        (lambda _: replace(ROAD, yaw_deg=-27.0), DirectionAnswer.OUT_OF_RANGE),
        (lambda t: replace(ROAD, yaw_deg=6.1 * (t % 2)), DirectionAnswer.UNSTEADY),
        (lambda t: replace(ROAD, pitch_deg=6.1 * (t % 2)), DirectionAnswer.UNSTEADY),
        (lambda _: None, DirectionAnswer.NO_FACE),
        (lambda _: replace(ROAD, confidence=0.5), DirectionAnswer.NO_FACE),
        (lambda _: replace(ROAD, pitch_deg=None), DirectionAnswer.NO_FACE),
        (lambda _: replace(ROAD, eye_blink=0.8), DirectionAnswer.NO_FACE),
    ],
)
def test_a_direction_that_cannot_be_the_road_is_refused(
    seen: Callable[[float], Signals | None], answer: DirectionAnswer
) -> None:
    attention = new_attention()
    before = looks(attention, lambda _: ROAD, START_S, from_s=0.0)[-1].neutral
    attention.use_direction()
    last = looks(attention, seen)[-1]
    assert (last.learning.answer, last.neutral.learnt) == (answer, True)
    assert abs(last.neutral.yaw_deg - before.yaw_deg) < 1
    assert last.learning.answered_s == 115


def test_head_that_sways_by_six_degrees_is_held_still() -> None:
    last = looks(asked(), lambda t: replace(ROAD, yaw_deg=6 * (t % 2), pitch_deg=-6 * (t % 2)))[-1]
    assert last.learning.answer is DirectionAnswer.TAKEN


def test_range_of_the_direction_is_centred_on_the_settings() -> None:
    pillar = replace(ROAD, yaw_deg=-40.0)
    verdict = looks(asked(replace(Settings().analysis, neutral_yaw=-30.0)), lambda _: pillar)[-1]
    assert verdict.learning.answer is DirectionAnswer.TAKEN
    assert verdict.neutral.yaw_deg == pytest.approx(-40)


def test_parked_vehicle_learns_only_a_requested_direction() -> None:
    attention = new_attention()
    verdict = looks(attention, lambda _: ASIDE, START_S, motion=Motion.PARKED)[-1]
    assert (verdict.learning.progress, verdict.learning.waits_for) == (0, WaitsFor.MOTION)
    attention.use_direction()
    verdict = looks(attention, lambda _: ASIDE, motion=Motion.PARKED, from_s=200.0)[-1]
    assert verdict.neutral.learnt
    assert verdict.neutral.yaw_deg == pytest.approx(12)


def test_learning_reports_its_progress_and_what_it_waits_for() -> None:
    attention = new_attention()
    assert looks(attention, lambda _: None, 3, from_s=0)[-1].learning.waits_for is WaitsFor.FACE
    half = looks(attention, lambda _: ROAD, NORMAL.neutral_learning_s / 2, from_s=10)[-1].learning
    assert half.progress == pytest.approx(0.5, abs=0.1)
    assert half.waits_for is WaitsFor.NOTHING
    nods = looks(attention, lambda t: replace(ROAD, yaw_deg=15 * (t % 2)), 4, from_s=21)[-1].learning
    assert nods.waits_for is WaitsFor.STEADY_HEAD
    assert nods.progress < 1
    done = looks(attention, lambda _: ROAD, NORMAL.neutral_learning_s, from_s=30)[-1].learning
    assert (done.progress, done.waits_for) == (1, WaitsFor.NOTHING)
    attention.recalibrate()
    assert looks(attention, lambda _: ROAD, 1, from_s=60)[-1].learning.progress < 0.2


# The road is learnt up to 25 degrees aside and 20 up or down
@pytest.mark.parametrize(
    ("yaw_deg", "pitch_deg", "beyond_deg"),
    [(33, 0, (8, 0)), (-33, 0, (-8, 0)), (20, 0, (0, 0)), (0, 24, (0, 4)), (0, -24, (0, -4)), (24, -19, (0, 0))],
)
def test_learning_reports_how_far_the_road_lies_out_of_range(
    yaw_deg: float, pitch_deg: float, beyond_deg: tuple[float, float]
) -> None:
    attention = new_attention()
    aside = replace(ROAD, yaw_deg=yaw_deg, pitch_deg=pitch_deg)

    def beyond(seen: Signals, from_s: float) -> tuple[float, float]:
        learning = looks(attention, lambda _: seen, START_S, from_s=from_s)[-1].learning
        return learning.beyond_yaw_deg, learning.beyond_pitch_deg

    assert beyond(aside, 100) == beyond(aside, 131) == pytest.approx(beyond_deg)
    nearer = replace(ROAD, yaw_deg=0.7 * yaw_deg, pitch_deg=0.7 * pitch_deg)
    assert beyond(nearer, 162) == (0, 0)


def test_requested_direction_is_not_out_of_range() -> None:
    attention = new_attention()
    out = looks(attention, lambda _: replace(ROAD, yaw_deg=33, pitch_deg=24), START_S)[-1].learning
    assert (out.beyond_yaw_deg, out.beyond_pitch_deg) == (8, 4)
    attention.use_direction()
    taken = looks(attention, lambda _: ROAD, HELD_TO_THE_END_S, from_s=131, motion=Motion.PARKED)[-1].learning
    assert (taken.answer, taken.beyond_yaw_deg, taken.beyond_pitch_deg) == (DirectionAnswer.TAKEN, 0, 0)
