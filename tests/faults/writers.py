"""Writers that save over and over and confirm each step, and the checks of what must be left after a cut.

A writer's steps are numbered, and what a step leaves depends on its number alone: after a cut the state is that of the
last step that was confirmed, or of the one after it.
"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from admin.auth.tokens import Tokens
from app.events import Event, Level, State
from app.journal import deletion, journal_schema
from app.journal.entries import recent
from app.journal.journal import Journal
from config import password
from config.paths import CONFIG, LAST_GOOD, Paths
from config.read import read
from config.settings import DECLARATIONS
from config.store import Store
from tests.support.hashes import cheap_scrypt
from tests.support.journal_releases import REBUILD

COMMENT = "# the owner's own words"
WIDTHS = range(int(DECLARATIONS["camera.width"].low), int(DECLARATIONS["camera.width"].high))
KEEP_EVENTS, CHECKED_EVENTS = 200, 100  # fewer are checked than kept, as unconfirmed ones are kept too
ASKED, DELETED = 1, 2  # steps of four
TOKEN_LIFE = 9  # steps; odd, so that tokens are made in even steps and revoked in odd ones
WALL_S = 1.8e9

Confirm = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Check:
    """What a cut left: how many confirmed things are gone, and what is wrong ("" if nothing is)."""

    lost: int = 0
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """`steps` yields what each step confirms, from step `first` on; `check` gets all that was confirmed."""

    name: str
    steps: Callable[[Path, int], Iterator[str]]
    check: Callable[[Path, Sequence[str]], Check]


def paths_in(folder: Path) -> Paths:
    """Paths whose three folders are one."""
    return Paths(folder, folder, folder)


def _width(step: int) -> int:
    """The width in config.yaml after this step; every third step only keeps a good copy."""
    step -= step % 3 == 2
    return WIDTHS[step % len(WIDTHS)]


def _good(step: int) -> int | None:
    """The width in the last good copy after this step; None before the first copy."""
    return _width(step - (step + 1) % 3) if step >= 2 else None


def _write_settings(folder: Path, first: int) -> Iterator[str]:
    store = Store(folder)
    for step in itertools.count(first):
        loaded = store.load()
        if step % 3 == 0:
            store.save(f"{COMMENT}\ncamera:\n  width: {_width(step)}\n", loaded.version)
        elif step % 3 == 1:
            store.change({"camera.width": _width(step)}, loaded.version)
        else:
            store.mark_good(loaded)
        yield ""


def _check_settings(folder: Path, confirmed: Sequence[str]) -> Check:
    last, store = len(confirmed) - 1, Store(folder)
    loaded = store.load()
    if last < 0 and not (folder / CONFIG).exists():
        return Check()
    if loaded.problems or loaded.origin != CONFIG or COMMENT not in loaded.text:
        return Check(1, f"config.yaml is {loaded.text!r}")
    if loaded.settings.camera.width not in (_width(last), _width(last + 1)):
        return Check(1, f"config.yaml has {loaded.settings.camera.width} after step {last}")
    copies = store.copies()
    if damaged := [name for name, text in copies.items() if read(text).problems]:
        return Check(1, f"damaged: {damaged}")
    good = read(copies[LAST_GOOD]).settings.camera.width if LAST_GOOD in copies else None
    if good not in (_good(last), _good(last + 1)):
        return Check(1, f"the last good copy has {good} after step {last}")
    return Check()


def _word(step: int) -> str:
    return f"zebra quilt {step} vortex"


def _write_password(folder: Path, first: int) -> Iterator[str]:
    for step in itertools.count(first):
        password.save(paths_in(folder).admin_password, _word(step))
        yield ""


def _check_password(folder: Path, confirmed: Sequence[str]) -> Check:
    last, path = len(confirmed) - 1, paths_in(folder).admin_password
    if last < 0 and not path.exists():
        return Check()
    if wrong := password.problem(path):
        return Check(1, wrong)
    if not any(password.verify(password.load(path), _word(step)) for step in (last, last + 1)):
        return Check(1, f"the password is not that of step {last}")
    return Check()


def _write_tokens(folder: Path, first: int) -> Iterator[str]:
    tokens = Tokens(paths_in(folder).admin_tokens)
    for token in tokens.all():
        if int(token.label) >= first:  # made, but not confirmed
            tokens.revoke(token.id)
    for step in itertools.count(first):
        made = tokens.make(str(step), "control") if step % 2 == 0 else ""
        for token in () if made else tokens.all():
            if int(token.label) == step - TOKEN_LIFE:
                tokens.revoke(token.id)
        yield made


def _check_tokens(folder: Path, confirmed: Sequence[str]) -> Check:
    last, tokens = len(confirmed) - 1, Tokens(paths_in(folder).admin_tokens)
    if tokens.problem:
        return Check(1, tokens.problem)
    revoked_until, may_be_gone = last - TOKEN_LIFE, last + 1 - TOKEN_LIFE
    newest = [*enumerate(confirmed)][max(0, last - 3 * TOKEN_LIFE) :]
    for step, token in ((step, token) for step, token in newest if token and step != may_be_gone):
        if (tokens.find(token) is not None) != (step > revoked_until):
            return Check(1, f"the token of step {step} is {'gone' if step > revoked_until else 'back'}")
    return Check()


def _write_events(folder: Path, first: int) -> Iterator[str]:
    with closing(Journal(paths_in(folder).events, f"boot-{first}", keep_events=KEEP_EVENTS)) as journal:
        for step in itertools.count(first):
            at_s = float(step)
            end_s = None if step % 2 else at_s + 0.5
            journal.record(Event(State.PHONE, Level.WARNING, at_s, at_s, at_s, end_s), WALL_S + at_s, at_s)
            if journal.problem:
                raise OSError(journal.problem)
            yield ""


def _check_events(folder: Path, confirmed: Sequence[str]) -> Check:
    path = paths_in(folder).events
    wanted = set(range(max(0, len(confirmed) - CHECKED_EVENTS), len(confirmed)))
    with closing(Journal(path, "", keep_events=KEEP_EVENTS)) as journal:
        if journal.problem:
            return Check(len(wanted), journal.problem)
        lost = wanted - {int(entry.event.onset_s) for entry in recent(path, KEEP_EVENTS)}
    with closing(sqlite3.connect(path)) as db:
        (found,) = db.execute("PRAGMA integrity_check").fetchone()
    wrong = f"events {sorted(lost)} are gone" if lost else "" if found == "ok" else found
    return Check(len(lost), wrong)


def _write_deletions(folder: Path, first: int) -> Iterator[str]:
    """In turn: record an event, ask to delete all events, delete them, and record an event that must stay."""
    path = paths_in(folder).events
    with closing(Journal(path, f"boot-{first}")) as journal:
        for step in itertools.count(first):
            at_s = float(step)
            if step % 4 == ASKED:
                deletion.ask(path)
            elif step % 4 == DELETED:
                journal.delete_all()
            else:
                journal.record(Event(State.PHONE, Level.WARNING, at_s, at_s, at_s, at_s + 1), WALL_S + at_s, at_s)
                journal.save_signals(State.PHONE, at_s, "signals", at_s + 20)
            if journal.problem:
                raise OSError(journal.problem)
            yield ""


def _check_deletions(folder: Path, confirmed: Sequence[str]) -> Check:
    path, last = paths_in(folder).events, len(confirmed) - 1
    with closing(Journal(path, "")) as journal:
        if journal.problem:
            return Check(1, journal.problem)
        found = {int(entry.event.onset_s) for entry in recent(path)}
    asked = last - (last - ASKED) % 4
    back = {step for step in found if step < asked}
    lost = {last} - found if last > DELETED and last % 4 == DELETED + 1 else set()
    wrong = f"deleted events are back: {sorted(back)}" if back else f"event {last} is gone" if lost else ""
    return Check(len(back) + len(lost), wrong)


@contextmanager
def updated(steps: int) -> Iterator[None]:
    """Until the end of the block, be a release with so many more steps in the events' schema."""
    today = journal_schema.MIGRATIONS
    journal_schema.MIGRATIONS = today + (REBUILD,) * steps
    try:
        yield
    finally:
        journal_schema.MIGRATIONS = today


