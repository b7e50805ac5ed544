"""Who may import what: one careless import triples the page's memory."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "cv2", "mediapipe")
ADMIN_MAY = {
    "app.part_status",
    "app.telemetry.codec",
    "app.telemetry.failure",
    "app.telemetry.preview",
    "app.telemetry.requests",
    "app.telemetry.run_folder",
    "app.telemetry.status",
    "app.journal.journal",
    "app.journal.journal_file",
    "app.memory.allocator",
    "app.memory.core_dumps",
    "app.memory.file_pages",
    "app.memory.history",
    "app.memory.usage",
    "app.events",
    "app.version",
}
CLOCKS_AND_CAMERAS = {
    "time",
    "datetime",
    "cv2",
    "app.camera.capture",
    "app.camera.sources",
    "app.camera.v4l2",
    "app.vision.face",
    "app.monitor.detector",
}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@cache
def imports(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever it stands."""
    for node in imports(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top(name: str) -> str:
    return name.partition(".")[0]


def file_of(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def loaded_by(statement: str) -> set[str]:
    """Modules in a fresh Python after a statement, which must say nothing."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""  # the native libraries' chatter would fill the journal
    return set(done.stdout.split())


def test_the_walk_sees_the_sources() -> None:
    assert len(sources("app")) > 20
    assert len(sources("config")) > 8


def test_no_import_is_relative_as_the_walk_would_not_see_whose_it_is() -> None:
    for path in (path for package in ("app", "config", "admin") for path in sources(package)):
        assert not [node for node in imports(path) if isinstance(node, ast.ImportFrom) and node.level], path


def test_config_imports_the_standard_library_and_yaml() -> None:
    allowed = sys.stdlib_module_names | {"yaml", "config"}
    assert {
        (path.name, name) for path in sources("config") for name in imported(path) if top(name) not in allowed
    } == set()


def test_only_the_graph_imports_mediapipe() -> None:
    users = {
        path.name
        for package in ("app", "config", "admin")
        for path in sources(package)
        if "mediapipe" in map(top, imported(path))
    }
    assert users == {"graph.py"}


def test_the_daemon_never_imports_the_page() -> None:
    assert [path.name for path in sources("app") if "admin" in map(top, imported(path))] == []


def test_the_page_imports_no_more_of_the_daemon_than_what_both_write_and_read() -> None:
    for path in sources("admin"):
        names = set(imported(path))
        assert not {top(name) for name in names} & set(HEAVY)
        modules = {name for name in names if top(name) == "app" and file_of(name).is_file()}
        assert modules <= ADMIN_MAY


def test_attention_knows_no_camera_and_no_clock() -> None:
    for name in (
        "app.attention.judgement",
        "app.attention.driver",
        "app.attention.rules",
        "app.attention.timers",
        "app.events",
    ):
        assert set(imported(file_of(name))) & CLOCKS_AND_CAMERAS == set()


@pytest.mark.parametrize("module", sorted(ADMIN_MAY))
def test_what_the_page_may_import_loads_nothing_heavy(module: str) -> None:
    assert not loaded_by(f"import {module}") & set(HEAVY)


def test_the_face_mesh_loads_neither_mediapipes_solutions_nor_its_other_dependencies() -> None:
    loaded = loaded_by(
        "from app.vision.face import FaceMesh\nfrom app.fake_driver.render import Renderer, Scene\n"
        "with FaceMesh('full', hands=True) as mesh: assert mesh.find(Renderer(320, 240).picture(Scene()))"
    )
    assert "mediapipe.python._framework_bindings" in loaded
    unwanted = (
        "jax",
        "matplotlib",
        "sounddevice",
        "mediapipe.tasks",
        "mediapipe.python.solutions",
        "google.protobuf.internal.decoder",  # of protobuf's parser in Python
    )
    assert [name for name in loaded if name.startswith(unwanted)] == []


PAGE = """
from app.service.page import put_off
put_off()
import gunicorn.app.wsgiapp, gunicorn.glogging, gunicorn.workers.gthread, admin.application
"""


def test_the_page_loads_nothing_that_is_hardly_ever_used() -> None:
    loaded = loaded_by(PAGE)
    assert {"importlib.metadata", "html", "decimal", "flask.app"} <= loaded  # for whoever imports them
    assert not loaded & {"zipfile", "html.entities", "_decimal"}  # what they would have loaded


def test_what_the_page_puts_off_is_there_when_it_is_used_by_two_threads_at_once_too() -> None:
    use = """
from concurrent.futures import ThreadPoolExecutor
import importlib.metadata, html, decimal
with ThreadPoolExecutor(8) as pool:
    assert set(pool.map(lambda _: html.unescape(html.escape("<&eacute;")), range(64))) == {"<&eacute;"}
    assert set(pool.map(lambda _: importlib.metadata.version("flask")[0], range(64))) == {"3"}
assert decimal.Decimal("0.1") * 10 == 1
assert not hasattr(html, "nothing")
"""
    assert loaded_by(PAGE + use) >= {"zipfile", "html.entities", "_decimal"}


def test_the_machines_memory_is_read_without_psutil() -> None:
    """It would cost detector, master and worker 0.7 to 1.5 MB each, for two lines of /proc/meminfo."""
    assert "psutil" not in loaded_by("import app.memory.usage\napp.memory.usage.system()")


def test_the_command_line_loads_no_compressors() -> None:
    """With shutil they come, which argparse loads where it has to find out how wide the terminal is."""
    loaded = loaded_by("import app.commands.command_line as command_line\ncommand_line._parser().parse_args(['run'])")
    assert not loaded & {"shutil", "bz2", "lzma"}
