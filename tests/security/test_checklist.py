"""The checklist: no row is missing, and each row's tests exist."""

from __future__ import annotations

import ast

import pytest

from tests.security.checklist import ROWS, TESTS, Row

IDS = [*(f"S{number}" for number in range(1, 35)), *(f"P{number}" for number in range(1, 5))]


def test_every_row_exists_once() -> None:
    assert [row.id for row in ROWS] == IDS


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_each_row_has_existing_tests_or_a_reason(row: Row) -> None:
    assert bool(row.tests) != bool(row.not_tried)
    for test in () if row.reason else row.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((TESTS / file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_each_numbered_test_of_this_folder_belongs_to_a_row() -> None:
    listed = {test for row in ROWS for test in row.tests if test.startswith("security/")}
    found = {
        f"security/{path.name}::{node.name}"
        for path in (TESTS / "security").glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("test_s", "test_p"))
    }
    assert found == listed


def test_the_rows_without_tests_are_the_known_ones() -> None:
    assert {row.id for row in ROWS if row.not_tried} == {"S22"}
    assert {row.id for row in ROWS if row.since} == {"S19", "S23", "S24"}
