"""How every cookie of the page is set: out of reach for scripts and other sites, under HTTPS for this host alone."""

from __future__ import annotations

from typing import Literal, TypedDict

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class Attributes(TypedDict):
    """What `set_cookie` and `delete_cookie` are told."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["Strict"]


def full_name(name: str) -> str:
    """The cookie's name; under HTTPS one that no other host and no page without HTTPS can set."""
    return f"__Host-{name}" if request.is_secure else name


def attributes() -> Attributes:
    """Those of every cookie."""
    return {"path": "/", "secure": request.is_secure, "httponly": True, "samesite": "Strict"}


class Notices(SecureCookieSessionInterface):
    """Flask's session, which carries a notice from one page to the next and nothing else."""

    def get_cookie_name(self, app: Flask) -> str:
        """As the other cookie's."""
        return full_name("notices")

    def get_cookie_path(self, app: Flask) -> str:
        """As the other cookie's."""
        return attributes()["path"]

    def get_cookie_secure(self, app: Flask) -> bool:
        """As the other cookie's."""
        return attributes()["secure"]

    def get_cookie_samesite(self, app: Flask) -> str:
        """As the other cookie's."""
        return attributes()["samesite"]
