"""A folder of real pictures and videos with labels.csv -> pose errors, and eyes and states as read.

labels.csv has a header and a row for each picture: `file,yaw_deg,pitch_deg,roll_deg,eyes,state`. `file` is the path
from the folder; angles are relative to the camera, with the signs of app/signals.py (+ yaw is the driver's right, which
is left in the picture; + pitch is up); eyes are open or closed; state is one of app/verdict.py's. A cell that is empty
and a column that is not there are not labelled. A video takes a row for each labelled moment, in a further column
time_s; of it the frame nearest to the moment is judged, as the newest of all before it. What is wrong is named, and
left out.
"""

from __future__ import annotations

import csv
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import floor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.camera import SECOND_LOOK_S, Frame, has_second_look
from app.pictures import BadPicture, check_whole, is_picture, read_picture
from app.recordings import InputError, recorded_frames
from app.verdict import State
from app.watch import Look, Watch
from config.settings import Settings
from tests.evaluation.score import PoseRead, Score

LABELS = "labels.csv"
ANGLES = ("yaw_deg", "pitch_deg", "roll_deg")
COLUMNS = ("file", *ANGLES, "eyes", "state", "time_s")
ANGLE_MAX_DEG = 180.0
NEAR_S = 0.1  # a labelled moment has a frame so near; videos of 5 frames a second and more have
# States that would count as mistakes; drowsy and distracted are told after minutes
NEVER_SEEN = {
    "picture": (State.NO_CAMERA, State.SAVING_MEMORY, State.DROWSY, State.DISTRACTED),
    "video": (State.NO_CAMERA, State.SAVING_MEMORY),
}
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
    """What could be read of labels.csv, what could not, which files it names, and which lines were evaluated."""

    rows: list[Label] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    named: set[Path] = field(default_factory=set)
    evaluated: set[int] = field(default_factory=set)


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
    if folder.is_dir():
        unnamed = sorted(found for found in folder.rglob("*") if _is_to_label(found) and found not in labels.named)
        labels.problems += [f"{found}: no row in {LABELS}" for found in unnamed]
    if not labels.rows:
        labels.problems.append(f"{folder}: nothing to evaluate")
    return labels


def _is_to_label(path: Path) -> bool:
    """A picture or a video, also of a kind that is not read here."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    return is_picture(path) or kind.startswith(("image/", "video/"))


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
        cells = {key: (value or "").strip() for key, value in row.items() if key}
        labels.named.add(folder / cells["file"])
        try:
            label = _label(table.line_num, cells, folder)
            if (label.path, label.time_s) in seen:
                raise _Wrong(f"{label.path.name} has been labelled before")
        except _Wrong as wrong:
            labels.problems.append(f"{LABELS}, line {table.line_num}: {wrong}")
            continue
        seen.add((label.path, label.time_s))
        labels.rows.append(label)


def _label(line: int, row: dict[str, str], folder: Path) -> Label:
    path = _existing(row["file"], folder)
    angles = [_number(name, row.get(name, ""), ANGLE_MAX_DEG) for name in ANGLES]
    yaw, pitch, roll = angles
    pose = None if yaw is None or pitch is None or roll is None else (yaw, pitch, roll)
    if pose is None and angles != [None, None, None]:
        raise _Wrong("a pose needs yaw_deg, pitch_deg and roll_deg")
    eyes = row.get("eyes") or None
    if eyes not in (None, "open", "closed"):
        raise _Wrong(f"eyes are open or closed, not {eyes!r}")
    time_s = _moment(path, row)
    state = _state(row, "picture" if time_s is None else "video")
    if pose is None and eyes is None and state is None:
        raise _Wrong(f"nothing is labelled of {row['file']}")
    return Label(line, path, pose, eyes, state, time_s)


def _existing(name: str, folder: Path) -> Path:
    if not name:
        raise _Wrong("no file is named")
    path = folder / name
    try:
        if path.is_file():
            return path
    except OSError as error:  # such as a name too long
        raise _Wrong(f"{name[:40]!r}: {error.strerror}") from error
    raise _Wrong(f"there is no file {name!r}")


def _moment(path: Path, row: dict[str, str]) -> float | None:
    time_s = _number("time_s", row.get("time_s", ""), 1e6)
    if (time_s is None) != is_picture(path):
        raise _Wrong("a picture has no time_s" if is_picture(path) else "a video needs time_s: which moment is meant")
    if time_s is not None and time_s < 0:
        raise _Wrong(f"time_s {time_s:g} is before the video")
    return time_s


def _state(row: dict[str, str], shown_by: str) -> State | None:
    name = row.get("state") or None
    if name not in (None, *(known.value for known in State)):
        raise _Wrong(f"state {name!r} is none of {', '.join(known.value for known in State)}")
    if name in NEVER_SEEN[shown_by]:
        raise _Wrong(f"state {name!r} is nothing that a {shown_by} shows")
    return State(name) if name else None


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
    """Look at every labelled picture alone, and at every video in its own time.

    Adds to labels.evaluated and labels.problems.
    """
    settings = Settings()
    score = Score()
    with Watch(replace(settings.vision, model=model), settings.analysis, settings.alerting.repeat_s) as watch:
        for label, look in _looks(labels, watch):
            labels.evaluated.add(label.line)
            _add(score, label, look)
    return score


def _looks(labels: Labels, watch: Watch) -> Iterator[tuple[Label, Look]]:
    videos: dict[Path, list[Label]] = {}
    for label in labels.rows:
        if label.time_s is not None:
            videos.setdefault(label.path, []).append(label)
            continue
        try:
            yield label, watch.look_alone(Frame(_whole_picture(label.path), 0.0, 0))
        except BadPicture as bad:
            _name(labels, str(bad))
    for path, rows in videos.items():
        yield from _looks_at_video(path, rows, watch, labels)


def _whole_picture(path: Path) -> npt.NDArray[np.uint8]:
    picture = read_picture(path)
    try:
        check_whole(picture)
    except BadPicture as bad:
        raise BadPicture(f"{path}: {bad}") from bad
    return picture


def _looks_at_video(path: Path, rows: list[Label], watch: Watch, labels: Labels) -> Iterator[tuple[Label, Look]]:
    """Look once a second and soon again where the detector would, and at the frame nearest to each labelled moment."""
    watch.begin_anew()
    waiting = sorted(rows, key=_moment_s)
    before_s, due_s, fps = 0.0, 0.0, Settings().camera.target_fps
    for recorded in recorded_frames([path]):
        if isinstance(recorded, InputError):
            _name(labels, str(recorded))
            continue
        time_s = recorded.frame.time_s
        half_s, before_s = (time_s - before_s) / 2, time_s
        meant = [row for row in waiting if _moment_s(row) <= time_s + half_s]
        waiting = waiting[len(meant) :]
        near = [row for row in meant if abs(_moment_s(row) - time_s) <= NEAR_S]
        if not near and time_s + half_s < due_s:
            continue
        look = watch.look(recorded.frame)
        due_s = (floor((time_s + half_s) * fps) + 1) / fps
        if look.verdict.is_urgent and has_second_look(time_s, due_s):
            due_s = time_s + SECOND_LOOK_S
        for row in near:
            rows.remove(row)
            yield row, look
    for row in rows:
        _name(labels, f"{LABELS}, line {row.line}: {path.name} has no frame within {NEAR_S:g} s of {row.time_s:g} s")


def _moment_s(label: Label) -> float:
    return label.time_s or 0.0


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
