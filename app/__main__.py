"""`python -m app COMMAND`."""

from __future__ import annotations

import os
import signal
import sys
import threading

from app.commands.command_line import main

ENDING_S = 10  # an interpreter whose end hangs, in a full pipe, is ended by the kernel

if __name__ == "__main__":
    exit_status = main()
    signal.alarm(ENDING_S)
    if threading.active_count() > 1:
        # A thread that was left behind in a driver's call: all is closed, and the interpreter's own end would tear it
        # out of native code, which may abort the process
        print(end="", flush=True)
        os._exit(exit_status)
    sys.exit(exit_status)
