"""End to end: real processes, a real server, and every scenario from picture to event."""
