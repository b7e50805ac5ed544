"""Security of a real appliance: what it leaves on disk, in memory and on the network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.telemetry import status
from tests.support.appliance import ROOT, Appliance, Browser, running, wait_for

PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"P6", b"BM")  # how pictures and videos begin
WATCHED_S = 12.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("appliance")


@pytest.fixture(scope="module")
def appliance(folder: Path) -> Iterator[Appliance]:
    """An appliance with all its folders in one, including the one for temporary files."""
    (folder / "tmp").mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder / "tmp")
    try:
        with running(folder, "--camera", "fake:commute") as made:
            yield made
    finally:
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before


def pictures(folder: Path) -> set[str]:
    """The names of files that are pictures now."""
    found = set()
    for path in folder.rglob("*"):
        try:
            with path.open("rb") as file:
                if file.read(8).startswith(PICTURES):
                    found.add(path.name)
        except OSError:
            continue
    return found


def sockets(pid: int) -> set[str]:
    """The inet sockets of a process, as the kernel lists them."""
    held = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    inodes = {found[1] for link in held if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    listed = set()
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            if line.split()[9] in inodes:
                listed.add(f"{table} {line.split()[1]}")
    return listed


def test_p1_no_picture_is_stored_and_the_detector_talks_to_nobody(appliance: Appliance, folder: Path) -> None:
    owner = appliance.signed_in()
    (detector,) = appliance.pids("app run")
    assert wait_for(lambda: "<strong>attentive</strong>" in owner.get("/").text)
    seen, over = set[str](), threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.update(pictures(folder))
            over.wait(0.02)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        over.wait(WATCHED_S)
        assert seen == set()  # no picture was requested
        assert Browser(appliance.port).get("/preview.jpg").status == 302  # a stranger cannot request one
        assert wait_for(lambda: owner.get("/preview.jpg").status == 200)
        assert owner.get("/preview.jpg").headers["Cache-Control"] == "no-store"
        assert wait_for(lambda: seen <= {"preview.jpg", ".preview.jpg.new"} and bool(seen))
        assert wait_for(lambda: pictures(folder) == set())  # ten seconds after the last request
        assert seen <= {"preview.jpg", ".preview.jpg.new"}
    finally:
        over.set()
        watcher.join()
    assert [*(folder / "data").rglob("*.jpg")] == []
    assert sockets(detector) == set()
    pages = [pid for pid in appliance.pids("gunicorn") if sockets(pid)]
    assert pages, "the walk sees no socket at all"


def test_p4_a_crash_leaves_no_copy_of_the_memory(appliance: Appliance) -> None:
    processes = [*appliance.pids("app run"), *appliance.pids("gunicorn"), *appliance.pids("app.fake_driver")]
    assert len(processes) == 4
    for pid in processes:
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.M), limits


def test_s18_the_server_names_no_version(appliance: Appliance) -> None:
    for path in ("/healthz", "/login", "/nowhere", "/static/page.css"):
        answer = Browser(appliance.port).get(path)
        assert answer.headers["Server"] == "gunicorn"
        assert not re.search(r"\d+\.\d+\.\d+", answer.text if "static" not in path else ""), path


def test_s25_the_detector_watches_without_any_network(tmp_path: Path) -> None:
    env = {**os.environ, "DRIVEWATCH_DATA": str(tmp_path / "data"), "XDG_RUNTIME_DIR": str(tmp_path)}
    unshare = shutil.which("unshare")
    assert unshare, "sudo apt install util-linux"
    alone = [unshare, "--net"] if os.geteuid() == 0 else [unshare, "--map-root-user", "--net"]
    command = [*alone, sys.executable, "-m", "app", "run", "--camera", "fake:attentive"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert wait_for(lambda: _frames(tmp_path) >= 3)
        finally:
            process.terminate()
            process.wait(20)


def _frames(folder: Path) -> int:
    found = status.read(folder / "drivewatch/status.json")
    return found.camera.frames if found else 0
