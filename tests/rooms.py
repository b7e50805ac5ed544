"""The rooms of app, admin and config: which may import which, and what importing each loads, read from the sources.

`python -m tests.rooms` (or `make rooms`) prints them. tests/test_imports.py keeps the rules.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOUSES = ("app", "admin", "config")
ALL_ROOMS = "*"
# Along the way of a frame. A room may import itself, app.version, and what stands here: rooms or single modules
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "app.version": (),
    "app.events": (),
    "app.part_status": (),
    "app.figures": (),
    "app.held_for": (),
    "app.native_words": (),
    "app.camera": ("config", "app.part_status", "app.native_words"),
    "app.vision": ("app.events", "app.native_words"),
    "app.attention": ("app.events", "app.vision.measurements", "config"),
    "app.observer": ("app.camera.frame", "app.vision", "app.attention", "app.events", "config"),
    "app.gpio": ("config",),
    "app.vehicle": ("app.events", "app.part_status", "app.held_for", "app.gpio", "config"),
    "app.alerts": ("app.events", "app.part_status", "app.held_for", "app.gpio", "config"),
    "app.journal": ("app.events", "app.figures", "config"),
    "app.telemetry": ("app.events", "app.figures", "app.part_status", "config"),
    "app.memory": ("app.part_status", "app.held_for", "config"),
    "app.monitor": (
        "app.events",
        "app.part_status",
        "app.held_for",
        "app.camera",
        "app.vision",
        "app.attention",
        "app.observer",
        "app.vehicle",
        "app.gpio",
        "app.alerts",
        "app.journal",
        "app.telemetry",
        "app.memory",
        "config",
    ),
    "app.recordings": (
        "app.camera",
        "app.observer",
        "app.events",
        "app.vision.measurements",
        "app.attention.policy",
        "config",
    ),
    "app.service": ("app.telemetry", "app.events", "config"),
    "app.commands": (ALL_ROOMS,),
    "app.__main__": ("app.commands",),
    "app.fake_driver": ("app.events",),
    "admin": ("app.events", "app.part_status", "app.telemetry", "app.journal", "app.memory", "config"),
    "config": (),
}
FREE_TO_ALL = "app.version"


@dataclass(frozen=True, slots=True)
class Import:
    """One name in an import; is_late: inside a function, is_for_types: under TYPE_CHECKING alone."""

    name: str
    line: int
    is_late: bool
    is_for_types: bool


@cache
def modules() -> dict[str, Path]:
    """Every module by its name; a package is its __init__."""
    paths = [path for house in HOUSES for path in sorted((ROOT / house).rglob("*.py"))]
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths)
    return dict(zip(names, paths, strict=True))


def room_of(module: str) -> str:
    """admin and config are one room each, app has one in each folder and in each module at its top."""
    house, *rest = module.split(".")
    return f"app.{rest[0]}" if house == "app" and rest else house


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """All imports of a module, also those in functions."""
    return tuple(_imports(ast.parse(modules()[module].read_text(encoding="utf-8")), is_late=False, is_for_types=False))


def _imports(node: ast.AST, is_late: bool, is_for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, is_late, is_for_types) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            for alias in child.names:
                yield Import(f"{child.module}.{alias.name}", child.lineno, is_late, is_for_types)
        yield from _imports(
            child,
            is_late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda),
            is_for_types or (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")),
        )


def module_of(name: str) -> str | None:
    """Our module that an imported name is or belongs to; None for a library."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


@cache
def loaded_by(module: str) -> frozenset[str]:
    """All modules and libraries that importing this one loads, directly or not; libraries by their first name."""
    loaded: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in loaded:
            continue
        loaded.add(name)
        waiting += [package for package in _packages(name) if package in modules()]
        for one in imports_of(name):
            if one.is_late or one.is_for_types:
                continue
            own = module_of(one.name)
            if own:
                waiting.append(own)
            else:
                loaded.add(one.name.partition(".")[0])
    return frozenset(loaded)


def _packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def rooms() -> dict[str, list[str]]:
    """The modules of each room, in the order of the table."""
    found: dict[str, list[str]] = {}
    for module in modules():
        if module != "app":
            found.setdefault(room_of(module), []).append(module)
    order = list(MAY_IMPORT)
    return dict(sorted(found.items(), key=lambda room: order.index(room[0]) if room[0] in order else len(order)))


def arrows() -> Iterator[tuple[str, str, int]]:
    """Module, imported module and line of every import from one room in another, late ones and types included."""
    for module in modules():
        for one in imports_of(module):
            other = module_of(one.name)
            if other and room_of(other) != room_of(module):
                yield module, other, one.line


def is_allowed(module: str, other: str) -> bool:
    """Whether the table lets a module import another."""
    may = MAY_IMPORT.get(room_of(module), ())
    is_named = any(other == name or other.startswith(f"{name}.") for name in may)
    return other == FREE_TO_ALL or is_named or (ALL_ROOMS in may and room_of(other) != "admin")


def libraries(room: str) -> list[str]:
    """The libraries that a room's modules load, directly or not, except Python's own."""
    loaded = frozenset[str]().union(*map(loaded_by, rooms()[room]))
    others = loaded - modules().keys() - sys.stdlib_module_names
    return sorted(name for name in others if not name.startswith("_"))  # a part of Python that not every version has


def table() -> str:
    """Each room, the rooms that it imports, and the libraries that importing all of it loads."""
    imported: dict[str, set[str]] = {room: set() for room in rooms()}
    for module, other, _ in arrows():
        imported.setdefault(room_of(module), set()).add(room_of(other))
    lines = ["| room | modules | imports | loads |", "|---|---|---|---|"]
    for room, names in rooms().items():
        others = ", ".join(sorted(imported[room] - {FREE_TO_ALL})) or "-"
        lines.append(f"| {room} | {len(names)} | {others} | {', '.join(libraries(room)) or '-'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
