"""The lines of the banner: when each appears and disappears."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.banner.lines import Facts, Line, Link, due, lines
from admin.health.machine import Machine
from admin.restart.course import IDLE
from app.events import State
from app.part_status import CameraHealth
from app.telemetry.failure import Failure
from app.telemetry.run_folder import boot_id
from app.telemetry.status import SILENT_S, Alerts, Configuration, Status
from config.check import Problem
from config.settings import Settings
from config.store import NO_FILE, Loaded, version_of
from tests.support.banner import LOADED, NOW_S, WELL, facts

GONE = replace(WELL, time_s=NOW_S - SILENT_S - 1)


def kinds(found: Facts) -> list[str]:
    return [line.kind for line in lines(found)]


def only(found: Facts) -> Line:
    (line,) = lines(found)
    return line


def test_the_banner_is_empty_without_problems() -> None:
    assert lines(facts()) == ()


def test_a_due_restart_names_the_changed_settings_and_offers_a_button() -> None:
    line = only(facts(due=("camera.target_fps", "alerting.visual_alerts_enabled")))
    assert line.more == "It changes Frame rate (camera.target_fps) and LED (alerting.visual_alerts_enabled)."
    assert [button.label for button in line.buttons] == ["Restart now"]
    many = only(facts(due=("camera.width", "camera.height", "camera.rotate", "camera.mirror", "profile")))
    assert many.more.endswith("Turn the picture (camera.rotate) and 2 more.")
    assert only(facts(due=None)).more == "It changes settings."


@pytest.mark.parametrize("phase", ("stopping", "starting"))
def test_a_restart_under_way_is_the_only_line_about_the_detector(phase: str) -> None:
    progress = replace(IDLE, phase=phase, message="The detector is starting.", began_s=NOW_S - 7)  # type: ignore[arg-type]
    line = only(facts(latest=GONE, progress=progress, due=("camera.width",)))
    assert (line.kind, line.more) == ("restarting", "The detector is starting. For 7 s so far.")


def test_a_roll_back_is_explained_until_the_settings_change() -> None:
    progress = replace(IDLE, phase="rolled_back", wanted="v2", undone="no camera at /dev/video99", rejected="v3")
    line = only(facts(progress=progress))
    assert line.words == "New settings failed, old ones restored" and line.more == "Why: no camera at /dev/video99."
    assert line.link is not None and line.link.label == "Edit the rejected version again"
    assert kinds(facts(progress=replace(progress, wanted="v1"))) == []


def test_a_failed_restart_is_shown_until_the_detector_watches() -> None:
    progress = replace(IDLE, phase="failed", message="The detector does not watch: it ends again and again")
    blind = replace(WELL, state=State.NO_CAMERA)
    for latest in (None, GONE, blind):
        line = only(facts(latest=latest, progress=progress))
        assert line.kind == "failed" and line.link == Link("Edit the settings", "settings.show")
    assert kinds(facts(progress=progress)) == []


@pytest.mark.parametrize(
    ("latest", "words"),
    [
        (None, "The detector does not run"),
        (replace(WELL, boot_id="another"), "The detector does not run"),
        (replace(WELL, time_s=NOW_S - 130), "The detector has not answered for 2 min"),
        (GONE, "The detector has not answered for 6 s"),
    ],
)
def test_a_silent_detector_is_shown_with_the_time_and_a_remedy(latest: Status | None, words: str) -> None:
    failed = Failure(NOW_S - 9, boot_id(), "it hung for 20 s")
    line = only(facts(latest=latest, failure=failed, log_command="tail log", due=("camera.width",)))
    assert (line.kind, line.tone, line.words) == ("silent", "bad", words)
    assert line.more == "It last failed because it hung for 20 s. If a restart does not help: `tail log` shows why."
    assert [button.label for button in line.buttons] == ["Restart now"]
    never = only(facts(latest=None))
    assert never.words == "The detector has not run since this machine was switched on"


def test_an_unreadable_run_folder_is_given_as_the_reason() -> None:
    line = only(facts(latest=None, folder_problem="/run/drivewatch is another user's: `ls -ld` shows whose"))
    assert line.words == "The detector cannot be told, and asked nothing" and "another user's" in line.more


def test_settings_fixed_by_the_command_line_are_named() -> None:
    fixed = replace(WELL, configuration=replace(WELL.configuration, fixed_keys=("camera.source",)))
    assert only(facts(latest=fixed)).more == "Camera (camera.source): changes here have no effect."
    other = replace(WELL, configuration=Configuration(version_token="", origin="/home/pi/car.yaml"))
    assert "uses /home/pi/car.yaml" in only(facts(latest=other)).more
    assert kinds(facts(latest=replace(fixed, time_s=0))) == ["silent"]


def test_a_missing_buzzer_is_shown_only_with_a_real_camera() -> None:
    mute = replace(WELL, alerts=Alerts(buzzer_ok=False, buzzer_message="no GPIO chip: `ls /dev/gpiochip*`"))
    assert only(facts(latest=mute)).more == "no GPIO chip: `ls /dev/gpiochip*`"
    assert kinds(facts(latest=replace(mute, camera=CameraHealth(source="fake:commute")))) == []


def test_a_mute_shows_its_minutes_and_a_button_until_it_ends() -> None:
    muted = replace(WELL, alerts=Alerts(buzzer_ok=True, muted=True, muted_until_s=NOW_S + 421))
    line = only(facts(latest=muted))
    assert (line.words, line.buttons[0].value) == ("Muted: 8 min left", "end-mute")
    assert kinds(facts(latest=muted, now_s=NOW_S + 421, progress=replace(IDLE, phase="starting"))) == ["restarting"]


def test_several_lines_come_with_the_worst_first() -> None:
    damaged = replace(LOADED, problems=(Problem("camera.width", "x", "must be a number", 3),))
    found = facts(
        machine=Machine(is_clock_set=False),
        certificate_problem="it has expired",
        is_exposed=True,
        loaded=damaged,
        latest=GONE,
    )
    assert kinds(found) == ["silent", "exposed", "settings", "certificate", "clock"]


def file(**values: object) -> str:
    return "camera:\n" + "".join(f"  {key}: {value}\n" for key, value in values.items())


def test_settings_are_due_that_differ_between_file_and_detector() -> None:
    old, new = file(width=400), "camera:\n  width: 480\n  source: /dev/video1\nadmin:\n  hostnames: pi.lan\n"
    token = version_of(old.encode())
    told = replace(WELL, configuration=Configuration(version_token=token, fixed_keys=("camera.source",)))
    settings = replace(Settings(), camera=replace(Settings().camera, width=480, source="/dev/video1"))
    loaded = Loaded(settings, (), (), "config.yaml", new, version_of(new.encode()))
    copies = {"history/a.yaml": file(width=200), "history/b.yaml": old, "history/c.yaml": "\0"}
    assert due(told, loaded, lambda: copies) == ("camera.width",)
    assert due(told, loaded, dict) is None
    assert due(told, replace(loaded, version=token), dict) == ()
    assert (
        due(
            told,
            replace(loaded, settings=replace(settings, camera=replace(settings.camera, width=400))),
            lambda: copies,
        )
        == ()
    )
    assert due(None, loaded, dict) == ()
    without_file = replace(told, configuration=Configuration(version_token=NO_FILE))
    assert due(without_file, loaded, dict) == ("camera.source", "camera.width")
    lost = replace(without_file, configuration=Configuration(version_token=NO_FILE, problems=("it is missing",)))
    assert due(lost, loaded, dict) is None
    assert due(replace(told, configuration=Configuration()), loaded, dict) == ()


def test_screen_readers_announce_new_lines_but_no_changing_figures() -> None:
    muted = replace(WELL, alerts=Alerts(buzzer_ok=True, muted_until_s=NOW_S + 421))
    for latest in (muted, GONE):
        now, later = (only(facts(latest=latest, now_s=NOW_S + after_s)) for after_s in (0, 3))
        assert now.said == later.said != "" and not any(map(str.isdigit, now.said))
    progress = replace(IDLE, phase="starting", began_s=NOW_S)
    now, later = (only(facts(progress=progress, now_s=NOW_S + after_s)) for after_s in (0, 3))
    assert now.words == later.words and now.more != later.more
