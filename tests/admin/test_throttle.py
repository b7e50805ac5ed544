"""The throttle: it makes guessing passwords hopeless, and the owner still gets in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from admin.auth.throttle import CLIENTS, FAILURES, FILE_MAX_BYTES, KNOWN, LOCKED_S, NETWORK_S, Throttle

GUESSER, OWNER = "192.168.1.66", "192.168.1.7"
NOW_S = 1000.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "throttle.json"


@pytest.fixture
def throttle(file: Path) -> Throttle:
    return Throttle(file)


def fail(throttle: Throttle, client: str, times: int = FAILURES, now_s: float = NOW_S) -> None:
    for _ in range(times):
        throttle.note_failure(client, now_s)


def addresses(count: int) -> list[str]:
    return [f"10.0.{i // 200}.{i % 200}" for i in range(count)]


def test_five_wrong_passwords_lock_out_for_15_minutes(throttle: Throttle) -> None:
    for _ in range(FAILURES):
        assert throttle.wait_s(GUESSER, NOW_S) == 0
        throttle.note_failure(GUESSER, NOW_S)
    assert throttle.wait_s(GUESSER, NOW_S) == LOCKED_S == 900
    assert throttle.wait_s(GUESSER, NOW_S + 899) == 1
    assert throttle.wait_s(GUESSER, NOW_S + 900) == 0
    throttle.note_failure(GUESSER, NOW_S + 900)
    assert throttle.wait_s(GUESSER, NOW_S + 900) == 0  # five more are free


def test_the_right_password_resets_the_count_of_wrong_ones(throttle: Throttle) -> None:
    fail(throttle, OWNER, FAILURES - 1)
    throttle.note_success(OWNER, NOW_S)
    fail(throttle, OWNER, FAILURES - 1)
    assert throttle.wait_s(OWNER, NOW_S) == 0


def test_wrong_passwords_are_forgotten_after_15_minutes(throttle: Throttle) -> None:
    fail(throttle, OWNER, FAILURES - 1)
    fail(throttle, OWNER, 1, NOW_S + 900)
    assert throttle.wait_s(OWNER, NOW_S + 900) == 0


@pytest.mark.parametrize(
    ("client", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::2"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "FE80:0::1%eth0"),
        ("192.168.1.66", "::ffff:192.168.1.66"),
        ("::ffff:c0a8:142", "192.168.1.66"),
        ("fe80::1%" + "x" * 1000, "fe80::1%" + "x" * 1001),
        ("", "nobody"),
    ],
)
def test_different_spellings_of_an_address_count_as_one_client(throttle: Throttle, client: str, same: str) -> None:
    fail(throttle, client)
    assert throttle.wait_s(same, NOW_S) > 0


@pytest.mark.parametrize(
    ("client", "other"),
    [
        ("2001:db8::1", "2001:db8:0:1::1"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2"),
        ("10.0.0.1", ""),
        ("fe80::1%eth0", "fe80::2%eth0"),  # neighbours on one link
        ("fe80::1%eth0", "fe80::1%wlan0"),  # two links
        ("fe80::1", "fe80::2"),
    ],
)
def test_different_addresses_count_as_different_clients(throttle: Throttle, client: str, other: str) -> None:
    fail(throttle, client)
    assert throttle.wait_s(other, NOW_S) == 0


def test_in_a_guessing_network_one_neighbour_in_ten_seconds_may_try(throttle: Throttle) -> None:
    fail(throttle, "2001:db8::66")
    assert throttle.wait_s("2001:db8::7", NOW_S) == NETWORK_S
    assert throttle.is_spared("2001:db8::7", NOW_S)
    assert not throttle.is_spared("2001:db8::66", NOW_S)
    throttle.note_failure("2001:db8::7", NOW_S)
    assert not throttle.is_spared("2001:db8::8", NOW_S)
    assert throttle.wait_s("2001:db8::8", NOW_S + 9) == 1
    assert throttle.wait_s("2001:db8::8", NOW_S + 10) == 0
    assert throttle.wait_s("2001:db8::66", NOW_S + 10) == LOCKED_S - 10


def test_a_guesser_with_a_whole_network_gets_few_guesses(throttle: Throttle) -> None:
    guesses = 0
    for second in range(3600):
        for _ in range(10):
            client = f"2001:db8::{second:x}:{_:x}"
            if throttle.wait_s(client, NOW_S + second) == 0 or throttle.is_spared(client, NOW_S + second):
                throttle.note_failure(client, NOW_S + second)
                guesses += 1
    assert guesses <= FAILURES + 1 + 3600 / NETWORK_S


def test_guesses_from_many_addresses_lock_out_no_other_address(throttle: Throttle) -> None:
    for client in addresses(CLIENTS * 2):
        fail(throttle, client)
    for client in (OWNER, "fe80::7%2", "2001:db8::7"):
        assert throttle.wait_s(client, NOW_S) == 0


def test_a_known_client_has_no_more_tries_than_others(throttle: Throttle) -> None:
    throttle.note_success(OWNER, NOW_S)
    fail(throttle, OWNER)
    assert throttle.wait_s(OWNER, NOW_S) == LOCKED_S


def test_a_known_client_does_not_wait_for_guesses_of_neighbours(throttle: Throttle) -> None:
    throttle.note_success("2001:db8::7", NOW_S)
    fail(throttle, "2001:db8::66", FAILURES + 1)
    assert throttle.wait_s("2001:db8::67", NOW_S) > 0
    assert throttle.wait_s("2001:db8:0::7", NOW_S) == 0


@pytest.mark.parametrize(
    "form", ["10.{}.{}.1", "2001:db8:{:x}:{:x}::1", "2001:db8:{0:x}:{1:x}:8000:8000:8000:8000", "fe80::{:x}:{:x}%eth0"]
)
def test_counted_addresses_are_bounded_and_lock_out_nobody_else(throttle: Throttle, file: Path, form: str) -> None:
    for i in range(CLIENTS + 50):
        throttle.note_failure(form.format(i // 200, i % 200), NOW_S)
    assert len(json.loads(file.read_text())["clients"]) == CLIENTS
    assert file.stat().st_size < FILE_MAX_BYTES
    assert throttle.wait_s(OWNER, NOW_S) == 0


def test_known_clients_are_bounded_and_the_oldest_is_forgotten(throttle: Throttle) -> None:
    clients = [f"2001:db8::{i:x}" for i in range(KNOWN + 1)]
    for client in [*clients[:2], clients[0], *clients[2:]]:
        throttle.note_success(client, NOW_S)
    fail(throttle, "2001:db8::66", FAILURES + 1)
    waiting = [client for client in clients if throttle.wait_s(client, NOW_S) > 0]
    assert waiting == [clients[1]]


def test_the_throttle_survives_a_restart_of_the_worker(throttle: Throttle, file: Path) -> None:
    throttle.note_success("2001:db8::7", NOW_S)
    for client in (GUESSER, "2001:db8::66", "fe80::66%2"):
        fail(throttle, client)
    restarted = Throttle(file)
    assert file.stat().st_mode & 0o777 == 0o600
    for client in (GUESSER, OWNER, "2001:db8::7", "2001:db8::66", "2001:db8::8", "fe80::66%2", "fe80::7%2"):
        assert restarted.wait_s(client, NOW_S) == throttle.wait_s(client, NOW_S), client
    assert restarted.wait_s(GUESSER, NOW_S) == LOCKED_S
    assert restarted.wait_s("2001:db8::8", NOW_S) == NETWORK_S
    restarted.note_success(GUESSER, NOW_S)
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0


def test_a_reboot_clears_the_throttle(throttle: Throttle, file: Path) -> None:
    fail(throttle, GUESSER)
    file.write_text(json.dumps({**json.loads(file.read_text()), "boot_id": "another"}))
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0


@pytest.mark.parametrize("last_s", [NOW_S + 1, 10**400, float("inf"), float("nan"), "x", None])
def test_a_damaged_time_in_the_throttle_file_locks_out_nobody(throttle: Throttle, file: Path, last_s: object) -> None:
    fail(throttle, OWNER)
    table = json.loads(file.read_text())
    table["clients"][OWNER] = [FAILURES, last_s]
    file.write_text(json.dumps(table))
    assert Throttle(file).wait_s(OWNER, NOW_S) == 0


@pytest.mark.parametrize("table", [{}, {"clients": [], "known": 7}, {"clients": {"a": 1, "b": []}, "known": [[]]}])
def test_a_damaged_throttle_file_counts_as_empty(throttle: Throttle, file: Path, table: dict[str, object]) -> None:
    fail(throttle, GUESSER)
    boot = {"boot_id": json.loads(file.read_text())["boot_id"]}
    file.write_text(json.dumps({**table, **boot}))
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0
    file.write_bytes(b"\xff")
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0


def test_an_oversized_throttle_file_is_cut(throttle: Throttle, file: Path) -> None:
    fail(throttle, GUESSER)
    table = json.loads(file.read_text())
    table |= {"clients": {str(i): [1, NOW_S] for i in range(300)}, "known": [str(i) for i in range(99)]}
    file.write_text(json.dumps(table))
    cut = Throttle(file)
    cut.note_failure(GUESSER, NOW_S)
    cut.note_success(OWNER, NOW_S)
    table = json.loads(file.read_text())
    assert (len(table["clients"]), len(table["known"])) == (CLIENTS, KNOWN)


def test_wrong_passwords_of_many_threads_all_count(throttle: Throttle) -> None:
    with ThreadPoolExecutor(FAILURES) as threads:
        list(threads.map(lambda _: fail(throttle, GUESSER, 1), range(FAILURES - 1)))
    assert throttle.wait_s(GUESSER, NOW_S) == 0
    fail(throttle, GUESSER, 1)
    assert throttle.wait_s(GUESSER, NOW_S) == LOCKED_S
