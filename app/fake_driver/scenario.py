"""Scenario files -> the scene at any time, and the events a detector should report.

A scenario is a YAML file in scenarios/ (or one of your own, by its path):

    about: one line for `python -m app render --help`
    length_s: 60
    loop: true                        # start over at its end; else the last moment stays
    always: {light: 0.8}              # fields of scene.py's Scene, at all times
    sway: {yaw_deg: 1.5}              # how far each field wanders, as a living head does
    moves:                            # later ones lie over earlier ones
      - {at_s: 30, for_s: 6, yaw_deg: 40}                           # halfway there at 30 s, halfway back at 36 s
      - {at_s: 3, every_s: 4, jitter_s: 1, for_s: 0.2, ease_s: 0.1, eyes_closed: 1}
    expect:                           # every event, and no others; the level is the highest it reaches
      - {kind: looking_away, level: alarm, at_s: 30}
    at_half_rate:                     # the same for one look every two seconds, where that misses some
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import yaml

from app.events import Level, State
from app.fake_driver.mesh import FOLDER
from app.fake_driver.scene import Scene

SCENARIOS = FOLDER / "scenarios"
EASE_S = 0.3  # a head turns by 40 degrees in about this time
SWAY_PERIODS_S = (7.3, 11.9)  # neither is a multiple of the other, so the sway does not repeat soon
SCENE_FIELDS = frozenset(field.name for field in fields(Scene)) - {"time_s"}
KEYS = ("about", "length_s", "loop", "always", "sway", "moves", "expect", "at_half_rate", "models")
MODELS = ("lite", "standard", "full")
NUMBER_MAX = 1e6  # keeps the renderer's arithmetic within float32
ABOVE_0 = frozenset({"length_s", "every_s", "ease_s", "distance_cm"})

T = TypeVar("T")


class ScenarioError(ValueError):
    """There is no such scenario, or its file is wrong; the text says where."""


@dataclass(frozen=True, slots=True)
class Move:
    """Something that happens once, or every every_s until until_s; `to`: the values that it moves fields to."""

    to: Mapping[str, float]
    at_s: float
    for_s: float
    every_s: float = math.inf
    until_s: float = math.inf
    jitter_s: float = 0.0
    ease_s: float = EASE_S

    def weight(self, time_s: float) -> float:
        """How far it has got at this time, 0..1."""
        start_s = self.start_s(time_s)
        return (
            0.0 if start_s is None else min(self._eased(time_s - start_s), self._eased(start_s + self.for_s - time_s))
        )

    def start_s(self, time_s: float) -> float | None:
        """When the repetition that this time belongs to begins; None when there is none."""
        number = (
            0 if math.isinf(self.every_s) else max(0, math.floor((time_s - self.at_s + self.ease_s) / self.every_s))
        )
        start_s = self.at_s + (number * self.every_s if number else 0.0)
        return start_s + self.jitter_s * _chance(self.at_s, number) if start_s < self.until_s else None

    def _eased(self, since_s: float) -> float:
        share = max(0.0, min(1.0, since_s / self.ease_s + 0.5))
        return share * share * (3 - 2 * share)


def _chance(*seeds: float) -> float:
    """A number in 0..1 that these seeds always give."""
    return zlib.crc32(repr(seeds).encode()) / 2**32


@dataclass(frozen=True, slots=True)
class Expected:
    """An event that should be reported: it begins at at_s, give or take give_s and one frame."""

    kind: State
    level: Level
    at_s: float
    give_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens, and the events to report. models: those that can see it; others need not report anything."""

    name: str
    about: str
    length_s: float
    loop: bool
    base: Scene
    sway: Mapping[str, float]
    moves: tuple[Move, ...]
    expect: tuple[Expected, ...]
    expect_at_half_rate: tuple[Expected, ...]
    models: tuple[str, ...]
    sways_from_s: float = 0.0  # where in its sway the head begins

    def scene_at(self, time_s: float) -> Scene:
        """The truth at this time."""
        round_s = time_s // self.length_s * self.length_s if self.loop else 0.0
        moment_s = min(time_s - round_s, self.length_s)
        for move in self.moves:
            start_s = move.start_s(moment_s)
            if start_s is not None and move.to.get("frozen") and start_s <= moment_s < start_s + move.for_s:
                return replace(self._moved(start_s - 1e-3), time_s=round_s + start_s, frozen=1.0)
        return replace(self._moved(moment_s), time_s=time_s)

    def _moved(self, moment_s: float) -> Scene:
        values = {name: getattr(self.base, name) + self._wander(name, moment_s) for name in SCENE_FIELDS}
        for move in self.moves:
            weight = move.weight(moment_s)
            for name, target in move.to.items():
                values[name] += weight * (target - values[name])
        return Scene(**values)

    def _wander(self, name: str, moment_s: float) -> float:
        reach = self.sway.get(name, 0.0)
        if not reach:
            return 0.0
        phase = 2 * math.pi * _chance(zlib.crc32(name.encode()))
        turns = ((moment_s + self.sways_from_s) / period_s for period_s in SWAY_PERIODS_S)
        return reach / 2 * sum(math.sin(2 * math.pi * turn + phase) for turn in turns)


