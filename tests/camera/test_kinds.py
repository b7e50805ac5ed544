"""The kind of a source comes from its content, not its name; special files are refused before they can hang."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.camera import kinds
from app.camera.kinds import Kind, is_picture, kind_of, picture_files
from app.camera.pictures import SourceLost
from app.camera.sources import PictureFolder, VideoFile, open_source
from app.recordings.frames import InputError, recorded_frames
from config import settings
from tests.support.videos import write_video

SHADES = np.linspace(0, 255, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint8)


def picture(path: Path, suffix: str = ".png") -> Path:
    done, data = cv2.imencode(suffix, SHADES)
    assert done
    path.write_bytes(data.tobytes())
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_video(tmp_path_factory.mktemp("videos") / "drive.avi").read_bytes()


@pytest.mark.parametrize("name", ["a.png", "a.mp4", "a.avi", "a", "a.txt", "a.tiff", "a.jpg.part"])
@pytest.mark.parametrize("encoded_as", [".jpg", ".png", ".bmp", ".webp", ".tiff"])
def test_picture_is_recognised_whatever_its_name(tmp_path: Path, name: str, encoded_as: str) -> None:
    path = picture(tmp_path / name, encoded_as)
    assert kind_of(path) is Kind.PICTURE
    assert picture_files(tmp_path) == [path]
    source = open_source(settings.Camera(source=str(path)))
    assert isinstance(source, PictureFolder) and source.name == str(path)
    source.grab(0.0)
    assert source.retrieve().shape == (48, 64, 3)
    (recorded,) = recorded_frames([path])
    assert not isinstance(recorded, InputError)


@pytest.mark.parametrize("name", ["drive", "drive.jpg", "drive.png", "drive.txt", "drive.mp4"])
def test_video_is_recognised_whatever_its_name(tmp_path: Path, video: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(video)
    assert kind_of(path) is Kind.VIDEO
    assert isinstance(open_source(settings.Camera(source=str(path))), VideoFile)
    assert len([*recorded_frames([path])]) == 20
    assert picture_files(tmp_path) == []


def test_folder_is_recognised_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "faces.mp4"
    folder.mkdir()
    picture(folder / "1.dat")
    (folder / "labels.csv").write_text("file\n")
    os.mkfifo(folder / "2.jpg")
    assert kind_of(folder) is Kind.FOLDER
    assert isinstance(open_source(settings.Camera(source=str(folder))), PictureFolder)
    assert [path.name for path in picture_files(folder)] == ["1.dat"]
    assert is_picture(folder / "2.jpg"), "judged by its name, without opening the pipe"


def test_damaged_picture_is_recognised_by_its_name(tmp_path: Path) -> None:
    for name, data in (("empty.jpg", b""), ("text.png", b"<html>"), ("phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0")):
        (tmp_path / name).write_bytes(data)
        assert kind_of(tmp_path / name) is Kind.PICTURE
    (tmp_path / "text.mkv").write_text("no film")
    assert kind_of(tmp_path / "text.mkv") is Kind.VIDEO


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(("make", "name"), [(os.mkfifo, "a pipe"), (listening, "a socket")])
def test_pipe_and_socket_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], name: str
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    path = Path("drive.mp4")
    make(path)
    with pytest.raises(SourceLost, match=rf"drive\.mp4 is {name}, not a camera"):
        open_source(settings.Camera(source=str(path)))
    (error,) = recorded_frames([path])
    assert name in str(error)


def test_device_that_is_not_a_camera_is_refused() -> None:
    for source in ("/dev/null", "/dev/zero"):
        with pytest.raises(SourceLost, match=f"{source} is a device, but no camera"):
            open_source(settings.Camera(source=source))


def test_link_to_a_camera_is_recognised_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "usb-Some_Camera-video-index0"
    link.symlink_to("/dev/null")
    monkeypatch.setattr(kinds, "_VIDEO4LINUX_MAJOR", os.major(Path("/dev/null").stat().st_rdev))
    assert kind_of(link) is Kind.CAMERA
    (error,) = recorded_frames([link])
    assert "is a camera: `run --camera" in str(error)
