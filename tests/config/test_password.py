"""The page's password: which ones are accepted, how it is stored, what a check costs."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import password
from config.disk import LOCK
from config.durable import StoreError
from tests.support.failing_disk import FailingDisk

ROOT = Path(__file__).parents[2]
GOOD = "nelly eats hay on fridays"
EMOJI = "".join(chr(0x1F600 + i) for i in range(64))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "admin-password"


def stored(file: Path, line: bytes) -> Path:
    file.write_bytes(line)
    return file


def test_a_saved_password_is_checked_to_its_last_character(file: Path) -> None:
    chosen = EMOJI + GOOD + "1"  # beyond bcrypt's 72 bytes
    password.save(file, chosen)
    line = password.load(file)
    assert password.verify(line, chosen)
    assert not password.verify(line, chosen[:-1] + "2")
    assert not password.verify("whatever is stored", "x" * 129)


def test_a_password_is_kept_privately_as_a_salted_hash_that_owasp_lists(file: Path) -> None:
    password.save(file, GOOD)
    assert re.fullmatch(r"scrypt:8192:8:10\$[A-Za-z0-9]{16}\$[0-9a-f]{128}\n", file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in file.parent.iterdir()} == {file.name, LOCK}
    _, salt, digest = password.load(file).split("$")
    expected = hashlib.scrypt(GOOD.encode(), salt=salt.encode(), n=8192, r=8, p=10, maxmem=2**24)
    assert bytes.fromhex(digest) == expected

    before = password.fingerprint(file)
    password.save(file, GOOD)
    assert salt not in password.load(file)
    assert password.fingerprint(file) not in (before, "")


def test_a_hash_of_release_0_2_0_is_accepted(file: Path) -> None:
    salt = "00112233445566778899aabbccddeeff"
    digest = hashlib.scrypt(GOOD.encode(), salt=salt.encode(), n=8192, r=8, p=10, maxmem=9 * 2**20, dklen=64).hex()
    line = password.load(stored(file, f"scrypt:8192:8:10${salt}${digest}\n".encode()))
    assert password.verify(line, GOOD)
    assert not password.verify(line, GOOD + "!")


def test_without_a_password_every_check_fails_after_the_same_work(file: Path) -> None:
    assert (password.load(file), password.problem(file), password.fingerprint(file)) == ("", "", "")
    assert password.LINE.fullmatch(password.NO_HASH)  # the same scrypt runs
    assert not password.verify("", GOOD)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"\xff\xfe",
        b"secret\n",
        password.NO_HASH.encode()[:-1],
        password.NO_HASH.replace("8192", "2").encode(),
        password.NO_HASH.encode() + b"\n\n",
        b"\0" * 10_000,
    ],
)
def test_a_damaged_password_file_counts_as_none_and_is_reported(file: Path, line: bytes) -> None:
    stored(file, line)
    assert (password.load(file), password.fingerprint(file)) == ("", "")
    assert password.problem(file).startswith(f"{file} is damaged")


@pytest.mark.parametrize(
    ("snap", "remedy"),
    [("", "`.venv/bin/python -m app admin-password`"), ("drivewatch", "`sudo drivewatch.admin-password`")],
)
def test_the_remedy_names_a_command_of_this_installation(
    file: Path, snap: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAP_INSTANCE_NAME", snap)
    assert password.problem(stored(file, b"secret\n")).endswith(remedy)


def test_an_unreadable_password_file_counts_as_none_and_is_reported(file: Path) -> None:
    file.mkdir()
    assert password.load(file) == ""
    assert password.problem(file).startswith(f"{file} cannot be read (Is a directory)")
    file.rmdir()
    os.mkfifo(file)
    assert password.load(file) == ""  # without blocking


def test_a_final_newline_is_not_part_of_the_hash(file: Path) -> None:
    assert password.load(stored(file, password.NO_HASH.encode())) == password.NO_HASH
    assert password.load(stored(file, password.NO_HASH.encode() + b"\n")) == password.NO_HASH


@pytest.mark.parametrize(
    "chosen", [GOOD, EMOJI, "x7!kPq2#mZ9u", "correct horse battery staple", "ünïcödé ßpricht", "92 05 71 36 84 40"]
)
def test_passwords_may_have_any_characters(chosen: str) -> None:
    assert password.refusal(chosen) == ""


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ("", "has 0 characters: take 12 or more"),
        (" \t" * 12, "has 0 characters: take 12 or more"),
        ("x7!kPq2#mZ9", "has 11 characters: take 12 or more"),
        (GOOD * 6, "has 150 characters: take 128 at most"),
    ],
)
def test_a_password_of_the_wrong_length_is_refused_with_the_reason(chosen: str, reason: str) -> None:
    assert reason in password.refusal(chosen)


def test_a_new_password_deletes_the_tokens_unless_told_to_keep_them(file: Path) -> None:
    tokens = file.with_name("admin-tokens.json")
    tokens.write_text("tokens")
    password.save(file, GOOD, keep_tokens=True)
    assert tokens.exists()
    password.save(file, GOOD)
    assert not tokens.exists()


@pytest.mark.parametrize(("refused", "are_left"), [("write", True), ("rename", False)])
def test_tokens_are_deleted_before_a_new_password_is_in_place(file: Path, refused: str, are_left: bool) -> None:
    """The tokens are deleted after the new password is written and before it is in place."""
    tokens = file.with_name("admin-tokens.json")
    password.save(file, GOOD)
    before = password.load(file)
    tokens.write_text("tokens")
    with pytest.raises(StoreError, match="the disk is full"):
        password.save(file, GOOD + "!", FailingDisk(refused, errno.ENOSPC))
    assert (password.load(file), tokens.exists()) == (before, are_left)


COMMONEST = """q1w2e3r4t5y6 1qaz2wsx3edc 1q2w3e4r5t6y qwerty123456 123qweasdzxc qwertyuiop[] 123456654321
1q2w3e4r5t6y7u8i9o0p 112233445566 123456789123 TempPassWord PE#5GZ29PTZMSE Aa@123456789 theworldinyourhand
Password@123 administrator admin123456! drivewatch2026 raspberrypi4b passwordpassword letmeinletmein aaaaaaaaaaaa"""


@pytest.mark.parametrize("chosen", COMMONEST.split())
def test_common_passwords_are_refused(chosen: str, file: Path) -> None:
    assert "guessed first" in password.refusal(chosen)
    with pytest.raises(ValueError, match="guessed first"):
        password.save(file, chosen)
    assert not file.exists()


def test_the_list_of_common_passwords_has_only_long_enough_ones() -> None:
    assert all(len(one) >= password.SHORTEST and one == one.lower() for one in password.COMMON.split())


def test_a_generated_password_has_at_least_80_bits_and_is_accepted() -> None:
    assert len(set(password.LETTERS)) ** (password.GROUPS * password.GROUP) > 2**80
    assert not set("il1o0") & set(password.LETTERS)
    made = {password.generate() for _ in range(200)}
    assert len(made) == 200
    assert {password.refusal(one) for one in made} == {""}
    assert all(re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", one) for one in made)
    assert math.log2(31) * 20 > 99


def test_password_checks_run_one_at_a_time_and_refuse_long_waits() -> None:
    start = threading.Barrier(4)

    def check(_: int) -> str:
        start.wait()
        try:
            with password.one_at_a_time(wait_s=0.0):
                return str(password.verify("", GOOD))
        except password.Busy:
            return "busy"

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(check, range(4))) == {"False", "busy"}
    with password.one_at_a_time(wait_s=0.0):  # free again afterwards
        pass


PEAK = """
import hashlib, threading, werkzeug.security
from app.memory.allocator import limit_malloc_arenas
from config.password import one_at_a_time, verify
limit_malloc_arenas()  # as gunicorn.conf.py does; otherwise each thread keeps the memory of its check
def check():
    with one_at_a_time(60):
        verify("", "x" * 128)
hashlib.scrypt(b"", salt=b"", n=2, r=1, p=1)  # OpenSSL itself is not what a check costs
def peak_kb():
    return int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
before = peak_kb()
threads = [threading.Thread(target=check) for _ in range(3)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print((peak_kb() - before) / 1024)
"""


def test_several_password_checks_take_at_most_10_mb_together() -> None:
    done = subprocess.run([sys.executable, "-c", PEAK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 7 < float(done.stdout) < 10


def test_importing_the_password_module_loads_no_openssl_or_werkzeug() -> None:
    code = "import sys, config.password; print({'_hashlib', 'hashlib', 'secrets', 'werkzeug'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
