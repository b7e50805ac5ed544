"""When the self-signed certificate is replaced and announced; the owner's own certificate is only reported."""

from __future__ import annotations

import logging
import os
import socket
import time
from pathlib import Path

import pytest

from config import certificates
from config.certificates import DAY_S, RENEW_DAYS, new_pem
from config.https import CHOICE, SELF_SIGNED, certificate, enable, take_notice
from config.paths import Paths
from config.release_date import RELEASED_S
from tests.support.certificates import HERE, SNAP, openssl


class Clock:
    """The wall clock with an offset that the test sets; openssl uses the real one."""

    def __init__(self) -> None:
        self.offset_s = 0.0
        self._time = time.time

    def __call__(self) -> float:
        return self._time() + self.offset_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The name and address of this machine."""
    found = {"name": "pi", "address": "192.0.2.7"}
    monkeypatch.setattr(socket, "gethostname", lambda: found["name"])
    monkeypatch.setattr(certificates, "addresses", lambda: iter([found["address"]] if found["address"] else []))
    return found


def made(paths: Paths) -> bytes:
    assert certificate(paths, SNAP)
    return (paths.data / SELF_SIGNED).read_bytes()


def names(paths: Paths) -> list[str]:
    return certificates._names_in(paths.data / SELF_SIGNED)


def dates(paths: Paths) -> str:
    return openssl("x509", "-in", str(paths.data / SELF_SIGNED), "-noout", "-dates").stdout


def put(paths: Paths, data: bytes) -> None:
    paths.data.mkdir(exist_ok=True)
    (paths.data / SELF_SIGNED).write_bytes(data)


def assert_told_once(paths: Paths, why: str) -> None:
    found = certificate(paths, SNAP)
    assert found
    said = take_notice(paths)
    assert said.startswith("The page has a new certificate, because ")
    assert why in said
    assert found.fingerprint in said
    assert len(found.fingerprint) == 95
    assert take_notice(paths) == ""


def test_a_valid_certificate_is_kept_and_the_first_one_is_not_announced(paths: Paths) -> None:
    assert made(paths) == made(paths)
    assert take_notice(paths) == ""


def test_a_certificate_that_is_not_valid_yet_is_replaced(paths: Paths, clock: Clock) -> None:
    clock.offset_s = 400 * DAY_S
    before = made(paths)
    clock.offset_s = 0
    assert made(paths) != before
    assert_told_once(paths, "is not valid yet")


def test_a_certificate_is_kept_with_a_clock_half_a_day_behind(paths: Paths, clock: Clock) -> None:
    clock.offset_s = DAY_S / 2
    before = made(paths)
    clock.offset_s = 0
    assert made(paths) == before


@pytest.mark.parametrize(("days", "why"), [(RENEW_DAYS - 1, "about to expire"), (-10, "has expired")])
def test_an_expired_or_expiring_certificate_is_replaced(paths: Paths, clock: Clock, days: int, why: str) -> None:
    clock.offset_s = -20 * DAY_S
    pem = new_pem(20 + days)
    clock.offset_s = 0
    put(paths, pem)
    assert made(paths) != pem
    assert_told_once(paths, why)


@pytest.mark.parametrize("change", [{"address": "198.51.100.9"}, {"name": "car"}])
def test_a_certificate_is_replaced_for_a_new_address_or_name(
    paths: Paths, machine: dict[str, str], change: dict[str, str]
) -> None:
    before = made(paths)
    machine |= change
    assert made(paths) != before
    assert set(certificates._names()) - {certificates.LOOPBACK_6} <= set(names(paths))
    assert_told_once(paths, *change.values())


def test_a_certificate_covers_both_networks_after_one_change(paths: Paths, machine: dict[str, str]) -> None:
    made(paths)
    machine["address"] = "198.51.100.9"
    both = made(paths)
    for address in ("192.0.2.7", "", "198.51.100.9"):
        machine["address"] = address
        assert made(paths) == both


def test_the_addresses_in_a_certificate_are_bounded(paths: Paths, machine: dict[str, str]) -> None:
    put(paths, new_pem(former=[f"IP:198.51.100.{number}" for number in range(100)]))
    machine["address"] = "203.0.113.1"
    made(paths)
    assert len(names(paths)) <= certificates.NAMES_MAX
    assert "IP:203.0.113.1" in names(paths)


def other_key(pem: bytes) -> bytes:
    return new_pem().partition(b"-----BEGIN CERTIFICATE")[0] + b"".join(pem.partition(b"-----BEGIN CERTIFICATE")[1:])


@pytest.mark.parametrize(
    "damage",
    [
        other_key,
        lambda pem: pem.partition(b"-----BEGIN CERTIFICATE")[0],
        lambda pem: b"".join(pem.partition(b"-----BEGIN CERTIFICATE")[1:]),
        lambda pem: pem[:-60],
        lambda pem: pem.replace(b"A", b"B"),
        lambda pem: b"",
        lambda pem: bytes(len(pem)),
    ],
    ids=["another key", "no certificate", "no key", "cut off", "bytes changed", "empty", "zeros"],
)
def test_a_damaged_certificate_or_one_of_another_key_is_replaced(paths: Paths, damage: object) -> None:
    assert callable(damage)
    pem = damage(made(paths))
    put(paths, pem)
    assert made(paths) != pem
    assert_told_once(paths, "damaged, or its key was another one's")


def test_a_fifo_in_place_of_the_certificate_is_replaced_without_blocking(paths: Paths) -> None:
    paths.data.mkdir()
    os.mkfifo(paths.data / SELF_SIGNED)
    assert made(paths).count(b"-----BEGIN ") == 2


def test_a_certificate_is_kept_while_the_clock_is_not_set(paths: Paths, clock: Clock) -> None:
    before = made(paths)
    clock.offset_s = 3600 - time.time()
    assert made(paths) == before


def test_a_certificate_made_without_a_set_clock_starts_at_the_release_date(paths: Paths, clock: Clock) -> None:
    clock.offset_s = 3600 - time.time()
    made(paths)
    day = time.strftime("%b %e", time.gmtime(RELEASED_S - DAY_S))
    assert f"notBefore={day}" in dates(paths)
    assert "1970" not in dates(paths)
    before = (paths.data / SELF_SIGNED).read_bytes()
    assert made(paths) == before


def test_the_owners_certificate_is_reported_but_never_replaced(paths: Paths, clock: Clock, tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(new_pem(RENEW_DAYS + 9))
    assert enable(paths, (pem, pem)).problem == ""
    for offset_s, days, said in (
        (0, 9, "is about to expire"),
        (400 * DAY_S, 9, "is not valid yet"),
        (0, -1, "has expired"),
    ):
        clock.offset_s = offset_s
        pem.write_bytes(data := new_pem(days) if days > 0 else expired(clock))
        clock.offset_s = 0
        found = certificate(paths, HERE)
        assert found
        assert said in found.problem
        assert str(pem) in found.problem
        assert pem.read_bytes() == data
    assert take_notice(paths) == ""


def expired(clock: Clock) -> bytes:
    clock.offset_s = -20 * DAY_S
    pem = new_pem(10)
    clock.offset_s = 0
    return pem


def test_enabling_https_leaves_no_notice_for_the_page(paths: Paths, machine: dict[str, str]) -> None:
    made(paths)
    machine["address"] = "198.51.100.9"
    enable(paths, "self-signed")
    assert take_notice(paths) == ""
    assert (paths.data / CHOICE).exists()


def test_the_fingerprint_of_a_new_certificate_is_logged(
    paths: Paths, machine: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    made(paths)
    machine["name"] = "car"
    with caplog.at_level(logging.WARNING):
        found = certificate(paths, SNAP)
    assert found
    assert found.fingerprint in caplog.text
