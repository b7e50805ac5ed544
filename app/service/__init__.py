"""What runs beside the detector: the supervisor of `make run`, the page's process, snapd's health."""
