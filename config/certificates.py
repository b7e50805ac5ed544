"""The page's certificate: one that this device makes and renews, or files of the owner's, which it only names.

The command openssl does the work, as every base has it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from config import durable
from config.disk import Disk
from config.durable import StoreError
from config.openssl import HttpsError, make, openssl
from config.release_date import RELEASED_S

log = logging.getLogger(__name__)

DAYS, RENEW_DAYS = 395, 30  # as Cockpit's: browsers refuse more than 398 days
DAY_S = 86_400
LOOPBACK = "127.0.0.1"
ADDRESSES_MAX = 16
NAMES_MAX = 32  # with those of networks that the machine was in before
LOOPBACK_6 = "IP:::1"  # openssl prints it in another form, and it never changes
NOTICE, NOTICE_MAX_BYTES = "https.notice", 4096
SIOCGIFADDR = 0x8915  # linux/sockios.h: an interface's IPv4 address
REQUEST = """[req]
distinguished_name = name
prompt = no
[name]
CN = drivewatch
[ca]
default_ca = own
[own]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files, one and the same where self-signed; fingerprint is SHA-256's as browsers show it.

    is_trusted: browsers will trust it, as far as this machine's own list of authorities tells. problem: what is wrong
    with the owner's, "" if nothing.
    """

    certificate: Path
    key: Path
    is_self_signed: bool
    is_trusted: bool
    fingerprint: str
    expires: str
    problem: str = ""
    begins: str = ""


def self_signed(file: Path) -> Certificate:
    """The certificate in this file, with its key; it is made where there is none that does for this machine today.

    Raises: HttpsError.
    """
    with held(file):
        if why := _unfit(file):
            _renew(file, why)
    return _certificate(file, file, is_self_signed=True)


def of_files(cert: Path, key: Path) -> Certificate:
    """The certificate and the key that the owner has named, which are never replaced.

    Raises: HttpsError if the page cannot use them.
    """
    _check_pair(cert, key)
    found = _certificate(cert, key, is_self_signed=False)
    what = time_problem(cert) or ("" if lasts(cert, RENEW_DAYS) else "is about to expire")
    if not what or not is_clock_set():
        return found
    return replace(found, problem=f"{cert} {what} (it ends on {found.expires}): put a newer one in its place")


def _certificate(cert: Path, key: Path, *, is_self_signed: bool) -> Certificate:
    said = openssl(
        "x509", "-in", str(cert), "-noout", "-fingerprint", "-sha256", "-startdate", "-enddate"
    ).stdout.decode()
    figures = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return Certificate(
        cert,
        key,
        is_self_signed,
        is_trusted=not is_self_signed and _is_trusted(cert),
        fingerprint=next((value for name, value in figures.items() if "ingerprint" in name), ""),
        expires=figures.get("notAfter", ""),
        begins=figures.get("notBefore", ""),
    )


def _renew(file: Path, why: str) -> None:
    """Write key and certificate into one file, so that both are replaced at once."""
    is_first = not os.path.lexists(file)
    try:
        durable.replace(file, new_pem(former=_addresses_in(file)), Disk())
    except (OSError, HttpsError) as error:
        if not _fits(file) or not lasts(file, 0):
            raise
        log.warning("the certificate could not be renewed and is used as it is: %s", error)
        return
    fingerprint = _certificate(file, file, is_self_signed=True).fingerprint
    if is_first:
        log.info("made a self-signed certificate, %s, SHA-256 fingerprint %s", file, fingerprint)
        return
    said = f"The page has a new certificate, because {why}. Its SHA-256 fingerprint is {fingerprint}."
    log.warning("%s", said)
    with suppress(OSError):
        durable.replace(file.with_name(NOTICE), said.encode(), Disk())


def take_notice(file: Path) -> str:
    """Return what the owner is to be told once of a new certificate in this file, "" if nothing. Never raises."""
    notice = file.with_name(NOTICE)
    try:
        said = Disk().read(notice, NOTICE_MAX_BYTES).decode(errors="replace")
        notice.unlink()
    except OSError:
        return ""
    return said


def _unfit(file: Path) -> str:
    """Why this machine's certificate must be replaced, "" if it need not. Dates count where the clock is set."""
    if not file.is_file():
        return "there was none"
    if not _fits(file):
        return "the one before was damaged, or its key was another one's"
    if is_clock_set() and (why := time_problem(file)):
        return f"the one before {why}"
    if is_clock_set() and not lasts(file, RENEW_DAYS):
        return "the one before was about to expire"
    names = set(_names_in(file))
    gone = [name for name in _names() if name not in names and name != LOOPBACK_6]
    return f"this machine is now also {', '.join(gone)}" if gone else ""


