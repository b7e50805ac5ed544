"""Deleting all events and trips on the page: the request is kept until done, shown meanwhile, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.journal import deletion
from app.journal.journal import Journal
from app.telemetry.requests import Request, take
from config.paths import Paths
from tests.support.events import three_events
from tests.support.page import post, say


def test_deleting_events_is_requested_and_shown_until_done(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    say(paths)
    assert post(owner, "/events/delete").headers["Location"] == "/trips"
    assert take(paths.run) == [Request.DELETE_EVENTS]
    for path in ("/trips", "/events"):
        text = owner.get(path).text
        assert "are being deleted" in text and "few seconds" in text
        assert 'href="/events/3"' not in text and "Delete all events and trips now" not in text
    assert "are being deleted" in owner.get("/events/deletion").text
    Journal(paths.events, "the next start").close()  # after the detector that took the request was killed
    assert "are deleted" in owner.get("/events/deletion").text
    assert "0 events" in owner.get("/events").text and "No trips yet" in owner.get("/trips").text


def test_a_deletion_waits_for_a_silent_detector_and_says_so(owner: FlaskClient, paths: Paths) -> None:
    three_events(paths.events)
    post(owner, "/events/delete")
    assert "as soon as it runs again" in owner.get("/events").text
    say(paths, journal_problem="the disk is full")
    assert "It waits, as the disk is full" in owner.get("/trips").text
    (paths.data / "config.yaml").write_text("analysis:\n  event_history: false\n")
    say(paths)
    assert "when it is restarted" in owner.get("/trips").text


def test_a_deletion_that_cannot_be_requested_is_refused_with_the_reason(
    owner: FlaskClient, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_events(paths.events)

    def refuse(path: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(deletion, "ask", refuse)
    post(owner, "/events/delete")
    text = owner.get("/trips").text
    assert "Nothing is deleted" in text and "Read-only file system" in text
