"""Log lines and health of a camera that is lost: one line for each change, few if it repeats."""

from __future__ import annotations

import logging

import pytest

from tests.camera.scripted import LOST, PICTURE, Scripted
from tests.camera.trip import Trip


def test_loss_and_return_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Trip(Scripted([PICTURE] * 9), *[LOST] * 8, Scripted([PICTURE] * 900)).drive(for_s=200)
    assert caplog.messages == [
        "camera live: scripted",
        "camera lost: the plug was pulled",
        "camera live: scripted",
    ]


def test_a_camera_of_damaged_pictures_keeps_its_remedy_while_it_is_tried_again() -> None:
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
