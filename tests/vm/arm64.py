"""The payload for arm64, run under qemu-user: `python -m tests.vm.arm64`, as root on Debian.

Exit status 0 also when arm64 cannot be run here, which is said and is no fault of drivewatch.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from app.fake_driver.record import record
from app.fake_driver.scenario import load_scenario
from tests.support.appliance import Browser, free_port
from tests.vm.archive import BASE_PACKAGES, BASE_PYTHON, BASE_SUITE, HERE, NotTried, bootstrap, need
from tests.vm.build import once
from tests.vm.cargo import ROOT
from tests.vm.end_to_end import FOLDER
from tests.vm.frames import SCENARIO, SIZE
from tests.vm.installed import wait_for
from tests.vm.table import Row, tried

PACKAGES = "mmdebstrap qemu-user-static"
BINFMT = Path("/proc/sys/fs/binfmt_misc")
HANDLER = BINFMT / "qemu-aarch64"
DECLARED = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")  # of Debian's package, for systemd
SNAP = "opt/drivewatch"  # in the root
APART_MAX_PX = 1.0
PICTURES_FPS = 0.2  # of the drive: one in five seconds
PATIENCE_S = 120.0
# The machine's devices and processes, as a snap sees them too, for the command alone
ENTER = 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"'
HAS = {"configuration", "data folder", "camera", "picture", "face mesh", "memory"}  # of check, without GPIO


def main() -> int:
    try:
        need("mmdebstrap", "qemu-aarch64-static", "unshare", packages=PACKAGES)
        with arm64_programs():
            root = FOLDER / "arm64"
            FOLDER.mkdir(parents=True, exist_ok=True)
            once(root, partial(bootstrap, suite=BASE_SUITE, packages=BASE_PACKAGES, architecture="arm64"))
            rows = all_of(root)
    except NotTried as reason:
        print(f"not tried: {reason}")
        return 0
    print("not tried: an arm64 processor; qemu-user gives its instructions, neither its speed nor its memory")
    return 1 if not all(row.is_well for row in rows) else 0


@contextmanager
def arm64_programs() -> Iterator[None]:
    """Have the kernel start them by qemu until the end of the block. Raises: NotTried."""
    with ExitStack() as undo:  # of what was done, also when only the first of the two works
        try:
            if not (BINFMT / "status").exists():
                mount = ["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)]
                subprocess.run(mount, check=True, capture_output=True)
                undo.callback(subprocess.run, ["umount", str(BINFMT)], check=True)
            if not HANDLER.exists():
                (BINFMT / "register").write_bytes(DECLARED.read_bytes().rstrip(b"\n"))
                undo.callback(HANDLER.write_text, "-1")
        except (OSError, subprocess.CalledProcessError) as error:
            raise NotTried(f"the kernel does not start arm64 programs ({error}): as root, with {PACKAGES}") from error
        yield


def all_of(root: Path) -> list[Row]:
    """Everything that is tried; without a payload nothing else."""
    rows: list[Row] = []
    steps: Sequence[Callable[[Path], str]] = (payload, check, landmarks, everything, page, detector)
    for one in steps:
        rows.append(tried(one.__name__, partial(one, root)))
        if one is payload and not rows[-1].is_well:
            break
    return rows


def payload(root: Path) -> str:
    """The same stage as the snap's, into the root."""
    command = ["make", "-s", "stage", f"DESTDIR={root / SNAP}", "ARCH=arm64", f"PYTHON={BASE_PYTHON}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr.strip()[-500:]
    for name in ("guest/landmarks.py", "../../snap/local/tryout.py"):
        shutil.copy(HERE / name, root / "opt")
    return done.stdout.strip().splitlines()[-1].rpartition(": ")[2]


def entering(root: Path, *command: str) -> list[str]:
    """A command line in the root."""
    return ["unshare", "--mount", "sh", "-euc", ENTER, str(root), *command]


def environment(port: int = 8080) -> Mapping[str, str]:
    """Of what runs in the root."""
    names = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": f"/{SNAP}/python",
    }
    folders = {"DRIVEWATCH_DATA": "/var/lib/drivewatch", "XDG_RUNTIME_DIR": "/run"}
    return {**names, **folders, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1", "PORT": str(port)}


def run(root: Path, *command: str, may_fail: bool = False) -> str:
    """What a command in the root prints. Raises: AssertionError when it fails."""
    done = subprocess.run(entering(root, *command), env=environment(), capture_output=True, text=True, timeout=600)
    assert may_fail or done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()[-500:]}"
    return done.stdout


