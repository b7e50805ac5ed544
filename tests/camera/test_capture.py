"""The camera's pace, queue, losses and hangs, with scripted sources and a time that the tests turn."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from time import monotonic

import numpy as np
import pytest
from cv2.typing import MatLike

from app.camera.capture import SECOND_LOOK_S, Camera, Capture, Frame, tick_after
from app.camera.pictures import SourceLost, SourceRefused
from app.camera.sources import Source
from app.part_status import CameraHealth
from config import settings

PICTURE = np.full((240, 320, 3), 90, np.uint8)
LOST = SourceLost("the plug was pulled")
REFUSED = SourceRefused("/dev/video0 may not be opened")
CUT_OFF = np.vstack([PICTURE[:150], np.full((90, 320, 3), 128, np.uint8)])


class Hang:
    """A grab that does not return before it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.over = threading.Event()


Shot = MatLike | None | Exception | Hang
"""What a scripted source does at a grab: a picture, an empty one, an error, or hanging."""


class Scripted:
    """A source that plays a list of shots, then is lost."""

    name = "scripted"

    def __init__(self, shots: Iterable[Shot], size: tuple[int, int] | None = (320, 240)) -> None:
        self._shots = iter(shots)
        self.size = size
        self.period_s = 0.0
        self._picture: MatLike | None = None
        self.decoded = 0
        self.closed = False

    def grab(self, time_s: float) -> None:
        shot = next(self._shots, LOST)
        if isinstance(shot, Hang):
            shot.began.set()
            shot.over.wait(10)
            shot = LOST
        if isinstance(shot, Exception):
            raise shot
        self._picture = shot

    def retrieve(self) -> MatLike | None:
        self.decoded += 1
        return self._picture

    def close(self) -> None:
        self.closed = True


class Time:
    """A clock that runs only while somebody waits; at `end_s` the waiting becomes real."""

    def __init__(self, end_s: float = 1e9) -> None:
        self.now_s = 100.0
        self._end_s = 100.0 + end_s
        self.is_over = threading.Event()

    def __call__(self) -> float:
        return self.now_s

    def wait(self, closing: threading.Event, seconds: float) -> None:
        if self.now_s + seconds > self._end_s:
            self.is_over.set()
            closing.wait()
        self.now_s += seconds


class Trip:
    """A Capture without a thread, its frames, and the sources it opened."""

    def __init__(self, *openings: Source | Exception, camera: settings.Camera | None = None) -> None:
        self.time = Time()
        self.frames: list[Frame] = []
        self.opened_s: list[float] = []
        self.openings: Iterator[Source | Exception] = iter(openings)
        self.capture = Capture(camera or settings.Camera(), self._open, self.time, self.time(), CameraHealth())

    def _open(self) -> Source:
        self.opened_s.append(self.time() - 100)
        opening = next(self.openings, LOST)
        if isinstance(opening, Exception):
            raise opening
        return opening

    def drive(self, for_s: float) -> CameraHealth:
        end_s = self.time() + for_s
        while self.capture.due_s <= end_s:
            self.time.now_s = max(self.time.now_s, self.capture.due_s)
            frame = self.capture.step()
            if frame:
                self.frames.append(frame)
        self.time.now_s = max(self.time.now_s, end_s)
        return self.capture.health

    @property
    def times_s(self) -> list[float]:
        return [frame.time_s - 100 for frame in self.frames]


class Slow(Scripted):
    """Each grab takes a while."""

    def __init__(self, time: Time, took_s: Iterable[float]) -> None:
        super().__init__([PICTURE] * 10_000)
        self._time = time
        self._took_s = iter(took_s)

    def grab(self, time_s: float) -> None:
        super().grab(time_s)
        self._time.now_s += next(self._took_s, 0.0)


def slow_trip(took_s: Iterable[float], fps: float) -> Trip:
    trip = Trip(camera=settings.Camera(target_fps=fps))
    trip.openings = iter([Slow(trip.time, took_s)])
    return trip


# ---- pace


def test_next_tick_comes_after_the_last_one_and_after_now() -> None:
    assert tick_after(4, elapsed_s=4.01, fps=1) == 5
    assert tick_after(4, elapsed_s=3.999999, fps=1) == 5  # woken a hair too early: not twice for the same tick
    assert tick_after(4, elapsed_s=7.5, fps=1) == 8


