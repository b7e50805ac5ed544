"""The answer to plain HTTP where HTTPS is spoken: the same address with https, if the host is ours."""

from __future__ import annotations

import re
from collections.abc import Callable

from admin.headers import bare_answer

LINE = re.compile(rb"(GET|HEAD) (/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1000}) HTTP/1\.[01]\r\n")
HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
SAID = "This port speaks HTTPS: open the page by an address that begins with https://"


def redirect(request: bytes, is_known: Callable[[str], bool]) -> bytes:
    """The answer; only GET and HEAD are sent on, since anybody on the way has read what a form held."""
    line, hosts = LINE.match(request), HOST.findall(request)
    host = hosts[0].decode("latin-1") if len(hosts) == 1 else ""
    has_body = not request.startswith(b"HEAD ")
    if line is None or not is_known(host):
        return bare_answer(400, SAID, has_body=has_body)
    return bare_answer(307, SAID, {"Location": f"https://{host}{line[2].decode()}"}, has_body=has_body)
