"""The vehicle: a GPS receiver, the OBD-II socket or an ignition line -> its speed -> how it moves."""
