"""The actions on Home: requests to the detector, and their answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from admin.home.actions import ANSWERS, Action, actions
from admin.home.verdict import OVERDUE_S
from app.part_status import CameraHealth
from app.telemetry.requests import LASTS, Request, take
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Alerts, Status
from config.paths import Paths
from tests.support.page import post, say

NOW_S = 1000.0
WELL = Status(boot_id=boot_id(), time_s=NOW_S, alerts=Alerts(buzzer_ok=True))


def test_actions_that_the_detector_would_refuse_are_disabled_with_a_reason() -> None:
    assert [action.why_not for action in actions(WELL, NOW_S)] == ["", "", ""]
    for silent in (None, replace(WELL, time_s=NOW_S - OVERDUE_S - 1), replace(WELL, boot_id="another")):
        assert {action.why_not for action in actions(silent, NOW_S)} == {"it is not answering"}
    assert {action.why_not for action in actions(WELL, NOW_S, is_restarting=True)} == {"it is being restarted"}
    test, *others = actions(replace(WELL, alerts=Alerts(buzzer_message="no GPIO chip")), NOW_S)
    assert test.why_not == "no GPIO chip" and not any(action.why_not for action in others)
    test, *_ = actions(replace(WELL, camera=CameraHealth("live", "fake:commute"), alerts=Alerts()), NOW_S)
    assert test.why_not == "fake:commute needs none"


def test_the_mute_action_shows_minutes_left_until_the_mute_ends() -> None:
    muted = replace(WELL, alerts=Alerts(buzzer_ok=True, muted_until_s=NOW_S + 61))
    for after_s, what, left in ((0, "end-mute", "2 min"), (2, "end-mute", "1 min"), (61, "mute", "")):
        now_s = NOW_S + after_s
        assert actions(replace(muted, time_s=now_s), now_s)[-1] == Action(what, left)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Request.MUTE, "silent for 10 minutes; alarms are not"),
        (Request.END_MUTE, "Cautions and warnings sound again"),
        (Request.TEST_BUZZER, "plays the test sound now"),
        (Request.RECALIBRATE, "look at the road for 20 s"),
    ],
)
def test_each_action_sends_its_request_and_confirms_it(
    owner: FlaskClient, paths: Paths, wanted: Request, said: str
) -> None:
    say(paths, alerts=Alerts(buzzer_ok=True))
    assert post(owner, "/ask", what=wanted.value).status_code == 302
    assert take(paths.run) == [wanted]
    assert said in owner.get("/").text


@pytest.mark.parametrize("what", ["", "../evil", "delete-events"])
def test_requests_without_a_button_are_refused(owner: FlaskClient, paths: Paths, what: str) -> None:
    say(paths)
    assert post(owner, "/ask", what=what).status_code == 400
    assert take(paths.run) == []


def test_without_a_buzzer_or_detector_no_request_is_sent_and_the_reason_is_shown(
    owner: FlaskClient, paths: Paths
) -> None:
    post(owner, "/ask", what="test-buzzer")
    assert "The detector could not be asked: it is not answering." in owner.get("/").text
    say(paths, alerts=Alerts(buzzer_message="no GPIO chip: `ls /dev/gpiochip*`"))
    page = owner.get("/").text
    assert "The buzzer cannot be tested: no GPIO chip: <code>ls /dev/gpiochip*</code>." in page
    post(owner, "/ask", what="test-buzzer")
    assert "could not be asked: no GPIO chip" in owner.get("/").text
    assert take(paths.run) == []


def test_every_request_has_an_answer_text() -> None:
    assert set(ANSWERS) == set(Request) - LASTS


def test_every_page_shows_a_mute_and_home_can_end_it(owner: FlaskClient, paths: Paths) -> None:
    latest = say(paths)
    say(paths, alerts=Alerts(buzzer_ok=True, muted=True, muted_until_s=latest.time_s + 400))
    for path in ("/", "/settings/", "/events", "/memory", "/account", "/restart", "/nowhere"):
        assert "Muted: 7 min left" in owner.get(path).text, path
    assert "End the mute (7 min left)" in owner.get("/").text
