"""The page as browsers and attackers meet it, through Flask's test client; test_admin_server.py has the real server."""

from __future__ import annotations

import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.application import create_app
from admin.auth.throttle import FAILURES
from admin.pages.status_page import SILENT
from app.events import WORDS, Event, Level, State
from app.journal.journal import Journal
from app.telemetry import failure, status
from config import password
from config.paths import Paths
from tests.support.page import OPEN, PASSWORD, WRONG, own_parts, post, routes, say, sign_in, token_of

ORIGIN = "http://localhost"


def test_every_route_but_the_open_ones_needs_a_login(app: Flask, stranger: FlaskClient) -> None:
    walked = set()
    for endpoint, method, path in routes(app):
        answer = stranger.open(path, method=method)
        if endpoint not in OPEN:
            walked.add(endpoint)
            assert answer.status_code in (302, 401), (method, path)
            assert answer.headers.get("Location", "/login") == "/login"
    assert len(walked) > 15


def test_every_change_needs_the_sessions_token(app: Flask, owner: FlaskClient) -> None:
    before = own_parts(owner).store.load().version
    for endpoint, method, path in routes(app):
        if method != "GET" and endpoint not in OPEN:
            assert owner.open(path, method=method).status_code == 403, (method, path)
            assert owner.open(path, method=method, data={"csrf_token": "x"}).status_code == 403
    assert own_parts(owner).store.load().version == before


def test_a_request_from_another_page_changes_nothing(owner: FlaskClient) -> None:
    token = token_of(owner)
    for origin, code in (("http://evil.example", 403), ("null", 403), (ORIGIN, 302)):
        answer = owner.post("/ask", data={"csrf_token": token, "what": "mute"}, headers={"Origin": origin})
        assert answer.status_code == code


@pytest.mark.parametrize(
    "host", ("evil.example", "192.168.0.1.evil.example", "localhost.evil.example", "a b", "x" * 300)
)
def test_another_hosts_name_is_refused_on_every_route(app: Flask, owner: FlaskClient, host: str) -> None:
    for _, method, path in routes(app):
        assert owner.open(path, method=method, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ("127.0.0.1:8080", "192.168.1.7", "[::1]:8080", "localhost", "drivewatch.local:8443"))
def test_addresses_and_own_names_are_welcome(stranger: FlaskClient, host: str) -> None:
    assert stranger.get("/login", headers={"Host": host}).status_code == 200


def test_every_answer_forbids_foreign_content_and_framing(app: Flask, owner: FlaskClient) -> None:
    paths = [path for _, method, path in routes(app) if method == "GET"]
    for path in (*paths, "/nowhere", "/static/page.css", "/static/nothing.js"):
        with owner.get(path) as answer:  # a file is sent as it is read
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_has_script_style_or_content_that_the_policy_would_refuse(
    app: Flask, owner: FlaskClient, paths: Paths
) -> None:
    say(paths)
    for _, method, path in routes(app):
        text = owner.get(path).text if method == "GET" and "static" not in path else ""
        if text.startswith("<!doctype html>"):
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|https?://", text), path


def test_without_a_password_the_page_says_how_to_make_one(stranger: FlaskClient, paths: Paths) -> None:
    paths.admin_password.unlink()
    assert "drivewatch.admin-password" in stranger.get("/login").text
    assert sign_in(stranger, "").status_code == 403
    assert sign_in(stranger).status_code == 403


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(stranger: FlaskClient) -> None:
    cookie = sign_in(stranger).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert cookie.startswith("sid=")
    secure = stranger.post("/login", data={"password": PASSWORD}, base_url="https://localhost").headers["Set-Cookie"]
    assert secure.startswith("__Host-sid=")
    assert "Secure" in secure.split("; ")