def test_target_fps_does_not_drift() -> None:
    trip = slow_trip([0.05] * 3000, fps=3)
    trip.drive(for_s=900)
    assert len(trip.frames) == 2701
    assert trip.times_s[2400] == pytest.approx(800.05)


def test_ticks_slept_through_are_left_out_without_a_burst() -> None:
    trip = slow_trip([0, 0, 3.4, 0, 0], fps=1)
    trip.drive(for_s=8)
    assert trip.times_s == pytest.approx([0, 1, 5.4, 6, 7, 8])


def test_measured_fps_and_number_of_frames_are_told() -> None:
    trip = slow_trip([], fps=4)
    health = trip.drive(for_s=10)
    assert health.measured_fps == pytest.approx(4)
    assert (health.width, health.height) == (320, 240)
    assert health.frames == 41
    assert health.last_frame_s == 110
    assert [frame.number for frame in trip.frames] == list(range(41))


def test_measured_fps_is_that_of_the_camera_as_it_is_now() -> None:
    trip = Trip(Scripted([PICTURE] * 5), *[LOST] * 6, Scripted([PICTURE] * 99))
    assert trip.drive(for_s=6).measured_fps == 0.0
    assert trip.drive(for_s=40).measured_fps == pytest.approx(1.0)
    assert len(trip.frames) > 10


def test_a_source_that_is_stuck_is_closed_and_opened_once() -> None:
    stuck = Scripted([PICTURE] * 99)
    trip = Trip(stuck, Scripted([PICTURE] * 99))
    trip.drive(for_s=5)
    trip.capture.stuck = "it sends the same picture again and again"
    health = trip.drive(for_s=1)
    assert (health.state, health.message, stuck.closed) == ("lost", trip.capture.stuck, True)
    assert trip.drive(for_s=20).state == "live"
    assert len(trip.opened_s) == 2


def test_frame_skip_neither_delivers_nor_decodes_the_frames_between() -> None:
    source = Scripted([PICTURE] * 30)
    trip = Trip(source, camera=settings.Camera(frame_skip=3))
    health = trip.drive(for_s=9)
    assert [frame.number for frame in trip.frames] == [0, 3, 6, 9]
    assert source.decoded == 4
    assert health.frames == 10


def test_frames_can_be_thinned_out_on_top_of_that_and_no_longer() -> None:
    source = Scripted([PICTURE] * 60)
    trip = Trip(source, camera=settings.Camera(frame_skip=2))
    trip.drive(for_s=7)
    trip.capture.every = 2
    trip.drive(for_s=16)
    trip.capture.every = 1
    trip.drive(for_s=8)
    assert [frame.number for frame in trip.frames] == [0, 2, 4, 6, 8, 12, 16, 20, 24, 26, 28, 30]
    assert source.decoded == len(trip.frames)


def test_a_thread_that_takes_the_place_of_a_hung_one_thins_out_too() -> None:
    time, hang = Time(end_s=60), Hang()
    hung, fresh = Scripted([hang]), Scripted([PICTURE] * 100)
    with Camera(settings.Camera(), time, time.wait, opening(hung, fresh)) as camera:
        camera.thin_out(2)
        hang.began.wait(5)
        time.now_s += 13
        camera.read(0.01)
        assert camera._capture.every == 2
        hang.over.set()


# ---- pictures


def test_picture_of_the_right_size_is_not_copied() -> None:
    trip = Trip(Scripted([PICTURE]))
    trip.drive(for_s=0)
    assert trip.frames[0].bgr is PICTURE


