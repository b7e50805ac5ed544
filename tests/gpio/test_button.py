"""A push button: short and long presses, bouncing contacts, and a line that goes away."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.gpio import button
from app.gpio.button import BOUNCE_S, LONG_PRESS_S, Button, Press, Presses
from app.gpio.lines import Gpio, GpioMissing, Line


def pressed(levels: Iterable[tuple[float, bool]]) -> list[tuple[float, Press]]:
    presses = Presses()
    return [(time_s, press) for time_s, is_down in levels if (press := presses.update(time_s, is_down)) is not None]


def test_short_press_is_reported_on_release() -> None:
    assert pressed([(0, False), (1, True), (1.4, False), (2, False)]) == [(1.4, Press.SHORT)]


def test_long_press_is_reported_once_while_held() -> None:
    held = [(1 + number / 10, True) for number in range(60)]
    ((time_s, press),) = pressed([(0, False), *held, (8, False)])
    assert press is Press.LONG and time_s == pytest.approx(1 + LONG_PRESS_S)


def test_bouncing_contacts_are_one_press() -> None:
    bouncing = [(1 + number / 1000, number % 2 == 0) for number in range(10)]
    assert pressed([(0, False), *bouncing, (1.1, True), (1.5, False), (1.5 + BOUNCE_S / 2, True), (1.6, False)]) == [
        (1.5, Press.SHORT)
    ]


def test_two_presses_are_reported_separately() -> None:
    assert [press for _, press in pressed([(0, True), (0.3, False), (0.6, True), (0.9, False)])] == [Press.SHORT] * 2


class FakeLine(Gpio):
    """A line whose edges come through a pipe and whose level a test sets."""

    def request_input(self, line: Line, *, edges: bool = False) -> int:
        assert edges
        return os.dup(READER[0])

    def level(self, line_fd: int) -> bool:
        return LEVEL[0]


READER, LEVEL = [0], [False]


def test_press_on_the_line_is_taken_by_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    READER[0], LEVEL[0] = reader, False
    told = threading.Event()
    times = iter([0.0, 1.0])
    with Button(FakeLine(), lambda: Line(Path("/dev/gpiochip0"), 22), lambda: next(times, 2.0)) as followed:
        LEVEL[0] = True
        os.write(writer, b"x" * 48)
        while not followed._presses.is_held():
            told.wait(0.01)
        LEVEL[0] = False
        os.write(writer, b"x" * 48)
        taken: list[Press] = []
        for _ in range(500):
            taken += followed.take()
            if taken:
                break
            told.wait(0.01)
    assert taken == [Press.SHORT]
    for fd in (reader, writer):
        os.close(fd)


def test_missing_button_line_is_reported_and_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(button, "RETRY_S", 0.001)
    tried = threading.Semaphore(0)

    def find() -> Line:
        tried.release()
        raise GpioMissing("there is no GPIO chip /dev/gpiochip0")

    with Button(Gpio(), find) as followed:
        for _ in range(3):
            assert tried.acquire(timeout=10)
        assert followed.message == "there is no GPIO chip /dev/gpiochip0"
        assert followed.take() == []


def test_button_held_from_the_start_is_not_a_press() -> None:
    held = [(number / 10, True) for number in range(60)]
    assert pressed([*held, (3600, True), (3601, False)]) == []
    assert pressed([*held, (7, False), (8, True), (11.1, True)]) == [(11.1, Press.LONG)]


def test_press_interrupted_by_a_lost_line_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(button, "RETRY_S", 0.001)
    monkeypatch.setattr(button, "BOUNCE_S", 0.0)
    levels = iter([False, True, None, False, False])  # None: the line is lost
    told = threading.Event()

    class LostLine(Gpio):
        def request_input(self, line: Line, *, edges: bool = False) -> int:
            reader, writer = os.pipe()
            os.close(writer)  # readable at once
            return reader

        def level(self, line_fd: int) -> bool:
            try:
                level = next(levels)
            except StopIteration:
                told.set()
                return False
            if level is None:
                raise OSError("lost")
            return level

    times = iter([0.0, 1.0, 3600.0, 3601.0])
    with Button(LostLine(), lambda: Line(Path("/dev/gpiochip0"), 22), lambda: next(times, 3602.0)) as followed:
        assert told.wait(10)
        assert followed.take() == []


def test_floating_line_is_reported_as_noise(caplog: pytest.LogCaptureFixture) -> None:
    floating = Button(Gpio(), lambda: Line(Path("/dev/gpiochip0"), 22))
    told = [time_s for time_s in range(0, 100_000, 70) if not floating._is_noise(time_s / 1000)]
    assert len(told) == button.NOISE_PRESSES and floating.message == button.NOISE
    assert [record.message for record in caplog.records] == [button.NOISE]
    assert not floating._is_noise(200.0) and floating.message == ""
