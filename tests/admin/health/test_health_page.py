"""The Health page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.health.health_page import libraries
from app.telemetry import failure, status
from app.telemetry.log_file import keep_line
from app.telemetry.status import Alerts
from config.paths import Paths
from tests.support.page import routes, say

WELL = Alerts(buzzer_ok=True, led_ok=True)


def test_without_problems_there_is_no_badge(owner: FlaskClient, paths: Paths) -> None:
    say(paths, alerts=WELL, version="")
    text = owner.get("/health").text
    assert "None found." in text
    assert 'class="count" hidden' in text and "<title>Health" in text


def test_every_page_counts_problems_in_navigation_and_title(owner: FlaskClient, paths: Paths) -> None:
    say(paths, journal_problem="the disk is full", alerts=WELL, version="")
    for path in ("/", "/health", "/settings/", "/events", "/account"):
        text = owner.get(path).text
        assert "<title>(1) " in text
        assert re.search(r'Health <span class="count">1<', text)


def test_a_stranger_sees_no_problem(stranger: FlaskClient, paths: Paths) -> None:
    say(paths, journal_problem="the disk is full")
    text = stranger.get("/login").text
    assert "<title>Sign in" in text and "disk is full" not in text


def test_a_problem_names_a_command_that_exists_on_this_machine(
    owner: FlaskClient, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = owner.get("/health").text
    assert f"<code>tail {paths.detector_log}</code>" in outside
    assert "snap" not in re.sub(r"<code>tail [^<]*</code>", "", outside).replace("source checkout", "")
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_two")
    inside = owner.get("/health").text
    assert "<code>sudo snap logs drivewatch_two.detector</code>" in inside


def test_the_log_is_escaped_and_filtered_with_the_newest_line_last(owner: FlaskClient, paths: Paths) -> None:
    for text in ("INFO first", "WARNING <script>alert(1)</script>", "ERROR last"):
        keep_line(paths.detector_log, text)
    text = owner.get("/health").text
    assert "<script>alert" not in text
    assert text.index("first") < text.index("&lt;script&gt;alert(1)") < text.index(">last<")
    warnings = owner.get("/health?level=WARNING").text
    assert ">first<" not in warnings and ">last<" in warnings
    assert ">last<" in owner.get("/health/log/part?log=detector&level=ERROR").text
    assert ">last<" not in owner.get("/health?log=page").text


@pytest.mark.parametrize("query", ["log=../../etc/passwd", "log=&level=", "level=DEBUG", "log=page&log=x", "level=%00"])
def test_unknown_log_choices_show_the_detectors_log(owner: FlaskClient, paths: Paths, query: str) -> None:
    keep_line(paths.detector_log, "INFO ours")
    assert owner.get(f"/health?{query}").status_code == 200


def test_the_log_can_be_downloaded_as_text(owner: FlaskClient, stranger: FlaskClient, paths: Paths) -> None:
    keep_line(paths.page_log, "INFO <ours>")
    answer = owner.get("/health/page.log")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="drivewatch-page.log"'
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+Z INFO <ours>\n", answer.text)
    assert owner.get("/health/passwd.log").status_code == 404
    assert stranger.get("/health/page.log").status_code == 302


def test_library_versions_are_read_from_the_installed_packages(tmp_path: Path) -> None:
    for name in ("numpy-2.4.6.dist-info", "evil-1.dist-info", "numpy.libs", "x"):
        (tmp_path / name).mkdir()
    assert libraries(tmp_path) == {"NumPy": "2.4.6"}
    assert libraries(tmp_path / "none") == {}
    assert "Flask" in libraries()


def test_a_running_detector_is_described_with_its_parts(owner: FlaskClient, paths: Paths) -> None:
    say(paths, alerts=WELL, vehicle=status.Vehicle(message="no receiver"), version="0.1.0")
    text = owner.get("/health").text
    for words in ("BCM 17", "no receiver", "0.1.0", "restart it", "Power", "Temperature", "127.0.0.1"):
        assert words in text


@pytest.mark.parametrize("snap", ["", "drivewatch_two"])
def test_no_page_names_a_command_that_does_not_exist_here(
    app: Flask, owner: FlaskClient, stranger: FlaskClient, paths: Paths, monkeypatch: pytest.MonkeyPatch, snap: str
) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", snap)
    failure.note(paths.failure, "it hung", 1.0)
    paths.admin_password.write_text("damaged")
    asked = [path for _, method, path in routes(app) if method == "GET" and "static" not in path]
    for text in (*(owner.get(path).text for path in asked), stranger.get("/login").text):
        named = re.findall(r"sudo (?:snap \w+ )?(\w+)[.:<]", text)
        assert [name for name in named if name.startswith("drivewatch") and name != snap] == []
        assert snap or "sudo snap" not in text


def test_a_viewer_sees_health_and_log(viewer: FlaskClient, paths: Paths) -> None:
    say(paths, journal_problem="the disk is full", alerts=WELL, version="")
    keep_line(paths.detector_log, "INFO ours")
    text = viewer.get("/health").text
    assert "The disk is full" in text and ">ours<" in text
    assert "<title>(1) " in viewer.get("/").text
    assert viewer.get("/health/detector.log").status_code == 200
