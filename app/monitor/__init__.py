"""The running detector: its loop, its report, its memory saver, its watchdog."""
