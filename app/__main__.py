"""`python -m app COMMAND`."""

from __future__ import annotations

import signal
import sys

from app.commands.command_line import main

ENDING_S = 10  # an interpreter whose end hangs, in a thread's driver or a full pipe, is ended by the kernel

if __name__ == "__main__":
    exit_status = main()
    signal.alarm(ENDING_S)
    sys.exit(exit_status)
