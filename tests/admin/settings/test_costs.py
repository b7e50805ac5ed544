"""The costs that the settings form shows are those of the measured tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from admin.settings.costs import (
    FACES_FOUND,
    FACES_SHOWN,
    FAST_MB,
    MODEL_MB,
    PROFILE_MB,
    SIZES,
    WIDTH_MEASURED_MIN_PX,
    model_cost,
    profile_cost,
    size_cost,
)
from admin.settings.effects import LOOK_MEASURED_MAX_S, LOOK_USUAL_S, MISSED_S
from config.declaration import PROFILES
from config.settings import DECLARATIONS, MODELS

ROOT = Path(__file__).parents[3]
COSTS, RATES, RULES = (ROOT / f"tests/benchmarks/tables/{name}.md" for name in ("costs", "rates", "rules"))
PEOPLE = ROOT / "tests/evaluation/tables/real-people.md"


def rows(table: Path) -> dict[tuple[str, ...], list[str]]:
    """The rows of all tables in a file, by their first cell and by their first two."""
    found: dict[tuple[str, ...], list[str]] = {}
    for line in table.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) > 1:
            found.setdefault((cells[0],), cells)
            found.setdefault((cells[0], cells[1]), cells)
    return found


def test_memory_of_profiles_and_models_equals_the_measured_table() -> None:
    table = rows(COSTS)
    assert {profile: float(table[f"drivewatch, {profile}",][2]) for profile in PROFILES} == PROFILE_MB
    standard = PROFILE_MB[PROFILES[0]]
    assert DECLARATIONS["vision.model"].default == "standard"
    others = {name: float(table[f"low_memory with model {name}",][2]) for name in MODELS if name != "standard"}
    assert {**others, "standard": standard} == MODEL_MB


def test_costs_of_sizes_and_fast_kernels_equal_the_measured_table() -> None:
    table = rows(RATES)
    for one in SIZES:
        cells = table[f"{one.width_px} x {one.height_px}", "1"]
        assert (float(cells[3]), float(cells[4])) == (one.look_ms, one.rss_mb)
    at_5, at_1 = (float(table["320 x 240", rate][4]) for rate in ("5", "1"))
    assert pytest.approx(at_5 - at_1) == FAST_MB
    assert (str(WIDTH_MEASURED_MIN_PX),) in rows(COSTS)


def test_the_event_missed_at_two_second_looks_equals_the_measured_table() -> None:
    table = rows(RULES)
    assert (table["case",][3:5], 1 / LOOK_MEASURED_MAX_S, 1 / LOOK_USUAL_S) == (["0.5/s", "1/s"], 0.5, 1)
    assert table[f"eyes shut for {MISSED_S:g} s, 90 km/h",][3] == "**none**"
    late = {cells[0] for key, cells in table.items() if len(key) == 1 and "**" in "".join(cells[4:])}
    assert late == set()  # at one look a second and more


def test_shares_of_found_faces_equal_the_measured_table() -> None:
    table = rows(PEOPLE)
    said = table["each profile finds more faces than the one below",][2]
    assert ", ".join(f"{profile} {found}" for profile, found in FACES_FOUND.items()) == said
    people = [table[f"face found, {who}",][2] for who in ("all but mask", "mask")]
    shown = sum(int(re.findall(r"of (\d+)", text)[0]) for text in people)
    assert 4 * shown == FACES_SHOWN  # each from four distances: TIMES_AS_FAR of tests/evaluation/real_profiles.py


def test_cost_texts_are_short() -> None:
    assert profile_cost("balanced") == "77 MB, 90 % of faces"
    assert model_cost("lite") == "65 MB"
    assert size_cost(320, 240) == "69 MB, 13 ms"
    assert size_cost(480, 360) == "69 to 70 MB, 13 ms"
    assert size_cost(1920, 1080) == size_cost(1280, 720) == "72 MB, 17 ms"
    assert size_cost(64, 48) == size_cost(320, 240)
