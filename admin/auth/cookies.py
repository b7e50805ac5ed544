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
    """The cookie's name; under HTTPS one that no other host and no page without HTTPS can set.

    Under a sub-path browsers refuse the first of these names, and other hosts of the domain could set the second.
    """
    if not request.is_secure:
        return name
    return f"__Secure-{name}" if request.script_root else f"__Host-{name}"


def attributes() -> Attributes:
    """Those of every cookie."""
    return {"path": request.script_root or "/", "secure": request.is_secure, "httponly": True, "samesite": "Strict"}


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
