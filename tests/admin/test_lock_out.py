"""Wrong passwords from many addresses: guessing is slow, and nobody else has to wait."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.application import create_app
from admin.auth.client import client_address
from admin.auth.throttle import FAILURES
from config import https
from config.paths import Paths
from tests.support.page import PASSWORD, WRONG


@pytest.fixture
def everywhere(paths: Paths) -> Flask:
    """A page that is not for this machine alone."""
    https.disable(paths, everywhere=True)
    return create_app(paths)


def from_(client: FlaskClient, address: str, word: str, **environ: object) -> int:
    return client.post("/login", data={"password": word}, environ_base={"REMOTE_ADDR": address, **environ}).status_code


@pytest.mark.parametrize(
    ("guesser", "owner"),
    [
        ("192.168.1.66", "192.168.1.7"),
        ("::ffff:192.168.1.66", "::ffff:192.168.1.7"),
        ("fe80::66", "fe80::7"),
        ("fe80::66%2", "fe80::66%3"),
        ("2001:db8::66", "2001:db8::7"),
        ("2001:db8::66", "fe80::7"),
    ],
)
def test_nobody_is_locked_out_by_anothers_guesses(everywhere: Flask, guesser: str, owner: str) -> None:
    client = everywhere.test_client()
    assert [from_(client, guesser, WRONG) for _ in range(8)] == [403] * 5 + [429] * 3
    assert from_(client, guesser, PASSWORD) == 429
    assert from_(client, owner, PASSWORD) == 302


def test_guesses_from_many_addresses_lock_nobody_out(everywhere: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = everywhere.test_client()
    with monkeypatch.context() as quick:
        quick.setattr("werkzeug.security.check_password_hash", lambda stored, word: False)
        codes = [from_(client, f"10.0.0.{number}", WRONG) for number in range(40) for _ in range(6)]
    assert codes.count(403) == 40 * FAILURES
    assert from_(client, "192.168.1.7", PASSWORD) == 302


def test_the_addresses_of_one_network_count_together(everywhere: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = everywhere.test_client()
    with monkeypatch.context() as quick:
        quick.setattr("werkzeug.security.check_password_hash", lambda stored, word: False)
        codes = [from_(client, f"2001:db8::{number:x}", WRONG) for number in range(50)]
    assert codes == [403] * FAILURES + [429] * 45
    assert from_(client, "2001:db8::99", PASSWORD) == 429  # ten seconds after the last guess it is looked at


class Peer:
    """The socket of a connection, as gunicorn hands it on."""

    def __init__(self, *peer: object) -> None:
        self._peer = peer

    def getpeername(self) -> tuple[object, ...]:
        if not self._peer:
            raise OSError(107, "Transport endpoint is not connected")
        return self._peer


@pytest.mark.parametrize(
    ("address", "peer", "counted"),
    [
        ("fe80::1", ("fe80::1", 5, 0, 2), "fe80::1%2"),
        ("fe80::1", ("fe80::1%eth0", 5, 0, 2), "fe80::1%2"),
        ("fe80::1", ("::1", 5, 0, 0), "fe80::1"),  # as a proxy on this machine says
        ("fe80::1", (), "fe80::1"),
        ("2001:db8::1", ("2001:db8::1", 5, 0, 0), "2001:db8::1"),
        ("10.0.0.1", ("10.0.0.1", 5), "10.0.0.1"),
    ],
)
def test_a_link_local_address_is_counted_with_its_interface(
    everywhere: Flask, address: str, peer: tuple[object, ...], counted: str
) -> None:
    environ = {"REMOTE_ADDR": address, "gunicorn.socket": Peer(*peer)}
    with everywhere.test_request_context(environ_base=environ):
        assert client_address() == counted
