"""Figures and limits in documents are those of the code or of a printed table."""

from __future__ import annotations

import re
from pathlib import Path

from app.events import ClockQuality
from app.journal.journal import CLOCK_STEADY_S, KEEP_EVENTS, KEEP_SIGNALS, KEEP_TRIPS, SIGNALS_LATE_S
from app.journal.trip import POINTS_PER_WARNING, SCORE_MAX, SCORED_HOURS_MIN, WARNINGS_PER_ALARM
from app.monitor.signal_cuts import AFTER_S, BEFORE_S
from config.settings import DECLARATIONS
from tests.vm.machine import MEMORY_MB
from tests.vm.updates import commands

ROOT = Path(__file__).parents[1]
README = " ".join((ROOT / "README.md").read_text().split())
SNAP_README = " ".join((ROOT / "snap/README.md").read_text().split())
BUZZERS = (ROOT / "app/alerts/README.md").read_text()


def test_memory_said_to_be_enough_is_that_of_the_virtual_machine() -> None:
    table = (ROOT / "tests/vm/tables/snap.txt").read_text()
    found = re.search(r"^room +ok .* at least (\d+) MB of (\d+) stayed available", table, re.MULTILINE)
    assert found is not None
    assert f"{MEMORY_MB} MB of memory are enough" in README
    assert f": {found[1]} MB or more stay available" in README
    vm_readme = " ".join((ROOT / "tests/vm/README.md").read_text().split())
    assert f"has {MEMORY_MB} MB of memory" in vm_readme and f"Linux there gets {found[2]}" in vm_readme


def test_commands_that_hold_updates_are_tried_in_the_virtual_machine() -> None:
    assert "snap refresh --hold" in commands() and len(commands()) == 4
    assert "sudo snap refresh --hold" in README


def test_readme_covers_common_buzzer_modules() -> None:
    rows = [line for line in BUZZERS.splitlines() if line.startswith("| ")]
    for name, said in (
        ("KY-012", "transistor"),
        ("KY-006", "`alerting.use_beep_only` is false"),
        ("MH-FMD", "`raspberry_pi.buzzer_active_low` is true"),
    ):
        (row,) = (row for row in rows if name in row)
        assert said in row
    assert "16 mA" in BUZZERS and "16 mA" in README
    assert f"position 11 (BCM {DECLARATIONS['raspberry_pi.buzzer_pin'].default})" in BUZZERS


def test_readme_describes_the_clock_as_implemented() -> None:
    assert all(f"`{quality.value}`" in SNAP_README for quality in ClockQuality)
    shown = "by a clock that may be wrong"
    assert f'"{shown}"' in SNAP_README and shown in (ROOT / "admin/templates/trip_parts.html").read_text()
    assert CLOCK_STEADY_S == 600 and "gone for ten minutes without a jump" in SNAP_README


def test_readme_has_the_scores_formula_and_limits() -> None:
    assert (SCORE_MAX, POINTS_PER_WARNING, WARNINGS_PER_ALARM, SCORED_HOURS_MIN) == (100, 10, 3, 0.25)
    assert "100 - 10 x (warnings + 3 x alarms) / hours" in README and "at least a quarter" in README
    assert f"{KEEP_TRIPS:,} trips" in README and f"{KEEP_EVENTS:,} events" in README
    page = " ".join((ROOT / "admin/README.md").read_text().split())
    for text in (README, page, " ".join((ROOT / "app/README.md").read_text().split())):
        assert f"the newest {KEEP_SIGNALS}" in text and f"{BEFORE_S:.0f} s" in text
    assert AFTER_S == BEFORE_S and f"within {AFTER_S + SIGNALS_LATE_S:.0f} s" in page


def test_browser_readme_names_existing_tests() -> None:
    folder = ROOT / "tests/browser"
    rows = [line for line in (folder / "README.md").read_text().splitlines() if "::test_" in line]
    assert len(rows) == 13
    for file, name in re.findall(r"`(\w+\.py)::(test_\w+)`", "\n".join(rows)):
        assert f"def {name}(" in (folder / file).read_text(), name
