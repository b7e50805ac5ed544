"""What the lens lets see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.sight import Lens
from app.verdict import Sight

RENDERER = Renderer(320, 240)
DAY = Scene()


def judged(*scenes: Scene) -> list[Sight]:
    lens = Lens()
    return [lens.judge(RENDERER.picture(replace(scene, time_s=number))) for number, scene in enumerate(scenes)]


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (DAY, Sight.CLEAR),
        (Scene(present=0), Sight.CLEAR),  # an empty seat is well seen
        (Scene(light=0.28, noise=4), Sight.CLEAR),
        (Scene(light=0.4, sun_from_left=1), Sight.CLEAR),
        (Scene(blur_px=9), Sight.CLEAR),
        (Scene(lens_covered=1), Sight.FLAT),
        (Scene(lens_covered=1, light=0.1), Sight.DARK),
        (Scene(light=0.02, noise=3), Sight.DARK),
    ],
)
def test_each_on_its_own_and_after_a_clear_day(scene: Scene, expected: Sight) -> None:
    assert judged(scene) == [expected]
    assert judged(DAY, DAY, scene)[-1] is expected


def test_the_sun_in_the_lens_hides_everything() -> None:
    lens = Lens()
    picture = RENDERER.picture(DAY)
    assert lens.judge(picture) is Sight.CLEAR
    white = np.clip(picture.astype(np.int32) // 12 + 235, 0, 255).astype(np.uint8)
    assert lens.judge(white) is Sight.FLAT


def test_a_shadow_and_a_tunnel_do_not() -> None:
    assert set(judged(DAY, DAY, Scene(light=0.55), Scene(light=0.3), DAY)) == {Sight.CLEAR}


def test_the_same_picture_again_is_frozen_and_another_is_not() -> None:
    lens = Lens()
    picture = RENDERER.picture(DAY)
    other = RENDERER.picture(replace(DAY, time_s=5.0))
    assert [lens.judge(one) for one in (picture, picture, other, other, picture)] == [
        Sight.CLEAR,
        Sight.FROZEN,
        Sight.CLEAR,
        Sight.FROZEN,
        Sight.CLEAR,
    ]


@pytest.mark.parametrize("shape", [(1, 1, 3), (16, 16, 3), (16, 4000, 3)])
def test_odd_sizes_are_judged(shape: tuple[int, int, int]) -> None:
    assert Lens().judge(np.zeros(shape, np.uint8)) is Sight.DARK
