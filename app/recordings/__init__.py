"""Videos and pictures judged as fast as they go, with a timeline."""
