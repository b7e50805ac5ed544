"""The steps of the first run, from status, settings and the confirmed steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from admin.first_run.checklist import Checklist, Known, Step, checklist
from admin.first_run.ticks import Ticks
from app.events import Learning, Neutral, Sight, WaitsFor
from app.part_status import CameraHealth
from app.telemetry.status import Aim, Alerts, Box, Signals, Status
from config.certificates import Certificate
from config.https import Listening
from config.settings import Settings

COMMAND = "sudo drivewatch.enable-https self-signed"
FINGERPRINT = "AB:CD"
HASH = "the hash in force"
SELF_SIGNED = Certificate(Path("c"), Path("c"), True, False, FINGERPRINT, "2027")
SEEN = Status(
    camera=CameraHealth(state="live", source="/dev/video0 (uvcvideo)"),
    signals=Signals(has_face=True, yaw_deg=1.0, pitch_deg=0.0),
    aim=Aim(Sight.CLEAR, None, 320, 240, Box(0.4, 0.3, 0.2, 0.3), 70.0, 60.0, Learning(1.0)),
    neutral=Neutral(1.0, 0.0, learnt=True),
    alerts=Alerts(buzzer_ok=True, led_ok=True),
)
LED = replace(Settings(), alerting=replace(Settings().alerting, visual_alerts_enabled=True))
ALL = Ticks(place=True, beep=True, led=True, fingerprint=FINGERPRINT, password=HASH)
NEW = Known(SEEN, LED, Ticks(), Listening("::", 8443, SELF_SIGNED), HASH, COMMAND)


def step(key: str, known: Known) -> Step:
    return next(one for one in checklist(known).steps if one.key == key)


def done(known: Known) -> list[str]:
    return [one.key for one in checklist(known).steps if one.is_done]


def test_steps_that_the_detector_sees_tick_themselves() -> None:
    nothing = replace(NEW, status=Status(camera=CameraHealth(state="lost", message="plug a USB camera in")))
    assert done(nothing) == []
    assert "plug a USB camera in" in step("camera", nothing).words
    empty = replace(SEEN, signals=Signals(), aim=replace(SEEN.aim, face=None), neutral=Neutral(0, 0, learnt=False))
    assert done(replace(NEW, status=empty)) == ["camera"]
    assert "No face" in step("face", replace(NEW, status=empty)).words
    assert done(NEW) == ["camera", "face", "road"]


def test_learning_says_what_it_is_waiting_for() -> None:
    waits = replace(
        SEEN, neutral=Neutral(0, 0, learnt=False), aim=replace(SEEN.aim, learning=Learning(0.2, WaitsFor.MOTION))
    )
    assert "until the vehicle drives" in step("road", replace(NEW, status=waits)).words


def test_without_a_detector_only_confirmed_steps_are_done() -> None:
    assert done(replace(NEW, status=None)) == []
    assert done(replace(NEW, status=None, ticks=ALL)) == [
        *("camera", "face", "road", "place"),
        *("beep", "led", "https", "password"),
    ]


def test_the_place_can_be_confirmed_only_with_a_face_and_a_learnt_road() -> None:
    assert step("place", NEW).may_confirm
    assert not step("place", replace(NEW, status=None)).may_confirm
    assert not step("place", replace(NEW, status=replace(SEEN, signals=Signals()))).may_confirm
    assert not step("place", replace(NEW, status=replace(SEEN, neutral=Neutral(0, 0, learnt=False)))).may_confirm


def test_a_confirmed_place_keeps_earlier_steps_done_without_a_driver() -> None:
    left = replace(NEW, status=replace(SEEN, signals=Signals()), ticks=Ticks(place=True))
    assert done(left)[:4] == ["camera", "face", "road", "place"]


def test_without_a_buzzer_its_step_cannot_be_confirmed() -> None:
    alerts = Alerts(buzzer_message="no GPIO chip: `sudo snap connect drivewatch:gpio-control`", led_ok=True)
    none = step("beep", replace(NEW, status=replace(SEEN, alerts=alerts)))
    assert not none.may_confirm and not none.is_done
    assert "sudo snap connect" in none.words
    rendered = replace(SEEN, alerts=alerts, camera=CameraHealth("live", "fake:commute"))
    needless = step("beep", replace(NEW, status=rendered))
    assert needless.is_done and needless.words == "Not needed: no driver sits before fake:commute."
    assert step("beep", NEW).may_confirm


def test_the_led_step_is_done_while_the_led_is_switched_off() -> None:
    assert step("led", replace(NEW, settings=Settings())).is_done
    assert step("led", NEW).may_confirm
    assert "every four seconds" in step("led", NEW).words
    quiet = replace(LED, alerting=replace(LED.alerting, signs_of_life=False))
    assert "Look away" in step("led", replace(NEW, settings=quiet)).words
    broken = replace(SEEN, alerts=Alerts(buzzer_ok=True, led_message="the pin is taken"))
    assert "the pin is taken" in step("led", replace(NEW, status=broken)).words


def test_the_fingerprint_is_shown_with_the_command_that_prints_it() -> None:
    asked = step("https", NEW)
    assert FINGERPRINT in asked.words and COMMAND in asked.words
    assert asked.may_confirm and not asked.is_done
    assert step("https", replace(NEW, ticks=ALL)).is_done
    renewed = Listening("::", 8443, replace(SELF_SIGNED, fingerprint="EF:01"))
    assert not step("https", replace(NEW, ticks=ALL, where=renewed)).is_done


@pytest.mark.parametrize(
    ("where", "is_done"),
    [
        (Listening("127.0.0.1", 8080, None), True),
        (Listening("0.0.0.0", 8080, None), False),
        (Listening("::", 8443, replace(SELF_SIGNED, is_self_signed=False, is_trusted=True)), True),
        (Listening("::", 8443, replace(SELF_SIGNED, is_self_signed=False)), False),
    ],
)
def test_the_https_step_is_done_with_a_trusted_certificate_or_only_local_access(
    where: Listening, *, is_done: bool
) -> None:
    assert step("https", replace(NEW, where=where)).is_done is is_done


def test_the_password_step_is_open_again_after_a_new_password() -> None:
    assert step("password", replace(NEW, ticks=ALL)).is_done
    assert not step("password", replace(NEW, ticks=ALL, password="another")).is_done
    assert not step("password", replace(NEW, ticks=Ticks(), password="")).is_done


def test_the_checklist_has_no_next_step_when_all_are_done() -> None:
    assert checklist(replace(NEW, ticks=ALL)) == Checklist(checklist(replace(NEW, ticks=ALL)).steps)
    assert checklist(replace(NEW, ticks=ALL)).following is None
    first = checklist(NEW).following
    assert first is not None and first.key == "place"
