"""What the detector and the page tell each other through the run folder."""
