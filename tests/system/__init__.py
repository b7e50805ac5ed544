"""The whole: real processes, a real server, and every scenario from picture to event."""
