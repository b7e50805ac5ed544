"""gpiozero outputs on the kernel's GPIO character device, which works inside a strict snap.

gpiozero's own factories read /proc/device-tree, which a strict snap refuses, and lgpio leaves a FIFO in the
working folder. This one needs only ioctls on the device file that `gpio-control` or `gpio-chardev` opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from app.gpio.lines import Gpio, Line, OutputLine

if TYPE_CHECKING:
    from gpiozero import Factory, PinInfo

ANY_40_PIN_BOARD = 0xA02082  # revision code of a Pi 3B: gpiozero wants one, BCM numbers are the same on all


class Switch(Protocol):
    """What the alerts use of a gpiozero Buzzer or LED."""

    def on(self) -> None:
        """Drive the pin."""

    def off(self) -> None:
        """Stop driving it."""

    def close(self) -> None:
        """Turn it off and give the line back."""


def pin_factory(gpio: Gpio, lines: Mapping[int, Line]) -> Factory:
    """Give gpiozero these lines, by BCM number, as outputs.

    gpiozero is imported here and not above, as it costs 4.6 MB that a Pi without a buzzer need not spend.
    """
    from gpiozero.exc import PinInvalidFunction
    from gpiozero.pins.pi import PiFactory, PiPin

    class OutputPin(PiPin):  # type: ignore[misc]  # gpiozero is untyped
        def __init__(self, factory: Factory, info: PinInfo) -> None:
            super().__init__(factory, info)
            self._output = OutputLine(gpio, lines[self._number])

        def close(self) -> None:
            self._output.close()

        def _get_state(self) -> bool:
            return self._output.read()

        def _set_state(self, value: bool) -> None:
            self._output.drive(value)

        def _get_function(self) -> str:
            return "output"

        def _set_function(self, value: str) -> None:
            if value != "output":
                raise PinInvalidFunction(f"{self!r} can only be an output here, not an {value}")

    class OutputFactory(PiFactory):  # type: ignore[misc]  # gpiozero is untyped
        def _get_revision(self) -> int:
            return ANY_40_PIN_BOARD

    factory = OutputFactory()
    factory.pin_class = OutputPin
    return factory


def open_output(
    plug: str, pin: int, chip: str = "auto", gpio: Gpio | None = None, *, active_low: bool = False
) -> Switch:
    """Open the "buzzer", the "led" or the "lamp", off; the rest as in `Gpio.find_line`. Raises: GpioUnavailable."""
    gpio = gpio or Gpio()
    line = gpio.find_line(pin, plug, chip, active_low=active_low)
    from gpiozero import LED, Buzzer

    device: Switch = {"buzzer": Buzzer, "led": LED, "lamp": LED}[plug](pin, pin_factory=pin_factory(gpio, {pin: line}))
    return device
