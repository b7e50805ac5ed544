"""Where a request ends in what a client has sent: pure, by the bytes alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_MAX_BYTES = 32 * 1024  # a browser sends about 1 KiB; gunicorn.conf.py limits each line as well
BODY_MAX_BYTES = 96 * 1024  # of a form; the settings file may have 16 KiB
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:([^\r\n]*)", re.IGNORECASE)
CODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
EXPECTATION = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)


class Refused(Exception):
    """A request that is not waited for; the argument is the status code of the answer."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of head and body. is_clear: the next request begins behind them, whoever reads this one."""

    head: int
    body: int
    is_clear: bool

    @property
    def size(self) -> int:
        """All of the request, in bytes."""
        return self.head + self.body


def frame(data: bytes | bytearray) -> Frame | None:
    """The first request's frame as soon as its head is whole, else None.

    Only bodies with a Content-Length are read, as all browsers and curl send them. Raises: Refused.
    """
    end = data.find(HEAD_END, 0, HEAD_MAX_BYTES)
    if end < 0:
        if len(data) >= HEAD_MAX_BYTES:
            raise Refused(431)
        return None
    end += len(HEAD_END)
    if CODING.search(data, 0, end):
        raise Refused(411)
    lengths = [text.strip(b" \t") for text in LENGTH.findall(data, 0, end)]
    if not lengths:
        return Frame(end, 0, True)
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,12}", lengths[0]):
        return Frame(end, 0, False)  # gunicorn says why it is wrong
    if (body := int(lengths[0])) > BODY_MAX_BYTES:
        raise Refused(413)
    return Frame(end, body, True)


def waits_to_be_asked(head: bytes | bytearray) -> bool:
    """Whether the client sends its body only after "100 Continue"."""
    return bool(EXPECTATION.search(head))
