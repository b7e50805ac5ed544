"""drivewatch."""
