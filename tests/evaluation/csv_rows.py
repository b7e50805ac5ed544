"""A CSV table that a person wrote -> its rows; what cannot be used is a problem with a line number, not a traceback."""

from __future__ import annotations

import csv
import mimetypes
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.camera.kinds import is_picture

ROWS_MAX = 1_000_000

Cells = dict[str, str]
T = TypeVar("T")


class WrongRow(ValueError):
    """A row that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file with a header. needed: columns it must have. optional: others that mean something; None: any.

    first_line: the header that the problem of a missing column asks for. purpose: what the table is for.
    """

    path: Path
    needed: tuple[str, ...]
    optional: tuple[str, ...] | None
    first_line: str
    purpose: str


def parsed_rows(table: Table, parse: Callable[[int, Cells], T], problems: list[str], named: set[Path]) -> Iterator[T]:
    """What parse makes of each row's line number and stripped cells; a row for which it raises WrongRow is a problem.

    Adds the files of all rows to named.
    """
    try:
        with table.path.open(newline="", encoding="utf-8-sig") as file:
            yield from _parsed(table, csv.DictReader(file), parse, problems, named)
    except OSError as error:
        problems.append(f"{table.path}: {error.strerror}; {table.purpose}")
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(f"{table.path}: not a table in UTF-8, or damaged ({error})")


def _parsed(
    table: Table,
    rows: csv.DictReader[str],
    parse: Callable[[int, Cells], T],
    problems: list[str],
    named: set[Path],
) -> Iterator[T]:
    name = table.path.name
    if not _has_columns(table, rows.fieldnames or [], problems):
        return
    for count, row in enumerate(rows):
        if count >= ROWS_MAX:
            problems.append(f"{name}: only the first {ROWS_MAX} rows are read")
            return
        cells = {key: (value or "").strip() for key, value in row.items() if key}
        named.add(table.path.parent / cells["file"])
        try:
            if any(row[column] is None for column in table.needed):
                raise WrongRow("the line has too few cells")
            parsed = parse(rows.line_num, cells)
        except WrongRow as wrong:
            problems.append(f"{name}, line {rows.line_num}: {wrong}")
        else:
            yield parsed


def _has_columns(table: Table, columns: Sequence[str], problems: list[str]) -> bool:
    name = table.path.name
    for column in table.needed:
        if column not in columns:
            problems.append(f"{name}: no column `{column}`; the first line must be {table.first_line}")
            return False
    if table.optional is not None:
        known = (*table.needed, *table.optional)
        problems += [f"{name}: column {column!r} means nothing here" for column in columns if column not in known]
    return True


def existing_file(name: str, folder: Path) -> Path:
    """The path of a file that is there. Raises: WrongRow."""
    if not name:
        raise WrongRow("no file is named")
    path = folder / name
    try:
        if path.is_file():
            return path
    except OSError as error:  # such as a name too long
        raise WrongRow(f"{name[:40]!r}: {error.strerror}") from error
    raise WrongRow(f"there is no file {name!r}")


def number(name: str, text: str, reach: float) -> float | None:
    """The number in a cell; None where it is empty. Raises: WrongRow, also beyond plus or minus reach."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise WrongRow(f"{name} {text!r} is not a number") from None
    if not abs(value) <= reach:
        raise WrongRow(f"{name} {text} is not within {reach:g}")
    return value


def unnamed_files(folder: Path, named: Set[Path]) -> list[Path]:
    """Pictures and videos below the folder, also of a kind that is not read here, that no row names."""
    return sorted(found for found in folder.rglob("*") if _is_to_label(found) and found not in named)


def _is_to_label(path: Path) -> bool:
    kind = mimetypes.guess_type(path.name)[0] or ""
    return is_picture(path) or kind.startswith(("image/", "video/"))