@pytest.mark.parametrize(
    "picture",
    [
        np.full((240, 320), 90, np.uint8),
        np.full((240, 320, 1), 90, np.uint8),
        np.full((240, 320, 4), 90, np.uint8),
        np.full((240, 320, 3), 90 * 256 + 255, np.uint16),
        np.full((240, 320), 90 * 256 + 255, np.uint16),
        np.full((480, 640, 3), 90, np.uint8),
        np.full((120, 100, 4), 90, np.uint8),
    ],
    ids=["grey", "one channel", "alpha", "16 bit", "16 bit grey", "larger", "small with alpha"],
)
def test_odd_picture_becomes_bgr_of_the_set_size(picture: MatLike) -> None:
    trip = Trip(Scripted([picture], size=None))
    trip.drive(for_s=0)
    bgr = trip.frames[0].bgr
    fits = (240, 200) if picture.shape[:2] == (120, 100) else (240, 320)  # into 240 x 320, never squeezed
    assert bgr.shape == (*fits, 3)
    assert bgr.dtype == np.uint8
    assert (bgr == 90).all()


@pytest.mark.parametrize(
    "picture",
    [
        None,
        np.empty((0, 0, 3), np.uint8),
        np.zeros((120, 320, 3), np.uint8),
        np.zeros((240, 320, 2), np.uint8),
        np.zeros(7, np.uint8),
        np.zeros((240, 320, 3), np.float64),
        CUT_OFF,
    ],
    ids=["none", "empty", "half a frame", "two channels", "a row of bytes", "floats", "filled up"],
)
def test_unusable_picture_is_counted_and_skipped(picture: MatLike | None) -> None:
    trip = Trip(Scripted([PICTURE, picture, PICTURE, picture]))
    health = trip.drive(for_s=3)
    assert [frame.number for frame in trip.frames] == [0, 2]
    assert (health.state, health.bad, health.frames) == ("live", 2, 4)
    assert health.message.startswith("skipped ")


def test_camera_of_mostly_bad_pictures_is_lost_and_opened_anew() -> None:
    trip = Trip(Scripted([PICTURE, *[None] * 20]), Scripted([PICTURE, *[None] * 5, PICTURE]))
    assert trip.drive(for_s=6.2).state == "lost"
    assert "most pictures are damaged (an empty picture)" in trip.capture.health.message
    assert trip.drive(for_s=7).state == "live", "what was before the loss no longer counts"
    assert len(trip.opened_s) == 2


def test_mostly_bad_counts_the_pictures_analysed() -> None:
    trip = Trip(Scripted([None] * 99), camera=settings.Camera(frame_skip=5))
    assert trip.drive(for_s=9).state == "opening"
    assert trip.drive(for_s=2).state == "lost"


def test_same_picture_again_and_again_is_for_others_to_judge() -> None:
    trip = Trip(Scripted([PICTURE] * 100))
    assert trip.drive(for_s=60).state == "live"
    assert len(trip.frames) == 61


# ---- losing and coming back


@pytest.mark.parametrize(("fps", "every_s"), [(0.5, 1.0), (1.0, 1.0), (2.0, 0.5), (30.0, 0.5)])
def test_camera_that_is_away_is_looked_for_once_a_period_for_ever(fps: float, every_s: float) -> None:
    trip = Trip(camera=settings.Camera(target_fps=fps))
    health = trip.drive(for_s=3600)
    assert trip.opened_s == pytest.approx(np.arange(0, 3600 + every_s, every_s))
    assert (health.state, health.message) == ("lost", "the plug was pulled")


@pytest.mark.parametrize("away_s", [1, 5, 60, 3600])
def test_camera_is_back_within_two_periods_however_long_it_was_away(away_s: int) -> None:
    trip = Trip(Scripted([PICTURE]))
    trip.drive(for_s=away_s)
    trip.openings = iter([Scripted([PICTURE])])
    trip.drive(for_s=2)
    assert trip.times_s[1] - away_s <= 2


def test_camera_back_gives_frames_at_its_pace() -> None:
    trip = Trip(Scripted([PICTURE] * 3), LOST, Scripted([PICTURE] * 99))
    health = trip.drive(for_s=7)
    assert trip.times_s == pytest.approx([0, 1, 2, 5, 6, 7])
    assert [frame.number for frame in trip.frames] == [0, 1, 2, 3, 4, 5]
    assert (health.state, health.message) == ("live", "")


@pytest.mark.parametrize("refusal", [REFUSED, PermissionError(13, "Permission denied")])
def test_camera_that_is_refused_is_asked_less_and_less_often(refusal: OSError) -> None:
    trip = Trip(*[refusal] * 999)
    trip.drive(for_s=3600)
    assert trip.opened_s[:8] == pytest.approx([0, 0.5, 1.5, 3.5, 7.5, 15.5, 25.5, 35.5])
    assert trip.opened_s[-1] > 3590


