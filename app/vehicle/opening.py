"""Opens what the settings name. The rest of this room is imported only then: most people have neither GPS nor CAN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.gpio.lines import Gpio, InputLine

if TYPE_CHECKING:
    from app.vehicle.vehicle_thread import VehicleThread


def open_vehicle(setting: str, ignition_pin: int, chip: str) -> VehicleThread | None:
    """Follows what the settings name, once it is entered; None where they name nothing. ignition_pin 0: none."""
    if setting == "none" and not ignition_pin:
        return None
    from app.vehicle.vehicle_thread import VehicleThread, opener

    gpio = Gpio()
    line = InputLine(gpio, lambda: gpio.find_line(ignition_pin, "ignition", chip))
    return VehicleThread(opener(setting, gpio.snap), line.read if ignition_pin else lambda: None)
