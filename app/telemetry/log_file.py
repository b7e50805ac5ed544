"""The newest log lines of detector and page: a small file each, which the page shows and `tail` too.

They are on the card, as a mechanic asks for what was logged before a power cut, which neither the run folder nor the
journal of an Ubuntu Core keeps. Lines are appended without a sync; a full file is replaced by its newer half.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.version import VERSION
from config import durable
from config.disk import Disk
from config.own_files import is_ours

FILE_MAX_BYTES = 64 * 1024
KEPT_BYTES = FILE_MAX_BYTES // 2
RECORD_MAX_CHARS = 16 * 1024  # the stacks of all threads of a detector that hangs
WAITING_MAX = 200  # records, while the disk does not answer
END_S = 1.0  # that the end of the process waits for the disk
LINES_MAX = 200
LEVELS = {"INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR, "CRITICAL": logging.CRITICAL}
_HEAD = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (INFO|WARNING|ERROR|CRITICAL) (.*)", re.DOTALL)
_MORE = "    "  # before each further line of a record, so that none can look like a record of its own
_IN_THE_WAY = (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.EACCES)
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Line:
    """One record. time: ISO 8601 in UTC, by a clock that may be wrong. level: WARNING, for example."""

    time: str
    level: str
    text: str


class LogFile(logging.Handler):
    """Appends each record from INFO on to the file. Whoever logs waits for no disk: a thread writes, while there is
    something to write. What cannot be written is dropped."""

    def __init__(self, path: Path, wall: Callable[[], float] = time.time) -> None:
        super().__init__(logging.INFO)
        self._path, self._wall = path, wall
        self._waiting: deque[str] = deque(maxlen=WAITING_MAX)
        self._own = threading.Lock()  # logging holds the handler's at the end of the process
        self._writer: threading.Thread | None = None
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Leave the record for the thread."""
        try:
            self.keep(self.format(record))
        except Exception:  # a message that does not fit its arguments: the other handlers report it
            return

    def keep(self, text: str) -> None:
        """Leave a text, which begins with its level, for the thread."""
        with self._own:
            self._waiting.append(_line(text, self._wall()))
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="log file", daemon=True)
                with suppress(RuntimeError):  # the process ends
                    self._writer.start()
                    return
                self._writer = None

    def flush(self) -> None:
        """Wait for the thread, but not for long."""
        with self._own:
            writer = self._writer
        if writer is not None:
            writer.join(END_S)

    def _write(self) -> None:
        while lines := self._taken():
            with suppress(OSError):
                _append(self._path, "".join(lines).encode(errors="backslashreplace"))

    def _taken(self) -> list[str]:
        with self._own:
            lines = [*self._waiting]
            self._waiting.clear()
            if not lines:
                self._writer = None
            return lines


@contextmanager
def log_kept(path: Path, name: str) -> Iterator[None]:
    """Keep what this process logs meanwhile, from a line on that says what has started."""
    handler = LogFile(path)
    handler.keep(f"INFO {name} {VERSION} starts, process {os.getpid()}")
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.flush()


def keep_line(path: Path, text: str) -> None:
    """Add a text, which begins with its level, at once. Raises: OSError."""
    _append(path, _line(text, time.time()).encode(errors="backslashreplace"))


def _append(path: Path, data: bytes) -> None:
    """Add whole lines to the file, on a line of their own. Raises: OSError."""
    Disk().make_folder(path.parent)
    file = _opened(path)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":  # half a line, of a full disk or a power cut
            data = b"\n" + data
        if size + len(data) <= FILE_MAX_BYTES:
            Disk().write(file, data)
            return
        before = os.pread(file, FILE_MAX_BYTES, max(0, size - FILE_MAX_BYTES))
    finally:
        os.close(file)
    durable.replace(path, _newest(before + data), Disk())


def read_lines(path: Path, least: int = logging.INFO) -> tuple[Line, ...]:
    """The newest lines of at least this level, newest last; none where the file is missing or not ours."""
    try:
        file = os.open(path, os.O_RDONLY | _FLAGS)
    except OSError:
        return ()
    try:
        if not is_ours(found := os.fstat(file)):
            return ()
        data = os.pread(file, FILE_MAX_BYTES, max(0, found.st_size - FILE_MAX_BYTES))
    except OSError:
        return ()
    finally:
        os.close(file)
    return tuple(line for line in _parsed(data.decode(errors="replace")) if LEVELS[line.level] >= least)[-LINES_MAX:]


def _parsed(text: str) -> Iterator[Line]:
    """The records in it; what is damaged is left out."""
    records: list[list[str]] = []
    for line in map(printable, text.replace("\0", "").split("\n")):  # zeros are what a power cut may leave
        if line.startswith(_MORE) and records:
            records[-1].append(line.removeprefix(_MORE))
        elif _HEAD.fullmatch(line):
            records.append([line])
    for record in records:
        if head := _HEAD.fullmatch("\n".join(record)):
            yield Line(head[1], head[2], head[3])


def _line(text: str, wall_s: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(wall_s))} {_safe(text)}\n"


def _safe(text: str) -> str:
    """The text without control characters, so that `tail` shows it on any terminal."""
    return f"\n{_MORE}".join(map(printable, text[:RECORD_MAX_CHARS].split("\n")))


def printable(line: str) -> str:
    """The line without control characters."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _newest(data: bytes) -> bytes:
    """The newest half of a full file, from a record's beginning on."""
    return data[-KEPT_BYTES:].partition(b"\n")[2]


def _opened(path: Path) -> int:
    """The file to read and append to. What else stands in its place gives way. Raises: OSError."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | _FLAGS
    try:
        file = os.open(path, flags, 0o600)
        if is_ours(os.fstat(file)):
            return file
        os.close(file)
    except OSError as error:
        if error.errno not in _IN_THE_WAY:
            raise
    Disk().remove(path)
    return os.open(path, flags | os.O_EXCL, 0o600)