@pytest.mark.parametrize("other", [Scripted([PICTURE]), LOST])
def test_back_off_begins_anew_after_a_picture_or_another_loss(other: Source | Exception) -> None:
    trip = Trip(REFUSED, REFUSED, REFUSED, other, *[REFUSED] * 9)
    trip.drive(for_s=10)
    between_s = np.diff(trip.opened_s)
    assert between_s[:3] == pytest.approx([0.5, 1, 2])
    assert between_s[4:7] == pytest.approx([0.5, 1, 2])


def test_source_that_opens_and_then_refuses_is_not_hurried() -> None:
    trip = Trip(*(Scripted([REFUSED]) for _ in range(99)))
    trip.drive(for_s=60)
    assert trip.opened_s[:5] == pytest.approx([0, 0.5, 1.5, 3.5, 7.5])


@pytest.mark.parametrize("error", [RuntimeError("odd driver"), OSError(24, "Too many open files"), MemoryError("full")])
def test_unforeseen_error_is_a_loss_like_any_other(error: Exception) -> None:
    trip = Trip(Scripted([PICTURE, error]), error, Scripted([PICTURE] * 9))
    health = trip.drive(for_s=1)
    assert str(error.args[-1]) in health.message
    assert trip.drive(for_s=4).state == "live"


def test_loss_and_return_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Trip(Scripted([PICTURE] * 9), *[LOST] * 8, Scripted([PICTURE] * 900)).drive(for_s=200)
    assert caplog.messages == [
        "camera live: scripted",
        "camera lost: the plug was pulled",
        "camera live: scripted",
    ]


def test_lost_source_is_closed() -> None:
    source = Scripted([PICTURE])
    Trip(source).drive(for_s=5)
    assert source.closed


def test_source_that_fails_even_to_close_is_opened_anew() -> None:
    class Stubborn(Scripted):
        def close(self) -> None:
            super().close()
            raise RuntimeError("release() failed")

    trip = Trip(Stubborn([PICTURE]), Scripted([PICTURE]))
    trip.drive(for_s=2)
    assert len(trip.frames) == 2


def test_missing_file_is_named_with_the_setting() -> None:
    trip = Trip(FileNotFoundError(2, "No such file or directory"), camera=settings.Camera(source="/nowhere/a.mp4"))
    assert trip.drive(for_s=0).message.startswith("/nowhere/a.mp4: No such file or directory; camera.source")


def test_message_of_an_error_is_one_line() -> None:
    trip = Trip(RuntimeError("OpenCV(5.0.0)\n> error:\n  (-215) in function 'grab'\n"))
    assert trip.drive(for_s=0).message == "auto: RuntimeError: OpenCV(5.0.0) > error: (-215) in function 'grab'"


# ---- the thread


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
    with Camera(four, time, time.wait, opening(Scripted([PICTURE] * 50))) as camera:
        assert time.is_over.wait(5)
        frames = [camera.read(0) for _ in range(5)]
        assert [frame and frame.number for frame in frames] == [6, 7, 8, 9, None]
        assert camera.health.dropped == 6


def test_read_returns_within_its_timeout_when_nothing_comes() -> None:
    time = Time(end_s=0)
    with Camera(settings.Camera(frame_timeout=0.05), time, time.wait, opening()) as camera:
        assert camera.read() is None
        assert camera.read(0.01) is None


class Judging(Time):
    """Wishes for second looks, as the detector does while the camera waits: after which frames, is told."""

    def __init__(self, end_s: float, wishes: set[int]) -> None:
        super().__init__(end_s)
        self._wishes = wishes
        self._camera: Camera | None = None
        self._begun = threading.Event()

    def begin(self, camera: Camera) -> None:
        self._camera = camera
        self._begun.set()

    def wait(self, closing: threading.Event, seconds: float) -> None:
        assert self._begun.wait(5)
        if self._camera and self._camera.health.frames in self._wishes:
            self._camera.look_again()
        super().wait(closing, seconds)


