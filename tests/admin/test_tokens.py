"""Bearer tokens: shown once, kept as hashes, revoked at once."""

from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from admin.auth.tokens import FILE_MAX_BYTES, LABEL_MAX, MOST, TokenError, Tokens
from config.disk import LOCK
from config.durable import StoreError
from tests.support.failing_disk import FailingDisk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "admin-tokens.json"


@pytest.fixture
def tokens(file: Path) -> Tokens:
    return Tokens(file, wall_clock=lambda: 1.79e9)


def test_only_made_tokens_are_accepted(tokens: Tokens, file: Path) -> None:
    assert not tokens.find("dw_")
    made = [tokens.make(f"machine {i}", "control") for i in range(3)]
    assert all(Tokens(file).find(token) for token in made)
    digests = [token.digest for token in tokens.all()]
    for wrong in ("", "dw_", made[0][:-1], made[0] + " ", made[0].lower(), made[0].encode().hex(), "\ud800", *digests):
        assert not tokens.find(wrong)


def test_a_token_has_a_prefix_and_256_random_bits(tokens: Tokens) -> None:
    made = {tokens.make("grafana", "control") for _ in range(MOST)}
    assert len(made) == MOST
    assert {(token[:3], len(token)) for token in made} == {("dw_", 3 + 43)}  # base64 of 32 bytes


def test_the_token_file_is_private_and_holds_only_hashes(tokens: Tokens, file: Path) -> None:
    token = tokens.make("Home Assistant", "control")
    assert token[3:] not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in file.parent.iterdir()} == {file.name, LOCK}
    (kept,) = tokens.all()
    assert (kept.label, kept.made_s) == ("Home Assistant", 1.79e9)
    assert kept.digest not in repr(kept)


def test_a_revoked_token_is_refused_at_once_in_every_process(tokens: Tokens, file: Path) -> None:
    first, second = tokens.make("first", "control"), tokens.make("second", "control")
    other_process = Tokens(file)
    assert other_process.find(first)
    assert tokens.revoke(tokens.all()[0].id)
    assert (other_process.find(first), other_process.find(second)) == (None, tokens.all()[0])
    assert [token.label for token in tokens.all()] == ["second"]
    assert not tokens.revoke("unknown")
    assert tokens.find(second)


def test_at_most_sixteen_tokens_are_made(tokens: Tokens, file: Path) -> None:
    for _ in range(MOST):
        tokens.make("\N{BUS}" * LABEL_MAX, "control")
    assert file.stat().st_size < FILE_MAX_BYTES
    with pytest.raises(TokenError, match="there are 16 tokens: revoke one"):
        tokens.make("one more", "control")
    assert len(tokens.all()) == MOST
    tokens.revoke(tokens.all()[3].id)
    assert tokens.find(tokens.make("one more", "control"))


@pytest.mark.parametrize("label", ["", "  ", "x" * (LABEL_MAX + 1), "two\nlines", "\x1b[31m", "\ud800"])
def test_a_token_without_a_valid_name_is_not_made(tokens: Tokens, file: Path, label: str) -> None:
    with pytest.raises(TokenError, match="name what the token is for"):
        tokens.make(label, "control")
    assert not file.exists()


def test_a_missing_token_file_means_no_tokens(tokens: Tokens) -> None:
    assert (tokens.all(), tokens.problem, tokens.revoke("1")) == ((), "", False)


DIGEST = "a" * 64
SOUND: dict[str, object] = {"id": "0123abcd", "label": "x", "made_s": 1.0, "digest": DIGEST}


def test_a_valid_row_is_a_token(tokens: Tokens, file: Path) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"tokens": [SOUND]}))
    assert (len(tokens.all()), tokens.problem) == (1, "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"tokens": 7}',
        b"\xff",
        b"[" * 5000,
        b" " * FILE_MAX_BYTES + b'{"tokens": []}',
        *(
            json.dumps({"tokens": [{**SOUND, **wrong}]}).encode()
            for wrong in (
                {"digest": ""},
                {"digest": None},
                {"id": "../etc"},
                {"label": 7},
                {"made_s": "x"},
                {"made_s": float("nan")},
                {"made_s": 10**400},
                {"more": 1},
                {"scope": "all"},
                {"scope": ["read"]},
                {"used_s": -1.0},
                {"used_s": float("nan")},
                {"used_s": "x"},
            )
        ),
    ],
)
def test_a_damaged_token_file_is_reported_until_a_token_is_made(tokens: Tokens, file: Path, data: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(data)
    assert tokens.all() == ()
    assert tokens.problem == f"{file} is damaged, so no token is accepted: make new ones on the page"
    assert not tokens.find("dw_")
    assert not tokens.revoke("0123abcd")
    assert file.read_bytes() == data
    assert tokens.find(tokens.make("made again", "control"))
    assert tokens.problem == ""


def test_a_fifo_instead_of_a_file_is_a_problem_and_does_not_block(tokens: Tokens, file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    assert tokens.problem.startswith(f"{file} cannot be read (it is not a file)")
    assert not tokens.find("dw_")


def test_a_full_disk_is_named_when_a_token_cannot_be_made_or_revoked(tokens: Tokens, file: Path) -> None:
    token = tokens.make("old", "control")
    full = Tokens(file, FailingDisk("write", errno.ENOSPC))
    with pytest.raises(StoreError, match=r"admin-tokens\.json could not be saved safely: the disk is full"):
        full.make("new", "control")
    with pytest.raises(StoreError, match="the disk is full"):
        full.revoke(tokens.all()[0].id)
    assert tokens.find(token)


def test_tokens_made_by_many_threads_are_all_kept(file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda i: Tokens(file).make(f"machine {i}", "control"), range(8)))
    assert len(Tokens(file).all()) == 8
    assert all(Tokens(file).find(token) for token in made)
