"""What one model saw of real people -> counts, shares, events and goals; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf

import numpy as np

from app.events import Event, Level, State
from tests.evaluation.real_looks import RUN_FPS, EyesSeen, Run, Seen, StillSeen
from tests.evaluation.real_people import EYES_ASIDE, MASK, Clip, Stretch
from tests.evaluation.report import Goal
from tests.evaluation.score import EYES_READ

FACE_FOUND_MIN, MASKED_FACE_FOUND_MIN = 0.99, 0.93
CLOSED_TOLD_MIN, OPEN_AS_CLOSED_MAX = 0.95, 0.005
ATTENTIVE_MIN = 0.95
# The lids are labelled where they are surely closed; they begin to close before that and open after it
CLOSED_NEAR_S = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.part / self.whole if self.whole else None

    def __str__(self) -> str:
        return f"{self.part} of {self.whole}"


def share_of(flags: Iterable[bool]) -> Share:
    """How many of the flags are set."""
    listed = list(flags)
    return Share(sum(listed), len(listed))


def groups_of(stills: Sequence[StillSeen]) -> dict[str, list[StillSeen]]:
    """The pictures with and without a mask, then those of each word, the most frequent word first."""
    groups = {
        "all": list(stills),
        f"all but {MASK}": [seen for seen in stills if not seen.still.has_mask],
        MASK: [seen for seen in stills if seen.still.has_mask],
    }
    counts = Counter(word for seen in stills for word in seen.still.words)
    for word, _ in counts.most_common():
        groups[word] = [seen for seen in stills if word in seen.still.words]
    return groups


def faces_found(stills: Iterable[StillSeen]) -> Share:
    """In how many pictures the mesh fits a face."""
    return share_of(seen.read.has_face for seen in stills)


def is_attentive(seen: StillSeen) -> bool:
    """Judged alone the driver is attentive; hidden eyes may also be told as not seen."""
    state = seen.read.state
    return state is State.ATTENTIVE or (state is State.EYES_UNSEEN and seen.still.eyes == "hidden")


def attentive(stills: Iterable[StillSeen]) -> Share:
    """How many of those that must be are judged attentive."""
    return share_of(is_attentive(seen) for seen in stills if seen.still.must_be_attentive)


def is_side_right(seen: StillSeen) -> bool | None:
    """Whether the yaw of a turned head was read to its true side; None where none was read."""
    true_deg, read_deg = seen.still.yaw_deg, seen.read.yaw_deg
    return None if true_deg is None or read_deg is None else true_deg * read_deg > 0


def sides(stills: Iterable[StillSeen]) -> Counter[bool | None]:
    """How often the side of a turned head was read right, wrong (False) and not at all (None)."""
    return Counter(is_side_right(seen) for seen in stills if seen.still.is_turned)


def eyes_of_stills(stills: Iterable[StillSeen]) -> list[EyesSeen]:
    """The pictures in which both eyes are surely open or closed."""
    sure = (seen for seen in stills if seen.still.eyes in ("open", "closed"))
    return [EyesSeen(seen.still.name, seen.still.eyes, seen.read) for seen in sure]


def eyes_told(eyes: Iterable[EyesSeen]) -> Counter[tuple[str, str]]:
    """How often each pair of true and read came."""
    return Counter((seen.eyes, EYES_READ[seen.read.eyes_closed]) for seen in eyes)


def told_closed(counts: Mapping[tuple[str, str], int], true: str) -> Share:
    """Of all eyes that truly are closed, or open, those told closed; not judged counts as not told."""
    whole = sum(count for (eyes, _), count in counts.items() if eyes == true)
    return Share(counts.get((true, "closed"), 0), whole)


def area_under_curve(eyes: Sequence[EyesSeen]) -> float | None:
    """The chance that closed eyes have a higher eye_blink than open ones; those without one are left out."""
    closed, opened = (
        [seen.read.eye_blink for seen in eyes if seen.eyes == true and seen.read.eye_blink is not None]
        for true in ("closed", "open")
    )
    if not closed or not opened:
        return None
    apart = np.subtract.outer(closed, opened)
    return float(((apart > 0) + (apart == 0) / 2).mean())


def overlaps(event: Event, stretch: Stretch, slack_s: float = 0.0) -> bool:
    """They have a moment in common, or come as near to each other as the slack."""
    end_s = inf if event.end_s is None else event.end_s
    return event.onset_s <= stretch.to_s + slack_s and end_s >= stretch.from_s - slack_s


def false_alerts(run: Run) -> list[Event]:
    """Warnings and alarms of a run of a clip that must be silent, but for eyes told closed where they are."""
    if not run.clip.must_be_silent:
        return []
    return [event for event in run.events if event.level >= Level.WARNING and not _are_closed(event, run.clip)]


def _are_closed(event: Event, clip: Clip) -> bool:
    is_near = any(overlaps(event, stretch, CLOSED_NEAR_S) for stretch in clip.those("closed"))
    return event.kind is State.EYES_CLOSED and is_near


def gaze_level(run: Run) -> Level | None:
    """How high a run told that the eyes alone look aside, NONE if not at all; None of a clip in which they do not.

    Of several stretches, that which was told least counts.
    """
    away = [event for event in run.events if event.kind is State.LOOKING_AWAY]
    return min((_highest(away, stretch) for stretch in run.clip.those(EYES_ASIDE)), default=None)


def _highest(found: Sequence[Event], stretch: Stretch) -> Level:
    return max((event.level for event in found if overlaps(event, stretch)), default=Level.NONE)


@dataclass(frozen=True, slots=True)
class Told:
    """Events of one kind in several runs of a clip that overlap, seen as one; end_s: None where one lasts to the end.

    levels: how many of these events reached each level. runs: in how many there was one. false_alerts: how many are.
    """

    kind: State
    levels: Counter[Level]
    onset_s: float
    end_s: float | None
    runs: int
    false_alerts: int


def told_in(runs: Sequence[Run]) -> list[Told]:
    """What the runs of one clip at one rate told, in the order of its onset."""
    found = sorted(((event, run) for run in runs for event in run.events), key=lambda one: one[0].onset_s)
    told: list[Told] = []
    for kind in State:
        told += map(_told, _overlapping((event, run) for event, run in found if event.kind is kind))
    return sorted(told, key=lambda one: one.onset_s)


def _overlapping(found: Iterable[tuple[Event, Run]]) -> Iterator[list[tuple[Event, Run]]]:
    """Events in the order of their onset, those together that overlap."""
    together: list[tuple[Event, Run]] = []
    for event, run in found:
        if together and event.onset_s > max(_end_s(one) for one, _ in together):
            yield together
            together = []
        together.append((event, run))
    if together:
        yield together


def _told(together: Sequence[tuple[Event, Run]]) -> Told:
    found = [event for event, _ in together]
    end_s = max(map(_end_s, found))
    return Told(
        found[0].kind,
        Counter(event.level for event in found),
        found[0].onset_s,
        None if end_s == inf else end_s,
        runs=len({run.phase for _, run in together}),
        false_alerts=sum(event in false_alerts(run) for event, run in together),
    )


def _end_s(event: Event) -> float:
    return inf if event.end_s is None else event.end_s


def by_clip_and_rate(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs of each clip at each rate, which differ in their phase alone."""
    return [list(group) for _, group in groupby(runs, lambda run: (run.clip.name, run.fps))]


