"""What was seen and what was true -> what was told, missed, told late and told for nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf

from app.attention.driver import Driver
from app.attention.escalation import SILENT_CAUTIONS
from app.attention.judgement import Attention, road_of
from app.attention.policy import NORMAL
from app.events import Event, Level, State, Verdict
from app.vision.measurements import Signals
from config.settings import Settings
from tests.evaluation.cases import POSES, Case, scenario, sees_gaze, sees_hands
from tests.evaluation.due import TURN_S, Due
from tests.evaluation.look import Seen
from tests.evaluation.masks import CLOSED, WIDE, true_eyes
from tests.evaluation.truth import Truth, true_sample
from tests.evaluation.vary import Trip, poses, trip_of
from tests.support.story import events

SETTINGS = Settings()
TALKING_AT_MOST = 0.35  # of jaw_open; between it and WIDE is neither
TOLD_ON_S = 6.0  # so far apart two stretches may be that one event tells of
EYES_READ = {True: "closed", False: "open", None: "not judged"}  # of Verdict.eyes_closed
FACING_DEG = 22.0  # eyes and mouths of single pictures are classified while the head is turned no further


@dataclass(frozen=True, slots=True)
class Told:
    """A stretch that had to be told: the highest level reached, and how late each level came, in s.

    instead: what was alerted of in the place of a missed one.
    """

    kind: State
    at_s: float
    must: Level
    may: Level
    reached: Level
    late_s: tuple[tuple[Level, float], ...]
    instead: State | None = None

    @property
    def is_missed(self) -> bool:
        """Not told at all, or by light alone where it had to be heard."""
        return self.reached is Level.NONE or sounds(self.kind, self.must) > sounds(self.kind, self.reached)


def sounds(kind: State, level: Level) -> bool:
    """Whether an event of this kind is heard at this level."""
    return level > Level.CAUTION or (level is Level.CAUTION and kind not in SILENT_CAUTIONS)


@dataclass(frozen=True, slots=True)
class False_:
    """An event for which there was no cause; is_heard: it made a sound."""

    kind: State
    level: Level
    at_s: float
    is_heard: bool


@dataclass(slots=True)
class Score:
    """Of one case, or of many added up. Pairs are (true, read)."""

    hours: float = 0.0
    attentive_hours: float = 0.0
    told: list[Told] = field(default_factory=list)
    false: list[False_] = field(default_factory=list)
    false_while_attentive: list[False_] = field(default_factory=list)
    states: Counter[tuple[State, State]] = field(default_factory=Counter)
    eyes: Counter[tuple[str, str]] = field(default_factory=Counter)
    posed_eyes: Counter[tuple[str, str]] = field(default_factory=Counter)
    mouths: Counter[tuple[str, str]] = field(default_factory=Counter)
    poses: list[PoseRead] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Add another one's figures."""
        self.hours += other.hours
        self.attentive_hours += other.attentive_hours
        self.told += other.told
        self.false += other.false
        self.false_while_attentive += other.false_while_attentive
        self.poses += other.poses
        self.states += other.states
        self.eyes += other.eyes
        self.posed_eyes += other.posed_eyes
        self.mouths += other.mouths

    @property
    def missed(self) -> list[Told]:
        """What had to be told and was not."""
        return [told for told in self.told if told.is_missed]

    @property
    def recall(self) -> float | None:
        """Told of what had to be."""
        return 1 - len(self.missed) / len(self.told) if self.told else None

    @property
    def precision(self) -> float | None:
        """Of what was told, the share that had a cause; what may or may not be told counts as neither, if no louder."""
        right = len(self.told) - len(self.missed)
        return right / (right + len(self.false)) if right + len(self.false) else None

    @property
    def level_right(self) -> float | None:
        """Of what was told, the share that reached the level it had to and no higher one than it may."""
        told = [told for told in self.told if not told.is_missed]
        return sum(one.must <= one.reached <= one.may for one in told) / len(told) if told else None

    @property
    def heard_an_hour(self) -> float | None:
        """False alerts with a sound, an hour of attentive driving."""
        heard = sum(false.is_heard for false in self.false_while_attentive)
        return heard / self.attentive_hours if self.attentive_hours else None


@dataclass(frozen=True, slots=True)
class PoseRead:
    """A true pose, and how it was read: (yaw, pitch, roll) in degrees; None: no face, or not measurable."""

    true_deg: tuple[float, float, float]
    read_deg: tuple[float, float, float] | None
    has_face: bool


def truth_of(trip: Trip) -> Truth:
    """What must be told of a trip by the default settings."""
    return Truth(trip, NORMAL, SETTINGS.analysis.history_window)


def replay(seen: Seen) -> list[Verdict]:
    """What the rules say of what was seen; they are the detector's own."""
    attention = Attention(SETTINGS.analysis, SETTINGS.alerting.repeat_s)
    return [
        attention.update(float(time_s), sight, signals, torso)
        for time_s, sight, signals, torso in zip(seen.times_s, seen.sights, seen.signals, seen.torso, strict=True)
    ]


def ideal(seen: Seen, trip: Trip, with_gaze: bool) -> list[Verdict]:
    """What they would say at the same moments, were pose, eyes and mouth measured without error."""
    attention = Attention(SETTINGS.analysis, SETTINGS.alerting.repeat_s)
    return [
        attention.update(time_s, *true_sample(trip.scene_at(time_s), with_gaze)) for time_s in seen.times_s.tolist()
    ]


