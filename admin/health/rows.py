"""What the Health page says of machine, detector, page and versions: a name and some words each. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from admin.health.machine import Machine
from admin.health.problems import HOT_C
from admin.health.sensors import Sensors
from admin.words import NOT_ANSWERING, lasting
from app.events import ClockQuality
from app.telemetry.status import Status
from app.version import VERSION
from config.certificates import LOOPBACK
from config.commands import connect_command, instance
from config.https import Listening
from config.paths import FREE_MIN_MB
from config.settings import Settings

PLUG = "hardware-observe"
ABSENT = "not on this machine"
CLOCK = {
    ClockQuality.SYNCED: "kept right by a time server",
    ClockQuality.GPS: "told by the GPS receiver",
    ClockQuality.GUESS: "a guess, as neither a time server nor a GPS receiver has set it: dates may be wrong",
}


@dataclass(frozen=True, slots=True)
class Row:
    """words may hold a command in backticks. tone: good, doubtful or bad where it says how something is, else "".

    hint: what is less important. more: further words, a line each. endpoint: of the page that has more.
    """

    name: str
    words: str
    tone: str = ""
    hint: str = ""
    more: tuple[str, ...] = ()
    endpoint: str = ""


def of_machine(machine: Machine, latest: Status | None, wall_s: float, memory: str) -> list[Row]:
    """Sensors, disks and clock. latest: the status of a detector that answers, which knows who keeps the clock."""
    sensors = machine.sensors
    return [
        _temperature(sensors),
        _supply(sensors),
        _processor(sensors),
        Row("Memory", memory, endpoint="memory.show"),
        *(_room(folder.name, folder.path, folder.free_mb) for folder in machine.folders),
        Row("Switched on", "not known" if sensors.uptime_s is None else f"for {lasting(sensors.uptime_s)}"),
        _clock(machine, latest, wall_s),
    ]


def _refused(sensors: Sensors) -> str:
    """Why there is no reading."""
    if not sensors.is_refused:
        return ABSENT
    command = connect_command(PLUG)
    return f"not readable: `{command}` lets the page read it" if command else "not readable by this user"


def _temperature(sensors: Sensors) -> Row:
    if sensors.temperature_c is None:
        return Row("Temperature", _refused(sensors))
    tone = "bad" if sensors.temperature_c >= HOT_C else "good"
    return Row("Temperature", f"{sensors.temperature_c:.0f} °C", tone, f"slows down from {HOT_C:.0f} °C on")


def _supply(sensors: Sensors) -> Row:
    if sensors.is_under_voltage is None:
        return Row("Power", _refused(sensors))
    if sensors.is_under_voltage:
        return Row("Power", "voltage too low", "bad")
    if sensors.was_under_voltage:
        return Row("Power", "voltage was too low before, not now", "doubtful")
    return Row("Power", "voltage is right", "good")


def _processor(sensors: Sensors) -> Row:
    if sensors.clock_mhz is None:
        speed = ABSENT if sensors.throttled is None else ""
    elif sensors.clock_max_mhz is None:
        speed = f"{sensors.clock_mhz:,.0f} MHz"
    else:
        speed = f"{sensors.clock_mhz:,.0f} of {sensors.clock_max_mhz:,.0f} MHz"
    if sensors.throttled is None:
        return Row("Processor", speed)
    how = " and ".join(sensors.throttled) or "not slowed down"
    return Row("Processor", ", ".join(filter(None, (how, speed))), "bad" if sensors.throttled else "good")


def _room(name: str, path: str, free_mb: float | None) -> Row:
    title = "Free disk"
    if free_mb is None:
        return Row(title, "not known", "doubtful", f"for {name}, {path}")
    words = f"{free_mb:,.0f} MB" if free_mb < 10_000 else f"{free_mb / 1024:,.0f} GB"
    return Row(title, words, "bad" if free_mb < FREE_MIN_MB else "good", f"for {name}, {path}")


def _clock(machine: Machine, latest: Status | None, wall_s: float) -> Row:
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(wall_s))
    if not machine.is_clock_set:
        return Row("Clock", f"{shown}: not set", "bad")
    if latest is None:
        return Row("Clock", shown, "", "who keeps it is known while the detector runs")
    if latest.clock is ClockQuality.GUESS and instance():
        return Row("Clock", shown, "", "a snap may not ask whether a time server has set it: `timedatectl` tells")
    tone = "doubtful" if latest.clock is ClockQuality.GUESS else "good"
    return Row("Clock", shown, tone, CLOCK[latest.clock])


def of_detector(latest: Status | None, settings: Settings, now_s: float) -> list[Row]:
    """Camera, pins and vehicle as a detector that answers tells them; None for one that does not."""
    if latest is None:
        return [Row("Detector", NOT_ANSWERING, "bad"), *_pins(settings, None)]
    camera, vehicle = latest.camera, latest.vehicle
    seen = f"{camera.width} x {camera.height}, {camera.measured_fps:.2g} frames/s" if camera.width else ""
    is_live = camera.state == "live"
    return [
        Row("Detector", f"runs for {lasting(now_s - latest.started_s)}", "good", f"process {latest.pid}"),
        Row("Camera", camera.source or "none", "good" if is_live else "bad", seen if is_live else camera.state),
        *_pins(settings, latest),
        Row("Vehicle", vehicle.in_words or "its speed is not read", "doubtful" if vehicle.message else ""),
    ]


def _pins(settings: Settings, latest: Status | None) -> Iterator[Row]:
    pi, alerts = settings.raspberry_pi, latest.alerts if latest else None
    for name, pin, is_ok, message in (
        ("Buzzer", pi.buzzer_pin, alerts and alerts.buzzer_ok, alerts.buzzer_message if alerts else ""),
        ("LED", pi.led_pin, alerts and alerts.led_ok, alerts.led_message if alerts else ""),
    ):
        if latest and latest.is_rehearsal and not is_ok:
            yield Row(name, "none, and none is needed here", "", message)
            continue
        words = "" if alerts is None else message or "available"
        tone = "" if alerts is None else "doubtful" if not is_ok else "" if message else "good"
        yield Row(name, words or f"BCM {pin}", tone, f"BCM {pin}" if words else "")
    used = (("Button", pi.button_pin), ("Lamp", pi.lamp_pin), ("Ignition", settings.vehicle.ignition_pin))
    yield from (Row(name, f"BCM {pin}") for name, pin in used if pin)


def of_page(where: Listening, addresses: Sequence[str], names: Sequence[str], behind: str) -> list[Row]:
    """By which addresses and names it is reached, and its certificate. behind: the address of a reverse proxy."""
    scheme = "https" if where.certificate else "http"
    if where.host == LOOPBACK:
        rows = [Row("Address", f"{scheme}://{LOOPBACK}:{where.port}", "", "from this machine alone")]
    else:
        urls = tuple(f"{scheme}://{host}:{where.port}" for host in (*addresses, *names))
        rows = [Row("Addresses", urls[0] if urls else "none: no network", more=urls[1:])]
    if behind:
        rows.append(Row("Reverse proxy", behind))
    certificate = where.certificate
    if certificate is None:
        return [*rows, Row("HTTPS", "off", "doubtful" if where.is_exposed else "")]
    kind = "made by this machine" if certificate.is_self_signed else "your own"
    dates = f"valid from {certificate.begins} to {certificate.expires}"
    tone = "bad" if certificate.problem else "good"
    fingerprint = f"SHA-256 {certificate.fingerprint}"
    return [*rows, Row("HTTPS", f"on, with a certificate {kind}", tone, "", (dates, fingerprint))]


def of_versions(latest: Status | None, libraries: Mapping[str, str], python: str, snap: str) -> list[Row]:
    """Page, detector and what they use. snap: its name and revision, "" outside a snap."""
    detector = latest.version if latest else ""
    is_same = detector in ("", VERSION)
    return [
        Row("Page", VERSION),
        Row("Detector", detector or "not known", "" if is_same else "doubtful", "" if is_same else "restart it"),
        Row("Installed as", snap or "source checkout"),
        Row("Python", python),
        *(Row(name, version) for name, version in libraries.items()),
    ]
