"""`python -m app COMMAND`."""

from __future__ import annotations

import signal
import sys

from app.commands.command_line import ENDING_S, main

if __name__ == "__main__":
    exit_status = main()
    signal.alarm(ENDING_S)
    sys.exit(exit_status)