@pytest.mark.parametrize(
    ("fps", "expected_s"),
    [
        (1.0, [0, 1, 1 + SECOND_LOOK_S, 1 + 2 * SECOND_LOOK_S, 2, 3]),
        (0.5, [0, 2, 2 + SECOND_LOOK_S, 2 + 2 * SECOND_LOOK_S, 4]),
        (2.0, [0, 0.5, 1, 1.5, 2]),  # soon enough as it is
    ],
)
def test_a_second_look_comes_soon_and_changes_no_other(fps: float, expected_s: list[float]) -> None:
    time = Judging(expected_s[-1] + 0.1, wishes={2, 3})
    camera = settings.Camera(target_fps=fps, buffer_frames=16)
    with Camera(camera, time, time.wait, opening(Scripted([PICTURE] * 50))) as watched:
        time.begin(watched)
        assert time.is_over.wait(5)
        frames = [frame for frame in (watched.read(0) for _ in range(16)) if frame]
        assert [frame.time_s - 100 for frame in frames] == pytest.approx(expected_s)


def test_of_a_video_that_has_no_newer_picture_yet_there_is_no_second_look() -> None:
    time, source = Judging(3.1, wishes={1, 2, 3}), Scripted([PICTURE] * 50)
    source.period_s = 1.0
    with Camera(settings.Camera(buffer_frames=16), time, time.wait, opening(source)) as watched:
        time.begin(watched)
        assert time.is_over.wait(5)
        frames = [frame for frame in (watched.read(0) for _ in range(16)) if frame]
        assert [frame.time_s - 100 for frame in frames] == pytest.approx([0, 1, 2, 3])


def test_a_second_look_is_analysed_also_where_frames_are_skipped() -> None:
    time = Judging(4.1, wishes={3})
    with Camera(
        settings.Camera(frame_skip=2, buffer_frames=16), time, time.wait, opening(Scripted([PICTURE] * 9))
    ) as camera:
        time.begin(camera)
        assert time.is_over.wait(5)
        frames = [frame for frame in (camera.read(0) for _ in range(9)) if frame]
        assert [frame.time_s - 100 for frame in frames] == pytest.approx([0, 2, 2 + SECOND_LOOK_S, 4])


def test_hung_camera_is_left_behind_and_replaced() -> None:
    time, hang = Time(), Hang()
    hung, fresh = Scripted([hang]), Scripted([PICTURE])
    with Camera(settings.Camera(), time, time.wait, opening(hung, fresh)) as camera:
        assert hang.began.wait(5)
        time.now_s += 13
        assert camera.health.state == "hung"
        frame = camera.read(5)
        assert frame and frame.number == 0
        hang.over.set()
    assert_ended(hung, fresh)


def test_when_the_replacement_hangs_too_there_is_no_third_thread() -> None:
    time, hangs = Time(), [Hang(), Hang()]
    sources = [Scripted([hang]) for hang in hangs]
    opened = opening(*sources)
    with Camera(settings.Camera(), time, time.wait, opened) as camera:
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


def test_close_neither_waits_for_a_hung_camera_nor_lets_it_come_back() -> None:
    time, hang = Time(), Hang()
    hung = Scripted([hang])
    camera = Camera(settings.Camera(), time, time.wait, opening(hung))
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


def test_frame_of_a_thread_left_behind_is_not_delivered() -> None:
    class Late(Scripted):
        def grab(self, time_s: float) -> None:
            hang.began.set()
            hang.over.wait(10)
            self._picture = PICTURE

    time, hang = Time(end_s=20), Hang()
    late = Late([])
    with Camera(settings.Camera(), time, time.wait, opening(late)) as camera:
        assert hang.began.wait(5)
        (left_behind,) = camera_threads()
        time.now_s += 13
        camera.read(0)
        hang.over.set()
        left_behind.join(5)
        assert late.closed
        assert camera.read(0) is None


def test_five_hundred_losses_leave_no_threads_and_no_sources_open(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    time = Time(end_s=2_100)
    opened: list[Scripted] = []

    def come_and_go(_: settings.Camera) -> Source:
        opened.append(Scripted([PICTURE, PICTURE, None, LOST]))
        return opened[-1]

    with Camera(settings.Camera(), time, time.wait, come_and_go) as camera:
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
