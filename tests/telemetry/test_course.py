"""The samples of the last two minutes: bounded, read back as written, and robust against damage."""

from __future__ import annotations

import itertools
import json
from math import nan
from pathlib import Path

import pytest

from app.events import Level, State
from app.telemetry import course
from app.telemetry.course import COURSE_MAX_BYTES, SAMPLE_EVERY_S, SAMPLES_MAX, Course, Sample
from app.telemetry.run_folder import boot_id


def sample(time_s: float, yaw_deg: float | None = -12.5) -> Sample:
    return Sample(time_s, yaw_deg, 3.0, None, 0.25, 0.041, State.LOOKING_AWAY, Level.WARNING)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "course.json"


def test_course_is_read_back_as_written(path: Path) -> None:
    kept = Course()
    kept.add(sample(10.0))
    kept.add(sample(11.0, yaw_deg=None))
    assert course.write(path, kept.text())
    assert course.read(path) == (sample(10.0), sample(11.0, yaw_deg=None))


def test_course_keeps_at_most_one_sample_a_period() -> None:
    kept = Course()
    for number in range(100):
        kept.add(sample(number / 10))
    times_s = [one.time_s for one in course.samples_of(json.loads(kept.text()))]
    assert min(after - before for before, after in itertools.pairwise(times_s)) >= SAMPLE_EVERY_S
    assert len(times_s) in (11, 12)


def test_course_holds_two_minutes_in_a_bounded_file(path: Path) -> None:
    kept = Course()
    for number in range(5000):
        kept.add(sample(1e8 + number * 1.0, yaw_deg=-123.45))
    course.write(path, kept.text())
    found = course.read(path)
    assert len(found) == SAMPLES_MAX
    assert found[-1].time_s - found[0].time_s >= 120.0
    assert path.stat().st_size < COURSE_MAX_BYTES / 2


def test_samples_are_selected_by_time() -> None:
    kept = Course()
    for number in range(120):
        kept.add(sample(1e6 + number * 1.0))
    times_s = [one.time_s for one in kept.samples(1e6 + 40.0, 1e6 + 80.0)]
    assert (times_s[0], times_s[-1], len(times_s)) == (1e6 + 40.0, 1e6 + 80.0, 41)


def test_figure_that_is_not_finite_is_none() -> None:
    kept = Course()
    kept.add(sample(1.0, yaw_deg=nan))
    assert course.samples_of(json.loads(kept.text())) == (sample(1.0, yaw_deg=None),)


DAMAGED = (
    *("", "[", "null", "{}", "[1, 2]", '{"samples": [[]]}', "\N{SNOWMAN}", "[" * 5000),
    f'{{"boot_id": "{boot_id()}", "samples": 7}}',
    f'{{"boot_id": "{boot_id()}", "samples": [null, 7, [], ["x"], {{"a": 1}}, [1, 2, 3]]}}',
)


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_course_is_empty(path: Path, text: str) -> None:
    path.write_text(text)
    assert course.read(path) == ()


@pytest.mark.parametrize(
    "row",
    [
        [True, 1, 1, 1, 1, 1, "attentive", 0],
        [1, "1", 1, 1, 1, 1, "attentive", 0],
        [1, 1, 1, 1, 1, 1, "asleep", 0],
        [1, 1, 1, 1, 1, 1, "attentive", 9],
        [1, 1, 1, 1, 1, 1, ["attentive"], 0],
        [None, 1, 1, 1, 1, 1, "attentive", 0],
        [1e999, 1, 1, 1, 1, 1, "attentive", 0],
        [1, 10**400, 1, 1, 1, 1, "attentive", 0],
    ],
)
def test_damaged_row_does_not_hide_the_others(path: Path, row: list[object]) -> None:
    good = [1.0, 1, 1, 1, 1, 1, "attentive", 0]
    path.write_text(json.dumps({"boot_id": boot_id(), "samples": [row, good]}))
    assert len(course.read(path)) == 1


def test_course_of_another_boot_is_empty(path: Path) -> None:
    path.write_text(json.dumps({"boot_id": "another", "samples": [[1.0, 1, 1, 1, 1, 1, "attentive", 0]]}))
    assert course.read(path) == ()