def _write_updates(folder: Path, first: int) -> Iterator[str]:
    """Start a release with a later schema in each step; every third one is marked good and removes its copy."""
    for step in itertools.count(first):
        at_s = float(step)
        path = paths_in(folder).events
        with updated(step + 1), closing(Journal(path, f"boot-{step}", keep_events=KEEP_EVENTS)) as journal:
            journal.record(Event(State.PHONE, Level.WARNING, at_s, at_s, at_s, at_s + 0.5), WALL_S + at_s, at_s)
            if step % 3 == 2:
                journal.mark_good()
            if journal.problem:
                raise OSError(journal.problem)
        yield ""


def _check_updates(folder: Path, confirmed: Sequence[str]) -> Check:
    path = paths_in(folder).events
    with updated(len(confirmed) + 1):
        found = _check_events(folder, confirmed)
    allowed = {path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}.before-update"}
    others = {file.name for file in folder.glob(f"{path.name}*")} - allowed
    return found if found.wrong or not others else Check(0, f"files are left: {sorted(others)}")


def cheapen_hashes() -> None:
    """Make scrypt cheap, as the password is saved 500 times."""
    hashlib.scrypt = cheap_scrypt


WRITERS = (
    Writer("settings", _write_settings, _check_settings),
    Writer("password", _write_password, _check_password),
    Writer("tokens", _write_tokens, _check_tokens),
    Writer("events", _write_events, _check_events),
    Writer("a wish to delete the events", _write_deletions, _check_deletions),
    Writer("events with each start in a newer schema", _write_updates, _check_updates),
)
