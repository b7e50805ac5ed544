"""What the code must not do, and what the journal must not hold."""

from __future__ import annotations

import ast
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

from app.events import Event
from app.journal.journal import Journal
from app.journal.trip import Trip, summary_of
from app.telemetry.course import Sample

ROOT = Path(__file__).parents[2]
FORBIDDEN_CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "os.execvp", "subprocess.getoutput", "yaml.load"}
FORBIDDEN_CALLS |= {"yaml.full_load", "yaml.unsafe_load", "marshal.loads", "Markup", "markupsafe.Markup"}
FORBIDDEN_IMPORTS = {"pickle", "shelve", "marshal", "dill", "telnetlib", "ftplib"}


def findings(source: str) -> Iterator[str]:
    """The forbidden calls and imports in a source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            if (called := ast.unparse(node.func)) in FORBIDDEN_CALLS:
                yield called
            for keyword in node.keywords:
                if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
                    yield f"{called} with a shell"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            yield from (name for name in names if name.partition(".")[0] in FORBIDDEN_IMPORTS)


def test_s15_no_code_uses_a_shell_eval_or_pickle() -> None:
    bad = "import pickle\neval('1')\nsubprocess.run('x', shell=True)\nyaml.load(x)"
    assert sorted(findings(bad)) == ["eval", "pickle", "subprocess.run with a shell", "yaml.load"]
    for package in ("app", "admin", "config", "snap"):
        for path in (ROOT / package).rglob("*.py"):
            assert [*findings(path.read_text())] == [], path
    templates = [*(ROOT / "admin/templates").glob("*.html")]
    assert len(templates) > 5
    assert [path.name for path in templates if "|safe" in path.read_text().replace(" ", "")] == []


def test_p3_an_event_has_neither_picture_nor_identity(tmp_path: Path) -> None:
    times = {"onset_s", "onset_earliest_s", "onset_latest_s", "end_s"}
    assert {field.name for field in fields(Event)} == {"kind", "level", "detail", "disputed", *times}
    Journal(path := tmp_path / "events.sqlite", "boot").close()
    with closing(sqlite3.connect(path)) as db:
        columns = {(name, kind) for _, name, kind, *_ in db.execute("PRAGMA table_info(events)")}
    assert {name for name, _ in columns} == {
        "id",
        "boot_id",
        "kind",
        "level",
        "detail",
        "wall_s",
        "interrupted",
        "disputed",
        "clock",
        "signals",
        *times,
    }
    assert {kind for _, kind in columns} == {"INTEGER", "TEXT", "REAL"}
    figures = {"time_s", "yaw_deg", "pitch_deg", "gaze_yaw_deg", "eye_blink", "perclos"}
    assert {field.name for field in fields(Sample)} == {*figures, "state", "level"}  # what the signals are made of


def test_p3_a_trip_has_neither_picture_place_nor_identity(tmp_path: Path) -> None:
    Journal(path := tmp_path / "events.sqlite", "boot").close()
    with closing(sqlite3.connect(path)) as db:
        columns = {name for _, name, *_ in db.execute("PRAGMA table_info(trips)")}
    assert columns == {"id", "boot_id", "start_s", "end_s", "ended", "wall_s", "clock", "summary"}
    assert set(json.loads(summary_of(Trip(0.0, 1.0)))) == {
        *("driven_s", "seen_s", "states_s", "alerts", "disputed", "longest_away_s"),
        *("perclos", "perclos_bin_s", "distance_km", "segments", "segments_of", "perclos_limits"),
    }
