"""Other users of the machine: what they plant is neither followed nor obeyed, and messages name the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import pytest

from app.telemetry.requests import take
from app.telemetry.run_folder import replace_file
from config import password
from config.paths import REQUESTS, STATUS, Paths
from tests.support.appliance import ROOT, Browser, answers, free_port, wait_for

NEIGHBOUR = 65534  # nobody
SECRET, PASSWORD = "root's own", "zebra quilt vortex"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who becomes another user")

# What another user planted first: links to a file of root, a request, and a FIFO
PLANT = """
import os, sys
run, victim = sys.argv[1:]
os.umask(0)
os.mkdir(run, 0o777)
os.mkdir(f"{run}/requests", 0o777)
open(f"{run}/requests/mute", "w").close()
for name in ("status.json", ".status.json.new", "detector.crash", "detector.lock", "failure.json", "preview.jpg"):
    os.symlink(victim, f"{run}/{name}")
os.symlink(f"{victim}-made", f"{run}/.memory-history.json.new")
os.mkfifo(f"{run}/memory-history.json")
"""


@pytest.fixture(scope="module", autouse=True)
def cheap_hashes() -> None:
    """None here: the page is a process of its own, with the real ones."""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that all users share, like /tmp; pytest's own are private."""
    with TemporaryDirectory(prefix="drivewatch-neighbours-") as made:
        Path(made).chmod(0o1777)
        yield Path(made)


@pytest.fixture
def paths(place: Path) -> Paths:
    """Paths whose run folder belongs to another user."""
    (place / "victim").write_text(SECRET)
    made = Paths(place / "data", place / "drivewatch", place / "data")
    command = ["setpriv", f"--reuid={NEIGHBOUR}", f"--regid={NEIGHBOUR}", "--clear-groups", sys.executable, "-c", PLANT]
    subprocess.run([*command, made.run, place / "victim"], check=True)
    return made


def environment(paths: Paths) -> dict[str, str]:
    return {**os.environ, "DRIVEWATCH_DATA": str(paths.data), "XDG_RUNTIME_DIR": str(paths.run.parent)}


def unharmed(paths: Paths) -> bool:
    place = paths.run.parent
    return (place / "victim").read_text() == SECRET and not (place / "victim-made").exists()


@as_root
def test_s29_a_run_folder_of_another_user_is_neither_followed_nor_obeyed(paths: Paths) -> None:
    log = paths.run.parent / "log"
    command = [sys.executable, "-m", "app", "run", "--camera", "fake:attentive"]
    with (
        log.open("wb") as said,
        subprocess.Popen(command, cwd=ROOT, env=environment(paths), stdout=said, stderr=said) as process,
    ):
        try:
            assert wait_for(lambda: "  attentive" in log.read_text())  # it watches
        finally:
            process.terminate()
            assert process.wait(20) == 0
    assert f"{paths.run} belongs to another user: `sudo rm -r {paths.run}`" in log.read_text()
    assert "asks to mute" not in log.read_text() and unharmed(paths)
    assert (paths.run / REQUESTS / "mute").exists()  # the request was not even taken


@as_root
def test_s29_the_commands_name_the_foreign_run_folder_and_ignore_it(paths: Paths) -> None:
    for command in ("status", "check"):
        found = subprocess.run(
            [sys.executable, "-m", "app", command], cwd=ROOT, env=environment(paths), capture_output=True, text=True
        )
        assert found.returncode == 1 and f"`sudo rm -r {paths.run}`" in found.stdout, found
    subprocess.run(
        [sys.executable, "-m", "app", "factory-reset", "--yes"], cwd=ROOT, env=environment(paths), capture_output=True
    )
    assert unharmed(paths) and (paths.run / REQUESTS / "mute").exists()


@as_root
def test_s29_the_page_names_the_foreign_run_folder_and_ignores_it(paths: Paths) -> None:
    """With a real gunicorn, which cannot use the run folder either."""
    paths.data.mkdir()
    password.save(paths.admin_password, PASSWORD)
    port = free_port()
    command = [sys.executable, "-m", "app.service.page", "-c", "admin/gunicorn.conf.py"]
    with subprocess.Popen(command, cwd=ROOT, env={**environment(paths), "PORT": str(port)}) as process:
        try:
            assert wait_for(lambda: answers(port))
            browser = Browser(port)
            assert browser.ask("POST", "/login", urlencode({"password": PASSWORD})).status == 302
            assert f"sudo rm -r {paths.run}" in browser.get("/").text
            assert browser.get("/preview.jpg").status == 503
            assert f"sudo rm -r {paths.run}" in browser.get("/api/v1/status").text
            browser.post("/ask", what="mute")
            assert "could not be asked" in browser.get("/").text
        finally:
            process.terminate()
            process.wait(20)
    assert unharmed(paths)


@as_root
def test_s29_root_uses_run_drivewatch_if_its_folder_is_not_its_own(paths: Paths) -> None:
    os.chown(paths.run.parent, NEIGHBOUR, NEIGHBOUR)
    assert Paths.from_environment(environment(paths)).run == Path("/run/drivewatch")
    assert Paths.from_environment({}).run == Path("/run/drivewatch")


@as_root
def test_s29_files_of_another_user_in_our_folder_are_ignored(paths: Paths) -> None:
    """The neighbour came while the folder was open to all."""
    os.chown(paths.run, 0, 0)
    os.chown(paths.run / REQUESTS, 0, 0)
    assert take(paths.run) == []
    assert replace_file(paths.run / STATUS, b"{}") and unharmed(paths)
    assert (paths.run / STATUS).read_bytes() == b"{}" and not (paths.run / STATUS).is_symlink()
