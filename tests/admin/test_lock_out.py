"""Wrong passwords from many addresses: guessing is slow, and no other client has to wait."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.application import create_app
from admin.auth.client import client_address
from admin.auth.throttle import FAILURES
from config import https
from config.paths import Paths
from tests.support.page import PASSWORD, WRONG


@pytest.fixture
def everywhere(paths: Paths) -> Flask:
    """A page that listens on all addresses."""
    https.disable(paths, everywhere=True)
    return create_app(paths)


def sign_in_from(client: FlaskClient, address: str, word: str) -> TestResponse:
    return client.post("/login", data={"password": word}, environ_base={"REMOTE_ADDR": address})


@pytest.mark.parametrize(
    ("guesser", "owner"),
    [
        ("192.168.1.66", "192.168.1.7"),
        ("fe80::66", "fe80::7"),
        ("2001:db8::66", "2001:db8::7"),
    ],
)
def test_wrong_passwords_lock_out_only_their_own_address(everywhere: Flask, guesser: str, owner: str) -> None:
    client = everywhere.test_client()
    codes = [sign_in_from(client, guesser, WRONG).status_code for _ in range(8)]
    assert codes == [403] * 5 + [429] * 3
    answer = sign_in_from(client, guesser, PASSWORD)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 60
    assert sign_in_from(client, owner, PASSWORD).status_code == 302


def test_addresses_of_one_network_share_their_guesses(everywhere: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = everywhere.test_client()
    with monkeypatch.context() as quick:
        quick.setattr("werkzeug.security.check_password_hash", lambda stored, word: False)
        codes = [sign_in_from(client, f"2001:db8::{number:x}", WRONG).status_code for number in range(50)]
    assert codes == [403] * FAILURES + [429] * 45
    assert sign_in_from(client, "2001:db8::99", PASSWORD).status_code == 429  # one neighbour in ten seconds may guess


class Peer:
    """The socket of a connection, as gunicorn passes it on."""

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
        ("fe80::1", ("::1", 5, 0, 0), "fe80::1"),  # such as a proxy on this machine
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
