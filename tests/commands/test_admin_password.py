"""`python -m app admin-password`."""

from __future__ import annotations

import re

import pytest

from app.commands.command_line import main
from config import password
from config.paths import Paths


def test_password_is_printed_once_and_only_its_hash_is_kept(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admin-password"]) == 0
    made = re.search(r"password: (\S+)", capsys.readouterr().out)
    assert made
    assert made[1] not in paths.admin_password.read_text()
    assert paths.admin_password.stat().st_mode & 0o777 == 0o600
    assert password.verify(password.load(paths.admin_password), made[1])
    before = password.fingerprint(paths.admin_password)
    assert main(["admin-password"]) == 0
    assert password.fingerprint(paths.admin_password) != before  # which ends every session


def test_new_password_revokes_tokens_unless_kept(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    paths.make()
    paths.admin_tokens.write_text("tokens")
    assert main(["admin-password", "--keep-tokens"]) == 0
    assert (paths.admin_tokens.read_text(), "are kept" in capsys.readouterr().out) == ("tokens", True)
    assert main(["admin-password"]) == 0
    assert (paths.admin_tokens.exists(), "have ended" in capsys.readouterr().out) == (False, True)


def test_viewers_password_does_not_affect_the_owners(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admin-password"]) == 0
    paths.admin_tokens.write_text("tokens")
    before = password.fingerprint(paths.admin_password)
    assert main(["admin-password", "--viewer"]) == 0
    made = re.search(r"viewer's password: (\S+)", capsys.readouterr().out)
    assert made and password.verify(password.load(paths.viewer_password), made[1])
    assert paths.viewer_password.stat().st_mode & 0o777 == 0o600
    assert (password.fingerprint(paths.admin_password), paths.admin_tokens.read_text()) == (before, "tokens")
