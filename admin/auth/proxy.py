"""The page behind a reverse proxy, as `admin.behind_proxy` says: requests become those that the browser sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from admin.addresses import address_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from admin.auth.hosts import Hosts

PROXIED = "drivewatch.proxied"  # in the environment of a request that came through the proxy; no header is called so
DEFAULT_PORTS = {"http": 80, "https": 443}
HOP = re.compile(r"(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proxy:
    """The page as browsers see it. path: "" or such as "/drivewatch"; address: the proxy's, "" for this machine."""

    scheme: str
    host: str
    path: str
    address: str

    def has_sent(self, environ: WSGIEnvironment, is_known: Callable[[str], bool]) -> bool:
        """Whether the proxy sent this request, from the address that it has and for a host that is ours."""
        peer = environ.get("REMOTE_ADDR")
        host = environ.get("HTTP_HOST", "").lower().removesuffix(f":{DEFAULT_PORTS[self.scheme]}")
        if not (is_local(peer) or (self.address and plain_address(peer) == self.address)):
            return False
        return host == self.host or ("HTTP_X_FORWARDED_FOR" in environ and is_known(host))

    def unwrap(self, environ: WSGIEnvironment) -> None:
        """Make it the request that the browser sent; the client is the last one that X-Forwarded-For names."""
        last_hop = hop_address(environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip())
        path = environ.get("PATH_INFO", "")
        if self.path and (path == self.path or path.startswith(self.path + "/")):
            path = path[len(self.path) :]  # a proxy may have cut it off already
        environ.update(
            {
                PROXIED: True,
                "wsgi.url_scheme": self.scheme,
                "HTTP_HOST": self.host,
                "SCRIPT_NAME": self.path,
                "PATH_INFO": path or "/",
                "REMOTE_ADDR": last_hop or environ.get("REMOTE_ADDR", ""),
            }
        )


class BehindProxy:
    """Between gunicorn and Flask: nothing that a request says of its way is believed unless the proxy sent it."""

    def __init__(self, app: WSGIApplication, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        proxy = self._hosts.proxy
        if proxy and proxy.has_sent(environ, self._hosts.is_known):
            proxy.unwrap(environ)
        return self._app(environ, start_response)


def proxy_from(text: str) -> Proxy | None:
    """The setting's meaning, None for ""; the text is one that the setting may have."""
    url, _, address = text.strip().partition(" ")
    if not url:
        return None
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    host = name if port == DEFAULT_PORTS[parts.scheme] else f"{name}:{port}"
    return Proxy(parts.scheme, host, parts.path.rstrip("/"), plain_address(address.strip()))


def hop_address(text: str) -> str:
    """The address of a hop, which some proxies name with its port, and IPv6 in brackets; "" for other text."""
    found = HOP.fullmatch(text)
    return plain_address(found[1] or found[2] if found else text)


def plain_address(text: str | None) -> str:
    """An address in its canonical form, an IPv4-mapped one as IPv4; "" for other text."""
    return str(address_in(text) or "")


def is_local(address: str | None) -> bool:
    """Whether it is a loopback address, also in the IPv4-mapped form of a dual-stack socket."""
    found = address_in(address)
    return found is not None and found.is_loopback
