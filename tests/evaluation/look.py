"""Case -> what the detector saw at each moment, kept in a file, so that a run can be stopped and gone on with.

Pictures are rendered once for all models and rates that look at them. What is kept is what the face mesh and the
geometry gave; the rules run on it again each time, so that a change to a rule costs no rendering.
"""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from app import observer
from app.camera.frame import SECOND_LOOK_S, Frame, has_second_look
from app.events import Sight, State, Torso
from app.fake_driver.mesh import FOLDER as FAKE_DRIVER
from app.fake_driver.portrait import Picture
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.observer import Observation, Observer
from app.vision.measurements import Signals
from config.settings import Settings
from tests.evaluation import vary
from tests.evaluation.cases import ALONE_FPS, FACES, OWN_SCENARIOS, POSES, SIZE, Case, scenario, sees_hands
from tests.evaluation.vary import poses, trip_of

FIELDS = tuple(field.name for field in fields(Signals))
SIGHTS, STATES, TORSOS = tuple(Sight), tuple(State), (None, *Torso)
SETTINGS = Settings()
# What a look depends on; the rules belong to it because they decide when a second look is taken
APP = Path(str(observer.__file__)).parent
SEEING = (APP / "observer.py", APP / "camera" / "pictures.py", APP / "vision", APP / "attention")

Table = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """All looks of one case. times_s: float64 (N,). signals: None without a face. torso: as in Observation."""

    times_s: npt.NDArray[np.float64]
    sights: list[Sight]
    signals: list[Signals | None]
    torso: list[Torso | None]


def digest() -> str:
    """Names the renderer, its scenarios, and the whole way to a verdict: another one sees other things.

    Of the camera only how soon a second look is taken.
    """
    parts = [*SEEING, Path(__file__), Path(str(vary.__file__)), FAKE_DRIVER, OWN_SCENARIOS, FACES]
    files = [file for part in parts for file in ([part] if part.is_file() else part.rglob("*")) if file.is_file()]
    sums = hashlib.sha256(f"{SECOND_LOOK_S}{inspect.getsource(has_second_look)}{SETTINGS}{SIZE}".encode())
    for path in sorted(path for path in files if path.suffix != ".pyc"):
        sums.update(path.name.encode() + path.read_bytes())
    return sums.hexdigest()[:12]


