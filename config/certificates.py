"""The page's certificate: one that this device makes and renews, or files of the owner's.

The command openssl does the work, as every base has it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config import durable
from config.disk import Disk
from config.durable import StoreError

log = logging.getLogger(__name__)

DAYS, RENEW_DAYS = 395, 30  # as Cockpit's: browsers refuse more than 398 days
DAY_S = 86_400
OPENSSL = "openssl"
OPENSSL_LIMIT_S = 30.0  # 0.02 s on x86-64
LOOPBACK = "127.0.0.1"
ADDRESSES_MAX = 16
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


def self_signed(file: Path) -> Certificate:
    """The certificate in this file, with its key; it is made first if need be, or renewed when 30 days are left.

    Raises: HttpsError.
    """
    with held(file):
        if not lasts(file, RENEW_DAYS):
            _renew(file)
    return _certificate(file, file, is_self_signed=True)


def of_files(cert: Path, key: Path) -> Certificate:
    """The certificate and the key that the owner has named. Raises: HttpsError if the page cannot use them."""
    _check_pair(cert, key)
    return _certificate(cert, key, is_self_signed=False)


def _certificate(cert: Path, key: Path, *, is_self_signed: bool) -> Certificate:
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


def _renew(file: Path) -> None:
    """Write key and certificate into one file, so that both are replaced at once."""
    try:
        durable.replace(file, new_pem(), Disk())
    except (OSError, HttpsError) as error:
        if not lasts(file, 0):
            raise
        log.warning("the certificate could not be renewed and is used as it is: %s", error)
    else:
        log.info("made a self-signed certificate, %s", file)


def new_pem(days: int = DAYS) -> bytes:
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


def lasts(file: Path, days: int) -> bool:
    """Whether it is a certificate and valid for so long."""
    return _openssl("x509", "-in", str(file), "-noout", "-checkend", str(days * DAY_S)).returncode == 0


def addresses() -> Iterator[str]:
    """The IPv4 addresses of this machine, loopback left out; none where it does not tell."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex()[:ADDRESSES_MAX]:
            with suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                address = socket.inet_ntoa(answer[20:24])
                if not address.startswith("127."):
                    yield address


def _is_trusted(cert: Path) -> bool:
    return _openssl("verify", "-purpose", "sslserver", "-untrusted", str(cert), str(cert)).returncode == 0


def _check_pair(cert: Path, key: Path) -> None:
    """Have them loaded as the server will. Raises: HttpsError."""
    import ssl  # 3 MB, for what is served over HTTPS alone

    for file in (cert, key):
        try:
            Disk().read(file, 1)  # not a FIFO
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
def held(path: Path) -> Iterator[None]:
    """Hold a file as `durable.held` does. Raises: HttpsError for what the disk refuses."""
    try:
        with durable.held(path, Disk()):
            yield
    except StoreError as error:
        raise HttpsError(str(error)) from error
