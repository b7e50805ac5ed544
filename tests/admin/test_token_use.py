"""The scope of a token and the time of its last use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from admin.auth.tokens import DAY_S, MOST, TokenError, Tokens
from config.disk import Disk
from tests.support.page import Clock

NOW_S = 1.79e9
# A row that release 0.2.0 wrote
OLDER = {"id": "0123abcd", "label": "grafana", "made_s": NOW_S - 1e6, "digest": "a" * 64}


class CountingDisk(Disk):
    """Counts writes, and refuses them while it is full."""

    def __init__(self) -> None:
        self.writes, self.is_full = 0, False

    def write(self, file: int, data: bytes) -> None:
        self.writes += 1
        if self.is_full:
            raise OSError(28, "No space left on device")
        super().write(file, data)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "admin-tokens.json"


@pytest.fixture
def disk() -> CountingDisk:
    return CountingDisk()


@pytest.fixture
def clock(clock: Clock) -> Clock:
    """A wall clock."""
    clock.now_s = NOW_S
    return clock


@pytest.fixture
def tokens(file: Path, disk: CountingDisk, clock: Clock) -> Tokens:
    return Tokens(file, disk, clock)


def use(tokens: Tokens, token: str) -> None:
    found = tokens.find(token)
    assert found is not None
    tokens.note_use(found)


@pytest.mark.parametrize(("scope", "may_control"), [("read", False), ("control", True)])
def test_a_token_has_the_scope_it_was_made_with(tokens: Tokens, file: Path, scope: str, may_control: bool) -> None:
    made = tokens.make("x", scope)
    found = Tokens(file).find(made)
    assert found is not None
    assert (found.scope, found.may_control, found.used_s) == (scope, may_control, None)


@pytest.mark.parametrize("scope", ["", "Read", "control ", "read control", "*", "admin"])
def test_a_token_without_a_valid_scope_is_not_made(tokens: Tokens, file: Path, scope: str) -> None:
    with pytest.raises(TokenError, match="choose what the token may do: read or control"):
        tokens.make("x", scope)
    assert not file.exists()


def test_a_token_of_release_0_2_0_may_control_and_keeps_its_missing_scope(tokens: Tokens, file: Path) -> None:
    file.write_text(json.dumps({"tokens": [OLDER]}))
    (found,) = tokens.all()
    assert (found.may_control, found.scope, found.used_s, tokens.problem) == (True, None, None, "")
    tokens.note_use(found)
    tokens.make("new", "read")
    assert [(token.label, token.scope, token.used_s) for token in Tokens(file).all()] == [
        ("grafana", None, NOW_S),
        ("new", "read", None),
    ]


def test_the_day_of_last_use_costs_one_write_a_day(
    tokens: Tokens, disk: CountingDisk, clock: Clock, file: Path
) -> None:
    made = tokens.make("x", "read")
    disk.writes, clock.now_s = 0, DAY_S * 20_000
    for minute in range(1440):
        clock.now_s = DAY_S * 20_000 + 60 * minute
        use(tokens, made)
    assert (disk.writes, tokens.all()[0].used_s) == (1, DAY_S * 20_000)
    use(Tokens(file, disk, clock), made)  # a page that was started meanwhile
    assert disk.writes == 1
    clock.now_s += 60
    use(tokens, made)
    assert (disk.writes, tokens.all()[0].used_s) == (2, DAY_S * 20_001)


def test_each_token_costs_at_most_one_write_a_day(tokens: Tokens, disk: CountingDisk) -> None:
    made = [tokens.make(str(i), "read") for i in range(MOST)]
    disk.writes = 0
    for token in made * 10:
        use(tokens, token)
    assert disk.writes == MOST


def test_a_full_disk_is_tried_once_a_day_and_tokens_still_work(
    tokens: Tokens, disk: CountingDisk, caplog: pytest.LogCaptureFixture
) -> None:
    made = tokens.make("x", "read")
    disk.is_full, disk.writes = True, 0
    for _ in range(10):
        use(tokens, made)
    assert disk.writes == 1
    assert [
        line for line in caplog.messages if "is not noted" in line and "the disk is full" in line
    ] == caplog.messages


@pytest.mark.parametrize("now_s", [-1.0, float("nan"), float("inf"), 1e12])
def test_an_absurd_clock_leaves_the_token_file_valid(
    tokens: Tokens, disk: CountingDisk, clock: Clock, now_s: float
) -> None:
    made = tokens.make("x", "read")
    clock.now_s = now_s
    use(tokens, made)
    assert (tokens.problem, tokens.all()[0].used_s) == ("", None)


def test_a_token_revoked_during_its_use_stays_revoked(tokens: Tokens, file: Path) -> None:
    found = tokens.find(tokens.make("x", "control"))
    assert found is not None
    tokens.revoke(found.id)
    tokens.note_use(found)
    assert tokens.all() == ()
    file.write_bytes(b"damaged")
    tokens.note_use(found)
    assert file.read_bytes() == b"damaged"


def test_no_token_is_made_for_a_session_that_has_ended(tokens: Tokens, file: Path) -> None:
    with pytest.raises(TokenError, match="the password was changed meanwhile"):
        tokens.make("x", "control", lambda: False)
    assert not file.exists()
