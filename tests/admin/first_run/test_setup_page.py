"""The checklist as a page and as a card on Home, and its file."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from admin.first_run import ticks
from admin.first_run.ticks import FILE_MAX_BYTES, Ticks
from app.commands.factory_reset import _to_delete
from app.events import Learning, Neutral, Sight
from app.part_status import CameraHealth
from app.telemetry.requests import Request, take
from app.telemetry.status import Aim, Alerts, Box, Signals
from config import password
from config.durable import StoreError
from config.paths import Paths
from tests.support.page import PASSWORD, post, say

CARD = 'class="setup-card"'


def works(paths: Paths) -> None:
    say(
        paths,
        camera=CameraHealth(state="live", source="/dev/video0"),
        signals=Signals(has_face=True, yaw_deg=1.0, pitch_deg=0.0),
        aim=Aim(Sight.CLEAR, None, 320, 240, Box(0.4, 0.3, 0.2, 0.3), 70.0, 60.0, Learning(1.0)),
        neutral=Neutral(1.0, 0.0, learnt=True),
        alerts=Alerts(buzzer_ok=True, led_ok=True),
    )


def confirm(owner: FlaskClient, *steps: str) -> None:
    for step in steps:
        assert post(owner, "/setup/confirm", step=step).status_code == 302


def test_the_card_on_home_counts_steps_and_disappears_when_all_are_done(owner: FlaskClient, paths: Paths) -> None:
    assert "0 of 8" not in owner.get("/").text, "the steps LED and certificate are done from the start"
    assert "2 of 8 done" in owner.get("/").text
    works(paths)
    assert "5 of 8 done" in owner.get("/").text
    confirm(owner, "place", "beep")
    text = owner.get("/").text
    assert CARD in text and "7 of 8 done" in text and "Password is your own" in text
    confirm(owner, "password")
    assert CARD not in owner.get("/").text
    assert "Everything is set up" in owner.get("/setup").text
    assert ticks.read(paths.first_run) == Ticks(
        place=True, beep=True, password=password.fingerprint(paths.admin_password)
    )


def test_the_checklist_can_be_put_away_and_shown_again(owner: FlaskClient) -> None:
    assert CARD in owner.get("/").text
    assert post(owner, "/setup/put-away").status_code == 302
    assert CARD not in owner.get("/").text
    assert 'href="/setup"' in owner.get("/account").text
    assert "Show on Home again" in owner.get("/setup").text
    post(owner, "/setup/put-away", show="1")
    assert CARD in owner.get("/").text


def test_steps_that_cannot_be_true_yet_are_not_confirmed(owner: FlaskClient, paths: Paths) -> None:
    confirm(owner, "place", "beep", "camera", "face")
    assert "cannot be confirmed yet" in owner.get("/setup").text
    assert ticks.read(paths.first_run) == Ticks()
    assert post(owner, "/setup/confirm", step="../evil").status_code == 400
    assert post(owner, "/setup/confirm").status_code == 400
    assert post(owner, "/setup/take-back", step="nothing").status_code == 400


def test_a_confirmed_step_can_be_undone(owner: FlaskClient, paths: Paths) -> None:
    works(paths)
    confirm(owner, "place", "password")
    for step in ("place", "password", "camera", "beep"):
        assert post(owner, "/setup/take-back", step=step).status_code == 302
    assert ticks.read(paths.first_run) == Ticks()


def test_the_buzzer_test_returns_to_the_checklist(owner: FlaskClient, paths: Paths) -> None:
    works(paths)
    assert "Test the buzzer" in owner.get("/setup").text
    answer = post(owner, "/ask", what="test-buzzer", back="setup")
    assert answer.headers["Location"] == "/setup"
    assert take(paths.run) == [Request.TEST_BUZZER]


def test_changing_the_password_ticks_its_step(owner: FlaskClient, paths: Paths) -> None:
    assert "The password is your own" not in owner.get("/setup").text
    chosen = "another horse battery"
    assert post(owner, "/password", old=PASSWORD, new=chosen, again=chosen).status_code == 302
    assert "The password is your own" in owner.get("/setup").text
    password.save(paths.admin_password, "made by the command line")
    assert ticks.read(paths.first_run).password != password.fingerprint(paths.admin_password)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 512,
        b"[1, 2]",
        b'{"place": "yes", "beep": 1}',
        b'{"place": tr',
        b"[" * 3000,
        b"x" * FILE_MAX_BYTES * 4,
    ],
)
def test_a_damaged_checklist_file_counts_as_empty_and_is_replaced(
    owner: FlaskClient, paths: Paths, damage: bytes
) -> None:
    paths.first_run.write_bytes(damage)
    assert ticks.read(paths.first_run) == Ticks()
    assert owner.get("/setup").status_code == 200
    works(paths)
    confirm(owner, "beep")
    assert json.loads(paths.first_run.read_text())["beep"] is True


def test_a_folder_in_place_of_the_checklist_file_confirms_nothing(owner: FlaskClient, paths: Paths) -> None:
    paths.first_run.mkdir()
    assert owner.get("/setup").status_code == 200
    works(paths)
    assert post(owner, "/setup/confirm", step="beep").status_code == 507
    with pytest.raises(StoreError):
        ticks.change(paths.first_run, beep=True)


def test_a_viewer_sees_the_checklist_but_cannot_confirm_steps(viewer: FlaskClient, paths: Paths) -> None:
    works(paths)
    assert CARD not in viewer.get("/").text
    text = viewer.get("/setup").text
    assert "5 of 8 done" in text and "/setup/confirm" not in text and "Put away" not in text
    assert viewer.get("/setup/part").status_code == 200
    assert post(viewer, "/setup/confirm", step="beep").status_code == 403
    assert ticks.read(paths.first_run) == Ticks()


def test_a_factory_reset_deletes_the_checklist_file(owner: FlaskClient, paths: Paths) -> None:
    works(paths)
    confirm(owner, "beep")
    assert paths.first_run in list(_to_delete(paths))


def test_the_page_draws_the_wiring_of_the_settings(owner: FlaskClient, paths: Paths) -> None:
    paths.config.write_text("raspberry_pi: {buzzer_pin: 5}\nalerting: {visual_alerts_enabled: true}\n")
    text = owner.get("/setup").text
    assert "Buzzer: position 29 (BCM 5) and position 30 (ground). LED: position 13 (BCM 27)" in text
    assert "style=" not in text
