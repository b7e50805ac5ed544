"""Where the page listens, and with which certificate: none, a self-signed one of this device, or the owner's.

`python -m app enable-https` and `disable-https` choose; the page asks. certificates.py makes and checks certificates.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from config import certificates, durable
from config.certificates import LOOPBACK, Certificate, addresses
from config.commands import command, encrypt_command
from config.disk import Disk
from config.openssl import HttpsError
from config.paths import Paths

CHOICE, SELF_SIGNED = "https.json", "https.pem"
CHOICE_MAX_BYTES = 16 * 1024
HTTP_PORT, HTTPS_PORT = 8080, 8443


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the page is to be found; host is 127.0.0.1, or :: or 0.0.0.0, which mean every address."""

    host: str
    port: int
    certificate: Certificate | None

    @property
    def bind(self) -> str:
        """As gunicorn takes it."""
        return f"{_in_url(self.host)}:{self.port}"

    @property
    def is_exposed(self) -> bool:
        """Whether others in the network can read along: everywhere, and without HTTPS."""
        return self.certificate is None and self.host != LOOPBACK

    @property
    def url(self) -> str:
        """The address to type into a browser."""
        host = self.host if self.host == LOOPBACK else next(addresses(), f"{socket.gethostname()}.local")
        return f"http{'s' if self.certificate else ''}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Choice:
    mode: str = "off"
    certificate: str = ""
    key: str = ""
    everywhere: bool = False


def listening(paths: Paths, env: Mapping[str, str] = os.environ) -> Listening:
    """Where to listen, the certificate made or renewed if need be. Raises: HttpsError."""
    choice, found = _choice(paths, env), certificate(paths, env)
    host = _everywhere() if found or choice.everywhere else LOOPBACK
    default = HTTPS_PORT if found else HTTP_PORT
    port = env.get("PORT") or str(default)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise HttpsError(f"PORT={port} is no port: it must be from 1 to 65535, such as PORT={default}")
    return Listening(host, int(port), found)


def certificate(paths: Paths, env: Mapping[str, str] = os.environ) -> Certificate | None:
    """The chosen certificate, None without HTTPS; a self-signed one is made, or made again if it does not do.

    In a snap it is self-signed unless something else was chosen, as nobody opens a browser on the Pi itself.
    Raises: HttpsError.
    """
    return _certificate(paths, _choice(paths, env))


def enable(paths: Paths, wanted: Literal["self-signed"] | tuple[Path, Path]) -> Certificate:
    """Serve the page over HTTPS from its next start on, with a certificate that this makes or with (CERT, KEY).

    Raises: HttpsError; then nothing has been changed.
    """
    if wanted == "self-signed":
        choice = _Choice(wanted)
    else:
        cert, key = (str(file.absolute()) for file in wanted)
        choice = _Choice("files", cert, key)
    found = _certificate(paths, choice)
    assert found is not None
    if not certificates.lasts(found.certificate, 0):
        raise HttpsError(f"{found.certificate} has expired on {found.expires}: renew it first")
    _choose(paths, choice)
    take_notice(paths)  # whoever asked is told the fingerprint at once
    return found


def take_notice(paths: Paths) -> str:
    """Return what the owner is to be told once of a new certificate, "" if nothing. Never raises."""
    return certificates.take_notice(paths.data / SELF_SIGNED)


def disable(paths: Paths, *, everywhere: bool = False) -> None:
    """Serve the page over plain HTTP from its next start on: only on this machine, unless `everywhere`.

    Raises: HttpsError.
    """
    _choose(paths, _Choice("off", everywhere=everywhere))


def _choice(paths: Paths, env: Mapping[str, str]) -> _Choice:
    file = paths.data / CHOICE
    try:
        raw = json.loads(Disk().read(file, CHOICE_MAX_BYTES))
        choice = _Choice(**raw)
    except FileNotFoundError:
        return _Choice("self-signed" if env.get("SNAP_INSTANCE_NAME") else "off")
    except OSError as error:  # it may ask for HTTPS, so that plain HTTP is no way out
        raise HttpsError(f"{file} cannot be read ({error.strerror}): `ls -ld {file.parent}` shows by whom") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise HttpsError(f"{file} cannot be read ({error}): {_choose_again()}") from error
    texts = (choice.mode, choice.certificate, choice.key)
    if not all(isinstance(text, str) for text in texts) or choice.mode not in ("self-signed", "files", "off"):
        raise HttpsError(f"{file} makes no sense: {_choose_again()}")
    return choice


def _choose_again() -> str:
    return f"`{encrypt_command()}` or `{command('disable-https')}` chooses again"


def _choose(paths: Paths, choice: _Choice) -> None:
    file = paths.data / CHOICE
    with certificates.held(file):
        durable.replace(file, json.dumps(asdict(choice)).encode() + b"\n", Disk())


def _certificate(paths: Paths, choice: _Choice) -> Certificate | None:
    if choice.mode == "off":
        return None
    if choice.mode == "self-signed":
        return certificates.self_signed(paths.data / SELF_SIGNED)
    return certificates.of_files(Path(choice.certificate), Path(choice.key))


def _everywhere() -> str:
    try:
        socket.socket(socket.AF_INET6).close()
    except OSError:
        return "0.0.0.0"  # noqa: S104  as chosen
    return "::"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
