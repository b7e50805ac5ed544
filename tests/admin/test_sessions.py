"""Sessions: how long they last, where they are kept, and what ends them."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from admin.auth.roles import ROLES, Role
from admin.auth.sessions import FILE_MAX_BYTES, IDLE_S, LIFE_S, MIRROR_S, MOST, Sessions
from tests.support.page import START_S, Clock

PASSWORD, OTHER_PASSWORD = "5" * 64, "6" * 64
VIEWERS = "7" * 64
STORED: dict[Role, str] = {"owner": PASSWORD, "viewer": VIEWERS}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "sessions.json"


@pytest.fixture
def sessions(file: Path, clock: Clock) -> Sessions:
    return Sessions(file, clock)


def is_in(sessions: Sessions, session_id: str) -> bool:
    return sessions.find(session_id, STORED) is not None


def test_a_session_is_found_only_by_its_id(sessions: Sessions) -> None:
    session_id, session = sessions.open("owner", PASSWORD)
    assert sessions.find(session_id, STORED) == session
    for wrong in ("", session_id[:-1], session_id + "x", session.csrf, "\ud800", "x" * 100_000):
        assert sessions.find(wrong, STORED) is None
    assert is_in(sessions, session_id)


def test_session_ids_and_csrf_tokens_have_256_bits_and_never_repeat(sessions: Sessions) -> None:
    made = [sessions.open("owner", PASSWORD) for _ in range(20)]
    secrets = {session_id for session_id, _ in made} | {session.csrf for _, session in made}
    assert len(secrets) == 40
    assert {len(secret) for secret in secrets} == {43}  # base64 of 32 bytes


def test_the_session_file_is_private_and_contains_no_id(sessions: Sessions, file: Path) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    assert file.stat().st_mode & 0o777 == 0o600
    assert session_id not in file.read_text()
    (digest,) = json.loads(file.read_text())["sessions"]
    assert not is_in(sessions, digest)


def test_a_session_ends_when_it_is_not_used(sessions: Sessions, clock: Clock) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    for _ in range(3):
        clock.now_s += IDLE_S - 1
        assert is_in(sessions, session_id)
    clock.now_s += IDLE_S
    assert not is_in(sessions, session_id)
    clock.now_s -= 1
    assert not is_in(sessions, session_id)  # an ended session stays ended


def test_a_session_ends_after_its_lifetime_even_if_used(sessions: Sessions, clock: Clock) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    while (clock.now_s + 600) - START_S < LIFE_S:
        clock.now_s += 600
        assert is_in(sessions, session_id)
    clock.now_s += 600
    assert not is_in(sessions, session_id)


@pytest.mark.parametrize("now", [OTHER_PASSWORD, ""])
def test_a_session_ends_when_the_password_changes_or_is_removed(sessions: Sessions, now: str) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    assert sessions.find(session_id, {**STORED, "owner": now}) is None
    assert not is_in(sessions, session_id)


def test_without_a_password_no_session_is_found(sessions: Sessions) -> None:
    session_id, _ = sessions.open("owner", "")
    assert sessions.find(session_id, {"owner": "", "viewer": ""}) is None


def test_signing_out_ends_one_session_or_all(sessions: Sessions, file: Path, clock: Clock) -> None:
    ids = [sessions.open("owner", PASSWORD)[0] for _ in range(3)]
    sessions.close(ids[0])
    sessions.close("unknown")
    assert [is_in(sessions, session_id) for session_id in ids] == [False, True, True]
    assert not is_in(Sessions(file, clock), ids[0])
    sessions.close_all("owner")
    assert not any(is_in(sessions, session_id) for session_id in ids)
    assert not is_in(Sessions(file, clock), ids[1])


def test_a_ninth_session_replaces_the_least_recently_used_one(sessions: Sessions, clock: Clock) -> None:
    ids = []
    for _ in range(MOST):
        clock.now_s += 1
        ids.append(sessions.open("owner", PASSWORD)[0])
    clock.now_s += 1
    assert is_in(sessions, ids[0])
    ids.append(sessions.open("owner", PASSWORD)[0])
    assert [is_in(sessions, session_id) for session_id in ids] == [True, False] + [True] * 7


def test_ended_sessions_are_dropped_first(sessions: Sessions, file: Path, clock: Clock) -> None:
    for _ in range(MOST):
        sessions.open("owner", PASSWORD)
    clock.now_s += IDLE_S
    sessions.open("owner", PASSWORD)
    assert len(json.loads(file.read_text())["sessions"]) == 1


def test_sessions_survive_a_restart_of_the_worker(sessions: Sessions, file: Path, clock: Clock) -> None:
    made = [sessions.open("owner", PASSWORD) for _ in range(MOST)]
    restarted = Sessions(file, clock)
    assert [restarted.find(session_id, STORED) for session_id, _ in made] == [session for _, session in made]
    assert file.stat().st_size < FILE_MAX_BYTES / 2
    clock.now_s += IDLE_S
    assert not any(is_in(Sessions(file, clock), session_id) for session_id, _ in made)


def test_the_session_file_is_written_at_most_once_a_minute(sessions: Sessions, file: Path, clock: Clock) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    written = file.stat().st_ino
    for _ in range(int(MIRROR_S) - 1):
        clock.now_s += 1
        assert is_in(sessions, session_id)
    assert file.stat().st_ino == written
    clock.now_s += 1
    assert is_in(sessions, session_id)
    assert f"{clock.now_s}" in file.read_text()


def test_a_session_of_another_boot_is_not_found(sessions: Sessions, file: Path, clock: Clock) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    table = json.loads(file.read_text())
    file.write_text(json.dumps({**table, "boot_id": "another"}))
    assert not is_in(Sessions(file, clock), session_id)


def test_a_session_of_the_future_is_not_found(sessions: Sessions, file: Path, clock: Clock) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    clock.now_s -= 1
    assert not is_in(Sessions(file, clock), session_id)


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        ["", START_S, START_S, PASSWORD, "owner"],
        ["c" * 43, "x", START_S, PASSWORD, "owner"],
        ["c" * 43, START_S, float("nan"), PASSWORD, "owner"],
        ["c" * 43, START_S, 10**400, PASSWORD, "owner"],
        ["c" * 43, START_S, START_S, None, "owner"],
        ["c" * 43, START_S, START_S, PASSWORD],  # written by a release without roles
        ["c" * 43, START_S, START_S, PASSWORD, "root"],
        ["c" * 43, START_S, START_S, PASSWORD, ["owner"]],
        ["c" * 43, START_S, START_S, PASSWORD, "owner", 1],
        {"csrf": "c" * 43},
    ],
)
def test_a_damaged_session_row_is_ignored(sessions: Sessions, file: Path, clock: Clock, row: object) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    table = json.loads(file.read_text())
    (digest,) = table["sessions"]
    table["sessions"][digest] = ["c" * 43, START_S, START_S, PASSWORD, "owner"]
    file.write_text(json.dumps(table))
    assert is_in(Sessions(file, clock), session_id)  # a valid row is accepted
    table["sessions"][digest] = row
    file.write_text(json.dumps(table))
    assert not is_in(Sessions(file, clock), session_id)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 5000, b" " * (FILE_MAX_BYTES + 1)])
def test_a_damaged_session_file_counts_as_empty_and_is_replaced(file: Path, clock: Clock, data: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(data)
    session_id, _ = Sessions(file, clock).open("owner", PASSWORD)
    assert is_in(Sessions(file, clock), session_id)


def test_a_fifo_in_place_of_the_session_file_does_not_block(file: Path, clock: Clock) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    assert Sessions(file, clock).find("anybody", STORED) is None


def test_without_a_run_folder_sessions_are_kept_in_memory(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "run").write_text("not a folder")
    sessions = Sessions(tmp_path / "run" / "sessions.json", clock)
    session_id, _ = sessions.open("owner", PASSWORD)
    assert is_in(sessions, session_id)


def test_sessions_in_another_users_run_folder_are_ignored(
    sessions: Sessions, file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, _ = sessions.open("owner", PASSWORD)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert not is_in(Sessions(file, clock), session_id)


def test_sessions_of_many_threads_are_all_kept(sessions: Sessions, file: Path, clock: Clock) -> None:
    found: list[bool] = []

    def sign_in_and_out(thread: int) -> None:
        for _ in range(5):
            session_id, _ = sessions.open("owner", PASSWORD)
            found.append(is_in(sessions, session_id))
            sessions.close(session_id)
            found.append(not is_in(sessions, session_id))

    kept, _ = sessions.open("owner", PASSWORD)
    with ThreadPoolExecutor(MOST - 1) as threads:
        list(threads.map(sign_in_and_out, range(MOST - 1)))
    assert all(found) and len(found) == 70
    assert is_in(Sessions(file, clock), kept)


def test_a_session_has_one_role_and_ends_with_its_password(sessions: Sessions, file: Path, clock: Clock) -> None:
    ids = {role: sessions.open(role, STORED[role])[0] for role in ROLES}
    for reader in (sessions, Sessions(file, clock)):  # and after a restart of the worker
        for role, session_id in ids.items():
            session = reader.find(session_id, STORED)
            assert session is not None and session.role == role
    assert sessions.find(ids["viewer"], {"owner": PASSWORD, "viewer": OTHER_PASSWORD}) is None
    assert is_in(sessions, ids["owner"])


def test_a_session_is_not_found_with_the_other_roles_password(sessions: Sessions) -> None:
    session_id, _ = sessions.open("viewer", PASSWORD)
    assert sessions.find(session_id, STORED) is None
    session_id, _ = sessions.open("owner", VIEWERS)
    assert sessions.find(session_id, STORED) is None


def test_viewer_sessions_never_replace_an_owner_session(sessions: Sessions, file: Path, clock: Clock) -> None:
    owner, _ = sessions.open("owner", PASSWORD)
    for _ in range(3 * MOST):
        clock.now_s += 1
        sessions.open("viewer", VIEWERS)
    assert is_in(sessions, owner)
    assert len(json.loads(file.read_text())["sessions"]) == MOST + 1
    sessions.close_all("viewer")
    assert is_in(sessions, owner) and len(json.loads(file.read_text())["sessions"]) == 1
