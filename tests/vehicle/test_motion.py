"""The vehicle's motion from its speed and ignition; which speeds are plausible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf, nan

import pytest

from app.events import Motion
from app.vehicle.motion import MotionTracker
from app.vehicle.plausible import PlausibleSpeed
from app.vehicle.reading import Vehicle

GPS = Vehicle(source="/dev/ttyACM0")


def moved(speeds: Iterable[float | None], start: Vehicle = GPS) -> list[Motion]:
    """The motion after each speed, one a second; None is a lost fix."""
    tracker, vehicle, motions = MotionTracker(), start, []
    for now_s, speed_kmh in enumerate(speeds):
        if speed_kmh is not None:
            vehicle = replace(vehicle, speed_kmh=speed_kmh, speed_s=float(now_s))
        motions.append(tracker.update(float(now_s), vehicle))
    return motions


def test_bands_have_a_hysteresis() -> None:
    speeds = [10, 19.9, 20, 17, 16.9, 50, 47, 46.9, 65, 62, 61.9, 130, 0]
    crawling, slow, fast, highway = Motion.CRAWLING, Motion.SLOW, Motion.FAST, Motion.HIGHWAY
    assert moved(speeds) == [
        crawling, crawling, slow, slow, crawling, fast, fast, slow, highway, highway, fast, highway, crawling,
    ]  # fmt: skip


def test_half_a_minute_at_rest_is_parked() -> None:
    motions = moved([50, *[0.0] * 29, *[2.5] * 5])
    assert motions[29] is Motion.CRAWLING and motions[31] is Motion.PARKED


def test_parked_vehicle_moves_after_two_seconds_above_10_kmh() -> None:
    parked = [0.0] * 31
    assert moved([*parked, 9, 9, 9, 9])[-1] is Motion.PARKED
    assert moved([*parked, 12, 12])[-1] is Motion.PARKED
    assert moved([*parked, 12, 12, 12])[-1] is Motion.CRAWLING
    assert moved([*parked, 12, 3, 12, 12])[-1] is Motion.PARKED


def test_motion_is_kept_for_two_minutes_without_a_fix() -> None:
    motions = moved([30, *[None] * 130])
    assert motions[119] is Motion.SLOW and motions[130] is Motion.UNKNOWN


def test_a_lost_fix_never_means_parked() -> None:
    for speed in (0.0, 3.0, 30.0, 90.0):
        assert Motion.PARKED not in moved([90, speed, *[None] * 300])
    assert moved([None] * 300) == [Motion.UNKNOWN] * 300


def test_motion_is_unknown_at_once_without_a_receiver() -> None:
    tracker = MotionTracker()
    assert tracker.update(0, replace(GPS, speed_kmh=30, speed_s=0)) is Motion.SLOW
    assert tracker.update(1, Vehicle()) is Motion.UNKNOWN


def test_ignition_off_is_parked_after_two_seconds() -> None:
    assert moved([None] * 4, Vehicle(ignition=False)) == [Motion.UNKNOWN, Motion.UNKNOWN, Motion.PARKED, Motion.PARKED]
    assert moved([None] * 4, Vehicle(ignition=True)) == [Motion.UNKNOWN] * 4
    assert moved([0.0] * 4, replace(GPS, ignition=False))[-1] is Motion.PARKED


def test_broken_ignition_wire_does_not_park_a_moving_vehicle() -> None:
    assert Motion.PARKED not in moved([50.0] * 60, replace(GPS, ignition=False))


def test_stale_speed_is_ignored() -> None:
    tracker = MotionTracker()
    assert tracker.update(100, replace(GPS, speed_kmh=30, speed_s=96.9)) is Motion.UNKNOWN
    assert tracker.update(100, replace(GPS, speed_kmh=30, speed_s=97)) is Motion.SLOW


def believed(samples: Iterable[tuple[float, float]]) -> list[float | None]:
    speed = PlausibleSpeed()
    return [speed.update(time_s, kmh) for time_s, kmh in samples]


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        *(([50, 50, odd, 50], [None, 50, None, 50]) for odd in (-1.0, 300.1, nan, inf)),
        ([50, 50, 111, 50], [None, 50, None, None]),  # more than 60 km/h in a second
        ([90, 90, 0, 90, 90], [None, 90, None, None, 90]),
        ([200, 0, 0], [None, None, 0]),  # the first is believed when the second agrees
    ],
)
def test_implausible_speeds_are_not_believed(speeds: list[float], expected: list[float | None]) -> None:
    assert believed(enumerate(speeds)) == expected


def test_scattered_speeds_and_any_speed_after_a_gap_are_believed() -> None:
    assert None not in believed((number / 10, 50.0 + number % 2 * 8) for number in range(1, 20))[1:]
    assert believed([(0, 100), (1, 100), (60, 0), (61, 0)])[-1] == 0


def test_broken_ignition_wire_does_not_park_a_vehicle_without_a_fix() -> None:
    broken = replace(GPS, ignition=False)
    assert Motion.PARKED not in moved([*[50.0] * 5, *[None] * 200], broken)
    assert Motion.PARKED not in moved([*[50.0] * 5, *[0.0] * 20], broken)
    assert moved([*[50.0] * 5, *[0.0] * 40])[-1] is Motion.PARKED


def test_ignition_is_believed_again_after_it_was_on() -> None:
    tracker, moving = MotionTracker(), replace(GPS, speed_kmh=50.0)
    for now_s in range(5):
        tracker.update(now_s, replace(moving, speed_s=float(now_s), ignition=False))
    tracker.update(5, replace(moving, speed_s=5.0, ignition=True))
    off = [tracker.update(now_s, replace(moving, speed_s=5.0, ignition=False)) for now_s in range(9, 13)]
    assert off == [Motion.FAST, Motion.FAST, Motion.PARKED, Motion.PARKED]


def test_rest_without_a_fix_does_not_count_as_parking() -> None:
    motions = moved([30, 0.0, *[None] * 100, *[0.0] * 31])
    assert Motion.PARKED not in motions[:-1] and motions[-1] is Motion.PARKED


def test_flapping_ignition_is_not_off() -> None:
    tracker = MotionTracker()
    flapping = [tracker.update(number / 2, Vehicle(ignition=number % 3 == 0)) for number in range(60)]
    assert set(flapping) == {Motion.UNKNOWN}