def _fits(file: Path) -> bool:
    """Whether it holds a certificate, and the key of that."""
    if not file.is_file():
        return False
    cert = openssl("x509", "-in", str(file), "-noout", "-pubkey")
    key = openssl("pkey", "-in", str(file), "-pubout")
    return cert.returncode == key.returncode == 0 and cert.stdout == key.stdout


def time_problem(file: Path) -> str:
    """What is wrong with the time in which a certificate is valid, "" if nothing."""
    said = openssl("verify", "-partial_chain", "-CAfile", str(file), str(file))
    found = re.search(rb"^error (9|10) at", said.stdout + said.stderr, re.MULTILINE)
    return {b"9": "is not valid yet", b"10": "has expired"}[found[1]] if found else ""


def is_clock_set() -> bool:
    """Whether the clock shows a day on which this release existed; a Pi without a network may start in 1970."""
    return time.time() >= RELEASED_S


def new_pem(days: int = DAYS, former: Iterable[str] = ()) -> bytes:
    """A new P-256 key and its certificate, for this machine's names and addresses and some former ones.

    It begins a day ago, for a clock that is a little behind after the next start; and never before this release, for
    a clock that was not set. Raises: HttpsError.
    """
    now_s = max(time.time(), RELEASED_S)
    with tempfile.TemporaryDirectory(prefix="drivewatch-") as folder:
        request, key, csr, cert = (str(Path(folder, name)) for name in ("request", "key", "csr", "cert"))
        names = [*_names()]
        names += [name for name in former if name not in names][: max(0, NAMES_MAX - len(names))]
        Path(request).write_text(REQUEST.format(names=",".join(names), folder=folder))
        Path(folder, "index").touch()
        with_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key)
        dates = ("-startdate", _asn1(now_s - DAY_S), "-enddate", _asn1(now_s + days * DAY_S))
        make("req", "-new", "-sha256", "-config", request, *with_key, "-out", csr)
        make(
            "ca",
            "-batch",
            "-selfsign",
            "-notext",
            "-config",
            request,
            "-keyfile",
            key,
            "-in",
            csr,
            *dates,
            "-out",
            cert,
        )
        return Path(key).read_bytes() + Path(cert).read_bytes()


def _asn1(time_s: float) -> str:
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time_s))


def _names_in(file: Path) -> list[str]:
    """The names in a certificate, as `_names` has them."""
    said = openssl("x509", "-in", str(file), "-noout", "-ext", "subjectAltName").stdout.decode(errors="replace")
    return [f"{kind.split()[0]}:{name}" for kind, name in re.findall(r"(DNS|IP Address):([^,\s]+)", said)]


def _addresses_in(file: Path) -> list[str]:
    """Those in the certificate before: a car is in two networks in turn, and each of them should know it."""
    is_ours = file.is_file() and _fits(file)
    return [name for name in _names_in(file) if re.fullmatch(r"IP:[0-9.]+", name)] if is_ours else []


def _names() -> Iterator[str]:
    host = socket.gethostname().partition(".")[0]
    if re.fullmatch(r"[A-Za-z0-9-]{1,63}", host):
        yield from (f"DNS:{host}.local", f"DNS:{host}")
    yield from ("DNS:localhost", f"IP:{LOOPBACK}", LOOPBACK_6)
    yield from (f"IP:{address}" for address in addresses())


def lasts(file: Path, days: int) -> bool:
    """Whether it is a certificate and valid for so long."""
    return openssl("x509", "-in", str(file), "-noout", "-checkend", str(days * DAY_S)).returncode == 0


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
    return openssl("verify", "-purpose", "sslserver", "-untrusted", str(cert), str(cert)).returncode == 0


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
            raise HttpsError(
                f"{key} is not the key of {cert}; of a chain, the page's own certificate comes first"
            ) from error
        what = "the first must be a certificate, the second its key without a password, both as PEM"
        raise HttpsError(f"{cert} and {key} cannot be used ({error.reason or error}): {what}") from error


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file as `durable.held` does. Raises: HttpsError for what the disk refuses."""
    try:
        with durable.held(path, Disk()):
            yield
    except StoreError as error:
        raise HttpsError(str(error)) from error
