"""`make bench-snap`: size of the snaps, time to the first verdict, and the memory that byte-code saves the page.

Needs root to mount the snaps and to empty the page cache; what cannot be measured is printed as not tried.
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
from tests.benchmarks.measure import cpu_seconds
from tests.support.appliance import Browser, answers, free_port, pss_mb, wait_for

PYTHON = "3.12"
COMPRESSIONS = {"lzo": 90, "xz": 70}  # the aimed size in MB
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
    """A process of a module of the payload, and its run folder."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "PYENV_VERSION": PYTHON, "PYTHONPATH": str(library), "PYTHONSAFEPATH": "1"}
        env |= {"DRIVEWATCH_DATA": folder, "XDG_RUNTIME_DIR": folder, "PYTHONDONTWRITEBYTECODE": "1", **more}
        base = subprocess.run([interpreter, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True)
        program = [base.stdout.strip(), "-S", "-m", *command]  # the Python itself, not a launcher such as pyenv's
        with subprocess.Popen(
            program, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield process, Path(folder, "drivewatch")
            finally:
                process.terminate()


def first_verdict(interpreter: str, snap: Path) -> str:
    """Time from the start of the detector to the first face, from a snap that is not in the page cache."""
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
                cpu_s = cpu_seconds(process.pid)
        finally:
            subprocess.run(["umount", folder], check=True)
    return f"first verdict after {wall_s:.1f} s, {cpu_s:.1f} s of CPU"


def has_face(path: Path) -> bool:
    """Whether the detector has found a face."""
    found = status.read(path)
    return found is not None and found.signals.has_face


def page_mb(interpreter: str, library: Path) -> float:
    """PSS of gunicorn's master and worker after a view of the sign-in page."""
    port = free_port()
    command = ("app.service.page", "-c", str(library / "admin/gunicorn.conf.py"))
    with running(interpreter, library, *command, PORT=str(port)) as (master, _):
        assert wait_for(lambda: answers(port))
        assert Browser(port).get("/login").status == 200
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        return sum(pss_mb(pid) for pid in (master.pid, *map(int, children)))


if __name__ == "__main__":
    sys.exit(main())
