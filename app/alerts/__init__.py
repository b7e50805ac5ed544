"""What the driver hears and sees. Muting is decided before: monitor/driver_feedback.py.

alert (a thread that plays cues and shows verdicts) -> output (one pin) -> pins (gpiozero on app/gpio)
patterns   which beeps and flashes these are; lamp: when the infrared lamp is on
"""
