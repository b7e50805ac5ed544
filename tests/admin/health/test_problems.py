"""The list of problems on the Health page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.health.machine import Folder, Machine
from admin.health.problems import FAILURE_FRESH_S, HOT_C, Problem, Told, problems
from admin.health.sensors import Sensors
from app.events import State
from app.part_status import CameraHealth
from app.telemetry.failure import Failure
from app.telemetry.run_folder import boot_id
from app.telemetry.status import SILENT_S, Alerts, Configuration, Memory, Status, Vehicle
from config.paths import FREE_MIN_MB

NOW_S = 1000.0
WELL = Status(boot_id=boot_id(), time_s=NOW_S, state=State.ATTENTIVE, alerts=Alerts(buzzer_ok=True, led_ok=True))
LOG = "tail /run/x/detector.log"


def found(told: Told | Status) -> list[Problem]:
    told = Told(told, log_command=LOG) if isinstance(told, Status) else told
    return list(problems(told, NOW_S))


def parts(told: Told | Status) -> list[str]:
    return [problem.part for problem in found(told)]


def test_a_healthy_status_has_no_problems() -> None:
    assert found(WELL) == []


def test_a_silent_detector_is_one_grave_problem_that_names_its_log() -> None:
    for latest in (None, replace(WELL, boot_id="another"), replace(WELL, time_s=NOW_S - SILENT_S - 1)):
        (one,) = found(Told(latest, log_command=LOG))
        assert (one.part, one.is_grave) == ("Detector", True)
        assert LOG in one.remedy
    failed = Failure(NOW_S - 60, boot_id(), "it hung for 20 s", 2)
    (one,) = found(Told(None, failed))
    assert "it hung for 20 s" in one.said


def test_a_failure_is_a_problem_while_it_is_recent() -> None:
    failed = Failure(NOW_S - FAILURE_FRESH_S, boot_id(), "it hung for 20 s", 2)
    (one,) = found(Told(WELL, failed))
    assert one.said == "It failed 10 min ago, 2 times since this machine was switched on: it hung for 20 s"
    assert found(Told(WELL, replace(failed, time_s=failed.time_s - 1))) == []


def test_each_reported_problem_is_listed_once_with_grave_ones_first() -> None:
    no_buzzer = Alerts(buzzer_message="it may not: `sudo snap connect x:gpio-control`", led_message="no LED")
    latest = replace(
        WELL,
        state=State.NO_CAMERA,
        problem="no camera was found",
        camera=CameraHealth("lost", message="no camera was found", note="it cannot send 640 x 480"),
        alerts=no_buzzer,
        journal_problem="the disk is full",
        vehicle=Vehicle(message="no receiver"),
        configuration=Configuration(problems=("line 2: no such key", "line 9: too many")),
        memory=Memory(saving="the model is standard", saving_reason="only 45 MB are available"),
        version="0.0.1",
    )
    expected = ["Camera", "Buzzer", "LED", "Camera", "Events", "Vehicle", "Settings", "Settings", "Memory", "Versions"]
    assert parts(latest) == expected
    assert [problem.is_grave for problem in found(latest)] == [True] * 2 + [False] * 8


def test_a_problem_that_belongs_to_no_part_is_listed_too() -> None:
    assert [problem.said for problem in found(replace(WELL, problem="the picture lies on its side"))] == [
        "the picture lies on its side"
    ]
    journal = replace(WELL, problem="the disk is full", journal_problem="the disk is full")
    assert parts(journal) == ["Events"]


def test_a_missing_buzzer_is_no_problem_with_a_rendered_driver() -> None:
    alerts = Alerts(buzzer_message="no GPIO chip", led_message="no GPIO chip")
    latest = replace(WELL, alerts=alerts, problem="no GPIO chip", camera=CameraHealth(source="fake:commute"))
    assert found(latest) == []
    for source in ("/dev/video0", "auto", "0", ""):
        assert parts(replace(latest, camera=CameraHealth(source=source))) == ["Buzzer"], source  # one wire, one cause


@pytest.mark.parametrize(
    ("machine", "part"),
    [
        (Machine(Sensors(temperature_c=HOT_C)), "Temperature"),
        (Machine(Sensors(temperature_c=HOT_C, throttled=("slowed down by the heat",))), "Temperature"),
        (Machine(Sensors(throttled=("slowed down",))), "Processor"),
        (Machine(Sensors(is_under_voltage=True, was_under_voltage=True)), "Power"),
        (Machine(Sensors(was_under_voltage=True)), "Power"),
        (Machine(folders=(Folder("events", "/data", FREE_MIN_MB - 1), Folder("status", "/run/x", None))), "Disk"),
        (Machine(is_clock_set=False), "Clock"),
    ],
)
def test_problems_of_the_machine_are_listed_beside_the_detectors(machine: Machine, part: str) -> None:
    assert parts(Told(WELL, machine=machine)) == [part]
    assert parts(Told(None, machine=machine)) == ["Detector", part]
    assert all(problem.remedy for problem in found(Told(WELL, machine=machine)))


def test_missing_or_normal_sensor_values_are_no_problem() -> None:
    sensors = Sensors(temperature_c=HOT_C - 1, is_under_voltage=False, was_under_voltage=False, throttled=())
    assert found(Told(WELL, machine=Machine(sensors))) == []
    assert found(Told(WELL, machine=Machine(Sensors(is_refused=True)))) == []


def test_problems_of_certificate_and_run_folder_are_listed() -> None:
    assert parts(Told(WELL, certificate_problem="it has expired")) == ["HTTPS"]
    (one,) = found(Told(WELL, folder_problem="/run/x belongs to another user"))
    assert "/run/x belongs to another user" in one.said and one.is_grave


def test_a_silent_detector_is_no_problem_during_a_restart() -> None:
    assert found(Told(None, is_restarting=True)) == []
    assert parts(Told(WELL, certificate_problem="it has expired", is_restarting=True)) == ["HTTPS"]


def test_an_exposed_page_is_a_problem_with_the_command_to_encrypt_it() -> None:
    (one,) = found(Told(WELL, is_exposed=True))
    assert one.remedy == "Encrypt it: `.venv/bin/python -m app enable-https self-signed`"
