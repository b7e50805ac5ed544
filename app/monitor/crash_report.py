"""What faulthandler leaves of a process that crashed or hung, in words."""

from __future__ import annotations

import re

ALARM_S = 60.0  # the watchdog has tried in vain to run for so long; a Pi that swaps is slow, not hung
CRASH_MAX_BYTES = 16 * 1024  # faulthandler ends at 100 frames of 100 threads; the detector's 5 threads take 4 KiB
_FATAL = re.compile(r"^Fatal Python error: (.*)$", re.MULTILINE)
_THREAD = re.compile(r"^(?:Current thread|Thread) .*$", re.MULTILINE)
_FRAME = re.compile(r'^  File ".*?/(app/[^"]*)", line (\d+) in (\w+)', re.MULTILINE)


def place(stacks: str) -> str:
    """Where the main thread was, such as "app/observer.py line 41 (look)"; "" where no stack says so.

    faulthandler prints the newest thread first and the newest frame first, so it is the first of ours in the last part.
    """
    main = _THREAD.split(stacks)[-1]
    frame = _FRAME.search(main)
    return f"{frame[1]} line {frame[2]} ({frame[3]})" if frame else ""


def how_it_ended(stacks: str) -> str:
    """How a process ended that could not say so itself, in words, from what faulthandler left of it."""
    where = f" in {place(stacks)}" if place(stacks) else ""
    fatal = _FATAL.search(stacks)
    if fatal:
        return f"it crashed{where}: {fatal[1]}; its log has the stacks"
    if stacks.strip():
        return f"it hung{where} for {ALARM_S:.0f} s and did not even let its watchdog run; its log has the stacks"
    return (
        "it was ended from outside without a word: by hand, or by the kernel when memory ran out"
        " (`journalctl -k | grep -i oom` shows that)"
    )
