"""Who asks: the address by which wrong passwords are counted."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

from flask import request


def client_address() -> str:
    """The address of the client, "" if there is none; a link-local one with its interface, such as fe80::1%2.

    Each link has link-local addresses of its own, and gunicorn leaves out which link it is.
    """
    address = request.remote_addr or ""
    socket = request.environ.get("gunicorn.socket")
    with suppress(OSError, ValueError):  # ended meanwhile; no address
        if socket is not None and ipaddress.IPv6Address(address).is_link_local and "%" not in address:
            peer, _, _, interface = socket.getpeername()
            return f"{address}%{interface}" if peer.partition("%")[0] == address and interface else address
    return address
