"""A folder of real pictures and videos with labels.csv -> pose errors, and eyes and states as read.

labels.csv has a header and a row for each picture: `file,yaw_deg,pitch_deg,roll_deg,eyes,state`. `file` is the path
from the folder; angles are relative to the camera, with the signs of app/vision/measurements.py (+ yaw is the driver's
right, which is left in the picture; + pitch is up); eyes are open or closed; state is one of app/events.py's. A cell
that is empty and a column that is not there are not labelled. A video takes a row for each labelled moment, in a
further column time_s; of it the frame nearest to the moment is judged, as the newest of all before it. What is wrong is
named, and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.camera.frame import Frame
from app.camera.kinds import is_picture
from app.camera.pictures import BadPicture, check_whole, read_picture
from app.events import State
from app.observer import Observation, Observer
from app.recordings.frames import InputError, recorded_frames
from app.recordings.look_times import LookTimes
from config.settings import Settings
from tests.evaluation.csv_rows import Cells, Table, WrongRow, existing_file, number, parsed_rows, unnamed_files
from tests.evaluation.score import EYES_READ, PoseRead, Score

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


def read_labels(folder: Path) -> Labels:
    """Read the folder's labels; problems name everything that is left out."""
    labels = Labels()
    _read_rows(folder, labels)
    if folder.is_dir():
        labels.problems += [f"{found}: no row in {LABELS}" for found in unnamed_files(folder, labels.named)]
    if not labels.rows:
        labels.problems.append(f"{folder}: nothing to evaluate")
    return labels


def _read_rows(folder: Path, labels: Labels) -> None:
    purpose = "it names the pictures and what they show"
    table = Table(folder / LABELS, ("file",), COLUMNS[1:], ",".join(COLUMNS[:-1]), purpose)
    seen: set[tuple[Path, float | None]] = set()

    def parse(line: int, cells: Cells) -> Label:
        label = _label(line, cells, folder)
        if (label.path, label.time_s) in seen:
            raise WrongRow(f"{label.path.name} has been labelled before")
        seen.add((label.path, label.time_s))
        return label

    labels.rows += parsed_rows(table, parse, labels.problems, labels.named)


def _label(line: int, row: Cells, folder: Path) -> Label:
    path = existing_file(row["file"], folder)
    angles = [number(name, row.get(name, ""), ANGLE_MAX_DEG) for name in ANGLES]
    yaw, pitch, roll = angles
    pose = None if yaw is None or pitch is None or roll is None else (yaw, pitch, roll)
    if pose is None and angles != [None, None, None]:
        raise WrongRow("a pose needs yaw_deg, pitch_deg and roll_deg")
    eyes = row.get("eyes") or None
    if eyes not in (None, "open", "closed"):
        raise WrongRow(f"eyes are open or closed, not {eyes!r}")
    time_s = _moment(path, row)
    state = _state(row, "picture" if time_s is None else "video")
    if pose is None and eyes is None and state is None:
        raise WrongRow(f"nothing is labelled of {row['file']}")
    return Label(line, path, pose, eyes, state, time_s)


def _moment(path: Path, row: Cells) -> float | None:
    time_s = number("time_s", row.get("time_s", ""), 1e6)
    if (time_s is None) != is_picture(path):
        raise WrongRow("a picture has no time_s" if is_picture(path) else "a video needs time_s: which moment is meant")
    if time_s is not None and time_s < 0:
        raise WrongRow(f"time_s {time_s:g} is before the video")
    return time_s


def _state(row: Cells, shown_by: str) -> State | None:
    name = row.get("state") or None
    if name not in (None, *(known.value for known in State)):
        raise WrongRow(f"state {name!r} is none of {', '.join(known.value for known in State)}")
    if name in NEVER_SEEN[shown_by]:
        raise WrongRow(f"state {name!r} is nothing that a {shown_by} shows")
    return State(name) if name else None


def evaluate_folder(labels: Labels, model: str) -> Score:
    """Look at every labelled picture alone, and at every video in its own time.

    Adds to labels.evaluated and labels.problems.
    """
    settings = Settings()
    score = Score()
    with Observer(replace(settings.vision, model=model), settings.analysis, settings.alerting.repeat_s) as watch:
        for label, look in _looks(labels, watch):
            labels.evaluated.add(label.line)
            _add(score, label, look)
    return score


def _looks(labels: Labels, watch: Observer) -> Iterator[tuple[Label, Observation]]:
    videos: dict[Path, list[Label]] = {}
    for label in labels.rows:
        if label.time_s is not None:
            videos.setdefault(label.path, []).append(label)
            continue
        try:
            yield label, watch.look_alone(Frame(whole_picture(label.path), 0.0, 0))
        except BadPicture as bad:
            _name(labels, str(bad))
    for path, rows in videos.items():
        yield from _looks_at_video(path, rows, watch, labels)


def whole_picture(path: Path) -> npt.NDArray[np.uint8]:
    """The picture of a file. Raises: BadPicture, also where the lower part is missing."""
    picture = read_picture(path)
    try:
        check_whole(picture)
    except BadPicture as bad:
        raise BadPicture(f"{path}: {bad}") from bad
    return picture


def _looks_at_video(
    path: Path, rows: list[Label], watch: Observer, labels: Labels
) -> Iterator[tuple[Label, Observation]]:
    """Look once a second and soon again where the detector would, and at the frame nearest to each labelled moment."""
    watch.reset()
    waiting = sorted(rows, key=_moment_s)
    before_s, times = 0.0, LookTimes(Settings().camera.target_fps)
    for recorded in recorded_frames([path]):
        if isinstance(recorded, InputError):
            _name(labels, str(recorded))
            continue
        time_s = recorded.frame.time_s
        half_s, before_s = (time_s - before_s) / 2, time_s
        meant = [row for row in waiting if _moment_s(row) <= time_s + half_s]
        waiting = waiting[len(meant) :]
        near = [row for row in meant if abs(_moment_s(row) - time_s) <= NEAR_S]
        if not near and time_s + half_s < times.due_s:
            continue
        look = watch.look(recorded.frame)
        times.taken(time_s, time_s + half_s, look.verdict.is_urgent)
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


def _add(score: Score, label: Label, look: Observation) -> None:
    signals = look.signals
    if label.pose_deg is not None:
        read = None
        if signals and signals.yaw_deg is not None and signals.pitch_deg is not None and signals.roll_deg is not None:
            read = signals.yaw_deg, signals.pitch_deg, signals.roll_deg
        score.poses.append(PoseRead(label.pose_deg, read, look.face is not None))
    if label.eyes is not None:
        score.eyes[label.eyes, EYES_READ[look.verdict.eyes_closed]] += 1
    if label.state is not None:
        score.states[label.state, look.verdict.state] += 1
