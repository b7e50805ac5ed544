"""The face mesh on rendered pictures with known landmarks, and on pictures without a face."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.face import FaceMesh
from app.vision.face_graphs import landmarks_px
from app.vision.landmarks import IRIS_START, LEFT_EYE, RIGHT_EYE
from tests.support.process import ROOT
from tests.support.rendered_faces import (
    BLACK,
    DRIVER,
    HEIGHT_PX,
    NOISE,
    WIDTH_PX,
    Picture,
    error_px,
    found,
    fresh,
    render,
)


def test_bindings_run_with_a_numpy_that_their_metadata_forbids() -> None:
    assert metadata.version("mediapipe") == "0.10.18"
    assert "numpy<2" in (metadata.requires("mediapipe") or [])
    assert int(np.__version__.split(".")[0]) >= 2
    assert int(cv2.__version__.split(".")[0]) >= 5


def test_landmarks_are_near_the_rendered_ones(mesh: FaceMesh) -> None:
    errors_px = []
    for number, (yaw_deg, pitch_deg) in enumerate(product((-30, -15, 0, 15, 30), (-12, 12))):
        scene = Scene(number, yaw_deg=yaw_deg, pitch_deg=pitch_deg, distance_cm=50 + 3 * number)
        errors_px.append(error_px(found(mesh, scene, number % 2), scene))
    assert np.mean(errors_px) < 2.2  # measured: 1.5 to 1.7; an iris is 5 px wide
    assert max(errors_px) < 5


def test_landmarks_are_float32_pixels_and_the_attention_mesh_has_irises(lite: FaceMesh, standard: FaceMesh) -> None:
    plain, with_irises = found(lite, DRIVER), found(standard, DRIVER)
    assert [*plain.landmarks.shape] == [468, 3]
    assert [*with_irises.landmarks.shape] == [478, 3]
    assert plain.landmarks.dtype == with_irises.landmarks.dtype == np.dtype(np.float32)
    for iris, eye in ((468, RIGHT_EYE), (473, LEFT_EYE)):
        middle = with_irises.landmarks[[eye[0], eye[3]], :2].mean(axis=0)
        assert np.linalg.norm(with_irises.landmarks[iris, :2] - middle) < 4
    assert plain.landmarks[4, 2] < plain.landmarks[[234, 454], 2].min()  # the nose is nearer than the ears
    assert 0.9 < plain.presence <= 1


def test_every_model_gives_52_blendshapes(mesh: FaceMesh) -> None:
    scores = found(mesh, DRIVER).blendshapes
    assert scores is not None
    assert (scores.shape, scores.dtype) == ((52,), np.dtype(np.float32))
    assert ((scores >= 0) & (scores <= 1)).all()


def test_the_same_picture_gives_the_same_landmarks(mesh: FaceMesh) -> None:
    first, again = found(mesh, DRIVER), found(mesh, DRIVER)
    np.testing.assert_array_equal(first.landmarks, again.landmarks)


def test_another_mesh_gives_the_same_landmarks(lite: FaceMesh) -> None:
    with FaceMesh("lite") as other:
        np.testing.assert_array_equal(found(lite, DRIVER).landmarks, found(other, DRIVER).landmarks)


NOTHING: dict[str, Picture] = {
    "black": BLACK,
    "white": np.full_like(BLACK, 255),
    "grey": np.full_like(BLACK, 127),
    "noise": NOISE,
    "stripes": np.where(np.arange(WIDTH_PX)[None, :, None] // 16 % 2, 255, 0).astype(np.uint8) + BLACK,
    "an empty seat": render(Scene(present=0)),
    "an empty seat at night": render(Scene(present=0, light=0.2, noise=5)),
    "a covered lens": render(Scene(lens_covered=1)),
    "one pixel": NOISE[:1, :1],
    "one row": NOISE[:1],
    "one column": NOISE[:, :1],
    "one dark column": NOISE[:, :1] // 16,
    "one dark row": NOISE[:1] // 16,
    "16 x 16": NOISE[:16, :16],
    "4000 x 16": np.tile(NOISE[:16], (1, 13, 1))[:, :4000],
    "16 x 4000": np.tile(NOISE[:, :16], (17, 1, 1))[:4000],
    "a driver squeezed flat": cv2.resize(render(DRIVER), (4000, 16)).astype(np.uint8),
}


@pytest.mark.parametrize("what", NOTHING)
def test_picture_without_a_face_gives_none(mesh: FaceMesh, what: str) -> None:
    assert fresh(mesh, NOTHING[what]) is None


LAYOUTS: dict[str, Callable[[Picture], Picture]] = {
    "column by column": np.asfortranarray,
    "a view of a larger picture": lambda picture: np.pad(picture, ((5, 5), (7, 7), (0, 0)))[5:-5, 7:-7],
    "flipped and flipped back": lambda picture: np.ascontiguousarray(picture[::-1, ::-1])[::-1, ::-1],
    "read-only": lambda picture: np.frombuffer(picture.tobytes(), np.uint8).reshape(picture.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_of_the_picture_does_not_matter(lite: FaceMesh, layout: str) -> None:
    laid_out = LAYOUTS[layout](render(DRIVER))
    face = fresh(lite, laid_out)
    assert face is not None
    np.testing.assert_array_equal(face.landmarks, found(lite, DRIVER).landmarks)


@pytest.mark.parametrize("size", ((161, 121), (640, 480), (240, 320)))
def test_pictures_of_any_size_are_accepted(lite: FaceMesh, size: tuple[int, int]) -> None:
    renderer = Renderer(*size)
    face = fresh(lite, renderer.picture(DRIVER))
    assert face is not None
    true = renderer.project(renderer.vertices_cm(DRIVER))[:IRIS_START]
    assert np.linalg.norm(face.landmarks[:, :2] - true, axis=1).mean() < 0.012 * size[0]


@pytest.mark.parametrize(
    "wrong",
    (
        BLACK[..., 0],
        BLACK[..., :1],
        np.dstack([BLACK, BLACK[..., 0]]),
        BLACK[:0],
        BLACK[:, :0],
        BLACK.astype(np.float32),
    ),
)
def test_array_that_is_not_a_picture_is_refused(lite: FaceMesh, wrong: Picture) -> None:
    with pytest.raises(ValueError, match="a BGR picture is uint8"):
        lite.find(wrong)
    assert found(lite, DRIVER).presence > 0.9


def test_larger_of_two_faces_is_the_driver(mesh: FaceMesh) -> None:
    scene = Scene(time_s=1, passenger=1)
    assert error_px(found(mesh, scene), scene) < 4


def test_passenger_is_tried_only_if_two_faces_are_allowed(standard: FaceMesh) -> None:
    turned_away = render(Scene(yaw_deg=70, passenger=1))
    assert fresh(standard, turned_away) is None
    with FaceMesh("standard", max_num_faces=2) as both:
        face = both.find(turned_away)
    assert face is not None
    assert face.landmarks[:, 0].mean() > 0.75 * WIDTH_PX


def test_landmarks_are_read_from_the_wire_as_protobuf_would() -> None:
    from mediapipe.framework.formats import landmark_pb2

    points = np.random.default_rng(3).normal(0.5, 0.4, (468, 3)).astype(np.float32)
    message = landmark_pb2.NormalizedLandmarkList()
    for x, y, z in points.tolist():
        message.landmark.add(x=x, y=y, z=z)
    landmarks = landmarks_px(message.SerializeToString(), WIDTH_PX, HEIGHT_PX)
    np.testing.assert_allclose(landmarks, points * (WIDTH_PX, HEIGHT_PX, WIDTH_PX), rtol=1e-6)
    assert landmarks.dtype == np.float32


def test_only_the_full_model_looks_for_hands_and_only_if_asked() -> None:
    for model, hands in (("full", False), ("standard", True), ("lite", True)):
        with FaceMesh(model, hands=hands) as mesh:
            assert not mesh.sees_hands
            assert found(mesh, replace(DRIVER, phone_at_ear=1)).hands == ()


def test_the_thread_that_asks_does_the_work() -> None:
    """Each further thread would keep 0.2 MB of stack."""
    tasks = Path("/proc/self/task")
    before = len(list(tasks.iterdir()))
    with FaceMesh("full", hands=True) as mesh:
        found(mesh, DRIVER)
        assert len(list(tasks.iterdir())) == before


def test_close_may_come_twice() -> None:
    mesh = FaceMesh("full", hands=True)
    mesh.close()
    mesh.close()


NEAR, FAR = "face_detection_short_range", "face_detection_full_range_sparse"
PLAIN, ATTENTION, BLENDSHAPES = "face_landmark", "face_landmark_with_attention", "face_blendshapes"


@pytest.mark.parametrize(
    ("arguments", "mapped"),
    [
        ("'lite'", {NEAR, PLAIN, BLENDSHAPES}),
        ("'standard'", {NEAR, ATTENTION, BLENDSHAPES}),
        ("'full'", {NEAR, FAR, ATTENTION, BLENDSHAPES}),
        ("'full', hands=True", {NEAR, FAR, ATTENTION, BLENDSHAPES, "hand_landmark_lite", "palm_detection_lite"}),
    ],
)
def test_only_the_needed_models_are_mapped(arguments: str, mapped: set[str]) -> None:
    """The kernel can release mapped pages; a model read into memory would stay there."""
    script = (
        "from pathlib import Path\nfrom app.vision.face import FaceMesh\n"
        f"with FaceMesh({arguments}):\n"
        # three times: a thread that maps memory meanwhile hides lines from a reader
        "    maps = [Path('/proc/self/maps').read_text() for _ in range(3)]\n"
        "names = [line.split()[-1] for line in ''.join(maps).splitlines()]\n"
        "print(*{Path(name).stem for name in names if name.endswith('.tflite')})"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == mapped
