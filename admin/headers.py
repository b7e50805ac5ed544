"""The headers of every answer, and answers that are made without Flask."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from config.commands import instance

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends its forms with "Origin: null"
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
NOT_KEPT = {"Cache-Control": "no-store"}


def page_failed() -> str:
    """What helps where the page has failed; without a path, as strangers may read it."""
    log = f"`sudo snap logs {snap}.admin` shows" if (snap := instance()) else "its log, under Health, shows"
    return f"The page failed; {log} why."


def bare_answer(code: int, said: str = "", more: Mapping[str, str] | None = None, *, has_body: bool = True) -> bytes:
    """A whole answer in HTTP/1.1, after which the connection ends; `said` and `more` must hold nothing of a request.

    said: one sentence, by default the code's own name. has_body: False in answer to HEAD.
    """
    phrase = HTTPStatus(code).phrase
    body = f"{said or phrase}\n".encode()
    fixed = {"Connection": "close", "Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
    lines = [f"{name}: {value}" for name, value in {**fixed, **HEADERS, **NOT_KEPT, **(more or {})}.items()]
    head = "\r\n".join((f"HTTP/1.1 {code} {phrase}", *lines, "", "")).encode("latin-1")
    return head + body if has_body else head
