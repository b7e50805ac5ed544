"""Where the page listens, and with which certificate, by the owner's choice."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from config import https
from config.certificates import LOOPBACK, Certificate
from config.disk import LOCK, Disk
from config.https import CHOICE, Listening, certificate, disable, enable, listening
from config.openssl import HttpsError
from config.paths import Paths
from tests.support.certificates import HERE, SNAP, put


def test_outside_a_snap_https_is_off_until_enabled(paths: Paths) -> None:
    assert certificate(paths, HERE) is None
    assert listening(paths, HERE) == Listening(LOOPBACK, 8080, None)
    assert not paths.data.exists()


def test_a_snap_makes_a_certificate_at_its_first_start_and_keeps_it(paths: Paths) -> None:
    first, second = certificate(paths, SNAP), certificate(paths, SNAP)
    assert first is not None
    assert first == second
    assert first.is_self_signed
    assert not first.is_trusted


def test_missing_own_certificate_files_do_not_fall_back_to_http(
    paths: Paths, pems: dict[str, bytes], tmp_path: Path
) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(pems["other"])
    enable(paths, (pem, pem))
    pem.unlink()
    with pytest.raises(HttpsError, match=r"own\.pem cannot be read"):
        listening(paths, HERE)


def test_with_https_disabled_the_page_listens_only_on_loopback(paths: Paths) -> None:
    enable(paths, "self-signed")
    disable(paths)
    assert listening(paths, SNAP) == Listening(LOOPBACK, 8080, None)


def test_plain_http_on_all_addresses_is_an_explicit_choice(paths: Paths) -> None:
    disable(paths, everywhere=True)
    found = listening(paths, HERE)
    assert found.host in ("::", "0.0.0.0")
    assert found.is_exposed
    assert not listening(paths, HERE).certificate
    assert not Listening(LOOPBACK, 8080, None).is_exposed


def test_an_unreadable_choice_file_is_an_error(paths: Paths) -> None:
    (paths.data / CHOICE).mkdir(parents=True)
    with pytest.raises(HttpsError, match=rf"{CHOICE} cannot be read \(Is a directory\): `ls -ld {paths.data}`"):
        listening(paths, HERE)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"mode": "on"}', '{"mode": 7}', '{"what": 1}', '{"mode": "files", "key": 3}', "[" * 9000, "\xff"],
)
def test_an_invalid_choice_file_does_not_fall_back_to_http(paths: Paths, text: str) -> None:
    put(paths, CHOICE, text.encode("latin-1"))
    with pytest.raises(HttpsError, match=r"app enable-https self-signed` or .* chooses again"):
        certificate(paths, HERE)


def test_the_port_is_8443_with_https_unless_set(paths: Paths) -> None:
    assert listening(paths, {"PORT": "8081"}).port == 8081
    enable(paths, "self-signed")
    assert listening(paths, HERE).port == 8443
    assert listening(paths, {"PORT": "9443"}).port == 9443


def test_the_url_has_a_name_or_address_that_a_browser_can_open(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "pi")
    assert Listening(LOOPBACK, 8080, None).url == "http://127.0.0.1:8080"
    everywhere = replace(listening(paths, HERE), host="::", port=8443, certificate=enable(paths, "self-signed"))
    monkeypatch.setattr(https, "addresses", lambda: iter([]))
    assert (everywhere.url, everywhere.bind) == ("https://pi.local:8443", "[::]:8443")
    monkeypatch.setattr(https, "addresses", lambda: iter(["192.0.2.7"]))
    assert everywhere.url == "https://192.0.2.7:8443"


def test_an_unwritable_folder_is_named(paths: Paths) -> None:
    paths.data.parent.mkdir(exist_ok=True)
    paths.data.write_text("a file in its place")
    with pytest.raises(HttpsError, match=f"{paths.data / CHOICE} could not be saved"):
        disable(paths)


def test_a_failed_save_leaves_the_old_choice(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    disable(paths, everywhere=True)
    before = (paths.data / CHOICE).read_bytes()

    def cut(self: object, path: Path, name: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Disk, "rename", cut)
    with pytest.raises(HttpsError):
        disable(paths)
    assert (paths.data / CHOICE).read_bytes() == before
    assert {path.name for path in paths.data.iterdir()} == {CHOICE, LOCK}


def test_a_choice_file_of_an_earlier_start_is_used(paths: Paths, pems: dict[str, bytes], tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(pems["other"])
    put(paths, CHOICE, json.dumps({"mode": "files", "certificate": str(pem), "key": str(pem)}).encode())
    found = certificate(paths, HERE)
    assert isinstance(found, Certificate)
    assert found.expires.endswith("GMT")
