"""The running detector: its loop, its report, its memory savings, its watchdog."""
