"""Certificates made by the real openssl, and used as the page does."""

from __future__ import annotations

import logging
import socket
import ssl
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from config import certificates
from config.certificates import DAYS, LOOPBACK, RENEW_DAYS
from config.disk import LOCK, Disk
from config.https import CHOICE, SELF_SIGNED, certificate, enable, listening
from config.openssl import HttpsError
from config.paths import Paths
from tests.support.certificates import HERE, SNAP, openssl, put


def shown(file: Path) -> str:
    return openssl("x509", "-in", str(file), "-noout", "-text").stdout


def test_a_self_signed_certificate_has_p256_395_days_and_this_machines_names(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "pi.lan")
    monkeypatch.setattr(certificates, "addresses", lambda: iter(["192.0.2.7"]))
    text = shown(enable(paths, "self-signed").certificate)
    assert "NIST CURVE: P-256" in text
    names = (
        "DNS:pi.local, DNS:pi, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:192.0.2.7"
    )
    assert names in text
    file = str(paths.data / SELF_SIGNED)
    assert openssl("x509", "-in", file, "-noout", "-checkend", str((DAYS - 1) * 86_400)).returncode == 0
    assert openssl("x509", "-in", file, "-noout", "-checkend", str(DAYS * 86_400)).returncode == 1


def test_a_host_name_that_is_no_dns_name_is_not_in_the_certificate(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "my pi,DNS:bank.example")
    assert "bank.example" not in shown(enable(paths, "self-signed").certificate)


def test_https_files_are_private_and_no_temporary_file_is_left(paths: Paths) -> None:
    enable(paths, "self-signed")
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in paths.data.iterdir()} == {
        CHOICE: 0o600,
        SELF_SIGNED: 0o600,
        LOCK: 0o600,
    }


def test_two_devices_have_different_keys(tmp_path: Path) -> None:
    one, other = (enable(Paths(tmp_path / name, tmp_path, tmp_path), "self-signed") for name in "ab")
    assert one.fingerprint != other.fingerprint
    assert one.key.read_bytes() != other.key.read_bytes()


def test_the_fingerprint_equals_that_of_the_served_certificate(paths: Paths) -> None:
    found = enable(paths, "self-signed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(found.certificate, found.key)
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client, context.wrap_socket(client, server_side=True):
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(server.getsockname()))
        thread.join()
    digest = subprocess.run(["sha256sum"], input=der, capture_output=True).stdout.split()[0].decode()
    assert found.fingerprint.replace(":", "").lower() == digest


@pytest.mark.parametrize(("pem", "is_kept"), [("new", True), ("old", False)])
def test_a_certificate_is_renewed_when_30_days_are_left(
    paths: Paths, pems: dict[str, bytes], pem: str, is_kept: bool
) -> None:
    file = put(paths, SELF_SIGNED, pems[pem])
    ends_within = openssl("x509", "-in", str(file), "-noout", "-checkend", str(RENEW_DAYS * 86_400)).returncode
    assert ends_within == (0 if is_kept else 1)
    assert certificate(paths, SNAP) is not None
    assert (file.read_bytes() == pems[pem]) is is_kept


def test_a_certificate_is_kept_if_the_disk_is_full(
    paths: Paths, pems: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = put(paths, SELF_SIGNED, pems["old"])

    def full(self: object, file: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Disk, "write", full)
    with caplog.at_level(logging.WARNING):
        assert certificate(paths, SNAP) is not None
    assert file.read_bytes() == pems["old"]
    assert "could not be renewed" in caplog.text


def test_the_owners_certificate_is_used_in_place(paths: Paths, pems: dict[str, bytes], tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(pems["other"])
    found = enable(paths, (pem, pem))
    assert (found.certificate, found.key, found.is_self_signed, found.is_trusted) == (pem, pem, False, False)
    assert certificate(paths, HERE) == found
    assert listening(paths, HERE).port == 8443


def test_a_certificate_of_a_known_authority_is_trusted(
    paths: Paths, pems: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(pems["other"])
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert enable(paths, (pem, pem)).is_trusted


def split(pem: bytes) -> tuple[bytes, bytes]:
    key, begin, cert = pem.partition(b"-----BEGIN CERTIFICATE")
    return key, begin + cert


@pytest.mark.parametrize(
    ("cert", "key", "said"),
    [
        ("cert", "missing", "missing cannot be read: No such file or directory"),
        ("missing", "key", "missing cannot be read: No such file or directory"),
        ("cert", "other-key", "other-key is not the key of"),
        ("chain from its root", "key", "of a chain, the page's own certificate comes first"),
        ("key", "cert", "cannot be used"),
        ("cert", "locked-key", "without a password"),
        ("cert", "empty", "cannot be used"),
        ("expired", "key", "has expired on"),
    ],
)
def test_unusable_certificate_files_are_refused_with_the_reason(
    paths: Paths, pems: dict[str, bytes], tmp_path: Path, cert: str, key: str, said: str
) -> None:
    files = dict(zip(("key", "cert"), split(pems["new"]), strict=True)) | {"other-key": split(pems["other"])[0]}
    files |= {"empty": b"", "chain from its root": split(pems["other"])[1] + files["cert"]}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    locking = ("pkey", "-in", str(tmp_path / "key"), "-aes256", "-passout", "pass:secret")
    assert openssl(*locking, "-out", str(tmp_path / "locked-key")).returncode == 0
    request, signing = str(tmp_path / "request"), ("-key", str(tmp_path / "key"))
    openssl("req", "-new", *signing, "-subj", "/CN=expired", "-out", request)
    openssl("x509", "-req", "-in", request, *signing, "-days", "0", "-out", str(tmp_path / "expired"))
    with pytest.raises(HttpsError, match=said):
        enable(paths, (tmp_path / cert, tmp_path / key))
    assert not (paths.data / CHOICE).exists()


def test_a_missing_openssl_is_reported_with_the_command_to_install_it(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HttpsError, match="apt install openssl"):
        enable(paths, "self-signed")


def test_own_addresses_do_not_include_loopback() -> None:
    assert all(socket.inet_aton(address) and not address.startswith("127.") for address in certificates.addresses())
