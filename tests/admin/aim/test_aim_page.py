"""The page that helps to aim the camera."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.events import Learning, Neutral, Sight
from app.part_status import CameraHealth
from app.telemetry import status
from app.telemetry.requests import Request, take
from app.telemetry.status import Aim, Box, Configuration, RoadRange, Signals
from config.paths import Paths
from tests.support.page import post, say

AIM = Aim(Sight.CLEAR, None, 320, 240, Box(0.37, 0.3, 0.26, 0.4), 80.0, 60.0, Learning(progress=0.35))


def seen(paths: Paths, **aim: object) -> None:
    say(
        paths,
        aim=Aim(**{name: getattr(AIM, name) for name in AIM.__slots__} | aim),
        signals=Signals(has_face=True, yaw_deg=12.0, pitch_deg=-3.0),
        neutral=Neutral(2.0, 1.0, learnt=False),
        camera=CameraHealth(state="live"),
        configuration=Configuration(fov_deg=53.0, road_range=RoadRange(0, 0, 25, 20)),
    )


def test_the_page_shows_marks_advice_and_progress(owner: FlaskClient, paths: Paths) -> None:
    seen(paths)
    for text in (owner.get("/aim").text, owner.get("/aim/part").text):
        assert 'viewBox="0 0 320 240"' in text
        assert "Good so far" in text
        assert 'aria-label="Road: 2° right, 1° up, not learnt yet. Head now: 12° right, 3° down."' in text
        assert re.search(r"<progress [^>]*value=\"0.35\"", text)
        assert "Learning: look at the road." in text


def test_advice_links_to_the_setting_that_helps(owner: FlaskClient, paths: Paths) -> None:
    seen(paths, sight=Sight.UPSIDE_DOWN, rotate_to=180, face=None)
    text = owner.get("/aim").text
    assert "upside down: set Rotate to 180" in text
    target = re.search(r'href="/settings/#([^"]+)"', text)
    assert target and f'id="{target[1]}"' in owner.get("/settings/").text


def test_opening_the_page_requests_the_picture(owner: FlaskClient, paths: Paths) -> None:
    text = owner.get("/aim").text
    assert paths.preview_wanted.exists()
    assert "<noscript><img" in text and "/preview.jpg" in text


def test_refreshing_a_part_does_not_request_the_picture(owner: FlaskClient, paths: Paths) -> None:
    owner.get("/aim/part")
    assert not paths.preview_wanted.exists()


@pytest.mark.parametrize(
    ("request_", "said"), [(Request.RECALIBRATE, "learns the road"), (Request.USE_DIRECTION, "two beeps")]
)
def test_both_buttons_send_their_request_to_the_detector(
    owner: FlaskClient, paths: Paths, request_: Request, said: str
) -> None:
    seen(paths)
    answer = post(owner, "/ask", what=request_.value, back="aim")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/aim")
    assert take(paths.run) == [request_]
    assert said in owner.get("/aim").text


def test_without_a_detector_the_page_says_so_and_shows_no_marks(owner: FlaskClient, paths: Paths) -> None:
    for text in (owner.get("/aim").text, owner.get("/aim/part").text):
        assert "not answering" in text
        assert "aim-face" not in text
    paths.status.write_text('{"aim": {"face": {"x": "wide"}, "learning": 7}, "signals": []}')
    assert owner.get("/aim").status_code == 200


def test_the_status_of_an_older_detector_is_shown_without_marks(owner: FlaskClient, paths: Paths) -> None:
    latest = say(paths, camera=CameraHealth(state="live"))
    raw = paths.status.read_text()
    assert status.read(paths.status) == latest
    paths.status.write_text(re.sub(r'"aim":\{.*?\}\},', "", raw))
    text = owner.get("/aim").text
    assert "aim-face" not in text
    assert "No picture" not in text, "such a detector reports no camera state for this page"


def test_commands_in_the_camera_message_are_shown_as_code(owner: FlaskClient, paths: Paths) -> None:
    say(paths, camera=CameraHealth(state="lost", message="not allowed: `sudo snap connect drivewatch:camera`"))
    assert "<code>sudo snap connect drivewatch:camera</code>" in owner.get("/aim").text


def test_home_links_to_the_aim_page(owner: FlaskClient) -> None:
    assert 'href="/aim"' in owner.get("/").text
