"""A folder of real people with stills.csv, eyes.csv and clips.csv -> what is to be seen in its pictures and clips.

- stills.csv: a row for each picture: file, group, eyes (open, narrow, closed, hidden, one = one of two; empty: not
  sure), yaw_deg and pitch_deg by eye (signs of app/vision/measurements.py), and further words in the column `is`.
- eyes.csv: stretches of clips, from_s to to_s, in which the eyes are surely closed or open, or alone look aside.
- clips.csv: a row for each clip; of its columns only `file` is read.

What cannot be used is named and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.evaluation.csv_rows import (
    Cells,
    Table,
    WrongRow,
    existing_file,
    number,
    parsed_rows,
    unnamed_files,
)

STILLS, EYES, CLIPS = "stills.csv", "eyes.csv", "clips.csv"
STILL_COLUMNS = ("file", "group", "eyes", "yaw_deg", "pitch_deg", "is")
EYES_COLUMNS = ("file", "from_s", "to_s", "eyes")
EYES_OF_STILLS = ("open", "narrow", "closed", "hidden", "one", "")
EYES_ASIDE = "eyes alone look aside"
EYES_OF_STRETCHES = ("open", "closed", EYES_ASIDE)
MASK = "mask"

T = TypeVar("T")

# Angles by eye are right to about 10 degrees, so a head within these may look at the road straight ahead
FACING_YAW_DEG, FACING_PITCH_DEG = 10.0, 10.0
# And one that is turned so far is surely not looking straight ahead: its side must be read right
TURNED_YAW_DEG = 25.0

ANGLE_MAX_DEG = 180.0
TIME_MAX_S = 1e6

# Clips in which the driver looks ahead and is awake, whatever the face does: no warning and no alarm is right in them
SILENT_CLIPS = ("cap12", "cap13", "gaze_focus", "woman_room")
SILENT_PREFIX = "lp_"


@dataclass(frozen=True, slots=True)
class Still:
    """A picture and what is to be seen in it. words: its group and those of the column `is`; eyes: "" if not sure."""

    name: str
    path: Path
    words: tuple[str, ...]
    eyes: str
    yaw_deg: float | None
    pitch_deg: float | None

    @property
    def has_mask(self) -> bool:
        """Nose and mouth are covered, whichever group the picture is in."""
        return MASK in self.words

    @property
    def is_facing(self) -> bool:
        """The head faces the camera."""
        if self.yaw_deg is None or self.pitch_deg is None:
            return False
        return abs(self.yaw_deg) <= FACING_YAW_DEG and abs(self.pitch_deg) <= FACING_PITCH_DEG

    @property
    def must_be_attentive(self) -> bool:
        """Facing the camera, and the eyes are known not to be closed."""
        return self.is_facing and self.eyes not in ("closed", "")

    @property
    def is_turned(self) -> bool:
        """The head is turned far enough that its side is sure."""
        return self.yaw_deg is not None and abs(self.yaw_deg) >= TURNED_YAW_DEG


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the eyes do in a clip from from_s to to_s, both included."""

    from_s: float
    to_s: float
    eyes: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip and the stretches of it that are labelled."""

    name: str
    path: Path
    stretches: tuple[Stretch, ...]

    @property
    def must_be_silent(self) -> bool:
        """Nothing happens in it that deserves a warning."""
        return self.path.stem in SILENT_CLIPS or self.path.stem.startswith(SILENT_PREFIX)

    def those(self, eyes: str) -> tuple[Stretch, ...]:
        """The stretches in which the eyes do this."""
        return tuple(stretch for stretch in self.stretches if stretch.eyes == eyes)


@dataclass(slots=True)
class RealPeople:
    """What could be read of the three tables, and what could not."""

    stills: list[Still] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_people(folder: Path) -> RealPeople:
    """The pictures and clips of a folder; problems name everything that is left out."""
    people, named = RealPeople(), set[Path]()
    stills = Table(folder / STILLS, STILL_COLUMNS, (), ",".join(STILL_COLUMNS), "it says what the pictures show")
    parse_still = _once(lambda row: _still(row, folder), lambda still: still.path)
    people.stills += parsed_rows(stills, parse_still, people.problems, named)
    people.clips += _clips(folder, people.problems, named)
    people.problems += [f"{found}: no row in {STILLS} or {CLIPS}" for found in unnamed_files(folder, named)]
    if not people.stills and not people.clips:
        people.problems.append(f"{folder}: nothing to evaluate")
    return people


def _clips(folder: Path, problems: list[str], named: set[Path]) -> Iterator[Clip]:
    clips = Table(folder / CLIPS, ("file",), None, "file", "it names the clips")
    parse_clip = _once(lambda row: (existing_file(row["file"], folder), row["file"]), lambda clip: clip)
    names = dict(parsed_rows(clips, parse_clip, problems, named))
    eyes = Table(folder / EYES, EYES_COLUMNS, (), ",".join(EYES_COLUMNS), "it says what the eyes do in the clips")
    parse_stretch = _once(lambda row: _stretch(row, folder, names), lambda stretch: stretch)
    stretches = list(parsed_rows(eyes, parse_stretch, problems, set()))
    for path, name in names.items():
        yield Clip(name, path, tuple(stretch for of, stretch in stretches if of == path))


def _once(parse: Callable[[Cells], T], key: Callable[[T], Hashable]) -> Callable[[int, Cells], T]:
    """The same parser, refusing a row of which an earlier one had the key."""
    seen: set[Hashable] = set()

    def parse_once(_line: int, cells: Cells) -> T:
        parsed = parse(cells)
        if key(parsed) in seen:
            raise WrongRow(f"{cells['file']} has been labelled before")
        seen.add(key(parsed))
        return parsed

    return parse_once


def _still(row: Cells, folder: Path) -> Still:
    path = existing_file(row["file"], folder)
    if not row["group"]:
        raise WrongRow("no group is named")
    if row["eyes"] not in EYES_OF_STILLS:
        raise WrongRow(f"eyes are {', '.join(filter(None, EYES_OF_STILLS))} or empty, not {row['eyes']!r}")
    yaw_deg, pitch_deg = (number(name, row[name], ANGLE_MAX_DEG) for name in ("yaw_deg", "pitch_deg"))
    words = tuple(dict.fromkeys((row["group"], *row["is"].split())))
    return Still(row["file"], path, words, row["eyes"], yaw_deg, pitch_deg)


def _stretch(row: Cells, folder: Path, clips: Container[Path]) -> tuple[Path, Stretch]:
    path = existing_file(row["file"], folder)
    if path not in clips:
        raise WrongRow(f"{row['file']} has no usable row in {CLIPS}")
    if row["eyes"] not in EYES_OF_STRETCHES:
        raise WrongRow(f"eyes are {', '.join(EYES_OF_STRETCHES)}, not {row['eyes']!r}")
    from_s, to_s = (number(name, row[name], TIME_MAX_S) for name in ("from_s", "to_s"))
    if from_s is None or to_s is None or not 0 <= from_s <= to_s:
        raise WrongRow("a stretch needs from_s and to_s, and ends no sooner than it begins")
    return path, Stretch(from_s, to_s, row["eyes"])
