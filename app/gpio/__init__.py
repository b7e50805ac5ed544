"""Lines of the Raspberry Pi's header (lines), for buzzer, LED, lamp and ignition; and the button (button)."""
