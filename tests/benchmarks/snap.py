"""`make bench-snap`: what a snap weighs, how soon its detector watches, and what byte-code saves the page.

As root, for it mounts the snaps and empties the page cache; what cannot be measured is printed as not tried.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.telemetry import status
from config.paths import STATUS
from snap.local.pack import BUILD, pack
from snap.local.stage import TARGETS, interpreter_of
from tests.support.appliance import Browser, free_port, pss_mb, wait_for

PYTHON = "3.12"
COMPRESSIONS = {"lzo": 90, "xz": 70}  # MB, the aims
RUNS = 3
CACHES = Path("/proc/sys/vm/drop_caches")


def main() -> int:
    """Print the figures."""
    here = next((target.arch for target in TARGETS.values() if target.machine == platform.machine()), "")
    for compression, aim_mb in COMPRESSIONS.items():
        folder = BUILD / "bench" / compression
        folder.mkdir(parents=True, exist_ok=True)
        for arch in TARGETS:
            print(f"{pack(arch, PYTHON, compression, folder)}; the aim is {aim_mb}", flush=True)
    interpreter = interpreter_of(PYTHON)
    if interpreter is None or not here or os.geteuid() != 0:
        print(f"start and page not tried: needs root, python{PYTHON} and one of {', '.join(TARGETS)}")
        return 0
    for compression in COMPRESSIONS:
        (snap,) = (BUILD / "bench" / compression).glob(f"*_{here}.snap")
        for _ in range(RUNS):
            print(f"{compression}: {first_verdict(interpreter, snap)}", flush=True)
    prime = BUILD / f"prime-{here}-{PYTHON}"
    print(f"page, after its first view: {page_mb(interpreter, prime / 'python'):.1f} MB PSS")
    with tempfile.TemporaryDirectory(dir=BUILD) as parent:
        bare = Path(parent, "python")
        shutil.copytree(prime / "python", bare, copy_function=os.link, ignore=shutil.ignore_patterns("__pycache__"))
        print(f"the same without byte-code: {page_mb(interpreter, bare):.1f} MB PSS")
    return 0


@contextmanager
def running(
    interpreter: str, library: Path, *command: str, **more: str
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A module of the payload alone, and its run folder."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "PYENV_VERSION": PYTHON, "PYTHONPATH": str(library), "PYTHONSAFEPATH": "1"}
        env |= {"DRIVEWATCH_DATA": folder, "XDG_RUNTIME_DIR": folder, "PYTHONDONTWRITEBYTECODE": "1", **more}
        base = subprocess.run([interpreter, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True)
        program = [base.stdout.strip(), "-S", "-m", *command]  # the Python itself, not what starts it
        with subprocess.Popen(
            program, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield process, Path(folder, "drivewatch")
            finally:
                process.terminate()


def first_verdict(interpreter: str, snap: Path) -> str:
    """From the start of the detector until it has found a face, from a snap of which nothing is in memory yet."""
    with tempfile.TemporaryDirectory() as folder:
        os.sync()
        CACHES.write_text("3\n")
        subprocess.run([interpreter, "-c", "import json, ctypes, logging, argparse, sqlite3"], check=True)  # the base's
        subprocess.run(["mount", "-o", "loop,ro", str(snap), folder], check=True)
        try:
            began_s = time.monotonic()
            with running(interpreter, Path(folder, "python"), "app", "run", "--camera", "fake:attentive") as (
                process,
                run,
            ):
                assert wait_for(lambda: has_face(run / STATUS))
                wall_s = time.monotonic() - began_s
                figures = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
                cpu_s = (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")
        finally:
            subprocess.run(["umount", folder], check=True)
    return f"first verdict after {wall_s:.1f} s, {cpu_s:.1f} s of CPU"


def has_face(path: Path) -> bool:
    """Whether the detector has seen one."""
    found = status.read(path)
    return found is not None and found.signals.has_face


def page_mb(interpreter: str, library: Path) -> float:
    """PSS of gunicorn's master and worker once the form to sign in was asked for."""
    port = free_port()
    command = ("app.service.page", "-c", str(library / "admin/gunicorn.conf.py"))
    with running(interpreter, library, *command, PORT=str(port)) as (master, _):
        browser = Browser(port)
        assert wait_for(lambda: answers(browser))
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        return sum(pss_mb(pid) for pid in (master.pid, *map(int, children)))


def answers(browser: Browser) -> bool:
    """Whether the page is there."""
    try:
        return browser.get("/login").status == 200
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