def check(root: Path) -> str:
    """All is well but the GPIO, which qemu has none of."""
    said = run(root, "python3", "-m", "app", "check", "--camera", "fake:attentive", may_fail=True)
    well = {line[5:19].strip() for line in said.splitlines() if line.startswith("ok")}
    assert well >= HAS, f"not well: {', '.join(sorted(HAS - well))}\n{said}"
    assert "aarch64" in said, said
    return next(line for line in said.splitlines() if "face mesh" in line)[5:]


def landmarks(root: Path) -> str:
    """The same pictures here and there."""
    pictures = root / "opt/pictures"
    scenario = load_scenario(str(SCENARIO))
    count = record(scenario, pictures, PICTURES_FPS, scenario.length_s, SIZE)
    here = json.loads(
        subprocess.run(
            [sys.executable, str(HERE / "guest/landmarks.py"), str(pictures)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    there = json.loads(run(root, "python3", "/opt/landmarks.py", "/opt/pictures"))
    apart = {model: max(_apart_px(here[model][name], there[model][name]) for name in here[model]) for model in here}
    said = ", ".join(f"{model} {px:.3f} px" for model, px in apart.items())
    assert max(apart.values()) <= APART_MAX_PX, f"landmarks lie apart: {said}"
    return f"of {count} pictures at most apart from x86's: {said}"


def _apart_px(here: Sequence[Sequence[float]], there: Sequence[Sequence[float]]) -> float:
    assert len(here) == len(there) > 0, f"{len(here)} landmarks here, {len(there)} there"
    return float(np.linalg.norm(np.array(here)[:, :2] - np.array(there)[:, :2], axis=1).max())


def everything(root: Path) -> str:
    """What the stage tries of a payload for the machine that it is made on."""
    run(root, "python3", "-S", "-s", "/opt/tryout.py")
    return "every module imported, faces by each model, a video judged, the page asked"


@contextmanager
def service(root: Path, *command: str, port: int = 8080) -> Iterator[subprocess.Popen[bytes]]:
    """Something that runs in the root until the end of the block; what it says is in a log."""
    with (FOLDER / "arm64.service.log").open("w") as log:
        process = subprocess.Popen(entering(root, *command), env=environment(port), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def page(root: Path) -> str:
    password = re.search(r"password: (\S+)", run(root, "python3", "-m", "app", "admin-password"))
    assert password
    browser = Browser(port := free_port(), timeout_s=60)
    command = ("python3", "-m", "app.service.page", "-c", f"/{SNAP}/python/admin/gunicorn.conf.py")
    with service(root, *command, port=port) as process:
        sign_in = urlencode({"password": password[1]})
        signed_in = wait_for("the page", lambda: browser.ask("POST", "/login", sign_in), PATIENCE_S)
        assert signed_in.status == 302, signed_in
        assert "No password" not in browser.get("/").text
        assert browser.get("/settings/").status == 200
        pids = [process.pid, *map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())]
        return f"answers, signed in; {' + '.join(f'{rss_mb(pid):.0f}' for pid in pids)} MB RSS, qemu's own included"


def detector(root: Path) -> str:
    """Until it judges the rendered driver."""
    began_s = time.monotonic()
    with service(root, "python3", "-m", "app", "run", "--camera", "fake:attentive") as process:
        file = root / "run/drivewatch/status.json"
        wait_for("a verdict", lambda: '"state":"attentive"' in file.read_text(), PATIENCE_S)
        took_s = time.monotonic() - began_s
        with service(root, "python3", "-c", "import time; time.sleep(60)") as bare:
            time.sleep(2)
            bare_mb = rss_mb(bare.pid)
        return (
            f"attentive after {took_s:.0f} s; {rss_mb(process.pid):.0f} MB RSS, qemu's own included, "
            f"which with a bare Python is {bare_mb:.0f} MB"
        )


def rss_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    sys.exit(main())
