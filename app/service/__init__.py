"""What runs beside the detector: appliance (supervises `make run`), page (its process), health (as snapd shows it)."""
