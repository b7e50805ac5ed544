"""Videos and pictures judged as fast as they go: frames -> look_times (which of them) -> analyze, plot (a timeline)."""
