"""The .snap files without snapcraft: the same payload, meta/snap.yaml from snap/snapcraft.yaml, and `snap pack`.

`python snap/local/pack.py amd64 arm64`. Needs the commands snap and mksquashfs, of Debian's packages snapd and
squashfs-tools; no store and no running snapd. Where snapcraft is installed it does all of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from app.version import VERSION
from snap.local.stage import ROOT, TARGETS, StageError, stage

SNAPCRAFT_YAML = ROOT / "snap/snapcraft.yaml"
HOOKS = ROOT / "snap/hooks"
BUILD = ROOT / "build"
# What snapcraft reads for itself; all else stands in meta/snap.yaml as it does in snapcraft.yaml
FOR_SNAPCRAFT = ("adopt-info", "compression", "lint", "parts", "platforms")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the snaps and print their names and sizes."""
    parser = argparse.ArgumentParser(description="make drivewatch_VERSION_ARCH.snap")
    parser.add_argument("arches", nargs="+", choices=TARGETS, metavar="ARCH")
    parser.add_argument("--python", default="3.12", metavar="3.N", help="the base's version (%(default)s)")
    parser.add_argument("--compression", choices=("xz", "lzo"), help="instead of snapcraft.yaml's")
    parser.add_argument("--output", type=Path, default=BUILD, metavar="DIR", help="where they go (build)")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        if shutil.which("snapcraft") and (options.python, options.compression) == ("3.12", None):
            for arch in options.arches:
                run("snapcraft", "pack", "--build-for", arch, "--output", str(options.output))
            return 0
        for arch in options.arches:
            print(pack(arch, options.python, options.compression, options.output))
    except (StageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def pack(arch: str, python: str, compression: str | None, output: Path) -> str:
    """Make one snap and say what it is. Raises: StageError, OSError."""
    if not shutil.which("snap") or not shutil.which("mksquashfs"):
        raise StageError("`snap pack` is not here: sudo apt install snapd squashfs-tools")
    prime = BUILD / f"prime-{arch}-{python}"
    stage(prime, TARGETS[arch], python)
    source = yaml.safe_load(SNAPCRAFT_YAML.read_text())
    write_meta(prime, source, arch)
    run("snap", "pack", "--check-skeleton", str(prime))
    snap = output / f"{source['name']}_{VERSION}_{arch}.snap"
    made = ("--compression", compression or source["compression"], "--filename", snap.name)
    run("snap", "pack", *made, str(prime), str(output), quiet=True)
    return f"{snap}: {snap.stat().st_size / 1e6:.1f} MB as {made[1]}"


def snap_yaml(source: Mapping[str, object], arch: str) -> dict[str, object]:
    """meta/snap.yaml, as snapcraft makes it of snapcraft.yaml."""
    kept = {key: value for key, value in source.items() if key not in FOR_SNAPCRAFT}
    return {**kept, "version": VERSION, "architectures": [arch]}


def write_meta(prime: Path, source: Mapping[str, object], arch: str) -> None:
    """Write meta/ with the hooks."""
    meta = prime / "meta"
    shutil.rmtree(meta, ignore_errors=True)
    shutil.copytree(HOOKS, meta / "hooks")
    (meta / "snap.yaml").write_text(yaml.safe_dump(snap_yaml(source, arch), sort_keys=False))


def run(*command: str, quiet: bool = False) -> None:
    """Raise StageError when it fails. The time in the file is the commit's, so that the same commit makes it again."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL if quiet else None, cwd=ROOT, env={**os.environ, **EPOCH})
    if done.returncode:
        raise StageError(f"`{' '.join(command)}` ended with status {done.returncode}: see above")


def _epoch() -> Mapping[str, str]:
    asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)  # noqa: S607
    return {"SOURCE_DATE_EPOCH": asked.stdout.strip()} if asked.returncode == 0 else {}


EPOCH = _epoch()


if __name__ == "__main__":
    sys.exit(main())
