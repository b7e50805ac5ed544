"""Disks that are full, read-only, forbidden or damaged, each under a real detector on a card of its own.

Throughout it must watch, and its page must say what cannot be saved; then each reported event must be in the file.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.events import Event, Level, State
from app.fake_driver.record import record
from app.fake_driver.scenario import load_scenario
from app.journal.entries import JournalUnreadable, recent
from app.journal.journal import Journal
from app.journal.journal_schema import this_version
from app.telemetry.status import Status
from config import password
from tests.faults.cards import Card, modes_bind_root, why_not
from tests.faults.detectors import ROOT, Running, detecting, waited
from tests.faults.page import READY, REFUSED, SAVE, WIDTH
from tests.faults.scratch import on_disk
from tests.faults.tally import Count, Row

TOGETHER = 5  # detectors, at 100 MB and a few hundredths of a core each
SCENARIO = Path(__file__).with_name("busy.yaml")
CONFIG = "# the owner's own words\ncamera: {width: 320}\n"
EARLIER = 60  # events of the boot before
MAY_FAIL = (SAVE, "/events.json")  # with 507 and 503
EVENT_S, RETRY_S = 45.0, 60.0  # an idle machine reports an event within 20 s; the journal retries every 30 s
WALL_S = 1.8e9


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break a card, and the problem that must be reported.

    `says` is looked for in the journal's problem, "" where there must be none; `mends` None: it heals itself.
    """

    name: str
    breaks: Callable[[Card], None]
    mends: Callable[[Card], None] | None
    says: str
    at_start: bool
    saving_fails: bool = False
    keeps_earlier: bool = True
    bind_root: bool = False
    restarts: bool = False
    """Whether only another detector notices, as the first one has all it needs in memory."""


def forbid(card: Card) -> None:
    """Take all rights to the data folder away."""
    card.paths.data.chmod(0)


def allow(card: Card) -> None:
    """Give its owner the rights to the data folder again."""
    card.paths.data.chmod(0o700)


