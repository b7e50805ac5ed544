"""Rules that a drive seldom reaches: two glances in a row, a road that drifts, frames a little too early.

Each was found by `make test-mutants`: no other test failed when it was changed.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.escalation import Cues
from app.attention.looking_away import is_another
from app.attention.neutral_pose import NeutralPose
from app.attention.policy import NORMAL
from app.attention.sample import PoseError, Sample
from app.attention.usual_gaze import UsualGaze
from app.events import Cue, Event, Level, Neutral, Sight, State
from app.vision.measurements import Signals
from tests.support.story import Part, attentive, events, showing, story

START_S = 30.0
AWAY, DISTRACTED = State.LOOKING_AWAY, State.DISTRACTED
ALARM, CAUTION = Level.ALARM, Level.CAUTION


def glances(*parts: Part, fps: float = 1.0) -> list[Event]:
    """The events of parts that follow each other without a look at the road."""
    return events(story(attentive(START_S), *parts, attentive(20), fps=fps))


def turned(yaw_deg: float, pitch_deg: float = 0.0, gaze_yaw_deg: float | None = None) -> dict[str, float | None]:
    return {"yaw_deg": yaw_deg, "pitch_deg": pitch_deg, "gaze_yaw_deg": gaze_yaw_deg}


def test_looks_less_than_a_second_apart_are_one_glance() -> None:
    assert [event.level for event in glances(showing(1.5, **turned(28)), showing(1, **turned(-28)), fps=2)] == [CAUTION]


def test_look_after_one_without_a_pose_continues_the_glance() -> None:
    unfitted = Part(2, lambda _: Signals(face_width=0.3, detected_only=AWAY))
    assert [event.level for event in glances(unfitted, showing(1, **turned(-28)))] == [CAUTION]
    assert [event.level for event in glances(showing(2, **turned(28)), replace(unfitted, for_s=1))] == [CAUTION]


def test_the_second_glance_begins_halfway_between_the_looks() -> None:
    (event,) = glances(showing(2, **turned(28)), showing(3, **turned(-28)))
    assert (event.level, event.onset_earliest_s, event.onset_latest_s) == (CAUTION, 31.5, 32)


def test_reported_glance_continues_from_side_to_side() -> None:
    (event,) = glances(showing(3, **turned(28)), showing(4, **turned(-28)))
    assert (event.level, event.onset_s) == (ALARM, 29.5)


def learnt_after(**aside: float) -> tuple[float, float]:
    """The road's learnt yaw and pitch after a minute straight ahead and a minute of this pose."""
    neutral = story(attentive(60), showing(60, **aside))[-1].neutral
    return neutral.yaw_deg, neutral.pitch_deg


# The limits of a glance are 23 degrees aside and 18 down: 0.6 of them are 13.8 and 10.8
def test_poses_within_sixty_per_cent_of_the_limit_move_the_learnt_road() -> None:
    yaw_deg, pitch_deg = learnt_after(yaw_deg=13.7, pitch_deg=-10.7)
    assert yaw_deg == pytest.approx(13.7 * (1 - (1 - 1 / 360) ** 59), abs=0.001)
    assert pitch_deg == pytest.approx(-10.7 * (1 - (1 - 1 / 360) ** 59), abs=0.001)


@pytest.mark.parametrize("aside", [{"yaw_deg": 14.0}, {"yaw_deg": -14.0}, {"pitch_deg": -11.0}, {"pitch_deg": 11.0}])
def test_poses_beyond_sixty_per_cent_of_the_limit_do_not_move_the_learnt_road(aside: dict[str, float]) -> None:
    assert learnt_after(**aside) == (0, 0)


def jumping_irises(yaw_deg: float) -> Part:
    """Irises that jump by 12 degrees to either side, as behind mirroring lenses, with the head turned this far."""

    def signals_at(time_s: float) -> Signals | None:
        return showing(1, yaw_deg=yaw_deg, gaze_yaw_deg=12.0 if int(time_s) % 2 else -12.0).signals_at(0)

    return Part(60, signals_at)


def test_irises_that_jump_on_the_road_are_ignored_afterwards() -> None:
    aside = showing(5, gaze_yaw_deg=30)
    assert AWAY not in {event.kind for event in events(story(attentive(25), jumping_irises(13), aside, attentive(20)))}
    believed = events(story(attentive(25), jumping_irises(17), attentive(5), aside, attentive(20)))
    assert AWAY in {event.kind for event in believed}


def sounds(*times_s: float, level: Level = ALARM, repeat_s: float = 3.0) -> list[bool]:
    """Whether a cue is due at these times of an alarm that lasts."""
    cues, alarm = Cues(repeat_s), Event(AWAY, level, 0.0, 0.0, 0.0)
    return [cues.update(time_s, (alarm,) if number == 0 else (), (alarm,)) is not None
            for number, time_s in enumerate(times_s)]  # fmt: skip


