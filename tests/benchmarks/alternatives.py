"""Memory of drivewatch in each profile and model, beside the alternatives, on the same frames."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from app.memory.usage import usage_of
from app.part_status import Usage
from app.vision import model_files
from config.declaration import PROFILES, Value
from config.settings import DECLARATIONS, MODELS, settings_from
from tests.benchmarks import charts
from tests.benchmarks.figure import Figure
from tests.benchmarks.measure import (
    FOLDER,
    ROOT,
    Effort,
    Section,
    alone_mb,
    detector_usage,
    pictures,
    python_with,
    repeated,
    side_by_side,
)
from tests.benchmarks.page import in_use
from tests.support.appliance import running

MODELS_OF_THE_FLOOR = (model_files.SHORT_RANGE, model_files.ATTENTION_MESH, model_files.BLENDSHAPES)
OURS, NAIVE, FLOOR = "drivewatch, low_memory", "naive recipe", "floor: three bare LiteRT interpreters"
DEFAULT_MODEL = DECLARATIONS["vision.model"].default
CAMERA_FLOOR = "the same, and OpenCV imported"
# Like for like: the alternatives, too, release their libraries' unmodified file-backed pages after the start
UNMAPPED = "unmapped as ours"
FLOORS = {
    FLOOR: "default",
    "the same with the kernels that we take": "plain",
    CAMERA_FLOOR: "camera-default",
    f"{FLOOR}, {UNMAPPED}": "default-unmapped",
    f"{CAMERA_FLOOR}, {UNMAPPED}": "camera-default-unmapped",
}
NAIVES = {
    NAIVE: (),
    "naive recipe, refined landmarks": ("refine",),
    "naive recipe, static images": ("static",),
    "naive recipe, matplotlib never imported": ("no-matplotlib",),
    f"{NAIVE}, {UNMAPPED}": ("unmapped",),
}


def ours() -> dict[str, Mapping[str, Value]]:
    """The settings of each variant of drivewatch, by its name."""
    return {
        **{f"drivewatch, {profile}": {"profile": profile} for profile in PROFILES},
        **{f"low_memory with model {model}": {"vision.model": model} for model in MODELS if model != DEFAULT_MODEL},
    }


def memory_of(effort: Effort) -> dict[str, Usage]:
    """Memory of each variant and each alternative, each in its own process."""
    tasks: dict[str, Callable[[], Usage]] = {}
    for name, settings in ours().items():
        camera = settings_from(settings).camera
        frames = pictures((camera.width, camera.height))
        tasks[name] = partial(detector_usage, effort, frames, settings)
    frames = pictures((320, 240)).absolute()
    for name, options in NAIVES.items():
        naive: tuple[str | Path, ...] = (python_with("naive"), "-m", "tests.benchmarks.naive_recipe")
        tasks[name] = partial(_last, effort, (*naive, frames, *options))
    models = models_of_the_floor()
    for name, kernels in FLOORS.items():
        tasks[name] = partial(
            _last, effort, (python_with("floor"), "-m", "tests.benchmarks.bare_interpreters", kernels, *models)
        )
    return side_by_side(tasks)


def models_of_the_floor() -> list[Path]:
    """The default profile's models; the attention mesh without the operations that LiteRT lacks."""
    made = []
    for model in MODELS_OF_THE_FLOOR:
        path = (FOLDER / model.path.name).absolute()
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = (python_with("floor"), "-m", "tests.benchmarks.litert_model", model.path, path)
        subprocess.run(command, cwd=ROOT, check=True)
        made.append(path)
    return made


def _last(effort: Effort, command: tuple[str | Path, ...]) -> Usage:
    return repeated(effort, command)[-1].usage


