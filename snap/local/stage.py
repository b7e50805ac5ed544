"""The snap's payload for one architecture and one Python: wheels by hash, drivewatch itself, and nothing unused.

`python snap/local/stage.py DESTDIR --arch arm64 --python 3.12` works on any machine, as nothing is compiled for it:
the wheels are chosen for the target. DESTDIR gets bin/, python/, which the snap's PYTHONPATH names, sbom.cdx.json
and the licence.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import source_hash
from pathlib import Path

from pip._vendor.packaging.markers import Marker

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from app.version import VERSION  # noqa: E402
from snap.local.native import native_files  # noqa: E402
from snap.local.sbom import Wheel, sbom  # noqa: E402

LOCAL = ROOT / "snap/local"
LOCK = LOCAL / "requirements.lock"
OWN = ("app", "config", "admin")
LICENCES = ("LICENSE", "NOTICE")
GLIBC_2 = (34, 31, 28, 27, 17)  # minor versions that PyPI's wheels are built for; core24 has 2.39, Debian 12 2.36
SNAP_PATH = "/snap/drivewatch/current"  # what tracebacks show of the files


@dataclass(frozen=True, slots=True)
class Target:
    """An architecture as Debian calls it, as the kernel does, and as ELF files have it (e_machine of elf.h)."""

    arch: str
    machine: str
    elf: int


TARGETS = {target.arch: target for target in (Target("amd64", "x86_64", 62), Target("arm64", "aarch64", 183))}

# Of mediapipe, what app/vision/graph.py opens: the bindings and the GL libraries they are linked with (mediapipe.libs),
# two protobuf classes with what those import, and the models and graphs of faces and hands
MEDIAPIPE = (
    "python/_framework_bindings.*.so",
    "framework/formats/detection_pb2.py",
    "framework/formats/location_data_pb2.py",
    "framework/formats/rect_pb2.py",
    "framework/formats/annotation/rasterization_pb2.py",
    "modules/face_detection/*.tflite",
    "modules/face_landmark/*.tflite",
    "modules/palm_detection/palm_detection_lite.tflite",
    "modules/hand_landmark/hand_landmark_lite.tflite",
    "modules/hand_landmark/handedness.txt",
)
# Of the rest, what a run never opens
UNUSED = (
    "bin",  # pip's start scripts name this machine's Python
    "gpiozerocli",
    "numpy/f2py",
    "numpy/_core/_simd.*.so",  # for numpy's own tests, as numpy/conftest.py
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/_pyinstaller",
    "numpy/doc",
    "numpy/random/lib",
    "google/protobuf/compiler",
    "google/protobuf/testdata",
    "werkzeug/debug/shared",
    "yaml/_yaml.*.so",  # 0.3 MB in memory, for loaders that nobody here takes
    "**/tests",
    "**/__pycache__",
    "**/*.a",
    "**/*.c",
    "**/*.h",
    "**/*.pxd",
    "**/*.pyi",
    "**/*.pyx",
    "*.dist-info/RECORD",  # no longer true; the licences stay
)
# Packages whose byte-code loses its docstrings, as in the Makefile
LEAN = ("click", "cv2", "flask", "google", "gunicorn", "jinja2", "mediapipe", "numpy", "werkzeug", "yaml")
UNCHECKED_HASH = 0b01  # flags of a .pyc, PEP 552
# Works for any architecture, as the page's packages do without their native parts too
TEMPLATES = """
from admin.application import create_app
environment = create_app().jinja_env
for name in environment.list_templates(["html"]):
    environment.get_template(name)
