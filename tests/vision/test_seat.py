"""The driver's seat: taken or empty in any light; unknown if no shoulders were seen."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from app.events import Torso
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.seat import Seat, _alike

Picture = npt.NDArray[np.uint8]

RENDERER = Renderer(320, 240, seed=1)
FACE_PX = np.array([[125, 40], [195, 135]], np.float32)  # of Scene(), about
ROAD = RENDERER.picture(Scene())


def at(time_s: float, **shown: float) -> Picture:
    return RENDERER.picture(Scene(time_s=time_s, **shown))


@pytest.fixture
def seat() -> Seat:
    made = Seat()
    made.remember(ROAD, FACE_PX)
    return made


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"yaw_deg": 78},
        {"yaw_deg": -78},
        {"x_cm": 2, "y_cm": 1},
        {"light": 0.3, "noise": 4},
        {"light": 1.3, "sun_from_left": 0.9},
        {"blur_px": 6, "y_cm": 1.5},
    ],
)
def test_driver_who_looks_elsewhere_is_upright(seat: Seat, shown: dict[str, float]) -> None:
    assert seat.look(at(2, **shown)) is Torso.UPRIGHT


@pytest.mark.parametrize(
    "shown", [{}, {"light": 0.3, "noise": 4}, {"passenger": 1}, {"light": 1.3, "sun_from_left": 0.9}]
)
def test_empty_seat_is_gone(seat: Seat, shown: dict[str, float]) -> None:
    assert seat.look(at(2, present=0, **shown)) is Torso.GONE


def test_seat_is_unknown_before_a_face_was_measured() -> None:
    assert Seat().look(ROAD) is None


@pytest.mark.parametrize(
    ("picture", "outline_px"),
    [
        (ROAD, [[125, 140], [195, 235]]),
        (ROAD, [[-200, 40], [-140, 135]]),
        (ROAD, [[160, 90], [160, 90]]),
        (np.full_like(ROAD, 90), FACE_PX),
    ],
    ids=["cut off below", "outside", "of no size", "of one colour"],
)
def test_unusable_outline_makes_the_seat_unknown(seat: Seat, picture: Picture, outline_px: object) -> None:
    seat.remember(picture, np.array(outline_px, np.float32))
    assert seat.look(ROAD) is None


def test_seat_is_unknown_for_a_picture_of_another_size(seat: Seat) -> None:
    assert seat.look(RENDERER.picture(Scene())[:100, :80]) is None


@pytest.mark.parametrize("seed", range(20))
def test_correlation_agrees_with_opencv(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = random.integers(16, 40), random.integers(24, 60)
    around = random.integers(0, 256, (height, width), np.uint8)
    part = around[3 : 3 + random.integers(8, 12), 5 : 5 + random.integers(6, 16)]
    dimmed = (0.4 * part + random.normal(20, 8, part.shape)).clip(0, 255).astype(np.uint8)
    for wanted in (part, dimmed):
        expected = cv2.matchTemplate(around, wanted, cv2.TM_CCOEFF_NORMED)
        np.testing.assert_allclose(_alike(around, wanted), expected, atol=1e-4)


def test_picture_of_one_colour_correlates_with_nothing() -> None:
    """OpenCV gives 1 there, although nothing is similar."""
    grey = np.full((12, 12), 90, np.uint8)
    assert not _alike(grey, np.arange(36, dtype=np.uint8).reshape(6, 6)).any()
