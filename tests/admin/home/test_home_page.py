"""Home: status, picture, trip and strips."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from admin.home.verdict import SILENT
from app.events import WORDS, Level, State
from app.telemetry import course, failure, status
from app.telemetry.codec import plain
from app.telemetry.course import Course, Sample
from app.telemetry.status import TripSoFar
from config.paths import Paths
from tests.support.page import own_parts, say


@pytest.mark.parametrize("state", State)
def test_home_shows_each_state_in_words(owner: FlaskClient, paths: Paths, state: State) -> None:
    say(paths)
    latest = status.read(paths.status)
    assert latest is not None
    status.write(paths.status, replace(latest, state=state, problem="wipe the lens"))
    text = owner.get("/").text
    assert f"<strong>{WORDS[state]}</strong>" in text
    assert "wipe the lens" in text


def test_an_old_or_missing_status_is_shown_as_a_silent_detector(owner: FlaskClient, paths: Paths) -> None:
    assert SILENT in owner.get("/").text
    latest = say(paths)
    assert SILENT not in owner.get("/").text
    status.write(paths.status, replace(latest, time_s=latest.time_s - status.SILENT_S - 1))
    assert SILENT in owner.get("/").text
    status.write(paths.status, replace(latest, boot_id="another boot"))
    assert SILENT in owner.get("/").text


def test_without_a_detector_home_shows_neither_road_nor_trip(owner: FlaskClient, paths: Paths) -> None:
    text = owner.get("/").text
    assert "straight ahead" not in text and "none yet" not in text
    say(paths)
    text = owner.get("/").text
    assert "straight ahead" in text and "none yet" in text


def test_the_last_failure_is_shown_on_home_and_in_the_api(owner: FlaskClient, paths: Paths) -> None:
    failure.note(paths.failure, "it hung for 20 s while judging <a frame>", own_parts(owner).clock())
    for silent in (owner.get("/").text, owner.get("/banner/part").text):
        assert "it hung for 20 s while judging &lt;a frame&gt;" in silent
    assert "it hung for 20 s" in owner.get("/api/v1/status").get_json()["detail"]
    say(paths)
    text = owner.get("/").text
    assert "Last failure" in text and "it hung for 20 s" in text
    assert "failures since" not in text
    failure.note(paths.failure, "again", own_parts(owner).clock())
    assert "2 failures since the Pi was switched on" in owner.get("/").text


def test_a_journal_problem_is_shown_once_beside_other_problems(owner: FlaskClient, paths: Paths) -> None:
    for problem in ("the card is full", "wipe the lens"):
        say(paths, journal_problem="the card is full", problem=problem)
        assert owner.get("/").text.count("the card is full") == 1


def test_unmeasured_values_are_not_shown_as_zero(owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    text = owner.get("/").text
    assert text.count("not measurable now") >= 3
    assert "not enough seen yet" in text


def test_texts_of_the_detector_are_escaped(owner: FlaskClient, paths: Paths) -> None:
    say(paths, problem="<script>alert(1)</script>")
    assert "<script>alert" not in owner.get("/").text


def test_requesting_the_picture_asks_the_detector_for_it(owner: FlaskClient, paths: Paths) -> None:
    assert owner.get("/preview.jpg").status_code == 503
    assert paths.preview_wanted.exists()
    paths.preview.write_bytes(b"\xff\xd8picture")
    answer = owner.get("/preview.jpg")
    assert (answer.data, answer.mimetype, answer.headers["Cache-Control"]) == (
        b"\xff\xd8picture",
        "image/jpeg",
        "no-store",
    )


@pytest.mark.parametrize(
    ("trip", "words"),
    [
        (None, "none yet"),
        (TripSoFar(1200.0, score=100), "20 min · no alerts · score 100"),
        (TripSoFar(8159.0, 0, 1, 2, 40), "2 h 16 min · 2 alarms, 1 warning · score 40"),
        (TripSoFar(60.0, 2, 1, 0, 92, 31.4), "60 s, 31 km · 1 warning, 2 cautions · score 92"),
    ],
)
def test_the_trip_so_far_is_one_line(owner: FlaskClient, paths: Paths, trip: TripSoFar | None, words: str) -> None:
    say(paths, trip=trip)
    assert words in owner.get("/").text


def test_home_draws_strips_of_the_last_two_minutes(owner: FlaskClient, paths: Paths) -> None:
    assert "<polyline" not in owner.get("/").text
    say(paths)
    kept, now_s = Course(), own_parts(owner).clock()
    for number in range(100):
        figures = (number / 10, 0.0, None, 0.1, 0.02)
        kept.add(Sample(now_s - 100 + number, *figures, State.ATTENTIVE, Level.NONE))
    course.write(paths.course, kept.text())
    for path in ("/", "/status/part"):
        assert owner.get(path).text.count("<polyline") == 4


def test_an_alarm_is_in_the_title_and_announced_to_screen_readers(owner: FlaskClient, paths: Paths) -> None:
    latest = say(paths)
    status.write(paths.status, replace(latest, state=State.EYES_CLOSED, level=Level.ALARM))
    text = owner.get("/").text
    assert "<title>Alarm: eyes closed or lowered · drivewatch</title>" in text
    assert '<p class="unseen" role="alert">Alarm: eyes closed or lowered</p>' in text


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"state": 7, "signals": [], "trip": {"score": "x"}}', b"\xff" * 99]
)
def test_a_damaged_status_or_course_breaks_no_page(owner: FlaskClient, paths: Paths, damage: bytes) -> None:
    paths.status.write_bytes(damage)
    paths.course.write_bytes(damage)
    for path in ("/", "/status/verdict", "/status/part"):
        answer = owner.get(path)
        assert (answer.status_code, SILENT in answer.text) == (200, path != "/status/part")


@pytest.mark.parametrize("number", [0, -1e300, 1e300, 10**9])
def test_absurd_figures_in_status_or_course_break_no_page(owner: FlaskClient, paths: Paths, number: float) -> None:
    def foreign(value: object) -> object:
        if isinstance(value, dict):
            return {key: foreign(inner) for key, inner in value.items()}
        return number if value is None or (isinstance(value, int | float) and not isinstance(value, bool)) else value

    latest = replace(say(paths), trip=TripSoFar(), events=())
    told = foreign(plain(latest))
    assert isinstance(told, dict)
    for time_s in (number, latest.time_s):
        paths.status.write_text(json.dumps({**told, "time_s": time_s, "boot_id": latest.boot_id}))
        rows = [[latest.time_s - 60 + second, *[number] * 5, "attentive", 0] for second in range(60)]
        paths.course.write_text(json.dumps({"boot_id": latest.boot_id, "samples": [*rows, [number] * 6 + rows[0][6:]]}))
        assert {owner.get(path).status_code for path in ("/", "/status/verdict", "/status/part")} == {200}
