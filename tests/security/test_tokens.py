"""What a program with a token may do."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.auth.guard import API, SAFE_METHODS
from config.paths import Paths
from config.settings import DECLARATIONS
from tests.support.page import own_parts, routes, say

AWAY = (
    ("camera.source", "fake:attentive"),
    ("camera.source", "/etc/passwd"),
    ("camera.source", "/dev/vda"),
    ("camera.source", "/dev/video0/../../etc/passwd"),
    ("camera.source", "/dev/video0 "),
    ("camera.source", "/dev/v4l/by-id/../../../etc/passwd"),
    ("camera.source", "/dev/v4l/by-id/.."),
    ("camera.source", "//dev/video0"),
    ("camera.source", "trip.mp4"),
    ("camera.source", "\u0660"),  # a digit, but not an ASCII one
    ("raspberry_pi.gpio_chip", "/dev/sda"),
    ("raspberry_pi.gpio_chip", "/dev/gpiochip0/../sda"),
    ("raspberry_pi.gpio_chip", "/dev/shm/gpiochip0"),
    ("vehicle.source", "/dev/tty1"),
    ("vehicle.source", "/dev/ttyACM0/../sda"),
    ("vehicle.source", "/dev/serial/by-id/.."),
    ("vehicle.source", "/dev/shm/speeds"),
)
DEVICES = (
    ("camera.source", "auto"),
    ("camera.source", "0"),
    ("camera.source", "/dev/video12"),
    ("camera.source", "/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920_1F2E3D-video-index0"),
    ("camera.source", "/dev/v4l/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0-video-index0"),
    ("camera.source", None),
    ("raspberry_pi.gpio_chip", "/dev/gpiochip4"),
    ("raspberry_pi.buzzer_pin", 22),
    ("vehicle.source", "/dev/ttyACM0"),
    ("vehicle.source", "/dev/serial0"),
    ("vehicle.source", "/dev/serial/by-id/usb-u-blox_AG_-_www.u-blox.com_u-blox_7-if00"),
    ("vehicle.source", "can0"),
)


def bearer(client: FlaskClient, scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {own_parts(client).tokens.make(scope, scope)}"}


def test_s28_a_token_that_may_read_changes_nothing(app: Flask, stranger: FlaskClient, paths: Paths) -> None:
    say(paths)
    headers, tried = bearer(stranger, "read"), set()
    for endpoint, method, path in routes(app):
        if path.startswith(API):
            answer = stranger.open(path, method=method, headers=headers, json={"camera.width": 480})
            tried.add((method in SAFE_METHODS, answer.status_code))
            assert method in SAFE_METHODS or "may only read" in answer.get_json()["detail"], endpoint
    assert tried == {(True, 200), (False, 403)}
    assert not paths.config.exists()
    assert own_parts(stranger).restarter.progress().phase == "idle"


def test_s28_no_token_opens_pages_for_people(app: Flask, stranger: FlaskClient) -> None:
    """That is passwords, tokens, the whole file, uploads and earlier versions."""
    headers, walked = bearer(stranger, "control"), 0
    for endpoint, method, path in routes(app):
        if not path.startswith(API) and endpoint not in ("static", "api.healthz", "login.form", "login.sign_in"):
            answer = stranger.open(path, method=method, headers=headers)
            assert answer.headers.get("Location") == "/login", (method, path)
            walked += 1
    assert walked > 15


@pytest.mark.parametrize(("key", "value"), AWAY)
def test_s28_a_token_cannot_choose_sources_other_than_own_devices(stranger: FlaskClient, key: str, value: str) -> None:
    before = own_parts(stranger).store.load().version
    both = {"camera.width": 480, key: value}
    answer = stranger.patch("/api/v1/settings", headers=bearer(stranger, "control"), json=both)
    assert answer.status_code == 422
    (said,) = answer.get_json()["problems"]
    assert said.startswith(f"{key}: ") and "not through the API" in said
    assert own_parts(stranger).store.load().version == before


@pytest.mark.parametrize(("key", "value"), DEVICES)
def test_s28_a_token_may_choose_among_this_machines_devices(stranger: FlaskClient, key: str, value: object) -> None:
    answer = stranger.patch("/api/v1/settings", headers=bearer(stranger, "control"), json={key: value})
    assert answer.status_code == 200
    assert value in (None, answer.get_json()["settings"][key])


def test_s28_sending_back_a_value_set_by_a_person_is_allowed(stranger: FlaskClient, paths: Paths) -> None:
    paths.config.write_text("camera:\n  source: fake:attentive\n")
    headers = bearer(stranger, "control")
    settings = stranger.get("/api/v1/settings", headers=headers).get_json()["settings"]
    answer = stranger.patch("/api/v1/settings", headers=headers, json={**settings, "camera.width": 480})
    assert (answer.status_code, answer.get_json()["settings"]["camera.source"]) == (200, "fake:attentive")


def test_s28_every_text_setting_limits_what_a_token_may_set() -> None:
    """A path, a device or a name may lead away from this machine; a number or a choice cannot."""
    free = [key for key, one in DECLARATIONS.items() if one.kind is str and not one.choices and not one.api_form[0]]
    assert free == []
    for declaration in DECLARATIONS.values():
        if declaration.api_form[0]:
            assert re.fullmatch(declaration.api_form[0], str(declaration.default))
