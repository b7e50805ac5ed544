"""A newer release and the way back, and the commands of snap/README.md that keep updates for when the car is parked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape

from app.journal.journal_schema import this_version
from tests.vm.cargo import ROOT
from tests.vm.installed import CARGO, CONFIG, DETECTOR, NAME, Installed, wait_for

CHAPTER = "## Updates while you drive"
QUALITY, QUALITY_KEY = "60", "raspberry-pi.compression-quality"  # of settings_on_the_page
EVENTS = f"/var/snap/{NAME}/common/events.sqlite"
BESIDE = f"{EVENTS}.schema-{this_version()}"
NEWER = f"{EVENTS}: written by a newer drivewatch, with schema {this_version() + 1} instead of {this_version()}"
REMEDY = f"sudo snap refresh {NAME}"

Occurred = frozenset[tuple[str, int]]  # kind and Unix time in whole seconds of each event


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file of events holds."""

    sha256: str
    version: int
    events: Occurred


def refresh(on: Installed) -> str:
    before = on.watching()
    told = _shown(on)  # the page is open meanwhile, so that memory has to do for all three
    _install_next(on)
    after = on.watching(pid_before=before.pid)
    assert after.configuration.version_token == before.configuration.version_token
    kept = _shown(on)
    assert told and told <= kept, f"events are lost: {sorted(told - kept)}"
    assert "looking away" in on.page("/events").lower()
    wait_for("an event of the next release", lambda: _shown(on) - kept)
    on.run(f"snap set {NAME} {QUALITY_KEY}=50")
    return "settings, events, session and connections are kept; an event is added, and 50 is set for the quality"


def revert(on: Installed) -> str:
    pid = int(on.unit(DETECTOR, "MainPID"))
    told = _shown(on)
    on.run(f"snap stop {NAME}.detector")  # so that nobody writes to the file while it is looked at
    newer = _stored(on)
    assert newer.version == this_version() + 1, f"the next release writes schema {newer.version}"
    assert told and told <= newer.events, "an event that was shown is not in the file"
    on.run(f"snap revert {NAME}")
    on.watching(pid_before=pid)
    quality = on.run(f"grep compression_quality {CONFIG}")
    assert QUALITY in quality, f"config.yaml has {quality}"
    shown = wait_for("`snap get`", lambda: on.run(f"snap get {NAME} {QUALITY_KEY}"))
    assert shown == QUALITY, f"`snap get` shows {shown}"
    _says_that_the_file_is_newer(on)
    own = wait_for("an event recorded beside", lambda: _shown(on) - newer.events)
    assert _stored(on) == newer, "the older release has changed the newer file"
    said = f"status, page, check and log name schema {newer.version}; {len(newer.events)} events stay in its file"
    return f"the quality is {QUALITY} again; {said}, not a byte of which is changed; {len(own)} are beside it"


def _says_that_the_file_is_newer(on: Installed) -> None:
    """With the same words in status, page, check and log; snapd has the command."""
    found = wait_for("a status", on.status)
    problem = found.journal_problem
    assert BESIDE.rpartition("/")[2] in problem and NEWER in problem and REMEDY in problem, f"it says: {problem!r}"
    assert found.journal_remedy == REMEDY, found.journal_remedy
    assert problem in unescape(on.page("/events")), "the page does not say it"
    checked = on.machine.ask(f"snap run {NAME}.check")
    assert checked.returncode == 1 and problem in " ".join(checked.stdout.split()), checked.stdout
    assert problem in on.run(f"journalctl -u {DETECTOR} -b --no-pager -o cat"), "the log does not say it"
    note = wait_for("a health note", on.blocked)
    assert f"events: {REMEDY}" in note, note


def refresh_again(on: Installed) -> str:
    before = on.watching()
    newer, beside = _stored(on), _shown(on)
    _install_next(on)
    found = on.watching(pid_before=before.pid)
    assert not found.journal_problem, found.journal_problem
    lost = (newer.events | beside) - _shown(on)
    assert not lost, f"not shown after the files were joined: {sorted(lost)}"
    assert on.machine.ask(f"test -e {BESIDE}").returncode == 1, f"{BESIDE} is still there"
    return f"{len(newer.events)} events of the next release and {len(beside)} from beside are in one file again"


def _install_next(on: Installed) -> None:
    on.run(f"snap install --dangerous {CARGO}/second.snap")
    assert " second " in on.run(f"snap list {NAME}")


def _shown(on: Installed) -> Occurred:
    """The events as the page gives them."""
    rows = json.loads(on.page("/api/v1/events?limit=500"))["events"]
    return frozenset((row["kind"], int(datetime.fromisoformat(row["began"]).timestamp())) for row in rows)


def _stored(on: Installed) -> Stored:
    """The file itself, into which its log is folded while nobody has it open to write."""
    assert on.machine.ask(f"test -s {EVENTS}-wal").returncode == 1, "its log is not folded in"
    found = json.loads(on.run(f"python3 {CARGO}/events.py {EVENTS}"))
    return Stored(found["sha256"], found["version"], frozenset((kind, at_s) for kind, at_s in found["events"]))


def commands() -> list[str]:
    """Those of the chapter, without sudo and comments."""
    chapter = (ROOT / "snap/README.md").read_text().partition(CHAPTER)[2].partition("\n## ")[0]
    return [command.strip() for command in re.findall(r"^sudo (snap [^#\n]+)", chapter, re.MULTILINE)]


def updates(on: Installed) -> str:
    for command in commands():
        on.run(command)
    told = on.run("snap refresh --time")
    assert re.search(r"^hold: +forever", told, re.MULTILINE), told
    timer, metered = (on.run(f"snap get system refresh.{name}") for name in ("timer", "metered"))
    assert (timer, metered) == ("03:00-05:00", "hold"), (timer, metered)
    on.run("snap refresh --unhold")
    told = on.run("snap refresh --time")
    assert "hold:" not in told, told
    return "held forever, let go again; timer and metered networks as set"
