"""Where the page listens, by the owner's choice."""

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
from tests.support.certificates import HERE, SNAP


def put(paths: Paths, name: str, data: bytes) -> Path:
    paths.data.mkdir(exist_ok=True)
    (paths.data / name).write_bytes(data)
    return paths.data / name


def test_outside_a_snap_there_is_no_https_until_it_is_enabled(paths: Paths) -> None:
    assert certificate(paths, HERE) is None
    assert listening(paths, HERE) == Listening(LOOPBACK, 8080, None)
    assert not paths.data.exists()


def test_a_snap_makes_its_own_certificate_at_the_first_start_and_keeps_it(paths: Paths) -> None:
    first, second = certificate(paths, SNAP), certificate(paths, SNAP)
    assert first is not None
    assert first == second
    assert first.is_self_signed
    assert not first.is_trusted


def test_own_files_that_vanish_are_an_error_and_no_step_back_to_plain_http(
    paths: Paths, pems: dict[str, bytes], tmp_path: Path
) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(pems["other"])
    enable(paths, (pem, pem))
    pem.unlink()
    with pytest.raises(HttpsError, match=r"own\.pem cannot be read"):
        listening(paths, HERE)


def test_disabled_the_page_is_for_this_machine_alone_also_in_a_snap(paths: Paths) -> None:
    enable(paths, "self-signed")
    disable(paths)
    assert listening(paths, SNAP) == Listening(LOOPBACK, 8080, None)


def test_plain_http_for_others_is_an_explicit_choice_and_is_known_as_such(paths: Paths) -> None:
    disable(paths, everywhere=True)
    found = listening(paths, HERE)
    assert found.host in ("::", "0.0.0.0")
    assert found.is_exposed
    assert not listening(paths, HERE).certificate
    assert not Listening(LOOPBACK, 8080, None).is_exposed


def test_a_choice_that_cannot_be_read_is_an_error_too(paths: Paths) -> None:
    (paths.data / CHOICE).mkdir(parents=True)
    with pytest.raises(HttpsError, match=rf"{CHOICE} cannot be read \(Is a directory\): `ls -ld {paths.data}`"):
        listening(paths, HERE)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"mode": "on"}', '{"mode": 7}', '{"what": 1}', '{"mode": "files", "key": 3}', "[" * 9000, "\xff"],
)
def test_a_choice_that_makes_no_sense_is_an_error_and_no_step_back_to_plain_http(paths: Paths, text: str) -> None:
    put(paths, CHOICE, text.encode("latin-1"))
    with pytest.raises(HttpsError, match=r"app enable-https self-signed` or .* chooses again"):
        certificate(paths, HERE)


def test_the_port_is_8443_with_https_and_whatever_is_asked_for(paths: Paths) -> None:
    assert listening(paths, {"PORT": "8081"}).port == 8081
    enable(paths, "self-signed")
    assert listening(paths, HERE).port == 8443
    assert listening(paths, {"PORT": "9443"}).port == 9443


def test_the_address_is_what_to_type_into_a_browser(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "pi")
    assert Listening(LOOPBACK, 8080, None).url == "http://127.0.0.1:8080"
    everywhere = replace(listening(paths, HERE), host="::", port=8443, certificate=enable(paths, "self-signed"))
    monkeypatch.setattr(https, "addresses", lambda: iter([]))
    assert (everywhere.url, everywhere.bind) == ("https://pi.local:8443", "[::]:8443")
    monkeypatch.setattr(https, "addresses", lambda: iter(["192.0.2.7"]))
    assert everywhere.url == "https://192.0.2.7:8443"


def test_a_folder_that_cannot_be_written_is_named(paths: Paths) -> None:
    paths.data.parent.mkdir(exist_ok=True)
    paths.data.write_text("a file in its place")
    with pytest.raises(HttpsError, match=f"{paths.data / CHOICE} could not be saved"):
        disable(paths)


def test_a_cut_while_saving_leaves_the_old_choice(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    disable(paths, everywhere=True)
    before = (paths.data / CHOICE).read_bytes()

    def cut(self: object, path: Path, name: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Disk, "rename", cut)
    with pytest.raises(HttpsError):
        disable(paths)
    assert (paths.data / CHOICE).read_bytes() == before
    assert {path.name for path in paths.data.iterdir()} == {CHOICE, LOCK}


def test_a_choice_is_what_the_file_says(paths: Paths, pems: dict[str, bytes], tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(pems["other"])
    put(paths, CHOICE, json.dumps({"mode": "files", "certificate": str(pem), "key": str(pem)}).encode())
    found = certificate(paths, HERE)
    assert isinstance(found, Certificate)
    assert found.expires.endswith("GMT")
