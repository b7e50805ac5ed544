"""Steps that ask the machine's kernel about all steps before: was memory enough, and what did it deny?"""

from __future__ import annotations

import re

from app.memory.governor import SHORT_MB
from tests.vm.installed import LEAST_AVAILABLE, Installed

LOG = "journalctl -k -b --no-pager -o cat"
DENIED = 'apparmor="DENIED"|type=1326'  # linux/audit.h: AUDIT_SECCOMP
KILLED = "Out of memory|oom-kill|invoked oom-killer"
TOTAL_KB = "awk '/^MemTotal:/ {print $2}' /proc/meminfo"
# Denials that do no harm, and why
EXPECTED_DENIALS = {
    'profile="/usr/lib/snapd/snap-confine"': "of Debian's snap-confine itself, before drivewatch is run",
    'name="/proc/pressure/memory"': "once a start: how short memory is can be told without it",
    "syscall=305": "once a start: clock_adjtime; without it a date is vouched for by a satellite, or is a guess",
    'name="/sys/fs/cgroup/system.slice/': "the same, for a limit of the control group",
    'name="/sys/fs/cgroup/user.slice/': "the same, of drivewatch.check in a session",
    'name="/dev/video0"': "until the camera is connected, for that is how the detector finds out",
    'name="/dev/gpiochip0"': "the same until gpio-control is connected",
    'name="/dev/ttyACM0"': "the same until raw-usb is connected",
    'family="can"': "the same until can-bus is connected",
}


def room(on: Installed) -> str:
    """Of all steps so far: was there memory enough, so that the detector had to save none and no program was killed?"""
    least_mb, total_mb = (int(on.run(command)) / 1024 for command in (f"cat {LEAST_AVAILABLE}", TOTAL_KB))
    killed = on.run(f"{LOG} | grep -E '{KILLED}' || true")
    assert not killed, f"the kernel ended programs for lack of memory: {killed}"
    assert least_mb >= SHORT_MB, f"only {least_mb:.0f} MB were available once; below {SHORT_MB:.0f} the detector saves"
    return f"at least {least_mb:.0f} MB of {total_mb:.0f} stayed available; no program was ended for lack of memory"


def denials(on: Installed) -> str:
    said = on.run(f"{LOG} | grep -E '{DENIED}' || true").splitlines()
    unexpected = sorted({_what(line) for line in said if not any(part in line for part in EXPECTED_DENIALS)})
    for part, reason in EXPECTED_DENIALS.items():
        if count := sum(part in line for line in said):
            on.facts[f"denied {count} times, {part}"] = reason
    assert not unexpected, f"denied: {'; '.join(unexpected)}"
    return f"{len(said)} by AppArmor and seccomp, all of them on the list of those that do no harm"


def _what(line: str) -> str:
    return " ".join(re.findall(r'(?:operation|profile|name|family|requested_mask|exe)="[^"]*"|syscall=\d+', line))
