"""A folder of real pictures and videos with labels.csv -> the same figures as for the rendered driver.

labels.csv has a header and a row for each picture: `file,yaw_deg,pitch_deg,roll_deg,eyes,state`. `file` is the path
from the folder; angles are relative to the camera, with the signs of app/signals.py (+ yaw is the driver's right, which
is left in the picture; + pitch is up); eyes are open or closed; state is one of app/verdict.py's. A cell that is empty
and a column that is not there are not labelled. A video takes a row for each labelled moment, in a further column
time_s. What is wrong is named, and left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.camera import Frame
from app.pictures import BadPicture, is_picture, read_picture
from app.recordings import InputError, recorded_frames
from app.verdict import State
from app.watch import Look, Watch
from config.settings import Settings
from tests.evaluation.score import PoseRead, Score

LABELS = "labels.csv"
ANGLES = ("yaw_deg", "pitch_deg", "roll_deg")
COLUMNS = ("file", *ANGLES, "eyes", "state", "time_s")
ANGLE_MAX_DEG = 180.0
NEAR_S = 0.75  # a labelled moment belongs to the look nearest to it, at one look a second
ROWS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Label:
    """One row; None where nothing is labelled."""

    line: int
    path: Path
    pose_deg: tuple[float, float, float] | None
    eyes: str | None
    state: State | None
    time_s: float | None


@dataclass(slots=True)
class Labels:
    """What could be read of labels.csv, and what could not."""

    rows: list[Label] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Wrong(ValueError):
    """A row that cannot be used, and why."""


def read_labels(folder: Path) -> Labels:
    """Read the folder's labels; problems name everything that is left out."""
    labels = Labels()
    path = folder / LABELS
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            _read_rows(csv.DictReader(file), folder, labels)
    except OSError as error:
        labels.problems.append(f"{path}: {error.strerror}; it names the pictures and what they show")
    except (UnicodeDecodeError, csv.Error) as error:
        labels.problems.append(f"{path}: not a table in UTF-8, or damaged ({error})")
    named = {label.path for label in labels.rows}
    if folder.is_dir():
        for picture in sorted(found for found in folder.rglob("*") if is_picture(found) and found not in named):
            labels.problems.append(f"{picture}: no usable row in {LABELS}")
    if not labels.rows:
        labels.problems.append(f"{folder}: nothing to evaluate")
    return labels


def _read_rows(table: csv.DictReader[str], folder: Path, labels: Labels) -> None:
    columns = table.fieldnames or []
    if "file" not in columns:
        labels.problems.append(f"{LABELS}: no column `file`; the first line must be {','.join(COLUMNS[:-1])}")
        return
    labels.problems += [f"{LABELS}: column {name!r} means nothing here" for name in columns if name not in COLUMNS]
    seen: set[tuple[Path, float | None]] = set()
    for row in table:
        if len(labels.rows) >= ROWS_MAX:
            labels.problems.append(f"{LABELS}: only the first {ROWS_MAX} rows are read")
            return
        try:
            label = _label(table.line_num, {key: (value or "").strip() for key, value in row.items() if key}, folder)
            if (label.path, label.time_s) in seen:
                raise _Wrong(f"{label.path.name} has been labelled before")
        except _Wrong as wrong:
            labels.problems.append(f"{LABELS}, line {table.line_num}: {wrong}")
            continue
        seen.add((label.path, label.time_s))
        labels.rows.append(label)


def _label(line: int, row: dict[str, str], folder: Path) -> Label:
    if not row["file"]:
        raise _Wrong("no file is named")
    path = folder / row["file"]
    if not path.is_file():
        raise _Wrong(f"there is no file {row['file']!r}")
    angles = [_number(name, row.get(name, ""), ANGLE_MAX_DEG) for name in ANGLES]
    yaw, pitch, roll = angles
    pose = None if yaw is None or pitch is None or roll is None else (yaw, pitch, roll)
    if pose is None and angles != [None, None, None]:
        raise _Wrong("a pose needs yaw_deg, pitch_deg and roll_deg")
    eyes, state = row.get("eyes") or None, row.get("state") or None
    if eyes not in (None, "open", "closed"):
        raise _Wrong(f"eyes are open or closed, not {eyes!r}")
    if state not in (None, *(known.value for known in State)):
        raise _Wrong(f"state {state!r} is none of {', '.join(known.value for known in State)}")
    if pose is None and eyes is None and state is None:
        raise _Wrong(f"nothing is labelled of {row['file']}")
    time_s = _number("time_s", row.get("time_s", ""), 1e6)
    if (time_s is None) != is_picture(path):
        raise _Wrong("a picture has no time_s" if is_picture(path) else "a video needs time_s: which moment is meant")
    return Label(line, path, pose, eyes, State(state) if state else None, time_s)


def _number(name: str, text: str, reach: float) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise _Wrong(f"{name} {text!r} is not a number") from None
    if not abs(value) <= reach:
        raise _Wrong(f"{name} {text} is not within {reach:g}")
    return value


def evaluate_folder(labels: Labels, model: str) -> Score:
    """Look at every labelled picture alone, and at every video in its own time; adds to labels.problems."""
    settings = Settings()
    score = Score()
    with Watch(replace(settings.vision, model=model), settings.analysis, settings.alerting.repeat_s) as watch:
        for label, look in _looks(labels, watch):
            _add(score, label, look)
    return score


def _looks(labels: Labels, watch: Watch) -> Iterator[tuple[Label, Look]]:
    videos: dict[Path, list[Label]] = {}
    for label in labels.rows:
        if label.time_s is not None:
            videos.setdefault(label.path, []).append(label)
            continue
        try:
            yield label, watch.look_alone(Frame(read_picture(label.path), 0.0, 0))
        except BadPicture as bad:
            _name(labels, str(bad))
    for path, rows in videos.items():
        yield from _looks_at_video(path, rows, watch, labels)


def _looks_at_video(path: Path, rows: list[Label], watch: Watch, labels: Labels) -> Iterator[tuple[Label, Look]]:
    watch.begin_anew()
    nearest: dict[int, tuple[float, Look]] = {}
    for recorded in recorded_frames([path], Settings().camera.target_fps):
        if isinstance(recorded, InputError):
            _name(labels, str(recorded))
            continue
        look = watch.look(recorded.frame)
        for row in rows:
            off_s = abs(recorded.frame.time_s - (row.time_s or 0.0))
            if off_s <= NEAR_S and off_s < nearest.get(row.line, (NEAR_S + 1, look))[0]:
                nearest[row.line] = off_s, replace(look, frame=None)
    for row in rows:
        if row.line in nearest:
            yield row, nearest[row.line][1]
        else:
            _name(labels, f"{LABELS}, line {row.line}: {path.name} shows nothing at {row.time_s:g} s")


def _name(labels: Labels, problem: str) -> None:
    """Name it once, however many models look."""
    if problem not in labels.problems:
        labels.problems.append(problem)


def _add(score: Score, label: Label, look: Look) -> None:
    signals = look.signals
    if label.pose_deg is not None:
        read = None
        if signals and signals.yaw_deg is not None and signals.pitch_deg is not None and signals.roll_deg is not None:
            read = signals.yaw_deg, signals.pitch_deg, signals.roll_deg
        score.poses.append(PoseRead(label.pose_deg, read, look.face is not None))
    if label.eyes is not None:
        score.eyes[label.eyes, {True: "closed", False: "open", None: "not judged"}[look.verdict.eyes_closed]] += 1
    if label.state is not None:
        score.states[label.state, look.verdict.state] += 1
