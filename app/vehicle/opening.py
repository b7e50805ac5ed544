"""Opens what the settings name. The rest of this room is imported only then: most people have neither GPS nor CAN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.gpio.lines import Gpio, InputLine
from config.settings import Settings

if TYPE_CHECKING:
    from app.vehicle.vehicle_thread import VehicleThread


def open_vehicle(settings: Settings) -> VehicleThread | None:
    """Follows what the settings name, once it is entered; None where they name nothing."""
    source, ignition_pin, chip = settings.vehicle.source, settings.vehicle.ignition_pin, settings.raspberry_pi.gpio_chip
    if source == "none" and not ignition_pin:
        return None
    from app.vehicle.vehicle_thread import VehicleThread, opener

    gpio = Gpio()
    line = InputLine(gpio, lambda: gpio.find_line(ignition_pin, "ignition", chip))
    return VehicleThread(opener(source, gpio.snap), line.read if ignition_pin else lambda: None)
