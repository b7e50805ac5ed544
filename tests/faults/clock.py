"""Clocks that jump, suspends, and frames at uneven times: no alert is false or missed, and all are in order.

The wall clock and the monotonic clock are passed into the detector; attention gets times as arguments. detectors.py
stops a real detector, as a suspend does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import accumulate, pairwise
from pathlib import Path

from app.events import Cue, Level, Sight, State, Verdict
from app.journal.entries import Entry, recent
from app.journal.journal import Journal
from app.journal.retention import CLOCK_STEP_S
from app.monitor.detector import Detector, Hooks, Parts, Timing
from app.monitor.driver_feedback import DriverFeedback
from app.vision.measurements import Signals
from tests.faults.detectors import suspended
from tests.faults.scratch import in_memory
from tests.faults.tally import Count, Row
from tests.support.bench import (
    PERIOD_S,
    START_S,
    TIMEOUT_S,
    WALL_S,
    Clock,
    FakeAlert,
    FakeCamera,
    FakeReport,
    FakeWatch,
)
from tests.support.story import (
    ROAD,
    Part,
    attentive,
    cues,
    events,
    eyes_closed,
    looking,
    lost,
    mouth_open,
    new_attention,
)

DRIVES, LONG_DRIVES = 40, 1000
STORIES, LONG_STORIES = 600, 50_000
YEAR_S = 365 * 86400.0
JUMP_MAX_S = 30 * YEAR_S  # 1996 to 2057 from now: a Pi without a clock chip starts in the past
SUSPEND_S = (30.0, 12 * 3600.0)
LATE_MAX_S = 2.0  # a frame is missing; beyond 2.1 s looks do not belong together: app.attention.timers.hold_off_s
ALARMS = {State.LOOKING_AWAY: (looking(9, yaw_deg=45), 5.0), State.EYES_CLOSED: (eyes_closed(7), 3.0)}
CALM = (looking(1.2, yaw_deg=34), looking(0.9, pitch_deg=-21), mouth_open(1.0), lost(1.0), eyes_closed(0.2))


def rows(is_long: bool) -> Iterator[Row]:
    """A row each for the wall clock, suspends and frame times."""
    drives, stories = (LONG_DRIVES, LONG_STORIES) if is_long else (DRIVES, STORIES)
    yield _counted("wall clock set by up to 30 years, 30 times in a drive", drives, _wall_clock)
    yield _counted("suspended for up to 12 h", drives, _suspend)
    yield suspended("a real detector stopped for 20 s")
    yield _counted("frames at uneven times, doubled or late", stories, _uneven)


def _counted(fault: str, tries: int, tried: Callable[[random.Random], str]) -> Row:
    count = Count(fault)
    for number in range(tries):
        wrong = tried(random.Random(number))
        count.add(wrong, lost=bool(wrong))
    return count.row


class Drive:
    """A detector with fakes, but the real attention and journal; a test sets its clocks."""

    def __init__(self, journal: Journal) -> None:
        self.clock, self.wall_offset_s = Clock(), WALL_S
        self.watch, self.alert = FakeWatch(), FakeAlert()
        self.detector = Detector(
            Parts(FakeCamera(self.clock), self.watch, self.alert, DriverFeedback(self.alert), FakeReport(), journal),
            Timing(PERIOD_S, TIMEOUT_S, self.clock, lambda: self.clock.now_s + self.wall_offset_s),
            Hooks(),
        )

    def go(self, part: Part, meanwhile: Callable[[], None] = lambda: None) -> list[Cue]:
        """Drive this part; returns the cues in it."""
        before, end_s, began_s = len(self.alert.played), self.clock.now_s + part.for_s, self.clock.now_s
        self.watch.shows = lambda time_s: part.signals_at(time_s - began_s)
        while self.clock.now_s < end_s:
            self.detector.step()
            meanwhile()
        return self.alert.played[before:]


def _drive(part: Callable[[Drive], None]) -> tuple[Drive, tuple[Entry, ...]]:
    with in_memory() as folder:
        path = Path(folder, "events.sqlite")
        with closing(Journal(path, "boot")) as journal:
            drive = Drive(journal)
            part(drive)
            assert not journal.problem, journal.problem
        return drive, recent(path)[::-1]


def _trip(drive: Drive, meanwhile: Callable[[], None] = lambda: None) -> None:
    for part in (attentive(40), looking(8, yaw_deg=45), attentive(60), eyes_closed(6), attentive(60), lost(15)):
        drive.go(part, meanwhile)
    drive.go(attentive(30), meanwhile)


def _wall_clock(chance: random.Random) -> str:
    """What differs between a trip with a steady wall clock and one with a clock that jumps, "" if nothing."""

    def jump(drive: Drive) -> None:
        if chance.random() < 0.13:
            drive.wall_offset_s = max(-START_S, WALL_S + chance.uniform(-JUMP_MAX_S, JUMP_MAX_S))

    calm, wanted = _drive(_trip)
    drive, found = _drive(lambda drive: _trip(drive, lambda: jump(drive)))
    if drive.alert.played != calm.alert.played or not calm.alert.played:
        return f"sounded {drive.alert.played} instead of {calm.alert.played}"
    if [entry.event for entry in found] != [entry.event for entry in wanted]:
        return f"recorded {[entry.event for entry in found]} instead of {[entry.event for entry in wanted]}"
    if any(after.event.onset_s < before.event.onset_s for before, after in pairwise(found)):
        return "events are out of order"
    stamps_s = [entry.wall_s - entry.event.onset_s for entry in found]
    return "" if max(stamps_s) - min(stamps_s) <= CLOCK_STEP_S else "one drive is shown at several times"


def _suspend(chance: random.Random) -> str:
    """What goes wrong around a suspend at any moment: nothing may be made of the gap, and alerts must be in time."""
    said: list[str] = []

    def trip(drive: Drive) -> None:
        drive.go(attentive(chance.uniform(20, 60)))
        drive.go(chance.choice((attentive(3), *CALM)))
        drive.clock.now_s += chance.uniform(*SUSPEND_S)
        if cues := drive.go(attentive(chance.uniform(20, 40))):
            said.append(f"sounded {cues} after the suspend")
        kind, (part, alarm_s) = chance.choice([*ALARMS.items()])
        began_s = drive.clock.now_s
        part_cues = drive.go(Part(alarm_s + 2 * PERIOD_S, part.signals_at))
        if Cue(kind, Level.ALARM) not in part_cues:
            said.append(f"no alarm for {kind.value} from {began_s:.1f} s on")
        drive.go(attentive(20))

    _, found = _drive(trip)
    kinds = [entry.event.kind for entry in found]
    if len(kinds) != 1:
        said.append(f"recorded {[(entry.event.kind.value, entry.duration_s) for entry in found]}")
    return "; ".join(said)


def _uneven(chance: random.Random) -> str:
    """What goes wrong with one distraction among glances, blinks and words in frames at uneven times.

    A glance of 1.2 s in two frames 2 s apart may have lasted for 3 s: the light of a caution is no false alert.
    """
    kind, (part, alarm_s) = chance.choice([*ALARMS.items()])
    calm = [piece for _ in range(3) for piece in (attentive(chance.uniform(9, 15)), chance.choice(CALM))]
    before_s = sum(piece.for_s for piece in calm) + 12
    parts = (*calm, attentive(12), part, attentive(25))
    times_s = _uneven_times_s(chance, sum(piece.for_s for piece in parts))
    attention = new_attention()
    verdicts = [attention.update(time_s, Sight.CLEAR, _seen(parts, time_s)) for time_s in times_s]
    told = [event for event in events(verdicts) if event.level > Level.CAUTION]
    if {cue.kind for _, cue in cues(verdicts)} != {kind}:
        return f"sounded {cues(verdicts)} for {kind.value}"
    if [event.kind for event in told] != [kind] or told[0].level is not Level.ALARM or told[0].end_s is None:
        return f"{kind.value} was told as {told}"
    gap_s = max(after - before for before, after in pairwise(times_s))
    alarmed_s = next(verdict.time_s for verdict in verdicts if _alarms(verdict))
    return _late(alarmed_s - before_s - alarm_s, 1.5 * gap_s)


def _late(seconds: float, allowed_s: float) -> str:
    return "" if abs(seconds) <= allowed_s + 1e-9 else f"the alarm came {seconds:+.1f} s from its time"


def _alarms(verdict: Verdict) -> bool:
    return any(event.level is Level.ALARM for event in verdict.events)


def _seen(parts: tuple[Part, ...], time_s: float) -> Signals | None:
    for part in parts:
        if time_s < part.for_s:
            return part.signals_at(time_s)
        time_s -= part.for_s
    return ROAD


def _uneven_times_s(chance: random.Random, until_s: float) -> list[float]:
    """Frame times about a second apart; some late, some just after another, some at the same time."""
    gaps_s = [chance.uniform(0.85, 1.15) for _ in range(int(until_s) * 2)]
    for number in range(len(gaps_s)):
        lateness = chance.random()
        if lateness < 0.08:
            gaps_s[number] = chance.uniform(1.3, LATE_MAX_S)
        elif lateness < 0.16:
            gaps_s[number] = chance.choice((0.0, 0.001, 0.05))
    return [time_s for time_s in accumulate(gaps_s) if time_s < until_s]
