"""Recordings -> one JSON object a line: the same judgement as live, with the time from the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Protocol, TextIO

from app.attention.policy import policy_of
from app.camera.kinds import is_picture
from app.camera.mounting import mounted
from app.events import Event
from app.observer import Observation, Observer
from app.recordings.frames import InputError, Recorded, frame_count, recorded_frames
from app.recordings.look_times import LookTimes
from app.recordings.plot import Timeline
from app.vision.measurements import Signals
from config.settings import Settings


class Progress(Protocol):
    """Shows how far it is; app/commands/terminal.py has one."""

    def show(self, share: float) -> None:
        """Show this share of the work, 0 to 1, as done."""

    def erase(self) -> None:
        """Clear the line for other text."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `analyze` was asked for; still: judge also the pictures of folders and videos alone."""

    inputs: tuple[str, ...]
    fps: float | None = None
    still: bool = False
    plot: Path | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A frame of one of the inputs, which are numbered from 0, and what it showed; alone: judged by itself."""

    input_number: int
    recorded: Recorded
    look: Observation
    alone: bool


def analyze(options: Options, settings: Settings, out: TextIO, err: TextIO, progress: Progress | None = None) -> int:
    """Print what the inputs show; exit status 1 when one of them, or a part of it, could not be read.

    Raises: OSError, when the plot cannot be written, before anything else is done; FaceMeshError.
    """
    if options.plot is not None:
        options.plot.open("a").close()
    timeline = Timeline(policy_of(settings.analysis))
    bar = _Bar(options.inputs, progress)
    failures = 0
    with Observer(settings.vision, settings.analysis, settings.alerting.repeat_s) as watch:
        for judged in _judged(options, settings, watch):
            if isinstance(judged, InputError):
                failures += 1
                bar.erase()
                print(f"error: {judged}", file=err)
                continue
            print(json.dumps(line_of(judged), allow_nan=False), file=out)
            if options.plot is not None:
                timeline.add(judged.input_number, options.inputs[judged.input_number], judged.look)
            bar.show(judged.input_number, judged.recorded.frame.number)
    bar.erase()
    if options.plot is not None:
        options.plot.write_text(timeline.svg(), encoding="utf-8")
    return 1 if failures else 0


def _judged(options: Options, settings: Settings, watch: Observer) -> Iterator[Judged | InputError]:
    """Every frame of one input after the other; the observer is reset before each input.

    Judged as the camera is mounted, and with the second looks that `run` takes, where a video has frames for them.
    """
    for number, name in enumerate(options.inputs):
        watch.reset()
        alone = options.still or (Path(name).is_file() and is_picture(Path(name)))
        times = None if options.fps is None or alone else LookTimes(options.fps)
        for recorded in recorded_frames([name], options.fps, times):
            if isinstance(recorded, InputError):
                yield recorded
                continue
            frame = mounted(recorded.frame, settings.camera)
            look = watch.look_alone(frame) if alone else watch.look(frame)
            if times is not None:
                times.taken(frame.time_s, recorded.reach_s, look.verdict.is_urgent)
            yield Judged(number, recorded, look, alone)


def line_of(judged: Judged) -> dict[str, object]:
    """The JSON object of one frame; null where nothing could be measured."""
    look, frame, verdict = judged.look, judged.recorded.frame, judged.look.verdict
    seen = look.signals or Signals()
    return {
        "input": judged.recorded.input,
        "frame": frame.number,
        "time_s": round(frame.time_s, 3),
        "has_face": look.face is not None,
        "yaw_deg": _rounded(seen.yaw_deg, 1),
        "pitch_deg": _rounded(seen.pitch_deg, 1),
        "roll_deg": _rounded(seen.roll_deg, 1),
        "eyes": _eyes(seen, verdict.eyes_closed),
        "eye_blink": _rounded(seen.eye_blink, 3),
        "gaze_yaw_deg": _rounded(seen.gaze_yaw_deg, 1),
        "ear": _rounded(seen.ear, 3),
        "mar": _rounded(seen.mar, 3),
        "state": verdict.state.value,
        "level": verdict.level.name.lower(),
        "problem": look.mounting_problem or None,
        "event": None if judged.alone else _change(verdict.events),
    }


def _eyes(seen: Signals, are_closed: bool | None) -> str | None:
    """closed (or lowered), open, or hidden; None where that cannot be told."""
    if seen.eyes_hidden:
        return "hidden"
    return None if are_closed is None else "closed" if are_closed else "open"


def _change(events: Sequence[Event]) -> dict[str, object] | None:
    """The most urgent event that began, rose or ended; `also` holds the others that did at the same frame."""
    objects = [_event(event) for event in sorted(events, key=lambda event: -event.level)]
    return {**objects[0], "also": objects[1:]} if objects else None


def _event(event: Event) -> dict[str, object]:
    return {
        "kind": event.kind.value,
        "level": event.level.name.lower(),
        "onset_s": round(event.onset_s, 3),
        "end_s": _rounded(event.end_s, 3),
        "detail": event.detail,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


class _Bar:
    """Turns numbers of frames, also of those that --fps leaves out, into a share of all inputs."""

    def __init__(self, inputs: Sequence[str], progress: Progress | None) -> None:
        self._progress = progress
        counts = [frame_count(name) or 0 for name in inputs] if progress else []
        self._before = list(accumulate(counts, initial=0))

    def show(self, input_number: int, frame_number: int) -> None:
        """That frame of that input is done."""
        if self._progress is not None:
            total = max(1, self._before[-1])
            self._progress.show(min(1.0, (self._before[input_number] + frame_number + 1) / total))

    def erase(self) -> None:
        """Clear the line for other text."""
        if self._progress is not None:
            self._progress.erase()
