"""The vehicle: a source of its speed, and a line of its ignition -> how it moves.

gps, nmea          a GPS receiver: speed and time
can_bus, obd       the OBD-II socket: speed alone; the ignition comes from a GPIO line (vehicle_thread)
source, opening    what a source is, and opening that of the settings
plausible          whether a speed may be believed
vehicle_thread     asks the source; -> reading.Vehicle, of which an old speed is none
motion             speed and ignition -> parked, slow, fast; attention/motion_rules.py says what follows
"""