class Store:
    """A folder of what was seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, case: Case) -> Path:
        """Where one case is kept."""
        return self.folder / f"{case.scenario},{case.condition},{case.seed},{case.model},{case.fps:g}.npz"

    def __contains__(self, case: Case) -> bool:
        return self.path(case).exists()

    def save(self, case: Case, seen: Seen) -> None:
        """Keep it whole or not at all."""
        table = np.array(
            [[np.nan] * len(FIELDS) if signals is None else _row(signals) for signals in seen.signals], np.float32
        )
        has_face = np.array([signals is not None for signals in seen.signals])
        sights = np.array([SIGHTS.index(sight) for sight in seen.sights], np.uint8)
        torso = np.array([TORSOS.index(one) for one in seen.torso], np.uint8)
        part = self.folder / f"{os.getpid()}.part"
        with part.open("wb") as file:
            np.savez_compressed(file, times_s=seen.times_s, table=table, has_face=has_face, sights=sights, torso=torso)
        part.replace(self.path(case))

    def load(self, case: Case) -> Seen:
        """What was seen. Raises: OSError when it is not there."""
        with np.load(self.path(case)) as data:
            table, has_face = data["table"], data["has_face"]
            return Seen(
                data["times_s"],
                [SIGHTS[int(index)] for index in data["sights"]],
                [_signals(row) if found else None for row, found in zip(table, has_face, strict=True)],
                [TORSOS[int(index)] for index in data["torso"]],
            )


def _row(signals: Signals) -> list[float]:
    values = {name: getattr(signals, name) for name in FIELDS}
    values["detected_only"] = None if signals.detected_only is None else STATES.index(signals.detected_only)
    return [np.nan if value is None else float(value) for value in values.values()]


def _signals(row: Table) -> Signals:
    values = {name: None if np.isnan(value) else float(value) for name, value in zip(FIELDS, row, strict=True)}
    hand, detected_only = values.pop("hand_at_ear"), values.pop("detected_only")
    return replace(
        Signals(),
        **values,  # type: ignore[arg-type]
        hand_at_ear=None if hand is None else hand > 0,
        detected_only=None if detected_only is None else STATES[int(detected_only)],
    )


def groups(cases: Iterable[Case]) -> list[list[Case]]:
    """Cases that look at the same pictures."""
    return [list(group) for _, group in groupby(cases, lambda case: (case.scenario, case.seed, case.condition))]


class Eyes:
    """One watch for each model and rate; they are kept, as to make one takes as long as many looks."""

    def __init__(self, make: type[Observer] = Observer) -> None:
        self._make = make
        self._watches: dict[tuple[str, float], Observer] = {}

    def of(self, case: Case) -> Observer:
        """The watch for this case, that has forgotten all it saw."""
        key = case.model, case.fps
        if key not in self._watches:
            vision = replace(SETTINGS.vision, model=case.model, phone=sees_hands(case.model))
            self._watches[key] = self._make(vision, SETTINGS.analysis, SETTINGS.alerting.repeat_s)
        self._watches[key].reset()
        return self._watches[key]


def look_at(cases: list[Case], eyes: Eyes) -> Iterator[tuple[Case, Seen]]:
    """Render what the cases of one group share, and look."""
    cv2.setNumThreads(1)
    first = cases[0]
    if first.scenario == POSES:
        yield from _look_at_poses(cases, eyes)
        return
    trip = trip_of(scenario(first.scenario), first.seed, first.condition)
    renderer = renderer_of(first)
    lookouts = [Lookout(case, eyes.of(case)) for case in cases]
    while (time_s := min(lookout.due_s for lookout in lookouts)) < trip.length_s:
        picture = renderer.picture(trip.scene_at(time_s))
        for lookout in lookouts:
            if lookout.due_s == time_s:
                lookout.take(Frame(picture, time_s, len(lookout.looks)))
    for lookout in lookouts:
        yield lookout.case, _seen(lookout.looks)


def renderer_of(case: Case) -> Renderer:
    """The condition's driver before the seed's sensor."""
    if (FACES / f"{case.condition}.npz").exists():
        return Renderer(*SIZE, case.seed, case.condition, FACES)
    return Renderer(*SIZE, case.seed)


class Lookout:
    """Looks when the camera would: at its rate, and a second time soon where that is wished for."""

    def __init__(self, case: Case, watch: Observer) -> None:
        self.case = case
        self.due_s = 0.0
        self.looks: list[Observation] = []
        self._watch = watch
        self._tick = 0

    def take(self, frame: Frame) -> None:
        """Look, and know when to look again."""
        look = self._watch.look(frame)
        self.looks.append(look)
        while self._tick / self.case.fps <= frame.time_s:
            self._tick += 1
        self.due_s = self._tick / self.case.fps
        if look.verdict.is_urgent and has_second_look(frame.time_s, self.due_s):
            self.due_s = round(frame.time_s + SECOND_LOOK_S, 6)


def _look_at_poses(cases: list[Case], eyes: Eyes) -> Iterator[tuple[Case, Seen]]:
    first = cases[0]
    renderer = renderer_of(first)
    shown: list[tuple[Scene, Picture]] = [
        (scene, renderer.picture(scene)) for scene in poses(first.seed, first.condition)
    ]
    for case in cases:
        assert case.fps == ALONE_FPS
        watch = eyes.of(case)
        yield (
            case,
            _seen([watch.look_alone(Frame(picture, scene.time_s, int(scene.time_s))) for scene, picture in shown]),
        )


def _seen(looks: list[Observation]) -> Seen:
    return Seen(
        np.array([look.verdict.time_s for look in looks]),
        [look.sight for look in looks],
        [look.signals for look in looks],
        [look.torso for look in looks],
    )