def test_six_wrong_passwords_slow_this_client_down_and_no_other(app: Flask) -> None:
    client = app.test_client()
    codes = [sign_in(client, WRONG).status_code for _ in range(6)]
    assert codes == [403] * 5 + [429]
    assert int(sign_in(client).headers["Retry-After"]) > 60  # the right one must wait as well
    other = client.post("/login", data={"password": PASSWORD}, environ_base={"REMOTE_ADDR": "127.0.0.2"})
    assert other.status_code == 302


def test_guesses_at_the_same_time_are_counted_as_if_one_followed_another(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password, "N", 2)  # else the last of them may wait too long on a busy machine
    with ThreadPoolExecutor(8) as clients:
        codes = list(clients.map(lambda _: sign_in(app.test_client(), WRONG).status_code, range(8)))
    assert set(codes) == {403, 429}
    assert codes.count(403) <= FAILURES  # fewer where a slow machine sends some away as busy


def test_signing_out_ends_the_session(app: Flask, owner: FlaskClient) -> None:
    cookie = owner.get_cookie("sid")
    assert cookie is not None
    assert post(owner, "/logout").status_code == 302
    owner.set_cookie("sid", cookie.value)
    assert owner.get("/").headers["Location"] == "/login"


def test_another_password_ends_all_other_sessions(app: Flask, owner: FlaskClient) -> None:
    elsewhere = app.test_client()
    sign_in(elsewhere)
    new = "another horse, another staple"
    assert post(owner, "/password", old=WRONG, new=new, again=new).status_code == 403
    assert post(owner, "/password", old=PASSWORD, new="short", again="short").status_code == 422
    assert post(owner, "/password", old=PASSWORD, new=new, again=WRONG).status_code == 422
    assert elsewhere.get("/").status_code == 200
    assert post(owner, "/password", old=PASSWORD, new=new, again=new).status_code == 302
    assert elsewhere.get("/").status_code == 302
    assert owner.get("/").status_code == 200
    assert sign_in(elsewhere).status_code == 403
    assert sign_in(elsewhere, new).status_code == 302


def test_a_session_outlives_the_worker(paths: Paths, owner: FlaskClient) -> None:
    cookie = owner.get_cookie("sid")
    assert cookie is not None
    after = create_app(paths).test_client()
    after.set_cookie("sid", cookie.value)
    assert after.get("/").status_code == 200


@pytest.mark.parametrize("state", State)
def test_the_status_page_has_the_state_in_words(owner: FlaskClient, paths: Paths, state: State) -> None:
    say(paths)
    latest = status.read(paths.status)
    assert latest is not None
    status.write(paths.status, replace(latest, state=state, health="wipe the lens"))
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
    say(paths, health="<script>alert(1)</script>")
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


@pytest.mark.parametrize("request_", (status.Request.MUTE, status.Request.TEST_BUZZER, status.Request.RECALIBRATE))
def test_requests_reach_the_detector(owner: FlaskClient, paths: Paths, request_: status.Request) -> None:
    assert post(owner, "/ask", what=request_.value).status_code == 302
    assert status.take(paths.run) == [request_]
    assert post(owner, "/ask", what="../evil").status_code == 400


def test_the_memory_page_has_the_kernels_figures(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=os.getpid(), memory=status.Memory(pss_mb=61.5))
    text = owner.get("/memory").text
    shown = re.findall(r"</th>\s*<td>([0-9.]+)</td><td>([0-9.]+)</td>", text)  # PSS and RSS
    rss_mb = int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
    assert len(shown) == 3
    assert float(shown[0][0]) == pytest.approx(61.5, abs=0.5)  # as the detector said
    assert float(shown[0][1]) == pytest.approx(rss_mb, rel=0.01)
    assert "No readings yet" in text


