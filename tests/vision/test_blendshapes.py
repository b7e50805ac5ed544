"""The blendshape model on the landmarks of rendered drivers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.blendshapes import (
    COUNT,
    EYE_BLINK_LEFT,
    EYE_BLINK_RIGHT,
    MOUTH_SMILE_LEFT,
    MOUTH_SMILE_RIGHT,
    Blendshapes,
    Scores,
)
from app.vision.face import FaceMesh
from app.vision.landmarks import IRIS_START
from tests.evaluation.cases import FACES

Landmarks = npt.NDArray[np.float32]
EYES = (EYE_BLINK_RIGHT, EYE_BLINK_LEFT)
SMILE = (MOUTH_SMILE_RIGHT, MOUTH_SMILE_LEFT)
PORTRAITS = {"collins": Renderer(320, 240, 1), "hopper": Renderer(320, 240, 3, "hopper", FACES)}
OPEN, SHUT, SMILING = Scene(3), Scene(3, eyes_closed=1), Scene(3, smile=1)


@pytest.fixture(scope="module")
def blendshapes() -> Iterator[Blendshapes]:
    made = Blendshapes()
    yield made
    made.close()


@cache
def landmarks(portrait: str, scene: Scene) -> Landmarks:
    with FaceMesh("standard") as mesh:
        face = mesh.find(PORTRAITS[portrait].picture(scene))
    assert face is not None
    return face.landmarks


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_shut_eyes_score_high_and_open_ones_low(blendshapes: Blendshapes, portrait: str) -> None:
    opened, shut = (blendshapes.scores(landmarks(portrait, scene)) for scene in (OPEN, SHUT))
    for eye in EYES:
        assert opened[eye] < 0.25
        assert shut[eye] > 0.5


def test_a_smile_scores_high_and_a_mouth_at_rest_low(blendshapes: Blendshapes) -> None:
    """The portrait of hopper does not smile by itself."""
    at_rest, smiling = (blendshapes.scores(landmarks("hopper", scene)) for scene in (OPEN, SMILING))
    for side in SMILE:
        assert at_rest[side] < 0.1
        assert smiling[side] > 0.4


def test_left_and_right_are_the_drivers(blendshapes: Blendshapes) -> None:
    opened, shut = landmarks("collins", OPEN), landmarks("collins", SHUT)
    is_right = opened[:, :1] < opened[4, 0]  # the nose; the driver's right is the picture's left
    wink = blendshapes.scores(np.where(is_right, shut, opened).astype(np.float32))
    assert wink[EYE_BLINK_RIGHT] > wink[EYE_BLINK_LEFT] + 0.2


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_blinks_are_scored_without_irises_too(blendshapes: Blendshapes, portrait: str) -> None:
    opened, shut = (blendshapes.scores(landmarks(portrait, scene)[:IRIS_START]) for scene in (OPEN, SHUT))
    assert opened.shape == shut.shape == (COUNT,)
    for eye in EYES:
        assert opened[eye] < 0.25
        assert shut[eye] > 0.4


def test_scores_do_not_depend_on_place_and_size_of_the_face(blendshapes: Blendshapes) -> None:
    here = landmarks("collins", SHUT)
    there = (2 * here + np.array((40, -25, 0))).astype(np.float32)
    np.testing.assert_allclose(blendshapes.scores(there), blendshapes.scores(here), atol=0.01)


@pytest.mark.parametrize("shape", [(0, 3), (10, 3), (386, 3), (478,)])
def test_landmarks_of_a_wrong_shape_are_refused(blendshapes: Blendshapes, shape: tuple[int, ...]) -> None:
    before: Scores = blendshapes.scores(landmarks("collins", OPEN))
    with pytest.raises((IndexError, ValueError)):
        blendshapes.scores(np.zeros(shape, np.float32))
    np.testing.assert_array_equal(blendshapes.scores(landmarks("collins", OPEN)), before)


@pytest.mark.parametrize("value", (0.0, 1e6, -1e6))
def test_landmarks_all_in_one_place_do_no_harm(blendshapes: Blendshapes, value: float) -> None:
    before = blendshapes.scores(landmarks("collins", OPEN))
    assert blendshapes.scores(np.full((478, 3), value, np.float32)).shape == (COUNT,)
    np.testing.assert_array_equal(blendshapes.scores(landmarks("collins", OPEN)), before)
