"""Sentences of GPS receivers: RMC is read; damaged and other sentences are ignored."""

from __future__ import annotations

import random
from datetime import datetime, timezone

import pytest

from app.vehicle.nmea import SENTENCE_MAX_BYTES, Fix, Sentences, checked, fix_in
from tests.support.nmea import rmc, sentence

NOON_S = datetime(2026, 11, 30, 12, tzinfo=timezone.utc).timestamp()


def fixes(*chunks: bytes) -> list[Fix]:
    stream = Sentences()
    return [fix for chunk in chunks for each in stream.feed(chunk) if (fix := fix_in(each)) is not None]


def test_rmc_sentence_gives_speed_and_time() -> None:
    (fix,) = fixes(rmc(90))
    assert fix.speed_kmh == pytest.approx(90, abs=0.02) and fix.utc_s == NOON_S


# As printed in receivers' manuals: u-blox M8, SiRF, MediaTek, GlobalSat; the newest have a navigational status
@pytest.mark.parametrize(
    ("line", "kmh"),
    [
        (b"$GPRMC,083559.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091202,,,A*57", 0.007),
        (b"$GPRMC,161229.487,A,3723.2475,N,12158.3416,W,0.13,309.62,120598,,*10", 0.241),
        (b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A", 41.48),
        (b"$GNRMC,083559.00,A,4717.11437,N,00833.91522,E,50.0,77.52,091226,,,A,V", 92.6),
    ],
)
def test_sentences_of_real_receivers_are_read(line: bytes, kmh: float) -> None:
    if b"*" not in line:
        line = sentence(line[1:].decode()).strip()
    (fix,) = fixes(line + b"\r\n")
    assert fix.speed_kmh == pytest.approx(kmh, abs=0.01)


@pytest.mark.parametrize(
    "line",
    [
        rmc(90, status="V"),
        rmc(90, mode=",N"),
        rmc(90, mode=",S"),
        rmc(90, mode=",M"),
        sentence("GPRMC,,V,,,,,,,,,,N"),
        sentence("GPRMC,120000.00,A,4807.038,N,01131.000,E,,,301126,,,A"),
    ],
)
def test_sentence_without_a_fix_gives_no_speed(line: bytes) -> None:
    assert [fix.speed_kmh for fix in fixes(line)] == [None]


@pytest.mark.parametrize(
    "line",
    [
        rmc(90).replace(b"*", b"*0"),
        rmc(90).replace(b"084.4", b"084.5"),
        rmc(90)[:-4] + b"\r\n",
        rmc(90).replace(b"$", b""),
        sentence("GPGGA,120000,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,"),
        sentence("GPRMC,120000,A,4807.038,N,01131.000,E,-5.0,084.4,301126,,,A"),
        sentence("GPRMC,120000,A,4807.038,N,01131.000,E,1e9,084.4,301126,,,A"),
        sentence("GPRMC,120000,A,4807.038,N,01131.000,E,nan,084.4,301126,,,A"),
        sentence("GPRMC"),
        b"\x00\xff" * 500 + b"\r\n",
        b"",
    ],
)
def test_damaged_and_other_sentences_are_ignored(line: bytes) -> None:
    assert fixes(line) == []


@pytest.mark.parametrize("date", ["000000", "321326", "ABCDEF", "3011"])
def test_impossible_date_gives_no_time(date: str) -> None:
    assert [fix.utc_s for fix in fixes(rmc(90, date=date))] in ([None], [])


def test_sentences_may_arrive_in_pieces_or_together() -> None:
    line = rmc(50)
    assert len(fixes(*(bytes([byte]) for byte in line))) == 1
    assert len(fixes(line * 10)) == 10
    assert len(fixes(b"half a line" + line, b"\n" + line)) == 2


def test_stream_without_line_ends_is_bounded() -> None:
    stream = Sentences()
    for _ in range(1000):
        assert list(stream.feed(b"$GPRMC," * 100)) == []
    assert len(stream._rest) <= SENTENCE_MAX_BYTES


def test_mutated_streams_give_no_wrong_speed() -> None:
    chance = random.Random(19)
    for _ in range(1000):
        data = bytearray(rmc(50) * 3)
        for _ in range(chance.randint(1, 12)):
            place = chance.randrange(len(data))
            lost = chance.choice([0, 1, 1, chance.randint(2, 20)])
            data[place : place + lost] = chance.randbytes(chance.choice([0, 1, 1, 5]))
        assert all(fix.speed_kmh is None or fix.speed_kmh == pytest.approx(50, abs=0.02) for fix in fixes(bytes(data)))


def test_checksum_covers_the_text_after_the_last_dollar_sign() -> None:
    assert checked(b"$GPRMC,1200$" + sentence("GPXXX").strip()[1:]) == b"GPXXX"
