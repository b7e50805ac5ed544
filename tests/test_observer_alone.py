"""Pictures that are judged alone, without what came before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from app.camera.frame import Frame
from app.events import State
from app.fake_driver.scene import Scene
from app.observer import Observer
from tests.support.observing import BLACK, Picture, frame, new_watch, rendered


@pytest.fixture(scope="module")
def watch() -> Iterator[Observer]:
    with new_watch() as made:
        yield made


ALONE: dict[str, tuple[Picture, State]] = {
    "attentive": (rendered(Scene()), State.ATTENTIVE),
    "looking right": (rendered(Scene(yaw_deg=45)), State.LOOKING_AWAY),
    "looking left": (rendered(Scene(yaw_deg=-45)), State.LOOKING_AWAY),
    "looking into the lap": (rendered(Scene(pitch_deg=-34)), State.LOOKING_DOWN),
    "eyes closed": (rendered(Scene(eyes_closed=1)), State.EYES_CLOSED),
    "black glasses": (rendered(Scene(glasses=0.9)), State.EYES_UNSEEN),
    "clear glasses": (rendered(Scene(glasses=0.05)), State.ATTENTIVE),
    "nobody": (rendered(Scene(present=0)), State.NO_FACE),
    "upside down": (np.ascontiguousarray(rendered(Scene())[::-1, ::-1]), State.CAMERA_BLOCKED),
    "covered": (rendered(Scene(lens_covered=1)), State.CAMERA_BLOCKED),
    "black": (BLACK, State.CAMERA_BLOCKED),
    "one pixel": (BLACK[:1, :1], State.CAMERA_BLOCKED),
}


@pytest.mark.parametrize("what", ALONE)
def test_a_picture_alone_is_judged_by_what_it_shows(watch: Observer, what: str) -> None:
    picture, state = ALONE[what]
    assert watch.look_alone(Frame(picture, 0, 0)).verdict.state is state


def test_pictures_alone_do_not_influence_each_other(watch: Observer) -> None:
    states = [watch.look_alone(Frame(rendered(Scene()), 0, 0)).verdict.state for _ in range(3)]
    assert states == [State.ATTENTIVE] * 3  # not frozen


def test_a_phone_is_seen_by_the_full_model_alone_and_where_it_is_switched_on() -> None:
    for model, phone, state in (
        ("full", True, State.PHONE),
        ("full", False, State.ATTENTIVE),
        ("standard", True, State.ATTENTIVE),
    ):
        with new_watch(model=model, phone=phone) as watch:
            assert watch.look_alone(frame(1, Scene(phone_at_ear=1))).verdict.state is state
