"""Trips written in one line, `story(attentive(30), looking(4, yaw_deg=45))`, and attention's verdicts on them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import islice
from math import inf

from app.attention.judgement import Attention
from app.attention.policy import Policy
from app.camera.frame import SECOND_LOOK_S, has_second_look
from app.events import Cue, Event, Level, Motion, Sight, State, Torso, Verdict
from app.vision.measurements import Signals
from config.settings import Analysis, Settings

OPEN, SHUT = 0.03, 0.7  # blink scores of eyes that are clearly so
ROAD = Signals(
    yaw_deg=0,
    pitch_deg=0,
    roll_deg=0,
    eye_blink=OPEN,
    eyes_hidden=False,
    brow_down=0.0,
    smile=0.0,
    ear=0.3,
    mar=0.02,
    gaze_yaw_deg=0.0,
    hand_at_ear=False,
    presence=1.0,
    confidence=1,
    face_x=0.5,
    face_width=0.3,
)
REPEAT_S = Settings().alerting.repeat_s
RATES = (0.5, 1.0, 2.0, 10.0)
START_S = 30.0  # long enough to learn the neutral pose


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a story; signals_at gets the seconds since its start and returns None for "no face".

    torso: the driver's torso as seen during the part.
    """

    for_s: float
    signals_at: Callable[[float], Signals | None]
    sight: Sight = Sight.CLEAR
    torso: Torso | None = None
    motion: Motion = Motion.UNKNOWN


def new_attention(analysis: Analysis | None = None, policy: Policy | None = None) -> Attention:
    return Attention(analysis or Settings().analysis, REPEAT_S, policy)


@cache
def attentive(for_s: float) -> Part:
    return Part(for_s, lambda _: ROAD)


def showing(for_s: float, **changes: float | bool | None) -> Part:
    """The signals of a driver who looks at the road, with these changes."""
    seen = replace(ROAD, **changes)  # type: ignore[arg-type]
    return Part(for_s, lambda _: seen)


def looking(for_s: float, yaw_deg: float = 0, pitch_deg: float = 0) -> Part:
    if abs(yaw_deg) <= 35:
        return showing(for_s, yaw_deg=yaw_deg, pitch_deg=pitch_deg)
    return showing(for_s, yaw_deg=yaw_deg, pitch_deg=pitch_deg, confidence=0.5, gaze_yaw_deg=None)


def eyes_closed(for_s: float, **changes: float | bool | None) -> Part:
    return showing(for_s, eye_blink=SHUT, **changes)


def blinking(for_s: float, every_s: float, blink_s: float) -> Part:
    return Part(for_s, lambda t: replace(ROAD, eye_blink=SHUT) if t % every_s < blink_s else ROAD)


def mouth_open(for_s: float, mar: float = 0.9) -> Part:
    return showing(for_s, mar=mar)


def on_phone(for_s: float) -> Part:
    return showing(for_s, hand_at_ear=True)


def eyes_hidden(for_s: float) -> Part:
    """The head is seen, the eyes are not."""
    return showing(for_s, eye_blink=None, eyes_hidden=True, brow_down=None, ear=None, gaze_yaw_deg=None)


def detected_only(for_s: float, turned: State, torso: Torso | None = None) -> Part:
    """The face detector finds a head turned beyond the mesh's angles; the mesh does not fit it."""
    return Part(for_s, lambda _: Signals(face_width=ROAD.face_width, detected_only=turned), torso=torso)


def lost(for_s: float, torso: Torso | None = None) -> Part:
    """The face cannot be found, the picture is good."""
    return Part(for_s, lambda _: None, torso=torso)


def sight(for_s: float, what: Sight) -> Part:
    return Part(for_s, lambda _: None, what)


def while_(motion: Motion, part: Part) -> Part:
    """The same part with this motion of the vehicle."""
    return replace(part, motion=motion)


Sample = tuple[float, Sight, Signals | None, Torso | None, Motion]