"""


class StageError(Exception):
    """Why there is no payload; the message says what helps."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the payload and print its size."""
    parser = argparse.ArgumentParser(description="make the snap's payload")
    parser.add_argument("destination", type=Path, metavar="DESTDIR")
    parser.add_argument("--arch", choices=TARGETS, required=True)
    parser.add_argument("--python", default="3.12", metavar="3.N", help="the base's version (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        stage(options.destination.absolute(), TARGETS[options.arch], options.python)
    except (StageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def stage(destination: Path, target: Target, python: str) -> None:
    """Make the payload from scratch. Raises: StageError, OSError."""
    library = destination / "python"
    for folder in (library, destination / "bin"):
        shutil.rmtree(folder, ignore_errors=True)
    wheels = install(library, target, python)
    native = native_files(library)
    prune(library)
    for name in OWN:
        shutil.copytree(ROOT / name, library / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(LOCAL / "bin", destination / "bin")
    for name in LICENCES:
        shutil.copy(ROOT / "snap" / name, destination)
    check_machines(library, target)
    (destination / "sbom.cdx.json").write_text(sbom(wheels, library, VERSION, native))
    interpreter = interpreter_of(python)
    if interpreter is None:
        print(
            f"not byte-compiled and not tried: no python{python} here; the page will need 11 MB more", file=sys.stderr
        )
        return
    compile_all(interpreter, destination)
    if platform.machine() == target.machine:
        try_out(interpreter, library)
    else:
        print(f"not tried: {target.arch} does not run on {platform.machine()}", file=sys.stderr)
    print(f"{destination}: {sum(size_bytes(destination)) / 1e6:.0f} MB for {target.arch}, Python {python}")


def requirements(python: str) -> Iterator[tuple[str, str]]:
    """Each requirement of the lock that holds for this Python, such as "numpy==2.5.5", and its lines of hashes."""
    for block in re.split(r"\n(?=[a-z])", LOCK.read_text()):
        head, _, hashes = block.partition(" \\\n")
        requirement, _, marker = head.partition(" ; ")
        if not marker or Marker(marker).evaluate({"python_full_version": f"{python}.0"}):
            yield requirement, hashes


def install(library: Path, target: Target, python: str) -> list[Wheel]:
    """Unpack the target's wheels, each checked by its hash, and return pip's report. Raises: StageError."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock, tempfile.NamedTemporaryFile("r") as report:
        lock.writelines(f"{requirement} \\\n{hashes}\n" for requirement, hashes in requirements(python))
        lock.flush()
        tags = [f"manylinux_2_{minor}_{target.machine}" for minor in GLIBC_2] + [f"manylinux2014_{target.machine}"]
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--no-compile", "--only-binary", ":all:", "--target", str(library)),
            *("--implementation", "cp", "--python-version", python, "--ignore-requires-python"),
            *(option for abi in (f"cp{python.replace('.', '')}", "abi3", "none") for option in ("--abi", abi)),
            *(option for tag in tags for option in ("--platform", tag)),
            *("--requirement", lock.name, "--report", report.name),
        ]
        if subprocess.run(command).returncode:
            raise StageError(f"pip could not get the wheels for {target.arch} and Python {python}: see above")
        wheels: list[Wheel] = json.load(report)["install"]
        return wheels


def prune(library: Path) -> None:
    """Remove what a run never opens."""
    mediapipe = library / "mediapipe"
    used = {path for pattern in MEDIAPIPE for path in mediapipe.glob(pattern)}
    for path in [path for path in mediapipe.rglob("*") if path.is_file() and path not in used]:
        path.unlink()
    for path in [path for pattern in UNUSED for path in library.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for folder, _, _ in os.walk(library, topdown=False):
        if not os.listdir(folder):  # noqa: PTH208
            Path(folder).rmdir()


def check_machines(library: Path, target: Target) -> None:
    """Raise StageError unless every ELF file is of the target's machine, and there are some."""
    found = {path: elf_machine(path) for path in library.rglob("*") if path.is_file()}
    wrong = [str(path) for path, machine in found.items() if machine not in (None, target.elf)]
    if wrong or not any(found.values()):
        raise StageError(f"not for {target.arch}: {', '.join(wrong) or 'nothing native was installed'}")


def elf_machine(path: Path) -> int | None:
    """e_machine of a little-endian ELF file, None for other files."""
    with path.open("rb") as file:
        head = file.read(20)
    return int(struct.unpack_from("<H", head, 18)[0]) if head[:4] == b"\x7fELF" and len(head) == 20 else None


def interpreter_of(python: str) -> str | None:
    """A command that is this Python, None if there is none."""
    os.environ.setdefault("PYENV_VERSION", python)  # pyenv's commands ask which of its own is meant
    for command in (sys.executable, f"python{python}"):
        asked = [command, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if shutil.which(command) and subprocess.run(asked, capture_output=True, text=True).stdout.strip() == python:
            return command
    return None


def compile_all(interpreter: str, destination: Path) -> None:
    """Write byte-code that holds whatever the files' times are: squashfs gives them others. Raises: StageError."""
    library = destination / "python"
    options = ("-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(destination), "-p", SNAP_PATH)
    lean = [str(library / name) for name in LEAN if (library / name).exists()]
    for folders in ((str(library),), ("-o", "2", *lean)):
        if subprocess.run([interpreter, "-m", "compileall", *options, *folders]).returncode:
            raise StageError("byte-code could not be compiled: see above")
    for path in library.rglob("*.opt-2.pyc"):
        path.replace(path.with_name(path.name.replace(".opt-2", "")))
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run([interpreter, "-S", "-s", "-c", TEMPLATES], env=alone(library, folder)).returncode:
            raise StageError("the page's templates could not be compiled: see above")
    for template in library.glob("admin/templates/*.html"):
        (kept,) = template.parent.glob(f"__pycache__/{template.stem}.*.pyc")
        magic, code = kept.read_bytes()[:4], kept.read_bytes()[16:]
        kept.write_bytes(magic + struct.pack("<L", UNCHECKED_HASH) + source_hash(template.read_bytes()) + code)


def try_out(interpreter: str, library: Path) -> None:
    """Run drivewatch on the payload alone. Raises: StageError."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**alone(library, folder), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [interpreter, "-S", "-s", str(LOCAL / "tryout.py")]
        if subprocess.run(command, env=env, cwd=folder).returncode:
            raise StageError("the payload does not work: see above")


def alone(library: Path, folder: str) -> dict[str, str]:
    """The environment of a Python that imports the payload, and writes into this folder."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SNAP"))},
        **dict.fromkeys(("HOME", "DRIVEWATCH_DATA", "XDG_RUNTIME_DIR"), folder),
        "PYTHONPATH": str(library),
        "PYTHONSAFEPATH": "1",
    }


def size_bytes(folder: Path) -> Iterator[int]:
    """The size of each file."""
    return (path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