def memory_section(usages: Mapping[str, Usage]) -> Section:
    """The memory table of all variants and alternatives."""
    base_mb = usages[OURS].rss_mb
    rows = tuple(
        (name, one.rss_mb / base_mb, one.rss_mb, one.anonymous_mb, one.file_mb, one.pss_mb or "unreadable")
        for name, one in usages.items()
    )
    drawn = [(name, (one.anonymous_mb, one.file_mb)) for name, one in usages.items()]
    return Section(
        "memory",
        "Memory, beside the alternatives",
        "Pictures from a folder of JPEGs of the rendered driver as a camera's MJPG, of the size a profile has; the "
        "naive recipe takes those of 320 x 240 one after the other, a bare interpreter no picture. The floor has the "
        "default profile's models, without three operations of the attention mesh that are MediaPipe's own. "
        "Anonymous memory is the process's own; pages of files the kernel takes back when memory is short. PSS is "
        "smaller by what other processes of this machine happen to share. mediapipe's full dependencies are installed "
        "for the naive recipe, which imports Matplotlib and Pillow of them. Unmapped as ours: after its start it "
        "releases unmodified file-backed pages, which it does not do by itself.",
        ("what", "of ours", "RSS, MB", "private (anonymous)", "of files", "PSS"),
        rows,
        charts.bars("Memory, RSS", ("anonymous", "of files"), drawn),
    )


def memory_figures(usages: Mapping[str, Usage]) -> list[Figure]:
    """The detector's memory as a ratio of the alternatives', with the limits."""
    ours_mb = usages[OURS].rss_mb
    return [
        Figure("detector's RSS, of the naive recipe's", ours_mb / usages[NAIVE].rss_mb, "", 0.5),
        Figure("detector's RSS, of the LiteRT floor", ours_mb / usages[FLOOR].rss_mb, "", 1.25),
        Figure("detector's RSS, of that floor with OpenCV", ours_mb / usages[CAMERA_FLOOR].rss_mb, "", 1.3),
    ]


def like_for_like(usages: Mapping[str, Usage]) -> str:
    """A sentence with the same ratios where the alternatives, too, release their libraries' pages."""
    unmapped = (f"{name}, {UNMAPPED}" for name in (NAIVE, FLOOR, CAMERA_FLOOR))
    naive, floor, camera_floor = (usages[OURS].rss_mb / usages[name].rss_mb for name in unmapped)
    return (
        f"Where they, too, release unmodified file-backed pages, the detector's RSS is {naive:.2f} of the naive "
        f"recipe's, {floor:.2f} of the LiteRT floor and {camera_floor:.2f} of that floor with OpenCV."
    )


def appliance(effort: Effort) -> tuple[Section, list[Figure]]:
    """Memory of detector, gunicorn's master and worker, idle and in use, and the figure with a limit."""
    frames = pictures((320, 240)).absolute()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--camera", str(frames)) as appliance:
        time.sleep(effort.seconds)
        (detector,) = appliance.pids("app run")
        page = appliance.pids("gunicorn")
        rows = [_row("page, nobody looks", page), _row("whole appliance, nobody looks", [*page, detector])]
        in_use(appliance)
        whole_mb, _ = alone_mb([*page, detector])
        rows += [_row("page in use", page), _row("whole appliance, page in use", [*page, detector])]
        rows += [_row(name, [pid]) for name, pid in (("detector", detector), ("master", page[0]), ("worker", page[1]))]
    section = Section(
        "appliance",
        "The whole appliance",
        "Detector, gunicorn's master and its worker as `make run` starts them, without what starts them, for which a "
        "snap has systemd; in use: after a hundred views and ten minutes' questions of an open page. A memory page "
        "that several of them map counts once, and nothing is taken off for sharing with other programs of this "
        "machine, as PSS does. Measured once.",
        ("what", "total, shared pages counted once, MB", "private (anonymous)", "sum of PSS"),
        tuple(rows),
    )
    return section, [Figure("whole appliance with the page in use, shared pages counted once", whole_mb, "MB", 120)]


def _row(name: str, pids: list[int]) -> tuple[str | float, ...]:
    whole_mb, anonymous_mb = alone_mb(pids)
    return name, whole_mb, anonymous_mb, sum(usage_of(pid).pss_mb or 0.0 for pid in pids)
