"""The status of the detector on the page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from admin.pages.home_page import SILENT
from app.events import WORDS, State
from app.telemetry import failure, status
from config.paths import Paths
from tests.support.page import own_parts, say


@pytest.mark.parametrize("state", State)
def test_the_home_page_has_the_state_in_words(owner: FlaskClient, paths: Paths, state: State) -> None:
    say(paths)
    latest = status.read(paths.status)
    assert latest is not None
    status.write(paths.status, replace(latest, state=state, problem="wipe the lens"))
    text = owner.get("/").text
    assert f"<strong>{WORDS[state]}</strong>" in text
    assert "wipe the lens" in text


def test_a_status_that_is_old_or_missing_is_never_shown_as_the_present(owner: FlaskClient, paths: Paths) -> None:
    assert SILENT in owner.get("/").text
    latest = say(paths)
    assert SILENT not in owner.get("/").text
    status.write(paths.status, replace(latest, time_s=latest.time_s - status.SILENT_S - 1))
    assert SILENT in owner.get("/").text
    status.write(paths.status, replace(latest, boot_id="another boot"))
    assert SILENT in owner.get("/").text


def test_how_the_detector_last_failed_is_on_the_page_and_in_the_api(owner: FlaskClient, paths: Paths) -> None:
    failure.note(paths.failure, "it hung for 20 s while judging <a frame>", own_parts(owner).clock())
    for silent in (owner.get("/").text, owner.get("/status/part").text):
        assert "it hung for 20 s while judging &lt;a frame&gt;" in silent
    assert "it hung for 20 s" in owner.get("/api/v1/status").get_json()["detail"]
    say(paths)
    text = owner.get("/").text
    assert "Last failure" in text and "it hung for 20 s" in text
    assert "failures since" not in text
    failure.note(paths.failure, "again", own_parts(owner).clock())
    assert "2 failures since the Pi was switched on" in owner.get("/").text


def test_what_cannot_be_measured_is_not_shown_as_zero(owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    text = owner.get("/").text
    assert text.count("not measurable now") >= 3
    assert "not enough seen yet" in text


def test_what_the_detector_says_cannot_become_markup(owner: FlaskClient, paths: Paths) -> None:
    say(paths, problem="<script>alert(1)</script>")
    assert "<script>alert" not in owner.get("/").text


def test_asking_for_the_picture_asks_the_detector(owner: FlaskClient, paths: Paths) -> None:
    assert owner.get("/preview.jpg").status_code == 503
    assert paths.preview_wanted.exists()
    paths.preview.write_bytes(b"\xff\xd8picture")
    answer = owner.get("/preview.jpg")
    assert (answer.data, answer.mimetype, answer.headers["Cache-Control"]) == (
        b"\xff\xd8picture",
        "image/jpeg",
        "no-store",
    )