def sample_at(parts: tuple[Part, ...], time_s: float) -> Sample:
    """The arguments of attention.update at this time; the last part continues without end."""
    rest_s = time_s
    for part in parts[:-1]:
        if rest_s < part.for_s:
            return time_s, part.sight, part.signals_at(rest_s), part.torso, part.motion
        rest_s -= part.for_s
    last = parts[-1]
    return time_s, last.sight, last.signals_at(rest_s), last.torso, last.motion


def samples(parts: tuple[Part, ...], fps: float, phase_s: float = 0.0) -> Iterator[Sample]:
    """The story seen fps times a second, the first time after phase_s."""
    total_s = sum(part.for_s for part in parts)
    for number in range(int((total_s - phase_s) * fps)):
        yield sample_at(parts, phase_s + number / fps)


def story(
    *parts: Part,
    fps: float = 1.0,
    phase_s: float = 0.0,
    analysis: Analysis | None = None,
    policy: Policy | None = None,
) -> list[Verdict]:
    """The verdicts of a whole story; it starts at time 0."""
    attention, verdicts = begun(parts[0], fps, phase_s, analysis, policy)
    rest = islice(samples(parts, fps, phase_s), len(verdicts), None)
    return verdicts + [attention.update(*sample) for sample in rest]


def begun(
    first: Part, fps: float, phase_s: float, analysis: Analysis | None, policy: Policy | None
) -> tuple[Attention, list[Verdict]]:
    """Attention after the first part of a story, if that is attentive, and the verdicts on it."""
    if first is not attentive(first.for_s):
        return new_attention(analysis, policy), []
    verdicts, after = attentive_begin(first.for_s, fps, phase_s, analysis, policy)
    return pickle.loads(after), list(verdicts)


@lru_cache(64)
def attentive_begin(
    for_s: float, fps: float, phase_s: float, analysis: Analysis | None, policy: Policy | None
) -> tuple[list[Verdict], bytes]:
    """The same once for all stories that begin alike; pickle copies attention six times faster than deepcopy."""
    attention = new_attention(analysis, policy)
    verdicts = [attention.update(*sample) for sample in samples((attentive(for_s),), fps, phase_s)]
    return verdicts, pickle.dumps(attention)


def watched(*parts: Part, fps: float = 1.0, phase_s: float = 0.0) -> list[Verdict]:
    """The verdicts with a live camera, which takes a second look soon while the verdict is urgent."""
    attention, verdicts = begun(parts[0], fps, phase_s, None, None)
    total_s = sum(part.for_s for part in parts)
    number = len(verdicts)
    time_s = phase_s + number / fps
    while time_s < total_s:
        verdicts.append(attention.update(*sample_at(parts, time_s)))
        due_s = phase_s + (number + 1) / fps
        if verdicts[-1].is_urgent and has_second_look(time_s, due_s):
            time_s += SECOND_LOOK_S
        else:
            number, time_s = number + 1, due_s
    return verdicts


def events(verdicts: list[Verdict]) -> list[Event]:
    """Each event once, in its last state."""
    latest: dict[tuple[State, float], Event] = {}
    for verdict in verdicts:
        for event in verdict.events:
            latest[event.kind, event.onset_s] = event
    return list(latest.values())


def reached(verdicts: list[Verdict], kind: State, level: Level) -> float:
    """When an event of this kind first had at least this level; infinite if none had."""
    for verdict in verdicts:
        if any(event.kind is kind and event.level >= level and event.end_s is None for event in verdict.events):
            return verdict.time_s
    return inf


def cues(verdicts: list[Verdict]) -> list[tuple[float, Cue]]:
    """Each sound that was due, with its time."""
    return [(verdict.time_s, verdict.cue) for verdict in verdicts if verdict.cue]


def phases(fps: float, number: int = 4) -> list[float]:
    """Evenly spread offsets of the first look within one period of the camera, in seconds."""
    return [part / number / fps for part in range(number)]


def kinds(verdicts: list[Verdict]) -> list[tuple[State, Level]]:
    """The events of a story by kind, with the level that each reached."""
    return [(event.kind, event.level) for event in events(verdicts)]
