"""The page's log stays short whatever strangers send."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from admin.server.log_limit import LINE_MAX_CHARS, Limit, OneLine


class Book:
    """A handler like the page's with a clock that the test moves; `lines` has the second and text of each line."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.limit = Limit(lambda: self.now_s)
        self.lines: list[tuple[float, str]] = []
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.addFilter(self.limit)
        self.handler.setFormatter(OneLine())

    def read(self) -> None:
        self.lines += [(self.now_s, line) for line in self._stream.getvalue().splitlines()]
        self._stream.seek(0)
        self._stream.truncate()


@pytest.fixture
def book() -> Iterator[Book]:
    made, root = Book(), logging.getLogger()
    root.addHandler(made.handler)
    yield made
    root.removeHandler(made.handler)


def test_at_most_ten_lines_a_minute_are_written_and_the_rest_counted(book: Book) -> None:
    for second in range(300):
        book.now_s = float(second)
        for _ in range(7 if second < 240 else 0):
            logging.getLogger("any").warning("rubbish")
        book.limit.tell()
        book.read()
    for second in range(300):
        assert sum(second <= at < second + 60 for at, _ in book.lines) <= 10
    left_out = sum(int(line.split()[1]) for _, line in book.lines if "left out" in line)
    assert left_out + sum("rubbish" in line for _, line in book.lines) == 7 * 240


def test_lines_caused_by_the_owner_are_always_written(book: Book) -> None:
    log = logging.getLogger("any")
    log.setLevel(logging.INFO)
    for _ in range(50):
        log.error("rubbish")
    log.info("signed in from ::1")
    book.read()
    assert book.lines[-1][1] == "INFO signed in from ::1"
    assert len(book.lines) == 10


# Formatted by hand: a surrogate that pytest captures from the log ends xdist's worker
@pytest.mark.parametrize(
    "rubbish",
    ("a" * 5000, "\x1b[31m\r\nforged", "\u202e\u2028\0\ud800", "\U0001f600" * 300),
    ids=("long", "control", "surrogate", "wide"),
)
def test_a_record_is_one_short_line_without_control_characters(rubbish: str) -> None:
    error = ValueError(rubbish)
    for info in (None, (ValueError, error, None)):
        record = logging.LogRecord("any", logging.WARNING, __file__, 1, "GET %s", (rubbish,), info)
        line = OneLine().format(record)
        assert line.isprintable() and len(line) <= LINE_MAX_CHARS


def test_an_exception_is_logged_with_its_place(book: Book) -> None:
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("any").exception("GET /memory")
    book.read()
    assert book.lines[0][1].startswith("ERROR GET /memory: ValueError at test_log_limit.py:")
    assert book.lines[0][1].endswith(": why")