def scenario_names() -> list[str]:
    """The scenarios that come with drivewatch."""
    return sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def load_scenario(name: str) -> Scenario:
    """Read a scenario by its name, or by the path of a file. Raises: ScenarioError."""
    path = Path(name) if name.endswith(".yaml") else SCENARIOS / f"{name}.yaml"
    if not path.is_file():
        raise ScenarioError(f"there is no scenario {name!r}; there are: {', '.join(scenario_names())}")
    try:
        return _scenario(path.stem, yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ScenarioError(f"{path}, line {line}: {error.problem}") from error
    except (ScenarioError, OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path}: {error}") from error


def _scenario(name: str, data: object) -> Scenario:
    top = _mapping("the file", data, KEYS, needed=("about", "length_s"))
    expect = tuple(_expected(*item) for item in _items("expect", top.get("expect")))
    half = top.get("at_half_rate")
    return Scenario(
        name=name,
        about=str(top["about"]),
        length_s=_number("length_s", top["length_s"]),
        loop=_choice("loop", top.get("loop", False), (True, False)),
        base=replace(Scene(), **_fields("always", top.get("always"))),
        sway=_fields("sway", top.get("sway")),
        moves=tuple(_move(*item) for item in _items("moves", top.get("moves"))),
        expect=expect,
        expect_at_half_rate=expect
        if half is None
        else tuple(_expected(*item) for item in _items("at_half_rate", half)),
        models=tuple(_choice("models", word, MODELS) for word in str(top.get("models", " ".join(MODELS))).split()),
    )


def _move(where: str, data: object) -> Move:
    timing = frozenset(field.name for field in fields(Move)) - {"to"}
    item = _mapping(where, data, timing | SCENE_FIELDS, needed=("at_s", "for_s"))
    values = {key: _number(f"{where}, {key}", value) for key, value in item.items()}
    to = {key: values.pop(key) for key in tuple(values) if key in SCENE_FIELDS}  # in the order of the file, always
    return Move(to, **values)


def _expected(where: str, data: object) -> Expected:
    item = _mapping(where, data, tuple(field.name for field in fields(Expected)), needed=("kind", "level", "at_s"))
    return Expected(
        State(_choice(f"{where}, kind", item["kind"], tuple(state.value for state in State))),
        Level[_choice(f"{where}, level", item["level"], tuple(level.name.lower() for level in Level)).upper()],
        _number(f"{where}, at_s", item["at_s"]),
        _number(f"{where}, give_s", item.get("give_s", 0.0)),
    )


def _items(where: str, data: object) -> Iterator[tuple[str, object]]:
    """Each item of a list, after its place; nothing is an empty list."""
    if not isinstance(data, list | None):
        raise ScenarioError(f"{where}: {data!r} is not a list of `- {{key: value}}`")
    for number, item in enumerate(data or (), start=1):
        yield f"{where}, item {number}", item


def _fields(where: str, data: object) -> dict[str, float]:
    items = _mapping(where, {} if data is None else data, SCENE_FIELDS)
    return {key: _number(f"{where}, {key}", value) for key, value in items.items()}


def _mapping(where: str, data: object, known: Collection[str], needed: tuple[str, ...] = ()) -> dict[str, object]:
    if not isinstance(data, dict):
        raise ScenarioError(f"{where}: {data!r} is not `key: value`")
    for key in needed:
        if key not in data:
            raise ScenarioError(f"{where}: {key} is missing")
    return {_choice(where, key, known): value for key, value in data.items()}


def _choice(where: str, value: object, choices: Collection[T]) -> T:
    for choice in choices:
        if choice == value and type(choice) is type(value):
            return choice
    raise ScenarioError(f"{where}: {value!r} is none of {', '.join(sorted(map(str, choices)))}")


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= NUMBER_MAX:
        raise ScenarioError(f"{where}: {value!r} is not a number up to {NUMBER_MAX:g}")
    if value <= 0 and where.split()[-1] in ABOVE_0:
        raise ScenarioError(f"{where}: {value!r} is not above 0")
    return float(value)
