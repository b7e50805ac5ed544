"""Pictures that are judged without any before them."""

from __future__ import annotations

import numpy as np
import pytest

from app.camera.frame import Frame
from app.events import State
from app.fake_driver.scene import Scene
from app.observer import Observer
from tests.support.observing import BLACK, Picture, frame, new_watch, rendered

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
def test_single_picture_gives_its_state(watch: Observer, what: str) -> None:
    picture, state = ALONE[what]
    assert watch.look_alone(Frame(picture, 0, 0)).verdict.state is state


def test_single_pictures_are_judged_independently(watch: Observer) -> None:
    states = [watch.look_alone(Frame(rendered(Scene()), 0, 0)).verdict.state for _ in range(3)]
    assert states == [State.ATTENTIVE] * 3  # not frozen


def test_phone_is_seen_only_by_the_full_model_if_switched_on() -> None:
    for model, phone, state in (
        ("full", True, State.PHONE),
        ("full", False, State.ATTENTIVE),
        ("standard", True, State.ATTENTIVE),
    ):
        with new_watch(model=model, phone=phone) as watch:
            assert watch.look_alone(frame(1, Scene(phone_at_ear=1))).verdict.state is state