def goals_of(seen: Seen) -> list[Goal]:
    """What the issue asks for, what was measured, and whether that is reached; None where there was nothing."""
    masked, bare = ([one for one in seen.stills if one.still.has_mask is has_mask] for has_mask in (True, False))
    eyes = eyes_told([*eyes_of_stills(seen.stills), *seen.frames])
    alerts = sum(len(false_alerts(run)) for run in seen.runs)
    has_silent = any(run.clip.must_be_silent for run in seen.runs)
    return [
        at_least(f"face found, all but {MASK}", FACE_FOUND_MIN, faces_found(bare)),
        at_least(f"face found, {MASK}", MASKED_FACE_FOUND_MIN, faces_found(masked)),
        at_least("closed eyes told closed", CLOSED_TOLD_MIN, told_closed(eyes, "closed")),
        at_most("open eyes told closed", OPEN_AS_CLOSED_MAX, told_closed(eyes, "open")),
        at_least("facing the camera: attentive", ATTENTIVE_MIN, attentive(seen.stills)),
        Goal("warnings and alarms in silent clips", "0", str(alerts), alerts == 0 if has_silent else None),
        *(_gaze_goal(seen.runs, fps) for fps in RUN_FPS),
    ]


def _gaze_goal(runs: Iterable[Run], fps: float) -> Goal:
    levels = [gaze_level(run) for run in runs if run.fps == fps]
    told = share_of(level > Level.NONE for level in levels if level is not None)
    return at_least(f"eyes alone look aside: told in every run, {fps:g} a second", 1.0, told)


def at_least(name: str, limit: float, share: Share) -> Goal:
    """A goal that the share reaches from the limit on."""
    return Goal(name, f">= {limit:g}", _said(share), None if share.value is None else share.value >= limit)


def at_most(name: str, limit: float, share: Share) -> Goal:
    """A goal that the share reaches up to the limit."""
    return Goal(name, f"<= {limit:g}", _said(share), None if share.value is None else share.value <= limit)


def _said(share: Share) -> str:
    return "-" if share.value is None else f"{share.value:.3f} ({share})"


def exit_status(goals: Iterable[Goal], problems: Sequence[str], has_seen: bool) -> int:
    """2 when nothing could be read; 1 when one of these goals is missed or something was left out; else 0."""
    if not has_seen:
        return 2
    return 1 if problems or any(goal.is_reached is False for goal in goals) else 0
