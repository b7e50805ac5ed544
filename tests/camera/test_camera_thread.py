"""The camera's thread: its queue, second looks and hangs, with scripted sources and a fake clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic

import pytest

from app.camera.camera_thread import CameraThread
from app.camera.frame import SECOND_LOOK_S
from app.camera.sources import Source
from config import settings
from tests.camera.scripted import LOST, PICTURE, Hang, Scripted, Time


def opening(*sources: Source) -> Callable[[settings.Camera], Source]:
    remaining = iter(sources)

    def open_source(_: settings.Camera) -> Source:
        source = next(remaining, None)
        if source is None:
            raise LOST
        return source

    return open_source


def test_queue_drops_the_oldest_frames_never_the_newest() -> None:
    time = Time(end_s=9.5)
    four = settings.Camera(buffer_frames=4)
    with CameraThread(four, time, time.wait, opening(Scripted([PICTURE] * 50))) as camera:
        assert time.is_over.wait(5)
        frames = [camera.read(0) for _ in range(5)]
        assert [frame and frame.number for frame in frames] == [6, 7, 8, 9, None]
        assert camera.health.dropped == 6


def test_read_returns_within_its_timeout_when_nothing_comes() -> None:
    time = Time(end_s=0)
    with CameraThread(settings.Camera(frame_timeout=0.05), time, time.wait, opening()) as camera:
        assert camera.read() is None
        assert camera.read(0.01) is None


class Judging(Time):
    """Requests a second look after these frames, as the detector does while the camera waits."""

    def __init__(self, end_s: float, wishes: set[int]) -> None:
        super().__init__(end_s)
        self._wishes = wishes
        self._camera: CameraThread | None = None
        self._begun = threading.Event()

    def begin(self, camera: CameraThread) -> None:
        self._camera = camera
        self._begun.set()

    def wait(self, closing: threading.Event, seconds: float) -> None:
        assert self._begun.wait(5)
        if self._camera and self._camera.health.frames in self._wishes:
            self._camera.request_recheck()
        super().wait(closing, seconds)


def frames_s(time: Judging, camera: settings.Camera, source: Scripted) -> list[float]:
    """When each delivered frame was taken, in seconds since the start."""
    with CameraThread(camera, time, time.wait, opening(source)) as watched:
        time.begin(watched)
        assert time.is_over.wait(5)
        return [frame.time_s - 100 for frame in (watched.read(0) for _ in range(16)) if frame]


@pytest.mark.parametrize(
    ("fps", "expected_s"),
    [
        (1.0, [0, 1, 1 + SECOND_LOOK_S, 1 + 2 * SECOND_LOOK_S, 2, 3]),
        (0.5, [0, 2, 2 + SECOND_LOOK_S, 2 + 2 * SECOND_LOOK_S, 4]),
        (2.0, [0, 0.5, 1, 1.5, 2]),  # the next frame is close enough
    ],
)
def test_second_look_comes_soon_and_does_not_shift_the_others(fps: float, expected_s: list[float]) -> None:
    time = Judging(expected_s[-1] + 0.1, wishes={2, 3})
    camera = settings.Camera(target_fps=fps, buffer_frames=16)
    assert frames_s(time, camera, Scripted([PICTURE] * 50)) == pytest.approx(expected_s)


def test_a_video_without_a_newer_picture_has_no_second_look() -> None:
    time, source = Judging(3.1, wishes={1, 2, 3}), Scripted([PICTURE] * 50)
    source.period_s = 1.0
    assert frames_s(time, settings.Camera(buffer_frames=16), source) == pytest.approx([0, 1, 2, 3])


def test_second_look_is_delivered_also_with_frame_skip() -> None:
    camera = settings.Camera(frame_skip=2, buffer_frames=16)
    found_s = frames_s(Judging(4.1, wishes={3}), camera, Scripted([PICTURE] * 9))
    assert found_s == pytest.approx([0, 2, 2 + SECOND_LOOK_S, 4])


def test_hung_camera_is_abandoned_and_replaced() -> None:
    time, hang = Time(), Hang()
    hung, fresh = Scripted([hang]), Scripted([PICTURE])
    with CameraThread(settings.Camera(), time, time.wait, opening(hung, fresh)) as camera:
        assert hang.began.wait(5)
        time.now_s += 13
        assert (camera.health.state, camera.health.remedy) == ("hung", "sudo reboot")
        frame = camera.read(5)
        assert frame and frame.number == 0
        hang.over.set()
    assert_ended(hung, fresh)


def test_hung_replacement_starts_no_third_thread() -> None:
    time, hangs = Time(), [Hang(), Hang()]
    sources = [Scripted([hang]) for hang in hangs]
    opened = opening(*sources)
    with CameraThread(settings.Camera(), time, time.wait, opened) as camera:
        for hang in hangs:
            assert camera.read(0) is None
            assert hang.began.wait(5)
            time.now_s += 13
        for _ in range(5):
            assert camera.read(0) is None
            time.now_s += 13
        assert len(camera_threads()) == 2
        assert camera.health.state == "hung"
        assert "plug the camera out and in again" in camera.health.message
    for hang in hangs:
        hang.over.set()
    assert_ended(*sources)


def test_close_does_not_wait_for_a_hung_camera() -> None:
    time, hang = Time(), Hang()
    hung = Scripted([hang])
    camera = CameraThread(settings.Camera(), time, time.wait, opening(hung))
    assert hang.began.wait(5)
    time.now_s += 13
    began_s = monotonic()
    camera.close()
    camera.close()
    assert camera.read(60) is None
    assert monotonic() - began_s < 1
    assert len(camera_threads()) == 1
    hang.over.set()
    assert_ended(hung)


def test_frame_of_an_abandoned_thread_is_not_delivered() -> None:
    class Late(Scripted):
        def grab(self, time_s: float) -> None:
            hang.began.set()
            hang.over.wait(10)
            self._picture = PICTURE

    time, hang = Time(end_s=20), Hang()
    late = Late([])
    with CameraThread(settings.Camera(), time, time.wait, opening(late)) as camera:
        assert hang.began.wait(5)
        (left_behind,) = camera_threads()
        time.now_s += 13
        camera.read(0)
        hang.over.set()
        left_behind.join(5)
        assert late.closed
        assert camera.read(0) is None


def test_five_hundred_losses_leave_no_thread_or_source_open(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    time = Time(end_s=2_100)
    opened: list[Scripted] = []

    def come_and_go(_: settings.Camera) -> Source:
        opened.append(Scripted([PICTURE, PICTURE, None, LOST]))
        return opened[-1]

    with CameraThread(settings.Camera(), time, time.wait, come_and_go) as camera:
        assert time.is_over.wait(10)
        assert len(opened) > 500
        assert camera.health.bad > 500
        assert len(camera_threads()) == 1
        assert all(source.closed for source in opened[:-1])
    assert camera_threads() == []
    assert opened[-1].closed


def assert_ended(*sources: Scripted) -> None:
    for thread in camera_threads():
        thread.join(5)
    assert all(source.closed for source in sources)


def camera_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "camera"]
