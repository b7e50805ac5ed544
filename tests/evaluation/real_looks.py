"""Pictures and clips of real people -> what the detector reads of each picture and tells in each run of a clip."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2

from app.camera.frame import Frame
from app.camera.pictures import BadPicture
from app.events import Event, State
from app.observer import Observation, Observer
from app.recordings.frames import InputError, recorded_frames
from app.recordings.look_times import LookTimes
from config.settings import Settings
from tests.evaluation.labelled import whole_picture
from tests.evaluation.real_people import EYES_ASIDE, Clip, RealPeople, Still, Stretch
from tests.support.story import events

SETTINGS = Settings()
CLIP_FPS = 10.0  # of a clip so many frames a second are read, and each is looked at alone where the eyes are labelled
RUN_FPS = (1.0, 2.0, 5.0)
PHASES = (0.0, 0.25, 0.5, 0.75)  # of a period: when the first look of a run comes
FRAME_OFF_S = 0.04  # frames so near to a labelled stretch belong to it; less than half of a frame's period


@dataclass(frozen=True, slots=True)
class PictureRead:
    """What was read of one picture alone; None: cannot be judged.

    has_face: a face that the mesh fits. is_detected_only: one that only the detector sees, turned far aside or down.
    """

    has_face: bool
    is_detected_only: bool
    eyes_closed: bool | None
    eye_blink: float | None
    yaw_deg: float | None
    state: State


@dataclass(frozen=True, slots=True)
class StillSeen:
    """A picture and what was read of it."""

    still: Still
    read: PictureRead


@dataclass(frozen=True, slots=True)
class EyesSeen:
    """A picture or a frame of a clip in which the eyes are surely "open" or "closed", and what was read of it."""

    name: str
    eyes: str
    read: PictureRead


@dataclass(frozen=True, slots=True)
class Run:
    """A clip looked at as a trip, at one rate from one phase on, and the events that were told, as they ended."""

    clip: Clip
    fps: float
    phase: float
    events: tuple[Event, ...]


@dataclass(slots=True)
class Seen:
    """All that one model saw, and what could not be read."""

    stills: list[StillSeen] = field(default_factory=list)
    frames: list[EyesSeen] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        """Add what was seen in another part."""
        self.stills += other.stills
        self.frames += other.frames
        self.runs += other.runs
        self.problems += other.problems


@dataclass(frozen=True, slots=True)
class Job:
    """What one process looks at in one go with one model: all pictures, or one clip."""

    model: str
    shown: tuple[Still, ...] | Clip


def look_at_people(people: RealPeople, models: Sequence[str], cores: int) -> dict[str, Seen]:
    """What each model sees, looked at by as many processes as there are cores."""
    shown: list[tuple[Still, ...] | Clip] = [tuple(people.stills), *people.clips]
    jobs = [Job(model, part) for model in models for part in shown]
    seen = {model: Seen() for model in models}
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        for job, part_seen in zip(jobs, pool.imap(_work, jobs), strict=True):
            seen[job.model].add(part_seen)
    return seen


_watch: tuple[str, Observer] | None = None


def _work(job: Job) -> Seen:
    """One job, in a process that keeps its watch until another model is asked for."""
    global _watch
    cv2.setNumThreads(1)
    if _watch is None or _watch[0] != job.model:
        if _watch is not None:
            _watch[1].close()
        vision = replace(SETTINGS.vision, model=job.model)
        _watch = job.model, Observer(vision, SETTINGS.analysis, SETTINGS.alerting.repeat_s)
    watch = _watch[1]
    return see_clip(job.shown, watch) if isinstance(job.shown, Clip) else see_stills(job.shown, watch)


def see_stills(stills: Sequence[Still], watch: Observer) -> Seen:
    """Each picture judged alone."""
    seen = Seen()
    for still in stills:
        try:
            frame = Frame(whole_picture(still.path), 0.0, 0)
        except BadPicture as bad:
            seen.problems.append(str(bad))
        else:
            seen.stills.append(StillSeen(still, _read(watch.look_alone(frame))))
    return seen


def see_clip(clip: Clip, watch: Observer) -> Seen:
    """The labelled frames of a clip judged alone, and its runs; none of a clip that cannot be read to its end."""
    seen, frames = Seen(), list[Frame]()
    for recorded in recorded_frames([clip.path], CLIP_FPS):
        if isinstance(recorded, InputError):
            return Seen(problems=[str(recorded)])
        frames.append(recorded.frame)
    for stretch in clip.stretches:
        if not frames_within(frames, stretch):
            seen.problems.append(f"{clip.path}: no frame from {stretch.from_s:g} to {stretch.to_s:g} s")
        elif stretch.eyes != EYES_ASIDE:
            seen.frames += _eyes_of(clip, stretch, frames, watch)
    clip = replace(clip, stretches=tuple(stretch for stretch in clip.stretches if frames_within(frames, stretch)))
    for fps in RUN_FPS:
        for phase in PHASES:
            verdicts = [look.verdict for look in looks_of_run(frames, watch, fps, phase)]
            seen.runs.append(Run(clip, fps, phase, tuple(events(verdicts))))
    return seen


def _eyes_of(clip: Clip, stretch: Stretch, frames: Sequence[Frame], watch: Observer) -> Iterator[EyesSeen]:
    for frame in frames_within(frames, stretch):
        name = f"{clip.name} {frame.time_s:.1f} s"
        yield EyesSeen(name, stretch.eyes, _read(watch.look_alone(frame)))


def frames_within(frames: Sequence[Frame], stretch: Stretch) -> list[Frame]:
    """The frames of a stretch, its first and last moment included."""
    from_s, to_s = stretch.from_s - FRAME_OFF_S, stretch.to_s + FRAME_OFF_S
    return [frame for frame in frames if from_s <= frame.time_s <= to_s]


def looks_of_run(frames: Sequence[Frame], watch: Observer, fps: float, phase: float) -> Iterator[Observation]:
    """The looks of a trip that begins with the clip: fps a second, the first after this share of a period.

    For each moment the frame nearest to it is taken, for second looks too.
    """
    watch.reset()
    times, half_frame_s = LookTimes(fps, phase / fps), frames[-1].time_s / max(1, len(frames) - 1) / 2
    for frame in frames:
        reach_s = frame.time_s + half_frame_s
        if times.is_due(reach_s):
            look = watch.look(frame)
            times.taken(frame.time_s, reach_s, look.verdict.is_urgent)
            yield look


def _read(look: Observation) -> PictureRead:
    signals = look.signals
    return PictureRead(
        has_face=look.face is not None,
        is_detected_only=look.face is None and signals is not None,
        eyes_closed=look.verdict.eyes_closed,
        eye_blink=signals.eye_blink if signals else None,
        yaw_deg=signals.yaw_deg if signals else None,
        state=look.verdict.state,
    )
