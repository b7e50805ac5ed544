"""Which room may import which: one careless import triples the page's memory."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests import rooms

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "cv2", "mediapipe")
LIGHT_ROOMS = (
    "app.version",
    "app.events",
    "app.attention",
    "app.gpio",
    "app.vehicle",
    "app.alerts",
    "app.journal",
    "app.telemetry",
    "app.memory",
)
"""Rooms that load no library at all, directly or through others."""
FORBIDDEN = {"config": {"flask", *HEAVY}, "admin": set(HEAVY), "app.__main__": {"flask", *HEAVY}}
CLOCKS = {"time", "datetime"}


def top(name: str) -> str:
    return name.partition(".")[0]


def loaded_by(statement: str) -> set[str]:
    """Modules loaded in a fresh Python after a statement, which must print nothing."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""  # messages of native libraries would fill the journal
    return set(done.stdout.split())


def test_each_room_imports_and_loads_only_what_the_table_allows() -> None:
    """Direct imports include late ones and types; libraries are followed through all loaded modules."""
    found = rooms.rooms()
    assert len(found) > 15
    assert [room for room in found if room not in rooms.MAY_IMPORT] == [], "rooms that tests/rooms.py does not know"
    refused = [
        f"{module}:{line} imports {other}"
        for module, other, line in rooms.arrows()
        if not rooms.is_allowed(module, other)
    ]
    assert refused == []
    too_heavy = {room: set(rooms.libraries(room)) for room in LIGHT_ROOMS}
    too_heavy |= {room: set(rooms.libraries(room)) & libraries for room, libraries in FORBIDDEN.items()}
    assert {room: libraries for room, libraries in too_heavy.items() if libraries} == {}


def test_rooms_have_no_import_circle() -> None:
    targets: dict[str, set[str]] = {room: set() for room in rooms.rooms()}
    for module, other, _ in rooms.arrows():
        targets[rooms.room_of(module)].add(rooms.room_of(other))
    while targets:
        ends = {room for room, others in targets.items() if not others & targets.keys()}
        assert ends, f"a circle between {', '.join(sorted(targets))}"
        targets = {room: others for room, others in targets.items() if room not in ends}


def test_modules_followed_in_the_sources_are_those_python_loads() -> None:
    for module in ("app.attention.judgement", "app.observer", "admin.application"):
        ours = {name for name in loaded_by(f"import {module}") if name in rooms.modules()}
        assert ours == {name for name in rooms.loaded_by(module) if name in rooms.modules()}


def test_every_init_holds_only_a_docstring() -> None:
    for path in (path for path in rooms.modules().values() if path.name == "__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


def test_no_import_is_relative() -> None:
    for path in rooms.modules().values():
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level], path


def test_config_imports_only_standard_library_yaml_and_late_werkzeug() -> None:
    allowed = sys.stdlib_module_names | {"yaml", "config"}
    assert {
        (module, top(one.name), one.is_late)  # late, so that the daemon does not load it
        for module in rooms.rooms()["config"]
        for one in rooms.imports_of(module)
        if top(one.name) not in allowed
    } == {("config.password", "werkzeug", True)}


def test_only_the_graph_imports_mediapipe() -> None:
    users = {module for module in rooms.modules() if "mediapipe" in {top(one.name) for one in rooms.imports_of(module)}}
    assert users == {"app.vision.graph"}


def test_attention_imports_no_clock() -> None:
    for module in (*rooms.rooms()["app.attention"], "app.events"):
        assert not {top(one.name) for one in rooms.imports_of(module)} & CLOCKS, module


def test_page_loads_no_heavy_library() -> None:
    assert not loaded_by("import admin.application") & set(HEAVY)


def test_face_mesh_loads_no_unneeded_part_of_mediapipe() -> None:
    loaded = loaded_by(
        "from app.vision.face import FaceMesh\nfrom app.fake_driver.render import Renderer, Scene\n"
        "with FaceMesh('full', hands=True) as mesh: assert mesh.find(Renderer(320, 240).picture(Scene()))"
    )
    assert "mediapipe.python._framework_bindings" in loaded
    decoder = "google.protobuf.internal.decoder"  # of protobuf's parser in Python
    unwanted = ("jax", "matplotlib", "sounddevice", "mediapipe.tasks", "mediapipe.python.solutions", decoder)
    assert [name for name in loaded if name.startswith(unwanted)] == []


PAGE = """
from app.service.page import put_off
put_off()
import gunicorn.app.wsgiapp, gunicorn.glogging, gunicorn.workers.gthread, admin.application
"""


def test_page_puts_off_seldom_used_modules() -> None:
    loaded = loaded_by(PAGE)
    assert {"importlib.metadata", "html", "decimal", "flask.app"} <= loaded  # available to the modules that import them
    assert not loaded & {"zipfile", "html.entities", "_decimal"}  # what they would have loaded


def test_modules_put_off_work_when_threads_use_them_at_once() -> None:
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


def test_machine_memory_is_read_without_psutil() -> None:
    """It would cost detector, master and worker 0.7 to 1.5 MB each, for two lines of /proc/meminfo."""
    assert "psutil" not in loaded_by("import app.memory.usage\napp.memory.usage.system()")


def test_command_line_loads_no_compressors() -> None:
    """They come with shutil, which argparse loads to find the terminal's width."""
    loaded = loaded_by("from app.commands.command_line import parser\nparser(['run']).parse_args(['run'])")
    assert not loaded & {"shutil", "bz2", "lzma"}


def test_the_detector_starts_other_programs_only_for_rendered_pictures() -> None:
    """0.5 MB that a camera does not need."""
    assert "subprocess" not in loaded_by("import app.commands.run, app.monitor.opening, app.commands.console")