def test_the_memory_page_says_what_is_saved_and_why(owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    assert "nothing needs saving" in owner.get("/memory").text
    saving = ("every 2nd frame is analysed", "the preview has quality 50")
    say(paths, memory=status.Memory(rung=2, rungs=5, saving=saving, saving_reason="only 45 MB are available"))
    text = owner.get("/memory/part").text
    assert "saving on rung 2 of 5, as only 45 MB are available: " + ", ".join(saving) in text


def test_a_detector_that_is_gone_has_no_figures(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=2**22 + 1)
    assert "not running, or not readable" in owner.get("/memory").text


def events(paths: Paths) -> None:
    journal = Journal(paths.events, "boot")
    wall_s = 1_790_000_000.0
    for number, kind in enumerate((State.LOOKING_AWAY, State.DROWSY, State.EYES_CLOSED)):
        onset_s = 100.0 * number
        journal.record(Event(kind, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 4), wall_s + onset_s, onset_s)
    journal.close()


def test_events_come_newest_first_and_can_be_filtered_and_downloaded(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    text = owner.get("/events").text
    rows = [f"{words}</td>" for words in ("eyes closed or lowered", "drowsy", "looking away from the road")]
    assert [text.index(row) for row in rows] == sorted(text.index(row) for row in rows)
    assert rows[0] not in owner.get("/events?kind=drowsy").text
    assert "None." in owner.get("/events?day=2001-01-01").text
    assert len(owner.get("/events.json?day=2026-09-21").get_json()) == 3
    assert owner.get("/events.csv").text.splitlines()[1].startswith("3,eyes_closed,warning,2026-09-21T")
    found = owner.get("/events.json?kind=drowsy").get_json()
    assert [(one["kind"], one["duration_s"]) for one in found] == [("drowsy", 4.0)]


def test_after_a_revert_the_page_shows_what_is_recorded_beside_the_newer_file(owner: FlaskClient, paths: Paths) -> None:
    events(paths)
    assert "new events are in" not in owner.get("/events").text
    with closing(sqlite3.connect(paths.events)) as db:
        db.execute("PRAGMA user_version = 99")
    text = owner.get("/events").text
    assert "written by a newer drivewatch, with schema 99" in text and "0 events" in text
    events(paths)
    text = owner.get("/events").text
    assert "new events are in events.sqlite.schema-1" in text and "sudo snap refresh drivewatch" in text
    assert "3 events" in text and len(owner.get("/events.json").get_json()) == 3


def test_a_day_of_events_is_that_of_the_browser(owner: FlaskClient, paths: Paths) -> None:
    events(paths)  # at 14:13:20, 14:15 and 14:16:40 UTC
    day = {"day": "2026-09-22", "utc_from": "2026-09-21T14:15:00+00:00", "utc_to": "2026-09-22T14:15:00+00:00"}
    assert [one["id"] for one in owner.get("/events.json", query_string=day).get_json()] == [3, 2]
    assert owner.get("/events.csv", query_string={**day, "kind": "drowsy"}).text.count("\n") == 2
    assert "utc_from=2026-09-21T14:15:00%2B00:00" in owner.get("/events", query_string=day).text


def test_many_events_come_in_pages(owner: FlaskClient, paths: Paths) -> None:
    journal = Journal(paths.events, "boot")
    for onset_s in range(60):
        journal.record(Event(State.DROWSY, Level.WARNING, onset_s, onset_s, onset_s, onset_s + 1), onset_s, onset_s)
    journal.close()
    first = owner.get("/events").text
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    second = owner.get(older[1].replace("&amp;", "&")).text
    assert (first.count("<time"), second.count("<time"), "Older" in second, "Newer" in second) == (50, 10, False, True)


def test_deleting_all_events_is_asked_of_the_detector(owner: FlaskClient, paths: Paths) -> None:
    assert post(owner, "/events/delete").status_code == 302
    assert status.take(paths.run) == [status.Request.DELETE_EVENTS]


def machine(client: FlaskClient) -> dict[str, str]:
    made = re.search(r"<code>(dw_[^<]+)</code>", post(client, "/account/tokens", label="fleet").text)
    assert made
    return {"Authorization": f"Bearer {made[1]}"}


def test_a_token_opens_the_api_and_nothing_else_until_it_is_revoked(
    app: Flask, owner: FlaskClient, paths: Paths
) -> None:
    say(paths)
    headers, client = machine(owner), app.test_client()
    assert client.get("/api/v1/status").status_code == 401
    assert client.get("/api/v1/status", headers=headers).get_json()["status"]["state"] == "attentive"
    assert client.get("/metrics", headers=headers).text.startswith("# HELP drivewatch_up")
    assert client.get("/", headers=headers).status_code == 302
    assert client.get("/api/v1/status", headers={"Authorization": "Bearer dw_x"}).status_code == 401
    token_id = re.search(r'name="id" value="([^"]+)"', owner.get("/account").text)
    assert token_id
    post(owner, "/account/tokens/revoke", id=token_id[1])
    assert client.get("/api/v1/status", headers=headers).status_code == 401


def test_the_api_says_when_the_detector_is_silent(app: Flask, owner: FlaskClient) -> None:
    answer = app.test_client().get("/api/v1/status", headers=machine(owner))
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert SILENT in answer.get_json()["detail"]


def test_settings_are_changed_whole_or_not_at_all(app: Flask, owner: FlaskClient) -> None:
    headers, client = machine(owner), app.test_client()
    read = client.get("/api/v1/settings", headers=headers)
    changed = client.patch("/api/v1/settings", headers=headers, json={"camera.width": 480, "camera.height": 360})
    assert changed.get_json()["settings"]["camera.width"] == 480
    both = {"camera.width": 640, "camera.height": -1}
    refused = client.patch("/api/v1/settings", headers=headers, json=both)
    assert (refused.status_code, "camera.height" in refused.get_json()["problems"][0]) == (422, True)
    assert client.get("/api/v1/settings", headers=headers).get_json()["settings"]["camera.width"] == 480
    stale = client.patch(
        "/api/v1/settings", headers={**headers, "If-Match": read.headers["ETag"]}, json={"camera.width": 320}
    )
    assert stale.status_code == 412


HOSTILE = (
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b"{}", 400),
    (b"\xff\xfe", 400),
    (b"[" * 20_000, 400),
    (b'{"camera.width": NaN}', 422),
    (b'{"camera.width": 1e999}', 422),
    (b'{"camera.width": -5}', 422),
    (b'{"camera.width": "480"}', 422),
    (b'{"camera.width": [1]}', 422),
    (b'{"camera": {"width": 480}}', 422),
    (b'{"no.such": 1}', 422),
    (b'{"camera.width": ' + b"9" * 5000 + b"}", 400),
)


@pytest.mark.parametrize(("body", "code"), HOSTILE)
def test_a_bad_body_gets_a_clear_error_and_nothing_is_lost(
    app: Flask, owner: FlaskClient, body: bytes, code: int
) -> None:
    before = own_parts(owner).store.load().version
    answer = app.test_client().patch(
        "/api/v1/settings", headers=machine(owner), data=body, content_type="application/json"
    )
    assert (answer.status_code, answer.mimetype) == (code, "application/problem+json")
    assert own_parts(owner).store.load().version == before


def test_a_body_that_is_too_large_is_refused(app: Flask, owner: FlaskClient) -> None:
    answer = app.test_client().patch(
        "/api/v1/settings", headers=machine(owner), data=b" " * 200_000, content_type="application/json"
    )
    assert answer.status_code == 413


def test_every_described_path_exists_and_every_api_route_is_described(app: Flask, owner: FlaskClient) -> None:
    described = {
        (path, method.upper())
        for path, methods in owner.get("/api/v1/openapi.json").get_json()["paths"].items()
        for method in methods
    }
    machines = {(path, method) for endpoint, method, path in routes(app) if endpoint.startswith("api.")}
    assert described == machines
