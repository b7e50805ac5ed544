"""Image quality: dark, flat, noisy, frozen or clear pictures, and smeared faces."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from app.events import Sight
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.sight import Lens, Sharpness

Picture = npt.NDArray[np.uint8]

RENDERER = Renderer(320, 240, seed=1)
BLACK = np.zeros((240, 320, 3), np.uint8)


@cache
def at(time_s: float, **shown: float) -> Picture:
    return RENDERER.picture(Scene(time_s=time_s, **shown))


def dots(low: int, high: int, shape: tuple[int, int] = (240, 320)) -> Picture:
    return np.random.default_rng(3).integers(low, high, (*shape, 3), dtype=np.uint8)


def after_a_clear_day() -> Lens:
    lens = Lens()
    assert {lens.judge(at(time_s)) for time_s in range(8)} == {Sight.CLEAR}
    return lens


SEEN: dict[str, tuple[Picture, Sight]] = {
    "a driver by day": (at(50), Sight.CLEAR),
    "an empty seat": (at(50, present=0), Sight.CLEAR),
    "a lit night": (at(50, light=0.28, noise=4), Sight.CLEAR),
    "a darker night": (at(50, light=0.2, noise=4), Sight.CLEAR),
    "an empty seat at night": (at(50, light=0.2, noise=4, present=0), Sight.CLEAR),
    "an empty seat on a darker night": (at(50, light=0.15, noise=4, present=0), Sight.CLEAR),
    "the shadow of a bridge": (at(50, light=0.35), Sight.CLEAR),
    "a tree's shadow on one side": (at(50, light=0.6, sun_from_left=0.7), Sight.CLEAR),
    "low sun from the side": (at(50, light=1.3, sun_from_left=1), Sight.CLEAR),
    "motion blur": (at(50, blur_px=9), Sight.CLEAR),
    "no light": (at(50, light=0.05, noise=4), Sight.DARK),
    "black": (BLACK, Sight.DARK),
    "a hand on the lens": (at(50, lens_covered=1), Sight.FLAT),
    "a hand on the lens at night": (at(50, lens_covered=1, light=0.28, noise=4), Sight.DARK),
    "a cloth before the lens": (at(50, lens_covered=0.9), Sight.FLAT),
    "white": (np.full_like(BLACK, 255), Sight.FLAT),
    "noise of any colours": (dots(0, 256), Sight.NOISE),
    "grey noise": (np.repeat(dots(0, 256)[:, :, :1], 3, axis=2), Sight.NOISE),
    "black and white noise": (np.repeat(dots(0, 2)[:, :, :1] * np.uint8(255), 3, axis=2), Sight.NOISE),
    "noise with hardly any contrast": (dots(100, 150), Sight.NOISE),
    "noise two pixels wide": (cv2.resize(dots(0, 256, (120, 160)), (320, 240)).astype(np.uint8), Sight.NOISE),
    "noise of a larger camera": (dots(0, 256, (480, 640)), Sight.NOISE),
    "a covered lens in a bright cabin": (at(50, lens_covered=1, noise=8), Sight.FLAT),
    "a noisy sensor": (at(50, noise=25), Sight.CLEAR),
    "sun into the lens": ((at(50) // 8 + 222).astype(np.uint8), Sight.FLAT),
}


@pytest.mark.parametrize("what", SEEN)
def test_first_picture_gives_its_sight(what: str) -> None:
    picture, sight = SEEN[what]
    assert Lens().judge(picture) is sight


@pytest.mark.parametrize("what", SEEN)
def test_picture_after_clear_ones_gives_its_sight(what: str) -> None:
    picture, sight = SEEN[what]
    assert after_a_clear_day().judge(picture) is sight


def test_haze_with_a_fifth_of_the_usual_contrast_is_flat() -> None:
    hazy = (at(50) * 0.18 + 90).astype(np.uint8)
    assert Lens().judge(hazy) is Sight.CLEAR  # it may be a foggy cabin
    assert after_a_clear_day().judge(hazy) is Sight.FLAT


def test_repeated_picture_is_frozen_until_another_comes() -> None:
    lens = Lens()
    pictures = (at(1), at(1), at(1), at(2), at(2), at(1))
    c, f = Sight.CLEAR, Sight.FROZEN
    assert [lens.judge(picture) for picture in pictures] == [c, f, f, c, f, c]


def test_still_scene_with_sensor_noise_is_not_frozen() -> None:
    lens = Lens()
    assert {lens.judge(at(number / 10, noise=1)) for number in range(10)} == {Sight.CLEAR}


@pytest.mark.parametrize(("picture", "sight"), [(BLACK, Sight.DARK), (np.full_like(BLACK, 255), Sight.FLAT)])
def test_repeated_picture_of_one_colour_is_not_frozen(picture: Picture, sight: Sight) -> None:
    lens = Lens()
    assert {lens.judge(picture) for _ in range(5)} == {sight}


@pytest.mark.parametrize("dim", ({"light": 0.06}, {"lens_covered": 0.9}))
def test_repeated_dark_or_flat_picture_is_frozen(dim: dict[str, float]) -> None:
    lens = Lens()
    assert lens.judge(at(1, **dim)) in (Sight.DARK, Sight.FLAT)
    assert lens.judge(at(1, **dim)) is Sight.FROZEN


def test_long_cover_does_not_become_the_usual_contrast() -> None:
    lens = after_a_clear_day()
    assert {lens.judge(at(number % 3, lens_covered=0.9)) for number in range(600)} == {Sight.FLAT}
    assert lens.judge(at(50)) is Sight.CLEAR


@pytest.mark.parametrize("shape", ((1, 1, 3), (1, 500, 3), (500, 1, 3), (16, 4000, 3)))
def test_pictures_of_any_shape_are_judged(shape: tuple[int, int, int]) -> None:
    lens = Lens()
    assert lens.judge(np.zeros(shape, np.uint8)) is Sight.DARK
    assert lens.judge(at(1)) is Sight.CLEAR  # pictures of different size are never the same
    assert lens.judge(at(2)[::-1, ::-1]) is Sight.CLEAR
    assert lens.judge(np.asfortranarray(at(3))) is Sight.CLEAR


FACE_PX = np.array([(110, 60), (210, 190)], np.float32)  # two corners of where the driver's face is


def seen_sharp(**shown: float) -> Sharpness:
    sharpness = Sharpness()
    assert not any(sharpness.is_smeared(at(time_s, **shown), FACE_PX) for time_s in range(8))
    return sharpness


def test_only_motion_blur_smears_the_face() -> None:
    sharpness = seen_sharp()
    assert sharpness.is_smeared(at(8, blur_px=6), FACE_PX)
    for shown in ({"eyes_closed": 1.0}, {"light": 0.35}, {"light": 1.4, "sun_from_left": 0.9}, {"yaw_deg": 15.0}):
        assert not sharpness.is_smeared(at(8, **shown), FACE_PX), shown


def test_constant_blur_soon_counts_as_usual() -> None:
    sharpness = seen_sharp()
    smeared = [sharpness.is_smeared(at(time_s, blur_px=6), FACE_PX) for time_s in range(8, 40)]
    assert smeared[0]
    assert not any(smeared[20:])


@pytest.mark.parametrize("corners", [((0, 0), (3, 3)), ((-90, -90), (-5, -5)), ((400, 300), (500, 400))])
def test_face_without_size_or_outside_the_picture_is_not_smeared(corners: tuple[tuple[int, int], ...]) -> None:
    sharpness = seen_sharp()
    assert not sharpness.is_smeared(at(8, blur_px=6), np.array(corners, np.float32))
