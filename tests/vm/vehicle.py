"""The vehicle in the real snapd: a USB GPS receiver, CAN, the ignition and a button, each through its own plug."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from app.events import Level, Motion, State
from app.telemetry.status import Status, Vehicle
from tests.vm.installed import CARGO, DETECTOR, NAME, Installed, wait_for

BUTTON_PIN, IGNITION_PIN = 22, 23
ROUND_S = 44.0  # of drive.yaml, which has the driver look beside the road for 12 s
TURNED_DEG = 30.0  # of the 42 in drive.yaml
RISES = "/run/buzzer-rises"
WATCHED = f"-u {DETECTOR} -b --no-pager -o cat"
ALARM_BEEPS = 5  # of app/alerts/alert.py


def receiver_refused(on: Installed) -> str:
    """Without its plug: named by status and check, and as strict as without a receiver."""
    on.run(f"echo 65 > /run/gps-kmh; sh {CARGO}/hardware.sh receiver-in")
    _set(on, "vehicle.source=auto", f"raspberry-pi.button-pin={BUTTON_PIN}")
    command = f"sudo snap connect {NAME}:raw-usb"
    found = _seen(on, "the missing plug", lambda now: now.vehicle.remedy == command)
    assert found.vehicle.motion is Motion.UNKNOWN, found.vehicle
    said = on.machine.ask(f"snap run {NAME}.check").stdout
    assert command in said, said
    assert command in wait_for("the page", lambda: on.page("/"))
    return f"status, page and check name `{command}`"


def receiver(on: Installed) -> str:
    pid = on.watching().pid
    on.run(f"snap connect {NAME}:raw-usb")
    began_s = time.monotonic()
    found = _seen(on, "65 km/h", lambda now: _drives(now, 65, Motion.HIGHWAY))
    took_s = time.monotonic() - began_s
    assert found.pid == pid, "the detector was restarted"
    page = on.page("/status/part")
    assert found.vehicle.in_words in page, f"the page does not say: {found.vehicle.in_words}"
    told = json.loads(on.page("/api/v1/status"))["status"]["vehicle"]
    assert told["motion"] == "highway" and told["source"] == "/dev/ttyACM0", told
    return f"{took_s:.0f} s later by the same process, on the page: {found.vehicle.in_words}"


def parked(on: Installed) -> str:
    _goes(on, "gps", 0)
    _seen(on, "a parked vehicle", lambda now: now.vehicle.motion is Motion.PARKED)
    heard, turned_deg, until_s = _heard(on), 0.0, time.monotonic() + ROUND_S + 4
    while time.monotonic() < until_s:
        now = _seen(on, "a parked vehicle", lambda found: found.vehicle.motion is Motion.PARKED)
        turned_deg = max(turned_deg, abs(now.signals.yaw_deg or 0.0))
        time.sleep(1)
    assert turned_deg > TURNED_DEG, f"the driver has looked {turned_deg:.0f} degrees aside at most"
    assert _heard(on) == heard, "the buzzer sounded while the vehicle was parked"
    _goes(on, "gps", 65)
    _seen(on, "65 km/h", lambda now: _drives(now, 65, Motion.HIGHWAY))
    return f"0 km/h for 30 s, then {turned_deg:.0f} degrees aside: GPIO 17 stays low; at 65 km/h: {_alarm(on)}"


def receiver_out_and_in(on: Installed) -> str:
    pid = on.watching().pid
    on.run(f"sh {CARGO}/hardware.sh receiver-out")
    # Not at once: the motion of a status is that of its look's beginning, and a speed holds for 3 s
    lost = _seen(on, "no receiver and an unknown motion", lambda now: _is_strict(now.vehicle))
    heard = _alarm(on)
    on.run(f"sh {CARGO}/hardware.sh receiver-in")
    back = _seen(on, "65 km/h again", lambda now: _drives(now, 65, Motion.HIGHWAY))
    assert back.pid == pid, "the detector was restarted"
    on.facts["detector with a receiver"] = f"{on.memory_mb(DETECTOR, 'Rss'):.1f} MB RSS"
    return f"without it: {lost.vehicle.message}, unknown, {heard}; then {back.vehicle.in_words}"


def button(on: Installed) -> str:
    """Short after an alert: that was wrong. Held: muted."""
    pull = f"sh {CARGO}/hardware.sh line-"
    alerted = f"n=$(cat {RISES}); until [ $(cat {RISES}) -gt $n ]; do sleep 0.2; done"
    on.run(f"{alerted}; {pull}low {BUTTON_PIN}; sleep 0.6; {pull}high {BUTTON_PIN}")
    said = "the button says that looking_away was wrong"
    wait_for("a disputed alert", lambda: on.run(f"journalctl {WATCHED} | grep -F '{said}' || true"))
    on.run(f"{pull}low {BUTTON_PIN}; sleep 5; {pull}high {BUTTON_PIN}")
    _seen(on, "a mute", lambda now: now.alerts.muted)
    return f"short after an alert: {said}; held for 5 s: muted"


def can_bus(on: Installed) -> str:
    on.run(f"sh {CARGO}/hardware.sh can-in; echo 30 > /run/can-kmh")
    _set(on, "vehicle.source=vcan0")
    command = f"sudo snap connect {NAME}:can-bus"
    refused = _seen(on, "the missing plug", lambda now: now.vehicle.remedy == command).vehicle.message
    on.run(f"snap connect {NAME}:can-bus")
    found = _seen(on, "30 km/h", lambda now: _drives(now, 30, Motion.SLOW))
    on.run(": > /run/can-kmh")
    _seen(on, "a sleeping bus", lambda now: now.vehicle.speed_kmh is None)
    _goes(on, "can", 55)
    _seen(on, "55 km/h", lambda now: _drives(now, 55, Motion.FAST))
    on.run("ip link set vcan0 down")
    down = _seen(on, "a bus that is down", lambda now: now.vehicle.motion is Motion.UNKNOWN).vehicle.message
    return f"{refused}; connected: {found.vehicle.in_words}; asleep: no speed; {down}"


def ignition(on: Installed) -> str:
    """With a bus that tells nothing."""
    _set(on, f"vehicle.ignition-pin={IGNITION_PIN}")
    off = _seen(on, "the ignition off", lambda now: now.vehicle.motion is Motion.PARKED).vehicle
    assert off.ignition is False, off
    on.run(f"sh {CARGO}/hardware.sh line-high {IGNITION_PIN}")
    _seen(on, "the ignition on", lambda now: now.vehicle.ignition and now.vehicle.motion is Motion.UNKNOWN)
    heard = _alarm(on)
    _set(on, "vehicle.source=none", "vehicle.ignition-pin=0", "raspberry-pi.button-pin=0")
    return f"line low: parked; high: unknown, {heard}"


def _set(on: Installed, *assignments: str) -> None:
    before = on.watching()
    on.run(f"snap set {NAME} {' '.join(assignments)}")
    on.watching(pid_before=before.pid)


def _goes(on: Installed, source: str, kmh: int) -> None:
    on.run(f"echo {kmh} > /run/{source}-kmh")


def _is_strict(vehicle: Vehicle) -> bool:
    return bool(not vehicle.source and vehicle.message) and vehicle.motion is Motion.UNKNOWN


def _drives(now: Status, kmh: float, motion: Motion) -> bool:
    """GPS tells knots to two decimals."""
    told = now.vehicle
    return told.motion is motion and told.speed_kmh is not None and abs(told.speed_kmh - kmh) < 0.1


def _seen(on: Installed, what: str, is_so: Callable[[Status], object]) -> Status:
    return wait_for(what, lambda: now if (now := on.status()) and is_so(now) else None)


def _heard(on: Installed) -> int:
    return int(on.run(f"cat {RISES}"))


def _alarm(on: Installed) -> str:
    """An alarm for looking away that began from now on, and its beeps."""
    before, began_s = _heard(on), float(on.run("cat /proc/uptime").split()[0])

    def is_alarm(now: Status) -> bool:
        return any(
            event.kind is State.LOOKING_AWAY and event.level is Level.ALARM and event.onset_s > began_s
            for event in now.events
        )

    _seen(on, "an alarm for looking away", is_alarm)
    wait_for("its beeps", lambda: _heard(on) >= before + ALARM_BEEPS)
    return f"an alarm, GPIO 17 high {_heard(on) - before} times"


STEPS = (receiver_refused, receiver, parked, receiver_out_and_in, button, can_bus, ignition)
