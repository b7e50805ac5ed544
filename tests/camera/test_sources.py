"""Video files, folders and the fake driver as sources: timing, messages when they fail, and closing."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.camera.pictures import BadPicture, SourceLost, SourceRefused, as_bgr
from app.camera.sources import FakeDriver, PictureFolder, Source, VideoFile, open_source
from config import settings
from tests.support.process import ROOT, open_files
from tests.support.videos import FPS, cut_off, number_of, write_video


def at(source: Source, time_s: float) -> int:
    source.grab(time_s)
    return number_of(source.retrieve())


# ---- videos


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 2 s."""
    return write_video(tmp_path_factory.mktemp("videos") / "drive.avi")


def test_video_plays_in_real_time_from_the_first_grab(video: Path) -> None:
    source = VideoFile(video)
    assert [at(source, 100 + time_s) for time_s in (0, 0.11, 0.51, 0.52, 1.91)] == [0, 1, 5, 5, 19]
    source.close()


def test_video_starts_over_at_its_end(video: Path) -> None:
    source = VideoFile(video)
    assert [at(source, time_s) for time_s in (0, 1.91, 2.01, 3.91, 4.51)] == [0, 19, 0, 19, 5]
    source.close()


def test_video_far_behind_skips_the_missed_frames(video: Path) -> None:
    source = VideoFile(video)
    assert at(source, 0.0) == 0
    at(source, 1e6)
    after_the_sleep = at(source, 1e6)
    assert at(source, 1e6 + 0.3) == (after_the_sleep + 3) % (2 * FPS)
    source.close()


def test_grey_video_is_read(tmp_path: Path) -> None:
    source = VideoFile(write_video(tmp_path / "grey.avi", color=False))
    source.grab(0.5)
    source.grab(1.0)
    picture = as_bgr(source.retrieve())
    assert picture.shape == (48, 64, 3)
    assert number_of(picture) == 5
    source.close()


def damaged(video: Path, what: str) -> bytes:
    data = video.read_bytes()
    match what:
        case "empty":
            return b""
        case "noise":
            return bytes(np.random.default_rng(1).integers(0, 256, 20_000, np.uint8))
        case "text":
            return b"Dear reader,\n" * 200
        case "huge" | "beyond all decoders":  # in the container's head and in each JPEG's
            width, height = (8000, 7000) if what == "huge" else (20_000, 20_000)
            data = data.replace(struct.pack("<II", 64, 48), struct.pack("<II", width, height))
            return data.replace(struct.pack(">HH", 48, 64), struct.pack(">HH", height, width))
        case "without frames":
            return data[: data.index(b"movi") + 4]
    raise AssertionError(what)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("empty", "the file is empty"),
        ("noise", "not a video, or damaged"),
        ("text", "not a video, or damaged"),
        ("beyond all decoders", "not a video, or damaged"),
        ("huge", "8000 x 7000 is more than 50 megapixels"),
        ("without frames", "no picture in this video could be decoded"),
    ],
)
def test_bad_video_is_named_with_the_reason(video: Path, tmp_path: Path, what: str, reason: str) -> None:
    path = tmp_path / ("letter.txt" if what == "text" else "bad.avi")
    path.write_bytes(damaged(video, what))
    with pytest.raises(SourceLost, match=reason) as lost:
        VideoFile(path).grab(0.0)
    assert str(lost.value).startswith(f"{path}: ")


def test_tiny_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceLost, match=r"tiny\.avi: 64 x 8 is less than 16 pixels"):
        VideoFile(write_video(tmp_path / "tiny.avi", height=8))


def test_missing_video_and_folder_in_its_place_raise_os_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VideoFile(tmp_path / "gone.avi")
    with pytest.raises(IsADirectoryError):
        VideoFile(tmp_path)


def test_broken_off_video_loops_over_its_frames(video: Path, tmp_path: Path) -> None:
    source = VideoFile(cut_off(video, tmp_path / "half.avi"))
    seen = [at(source, number / FPS) for number in range(30)]
    assert seen[:5] == [0, 1, 2, 3, 4]
    assert seen.count(0) > 1
    source.close()


