"""The slow-down: guessing passwords is hopeless, and the owner still gets in."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from admin.auth.throttle import ALL_FAILURES, CLIENTS, FAILURES, FILE_MAX_BYTES, KNOWN, LOCKED_S, Throttle

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


def fill(throttle: Throttle, now_s: float = NOW_S) -> None:
    """Fail as often as all clients may in a minute, each once."""
    for client in addresses(ALL_FAILURES):
        throttle.note_failure(client, now_s)


def test_five_wrong_passwords_are_free_and_then_it_takes_a_quarter_of_an_hour(throttle: Throttle) -> None:
    for _ in range(FAILURES):
        assert throttle.wait_s(GUESSER, NOW_S) == 0
        throttle.note_failure(GUESSER, NOW_S)
    assert throttle.wait_s(GUESSER, NOW_S) == LOCKED_S == 900
    assert throttle.wait_s(GUESSER, NOW_S + 899) == 1
    assert throttle.wait_s(GUESSER, NOW_S + 900) == 0
    throttle.note_failure(GUESSER, NOW_S + 900)
    assert throttle.wait_s(GUESSER, NOW_S + 900) == 0  # and five are free again


def test_the_others_are_not_locked_out(throttle: Throttle) -> None:
    fail(throttle, GUESSER)
    assert throttle.wait_s(OWNER, NOW_S) == 0


def test_the_right_password_clears_the_wrong_ones(throttle: Throttle) -> None:
    fail(throttle, OWNER, FAILURES - 1)
    throttle.note_success(OWNER, NOW_S)
    fail(throttle, OWNER, FAILURES - 1)
    assert throttle.wait_s(OWNER, NOW_S) == 0


def test_wrong_passwords_of_a_quarter_of_an_hour_ago_are_forgotten(throttle: Throttle) -> None:
    fail(throttle, OWNER, FAILURES - 1)
    fail(throttle, OWNER, 1, NOW_S + 900)
    assert throttle.wait_s(OWNER, NOW_S + 900) == 0


@pytest.mark.parametrize(
    ("client", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::2"),
        ("fe80::1%eth0", "fe80::2"),
        ("192.168.1.66", "::ffff:192.168.1.66"),
        ("", "nobody"),
    ],
)
def test_one_client_is_not_taken_for_two(throttle: Throttle, client: str, same: str) -> None:
    fail(throttle, client)
    assert throttle.wait_s(same, NOW_S) > 0


@pytest.mark.parametrize(
    ("client", "other"), [("2001:db8::1", "2001:db8:0:1::1"), ("::ffff:10.0.0.1", "::ffff:10.0.0.2"), ("10.0.0.1", "")]
)
def test_two_clients_are_not_taken_for_one(throttle: Throttle, client: str, other: str) -> None:
    fail(throttle, client)
    assert throttle.wait_s(other, NOW_S) == 0


def test_all_clients_together_have_thirty_wrong_passwords_a_minute(throttle: Throttle) -> None:
    for i, client in enumerate(addresses(ALL_FAILURES)):
        assert throttle.wait_s("10.9.9.9", NOW_S + i) == 0
        throttle.note_failure(client, NOW_S + i)
    assert throttle.wait_s("10.9.9.9", NOW_S + 29) == 31  # until the first of them is a minute ago
    assert throttle.wait_s("10.9.9.9", NOW_S + 60) == 0
    throttle.note_failure("10.9.9.9", NOW_S + 60)
    assert throttle.wait_s("10.9.9.9", NOW_S + 60) == 1


def test_who_has_signed_in_before_does_not_wait_for_the_others(throttle: Throttle) -> None:
    throttle.note_success(OWNER, NOW_S)
    fill(throttle)
    assert throttle.wait_s("192.168.1.8", NOW_S) == 60
    assert throttle.wait_s(OWNER, NOW_S) == 0
    fail(throttle, OWNER)
    assert throttle.wait_s(OWNER, NOW_S) == LOCKED_S  # but has no more tries of their own


def test_who_has_signed_in_before_does_not_wait_for_neighbours_in_the_same_network(throttle: Throttle) -> None:
    throttle.note_success("2001:db8::7", NOW_S)
    fail(throttle, "2001:db8::66")
    assert throttle.wait_s("2001:db8::67", NOW_S) > 0
    assert throttle.wait_s("2001:db8:0::7", NOW_S) == 0


@pytest.mark.parametrize("form", ["10.{}.{}.1", "2001:db8:{:x}:{:x}::1"])
def test_three_hundred_addresses_take_no_more_room_than_256_and_keep_the_others_out_for_a_minute(
    throttle: Throttle, file: Path, form: str
) -> None:
    for i in range(CLIENTS + 50):
        throttle.note_failure(form.format(i // 200, i % 200), NOW_S)
    assert len(json.loads(file.read_text())["clients"]) == CLIENTS
    assert file.stat().st_size < FILE_MAX_BYTES
    assert 0 < throttle.wait_s(OWNER, NOW_S) <= 60
    assert throttle.wait_s(OWNER, NOW_S + 60) == 0


def test_only_so_many_are_known_and_who_came_longest_ago_is_forgotten(throttle: Throttle) -> None:
    clients = addresses(KNOWN + 1)
    for client in [*clients[:2], clients[0], *clients[2:]]:
        throttle.note_success(client, NOW_S)
    fill(throttle)
    waiting = [client for client in clients if throttle.wait_s(client, NOW_S) > 0]
    assert waiting == [clients[1]]


def test_a_restart_of_the_worker_forgets_nothing(throttle: Throttle, file: Path) -> None:
    throttle.note_success(OWNER, NOW_S)
    fail(throttle, GUESSER)
    fill(throttle)
    restarted = Throttle(file)
    assert file.stat().st_mode & 0o777 == 0o600
    for client in (GUESSER, OWNER, "192.168.1.8"):
        assert restarted.wait_s(client, NOW_S) == throttle.wait_s(client, NOW_S)
    assert restarted.wait_s(GUESSER, NOW_S) == LOCKED_S
    assert restarted.wait_s("192.168.1.8", NOW_S) == 60
    restarted.note_success(GUESSER, NOW_S)
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0


def test_a_reboot_forgets_all_as_its_clock_begins_anew(throttle: Throttle, file: Path) -> None:
    fail(throttle, GUESSER)
    file.write_text(json.dumps({**json.loads(file.read_text()), "boot_id": "another"}))
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0


@pytest.mark.parametrize("last_s", [NOW_S + 1, 10**400, float("inf"), float("nan"), "x", None])
def test_a_damaged_time_locks_nobody_out(throttle: Throttle, file: Path, last_s: object) -> None:
    fail(throttle, OWNER)
    table = json.loads(file.read_text())
    table["clients"][OWNER], table["all_s"] = [FAILURES, last_s], [last_s] * ALL_FAILURES
    file.write_text(json.dumps(table))
    assert Throttle(file).wait_s(OWNER, NOW_S) == 0


@pytest.mark.parametrize(
    "table", [{}, {"clients": [], "all_s": {}, "known": 7}, {"clients": {"a": 1, "b": []}, "known": [[]]}]
)
def test_a_damaged_file_is_empty(throttle: Throttle, file: Path, table: dict[str, object]) -> None:
    fail(throttle, GUESSER)
    boot = {"boot_id": json.loads(file.read_text())["boot_id"]}
    file.write_text(json.dumps({**table, **boot}))
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0
    file.write_bytes(b"\xff")
    assert Throttle(file).wait_s(GUESSER, NOW_S) == 0


def test_a_file_with_too_much_in_it_is_cut(throttle: Throttle, file: Path) -> None:
    fail(throttle, GUESSER)
    table = json.loads(file.read_text())
    table |= {"clients": {str(i): [1, NOW_S] for i in range(300)}, "all_s": [NOW_S] * 99, "known": ["10.0.0.1"] * 99}
    file.write_text(json.dumps(table))
    Throttle(file).note_failure(GUESSER, NOW_S)
    table = json.loads(file.read_text())
    assert (len(table["clients"]), len(table["all_s"]), table["known"]) == (CLIENTS, ALL_FAILURES, ["10.0.0.1"])


def test_of_many_threads_each_wrong_password_counts(throttle: Throttle) -> None:
    threads = [threading.Thread(target=fail, args=(throttle, client, 4)) for client in addresses(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert throttle.wait_s(OWNER, NOW_S) == 0  # 28
    fail(throttle, OWNER, 2)
    assert throttle.wait_s(GUESSER, NOW_S) == 60  # 30
