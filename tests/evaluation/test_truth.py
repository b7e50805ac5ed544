"""What ought to be told of gaze, nods, yawns and hidden eyes, by trips made by hand."""

from __future__ import annotations

import pytest

from app.attention.policy import NORMAL
from app.events import Event, Level, State
from app.fake_driver.scenario import Move, Scenario
from app.fake_driver.scene import Scene
from config.settings import Settings
from tests.evaluation.cases import evaluated_scenarios, scenario
from tests.evaluation.due import Due
from tests.evaluation.masks import true_eyes
from tests.evaluation.score import match
from tests.evaluation.truth import Truth, true_signals
from tests.evaluation.vary import Trip, trip_of

HISTORY_S = Settings().analysis.history_window
AWAY, DOWN, CLOSED, UNSEEN = State.LOOKING_AWAY, State.LOOKING_DOWN, State.EYES_CLOSED, State.EYES_UNSEEN
NONE, CAUTION, WARNING, ALARM = Level.NONE, Level.CAUTION, Level.WARNING, Level.ALARM


def move(at_s: float, for_s: float, every_s: float = float("inf"), **to: float) -> Move:
    return Move(to, at_s, for_s, every_s, ease_s=0.02)


def trip_with(*moves: Move, length_s: float = 60.0, base: Scene | None = None) -> Trip:
    """Somebody who looks at the road but for these moves."""
    story = Scenario("made", "by hand", length_s, False, base or Scene(), {}, moves, (), (), ("standard",))
    return Trip(story, *(0.0,) * 6, light=1.0, sun_from_left=0.0, noise=1.5, glasses=0.0)


def dues_of(trip: Trip, sees_gaze: bool = True, fps: float = 1.0) -> list[Due]:
    dues = Truth(trip, NORMAL, HISTORY_S).dues(fps, sees_hands=False, sees_gaze=sees_gaze)
    return [due for due in dues if due.may > NONE]


def levels(dues: list[Due]) -> dict[State, tuple[Level, Level]]:
    """Of each kind the highest level that must and that may be told; sums over minutes are left out."""
    found: dict[State, tuple[Level, Level]] = {}
    for due in dues:
        if due.kind not in (State.DISTRACTED, State.DROWSY, State.YAWNING):
            must, may = found.get(due.kind, (NONE, NONE))
            found[due.kind] = max(must, due.must), max(may, due.may)
    return found


def told(kind: State, level: Level, onset_s: float = 20.0, end_s: float = 26.0) -> Event:
    return Event(kind, level, onset_s, onset_s, onset_s, end_s)


def test_eyes_alone_aside_are_due_like_a_head_for_models_that_see_gaze() -> None:
    trip, by_head = trip_with(move(20, 7, gaze_yaw_deg=30)), trip_with(move(20, 7, yaw_deg=30))
    (due,) = (due for due in dues_of(trip) if due.kind is AWAY)
    (by_head_due,) = (due for due in dues_of(by_head) if due.kind is AWAY)
    assert due == by_head_due
    assert due.limits_s == ((CAUTION, 2.0), (WARNING, 3.5), (ALARM, 5.0))
    assert levels(dues_of(trip, sees_gaze=False)) == {AWAY: (NONE, ALARM)}


def test_a_blink_does_not_end_a_look_of_the_eyes() -> None:
    trip = trip_with(move(20, 7, gaze_yaw_deg=30), move(23, 0.3, eyes_closed=1))
    assert levels(dues_of(trip)) == {AWAY: (ALARM, ALARM)}


def test_a_head_aside_with_the_eyes_on_the_road_may_be_told_and_need_not_be() -> None:
    trip = trip_with(move(20, 7, yaw_deg=30, gaze_yaw_deg=-30))
    for sees_gaze in (True, False):
        dues = dues_of(trip, sees_gaze)
        assert levels(dues) == {AWAY: (NONE, ALARM)}
        assert all(due.must is NONE for due in dues)  # nor as one of many glances
    assert levels(dues_of(trip_with(move(20, 7, yaw_deg=30, gaze_yaw_deg=-5)))) == {AWAY: (ALARM, ALARM)}