def test_video_with_the_name_of_a_protocol_is_a_file(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("http:drive.avi").write_bytes(video.read_bytes())
    source = VideoFile(Path("http:drive.avi"))
    assert at(source, 0.0) == 0
    source.close()


def test_videos_opened_repeatedly_leave_no_file_open(video: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.avi"
    bad.write_bytes(damaged(video, "without frames"))
    for _ in range(20):
        source = VideoFile(video)
        at(source, 0.0)
        source.close()
        source.close()
        source = VideoFile(bad)
        with pytest.raises(SourceLost):
            source.grab(0.0)
        source.close()
    assert not [path for path in open_files() if path.startswith((str(video.parent), str(tmp_path)))]


def test_damaged_video_prints_no_messages_of_opencv_and_ffmpeg(tmp_path: Path) -> None:
    video = write_video(tmp_path / "drive.mp4")  # its index stands at the end
    video.write_bytes(video.read_bytes()[:2000])
    code = "import sys, pathlib; from app.camera.sources import VideoFile; VideoFile(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, video], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1].endswith("drive.mp4: not a video, or damaged")
    assert done.stderr.startswith("Traceback")


# ---- folders


def write_pictures(folder: Path, count: int) -> None:
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((32, 32, 3), number * 8, np.uint8))


def test_folder_gives_a_picture_at_each_grab_and_starts_over(tmp_path: Path) -> None:
    write_pictures(tmp_path, 11)
    source = PictureFolder(tmp_path)
    assert [at(source, 0.0) for _ in range(13)] == [*range(11), 0, 1]


def test_single_picture_is_a_folder_of_one(tmp_path: Path) -> None:
    write_pictures(tmp_path, 3)
    source = PictureFolder(tmp_path / "2.png")
    assert [at(source, 0.0) for _ in range(3)] == [2, 2, 2]


def test_picture_that_vanishes_or_breaks_is_skipped(tmp_path: Path) -> None:
    write_pictures(tmp_path, 3)
    source = PictureFolder(tmp_path)
    (tmp_path / "0.png").unlink()
    (tmp_path / "1.png").write_bytes(b"\x89PNG")
    for name in ("0.png: No such file", "1.png: not a picture"):
        with pytest.raises(BadPicture, match=name):
            at(source, 0.0)
    assert at(source, 0.0) == 2


def test_folder_without_pictures_and_missing_picture_are_named(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    with pytest.raises(SourceLost, match=r"no pictures \(JPEG, .*\) in this folder"):
        PictureFolder(tmp_path)
    with pytest.raises(FileNotFoundError):
        PictureFolder(tmp_path / "gone.png")


# ---- the fake driver, replaced by a few lines of Python

WIDTH, HEIGHT = 300, 220
RENDER = f"""
import sys
for line in sys.stdin:
    sys.stdout.buffer.write(bytes([round(float(line) * 8)]) * {WIDTH * HEIGHT * 3})
    sys.stdout.buffer.flush()
"""


def stand_in(program: str, answer_s: float = 10.0) -> FakeDriver:
    return FakeDriver("fake:stand-in", [sys.executable, "-S", "-c", program], (WIDTH, HEIGHT), answer_s)


def test_fake_driver_renders_the_picture_of_the_time_asked_for() -> None:
    source = stand_in(RENDER)
    source.grab(3.0)
    source.grab(7.0)
    picture = as_bgr(source.retrieve())
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert (picture == 7 * 8).all()
    assert at(source, 8.0) == 8
    source.close()


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; sys.exit('no such scenario: asleep')", "has ended: no such scenario: asleep"),
        ("1 / 0", "has ended: ZeroDivisionError: division by zero"),
        ("input()", "has ended: it gave no reason"),
        ("import sys; input(); sys.stdout.write('half a picture')", "has ended: it gave no reason"),
    ],
    ids=["refuses", "crashes", "ends", "gives half a frame"],
)
def test_fake_driver_that_ends_is_refused_with_its_last_words(program: str, reason: str) -> None:
    source = stand_in(program)
    with pytest.raises(SourceRefused, match=reason):
        at(source, 0.0)
    source.close()


def test_fake_driver_that_hangs_is_lost_after_its_time() -> None:
    source = stand_in("import sys; input(); print('x', flush=True); sys.stdin.read()", answer_s=0.2)
    with pytest.raises(SourceLost, match=r"fake:stand-in has not answered for 0\.2 s"):
        at(source, 0.0)
    source.close()


def test_closing_ends_the_fake_drivers_process_and_may_be_repeated() -> None:
    source = stand_in(RENDER)
    assert at(source, 1.0) == 1
    source.close()
    source.close()
    assert source._process.returncode == -signal.SIGKILL, "ended, and waited for"


# ---- the setting


@pytest.mark.parametrize("source", ["63", "/dev/video63", "/dev/v4l/by-id/none"])
def test_device_is_opened_as_a_device(source: str) -> None:
    with pytest.raises(SourceLost, match="does not exist: plug the camera in"):
        open_source(settings.Camera(source=source))


def test_scenario_starts_the_fake_driver_in_the_set_size() -> None:
    source = open_source(settings.Camera(source="fake:attentive", width=100, height=80))
    assert isinstance(source, FakeDriver)
    assert (source.name, source.size) == ("fake:attentive", (100, 80))
    source.close()
