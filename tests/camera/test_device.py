"""A V4L2 camera's pictures: their age, which are refused as incomplete, and the messages when it fails."""

from __future__ import annotations

import errno
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.camera.device import Device
from app.camera.pictures import BadPicture, SourceLost, SourceRefused
from app.camera.v4l2_stream import Stream
from tests.camera.played import (
    DQBUF,
    ENUM_FMT,
    FLAG_ERROR,
    NODE,
    REQBUFS,
    S_FMT,
    S_PARM,
    STREAMON,
    Driver,
    Sent,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file that holds the fake driver's buffers."""
    return tmp_path / "video0"


def opened(driver: Driver, fps: float = 1.0) -> Device:
    return Device(NODE, (320, 240), fps, driver.open)


def ages_s(driver: Driver, camera: Device, fps: float, skip: int = 1) -> list[float]:
    """How old each picture is when it has been grabbed."""
    ages = []
    for number in range(1, 40):
        driver.now_s = max(driver.now_s, number / fps)
        camera.grab(driver.now_s)
        if number % skip == 0:
            taken = float(np.asarray(camera.retrieve()).flat[0])
            ages.append(driver.now_s % 25.6 - taken / driver.fps)  # a picture's number is a byte
    return ages


@pytest.mark.parametrize("skip", [1, 3])
@pytest.mark.parametrize("buffers", [1, 2, 4])
def test_grabbed_picture_never_waited_in_the_driver(file: Path, buffers: int, skip: int) -> None:
    driver = Driver(file, min_buffers=buffers)
    assert max(ages_s(driver, opened(driver), fps=1.0, skip=skip)) < 1 / driver.fps


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_a_fast_camera_gives_new_pictures_at_its_pace(file: Path, fps: float) -> None:
    driver = Driver(file, fps=30.0)
    camera = opened(driver, fps=fps)
    taken = []
    for number in range(1, 40):
        driver.now_s = max(driver.now_s, number / fps)
        camera.grab(driver.now_s)
        taken.append(float(np.asarray(camera.retrieve()).flat[0]))
        assert driver.now_s - taken[-1] / 30 < 0.1
    assert len(set(taken)) == len(taken)
    assert driver.now_s == pytest.approx(39 / fps, abs=0.1)


def test_device_is_set_to_jpegs_and_a_higher_rate(file: Path) -> None:
    driver = Driver(file, formats=("YUYV", "H264", "MJPG"))
    opened(driver, fps=5)
    assert driver.asked[S_FMT][8:20] == b"\x40\x01\0\0\xf0\0\0\0MJPG"
    assert int.from_bytes(driver.asked[S_PARM][16:20], "little") == 20_000


def test_device_reports_the_size_that_it_will_deliver(file: Path) -> None:
    assert opened(Driver(file, size=(640, 480))).size == (640, 480)
    assert opened(Driver(file, size=(640, 480), formats=("MJPG",))).size == (320, 240), "decoded at half"


def test_device_without_a_list_of_formats_or_a_rate_is_read(file: Path) -> None:
    driver = Driver(file, errors={ENUM_FMT: errno.ENOTTY, S_PARM: errno.ENOTTY}, min_buffers=4)
    assert max(ages_s(driver, opened(driver), fps=1.0)) < 1 / driver.fps


# ---- pictures of each format

COLOURS = np.zeros((240, 320, 3), np.uint8)
COLOURS[:120, :160], COLOURS[:120, 160:], COLOURS[120:] = (200, 60, 60), (60, 200, 60), (60, 60, 200)
I420 = cv2.cvtColor(COLOURS, cv2.COLOR_BGR2YUV_I420).ravel()
LUMA, U, V = np.split(I420, [76_800, 96_000])
GREYS = cv2.cvtColor(COLOURS, cv2.COLOR_BGR2GRAY)
PACKED = {
    "YUYV": cv2.cvtColor(COLOURS, cv2.COLOR_BGR2YUV_YUY2),
    "UYVY": cv2.cvtColor(COLOURS, cv2.COLOR_BGR2YUV_UYVY),
    "YVYU": cv2.cvtColor(COLOURS, cv2.COLOR_BGR2YUV_YVYU),
    "NV12": np.r_[LUMA, np.stack([U, V], 1).ravel()],
    "NV21": np.r_[LUMA, np.stack([V, U], 1).ravel()],
    "YU12": I420,
    "YV12": np.r_[LUMA, V, U],
    "BGR3": COLOURS,
    "RGB3": np.ascontiguousarray(COLOURS[:, :, ::-1]),
    "MJPG": cv2.imencode(".jpg", COLOURS)[1],
    "JPEG": cv2.imencode(".jpg", COLOURS)[1],
    "GREY": GREYS,
    "Y10 ": GREYS.astype(np.uint16) << 2,
    "Y12 ": GREYS.astype(np.uint16) << 4,
    "Y16 ": GREYS.astype(np.uint16) << 8,
}


@pytest.mark.parametrize("fourcc", PACKED)
def test_each_format_shows_its_colours(file: Path, fourcc: str) -> None:
    camera = opened(Driver(file, formats=(fourcc,), picture=lambda _: Sent(PACKED[fourcc].tobytes())))
    camera.grab(1.0)
    picture = camera.retrieve()
    expected = COLOURS if picture.ndim == 3 else GREYS
    shown = picture // 256 if picture.dtype == np.uint16 else picture
    assert np.abs(shown.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("fourcc", ["YUYV", "NV12", "GREY", "BGR3"])
def test_padding_of_rows_is_removed(file: Path, fourcc: str) -> None:
    rows = PACKED[fourcc].reshape(-1, PACKED[fourcc].size // (360 if fourcc == "NV12" else 240))
    padded = np.pad(rows, ((0, 0), (0, 60)), constant_values=7)
    driver = Driver(file, formats=(fourcc,), bytes_per_line=padded.shape[1], picture=lambda _: Sent(padded.tobytes()))
    camera = opened(driver)
    camera.grab(1.0)
    expected = GREYS if fourcc == "GREY" else COLOURS
    assert np.abs(camera.retrieve().astype(int) - expected).mean() < 3


@pytest.mark.parametrize("share", [0.0, 0.18, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("fourcc", PACKED)
def test_picture_cut_off_at_its_end_is_refused(file: Path, fourcc: str, share: float) -> None:
    whole = PACKED[fourcc].tobytes()
    camera = opened(Driver(file, formats=(fourcc,), picture=lambda _: Sent(whole[: int(share * len(whole))])))
    for time_s in (1.0, 2.0):
        camera.grab(time_s)
        with pytest.raises(BadPicture):
            camera.retrieve()


@pytest.mark.parametrize("fourcc", PACKED)
def test_a_picture_that_the_driver_marks_as_damaged_is_refused(file: Path, fourcc: str) -> None:
    camera = opened(Driver(file, formats=(fourcc,), picture=lambda _: Sent(PACKED[fourcc].tobytes(), FLAG_ERROR)))
    camera.grab(1.0)
    with pytest.raises(BadPicture, match="damaged"):
        camera.retrieve()


# ---- messages when a camera fails


@pytest.mark.parametrize(
    ("call", "number", "words"),
    [
        (STREAMON, errno.ENOSPC, "too little USB bandwidth"),
        (S_FMT, errno.EBUSY, "used by another program"),
        (REQBUFS, errno.EBUSY, "used by another program"),
        (STREAMON, errno.EBUSY, "used by another program"),
        (STREAMON, errno.EPROTO, "take another cable"),
        (STREAMON, errno.EIO, r"\(Input/output error\): plug the camera out"),
        (S_PARM, errno.ENODEV, "plug the camera in"),
    ],
)
def test_camera_that_does_not_start_is_reported_with_its_cause(file: Path, call: int, number: int, words: str) -> None:
    with pytest.raises(SourceLost, match=words) as lost:
        opened(Driver(file, errors={call: number}))
    assert isinstance(lost.value, SourceRefused) == (number == errno.ENOSPC)
    assert lost.value.remedy or number == errno.ENODEV


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EIO, "plug the camera out"), (errno.ENODEV, "plug the camera in"), (errno.EPROTO, "another cable")],
)
def test_camera_that_fails_while_streaming_is_reported_with_its_cause(file: Path, number: int, words: str) -> None:
    driver = Driver(file)
    camera = opened(driver)
    camera.grab(1.0)
    driver.errors[DQBUF] = number
    with pytest.raises(SourceLost, match=words):
        camera.grab(2.0)
    camera.close()
    camera.close()
    assert not driver.is_streaming


def test_camera_with_unknown_formats_only_is_refused_and_names_them(file: Path) -> None:
    with pytest.raises(SourceRefused, match=r"A Camera\) sends only H264, HEVC, which cannot be read: take") as lost:
        opened(Driver(file, formats=("H264", "HEVC")))
    assert "MJPEG or YUYV" in lost.value.remedy


def test_silent_camera_is_lost_after_three_seconds(file: Path) -> None:
    driver = Driver(file)
    camera = opened(driver)
    driver.fps = 0.01
    with pytest.raises(SourceLost, match="it sends no pictures"):
        camera.grab(1.0)
    assert driver.now_s == pytest.approx(3.0, abs=0.1)


def test_a_camera_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceLost, match="/dev/video0 does not exist: plug the camera in"):
        Device(NODE, (320, 240), 1.0, lambda _: Stream(tmp_path / "gone"))
