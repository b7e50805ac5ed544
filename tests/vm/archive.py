"""Root file systems from Debian's archive, the one that this machine's own apt takes its packages from."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
BASE_SUITE = "bookworm"  # its Python is 3.11
BASE_PYTHON = "3.11"
BASE_PACKAGES = ("python3", "libstdc++6", "openssl")
APT_OPTIONS = (
    'APT::Install-Recommends "false"',
    'Acquire::Languages "none"',
    'Acquire::Check-Valid-Until "false"',  # a mirror may stand still
)
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")


class NotTried(Exception):
    """The machine to try it on cannot be had, which is no fault of drivewatch; the text says why."""


def need(*commands: str, packages: str) -> None:
    """Raises: NotTried, naming what is missing and what helps."""
    if os.geteuid() != 0:
        raise NotTried("a root file system is made as root: sudo make, with the same target")
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        raise NotTried(f"{', '.join(missing)} not installed: sudo apt-get install {packages}")


def debian() -> str:
    """The archive's address. Raises: NotTried."""
    command = ["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        label, _, address = line.partition(" ")
        if label == "Debian":
            return address
    raise NotTried("this machine's apt knows no Debian archive: sudo apt-get update, on Debian")


def bootstrap(
    root: Path,
    suite: str,
    packages: Sequence[str],
    *,
    architecture: str = "amd64",
    from_suites: Mapping[str, str] | None = None,
    hooks: Sequence[str] = (),
) -> None:
    """Make a root file system; packages named in from_suites come from other suites than the rest.

    Raises: NotTried; the log is beside the root.
    """
    shutil.rmtree(root, ignore_errors=True)
    archive, pins = debian(), root.with_name(f"{root.name}.pins")
    pins.write_text("".join(_pins(from_suites or {})))
    suites = (suite, *sorted(set((from_suites or {}).values())))
    command = [
        *("mmdebstrap", "--mode=root", "--variant=minbase", f"--architectures={architecture}"),
        *(f"--aptopt={option}" for option in APT_OPTIONS),
        *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT),
        f"--setup-hook=install -D -m 644 {pins} $1/etc/apt/preferences.d/suites",
        f"--include={','.join(packages)}",
        *hooks,
        *(suite, str(root), *(f"deb {archive} {each} main" for each in suites)),
    ]
    log = root.with_name(f"{root.name}.log")
    with log.open("w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        shutil.rmtree(root, ignore_errors=True)
        raise NotTried(f"mmdebstrap cannot make {root.name} of {suite} ({_last_error(log)}); all of it: {log}")


def _pins(from_suites: Mapping[str, str]) -> Iterator[str]:
    for suite in sorted(set(from_suites.values())):
        yield f"Package: *\nPin: release n={suite}\nPin-Priority: 50\n\n"
    for package, suite in from_suites.items():
        yield f"Package: {package}\nPin: release n={suite}\nPin-Priority: 990\n\n"


def _last_error(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E: ") and "failed" not in line]
    return (errors or lines or ["it said nothing"])[-1 if not errors else 0]
