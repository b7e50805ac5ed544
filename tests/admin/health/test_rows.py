"""The rows of the Health page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from admin.health.machine import Folder, Machine
from admin.health.rows import Row, of_detector, of_machine, of_page, of_versions
from admin.health.sensors import Sensors
from app.events import ClockQuality
from app.part_status import CameraHealth
from app.telemetry.status import Alerts, Status, Vehicle
from app.version import VERSION
from config.certificates import Certificate
from config.https import Listening
from config.settings import Settings

WALL_S = 1_796_032_800.0
LIVE = CameraHealth("live", "/dev/video0 (uvcvideo)", width=640, height=480, measured_fps=1.0)
WELL = Status(started_s=100.0, pid=7, version=VERSION, camera=LIVE, alerts=Alerts(True, "", True, ""))
CERTIFICATE = Certificate(Path("c"), Path("k"), True, False, "AA:BB", "Jan 1 2028", begins="Nov 1 2026")


def machine(sensors: Sensors, **more: object) -> dict[str, Row]:
    found = Machine(sensors, **more)  # type: ignore[arg-type]
    return {row.name: row for row in of_machine(found, WELL, WALL_S, "96 MB")}


@pytest.mark.parametrize(
    ("sensors", "words"),
    [
        (
            Sensors(61.2, False, False, (), 600.0, 1800.0),
            ("61 °C", "voltage is right", "not slowed down, 600 of 1,800 MHz"),
        ),
        (
            Sensors(83.0, True, True, ("slowed down by the heat",)),
            ("83 °C", "voltage too low", "slowed down by the heat"),
        ),
        (Sensors(was_under_voltage=True, is_under_voltage=False), ("not on", "was too low before", "not on")),
        (Sensors(), ("not on this machine",) * 3),
        (
            Sensors(is_refused=True, clock_mhz=600.0),
            ("not readable by", "not readable by", "600 MHz"),
        ),
    ],
)
def test_sensor_values_are_described_in_words(sensors: Sensors, words: tuple[str, str, str]) -> None:
    rows = machine(sensors)
    for name, said in zip(("Temperature", "Power", "Processor"), words, strict=True):
        assert said in rows[name].words


def test_a_strict_snap_names_the_missing_plug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch_two")
    said = "not readable: `sudo snap connect drivewatch_two:hardware-observe` lets the page read it"
    rows = machine(Sensors(is_refused=True))
    assert rows["Temperature"].words == rows["Power"].words == said


def test_rows_of_disks_uptime_and_clock() -> None:
    folders = (Folder("events", "/data", 19.0), Folder("status", "/run/x", None))
    rows = of_machine(Machine(Sensors(uptime_s=90_000.0), folders), WELL, WALL_S, "")
    disks = [(row.words, row.tone) for row in rows if row.name == "Free disk"]
    assert disks == [("19 MB", "bad"), ("not known", "doubtful")]
    assert [row.words for row in rows if row.name == "Switched on"] == ["for 25 h"]
    assert machine(Sensors(), is_clock_set=False)["Clock"].tone == "bad"


@pytest.mark.parametrize(("clock", "said"), [("synced", "time server"), ("gps", "GPS"), ("guess", "may be wrong")])
def test_the_clock_row_names_the_source_of_the_time(clock: str, said: str) -> None:
    told = replace(WELL, clock=ClockQuality(clock))
    (row,) = (row for row in of_machine(Machine(), told, WALL_S, "") if row.name == "Clock")
    assert row.words == "2026-11-30 10:00 UTC" and said in row.hint


def test_in_a_snap_the_clock_row_names_timedatectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", "drivewatch")
    assert "timedatectl" in machine(Sensors())["Clock"].hint


def test_rows_of_the_detectors_parts_name_their_pins() -> None:
    rows = {row.name: row for row in of_detector(WELL, Settings(), 220.0)}
    assert (rows["Detector"].words, rows["Camera"].tone) == ("runs for 2 min", "good")
    assert rows["Camera"].hint == "640 x 480, 1 frames/s"
    assert (rows["Buzzer"].words, rows["Buzzer"].hint, rows["Buzzer"].tone) == ("available", "BCM 17", "good")
    lost = replace(WELL, camera=CameraHealth("lost"), alerts=Alerts(buzzer_message="no"), vehicle=Vehicle(message="x"))
    rows = {row.name: row for row in of_detector(lost, Settings(), 220.0)}
    assert (rows["Camera"].tone, rows["Buzzer"].tone, rows["Vehicle"].tone) == ("bad", "doubtful", "doubtful")
    rendered = replace(lost, camera=CameraHealth("live", "fake:commute"))
    rows = {row.name: row for row in of_detector(rendered, Settings(), 220.0)}
    assert (rows["Buzzer"].words, rows["Buzzer"].hint, rows["Buzzer"].tone) == (
        "none, and none is needed here",
        "no",
        "",
    )
    silent = {row.name: row for row in of_detector(None, Settings(), 220.0)}
    assert (silent["Detector"].tone, silent["Buzzer"].words) == ("bad", "BCM 17")


def test_rows_of_the_page_show_addresses_and_the_certificate() -> None:
    where = Listening("::", 8443, CERTIFICATE)
    address, https = of_page(where, ("192.168.1.5",), ("pi.local",), "")
    assert (address.words, address.more) == ("https://192.168.1.5:8443", ("https://pi.local:8443",))
    assert https.more == ("valid from Nov 1 2026 to Jan 1 2028", "SHA-256 AA:BB")
    problem = replace(where, certificate=replace(CERTIFICATE, problem="it has expired"))
    assert of_page(problem, (), (), "https://cars.example/x")[-1].tone == "bad"
    alone, off = of_page(Listening("127.0.0.1", 8080, None), ("192.168.1.5",), (), "")
    assert (alone.words, off.words) == ("http://127.0.0.1:8080", "off")


def test_a_detector_of_another_version_asks_for_a_restart() -> None:
    rows = of_versions(replace(WELL, version="0.0.9"), {"NumPy": "2"}, "3.12.1", "snap drivewatch, revision 7")
    assert [row.words for row in rows] == [VERSION, "0.0.9", "snap drivewatch, revision 7", "3.12.1", "2"]
    assert rows[1].hint == "restart it"
