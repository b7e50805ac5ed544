"""The files of the newest log lines: bounded, readable after a power cut, written without blocking."""

from __future__ import annotations

import errno
import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.telemetry import log_file
from app.telemetry.log_file import FILE_MAX_BYTES, LINES_MAX, LogFile, keep_line, log_kept, read_lines
from config.disk import Disk
from tests.support.planted import PLANTED, VICTIM

AT = "2026-11-30T10:00:00Z"
AT_S = 1796032800.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "detector.log"


@pytest.fixture
def log(path: Path) -> logging.Logger:
    made = logging.Logger("tried", logging.DEBUG)
    made.addHandler(LogFile(path, lambda: AT_S))
    return made


def kept(log: logging.Logger, path: Path) -> list[tuple[str, str, str]]:
    log.handlers[0].flush()
    return [(line.time, line.level, line.text) for line in read_lines(path)]


def test_lines_are_kept_with_time_and_level_newest_last(log: logging.Logger, path: Path) -> None:
    log.debug("not from INFO on")
    log.info("first")
    log.warning("then %d", 2)
    assert kept(log, path) == [(AT, "INFO", "first"), (AT, "WARNING", "then 2")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_are_filtered_by_level(log: logging.Logger, path: Path) -> None:
    for level in (logging.INFO, logging.WARNING, logging.ERROR):
        log.log(level, "x")
    log.handlers[0].flush()
    assert [len(read_lines(path, least)) for least in (logging.INFO, logging.WARNING, logging.ERROR)] == [3, 2, 1]


def test_message_of_many_lines_is_one_record_and_cannot_forge_another(log: logging.Logger, path: Path) -> None:
    log.error("stacks\n  File x\n%s ERROR forged\x1b[31m\r", AT)
    assert kept(log, path) == [(AT, "ERROR", f"stacks\n  File x\n{AT} ERROR forged\\x1b[31m\\r")]


def test_control_characters_in_the_file_are_escaped(path: Path) -> None:
    keep_line(path, "INFO before")
    with path.open("a") as file:
        file.write("2026-11-30T12:00:00Z ERROR \x1b[31mred \u202eback\r\n    more\a\n")
    assert read_lines(path)[-1].text == "\\x1b[31mred \\u202eback\\r\nmore\\x07"


def test_message_with_wrong_arguments_is_skipped(log: logging.Logger, path: Path) -> None:
    log.info("%d", "no number")
    log.info("next")
    assert kept(log, path) == [(AT, "INFO", "next")]


def test_log_file_is_bounded_and_keeps_the_newest_lines(path: Path) -> None:
    for number in range(700):
        keep_line(path, f"INFO {number} {'x' * 200}")
        assert path.stat().st_size <= FILE_MAX_BYTES
    lines = read_lines(path)
    assert len(lines) <= LINES_MAX
    assert lines[-1].text.startswith("699 ")
    assert [int(line.text.split()[0]) for line in lines] == [*range(700 - len(lines), 700)]
    keep_line(path, "ERROR " + "y" * 1_000_000)
    assert path.stat().st_size <= FILE_MAX_BYTES
    assert sorted(file.name for file in path.parent.iterdir()) == ["detector.log"]


@pytest.mark.parametrize(
    "left",
    [b"2026-11-30T10:", b"\0" * 4096, b"\xff\xfe\n\0\n", b"    no head\n", b"2026-11-30T10:00:00Z FATAL x\n" * 9000],
)
def test_half_written_line_costs_no_other(path: Path, left: bytes) -> None:
    keep_line(path, "INFO before")
    with path.open("ab") as file:
        file.write(left)
    assert [line.text.partition("\n")[0] for line in read_lines(path)][:1] in (["before"], [])
    keep_line(path, "INFO after")
    assert read_lines(path)[-1].text == "after"
    assert path.stat().st_size <= FILE_MAX_BYTES


@pytest.mark.parametrize("plant", [PLANTED[name] for name in PLANTED if name != "folder"])
def test_planted_files_are_not_read_and_are_replaced(path: Path, plant: Callable[[Path, Path], None]) -> None:
    path.parent.mkdir()
    victim = path.parent / "victim"
    victim.write_bytes(VICTIM)
    plant(path, victim)
    assert read_lines(path) == ()
    keep_line(path, "INFO ours")
    assert [line.text for line in read_lines(path)] == ["ours"]
    assert victim.read_bytes() == VICTIM


def test_unwritable_log_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    handler = LogFile(tmp_path / "data" / "detector.log")
    handler.keep("INFO x")
    handler.flush()
    assert read_lines(tmp_path / "data" / "detector.log") == ()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_lines_after_a_failed_write_are_whole(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def half(disk: Disk, file: int, data: bytes) -> None:
        os.write(file, data[: len(data) // 2])
        raise OSError(number, os.strerror(number))

    handler = LogFile(path)
    handler.keep("INFO before")
    handler.flush()
    with monkeypatch.context() as broken:
        broken.setattr(Disk, "write", half)
        handler.keep("INFO lost")
        handler.flush()
    handler.keep("INFO after")
    handler.flush()
    texts = [line.text for line in read_lines(path)]
    assert (texts[0], texts[-1]) == ("before", "after")


def test_logging_does_not_wait_for_a_hanging_disk(
    log: logging.Logger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "END_S", 0.0)
    answers, real, asked = threading.Event(), os.fstat, threading.Event()

    def hanging(file: int) -> os.stat_result:
        asked.set()
        assert answers.wait(10)
        return real(file)

    monkeypatch.setattr(os, "fstat", hanging)
    log.info("first")
    assert asked.wait(10)
    for number in range(10 * log_file.WAITING_MAX):
        log.info("%d", number)
    log.handlers[0].flush()
    answers.set()
    monkeypatch.setattr(log_file, "END_S", 10.0)
    texts = [text for _, _, text in kept(log, path)]
    assert len(texts) == LINES_MAX and texts[-1] == str(10 * log_file.WAITING_MAX - 1)


def test_kept_log_begins_with_the_start_of_the_process(path: Path) -> None:
    with log_kept(path, "detector"):
        logging.getLogger("app").warning("seen")
    logging.getLogger("app").warning("no longer")
    first, second = read_lines(path)
    assert first.text.startswith("detector ") and first.text.endswith(f"starts, process {os.getpid()}")
    assert second.text == "seen"
