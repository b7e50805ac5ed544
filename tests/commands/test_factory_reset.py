"""`python -m app factory-reset`."""

from __future__ import annotations

import io
import signal

import pytest

from app.commands.command_line import main
from config.snapd import snapctl
from tests.support.snapd import Snapd


def left(snapd: Snapd) -> set[str]:
    return {path.name for name in ("data", "common", "run") for path in snapd.folder.joinpath(name).rglob("*")}


def test_factory_reset_deletes_all_but_the_owners_own_file(snapd: Snapd, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enable-https", "self-signed"]) == 0
    assert main(["factory-reset", "--yes"]) == 0
    assert left(snapd) == {"own-certificate.pem"}
    both = ["drivewatch.detector", "drivewatch.admin"]
    assert snapd.calls == [["restart", "drivewatch.admin"], ["stop", *both], ["start", *both]]
    out = capsys.readouterr().out
    assert "https.pem" in out
    assert "`sudo drivewatch.admin-password`" in out


@pytest.mark.parametrize("answer", ["", "y\n", "no\n", "Yes please\n"])
def test_factory_reset_without_yes_deletes_nothing(
    snapd: Snapd, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = left(snapd)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert main(["factory-reset"]) == 1
    assert (left(snapd), snapd.calls) == (before, [])
    assert "Nothing was deleted." in capsys.readouterr().err


def test_factory_reset_accepts_yes(snapd: Snapd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["factory-reset"]) == 0
    assert left(snapd) == {"own-certificate.pem"}


def test_factory_reset_deletes_nothing_if_the_services_do_not_stop(
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


def test_factory_reset_ignores_a_dropped_session(snapd: Snapd, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGHUP)
    found = []

    def ask(*arguments: str) -> str:
        found.append((arguments[0], signal.getsignal(signal.SIGHUP)))
        return snapctl(*arguments)

    for module in ("factory_reset", "services"):
        monkeypatch.setattr(f"app.commands.{module}.snapctl", ask)
    assert main(["factory-reset", "--yes"]) == 0
    assert found == [("stop", signal.SIG_IGN), ("start", signal.SIG_IGN)]
    assert signal.getsignal(signal.SIGHUP) == before
