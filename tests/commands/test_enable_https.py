"""`python -m app enable-https` and `disable-https`."""

from __future__ import annotations

import shutil

import pytest

from app.commands.command_line import main
from config.https import listening
from config.paths import Paths
from tests.support.snapd import Snapd


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
def test_unusable_certificate_changes_nothing(
    paths: Paths, wanted: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["enable-https", *wanted]) == 1
    assert caplog.records
    assert listening(paths).certificate is None


def test_failed_restart_of_the_page_names_the_command(snapd: Snapd, capsys: pytest.CaptureFixture[str]) -> None:
    snapd.change(broken=["restart"])
    assert main(["disable-https"]) == 0
    assert "sudo snap restart drivewatch.admin" in capsys.readouterr().err