def test_repeated_alarm_may_be_a_tenth_of_a_second_early() -> None:
    assert sounds(10.0, 12.85, 12.95, 15.8, 15.9) == [True, False, True, False, True]


def test_a_frame_a_little_early_repeats_an_alarm_as_the_one_before_did() -> None:
    times_s = [0.0, 1.0, 2.0, 2.95, 4.0, 5.0, 5.9, 7.0]
    assert sounds(*times_s) == [True, False, False, True, False, False, True, False]


def test_a_cue_comes_again_for_a_new_event_of_the_same_kind_only_after_the_repeat_time() -> None:
    cues, caution = Cues(3.0), Event(DISTRACTED, CAUTION, 0.0, 0.0, 0.0)
    again = [cues.update(time_s, (caution,), ()) for time_s in (10.0, 12.8, 12.95)]
    assert again == [Cue(DISTRACTED, CAUTION), None, Cue(DISTRACTED, CAUTION)]
    higher = replace(caution, level=Level.WARNING)
    assert cues.update(13.0, (higher,), ()) == Cue(DISTRACTED, Level.WARNING)


def look(yaw_deg: float, pitch_deg: float = 0.0, gaze_yaw_deg: float | None = None) -> PoseError:
    return PoseError(yaw_deg, pitch_deg, 0.0, gaze_yaw_deg)


@pytest.mark.parametrize(
    ("last", "then", "seconds", "is_other"),
    [
        (look(0), look(30.1), 1.0, True),
        (look(0), look(30), 1.0, False),
        (look(18, 24), look(0, 0), 1.0, False),  # 30 degrees apart
        (look(18.1, 24), look(0, 0), 1.0, True),
        (look(-15.1), look(15), 1.0, True),
        (look(0, -15.1), look(0, 15), 1.0, True),
        (look(0), look(40), 0.9, True),
        (look(0), look(40), 0.89, False),
        (look(0, 0, -10.1), look(0, 0, 10.1), 1.0, True),
        (look(0, 0, 10.1), look(0, 0, -10.1), 1.0, True),
        (look(0, 0, -10), look(0, 0, 10.1), 1.0, False),
        (look(0, 0, -10.1), look(0, 0, 10), 1.0, False),
        (look(0, 0, 10.1), look(0, 0, 30), 1.0, False),
        (look(0, 0, -30), look(0), 1.0, False),
        (look(0), look(0, 0, 30), 1.0, False),
        (None, look(40), 1.0, False),
        (look(40), None, 1.0, False),
        (None, None, 1.0, False),
    ],
)
def test_two_looks_are_separate_from_exactly_this_angle_and_time_on(
    last: PoseError | None, then: PoseError | None, seconds: float, is_other: bool
) -> None:
    assert is_another(last, Sample(10.0, seconds, 1.0, Sight.CLEAR, None, then, fits=True)) is is_other


def test_the_road_is_learnt_from_up_to_exactly_six_tenths_of_the_limits() -> None:
    pose = NeutralPose(replace(NORMAL, yaw_limit_deg=20.0, pitch_down_limit_deg=30.0), Neutral(0.0, 0.0, learnt=True))
    assert pose.is_road((12.0, 18.0)) and pose.is_road((-12.0, -18.0))
    assert not pose.is_road((12.001, 0.0)) and not pose.is_road((0.0, 18.001))


def gaze_after(*gazes_deg: float) -> float:
    """The usual gaze after learning these one by one, each for as long as all before it together."""
    usual = UsualGaze()
    for number, gaze_deg in enumerate(gazes_deg):
        usual.learn(1.0, gaze_deg, 2.0, is_pose_learnt=number > 0)
    error_deg = usual.error_deg(0.0, 10.0)
    assert error_deg is not None
    return -error_deg


def test_gaze_is_learnt_within_twelve_degrees_of_the_usual_and_up_to_fifteen() -> None:
    assert gaze_after(2.0, 14.0) == 8.0  # halfway
    assert gaze_after(2.0, 14.1) == 2.0
    assert gaze_after(-2.0, -14.0) == -8.0
    assert gaze_after(15.0) == gaze_after(15.5) == 15.0
    assert gaze_after(-20.0) == -15.0


def test_alarm_repeats_from_exactly_a_tenth_before_the_repeat_time() -> None:
    assert sounds(0.0, 1.0, repeat_s=1.1) == [True, True]
    assert sounds(0.0, 0.999, repeat_s=1.1) == [True, False]
