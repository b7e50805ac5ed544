"""Rows -> the text of a CSV file that no spreadsheet takes for formulas; every CSV that leaves drivewatch."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

# What makes a formula of a cell: OWASP's list ("CSV Injection"), with the wide, small and raised forms that some
# spreadsheets take for the same, and the minus sign
STARTS = (
    "=+@-"
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
    "\N{SMALL EQUALS SIGN}\N{SMALL PLUS SIGN}\N{SMALL HYPHEN-MINUS}\N{SMALL COMMERCIAL AT}"
    "\N{SUPERSCRIPT EQUALS SIGN}\N{SUPERSCRIPT PLUS SIGN}\N{SUPERSCRIPT MINUS}\N{MINUS SIGN}"
)
# What a spreadsheet may drop before it: white space, quotes, control characters, and letters without a width
DROPPED = (
    "\\s\"'`\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2018-\u201f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
# At the beginning, and after what is the end of a cell where `;` or a tab separates them
FORMULA = re.compile(rf"(^|\r\n|[;\t\r\n])(?=[{DROPPED}]*[{re.escape(STARTS)}])")
CONTROL_FIRST = re.compile(r"(?=[\t\r\n])")  # OWASP's list has these by themselves
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


def csv_text(fields: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A header and a line for each row; the rows have these fields. Numbers, also negative ones, stay numbers."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(map(cell, fields))
    table.writerows([cell(row[name]) for name in fields] for row in rows)
    return text.getvalue()


def cell(value: object) -> object:
    """The value of a cell; a text that a spreadsheet might run gets a `'` before it, which makes it text there."""
    if not isinstance(value, str) or NUMBER.fullmatch(value):
        return value
    marked = FORMULA.sub(r"\1'", value)
    return f"'{marked}" if CONTROL_FIRST.match(value) and marked == value else marked
