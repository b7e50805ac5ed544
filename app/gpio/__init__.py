"""Lines of the Raspberry Pi's header, for buzzer, LED and lamp, button and ignition."""
