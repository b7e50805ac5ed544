"""drivewatch installed for real: `python -m tests.vm.end_to_end`, as root on Debian; a table tells each step.

Exit status 0 also when the machine cannot be had, which is said and is no fault of drivewatch.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.vm import frames
from tests.vm.archive import BASE_PYTHON, HERE, NotTried, need
from tests.vm.build import make_base, make_disk, once
from tests.vm.installed import CARGO, Installed
from tests.vm.machine import CommandFailed, Machine, running
from tests.vm.steps import STEPS, install

ROOT = HERE.parents[1]
FOLDER = ROOT / "build/vm"
PACKAGES = "qemu-system-x86 qemu-utils mmdebstrap squashfs-tools e2fsprogs openssh-client snapd"
COMMANDS = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mksquashfs", "mkfs.ext4", "ssh", "ssh-keygen", "snap")
LIMITS = """not tried, as no such machine can: Ubuntu Core itself, a Raspberry Pi, the store and what it connects.
The base is a stand-in of Debian's packages with Python {python}; emulated seconds are not a Pi's."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    step: str
    is_well: bool
    result: str
    seconds: float

    def __str__(self) -> str:
        verdict = "ok" if self.is_well else "FAILED"
        return f"{self.step.replace('_', ' '):21} {verdict:6} {self.seconds:4.0f} s  {self.result}"


def main() -> int:
    began_s = time.monotonic()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        need(*COMMANDS, packages=PACKAGES)
        rows, facts = _tried()
    except NotTried as reason:
        print(f"not tried: {reason}")
        return 0
    print("\n".join(map(str, rows)))
    print(*(f"  {name}: {fact}" for name, fact in facts.items()), sep="\n")
    print(LIMITS.format(python=BASE_PYTHON))
    failed = sum(not row.is_well for row in rows)
    print(f"{failed or 'none'} of {len(rows)} steps failed, {time.monotonic() - began_s:.0f} s in all")
    return 1 if failed else 0


def _tried() -> tuple[list[Row], dict[str, str]]:
    """Raises: NotTried; SystemExit when there is no snap to install."""
    with ThreadPoolExecutor() as pool:
        machine_parts = [
            pool.submit(once, FOLDER / "disk.raw", make_disk),
            pool.submit(once, FOLDER / "core24.snap", make_base),
        ]
        made, rows = _step("build the snap", make_snaps)
        if not made:
            return rows, {}
        _, machine_rows = _step("build the machine", lambda: "; ".join(part.result().name for part in machine_parts))
    cargo = load()
    began_s = time.monotonic()
    with running(FOLDER, cargo) as machine:
        _set_up(machine)
        rows += [*machine_rows, Row("boot", True, "kernel, AppArmor and snapd are real", time.monotonic() - began_s)]
        on = Installed.on(machine, FOLDER)
        for step in STEPS:
            is_well, lines = _step(step.__name__, lambda step=step: step(on))  # type: ignore[misc]
            rows += lines
            print(*lines, flush=True)
            if step is install and not is_well:
                break
        _keep_journal(machine)
    return rows, on.facts


def _step(name: str, do: Callable[[], str]) -> tuple[bool, list[Row]]:
    began_s = time.monotonic()
    is_well, result = True, ""
    try:
        result = do()
    except (AssertionError, CommandFailed, OSError) as error:
        is_well, result = False, str(error)
    return is_well, [Row(name, is_well, result, time.monotonic() - began_s)]


def make_snaps() -> str:
    """A snap for the stand-in base's Python, and the same as another version. Raises: CommandFailed."""
    command = [
        sys.executable,
        "snap/local/pack.py",
        "amd64",
        "--python",
        BASE_PYTHON,
        "--output",
        str(FOLDER / "snaps"),
    ]
    shutil.rmtree(FOLDER / "snaps", ignore_errors=True)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise CommandFailed(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
    (snap,) = (FOLDER / "snaps").glob("*.snap")
    snap.rename(FOLDER / "first.snap")
    prime = ROOT / f"build/prime-amd64-{BASE_PYTHON}"
    meta = prime / "meta/snap.yaml"
    first = meta.read_text()
    meta.write_text(re.sub(r"(?m)^version: .*", "version: second", first))
    try:
        (FOLDER / "second.snap").unlink(missing_ok=True)
        fast = ("-comp", "lzo", "-Xalgorithm", "lzo1x_1")
        subprocess.run(
            [
                "mksquashfs",
                str(prime),
                str(FOLDER / "second.snap"),
                "-noappend",
                "-all-root",
                "-quiet",
                "-no-progress",
                *fast,
            ],
            check=True,
        )
    finally:
        meta.write_text(first)
    return done.stdout.strip().splitlines()[-1]


def load() -> Path:
    """What goes along: snaps, pictures and the hardware's scripts, as a disk."""
    folder, cargo = FOLDER / "cargo", FOLDER / "cargo.squashfs"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "guest", folder)
    frames.write(folder / "frames.yuyv")
    for snap in ("snapd", "core24", "first", "second"):
        shutil.copy(FOLDER / f"{snap}.snap", folder)
    cargo.unlink(missing_ok=True)
    subprocess.run(
        ["mksquashfs", str(folder), str(cargo), "-noD", "-noF", "-noI", "-quiet", "-no-progress"], check=True
    )
    shutil.rmtree(folder)
    return cargo


def _set_up(machine: Machine) -> None:
    """Hardware, and the stand-ins for the store's snaps. Raises: NotTried."""
    try:
        machine.run(f"mkdir -p {CARGO}; mount -o ro /dev/vdb {CARGO}; sh {CARGO}/hardware.sh header")
        machine.run(f"sh {CARGO}/hardware.sh camera-in")
        for snap in ("snapd", "core24"):
            machine.run(f"snap install --dangerous {CARGO}/{snap}.snap", limit_s=400)
    except CommandFailed as error:
        raise NotTried(f"the machine cannot be set up: {error}") from error


def _keep_journal(machine: Machine) -> None:
    done = machine.ask("journalctl -b --no-pager")
    (FOLDER / "journal.txt").write_text(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
