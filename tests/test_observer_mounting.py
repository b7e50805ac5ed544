"""A camera that is upside down, on its side or mirroring, with the rendered driver and the real face mesh."""

from __future__ import annotations

import pytest

from app.camera.frame import Frame
from app.camera.mounting import mounted
from app.events import Level, Motion, Sight, State
from app.fake_driver.scene import Scene
from app.observer import Observation, Observer
from config.settings import Camera
from tests.support.observing import frame

AWAKE = Scene()
HEALS = {90: 270, 180: 180, 270: 90}


def hung(scene: Scene, time_s: int, by_deg: int) -> Frame:
    """The frame of a camera mounted at this angle, before `camera.rotate` corrects it."""
    return Frame(mounted(frame(time_s, scene), Camera(rotate=by_deg)).bgr, time_s, time_s)


def trip(watch: Observer, by_deg: int, seconds: int, scene: Scene = AWAKE, begin_s: int = 0) -> list[Observation]:
    return [watch.look(hung(scene, time_s, by_deg)) for time_s in range(begin_s, begin_s + seconds)]


def kinds(looks: list[Observation]) -> set[State]:
    return {event.kind for look in looks for event in look.verdict.events}


@pytest.mark.parametrize("by_deg", HEALS)
def test_rotated_picture_is_a_camera_problem(watch: Observer, by_deg: int) -> None:
    looks = trip(watch, by_deg, 12)
    what = "upside down" if by_deg == 180 else "on its side"
    problems = [look.mounting_problem for look in looks]
    assert problems == [f"the picture is {what}: set camera.rotate to {HEALS[by_deg]}"] * 12
    assert kinds(looks) == {State.CAMERA_BLOCKED}
    assert {look.sight for look in looks} == {Sight.UPSIDE_DOWN if by_deg == 180 else Sight.ON_ITS_SIDE}
    assert looks[-1].verdict.state is State.CAMERA_BLOCKED


@pytest.mark.parametrize("by_deg", HEALS)
def test_suggested_rotation_makes_the_picture_upright(watch: Observer, by_deg: int) -> None:
    camera = Camera(rotate=HEALS[by_deg])
    look = watch.look(mounted(hung(Scene(yaw_deg=12), 0, by_deg), camera))
    assert look.mounting_problem == ""
    assert look.signals is not None
    assert look.signals.yaw_deg == pytest.approx(12, abs=5)


@pytest.mark.parametrize("by_deg", HEALS)
def test_single_rotated_picture_is_reported_the_same(watch: Observer, by_deg: int) -> None:
    look = watch.look_alone(hung(Scene(), 0, by_deg))
    assert look.mounting_problem.endswith(f"set camera.rotate to {HEALS[by_deg]}")
    assert look.verdict.state is State.CAMERA_BLOCKED


@pytest.mark.parametrize("roll_deg", [45.0, 60.0, 75.0, -60.0])
def test_sleep_with_the_head_on_the_shoulder_warns(watch: Observer, roll_deg: float) -> None:
    trip(watch, 0, 10)
    asleep = trip(watch, 0, 25, Scene(roll_deg=roll_deg, eyes_closed=1.0), begin_s=10)
    assert {look.mounting_problem for look in asleep} == {""}
    told = {event.level for look in asleep for event in look.verdict.events}
    assert max(told) >= Level.WARNING


def test_rotated_picture_in_a_parked_vehicle_makes_no_sound(watch: Observer) -> None:
    frames = [hung(AWAKE, time_s, 180) for time_s in range(12)]
    assert any(watch.look(frame).verdict.cue for frame in frames)
    watch.reset()
    parked = [watch.look(frame, Motion.PARKED) for frame in frames]
    assert State.CAMERA_BLOCKED in kinds(parked)
    assert not any(look.verdict.cue for look in parked)
