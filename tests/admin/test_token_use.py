"""What a token may do, and when it was used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from admin.auth.tokens import DAY_S, MOST, TokenError, Tokens
from config.disk import Disk

NOW_S = 1.79e9
# As release 0.2.0 wrote it
OLDER = {"id": "0123abcd", "label": "grafana", "made_s": NOW_S - 1e6, "digest": "a" * 64}


class CountingDisk(Disk):
    """Counts what is written; takes nothing while it is full."""

    def __init__(self) -> None:
        self.writes, self.is_full = 0, False

    def write(self, file: int, data: bytes) -> None:
        self.writes += 1
        if self.is_full:
            raise OSError(28, "No space left on device")
        super().write(file, data)


class Clock:
    """A wall clock that is set by hand."""

    now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "admin-tokens.json"


@pytest.fixture
def disk() -> CountingDisk:
    return CountingDisk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(file: Path, disk: CountingDisk, clock: Clock) -> Tokens:
    return Tokens(file, disk, clock)


def use(tokens: Tokens, token: str) -> None:
    found = tokens.find(token)
    assert found is not None
    tokens.note_use(found)


@pytest.mark.parametrize(("scope", "may_control"), [("read", False), ("control", True)])
def test_a_token_does_what_it_was_made_for(tokens: Tokens, file: Path, scope: str, may_control: bool) -> None:
    made = tokens.make("x", scope)
    found = Tokens(file).find(made)
    assert found is not None
    assert (found.scope, found.may_control, found.used_s) == (scope, may_control, None)


@pytest.mark.parametrize("scope", ["", "Read", "control ", "read control", "*", "admin"])
def test_a_token_without_a_scope_is_not_made(tokens: Tokens, file: Path, scope: str) -> None:
    with pytest.raises(TokenError, match="choose what the token may do: read or control"):
        tokens.make("x", scope)
    assert not file.exists()


def test_a_token_of_release_0_2_0_may_control_and_stays_known_as_such(tokens: Tokens, file: Path) -> None:
    file.write_text(json.dumps({"tokens": [OLDER]}))
    (found,) = tokens.all()
    assert (found.may_control, found.scope, found.used_s, tokens.problem) == (True, None, None, "")
    tokens.note_use(found)
    tokens.make("new", "read")
    assert [(token.label, token.scope, token.used_s) for token in Tokens(file).all()] == [
        ("grafana", None, NOW_S),
        ("new", "read", None),
    ]


def test_the_day_of_the_last_use_is_kept_with_one_write_a_day(
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


def test_all_tokens_together_take_sixteen_writes_a_day(tokens: Tokens, disk: CountingDisk) -> None:
    made = [tokens.make(str(i), "read") for i in range(MOST)]
    disk.writes = 0
    for token in made * 10:
        use(tokens, token)
    assert disk.writes == MOST


def test_a_disk_that_takes_nothing_is_asked_once_a_day_and_hinders_nobody(
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
def test_a_clock_that_shows_nonsense_damages_nothing(
    tokens: Tokens, disk: CountingDisk, clock: Clock, now_s: float
) -> None:
    made = tokens.make("x", "read")
    clock.now_s = now_s
    use(tokens, made)
    assert (tokens.problem, tokens.all()[0].used_s) == ("", None)


def test_a_token_that_was_revoked_while_it_was_used_does_not_come_back(tokens: Tokens, file: Path) -> None:
    found = tokens.find(tokens.make("x", "control"))
    assert found is not None
    tokens.revoke(found.id)
    tokens.note_use(found)
    assert tokens.all() == ()
    file.write_bytes(b"damaged")
    tokens.note_use(found)
    assert file.read_bytes() == b"damaged"


def test_a_token_is_not_made_by_who_is_no_longer_signed_in(tokens: Tokens, file: Path) -> None:
    with pytest.raises(TokenError, match="the password was changed meanwhile"):
        tokens.make("x", "control", lambda: False)
    assert not file.exists()
