"""A snapd for tests: `snap set` runs the real hook with a fake snapctl on the PATH."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

ROOT = Path(__file__).parents[2]
Table = dict[str, object]


@dataclass
class Snapd:
    """An installed drivewatch whose services are not really there."""

    folder: Path

    @classmethod
    def installed(cls, folder: Path, **state: object) -> Snapd:
        """An installed snap without any configuration."""
        for name in ("bin", "data", "common", "snap"):
            folder.joinpath(name).mkdir()
        folder.joinpath("snap/bin").symlink_to(ROOT / "snap/local/bin")
        folder.joinpath("snap/python").symlink_to(ROOT)
        snapctl = folder / "bin/snapctl"
        snapctl.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/support/fake_snapctl.py "$@"\n')
        snapctl.chmod(0o755)
        folder.joinpath("bin/python3").symlink_to(sys.executable)
        snapd = cls(folder)
        snapd._write({"config": {}, "calls": [], "broken": [], "detector": "active", "health": None, **state})
        return snapd

    @property
    def env(self) -> dict[str, str]:
        """The environment of hooks, services and commands, as snapcraft.yaml and snapd set it."""
        return {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "SNAP": str(self.folder / "snap"),
            "SNAP_DATA": str(self.data),
            "SNAP_COMMON": str(self.folder / "common"),
            "SNAP_INSTANCE_NAME": "drivewatch",
            "FAKE_SNAPD": str(self.folder / "snapd.json"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    @property
    def data(self) -> Path:
        """$SNAP_DATA."""
        return self.folder / "data"

    @property
    def state(self) -> Table:
        """The state of snapd: config, calls, health."""
        return cast(Table, json.loads(self.folder.joinpath("snapd.json").read_text()))

    def change(self, **state: object) -> None:
        """Change parts of the state."""
        self._write({**self.state, **state})

    @property
    def calls(self) -> list[list[str]]:
        """The calls of snapctl except those that read."""
        calls = cast("list[list[str]]", self.state["calls"])
        return [call for call in calls if call[0] not in ("get", "services")]

    def hook(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a hook as snapd does."""
        return subprocess.run(
            [str(ROOT / "snap/hooks" / name)], env=self.env, capture_output=True, text=True, cwd=self.folder, timeout=60
        )

    def command(self, *command: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program of the snap, named from $SNAP, as root does with sudo."""
        program, *arguments = (word.replace("$SNAP", str(self.folder / "snap")) for word in command)
        return subprocess.run(
            [str(self.folder / "snap" / program), *arguments],
            env=self.env,
            input=answer,
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=60,
        )

    def set(self, **values: object) -> str:
        """`snap set KEY=VALUE…`, __ for the dot and _ for the dash, None for `KEY!`; what the hook refused."""
        before = self.state
        after = copy.deepcopy(before)
        config = cast("dict[str, dict[str, object]]", after["config"])
        for key, value in values.items():
            section, _, name = key.replace("__", ".").replace("_", "-").rpartition(".")
            table = config.setdefault(section, {}) if section else cast(Table, config)
            table[name] = value
            if value is None:
                del table[name]
        self._write({**after, "calls": []})
        done = self.hook("configure")
        if done.returncode:
            self.change(config=before["config"])
        assert bool(done.returncode) == bool(done.stderr), done
        return done.stderr

    def get(self, key: str) -> object:
        """`snap get drivewatch KEY`."""
        section, _, name = key.rpartition(".")
        config = cast("dict[str, dict[str, object]]", self.state["config"])
        return (config[section] if section else cast(Table, config))[name]

    def _write(self, state: Table) -> None:
        self.folder.joinpath("snapd.json").write_text(json.dumps(state))