def scribble(card: Card) -> None:
    """Write random bytes at random places, over a third of the file."""
    chance, path = random.Random(5), card.paths.events
    with path.open("r+b") as file:
        for _ in range(path.stat().st_size // 300):
            file.seek(chance.randrange(path.stat().st_size))
            file.write(chance.randbytes(100))


def truncate(card: Card, share: float) -> None:
    """Keep this share of the file."""
    with card.paths.events.open("r+b") as file:
        file.truncate(int(card.paths.events.stat().st_size * share))


def put_a_folder(card: Card) -> None:
    """Put a folder in the place of the file."""
    card.paths.events.rename(card.paths.events.with_name("away"))
    card.paths.events.mkdir()


def take_the_folder_away(card: Card) -> None:
    """Put the file back."""
    card.paths.events.rmdir()
    card.paths.events.with_name("away").rename(card.paths.events)


def age(card: Card, schema: int = 99) -> None:
    """Mark the file as one of a later drivewatch."""
    with closing(sqlite3.connect(card.paths.events)) as db:
        db.execute(f"PRAGMA user_version = {schema}")


def make_young(card: Card) -> None:
    """Let the newer release come back, which adds what was recorded in the file beside."""
    age(card, this_version())
    Journal(card.paths.events, "back").close()


FULL, DEAD, SHUT = "make room", "change the SD card", "who may write there"
DAMAGED, FOLDER, NEWER = r"events are in events\.sqlite\.corrupt-1", "Is a directory", "newer drivewatch"
FAULTS = (
    Fault("disk full at the start", Card.fill, Card.make_room, FULL, at_start=True, saving_fails=True),
    Fault("disk fills up", Card.fill, Card.make_room, FULL, at_start=False, saving_fails=True),
    Fault("disk read-only at the start", Card.die, Card.exchange, DEAD, at_start=True, saving_fails=True),
    Fault("disk turns read-only", Card.die, Card.exchange, DEAD, at_start=False, saving_fails=True),
    Fault("no permission at the start", forbid, allow, SHUT, at_start=True, saving_fails=True, bind_root=True),
    Fault("permission lost", forbid, allow, SHUT, at_start=False, saving_fails=True, bind_root=True),
    Fault("events: random bytes", scribble, None, DAMAGED, at_start=True, keeps_earlier=False),
    Fault("events: bytes rot", scribble, None, DAMAGED, at_start=False, keeps_earlier=False, restarts=True),
    Fault("events: cut in half", partial(truncate, share=0.5), None, DAMAGED, at_start=True, keeps_earlier=False),
    Fault("events: empty file", partial(truncate, share=0.0), None, "", at_start=True, keeps_earlier=False),
    Fault("events: a folder in its place", put_a_folder, take_the_folder_away, FOLDER, at_start=True),
    Fault("events: a folder comes in its place", put_a_folder, take_the_folder_away, FOLDER, at_start=False),
    Fault("events: of a newer version", age, None, NEWER, at_start=True),
)


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each fault, a few at a time; there is no longer form."""
    if reason := why_not():
        yield from (Row(f"{fault.name}, under a real detector", not_tried=reason) for fault in FAULTS)
        return
    with on_disk() as place, ThreadPoolExecutor(TOGETHER) as pool:
        scenario = load_scenario(str(SCENARIO))
        record(scenario, Path(place), 1, 2 * scenario.length_s, (320, 240), 1, as_video=False)
        yield from pool.map(partial(_row, place), FAULTS)


def _row(camera: str, fault: Fault) -> Row:
    count = Count(f"{fault.name}, under a real detector")
    with on_disk() as place:
        card = Card(Path(place))
        card.insert()
        try:
            _prepare(card)
            tried = Try(fault, card, camera)
            wrong = tried.run()
            count.add(wrong, tried.lost, tried.recovery_s)
        finally:
            with suppress(OSError):
                allow(card)
            card.pull()
    return count.row


def _prepare(card: Card) -> None:
    paths = card.paths
    paths.config.write_text(CONFIG)
    password.save(paths.admin_password, "zebra quilt vortex")
    with closing(Journal(paths.events, "earlier")) as journal:
        for number in range(EARLIER):
            at_s = float(number)
            event = Event(State.PHONE, Level.WARNING, at_s, at_s, at_s, at_s + 0.5, "x" * 100)
            journal.record(event, WALL_S + at_s, at_s)
    card.settle()


class Try:
    """One fault under one detector, from its start to the check of what it saved."""

    def __init__(self, fault: Fault, card: Card, camera: str) -> None:
        self.fault, self.card, self._camera = fault, card, camera
        self.lost, self.recovery_s = 0, 0.0
        self._broken_s = 0.0

    def run(self) -> str:
        """What is wrong, "" if nothing is."""
        fault, prefix = self.fault, modes_bind_root() if self.fault.bind_root else ()
        if fault.at_start:
            self._break()
        with self._detecting(prefix) as detector, _page(self.card, prefix) as page:
            wrong = "" if fault.at_start else self._began(detector)
            if not wrong and not fault.at_start:
                self._break()
            if not wrong and not fault.restarts:
                wrong = self._broken(detector) or self._asked(page) or self._mended(detector)
        if not wrong and fault.restarts:
            with self._detecting(prefix) as detector, _page(self.card, prefix) as page:
                wrong = self._broken(detector) or self._asked(page) or self._mended(detector)
        return wrong or self._kept(detector)

    def _detecting(self, prefix: tuple[str, ...]) -> AbstractContextManager[Running]:
        return detecting(self.card.paths, self.card.place / "log", self._camera, prefix)

    def _break(self) -> None:
        self.fault.breaks(self.card)
        self._broken_s = time.monotonic()

    def _began(self, detector: Running) -> str:
        return "" if waited(lambda: self._own_events() > 0, detector, EVENT_S) else f"it saved nothing: {detector.said}"

    def _broken(self, detector: Running) -> str:
        """What is wrong while the card is broken: the detector must name the problem and report the driver's events."""
        began_s = time.monotonic()
        if not detector.says(self._is_said, EVENT_S):
            return f"it does not say {self.fault.says!r}: {detector.said}"
        self.recovery_s = time.monotonic() - began_s  # of faults that heal by themselves
        if not detector.says(lambda said: self._is_said(said) and _ended_since(said, self._broken_s), EVENT_S):
            return f"it stops watching: {detector.said}"
        return ""

    def _asked(self, page: subprocess.Popen[str]) -> str:
        """What is wrong with the page: it must answer and name the problem, and so must saving."""
        fault = self.fault
        if fault.saving_fails and fault.breaks == Card.fill:
            self.card.fill()  # SQLite gave its log back
        answers = _answers(page)
        if REFUSED in answers:  # the password is in the same folder, so nobody could sign in
            return "" if fault.breaks == forbid and "Permission denied" in answers[REFUSED][1] else str(answers)
        if failed := [path for path, (code, _) in answers.items() if code >= 500 and path not in MAY_FAIL]:
            return f"the page fails: {failed}"
        (seen, home_page), (_, login_page), (code, saved) = (answers[path] for path in ("/", "/login", SAVE))
        if seen != 200:
            return "" if fault.breaks == forbid and "Permission denied" in login_page else f"nobody can sign in: {seen}"
        if not re.search(fault.says, home_page):
            return "the page does not say it"
        wanted = 507 if fault.saving_fails else 200
        return "" if code == wanted else f"saving settings was answered with {code}: {saved}"

    def _mended(self, detector: Running) -> str:
        saved = self._own_events()
        if self.fault.mends is not None:
            self.fault.mends(self.card)
            began_s = time.monotonic()
            if not detector.says(lambda said: not said.journal_problem, RETRY_S):
                return f"it does not notice that the card works again: {detector.said}"
            self.recovery_s = time.monotonic() - began_s
        if not waited(lambda: self._own_events() > saved, detector, EVENT_S):
            return f"it does not save again: {detector.said}"
        return ""

    def _is_said(self, said: Status) -> bool:
        return bool(re.search(self.fault.says, said.journal_problem)) if self.fault.says else not said.journal_problem

    def _kept(self, detector: Running) -> str:
        """What is missing in the file after the end: each event that was reported or was there before must be in it."""
        if self.fault.breaks == age:
            make_young(self.card)
        kept = recent(self.card.paths.events, 1000)
        since_s = 0.0 if self.fault.keeps_earlier or self.fault.at_start else self._broken_s
        told = detector.status
        told_events = [event for event in (told.events if told else ()) if event.onset_s >= since_s]
        onsets_s = {entry.event.onset_s for entry in kept}
        self.lost = sum(event.onset_s not in onsets_s for event in told_events)
        if self.fault.keeps_earlier:
            self.lost += EARLIER - sum(entry.boot_id == "earlier" for entry in kept)
        wanted = CONFIG if self.fault.saving_fails else CONFIG.replace("320", str(WIDTH))
        if (saved := self.card.paths.config.read_text()) != wanted:
            return f"config.yaml is {saved!r}"
        aside = self.card.paths.events.with_name("events.sqlite.corrupt-1").exists()
        if aside != (self.fault.says == DAMAGED):
            return "the damaged file was not set aside" if not aside else "a good file was set aside"
        return f"{self.lost} events are gone" if self.lost else ""

    def _own_events(self) -> int:
        try:
            return sum(entry.boot_id != "earlier" for entry in recent(self.card.paths.events, 1000))
        except (JournalUnreadable, OSError):
            return 0


def _ended_since(said: Status, since_s: float) -> bool:
    return any(event.onset_s > since_s for event in said.events)


@contextmanager
def _page(card: Card, prefix: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
    """A page over the card's folders, which was started before the fault."""
    command = [*prefix, sys.executable, "-m", "tests.faults.page", str(card.paths.data), str(card.paths.run)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _answers(page: subprocess.Popen[str]) -> dict[str, tuple[int, str]]:
    assert page.stdin and page.stdout
    first = page.stdout.readline()
    if first.strip() == READY:
        print(file=page.stdin, flush=True)
        first = page.stdout.readline()
    answers: dict[str, tuple[int, str]] = json.loads(first or '{"/": [500, "it ended"]}')
    return answers
