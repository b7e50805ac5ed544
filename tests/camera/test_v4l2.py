"""Finding the camera's video node, and the messages when none can be used."""

from __future__ import annotations

import errno
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.camera.pictures import SourceLost, SourceRefused
from app.camera.v4l2 import find_node
from tests.support.process import open_files

CAPTURE, METADATA, M2M, DEVICE_CAPS = 0x1, 0x0080_0000, 0x8000, 0x8000_0000


@dataclass
class Kernel:
    """Answers the V4L2 ioctls for nodes that are plain files in dev. nodes: driver and capabilities by name."""

    dev: Path
    nodes: dict[str, tuple[str, int]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)

    def add(self, name: str, driver: str, caps: int = CAPTURE) -> Path:
        self.nodes[name] = driver, caps
        path = self.dev / name
        path.touch()
        return path

    def ioctl(self, fd: int, request: int, buffer: bytearray) -> int:
        assert len(buffer) == request >> 16 & 0x3FFF, "the size is part of the number"
        name = Path(f"/proc/self/fd/{fd}").readlink().name
        if name in self.errors:
            raise OSError(self.errors[name], os.strerror(self.errors[name]))
        driver, caps = self.nodes[name]
        if request & 0xFF == 0:
            everything = CAPTURE | METADATA | DEVICE_CAPS  # the device has the capabilities of all its nodes
            struct.pack_into("16s32s32s3I", buffer, 0, driver.encode(), b"A Camera", b"usb-1", 0, everything, caps)
        elif name in self.busy:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return 0

    def find(self, source: str = "auto") -> str:
        return find_node(source, self.dev, self.ioctl).path.name


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    dev = tmp_path / "dev"
    dev.mkdir()
    return Kernel(dev)


def add_pi_nodes(kernel: Kernel) -> None:
    """The video nodes of a Pi 4 without a camera."""
    kernel.add("video10", "bcm2835-codec", M2M)
    kernel.add("video13", "bcm2835-isp", CAPTURE)
    kernel.add("video18", "bcm2835-codec-image_fx", M2M)
    kernel.add("video19", "rpi-hevc-dec", M2M)
    kernel.add("video20", "a-codec-to-come", CAPTURE | M2M)


def why_not(kernel: Kernel, source: str = "auto") -> str:
    with pytest.raises(SourceLost) as lost:
        kernel.find(source)
    return str(lost.value)


def test_auto_takes_the_usb_camera_not_codecs_or_metadata_nodes(kernel: Kernel) -> None:
    add_pi_nodes(kernel)
    kernel.add("video30", "uvcvideo", METADATA)
    kernel.add("video31", "uvcvideo")
    assert kernel.find() == "video31"


def test_auto_takes_the_lowest_number_and_usb_before_others(kernel: Kernel) -> None:
    kernel.add("video0", "v4l2 loopback")
    assert kernel.find() == "video0"
    kernel.add("video10", "uvcvideo")
    kernel.add("video2", "uvcvideo")
    assert kernel.find() == "video2"


def test_auto_takes_the_second_camera_while_the_first_is_in_use(kernel: Kernel) -> None:
    kernel.add("video0", "uvcvideo")
    kernel.add("video2", "uvcvideo")
    kernel.busy.add("video0")
    assert kernel.find() == "video2"


def test_missing_camera_message_says_to_plug_one_in(kernel: Kernel) -> None:
    add_pi_nodes(kernel)
    assert why_not(kernel) == "no camera found: plug a USB camera in; `lsusb` lists what is plugged in"


def test_only_camera_in_use_is_named(kernel: Kernel) -> None:
    add_pi_nodes(kernel)
    path = kernel.add("video0", "uvcvideo")
    kernel.busy.add("video0")
    assert why_not(kernel) == f"{path} is used by another program: `sudo fuser -v {path}` names it"


@pytest.mark.parametrize(
    ("driver", "caps", "source", "words"),
    [
        ("unicam", CAPTURE, "auto", "ribbon cable"),
        ("uvcvideo", CAPTURE, "7", "video7 does not exist: plug the camera in"),
        ("bcm2835-codec", M2M, "0", "video0 gives no pictures of its own: set camera.source to auto"),
        ("uvcvideo", METADATA, "0", "video0 gives no pictures of its own: set camera.source to auto"),
    ],
    ids=["ribbon cable", "missing", "codec", "metadata"],
)
def test_unusable_node_is_reported_with_what_helps(
    kernel: Kernel, driver: str, caps: int, source: str, words: str
) -> None:
    kernel.add("video0", driver, caps)
    assert words in why_not(kernel, source)


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EPERM])  # AppArmor's, the device cgroup's
@pytest.mark.parametrize("source", ["auto", "0"])
def test_refusal_names_the_connection_in_a_snap_and_the_group_outside(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, refusal: int, source: str
) -> None:
    kernel.add("video0", "uvcvideo")
    kernel.errors["video0"] = refusal
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_2")
    assert why_not(kernel, source).endswith("video0 may not be opened: `sudo snap connect drivewatch_2:camera`")
    monkeypatch.delenv("SNAP_INSTANCE_NAME")
    assert "usermod -aG video" in why_not(kernel, source)


@pytest.mark.parametrize("source", ["auto", "0"])
def test_only_permission_errors_count_as_refusals(kernel: Kernel, source: str) -> None:
    kernel.add("video0", "uvcvideo")
    for number in (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EIO, errno.ENODEV):
        kernel.errors["video0"] = number
        with pytest.raises(SourceLost) as lost:
            kernel.find(source)
        assert isinstance(lost.value, SourceRefused) == (number in (errno.EACCES, errno.EPERM))


def test_camera_is_found_by_number_path_and_link(kernel: Kernel) -> None:
    path = kernel.add("video3", "uvcvideo")
    link = kernel.dev / "by-id"
    link.symlink_to(path)
    assert [kernel.find(source) for source in ("3", str(path), str(link))] == ["video3"] * 3


def test_device_that_is_not_a_video_node_is_refused() -> None:
    with pytest.raises(SourceLost, match="/dev/null gives no pictures of its own"):
        find_node("/dev/null")


def test_device_that_fails_otherwise_gives_the_kernels_message(kernel: Kernel) -> None:
    kernel.add("video0", "uvcvideo")
    kernel.errors["video0"] = errno.EIO
    assert why_not(kernel, "0").endswith("gives no picture (Input/output error): plug the camera out and in again")


def test_looking_for_cameras_leaves_no_files_open(kernel: Kernel) -> None:
    for number in range(9):
        kernel.add(f"video{number}", "uvcvideo")
        kernel.errors[f"video{number}"] = errno.EIO
    why_not(kernel)
    assert not [path for path in open_files() if path.startswith(str(kernel.dev))]
