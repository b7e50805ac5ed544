"""The commands that keep updates for when the car is parked, as snap/README.md has them, under a real snapd."""

from __future__ import annotations

import re

from tests.vm.cargo import ROOT
from tests.vm.installed import Installed

CHAPTER = "## Updates while you drive"


def commands() -> list[str]:
    """Those of the chapter, without sudo and comments."""
    chapter = (ROOT / "snap/README.md").read_text().partition(CHAPTER)[2].partition("\n## ")[0]
    return [command.strip() for command in re.findall(r"^sudo (snap [^#\n]+)", chapter, re.MULTILINE)]


def updates(on: Installed) -> str:
    for command in commands():
        on.run(command)
    told = on.run("snap refresh --time")
    assert re.search(r"^hold: +forever", told, re.MULTILINE), told
    timer, metered = (on.run(f"snap get system refresh.{name}") for name in ("timer", "metered"))
    assert (timer, metered) == ("03:00-05:00", "hold"), (timer, metered)
    on.run("snap refresh --unhold")
    told = on.run("snap refresh --time")
    assert "hold:" not in told, told
    return "held forever, let go again; timer and metered networks as set"
