"""Settings -> the Pi's header of 40 pins with what is wired to it, as data for templates/wiring.html. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from config.settings import Settings

# Of BCM 0 to 27
POSITIONS = (
    27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33,
    8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18, 22, 37, 13,
)  # fmt: skip
POSITION_OF = dict(enumerate(POSITIONS))
GROUNDS = (6, 9, 14, 20, 25, 30, 34, 39)
ROW_PX, TOP_PX, LEFT_PX, RIGHT_PX = 20, 16, 150, 174  # of the drawing, 324 wide


@dataclass(frozen=True, slots=True)
class Wire:
    """One part and the two positions of the header that it is wired to. tone names its colour."""

    part: str
    tone: str
    bcm: int
    position: int
    ground: int


@dataclass(frozen=True, slots=True)
class Pin:
    """One pin as it is drawn. label: "" where nothing is wired to it."""

    position: int
    x: int
    y: int
    tone: str = ""
    label: str = ""

    @property
    def is_left(self) -> bool:
        """Odd positions are in the left column."""
        return self.position % 2 == 1


@dataclass(frozen=True, slots=True)
class Header:
    """All 40 pins, and what is wired to them in words."""

    pins: tuple[Pin, ...]
    wires: tuple[Wire, ...]


def header(settings: Settings) -> Header:
    """The header as these settings use it."""
    wires = tuple(_wires(settings))
    labels = {wire.position: (wire.tone, f"{wire.part} · BCM {wire.bcm}") for wire in wires}
    labels |= {wire.ground: ("ground", f"{wire.part}, ground") for wire in wires}
    pins = (_pin(position, *labels.get(position, ("", ""))) for position in range(1, 41))
    return Header(tuple(pins), wires)


def _wires(settings: Settings) -> Iterator[Wire]:
    """A pin that two parts claim is the first one's; the settings' page refuses such."""
    pi = settings.raspberry_pi
    led_pin = pi.led_pin if settings.alerting.visual_alerts_enabled else 0
    taken: set[int] = set()
    for part, tone, bcm in (
        ("Buzzer", "buzzer", pi.buzzer_pin),
        ("LED", "led", led_pin),
        ("Button", "other", pi.button_pin),
        ("Lamp", "other", pi.lamp_pin),
        ("Ignition", "other", settings.vehicle.ignition_pin),
    ):
        position = POSITION_OF.get(bcm)
        if not bcm or position is None or position in taken:
            continue
        ground = min((one for one in GROUNDS if one not in taken), key=lambda one: _distance(one, position))
        taken |= {position, ground}
        yield Wire(part, tone, bcm, position, ground)


def _distance(one: int, other: int) -> tuple[int, int]:
    """In rows of the header, the same column first."""
    return abs((one - 1) // 2 - (other - 1) // 2), (one - other) % 2


def _pin(position: int, tone: str, label: str) -> Pin:
    row, column = divmod(position - 1, 2)
    return Pin(position, RIGHT_PX if column else LEFT_PX, TOP_PX + row * ROW_PX, tone, label)
