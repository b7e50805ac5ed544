"""The advice for aiming the camera, from a status."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.aim import aim_drawing, aiming
from admin.aim.aiming import GOOD, GOOD_SO_FAR, Hint, hints, progress
from app.events import DirectionAnswer, Learning, Neutral, Sight, WaitsFor
from app.part_status import CameraHealth
from app.telemetry.status import Aim, Box, Configuration, RoadRange, Signals, Status

RANGE = RoadRange(0.0, 0.0, 25.0, 20.0)
SEEN = Signals(has_face=True, yaw_deg=2.0, pitch_deg=-1.0, roll_deg=0.0, eyes_hidden=False)
AIM = Aim(Sight.CLEAR, None, 320, 240, Box(0.37, 0.3, 0.26, 0.4), 80.0, 60.0, Learning(progress=1.0))
WELL = Status(
    time_s=100.0,
    signals=SEEN,
    aim=AIM,
    neutral=Neutral(1.0, 2.0, learnt=True),
    camera=CameraHealth(state="live", source="/dev/video0"),
    configuration=Configuration(fov_deg=53.0, road_range=RANGE),
)


def aimed(**changes: object) -> Status:
    return replace(WELL, aim=replace(AIM, **changes))  # type: ignore[arg-type]


def words(status: Status) -> list[str]:
    return [hint.words for hint in hints(status)]


def test_a_good_place_is_reported_as_good() -> None:
    assert hints(WELL) == (Hint(GOOD, "good"),)
    learning = replace(WELL, neutral=replace(WELL.neutral, learnt=False))
    assert words(learning) == [GOOD_SO_FAR]


@pytest.mark.parametrize(
    ("sight", "word"), [(Sight.DARK, "dark"), (Sight.FLAT, "lens"), (Sight.FROZEN, "again"), (Sight.NOISE, "noise")]
)
def test_an_unusable_picture_is_the_only_hint(sight: Sight, word: str) -> None:
    (hint,) = hints(aimed(sight=sight, face=None, distance_cm=150.0))
    assert word in hint.words
    assert hint.tone == "bad"


def test_a_missing_picture_is_explained_by_the_camera_message() -> None:
    lost = replace(WELL, camera=CameraHealth(state="lost", message="no camera found: plug a USB camera in"))
    assert words(lost) == ["No picture: no camera found: plug a USB camera in."]
    assert "being opened" in words(replace(WELL, camera=CameraHealth()))[0]


@pytest.mark.parametrize(
    ("sight", "value"), [(Sight.UPSIDE_DOWN, 180), (Sight.ON_ITS_SIDE, 90), (Sight.ON_ITS_SIDE, 0)]
)
def test_a_rotated_picture_names_the_setting_and_its_value(sight: Sight, value: int) -> None:
    (hint,) = hints(aimed(sight=sight, rotate_to=value, face=None))
    assert hint == Hint(f"The picture is {sight.value}: set Rotate to {value}.", "bad", "camera.rotate")


def test_no_face_a_passenger_and_a_turned_face_have_different_hints() -> None:
    unseen = replace(WELL, signals=Signals())
    nobody = words(replace(unseen, aim=replace(AIM, face=None, distance_cm=None)))
    passenger = words(unseen)
    turned = words(replace(WELL, signals=Signals(has_face=True)))
    assert "No face" in nobody[0]
    assert "Relearn" in passenger[0]
    assert "turned too far" in turned[0]


@pytest.mark.parametrize(
    ("cm", "px", "word"),
    [
        (60.0, 80.0, GOOD),
        (99.0, 48.5, GOOD),
        (120.0, 60.0, "Bring the camera 20 cm closer to the driver."),
        (122.0, 60.0, "Bring the camera 25 cm closer to the driver."),
        (80.0, 38.4, "Bring the camera 20 cm closer to the driver, or choose a larger resolution."),
        (32.0, 150.0, "Move the camera 10 cm away from the driver."),
        (41.0, 150.0, GOOD),
    ],
)
def test_the_distance_is_advised_in_steps_of_5_cm(cm: float, px: float, word: str) -> None:
    assert words(aimed(distance_cm=cm, face_px=px)) == [word]


@pytest.mark.parametrize(
    ("face", "word"),
    [
        (Box(0.72, 0.3, 0.26, 0.4), "Turn the camera 19° to the driver's left."),
        (Box(0.02, 0.3, 0.26, 0.4), "Turn the camera 19° to the driver's right."),
        (Box(0.37, 0.0, 0.26, 0.4), "Tilt the camera 13° up."),
        (Box(0.37, 0.6, 0.26, 0.4), "Tilt the camera 13° down."),
    ],
)
def test_a_face_at_the_edge_asks_to_turn_the_camera_towards_it(face: Box, word: str) -> None:
    assert words(aimed(face=face))[0] == word


def test_a_face_with_room_around_it_needs_no_advice() -> None:
    assert words(aimed(face=Box(0.55, 0.3, 0.26, 0.4))) == [GOOD]


@pytest.mark.parametrize(
    ("beyond", "word"),
    [
        ((8.0, 0.0), "Move the camera 10 cm to the driver's right: the road is 8° farther aside than allowed."),
        ((-8.0, 0.0), "Move the camera 10 cm to the driver's left: the road is 8° farther aside than allowed."),
        ((0.0, 5.0), "Move the camera 5 cm up: the road is 5° too far above it."),
        ((0.0, -5.0), "Move the camera 5 cm down: the road is 5° too far below it."),
    ],
)
def test_a_road_outside_the_allowed_angles_asks_to_move_the_camera(beyond: tuple[float, float], word: str) -> None:
    yaw_deg, pitch_deg = (25.0 if beyond[0] > 0 else -25.0), (20.0 if beyond[1] > 0 else -20.0)
    neutral = Neutral(yaw_deg if beyond[0] else 0.0, pitch_deg if beyond[1] else 0.0, learnt=True)
    edge = replace(aimed(learning=Learning(1.0, WaitsFor.NOTHING, *beyond)), neutral=neutral)
    assert words(edge) == [word]


def test_advice_to_move_assumes_that_the_camera_is_turned_first() -> None:
    """Turning the camera towards a face at the right edge also brings the road back into the allowed angles."""
    right = Box(0.72, 0.3, 0.26, 0.4)
    status = replace(
        aimed(face=right, learning=Learning(1.0, WaitsFor.NOTHING, 8.0)), neutral=Neutral(25.0, 0.0, learnt=True)
    )
    assert words(status) == ["Turn the camera 19° to the driver's left."]
    other_way = replace(status, neutral=Neutral(-20.0, 0.0, learnt=True), aim=replace(AIM, face=right))
    assert words(other_way)[1].startswith("Move the camera 15 cm to the driver's left")


def test_hidden_eyes_are_reported() -> None:
    assert "eyes cannot be seen" in words(replace(WELL, signals=replace(SEEN, eyes_hidden=True)))[0]


@pytest.mark.parametrize("waits_for", WaitsFor)
def test_learning_says_what_it_is_waiting_for(waits_for: WaitsFor) -> None:
    status = replace(aimed(learning=Learning(0.4, waits_for)), neutral=Neutral(0.0, 0.0, learnt=False))
    assert progress(status) == aiming.Progress(0.4, aiming.WAITING[waits_for], "doubtful")


def test_the_answer_to_a_direction_request_is_shown_for_a_minute() -> None:
    def answered(answer: DirectionAnswer, answered_s: float) -> str:
        return progress(aimed(learning=Learning(1.0, answer=answer, answered_s=answered_s))).words

    assert "some seconds" in answered(DirectionAnswer.WAITING, 0.0)
    for refusal, said in aiming.REFUSALS.items():
        assert answered(refusal, 60.0) == said
        assert answered(refusal, 30.0) == "Learnt: the road is 1° right, 2° up."
    assert answered(DirectionAnswer.TAKEN, 60.0) == "Taken: the road is 1° right, 2° up."


def test_marks_are_drawn_where_the_picture_shows_face_and_head() -> None:
    looks_right = replace(WELL, signals=replace(SEEN, yaw_deg=30.0, pitch_deg=10.0))
    drawn, field = aim_drawing.overlay(looks_right), aim_drawing.field(looks_right)
    assert drawn is not None and drawn.head is not None and field.head is not None and field.road is not None
    assert (drawn.face.x, drawn.face.y, drawn.face.width) == pytest.approx((118.4, 72, 83.2))
    assert drawn.head.x2 < drawn.head.x1, "the driver's right is left in the picture"
    assert drawn.head.y2 < drawn.head.y1
    assert (field.head.x, field.head.y, field.head.is_allowed) == (-30, -10, False)
    assert (field.road.x, field.road.y, field.road.is_allowed) == (-1, -2, True)
    assert field.words == "Road: 1° right, 2° up. Head now: 30° right, 10° up."


def test_absurd_status_values_are_drawn_within_bounds() -> None:
    strange = replace(
        aimed(face=Box(-4.0, 9.0, 1e9, -3.0), width_px=10**9, distance_cm=1e300, face_px=-5.0),
        neutral=Neutral(1e308, -1e308, learnt=False),
        configuration=Configuration(fov_deg=-3.0, road_range=RoadRange(1e9, 0, 1e300, -1)),
    )
    assert aim_drawing.overlay(strange) is None
    assert aim_drawing.field(strange).road is not None
    assert all(len(hint.words) < 120 for hint in hints(strange))
    assert hints(Status())
    assert progress(Status()).share == 0
