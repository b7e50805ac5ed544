"""snap/snapcraft.yaml, its commands and hooks, as far as they can be checked without snapd."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TypedDict, cast

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from admin.health.rows import PLUG
from app.version import VERSION
from snap.local.pack import HOOKS, SNAPCRAFT_YAML, snap_yaml, write_meta
from snap.local.stage import LOCAL
from tests.support.snapd import Snapd

# Least privilege: the plugs of each app. The detector reaches no network; the page no hardware, of which it
# may read the kernel's sensors, if somebody connects that plug.
HARDWARE = {"camera", "gpio-control", "buzzer", "led", "raw-usb", "serial-port", "can-bus"}
PLUGS = {
    "detector": HARDWARE,
    "check": HARDWARE,
    "admin": {"network-bind", PLUG},
    "drivewatch": {"network-bind"},
    "enable-https": {"network-bind"},
}


class App(TypedDict, total=False):
    command: str
    daemon: str
    plugs: list[str]
    environment: dict[str, str]
    sockets: dict[str, dict[str, int]]


SOURCE = yaml.safe_load(SNAPCRAFT_YAML.read_text())
APPS = cast("dict[str, App]", SOURCE["apps"])


@pytest.fixture
def snapd(tmp_path: Path) -> Snapd:
    return Snapd.installed(tmp_path)


@pytest.mark.skipif("SNAPCRAFT_SCHEMA" not in os.environ, reason="SNAPCRAFT_SCHEMA names no file of snapcraft's")
def test_snapcraft_yaml_is_valid_by_snapcrafts_schema() -> None:
    definitions = json.loads(Path(os.environ["SNAPCRAFT_SCHEMA"]).read_text())["$defs"]
    schema = {"$ref": "#/$defs/Core24Project", "$defs": definitions}
    error = best_match(Draft202012Validator(schema).iter_errors(SOURCE))
    assert error is None, str(error)
    misspelt = {**SOURCE, "apps": {"detector": {**APPS["detector"], "deamon": "simple"}}}
    assert not Draft202012Validator(schema).is_valid(misspelt)


@pytest.mark.parametrize("name", APPS)
def test_an_app_has_the_plugs_it_is_allowed_and_no_others(name: str) -> None:
    assert set(APPS[name].get("plugs", [])) == PLUGS.get(name, set())


def test_the_snap_asks_for_nothing_beyond_strict_confinement() -> None:
    assert SOURCE["confinement"] == "strict"
    assert {plug["interface"] for plug in SOURCE["plugs"].values()} == {"gpio-chardev"}
    assert not {"slots", "layout", "passthrough"} & (set(SOURCE) | {key for app in APPS.values() for key in app})
    assert not any(SOURCE["hooks"].values())  # hooks need no plug


@pytest.mark.parametrize("name", sorted(set(APPS) - {"admin"}))
def test_each_command_of_the_snap_prints_its_help(snapd: Snapd, name: str) -> None:
    done = snapd.command(*APPS[name]["command"].split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        f"usage: {APPS[name]['command'].removeprefix('bin/').replace('python-m', 'python -m')}"
    )


def test_gunicorn_accepts_the_pages_configuration(snapd: Snapd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run outside a snap, as /run/snap.drivewatch belongs to snapd."""
    env = {**snapd.env, "SNAP_INSTANCE_NAME": "", "XDG_RUNTIME_DIR": str(snapd.folder)}
    monkeypatch.setattr(Snapd, "env", {**env, **APPS["admin"]["environment"]})
    done = snapd.command(*APPS["admin"]["command"].split(), "--check-config")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_and_systemd_use_the_same_port() -> None:
    admin = APPS["admin"]
    assert admin["sockets"]["page"]["listen-stream"] == int(admin["environment"]["PORT"])


def test_every_hook_exists_and_is_executable() -> None:
    assert {path.name for path in HOOKS.iterdir()} == set(SOURCE["hooks"])
    assert all(os.access(path, os.X_OK) for path in (*HOOKS.iterdir(), *LOCAL.joinpath("bin").iterdir()))


def test_commands_import_no_module_from_the_current_folder(snapd: Snapd) -> None:
    snapd.folder.joinpath("app").mkdir()
    snapd.folder.joinpath("app/__main__.py").write_text("print('not ours')\n")
    assert SOURCE["environment"]["PYTHONSAFEPATH"] == snapd.env["PYTHONSAFEPATH"]
    assert "not ours" not in snapd.command("bin/python-m", "app", "check", "--help").stdout


def test_the_generated_snap_yaml_equals_snapcrafts() -> None:
    made = snap_yaml(SOURCE, "arm64")
    assert (made["version"], made["architectures"], made["name"]) == (VERSION, ["arm64"], "drivewatch")
    assert made["apps"] == SOURCE["apps"]
    assert not {"parts", "platforms", "adopt-info", "compression"} & set(made)


def test_snap_pack_reports_no_problem(tmp_path: Path) -> None:
    """`snap pack` reports plugs that it does not know on stderr alone; gpio-chardev is younger than Debian 12's."""
    if not shutil.which("snap"):
        pytest.skip("not tried: no command snap here; sudo apt install snapd squashfs-tools")
    shutil.copytree(LOCAL / "bin", tmp_path / "bin")
    write_meta(tmp_path, SOURCE, "amd64")
    assert checked(tmp_path) in (
        "",
        'snap "drivewatch" has bad plugs or slots: buzzer, led (unknown interface "gpio-chardev")',
    )
    write_meta(tmp_path, {**SOURCE, "plugs": {"buzzer": {"interface": "no-such"}}}, "amd64")
    assert 'unknown interface "no-such"' in checked(tmp_path)


def checked(prime: Path) -> str:
    prime.chmod(0o755)  # pytest's folders are private, and snapd must be able to read
    done = subprocess.run(["snap", "pack", "--check-skeleton", str(prime)], capture_output=True, text=True)
    assert done.returncode == 0, done
    return done.stderr.strip()
