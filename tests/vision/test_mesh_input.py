"""What the graphs get of a picture: a bright one as it is, a dark one brighter and with less noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from app.fake_driver.render import Renderer
from app.vision.face import FaceMesh
from app.vision.mesh_input import BRIGHTEST_GREY, DETECTED_PX, FACE_GREY, GAIN_MAX, MeshInput, Part
from app.vision.regions import Region
from tests.support.rendered_faces import DRIVER, HEIGHT_PX, WIDTH_PX, fresh, render

FACE = Region(WIDTH_PX / 2, HEIGHT_PX / 2, 120, 0)
NIGHT = replace(DRIVER, light=0.2, noise=5)


def read(bgr: npt.NDArray[np.uint8]) -> MeshInput:
    """The input whose packets are the pictures themselves."""
    return MeshInput(bgr, lambda rgb: rgb)


def pixels(packet: object) -> npt.NDArray[np.uint8]:
    assert isinstance(packet, np.ndarray)
    return packet


def grey(level: int, shape: tuple[int, int] = (HEIGHT_PX, WIDTH_PX)) -> npt.NDArray[np.uint8]:
    return np.full((*shape, 3), level, np.uint8)


def face_of(part: Part) -> npt.NDArray[np.uint8]:
    return pixels(part.packet)


def test_a_picture_by_day_is_one_packet_for_all() -> None:
    picture = read(render(DRIVER))
    assert picture.for_detectors is picture.whole
    assert np.array_equal(pixels(picture.whole), render(DRIVER)[:, :, ::-1])


def test_detectors_get_a_dark_picture_small_and_brighter() -> None:
    picture = read(render(NIGHT))
    dark, bright = pixels(picture.whole), pixels(picture.for_detectors)
    assert bright.shape == (DETECTED_PX * HEIGHT_PX // WIDTH_PX, DETECTED_PX, 3)
    assert bright.mean() > 2 * dark.mean()
    assert bright.mean(axis=2).max() <= 255
    assert picture.whole is not picture.for_detectors


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), (1, 1)), ((1, 700), (1, 160)), ((700, 1), (160, 1)), ((720, 1280), (90, 160)), ((16, 90), (16, 90))],
)
def test_a_dark_picture_of_any_shape_is_never_enlarged(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert pixels(read(grey(20, shape)).for_detectors).shape[:2] == expected


def test_a_bright_face_in_a_dark_cabin_is_not_overexposed() -> None:
    picture = grey(4)
    picture[60:180, 100:220] = 70  # a face by weak infrared light
    assert pixels(read(picture).for_detectors).max() == pytest.approx(BRIGHTEST_GREY, abs=2)
    picture[60:180, 100:220] = 150
    bright = read(picture)
    assert bright.for_detectors is bright.whole


def test_nothing_is_made_brighter_than_the_gain_allows() -> None:
    assert pixels(read(grey(2)).for_detectors).max() == 2 * GAIN_MAX
    assert face_of(read(grey(2)).around(FACE)).max() == 2 * GAIN_MAX


def test_the_mesh_gets_a_dark_face_brighter_and_its_noise_smoothed() -> None:
    noise = np.random.default_rng(3).normal(0, 4, (HEIGHT_PX, WIDTH_PX, 3))
    face = face_of(read(np.clip(40 + noise, 0, 255).astype(np.uint8)).around(FACE))
    gain = FACE_GREY / 40
    assert face.mean() == pytest.approx(FACE_GREY, abs=2)
    assert face.std() < 0.5 * gain * noise.std()


def test_sleepers_who_nod_near_darkness_are_found() -> None:
    """As it comes, the picture shows the detector 2 of these 16."""
    nod = replace(DRIVER, light=0.12, noise=6, distance_cm=65, pitch_deg=-35, eyes_closed=1)
    renderer = Renderer(WIDTH_PX, HEIGHT_PX, 7)
    with FaceMesh("standard") as mesh:
        faces = [fresh(mesh, renderer.picture(replace(nod, time_s=float(number)))) for number in range(16)]
    assert sum(face is not None for face in faces) >= 14
