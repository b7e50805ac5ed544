"""What the driver hears and sees. Muting is decided before: monitor/driver_feedback.py.

alert     a thread that plays each cue on the buzzer and shows each verdict on the LED
patterns  which beeps and flashes these are; README.md has buzzers by name
lamp      when the infrared lamp is on
output    one pin that plays a pattern, and is opened again after it was lost
pins      gpiozero on the lines of app/gpio
"""
