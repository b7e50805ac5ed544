"""Pictures whose lower part is left from the one before are refused; ordinary pictures are not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pytest

from app.camera.kept_tail import KeptTail
from app.camera.pictures import BadPicture

Picture = npt.NDArray[np.uint8]
SCENE = np.add.outer(np.linspace(40, 120, 240), np.linspace(0, 90, 320))[:, :, np.newaxis]


def noisy(number: int, sigma: float = 1.0) -> Picture:
    noise = np.random.default_rng(number).normal(0, sigma, (240, 320, 3))
    return (SCENE + noise).clip(0, 255).astype(np.uint8)


def refused(pictures: Iterable[Picture]) -> list[int]:
    tail, bad = KeptTail(), []
    for number, picture in enumerate(pictures):
        try:
            tail.check(picture)
        except BadPicture:
            bad.append(number)
    return bad


def joined(above: Picture, below: Picture, row: int, column: int = 0) -> Picture:
    at = row * 320 + column
    return np.concatenate([above.reshape(-1, 3)[:at], below.reshape(-1, 3)[at:]]).reshape(above.shape)


@pytest.mark.parametrize("row", [20, 60, 120, 200, 226])
@pytest.mark.parametrize("column", [0, 100])
def test_picture_ending_in_the_previous_one_is_refused(row: int, column: int) -> None:
    whole = [noisy(number) for number in range(4)]
    assert refused([*whole[:3], joined(whole[3], whole[2], row, column), noisy(9)]) == [3]


def test_every_picture_with_the_same_kept_tail_is_refused() -> None:
    whole = [noisy(number) for number in range(9)]
    assert refused([*whole[:3], *(joined(picture, whole[2], 120) for picture in whole[3:])]) == [3, 4, 5, 6, 7, 8]


MOVED, DARK_BELOW = noisy(1), [noisy(number) for number in range(5)]
MOVED[80:140, 120:200] += 20
for dark in DARK_BELOW[2:]:
    dark[150:] = 0
ORDINARY = {
    "a constant banner": [joined(noisy(number), noisy(0), 200) for number in range(9)],
    "still and almost still": [noisy(0), noisy(1), noisy(1), MOVED, noisy(1)],
    "a black lower part": DARK_BELOW,
    "another size": [noisy(0), noisy(1), noisy(2)[:120], noisy(3)[:120]],
}


@pytest.mark.parametrize("pictures", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_pictures_have_no_kept_tail(pictures: list[Picture]) -> None:
    assert refused(pictures) == []
