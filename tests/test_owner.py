"""The owner's commands at the console."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from app.__main__ import main
from config import password
from config.https import listening
from config.paths import Paths


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    for name in ("SNAP_DATA", "SNAP_COMMON", "SNAP_INSTANCE_NAME", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DRIVEWATCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return Paths.from_environment()


def test_a_password_is_printed_once_and_only_its_hash_kept(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admin-password"]) == 0
    made = re.search(r"password: (\S+)", capsys.readouterr().out)
    assert made
    assert made[1] not in paths.admin_password.read_text()
    assert paths.admin_password.stat().st_mode & 0o777 == 0o600
    assert password.verify(password.load(paths.admin_password), made[1])
    before = password.fingerprint(paths.admin_password)
    assert main(["admin-password"]) == 0
    assert password.fingerprint(paths.admin_password) != before  # by which every session ends


def test_https_is_switched_on_and_off(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert shutil.which("openssl")
    assert main(["enable-https", "self-signed"]) == 0
    found = listening(paths)
    assert found.certificate is not None
    assert found.certificate.fingerprint in capsys.readouterr().out
    assert found.url.startswith("https://")
    assert main(["disable-https"]) == 0
    assert (listening(paths).certificate, listening(paths).host) == (None, "127.0.0.1")


@pytest.mark.parametrize("wanted", (["self"], ["cert.pem"], ["cert.pem", "key.pem"], ["a", "b", "c"]))
def test_a_certificate_that_cannot_be_used_changes_nothing(
    paths: Paths, wanted: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["enable-https", *wanted]) == 1
    assert caplog.records
    assert listening(paths).certificate is None
