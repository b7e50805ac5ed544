"""The owner's commands at the console."""

from __future__ import annotations

import io
import re
import shutil
import signal
from pathlib import Path

import pytest

from app.commands.command_line import main
from config import password
from config.https import listening
from config.paths import Paths
from config.snapd import snapctl
from tests.support.snapd import Snapd


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


@pytest.fixture
def snapd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapd:
    """A snap with a page's password and more; its run folder is an ordinary one."""
    found = Snapd.installed(tmp_path)
    env = {**found.env, "SNAP_INSTANCE_NAME": "drivewatch"}
    for name in ("PATH", "SNAP_DATA", "SNAP_COMMON", "SNAP_INSTANCE_NAME", "FAKE_SNAPD", "PYTHONPATH"):
        monkeypatch.setenv(name, env[name])
    run = tmp_path / "run"
    monkeypatch.setattr("config.paths._run_folder", lambda env: run)
    paths = Paths.from_environment()
    paths.make()
    files = (paths.config, paths.last_good, paths.history / "000001-00000000.yaml", paths.admin_password)
    for file in (*files, paths.admin_tokens, paths.events, paths.sessions, paths.throttle, paths.status):
        file.parent.mkdir(exist_ok=True)
        file.write_text("something")
    paths.common.joinpath("own-certificate.pem").write_text("the owner's")
    return found


def left(snapd: Snapd) -> set[str]:
    return {path.name for name in ("data", "common", "run") for path in snapd.folder.joinpath(name).rglob("*")}


def test_a_factory_reset_leaves_the_owners_own_file_alone_and_nothing_else(
    snapd: Snapd, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enable-https", "self-signed"]) == 0
    assert main(["factory-reset", "--yes"]) == 0
    assert left(snapd) == {"own-certificate.pem"}
    both = ["drivewatch.detector", "drivewatch.admin"]
    assert snapd.calls == [["restart", "drivewatch.admin"], ["stop", *both], ["start", *both]]
    out = capsys.readouterr().out
    assert "https.pem" in out
    assert "`sudo drivewatch.admin-password`" in out


@pytest.mark.parametrize("answer", ["", "y\n", "no\n", "Yes please\n"])
def test_a_factory_reset_wants_a_clear_yes(
    snapd: Snapd, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = left(snapd)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert main(["factory-reset"]) == 1
    assert (left(snapd), snapd.calls) == (before, [])
    assert "Nothing was deleted." in capsys.readouterr().err


def test_a_clear_yes_is_enough(snapd: Snapd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["factory-reset"]) == 0
    assert left(snapd) == {"own-certificate.pem"}


def test_nothing_is_deleted_under_services_that_snapd_does_not_stop(
    snapd: Snapd, capsys: pytest.CaptureFixture[str]
) -> None:
    before = left(snapd)
    snapd.change(broken=["stop"])
    assert main(["factory-reset", "--yes"]) == 1
    assert left(snapd) == before
    assert [call[0] for call in snapd.calls] == ["stop", "start"]  # one of the two may have stopped
    said = capsys.readouterr()
    assert "Nothing was deleted, as snapd did not stop the services (error: snap has 'stop' change in" in said.err
    assert "Deleted" not in said.out


def test_a_session_that_drops_does_not_keep_the_services_from_starting(
    snapd: Snapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGHUP)
    found = []

    def ask(*arguments: str) -> str:
        found.append((arguments[0], signal.getsignal(signal.SIGHUP)))
        return snapctl(*arguments)

    monkeypatch.setattr("app.commands.owner.snapctl", ask)
    assert main(["factory-reset", "--yes"]) == 0
    assert found == [("stop", signal.SIG_IGN), ("start", signal.SIG_IGN)]
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_page_that_snapd_does_not_restart_is_left_to_the_owner(
    snapd: Snapd, capsys: pytest.CaptureFixture[str]
) -> None:
    snapd.change(broken=["restart"])
    assert main(["disable-https"]) == 0
    assert "sudo snap restart drivewatch.admin" in capsys.readouterr().err
