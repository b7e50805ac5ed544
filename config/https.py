"""Where the page listens, and with which certificate: none, a self-signed one of this device, or the owner's.

`python -m app enable-https` and `disable-https` choose; the page asks. openssl's command does the work, as it is in
every base: no library for it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from config import durable
from config.disk import Disk
from config.durable import StoreError
from config.paths import Paths

log = logging.getLogger(__name__)

CHOICE, SELF_SIGNED = "https.json", "https.pem"
CHOICE_MAX_BYTES = 16 * 1024
DAYS, RENEW_DAYS = 395, 30  # as Cockpit's: browsers refuse more than 398 days
DAY_S = 86_400
OPENSSL = "openssl"
OPENSSL_LIMIT_S = 30.0  # 0.02 s on x86-64
ADDRESSES_MAX = 16
HTTP_PORT, HTTPS_PORT = 8080, 8443
LOOPBACK = "127.0.0.1"
SIOCGIFADDR = 0x8915  # linux/sockios.h: an interface's IPv4 address
REQUEST = """[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = drivewatch
[extensions]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


class HttpsError(Exception):
    """The page cannot be served over HTTPS as chosen; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files, one and the same where self-signed; fingerprint is SHA-256's as browsers show it.

    is_trusted: browsers will trust it, as far as this machine's own list of authorities tells.
    """

    certificate: Path
    key: Path
    is_self_signed: bool
    is_trusted: bool
    fingerprint: str
    expires: str


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
        """What to type into a browser."""
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
    """The chosen certificate, None without HTTPS; a self-signed one is made, or renewed when 30 days are left.

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
    if not _lasts(found.certificate, 0):
        raise HttpsError(f"{found.certificate} has expired on {found.expires}: renew it first")
    _choose(paths, choice)
    return found


def disable(paths: Paths, *, everywhere: bool = False) -> None:
    """Serve the page over plain HTTP from its next start on: on this machine alone, unless told otherwise.

    Raises: HttpsError.
    """
    _choose(paths, _Choice("off", everywhere=everywhere))


def addresses() -> Iterator[str]:
    """The IPv4 addresses of this machine, loopback left out; none where it does not tell."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex()[:ADDRESSES_MAX]:
            with suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                address = socket.inet_ntoa(answer[20:24])
                if not address.startswith("127."):
                    yield address


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
        raise HttpsError(f"{file} cannot be read ({error}): run enable-https or disable-https again") from error
    texts = (choice.mode, choice.certificate, choice.key)
    if not all(isinstance(text, str) for text in texts) or choice.mode not in ("self-signed", "files", "off"):
        raise HttpsError(f"{file} makes no sense: run enable-https or disable-https again")
    return choice


def _choose(paths: Paths, choice: _Choice) -> None:
    file = paths.data / CHOICE
    with _held(file):
        durable.replace(file, json.dumps(asdict(choice)).encode() + b"\n", Disk())


def _certificate(paths: Paths, choice: _Choice) -> Certificate | None:
    if choice.mode == "off":
        return None
    is_self_signed = choice.mode == "self-signed"
    if is_self_signed:
        cert = key = _self_signed(paths)
    else:
        cert, key = Path(choice.certificate), Path(choice.key)
        _check_pair(cert, key)
    said = _openssl("x509", "-in", str(cert), "-noout", "-fingerprint", "-sha256", "-enddate").stdout.decode()
    figures = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return Certificate(
        cert,
        key,
        is_self_signed,
        is_trusted=not is_self_signed and _is_trusted(cert),
        fingerprint=next((value for name, value in figures.items() if "ingerprint" in name), ""),
        expires=figures.get("notAfter", ""),
    )


def _self_signed(paths: Paths) -> Path:
    """A file with key and certificate, so that both are replaced at once."""
    file = paths.data / SELF_SIGNED
    with _held(file):
        if _lasts(file, RENEW_DAYS):
            return file
        try:
            durable.replace(file, self_signed(), Disk())
        except (OSError, HttpsError) as error:
            if not _lasts(file, 0):
                raise
            log.warning("the certificate could not be renewed and is used as it is: %s", error)
        else:
            log.info("made a self-signed certificate, %s", file)
    return file


def self_signed(days: int = DAYS) -> bytes:
    """A new P-256 key and its certificate, for this machine's names and addresses. Raises: HttpsError."""
    with tempfile.TemporaryDirectory(prefix="drivewatch-") as folder:
        request, key, cert = (Path(folder, name) for name in ("request", "key", "cert"))
        request.write_text(REQUEST.format(names=",".join(_names())))
        made = _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha256", "-nodes"),
            *("-days", str(days), "-config", str(request), "-keyout", str(key), "-out", str(cert)),
        )
        if made.returncode:
            raise HttpsError(f"openssl made no certificate: {_last_line(made.stderr)}")
        return key.read_bytes() + cert.read_bytes()


def _names() -> Iterator[str]:
    host = socket.gethostname().partition(".")[0]
    if re.fullmatch(r"[A-Za-z0-9-]{1,63}", host):
        yield from (f"DNS:{host}.local", f"DNS:{host}")
    yield from ("DNS:localhost", f"IP:{LOOPBACK}", "IP:::1")
    yield from (f"IP:{address}" for address in addresses())


def _lasts(file: Path, days: int) -> bool:
    """Whether it is a certificate and valid for so long."""
    return _openssl("x509", "-in", str(file), "-noout", "-checkend", str(days * DAY_S)).returncode == 0


def _is_trusted(cert: Path) -> bool:
    return _openssl("verify", "-purpose", "sslserver", "-untrusted", str(cert), str(cert)).returncode == 0


def _check_pair(cert: Path, key: Path) -> None:
    """Have them loaded as the server will. Raises: HttpsError."""
    import ssl  # 3 MB, for what is served over HTTPS alone

    for file in (cert, key):
        try:
            file.open("rb").close()
        except OSError as error:
            raise HttpsError(f"{file} cannot be read: {error.strerror}") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise HttpsError(f"{key} is not the key of {cert}") from error
        what = "the first must be a certificate, the second its key without a password, both as PEM"
        raise HttpsError(f"{cert} and {key} cannot be used ({error.reason or error}): {what}") from error


def _openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run it without the system's configuration, which may be missing or anything. Raises: HttpsError."""
    env = {**os.environ, "OPENSSL_CONF": "/dev/null"}
    try:
        return subprocess.run(
            [OPENSSL, *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=OPENSSL_LIMIT_S
        )
    except FileNotFoundError as error:
        raise HttpsError("HTTPS needs the command openssl: `sudo apt install openssl`") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HttpsError(f"openssl could not be run: {error}") from error


def _last_line(said: bytes) -> str:
    return (said.decode(errors="replace").strip().splitlines() or ["it does not say why"])[-1]


@contextmanager
def _held(path: Path) -> Iterator[None]:
    try:
        with durable.held(path, Disk()):
            yield
    except StoreError as error:
        raise HttpsError(str(error)) from error


def _everywhere() -> str:
    try:
        socket.socket(socket.AF_INET6).close()
    except OSError:
        return "0.0.0.0"  # noqa: S104  as chosen
    return "::"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
