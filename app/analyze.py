"""Recordings -> one JSON object a line: the same judgement as live, with the time from the file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TextIO

from app.plot import Timeline
from app.recordings import InputError, Recorded, frame_count, recorded_frames
from app.signals import Signals
from app.verdict import Event
from app.watch import Look, Watch
from config.settings import Settings

BAR_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Options:
    """What `analyze` was asked for."""

    inputs: tuple[str, ...]
    fps: float | None = None
    still: bool = False
    plot: Path | None = None


def analyze(options: Options, settings: Settings, out: TextIO = sys.stdout, err: TextIO = sys.stderr) -> int:
    """Print what the inputs show; exit status 1 when one of them could not be read."""
    vision = settings.vision
    failures = 0
    timeline = Timeline()
    bar = Bar(options.inputs, err)
    with Watch(vision, settings.analysis, settings.alerting.repeat_s) as watch:
        for name, recorded in _in_turn(options, watch):
            if isinstance(recorded, InputError):
                failures += 1
                bar.clear()
                print(f"error: {recorded}", file=err)
                continue
            look = (watch.look_alone if options.still else watch.look)(recorded.frame)
            print(json.dumps(line_of(recorded, look, options.still), allow_nan=False), file=out)
            timeline.add(recorded.input, look)
            bar.show(name, recorded.frame.number)
    bar.clear()
    if options.plot is not None:
        options.plot.write_text(timeline.svg(settings.analysis), encoding="utf-8")
        print(f"{options.plot} written", file=err)
    return 1 if failures else 0


def _in_turn(options: Options, watch: Watch) -> Iterator[tuple[str, Recorded | InputError]]:
    """Every frame with its input's name; before each input all is forgotten that another one showed."""
    for name in options.inputs:
        watch.begin_anew()
        for recorded in recorded_frames([name], options.fps):
            yield name, recorded


def line_of(recorded: Recorded, look: Look, still: bool = False) -> dict[str, object]:
    """The JSON object of one frame; null where nothing could be measured."""
    seen, verdict = look.signals or Signals(), look.verdict
    changes = [_event(event) for event in sorted(verdict.events, key=lambda event: -event.level)]
    line: dict[str, object] = {
        "input": recorded.input,
        "frame": recorded.frame.number,
        "time_s": round(recorded.frame.time_s, 3),
        "has_face": look.face is not None,
        "yaw_deg": _rounded(seen.yaw_deg, 1),
        "pitch_deg": _rounded(seen.pitch_deg, 1),
        "roll_deg": _rounded(seen.roll_deg, 1),
        "ear": _rounded(seen.ear, 3),
        "mar": _rounded(seen.mar, 3),
        "state": verdict.state.value,
        "level": verdict.level.name.lower(),
        "event": changes[0] if changes and not still else None,
    }
    if len(changes) > 1 and not still:
        line["more_events"] = changes[1:]
    return line


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


class Bar:
    """A progress bar on stderr, where that is a terminal; counts frames, also those that --fps leaves out."""

    def __init__(self, inputs: Iterable[str], err: TextIO) -> None:
        self._err = err if err.isatty() else None
        counts = {name: frame_count(name) or 0 for name in inputs} if self._err else {}
        self._total = sum(counts.values())
        self._before = dict(zip(counts, accumulate(counts.values(), initial=0), strict=False))

    def show(self, name: str, number: int) -> None:
        """That frame of that input is done."""
        if self._err is None:
            return
        done = self._before[name] + number + 1
        filled = round(BAR_COLUMNS * min(1.0, done / self._total)) if self._total else 0
        of = f" of {self._total}" if self._total else ""
        self._err.write(f"\r[{'#' * filled}{'.' * (BAR_COLUMNS - filled)}] frame {done}{of}")
        self._err.flush()

    def clear(self) -> None:
        """Give the line free."""
        if self._err is not None:
            self._err.write("\r\x1b[K")
