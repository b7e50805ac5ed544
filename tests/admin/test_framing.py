"""Framing: where a request ends."""

from __future__ import annotations

import pytest

from admin.server.framing import BODY_MAX_BYTES, HEAD_MAX_BYTES, Frame, Refused, frame, waits_to_be_asked

HEAD = b"POST / HTTP/1.1\r\nHost: a"


def said(*lines: bytes) -> bytes:
    return b"\r\n".join((HEAD, *lines, b"", b""))


def test_a_request_head_ends_at_its_empty_line() -> None:
    whole = said(b"Content-Length: 3")
    for cut in range(len(whole)):
        assert frame(whole[:cut]) is None
    assert frame(whole) == frame(whole + b"abcGET") == Frame(len(whole), 3, True)
    assert frame(said()) == Frame(len(said()), 0, True)


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 3", b"Content-Length: 4"),
        (b"Content-Length: 3, 3",),
        (b"Content-Length: -1",),
        (b"content-LENGTH :+3",),
        (b"Content-Length:",),
        (b"Content-Length: 9999999999999",),
    ],
)
def test_nothing_after_an_unclear_length_is_read_as_another_request(lines: tuple[bytes, ...]) -> None:
    assert frame(said(*lines)) == Frame(len(said(*lines)), 0, False)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"G" * HEAD_MAX_BYTES, 431),
        (said(b"Transfer-Encoding: chunked"), 411),
        (said(b"Content-Length: 3", b"transfer-encoding:gzip"), 411),
        (said(b"Content-Length: %d" % (BODY_MAX_BYTES + 1)), 413),
    ],
)
def test_requests_without_a_bounded_length_are_refused(data: bytes, code: int) -> None:
    with pytest.raises(Refused) as refused:
        frame(data)
    assert refused.value.code == code


def test_a_client_that_expects_100_continue_is_recognised() -> None:
    assert waits_to_be_asked(said(b"Expect: 100-continue"))
    assert not waits_to_be_asked(said(b"X: Expect: 100-continue"))