def test_lowered_lids_are_told_as_a_look_down_or_as_shut_eyes() -> None:
    dues = dues_of(trip_with(move(20, 6, gaze_pitch_deg=-30)))
    assert levels(dues) == {DOWN: (WARNING, ALARM), CLOSED: (NONE, ALARM)}
    for events, is_told in (
        ([], False),
        ([told(DOWN, CAUTION)], False),
        ([told(DOWN, ALARM)], True),
        ([told(CLOSED, ALARM)], True),
        ([told(DOWN, CAUTION), told(CLOSED, WARNING)], True),
        ([told(CLOSED, WARNING), told(DOWN, WARNING)], True),
    ):
        result = match(dues, events, [], period_s=1.0)
        assert (result.recall == 1, result.false) == (is_told, [])
    assert match(dues, [told(State.NO_FACE, WARNING)], [], period_s=1.0).false


def test_a_look_of_the_eyes_at_the_instruments_is_no_microsleep() -> None:
    assert levels(dues_of(trip_with(move(20, 1.2, gaze_pitch_deg=-25)))) == {DOWN: (NONE, CAUTION)}
    longer = trip_with(move(20, 2, gaze_pitch_deg=-25))
    assert levels(dues_of(longer)) == {DOWN: (NONE, CAUTION), CLOSED: (NONE, ALARM)}


@pytest.mark.parametrize(
    ("pose", "beside"),
    [
        ({"pitch_deg": -34.0}, {DOWN: (NONE, ALARM)}),
        ({"pitch_deg": -14.0}, {DOWN: (NONE, ALARM)}),
        ({"pitch_deg": 34.0}, {AWAY: (NONE, ALARM)}),
        ({"roll_deg": 35.0}, {}),
        ({"roll_deg": -35.0}, {}),
    ],
)
def test_who_sleeps_with_the_head_down_back_or_aside_is_asleep(
    pose: dict[str, float], beside: dict[State, tuple[Level, Level]]
) -> None:
    dues = dues_of(trip_with(move(20, 6, eyes_closed=1, **pose)))
    assert levels(dues) == {CLOSED: (ALARM, ALARM), **beside}


def test_a_sleeper_turned_beyond_that_is_told_as_turned_or_as_asleep() -> None:
    dues = dues_of(trip_with(move(20, 6, eyes_closed=1, pitch_deg=-45)))
    assert levels(dues) == {CLOSED: (NONE, ALARM), DOWN: (WARNING, ALARM)}
    for kind in (CLOSED, DOWN):
        result = match(dues, [told(kind, WARNING)], [], period_s=1.0)
        assert (result.recall, result.false) == (1, [])


@pytest.mark.parametrize(("shut_s", "must", "may"), [(1.0, NONE, NONE), (2.4, NONE, NONE), (6.0, ALARM, ALARM)])
def test_eyes_shut_in_a_yawn_are_sleep_when_they_stay_shut(shut_s: float, must: Level, may: Level) -> None:
    dues = dues_of(trip_with(move(20, 7, jaw_open=0.8), move(20.5, shut_s, eyes_closed=1)))
    assert levels(dues).get(CLOSED, (NONE, NONE)) == (must, may)
    limits = [due.limits_s for due in dues if due.kind is CLOSED]
    assert limits == ([((WARNING, 2.5), (ALARM, 3.0))] if must else [])
    talking = trip_with(move(20, 7, jaw_open=0.3), move(20.5, 2.4, eyes_closed=1))
    assert levels(dues_of(talking))[CLOSED] == (WARNING, ALARM)


@pytest.mark.parametrize("lenses", [{"glasses": 0.9}, {"glasses": 0.05, "lens_mirrors": 0.85}])
def test_of_eyes_behind_opaque_lenses_only_that_is_told(lenses: dict[str, float]) -> None:
    trip = trip_with(move(20, 100, **lenses), move(50, 9, eyes_closed=1), length_s=150)
    dues = dues_of(trip)
    assert [(due.kind, due.must, due.may) for due in dues] == [(UNSEEN, CAUTION, CAUTION)]
    assert dues[0].limits_s == ((CAUTION, 60.0),)
    assert not dues_of(trip_with(move(20, 40, **lenses), length_s=150))
    assert not dues_of(trip_with(base=Scene(glasses=0.35, lens_mirrors=0.6), length_s=150))


