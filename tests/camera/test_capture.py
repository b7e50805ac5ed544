"""The camera's pace, losses and bad pictures, with scripted sources and a fake clock."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
import pytest
from cv2.typing import MatLike

from app.camera.capture import tick_after
from app.camera.sources import Source
from config import settings
from tests.camera.scripted import CUT_OFF, LOST, PICTURE, REFUSED, Scripted, Time
from tests.camera.trip import Trip


class Slow(Scripted):
    """A source whose grabs take this long, one after the other."""

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
    assert tick_after(4, elapsed_s=3.999999, fps=1) == 5  # woken a little early: the same tick is not taken twice
    assert tick_after(4, elapsed_s=7.5, fps=1) == 8


def test_target_fps_does_not_drift() -> None:
    trip = slow_trip([0.05] * 3000, fps=3)
    trip.drive(for_s=900)
    assert len(trip.frames) == 2701
    assert trip.times_s[2400] == pytest.approx(800.05)


def test_missed_ticks_are_left_out_without_a_burst() -> None:
    trip = slow_trip([0, 0, 3.4, 0, 0], fps=1)
    trip.drive(for_s=8)
    assert trip.times_s == pytest.approx([0, 1, 5.4, 6, 7, 8])


def test_health_has_the_measured_fps_and_the_number_of_frames() -> None:
    trip = slow_trip([], fps=4)
    health = trip.drive(for_s=10)
    assert health.measured_fps == pytest.approx(4)
    assert (health.width, health.height) == (320, 240)
    assert health.frames == 41
    assert health.last_frame_s == 110
    assert [frame.number for frame in trip.frames] == list(range(41))


def test_measured_fps_starts_over_after_a_loss() -> None:
    trip = Trip(Scripted([PICTURE] * 5), *[LOST] * 6, Scripted([PICTURE] * 99))
    assert trip.drive(for_s=6).measured_fps == 0.0
    assert trip.drive(for_s=40).measured_fps == pytest.approx(1.0)
    assert len(trip.frames) > 10


def test_stuck_source_is_closed_and_reopened_once() -> None:
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
        np.full((480, 640, 3), 90, np.uint8),
        np.full((120, 100, 3), 90, np.uint8),
    ],
    ids=["grey", "one channel", "alpha", "larger", "small"],
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
        np.zeros((240, 320), np.uint16),
        np.zeros((240, 320, 3), np.float64),
        CUT_OFF,
    ],
    ids=["none", "empty", "half a frame", "two channels", "a row of bytes", "16 bit", "floats", "filled up"],
)
def test_unusable_picture_is_counted_and_skipped(picture: MatLike | None) -> None:
    trip = Trip(Scripted([PICTURE, picture, PICTURE, picture]))
    health = trip.drive(for_s=3)
    assert [frame.number for frame in trip.frames] == [0, 2]
    assert (health.state, health.bad, health.frames) == ("live", 2, 4)
    assert health.message.startswith("skipped ")


def test_camera_of_mostly_bad_pictures_is_lost_and_reopened() -> None:
    trip = Trip(Scripted([PICTURE, *[None] * 20]), Scripted([PICTURE, *[None] * 5, PICTURE]))
    assert trip.drive(for_s=6.2).state == "lost"
    assert "most pictures are damaged (an empty picture)" in trip.capture.health.message
    assert trip.drive(for_s=7).state == "live", "what was before the loss no longer counts"
    assert len(trip.opened_s) == 2


def test_mostly_bad_counts_only_analysed_pictures() -> None:
    trip = Trip(Scripted([None] * 99), camera=settings.Camera(frame_skip=5))
    assert trip.drive(for_s=9).state == "opening"
    assert trip.drive(for_s=2).state == "lost"


# ---- losing and coming back


@pytest.mark.parametrize(("fps", "every_s"), [(0.5, 1.0), (1.0, 1.0), (2.0, 0.5), (30.0, 0.5)])
def test_absent_camera_is_looked_for_once_a_period(fps: float, every_s: float) -> None:
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
def test_refused_camera_is_retried_ever_less_often(refusal: OSError) -> None:
    trip = Trip(*[refusal] * 999)
    trip.drive(for_s=3600)
    assert trip.opened_s[:8] == pytest.approx([0, 0.5, 1.5, 3.5, 7.5, 15.5, 25.5, 35.5])
    assert trip.opened_s[-1] > 3590


@pytest.mark.parametrize("other", [Scripted([PICTURE]), LOST])
def test_back_off_starts_over_after_a_picture_or_another_loss(other: Source | Exception) -> None:
    trip = Trip(REFUSED, REFUSED, REFUSED, other, *[REFUSED] * 9)
    trip.drive(for_s=10)
    between_s = np.diff(trip.opened_s)
    assert between_s[:3] == pytest.approx([0.5, 1, 2])
    assert between_s[4:7] == pytest.approx([0.5, 1, 2])


def test_source_refused_after_opening_is_retried_ever_less_often() -> None:
    trip = Trip(*(Scripted([REFUSED]) for _ in range(99)))
    trip.drive(for_s=60)
    assert trip.opened_s[:5] == pytest.approx([0, 0.5, 1.5, 3.5, 7.5])


@pytest.mark.parametrize("error", [RuntimeError("odd driver"), OSError(24, "Too many open files"), MemoryError("full")])
def test_unforeseen_error_is_a_loss_like_any_other(error: Exception) -> None:
    trip = Trip(Scripted([PICTURE, error]), error, Scripted([PICTURE] * 9))
    health = trip.drive(for_s=1)
    assert str(error.args[-1]) in health.message
    assert trip.drive(for_s=4).state == "live"


def test_source_that_fails_even_to_close_is_reopened() -> None:
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


# ---- the log: one line for each change, few if it repeats


def test_loss_and_return_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Trip(Scripted([PICTURE] * 9), *[LOST] * 8, Scripted([PICTURE] * 900)).drive(for_s=200)
    assert caplog.messages == [
        "camera live: scripted",
        "camera lost: the plug was pulled",
        "camera live: scripted",
    ]


def test_remedy_for_damaged_pictures_stays_while_the_camera_is_retried() -> None:
    trip = Trip(*(Scripted([None] * 99) for _ in range(99)))
    trip.drive(for_s=7)
    assert trip.capture.health.remedy == "take another cable or USB port"
    for _ in range(60):
        health = trip.drive(for_s=1)
        assert (health.state, health.remedy) == ("lost", "take another cable or USB port")
        assert "most pictures are damaged" in health.message


def test_a_camera_that_comes_and_goes_for_hours_is_logged_every_ten_minutes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    trip = Trip()
    trip.openings = (Scripted([PICTURE] * 3) for _ in range(9999))
    trip.drive(for_s=3 * 3600)
    assert len(trip.opened_s) > 2000
    lost, live = map(caplog.messages.count, ("camera lost: the plug was pulled", "camera live: scripted"))
    assert lost == 18 and live in (18, 19)
