"""What the detector and the page exchange through the run folder: status, failure, preview, requests."""
