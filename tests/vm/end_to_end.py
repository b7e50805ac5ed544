"""drivewatch installed for real: `python -m tests.vm.end_to_end [--short]`, as root on Debian; a table tells each step.

Exit status 0 also when the machine cannot be had, which is said and is no fault of drivewatch.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.vm.archive import BASE_PYTHON, NotTried, need
from tests.vm.build import make_base, make_disk, once
from tests.vm.cargo import ROOT, load, make_snaps
from tests.vm.installed import CARGO, LEAST_AVAILABLE, Installed
from tests.vm.machine import CommandFailed, Machine, running
from tests.vm.steps import SHORT, STEPS, Step, install
from tests.vm.table import Row, tried

FOLDER = ROOT / "build/vm"
PACKAGES = "qemu-system-x86 qemu-utils mmdebstrap squashfs-tools e2fsprogs openssh-client snapd"
COMMANDS = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mksquashfs", "mkfs.ext4", "ssh", "ssh-keygen", "snap")
ENOUGH_S = 3600.0  # half of it is enough on two cores that nobody else wants
LIMITS = """not tried, as no such machine can: Ubuntu Core itself, a Raspberry Pi, the store and what it connects.
The base is a stand-in of Debian's packages with Python {python}; emulated seconds are not a Pi's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try it all, and print a line for each step."""
    parser = argparse.ArgumentParser("python -m tests.vm.end_to_end", description=__doc__)
    parser.add_argument("--short", action="store_true", help="only what nothing but a real snapd and AppArmor shows")
    steps = SHORT if parser.parse_args(arguments).short else STEPS
    began_s = time.monotonic()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        need(*COMMANDS, packages=PACKAGES)
        rows, facts = _everything(steps, began_s + ENOUGH_S)
    except NotTried as reason:
        print(f"not tried: {reason}")
        return 0
    print(*(f"  {name}: {fact}" for name, fact in facts.items()), sep="\n")
    print(LIMITS.format(python=BASE_PYTHON))
    failed = sum(not row.is_well for row in rows)
    print(f"{failed or 'none'} of {len(rows)} steps failed, {time.monotonic() - began_s:.0f} s in all")
    if steps is SHORT:
        print(f"not tried by --short: {len(STEPS) - len(SHORT)} more steps")
    return 1 if failed else 0


def _everything(steps: Sequence[Step], deadline_s: float) -> tuple[list[Row], dict[str, str]]:
    """Raises: NotTried."""
    with ThreadPoolExecutor() as pool:
        parts = [
            pool.submit(once, FOLDER / "disk.raw", make_disk),
            pool.submit(once, FOLDER / "core24.snap", make_base),
        ]
        rows = [tried("build the snap", partial(make_snaps, FOLDER))]
        if not rows[0].is_well:
            return rows, {}
        rows.append(tried("build the machine", lambda: ", ".join(part.result().name for part in parts)))
    cargo = load(FOLDER)
    with running(FOLDER, cargo) as machine:
        rows.append(tried("set up", partial(set_up, machine)))
        on = Installed.on(machine, FOLDER)
        for number, step in enumerate(steps):
            if time.monotonic() > deadline_s:
                left = ", ".join(each.__name__ for each in steps[number:])
                print(f"not tried: {left}: this computer has taken {ENOUGH_S / 60:.0f} minutes for the others")
                break
            rows.append(tried(step.__name__, partial(step, on)))
            if step is install and not rows[-1].is_well:
                break
        (FOLDER / "journal.txt").write_text(machine.ask("journalctl -b --no-pager").stdout)
    return rows, on.facts


def set_up(machine: Machine) -> str:
    """Hardware, and the stand-ins for the store's snaps. Raises: NotTried."""
    try:
        machine.run(f"mkdir -p {CARGO}; mount -o ro /dev/vdb {CARGO}; sh {CARGO}/hardware.sh header")
        machine.run(f"sh {CARGO}/hardware.sh camera-in")
        machine.run(f"systemd-run --quiet --unit memory-watcher sh {CARGO}/memory-watcher.sh {LEAST_AVAILABLE}")
        for snap in ("snapd", "core24"):
            machine.run(f"snap install --dangerous {CARGO}/{snap}.snap")
    except CommandFailed as error:
        raise NotTried(f"the machine cannot be set up: {error}") from error
    return "kernel, AppArmor and snapd are real; the camera and the GPIO chip are the kernel's simulated ones"


if __name__ == "__main__":
    sys.exit(main())
