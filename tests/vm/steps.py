"""The life of an installed drivewatch, step by step. Each returns what it saw and raises AssertionError if amiss."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from html import unescape
from itertools import pairwise
from statistics import median

import cv2
import numpy as np

from app.events import Level, State
from tests.vm import vehicle
from tests.vm.installed import CARGO, CONFIG, DETECTOR, NAME, PAGE, PATIENCE_S, Installed, wait_for
from tests.vm.kernel import denials, room
from tests.vm.updates import QUALITY, QUALITY_KEY, refresh, refresh_again, revert, updates

DETECTOR_RSS_MAX_MB, PAGE_PSS_MAX_MB = 100.0, 45.0
IDLE_S = 120.0  # of snapcraft.yaml
ALARM_BEEPS = 5  # of app/alerts/alert.py
LAST_GOOD = f"/var/snap/{NAME}/current/config.last-good.yaml"
PRIVATE_TMP = f"/tmp/snap-private-tmp/snap.{NAME}"
# Of every snap that was there once; no hook of a snap may reach them
LEFT_BY_SNAPD = {
    f"/var/lib/snapd/sequence/{NAME}.json",
    f"/run/snapd/lock/{NAME}.lock",
    f"/run/udev/tags/snap_{NAME}_detector",
    f"/run/udev/tags/snap_{NAME}_check",
    PRIVATE_TMP,
}


def install(on: Installed) -> str:
    on.run(f"snap install --dangerous {CARGO}/first.snap")
    services = on.run(f"snap services {NAME}")
    assert re.search(r"\.detector\s+enabled\s+active", services), services
    assert re.search(r"\.admin\s+enabled\s+inactive\s+socket-activated", services), services
    profiles = on.run(f"grep -c '^snap.{NAME}.*(enforce)' /sys/kernel/security/apparmor/profiles")
    assert int(profiles) >= 8, f"{profiles} AppArmor profiles in enforce mode"
    return f"detector active, page behind its socket; {profiles} AppArmor profiles enforced"


def unconnected(on: Installed) -> str:
    note = wait_for("a health note", on.blocked)
    assert f"snap connect {NAME}:camera" in note, note
    assert on.unit(PAGE, "MainPID") == "0"
    on.sign_in()
    assert f"snap connect {NAME}:camera" in on.page("/")
    restarts = on.unit(DETECTOR, "NRestarts")
    assert restarts == "0", f"the detector was restarted {restarts} times"
    return "`snap list`: blocked, camera; the page names the command; no page process before its first request"


def connect(on: Installed) -> str:
    pid = on.unit(DETECTOR, "MainPID")
    for plug in ("camera", "gpio-control"):
        on.run(f"snap connect {NAME}:{plug}")
    began_s = time.monotonic()
    found = on.watching()
    took_s, cpu_s = time.monotonic() - began_s, on.cpu_s(DETECTOR)
    assert str(found.pid) == pid, "the detector was restarted"
    wait_for("the buzzer", lambda: (now := on.status()) and now.alerts.buzzer_ok)
    on.facts["CPU time, start to first verdict"] = (
        f"{cpu_s:.1f} s of an emulated processor, {on.slower():.0f} times slower at counting in Python than this one; "
        "the wait to be connected included"
    )
    return f"first verdict {took_s:.0f} s later by the same process: {found.state.value}; camera {found.camera.source}"


def alarm(on: Installed) -> str:
    def ask() -> str | None:
        found = on.status()
        heard = int(on.run("cat /run/buzzer-rises"))
        events = [event for event in (found.events if found else ()) if event.kind is State.LOOKING_AWAY]
        reached = any(event.level is Level.ALARM for event in events)
        return f"looking away: alarm; GPIO 17 went high {heard} times" if reached and heard >= ALARM_BEEPS else None

    said = wait_for("an alarm for looking away, and its beeps on GPIO 17", ask)
    assert "looking away" in on.page("/events").lower()
    return said


def settings_on_the_page(on: Installed) -> str:
    before = on.watching()
    on.change_settings(
        **{"resolution": "480x360", "camera.frame_skip": "2", "raspberry_pi.compression_quality": QUALITY}
    )
    assert on.browser.post("/restart").status == 302
    found = on.watching(pid_before=before.pid)
    token = re.search(r'name="version" value="([^"]+)"', on.page("/settings/"))
    assert token and token[1] == found.configuration.version_token, "another configuration is in force"
    phase = wait_for("an end of the restart", lambda: _ended(on.page("/restart/part")))
    assert phase == "Running", f"the page says of the restart: {phase}"
    size = _preview_size(on)
    assert size == (480, 360), f"the detector's pictures have {size} pixels"
    apart_s = _between_looks_s(on)
    assert 1.7 < apart_s < 4.4, f"frames are analysed every {apart_s:.1f} s"
    kept = json.loads(on.run(f"snap get {NAME} camera.width camera.frame-skip {QUALITY_KEY}"))
    assert kept == {"camera.width": 480, "camera.frame-skip": 2, QUALITY_KEY: int(QUALITY)}, kept
    return f"480 x 360 and every 2nd frame (one in {apart_s:.1f} s) in force; `snap get` shows them"


def _ended(text: str) -> str | None:
    found = re.search(r"<strong>(Running|The restart failed|New settings failed)", text)
    return found[1] if found else None


def _preview_size(on: Installed) -> tuple[int, int]:
    def ask() -> str | None:
        on.browser.get("/preview.jpg")
        return on.run(f"base64 -w 0 /run/snap.{NAME}/preview.jpg")

    data = np.frombuffer(base64.b64decode(wait_for("a preview", ask)), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None, "the preview is no picture"
    return picture.shape[1], picture.shape[0]


def _between_looks_s(on: Installed) -> float:
    """Seconds from one analysed frame to the next, in the median."""
    looks_s: list[float] = []
    deadline_s = time.monotonic() + 60
    while len(looks_s) < 8 and time.monotonic() < deadline_s:
        found = on.status()
        if found and found.camera.last_frame_s not in (None, *looks_s):
            looks_s.append(found.camera.last_frame_s or 0.0)
        time.sleep(0.5)
    return median(later - sooner for sooner, later in pairwise(looks_s))


def snap_set(on: Installed) -> str:
    before = on.watching()
    on.run(f"snap set {NAME} camera.width=320 camera.height=240 camera.frame-skip=1")
    found = on.watching(pid_before=before.pid)
    assert _preview_size(on) == (320, 240)
    file = on.run(f"sha256sum {CONFIG}")
    for assignment, *named in (
        ("camera.width=9999", "camera.width", "9999", "1920"),
        ("camera.width=wide", "camera.width", "wide"),
        ("camera.colour=red", "camera.colour"),
        ("camera.frame-skip=3 raspberry-pi.buzzer-pin=99", "raspberry-pi.buzzer-pin", "99", "27"),
    ):
        refused = on.machine.ask(f"snap set {NAME} {assignment}")
        said = [line for line in refused.stderr.splitlines() if "run hook" in line]
        assert refused.returncode == 1 and len(said) == 1, f"snap set {assignment}: {refused.stderr}"
        assert all(word in said[0] for word in named), f"snap set {assignment} says only: {said[0]}"
    assert on.run(f"sha256sum {CONFIG}") == file, "a refused change has changed config.yaml"
    assert on.run(f"snap get {NAME} camera.width") == "320"
    after = on.status()
    assert after is None or after.pid == found.pid, "a refused change has restarted the detector"
    return "good values in force after one restart; four bad ones refused by name, nothing changed"


def broken_configuration(on: Installed) -> str:
    before = on.watching()
    # only what the detector has watched with for a minute is what it goes back to
    wait_for("settings that count as good", lambda: on.machine.ask(f"cmp -s {CONFIG} {LAST_GOOD}").returncode == 0)
    on.run(f"cp -p {CONFIG} /root/kept.yaml; echo 'camera: {{width: [' > {CONFIG}; snap restart {NAME}.detector")
    found = on.watching(pid_before=before.pid)
    (problem, *_) = found.configuration.problems
    assert _preview_size(on) == (320, 240), "the last good configuration is not in force"
    assert problem in unescape(on.page("/")), f"the page does not say: {problem}"
    note = wait_for("a health note", on.blocked)
    assert "config.yaml is not used" in note, note
    on.run(f"cp -p /root/kept.yaml {CONFIG}; snap restart {NAME}.detector")
    assert not on.watching(pid_before=found.pid).configuration.problems
    return f"watches with the last good one; `snap list`: blocked; the page: {problem}"


def kill(on: Installed) -> str:
    before = on.watching()
    began_s = time.monotonic()
    on.run(f"kill -9 {before.pid}")
    on.watching(pid_before=before.pid)
    took_s = time.monotonic() - began_s
    on.page("/")
    page = on.unit(PAGE, "MainPID")
    on.run(f"kill -9 {page}")
    wait_for("another page", lambda: on.unit(PAGE, "MainPID") not in ("0", page))
    assert "Sign in" not in on.page("/status/part"), "the session is lost"
    return f"detector watches again after {took_s:.0f} s; page answers again, and the session lives on"


def camera_out_and_in(on: Installed) -> str:
    pid = on.watching().pid
    on.run(f"sh {CARGO}/hardware.sh camera-out")
    lost = wait_for("no camera", lambda: (s := on.status()) and s.state is State.NO_CAMERA and s.camera.message)
    on.run(f"sh {CARGO}/hardware.sh camera-in")
    back = on.watching()
    assert back.pid == pid, "the detector was restarted"
    return f"without it: {lost}; seen again by the same process"


def idle(on: Installed) -> str:
    wait_for("the end of the idle page", lambda: on.unit(PAGE, "MainPID") == "0", limit_s=IDLE_S + PATIENCE_S)
    result = on.unit(PAGE, "Result")
    assert result == "success", f"systemd says of the page's end: {result}"
    return f"no process after {IDLE_S:.0f} s without a request"


def memory(on: Installed) -> str:
    """The page's share is what the two take more together, as they share libraries."""
    on.run(f"systemctl stop {PAGE}")  # where `idle` has not waited for its end; its socket stays open
    alone = on.memory_mb(DETECTOR, "Pss")
    detector = on.memory_mb(DETECTOR, "Rss")
    assert on.unit(PAGE, "MainPID") == "0"
    for path in ("/", "/memory", "/settings/", "/events", "/status/part"):
        on.page(path)
    page = on.memory_mb(DETECTOR, "Pss") + on.memory_mb(PAGE, "Pss") - alone
    machine = on.free_before_mb - on.available_mb()
    on.facts["detector"] = f"{detector:.1f} MB RSS, {alone:.1f} MB PSS (limit {DETECTOR_RSS_MAX_MB:.0f} RSS)"
    on.facts["page"] = f"none while idle, {page:.1f} MB PSS more while open (limit {PAGE_PSS_MAX_MB:.0f})"
    on.facts["whole machine"] = f"{machine:.0f} MB less available than before, of {on.free_before_mb:.0f}"
    assert detector <= DETECTOR_RSS_MAX_MB, f"the detector takes {detector:.1f} MB RSS"
    assert page <= PAGE_PSS_MAX_MB, f"the open page takes {page:.1f} MB PSS"
    return (
        f"detector {detector:.1f} MB RSS; page 0, open {page:.1f} MB PSS more; machine {machine:.0f} MB less available"
    )


def remove(on: Installed) -> str:
    on.run(f"snap remove --purge {NAME}")
    found = on.run(
        f"find / /run /dev/shm /tmp /sys/fs/cgroup -xdev -name '*{NAME}*'; find {PRIVATE_TMP} -type f; "
        f"ps -eo args | grep -F {NAME} | grep -v grep || true"
    )
    left = sorted(set(found.splitlines()) - LEFT_BY_SNAPD)
    assert not left, f"left behind: {', '.join(left)}"
    return "no process and no file is left, but what snapd keeps of any snap: lock, count of revisions, tags of udev"


Step = Callable[[Installed], str]
STEPS: tuple[Step, ...] = (
    install,
    unconnected,
    connect,
    alarm,
    settings_on_the_page,
    snap_set,
    broken_configuration,
    kill,
    camera_out_and_in,
    *vehicle.STEPS,
    idle,
    memory,
    refresh,
    revert,
    refresh_again,
    updates,
    room,
    denials,
    remove,
)
# What nothing but a real snapd and AppArmor shows; each needs no other step than these
SHORT: tuple[Step, ...] = (
    install,
    unconnected,
    connect,
    alarm,
    settings_on_the_page,
    memory,
    refresh,
    revert,
    room,
    denials,
)
