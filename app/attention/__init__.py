"""Whether the driver attends, judged from measurements and times alone: no camera, no clock."""
