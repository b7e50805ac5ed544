"""Frames that `analyze` reads, with their times; faults are reported in their place."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.recordings.frames import InputError, Recorded, frame_count, recorded_frames
from tests.support.videos import FPS, cut_off, number_of, write_video


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video of 2 s."""
    return write_video(tmp_path / "drive.avi")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, number in (("8.png", 0), ("9.png", 1), ("10.png", 2)):
        cv2.imwrite(str(folder / name), np.full((32, 48, 3), number * 8, np.uint8))
    return folder


def read(*inputs: Path, fps: float | None = None) -> list[Recorded]:
    frames = []
    for recorded in recorded_frames(inputs, fps):
        assert isinstance(recorded, Recorded), recorded
        frames.append(recorded)
    return frames


def test_every_frame_of_a_video_comes_once_with_its_time(video: Path) -> None:
    frames = [recorded.frame for recorded in read(video)]
    assert [frame.number for frame in frames] == list(range(20))
    assert [number_of(frame.bgr) for frame in frames] == list(range(20))
    assert [frame.time_s for frame in frames] == pytest.approx([number / FPS for number in range(20)])
    assert {frame.bgr.shape for frame in frames} == {(48, 64, 3)}


@pytest.mark.parametrize(
    ("fps", "numbers"),
    [
        (1, [0, 10]),
        (2, [0, 5, 10, 15]),
        (4, [0, 2, 5, 7, 10, 12, 15, 17]),
        (FPS, list(range(20))),
        (30, list(range(20))),
    ],
)
def test_fps_takes_the_frames_nearest_to_its_times(video: Path, fps: float, numbers: list[int]) -> None:
    frames = [recorded.frame for recorded in read(video, fps=fps)]
    assert [frame.number for frame in frames] == [number_of(frame.bgr) for frame in frames]
    assert [frame.number for frame in frames] == numbers
    assert [frame.time_s for frame in frames] == pytest.approx([number / FPS for number in numbers])


@pytest.mark.parametrize(("fps", "times_s"), [(None, [0, 1, 2]), (4, [0, 0.25, 0.5])])
def test_folder_has_one_picture_a_second_by_default(folder: Path, fps: float | None, times_s: list[float]) -> None:
    recorded = read(folder, fps=fps)
    assert [r.frame.time_s for r in recorded] == times_s
    assert [number_of(r.frame.bgr) for r in recorded] == [0, 1, 2]
    assert [Path(r.input).name for r in recorded] == ["8.png", "9.png", "10.png"]


def test_single_picture_is_a_folder_of_one(folder: Path) -> None:
    (recorded,) = read(folder / "9.png")
    assert (recorded.frame.number, recorded.frame.time_s) == (0, 0.0)


def test_inputs_follow_one_another_and_each_starts_at_zero(video: Path, folder: Path) -> None:
    recorded = read(folder, video)
    assert [r.frame.number for r in recorded] == [0, 1, 2, *range(20)]
    assert {r.input for r in recorded[3:]} == {str(video)}


TIMECODE_SCALE = bytes.fromhex("2AD7B183")  # of Matroska: ns a tick
MILLISECOND = (1_000_000).to_bytes(3, "big")


def write_scaled(path: Path, ns: int) -> Path:
    """A video of 2 s whose clock has ticks of this length."""
    data = write_video(path).read_bytes()
    assert TIMECODE_SCALE + MILLISECOND in data
    path.write_bytes(data.replace(TIMECODE_SCALE + MILLISECOND, TIMECODE_SCALE + ns.to_bytes(3, "big")))
    return path


def test_times_come_from_the_file_where_its_rate_is_wrong(tmp_path: Path) -> None:
    frames = [recorded.frame for recorded in read(write_scaled(tmp_path / "slow.mkv", 2_000_000))]
    assert [frame.time_s for frame in frames] == pytest.approx([2 * number / FPS for number in range(20)])


def test_times_come_from_the_rate_where_the_file_has_none(tmp_path: Path) -> None:
    frames = [recorded.frame for recorded in read(write_scaled(tmp_path / "still.mkv", 1))]
    assert [frame.time_s for frame in frames] == pytest.approx([number / FPS for number in range(20)])


def told(*inputs: Path) -> list[str]:
    """The messages of the faults, and the numbers of the frames between them."""
    return [str(r) if isinstance(r, InputError) else str(r.frame.number) for r in recorded_frames(inputs)]


def test_bad_inputs_are_reported_in_their_place(video: Path, folder: Path, tmp_path: Path) -> None:
    empty, bare, gone = tmp_path / "empty.mp4", tmp_path / "bare", tmp_path / "gone.mp4"
    empty.touch()
    bare.mkdir()
    (folder / "9.png").write_bytes(b"\x89PNG damaged")
    assert told(empty, bare, folder, gone, tmp_path / "gone.png", video)[:8] == [
        f"{empty}: the file is empty",
        f"{bare}: no pictures in this folder",
        "0",
        f"{folder}/9.png: not a picture, or damaged",
        "2",
        f"{gone}: No such file or directory",
        f"{tmp_path}/gone.png: No such file or directory",
        "0",
    ]


def test_video_that_breaks_off_is_named_after_its_last_frame(video: Path, tmp_path: Path) -> None:
    path = cut_off(video, tmp_path / "half.avi")
    assert told(path) == [*map(str, range(10)), f"{path}: breaks off after 10 of 20 frames"]


def test_damaged_jpeg_frames_are_left_out_and_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "noise.avi"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), FPS, (64, 48))
    for noise in np.random.default_rng(1).integers(0, 255, (6, 48, 64, 3)):
        writer.write(noise.astype(np.uint8))
    writer.release()
    head, _, data = path.read_bytes().partition(b"movi")
    chunks = data.split(b"00dc")
    assert told(path) == [*map(str, range(6))]
    for number in (1, 2, 4):  # behind the first "00dc" there is frame 0
        chunks[1 + number] = chunks[1 + number][:1500] + bytes(len(chunks[1 + number]) - 1500)
    path.write_bytes(head + b"movi" + b"00dc".join(chunks))
    words = "3 frames are damaged and left out, the first at 0.1 s a JPEG of which a part is missing"
    assert told(path) == ["0", "3", "5", f"{path}: {words}"]


def test_video_without_a_single_frame_is_named(video: Path) -> None:
    data = video.read_bytes()
    video.write_bytes(data[: data.index(b"movi") + 4])
    assert told(video) == [f"{video}: breaks off after 0 of 20 frames"]


def test_frame_count_is_known_before_reading(video: Path, folder: Path, tmp_path: Path) -> None:
    assert [frame_count(path) for path in (video, folder, folder / "8.png")] == [20, 3, 1]
    assert frame_count(str(video)) == 20
    assert frame_count(tmp_path / "gone.mp4") is None


def test_frame_count_of_a_bare_stream_is_unknown(tmp_path: Path) -> None:
    stream = tmp_path / "stream.mjpeg"
    jpegs = [cv2.imencode(".jpg", np.full((48, 64, 3), number * 8, np.uint8))[1].tobytes() for number in range(20)]
    stream.write_bytes(b"".join(jpegs))
    assert frame_count(stream) is None
    assert [number_of(recorded.frame.bgr) for recorded in read(stream)] == list(range(20))
