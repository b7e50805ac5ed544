"""Picture files from cameras and editors, whole and damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.camera.kinds import picture_files
from app.camera.pictures import BadPicture, check_whole, fitted, read_picture, stated_size

SHADES = np.linspace(0, 255, 64 * 40 * 3).reshape(40, 64, 3).astype(np.uint8)
ALPHA = np.dstack([SHADES, np.full((40, 64), 128, np.uint8)])


def encoded(suffix: str, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = SHADES, *options: int) -> bytes:
    done, data = cv2.imencode(suffix, picture, options)
    assert done
    return data.tobytes()


def write(folder: Path, data: bytes, name: str = "a.jpg") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def tables_first(jpeg: bytes) -> bytes:
    """A Huffman table before the frame header, where some cameras put it."""
    at = jpeg.index(b"\xff\xc4")
    (length,) = struct.unpack_from(">H", jpeg, at + 2)
    return jpeg[:2] + jpeg[at : at + 2 + length] + jpeg[2:]


KINDS = {
    "jpg": encoded(".jpg"),
    "tables first.jpg": tables_first(encoded(".jpg")),
    "progressive.jpg": encoded(".jpg", SHADES, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "padded.jpg": b"\xff\xd8\xff\xff\xff" + encoded(".jpg")[3:],
    "grey.jpg": encoded(".jpg", SHADES[:, :, 0]),
    "png": encoded(".png"),
    "alpha.png": encoded(".png", ALPHA),
    "bmp": encoded(".bmp"),
    "lossy.webp": encoded(".webp", SHADES, cv2.IMWRITE_WEBP_QUALITY, 70),
    "lossless.webp": encoded(".webp", SHADES, cv2.IMWRITE_WEBP_QUALITY, 101),
    "alpha.webp": encoded(".webp", ALPHA, cv2.IMWRITE_WEBP_QUALITY, 70),
}


@pytest.mark.parametrize("kind", KINDS)
def test_size_is_known_before_decoding_and_the_picture_is_bgr(tmp_path: Path, kind: str) -> None:
    assert stated_size(KINDS[kind]) == (64, 40)
    picture = read_picture(write(tmp_path, KINDS[kind], kind))
    assert picture.shape == (40, 64, 3)
    assert picture.dtype == np.uint8


def test_height_of_a_top_down_bmp_is_positive() -> None:
    data = bytearray(KINDS["bmp"])
    struct.pack_into("<i", data, 22, -40)
    assert stated_size(bytes(data)) == (64, 40)


def test_picture_of_a_turned_camera_is_turned_upright(tmp_path: Path) -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # orientation 6: a quarter turn
    jpeg = encoded(".jpg")
    data = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    assert read_picture(write(tmp_path, data)).shape == (64, 40, 3)


def with_size(kind: str, form: str, at: int, *size: int) -> bytes:
    data = bytearray(KINDS[kind])
    struct.pack_into(form, data, at, *size)
    return bytes(data)


FRAME_HEADER = KINDS["jpg"].index(b"\xff\xc0") + 5
BAD = {
    "empty": (b"", "the file is empty"),
    "text": (b"To whom it may concern", "not a picture that can be read"),
    "cut off in the head": (KINDS["jpg"][:30], "not a picture, or damaged"),
    "cut off in a PNG's head": (KINDS["png"][:20], "not a picture, or damaged"),
    "half a JPEG": (KINDS["jpg"][: len(KINDS["jpg"]) * 2 // 3], "not a picture, or damaged"),
    "half a PNG": (KINDS["png"][: len(KINDS["png"]) // 2], "not a picture, or damaged"),
    "broken segments": (KINDS["jpg"][:2] + b"\xff\xe0\0\x04\0\0junk", "damaged"),
    "huge PNG": (with_size("png", ">II", 16, 30_000, 20_000), "30000 x 20000 is more than 50 megapixels"),
    "huge JPEG": (with_size("jpg", ">HH", FRAME_HEADER, 60_000, 65_000), "65000 x 60000 is more than 50 megapixels"),
    "tiny": (encoded(".png", SHADES[:8, :8]), "8 x 8 is less than 16 pixels"),
    "no size": (with_size("png", ">II", 16, 0, 40), "0 x 40 is less than 16 pixels"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_picture_is_named_with_the_reason(tmp_path: Path, what: str) -> None:
    data, reason = BAD[what]
    path = write(tmp_path, data)
    with pytest.raises(BadPicture, match=reason) as bad:
        read_picture(path)
    assert str(bad.value).startswith(f"{path}: ")


def test_missing_picture_is_bad(tmp_path: Path) -> None:
    with pytest.raises(BadPicture, match=r"gone\.jpg: No such file"):
        read_picture(tmp_path / "gone.jpg")


def test_file_too_large_for_the_memory_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, KINDS["jpg"])
    with path.open("ab") as file:
        file.truncate(100_000_001)
    with pytest.raises(BadPicture, match="larger than 100 MB"):
        read_picture(path)


def test_pictures_of_a_folder_come_in_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("frame10.jpg", "frame9.JPG", "a.png", "frame9b.jpg", "notes.txt", "._frame9.jpg", "frame010.jpg"):
        write(tmp_path, b"", name)
    (tmp_path / "folder.jpg").mkdir()
    names = [path.name for path in picture_files(tmp_path)]
    assert names == ["a.png", "frame9.JPG", "frame9b.jpg", "frame010.jpg", "frame10.jpg"]


def test_pictures_are_made_smaller_by_averaging_neighbours() -> None:
    stripes = np.zeros((32, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    half = fitted(stripes, (32, 16))
    assert half.shape == (16, 32, 3)
    assert (half == 100).all()


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [
        (1280, 720, (180, 320)),
        (720, 1280, (240, 135)),
        (640, 480, (240, 320)),
        (160, 120, (240, 320)),
        (320, 240, (240, 320)),
    ],
)
def test_picture_of_another_shape_is_fitted_without_squeezing(width: int, height: int, fits: tuple[int, int]) -> None:
    assert fitted(np.zeros((height, width, 3), np.uint8), (320, 240)).shape == (*fits, 3)


def cut_off(
    at: int, bgr: tuple[int, int, int], top: tuple[int, int, int] | None = None
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Noise of 240 lines; those from `at` on are filled with bgr, and the first ten with top."""
    picture = np.random.default_rng(1).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    picture[at:] = bgr
    if top is not None:
        picture[:10] = top
    return picture


