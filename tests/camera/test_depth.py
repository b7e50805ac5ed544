"""Pictures of more than 8 bits keep their brightness."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from cv2.typing import MatLike

from app.camera.depth import Depth
from app.camera.pictures import BadPicture, read_picture

GREY = np.linspace(0, 255, 64 * 48).reshape(48, 64)
COLOUR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])


def held(values: npt.NDArray[np.float64], bits: int) -> npt.NDArray[np.uint16]:
    return np.asarray(np.round(values / 255 * (2**bits - 1)), np.uint16)


def read(folder: Path, suffix: str, picture: MatLike) -> npt.NDArray[np.float64]:
    path = folder / f"a{suffix}"
    assert cv2.imwrite(str(path), picture)
    return read_picture(path).astype(np.float64)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("values", [GREY, COLOUR], ids=["grey", "colour"])
def test_16_bit_still_is_scaled_by_the_bits_it_uses(
    tmp_path: Path, suffix: str, bits: int, values: npt.NDArray[np.float64]
) -> None:
    wanted = values if values.ndim == 3 else np.dstack([values] * 3)
    assert np.abs(read(tmp_path, suffix, held(values, bits)) - wanted).max() <= 1


def test_a_still_with_alpha_or_floats_is_read(tmp_path: Path) -> None:
    alpha = np.dstack([held(COLOUR, 12), np.full((48, 64), 4095, np.uint16)])
    assert np.abs(read(tmp_path, ".png", alpha) - COLOUR).max() <= 1
    assert np.abs(read(tmp_path, ".tiff", (COLOUR / 255).astype(np.float32)) - COLOUR).max() <= 1
    assert np.abs(read(tmp_path, ".tiff", COLOUR.astype(np.float32)) - COLOUR).max() <= 1


def test_values_that_are_not_numbers_are_black() -> None:
    odd = np.array([[np.nan, np.inf, -np.inf, -3.0, 0.0, 1.0]], np.float32)
    assert Depth().eight_bit(odd).tolist() == [[0, 0, 0, 0, 0, 255]]
    assert Depth().eight_bit(np.zeros((2, 2), np.uint16)).tolist() == [[0, 0], [0, 0]]


def test_depth_of_a_stream_stays_the_same() -> None:
    depth = Depth(10)
    assert depth.eight_bit(np.array([[4095]], np.uint16)) == 255
    assert depth.eight_bit(np.array([[255]], np.uint16)) == 16


def test_depth_given_by_the_format_is_kept_for_dark_pictures() -> None:
    assert Depth(12).eight_bit(np.array([[255]], np.uint16)) == 16


@pytest.mark.parametrize(("suffix", "most"), [(".png", "25 megapixels"), (".tiff", "12.5 megapixels")])
def test_deep_picture_may_have_fewer_megapixels(tmp_path: Path, suffix: str, most: str) -> None:
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), np.zeros((5001, 5001), np.uint16))
    with pytest.raises(BadPicture, match=most):
        read_picture(path)


def test_a_tiff_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    done, data = cv2.imencode(".tiff", GREY.astype(np.uint8))
    assert done
    path = tmp_path / "a.tiff"
    for length in (*range(4, 60), len(data) // 2, len(data) - 5):
        path.write_bytes(data.tobytes()[:length])
        with pytest.raises(BadPicture):
            read_picture(path)
