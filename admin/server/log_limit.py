"""What the page writes to its log: one short line a record, and few of what strangers cause."""

from __future__ import annotations

import logging
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path

from app.telemetry.log_file import printable

LINE_MAX_CHARS = 200
# Of warnings and errors: lower levels, such as "signed in", are what only the owner causes. One more line has the count
LINES_MAX, WITHIN_S = 9, 60.0

log = logging.getLogger(__name__)


class Limit(logging.Filter):
    """Lets no more than 9 warnings and errors pass within a minute, and counts the others. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._passed_s: deque[float] = deque(maxlen=LINES_MAX)
        self._left_out, self._since_s = 0, 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this record is written; called with the handler's lock released."""
        if record.levelno < logging.WARNING or record.name == __name__:
            return True
        now_s = self._clock()
        if len(self._passed_s) == LINES_MAX and now_s - self._passed_s[0] < WITHIN_S:
            self._since_s = self._since_s if self._left_out else now_s
            self._left_out += 1
            return False
        self._passed_s.append(now_s)
        return True

    def tell(self) -> None:
        """Say how many lines were left out, a minute after the first of them; nothing if none were."""
        if self._left_out and self._clock() - self._since_s >= WITHIN_S:
            left_out, self._left_out = self._left_out, 0
            log.warning("%d more lines were left out: at most %d a minute are written", left_out, LINES_MAX + 1)


class OneLine(logging.Formatter):
    """Level and message, an exception by its type, words and place; control characters are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of 200 characters at most."""
        said = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        places = [f"{Path(file).name}:{line}" for file, line in _places(error)]
        about = f": {type(error).__name__} at {' < '.join(places)}: {error}" if error else ""
        return shortened(f"{record.levelname} {said[: LINE_MAX_CHARS // 2 if error else None]}{about}")


def shortened(text: str) -> str:
    """The text with control characters escaped, cut to 200 characters."""
    safe = printable(text[: LINE_MAX_CHARS + 1])
    return safe if len(safe) <= LINE_MAX_CHARS else safe[: LINE_MAX_CHARS - 1] + "…"


def limit_log() -> Limit:
    """Put one limit before all that this process logs."""
    limit = Limit()
    for handler in (*logging.getLogger().handlers, *logging.getLogger("gunicorn.error").handlers):
        handler.addFilter(limit)
        handler.setFormatter(OneLine())
    return limit


def _places(error: BaseException | None) -> list[tuple[str, int]]:
    """File and line of the last two calls, the innermost first."""
    frames = traceback.extract_tb(error.__traceback__)[-2:] if error else []
    return [(frame.filename, frame.lineno or 0) for frame in reversed(frames)]
