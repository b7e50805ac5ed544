"""The drawing of the GPIO header."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from admin.first_run.wiring import GROUNDS, POSITION_OF, header
from config.settings import Settings

PI = Settings().raspberry_pi
LED = replace(Settings(), alerting=replace(Settings().alerting, visual_alerts_enabled=True))
DRAWN = Path(__file__).parents[3] / "snap/local/wiring.svg"


def test_each_header_position_has_exactly_one_use() -> None:
    power = (1, 2, 4, 17)
    assert sorted((*POSITION_OF.values(), *GROUNDS, *power)) == list(range(1, 41))
    assert sorted(POSITION_OF) == list(range(28))


def test_the_default_pins_are_wired_as_in_the_drawing_of_the_readme() -> None:
    wires = {wire.part: (wire.bcm, wire.position, wire.ground) for wire in header(LED).wires}
    assert wires == {"Buzzer": (17, 11, 9), "LED": (27, 13, 14)}
    drawn = DRAWN.read_text()
    assert "position 11 (BCM 17), - to position 9" in drawn and "position 13 (BCM 27), - to position 14" in drawn


def test_a_part_that_is_switched_off_is_not_drawn() -> None:
    assert [wire.part for wire in header(Settings()).wires] == ["Buzzer"]


def test_each_part_has_its_own_pin_and_ground() -> None:
    full = replace(
        LED,
        raspberry_pi=replace(PI, buzzer_pin=5, led_pin=6, button_pin=22, lamp_pin=23),
        vehicle=replace(Settings().vehicle, ignition_pin=24),
    )
    drawn = header(full)
    assert [wire.part for wire in drawn.wires] == ["Buzzer", "LED", "Button", "Lamp", "Ignition"]
    used = [position for wire in drawn.wires for position in (wire.position, wire.ground)]
    assert len(set(used)) == len(used)
    labelled = {pin.position for pin in drawn.pins if pin.label}
    assert labelled == set(used)


@pytest.mark.parametrize("bcm", range(2, 28))
def test_any_pin_is_drawn_at_its_position(bcm: int) -> None:
    drawn = header(replace(Settings(), raspberry_pi=replace(PI, buzzer_pin=bcm)))
    assert drawn.wires[0].position == POSITION_OF[bcm]
    assert drawn.wires[0].ground in GROUNDS


def test_only_one_of_two_parts_on_the_same_pin_is_drawn() -> None:
    same = replace(LED, raspberry_pi=replace(PI, buzzer_pin=17, led_pin=17))
    assert [wire.part for wire in header(same).wires] == ["Buzzer"]


def test_pins_do_not_overlap() -> None:
    pins = header(LED).pins
    left = [pin.y for pin in pins if pin.is_left]
    assert len(pins) == 40 and all(below - above >= 15 for above, below in pairwise(left))
