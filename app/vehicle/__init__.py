"""The vehicle: a source of its speed, and a line of its ignition -> how it moves.

opening, source  what `vehicle.source` names: gps with nmea, or can_bus with obd, which tells the speed alone
vehicle_thread   asks the source and the ignition's GPIO line -> reading.Vehicle, if the speed is plausible
motion           parked, slow, fast; attention/motion_rules.py says what follows
"""