def test_a_gaze_that_lenses_hide_is_not_due() -> None:
    assert not dues_of(trip_with(move(20, 7, gaze_yaw_deg=30), length_s=50, base=Scene(glasses=1)))


def test_perclos_does_not_count_eyes_that_cannot_be_seen() -> None:
    slow = move(5, 1.2, every_s=5, eyes_closed=1)
    seen = dues_of(trip_with(slow, length_s=300))
    unseen = dues_of(trip_with(slow, length_s=300, base=Scene(glasses=1)))
    assert any(due.kind is State.DROWSY and due.must for due in seen)
    assert not any(due.kind is State.DROWSY for due in unseen)
    # half the time behind black lenses: the share is of what was seen
    half = dues_of(trip_with(slow, move(60, 60, glasses=1), length_s=120))
    assert any(due.kind is State.DROWSY and due.may >= WARNING for due in half if due.from_s < 60)


@pytest.mark.parametrize(
    ("scene", "eyes"),
    [
        (Scene(), "open"),
        (Scene(eyes_closed=1), "closed"),
        (Scene(eyes_closed=0.5), None),
        (Scene(gaze_pitch_deg=-30), None),
        (Scene(gaze_pitch_deg=-30, eyes_closed=1), "closed"),
        (Scene(gaze_yaw_deg=30), "open"),
        (Scene(glasses=0.9), None),
        (Scene(lens_mirrors=0.6), "open"),
        (Scene(present=0), None),
    ],
)
def test_what_the_eyes_truly_are(scene: Scene, eyes: str | None) -> None:
    assert true_eyes(scene) == eyes


def test_true_signals_are_what_a_model_could_measure() -> None:
    looking = Scene(gaze_yaw_deg=20, gaze_pitch_deg=-30)
    seen, without_gaze, hidden = (
        true_signals(looking),
        true_signals(looking, sees_gaze=False),
        true_signals(Scene(gaze_yaw_deg=20, glasses=1)),
    )
    assert (seen.gaze_yaw_deg, without_gaze.gaze_yaw_deg) == (20, None)
    assert seen.eye_blink == without_gaze.eye_blink
    shut, opened = true_signals(Scene(eyes_closed=1)).eye_blink, true_signals(Scene()).eye_blink
    assert shut is not None
    assert opened == 0
    assert seen.eye_blink == pytest.approx(0.7 * shut)  # the lids follow eyes that look 30 degrees down by 0.7
    assert (hidden.eyes_hidden, hidden.eye_blink, hidden.gaze_yaw_deg) == (True, None, None)
    assert seen.eyes_hidden is False


@pytest.mark.parametrize("name", evaluated_scenarios())
def test_the_truth_of_every_seed_is_in_its_limits(name: str) -> None:
    shares = ("eyes_closed", "lids", "jaw_open", "smile", "glasses", "lens_mirrors", "mask", "infrared", "present")
    trip = trip_of(scenario(name), 1, "glasses")
    for number in range(0, int(trip.length_s), 3):
        scene = trip.scene_at(number + 0.3)
        assert all(0 <= getattr(scene, share) <= 1 for share in shares)
        assert max(abs(scene.gaze_yaw_deg), abs(scene.gaze_pitch_deg)) <= 45


def test_a_seed_moves_lids_and_head_of_one_nod_together() -> None:
    for seed in range(5):
        trip = trip_of(scenario("nod-asleep"), seed, "day")
        asleep = [number / 10 for number in range(1300) if trip.scene_at(number / 10).pitch_deg - trip.pitch_deg < -20]
        assert asleep
        shut = [trip.scene_at(time_s).eyes_closed for time_s in asleep]
        assert min(shut) > 0.9


def test_clear_glasses_of_a_seed_leave_a_scenarios_black_ones() -> None:
    trip = trip_of(scenario("opaque-glasses"), 0, "glasses")
    assert trip.scene_at(5).glasses < 0.4
    assert trip.scene_at(80).glasses > 0.9