def score(case: Case, seen: Seen, truths: dict[tuple[str, int, str], Truth]) -> Score:
    """The figures of one case; truths: kept between the cases of one trip."""
    if case.scenario == POSES:
        return _score_poses(case, seen)
    trip = trip_of(scenario(case.scenario), case.seed, case.condition)
    key = case.scenario, case.seed, case.condition
    if key not in truths:
        truths.clear()
        truths[key] = truth_of(trip)
    verdicts = replay(seen)
    dues = truths[key].dues(case.fps, sees_hands(case.model), sees_gaze(case.model))
    result = match(dues, events(verdicts), verdicts, 1 / case.fps)
    result.hours = trip.length_s / 3600
    if not scenario(case.scenario).expect:
        result.attentive_hours = result.hours
        result.false_while_attentive = result.false
    # second looks come where eyes were read as closed: they would count those twice that were read well
    ticks = [
        pair
        for pair in zip(ideal(seen, trip, sees_gaze(case.model)), verdicts, strict=True)
        if is_tick(pair[1].time_s, case.fps)
    ]
    result.states = Counter((true.state, said.state) for true, said in ticks)
    for _, verdict in ticks:
        is_true = true_eyes(trip.scene_at(verdict.time_s))
        if is_true is not None:
            read = EYES_READ[verdict.eyes_closed]
            result.eyes[is_true, read] += 1
    return result


def is_tick(time_s: float, fps: float) -> bool:
    """Whether a look was due by the rate, and was no second look."""
    return abs(time_s * fps - round(time_s * fps)) < 1e-3


def match(dues: list[Due], found: list[Event], verdicts: list[Verdict], period_s: float) -> Score:
    """Each event that was found has a due one as its cause, or none; verdicts say when it rose."""
    result = Score()
    used: dict[int, float] = {}  # the event's number: when the last stretch ended that it told of
    for due in dues:
        if due.may is Level.NONE:
            continue
        mine = [number for number, event in enumerate(found) if _meets(event, due, period_s)]
        # one that lasted on from an earlier stretch, such as a sleeper's whose head turned between, tells of both
        mine = [number for number in mine if due.from_s - used.get(number, due.from_s) <= TOLD_ON_S]
        mine.sort(key=lambda number: number in used)
        mine = mine[: len(due.kinds)]
        if due.also is not None:  # either tells of it, the louder one counts
            mine.sort(key=lambda number: -found[number].level)
        event = found[mine[0]] if mine else None
        is_first = bool(mine) and mine[0] not in used
        used.update((number, due.to_s) for number in mine)
        if due.must is Level.NONE:
            continue
        told = Told(due.kind, due.from_s, due.must, due.may, Level.NONE, ())
        if event is not None:
            told = replace(told, reached=event.level, late_s=_late(due, event, verdicts) if is_first else ())
        result.told.append(replace(told, instead=_instead(found, due)) if told.is_missed else told)
    for number, event in enumerate(found):
        # one that met only what may be told, and less loudly, has no cause either
        causes = [due for due in dues if number in used and _meets(event, due, period_s)]
        if event.level > max([due.may for due in causes], default=Level.NONE):
            result.false.append(False_(event.kind, event.level, event.onset_s, sounds(event.kind, event.level)))
    return result


def _instead(found: list[Event], due: Due) -> State | None:
    """Another kind of event, with a sound, that was on while this one lasted."""
    others = (event for event in found if event.kind not in due.kinds and event.level >= Level.WARNING)
    return next((one.kind for one in others if one.onset_s <= due.to_s and _end_s(one) >= due.from_s), None)


def _meets(event: Event, due: Due, period_s: float) -> bool:
    """They are of one kind and overlap, but for a frame."""
    slack_s = period_s + TURN_S
    return event.kind in due.kinds and event.onset_s <= due.to_s + slack_s and _end_s(event) >= due.from_s - slack_s


def _end_s(event: Event) -> float:
    return inf if event.end_s is None else event.end_s


def _late(due: Due, event: Event, verdicts: list[Verdict]) -> tuple[tuple[Level, float], ...]:
    """How long after its rule's own time each level came that had to."""
    late: list[tuple[Level, float]] = []
    for level, limit_s in due.limits_s:
        for verdict in verdicts:
            if any(
                one.kind is event.kind and one.onset_s == event.onset_s and one.level >= level for one in verdict.events
            ):
                late.append((level, verdict.time_s - due.from_s - limit_s))
                break
    return tuple(late)


def _score_poses(case: Case, seen: Seen) -> Score:
    result, driver = Score(), Driver(NORMAL, road_of(SETTINGS.analysis))
    for scene, signals in zip(poses(case.seed, case.condition), seen.signals, strict=True):
        read = None
        if signals and signals.yaw_deg is not None and signals.pitch_deg is not None and signals.roll_deg is not None:
            read = signals.yaw_deg, signals.pitch_deg, signals.roll_deg
        result.poses.append(PoseRead((scene.yaw_deg, scene.pitch_deg, scene.roll_deg), read, signals is not None))
        is_facing = abs(scene.yaw_deg) <= FACING_DEG and abs(scene.pitch_deg) <= FACING_DEG
        if is_facing:
            is_true = "closed" if scene.eyes_closed >= CLOSED else "open"
            result.posed_eyes[is_true, _eyes_read(signals, driver)] += 1
        if is_facing and (scene.jaw_open >= WIDE or scene.jaw_open <= TALKING_AT_MOST):
            mar = signals.mar if signals else None
            is_read = "not judged" if mar is None else "wide" if mar > driver.yawn_mar() else "not wide"
            result.mouths["wide" if scene.jaw_open >= WIDE else "not wide", is_read] += 1
    return result


def _eyes_read(signals: Signals | None, driver: Driver) -> str:
    return EYES_READ[None if signals is None else driver.are_lowered(signals)]
