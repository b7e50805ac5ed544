"""A camera's JPEGs are decoded no larger than needed, and refused if a part is missing."""

from __future__ import annotations

import os
import random
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from app.camera.jpegs import check_no_hole, decoded_jpeg, jpeg_reduction
from app.camera.pictures import BadPicture, decoded

Bytes = npt.NDArray[np.uint8]
SENT = (640, 480)


def picture(size: tuple[int, int] = SENT) -> Bytes:
    """A gradient with a sensor's noise."""
    across, down = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    noise = np.random.default_rng(1).normal(0, 4, (*across.shape, 3))
    return cast(Bytes, (np.stack([across, down, 255 - across], axis=2) + noise).clip(0, 255).astype(np.uint8))


def jpeg(size: tuple[int, int] = SENT, *options: int) -> bytes:
    return cv2.imencode(".jpg", picture(size), options)[1].tobytes()


def decode(data: bytes, reduction: int = 2) -> Bytes:
    """Check and decode as device.py does."""
    check_no_hole(np.frombuffer(data, np.uint8))
    return decoded_jpeg(np.frombuffer(data, np.uint8), SENT, reduction)


WHOLE = jpeg()
END = b"\xff\xd9"
KINDS = {
    "plain": WHOLE,
    "fine": jpeg(SENT, cv2.IMWRITE_JPEG_QUALITY, 98),
    "with restart markers": jpeg(SENT, cv2.IMWRITE_JPEG_RST_INTERVAL, 40),
    "one row of blocks to a restart": jpeg(SENT, cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
}


@pytest.mark.parametrize(
    ("sent", "wanted", "reduction"),
    [
        ((320, 240), (320, 240), 1),
        ((639, 479), (320, 240), 1),
        ((640, 480), (320, 240), 2),
        ((1280, 720), (320, 240), 4),  # judged at 320 x 180
        ((1280, 960), (320, 240), 4),
        ((3840, 2160), (320, 240), 8),
        ((160, 120), (320, 240), 1),
    ],
)
def test_jpeg_is_decoded_as_small_as_the_analysed_size_allows(
    sent: tuple[int, int], wanted: tuple[int, int], reduction: int
) -> None:
    assert jpeg_reduction(sent, wanted) == reduction


def test_half_the_size_is_the_same_picture() -> None:
    half = cv2.resize(decode(WHOLE, 1), (320, 240), interpolation=cv2.INTER_AREA)
    assert np.abs(decode(WHOLE).astype(int) - half).max() <= 8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.18, 0.5, 0.9, 0.99])
def test_jpeg_without_its_end_is_refused_even_with_an_end_marker(kind: str, share: float) -> None:
    cut = KINDS[kind][: int(share * len(KINDS[kind]))]
    left = len(KINDS[kind]) - len(cut)
    for data in (cut, cut + END, cut + bytes(left), cut + bytes(left - 2) + END, cut + WHOLE[-left:-300] + END):
        with pytest.raises(BadPicture):
            decode(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [600, 3000])
def test_a_jpeg_with_a_hole_in_the_middle_is_refused(kind: str, lost: int) -> None:
    whole = KINDS[kind]
    middle = len(whole) // 2
    for hole in (b"", bytes(lost)):
        with pytest.raises(BadPicture):
            decode(whole[:middle] + hole + whole[middle + lost :])


def test_jpeg_with_a_hole_at_a_random_place_is_refused() -> None:
    chance, passed = random.Random(1), 0
    for _ in range(200):
        whole = chance.choice([*KINDS.values()])
        begin = chance.randrange(700, len(whole) - 1000)
        hole = chance.choice((b"", bytes(512)))
        try:
            decode(whole[:begin] + hole + whole[begin + 512 :])
            passed += 1
        except BadPicture:
            pass
    assert passed <= 2


ENDS = {
    "no end": WHOLE[:-2],
    "zeros behind it": WHOLE + bytes(5000),
    "more behind it": WHOLE + b"\7" * 100,
    "zeros and more behind it": WHOLE + bytes(500) + b"\7",
    "zeros instead of it": WHOLE[:-2] + bytes(4000),
    "zeros before it": WHOLE[:-2] + bytes(4000) + END,
    "bytes left over": WHOLE[:-2] + b"\1\2\3\4\5" + END,
}


@pytest.mark.parametrize("data", ENDS.values(), ids=ENDS)
def test_additions_and_gaps_at_the_end_of_a_jpeg_are_tolerated(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        assert np.array_equal(decode(data), decode(WHOLE))
    assert capfd.readouterr().err == ""


def with_superfluous_bytes(whole: bytes) -> bytes:
    """Superfluous bytes before restart markers, as Logitech's C270 sends them in each frame."""
    return whole.replace(b"\xff\xd1", b"\1\2\xff\xd1").replace(b"\xff\xd4", b"\3\xff\xd4")


def test_superfluous_bytes_before_restart_markers_are_tolerated(
    capfd: pytest.CaptureFixture[str],
) -> None:
    whole = KINDS["with restart markers"]
    odd = with_superfluous_bytes(whole)
    assert len(odd) > len(whole) + 3
    assert np.array_equal(decode(odd), decode(whole))
    for share in (0.18, 0.5, 0.9):
        with pytest.raises(BadPicture):
            decode(odd[: int(share * len(odd))] + END)
    assert capfd.readouterr().err == ""


def test_no_library_prints_for_a_damaged_picture(capfd: pytest.CaptureFixture[str]) -> None:
    png = cv2.imencode(".png", picture((64, 48)))[1].tobytes()
    for data in (WHOLE[:9000] + END, png[:4000], png[:3000] + bytes(900) + png[3900:]):
        with pytest.raises(BadPicture):
            decoded(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert capfd.readouterr().err == ""


def test_other_output_on_stderr_is_kept_while_decoding(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode_and_print(data: Bytes, flags: int) -> None:
        os.write(2, b"Corrupt JPEG data: premature end of data segment\nTraceback (most recent call last)\n")

    monkeypatch.setattr(cv2, "imdecode", decode_and_print)
    with pytest.raises(BadPicture):
        decode(WHOLE)
    assert capfd.readouterr().err == "Traceback (most recent call last)\n"


@pytest.mark.parametrize(
    "data",
    [bytes(5000), jpeg((320, 240)), b"\xff\xd8\xff\xe0\xff\xd9"],
    ids=["zeros", "another size", "no picture in it"],
)
def test_bytes_that_are_not_a_picture_of_the_given_size_are_refused(data: bytes) -> None:
    with pytest.raises(BadPicture):
        decode(data)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_orientation_in_a_cameras_jpeg_is_ignored(orientation: int) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation]) + bytes(7)
    told = b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + WHOLE[2:]
    np.testing.assert_array_equal(decode(told), decode(WHOLE))