def dark_below() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture that fades to black at half its height."""
    fade = np.linspace(1.5, -1.5, 240).clip(0, 1)[:, np.newaxis, np.newaxis]
    return np.asarray(cut_off(240, BLACK) * fade, np.uint8)


GREY, GREEN, WHITE, BLACK = (128, 128, 128), (0, 135, 0), (255, 255, 255), (0, 0, 0)


@pytest.mark.parametrize("filling", [GREY, GREEN, WHITE, BLACK])
@pytest.mark.parametrize("line", [20, 120, 180])
def test_a_picture_cut_off_is_refused(line: int, filling: tuple[int, int, int]) -> None:
    with pytest.raises(BadPicture, match="the lower part is missing"):
        check_whole(cut_off(line, filling))


@pytest.mark.parametrize(
    "picture",
    [cut_off(240, GREY), cut_off(200, GREY), dark_below(), cut_off(180, GREY, top=GREY), cut_off(0, WHITE)],
    ids=["whole", "the last lines lost", "a dark cabin below", "bars above and below", "one colour all over"],
)
def test_ordinary_pictures_are_not_refused(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    check_whole(picture)


def test_one_dot_in_the_lowest_quarter_makes_a_picture_whole() -> None:
    picture = cut_off(120, GREY)
    picture[200, 100] = 127
    check_whole(picture)
