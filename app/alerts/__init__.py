"""What the driver hears and sees: patterns of buzzer and LED, and the pins that play them."""
