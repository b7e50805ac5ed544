"""The frame rate from which speed outweighs memory; landmarks are the same with either kernels."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.memory.rates import is_fast
from app.observer import Observer
from app.vision.face import Face, FaceMesh
from app.vision.graph import Graph
from app.vision.regions import Region
from config.declaration import Value
from config.settings import Settings, settings_from

Picture = npt.NDArray[np.uint8]

SMALL, LARGE = (320, 240), (1280, 720)
WITHIN_PX, WITHIN_SCORE = 0.05, 0.01


@pytest.mark.parametrize(
    ("values", "fast"),
    [
        ({}, False),
        ({"camera.target_fps": 4.9}, False),
        ({"camera.target_fps": 5}, True),
        ({"camera.target_fps": 30, "camera.frame_skip": 6}, True),
        ({"camera.target_fps": 10, "camera.frame_skip": 3}, False),
    ],
)
def test_five_analysed_frames_a_second_are_fast(values: dict[str, Value], fast: bool) -> None:
    assert is_fast(settings_from(values).camera) is fast


def test_observer_passes_the_kernels_to_every_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[bool] = set()
    make = Graph.__init__

    def noted(self: Graph, *arguments: object, **named: object) -> None:
        asked.add(bool(arguments[3]))
        make(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Graph, "__init__", noted)
    with Observer(Settings().vision, Settings().analysis, 3.0, True) as watch:
        watch.change_model(Settings().vision, False)
    assert asked == {True, False}


@pytest.fixture(scope="module", params=[False, True], ids=["tflite", "xnnpack"])
def mesh(request: pytest.FixtureRequest) -> FaceMesh:
    return FaceMesh(fast=request.param)


def drawn(size: tuple[int, int], scene: Scene) -> Picture:
    return Renderer(*size, 0).picture(scene)


def found(mesh: FaceMesh, picture: Picture) -> tuple[Face, Region]:
    mesh.reset()
    face = mesh.find(picture)
    assert face is not None
    assert mesh._tracked is not None
    return face, mesh._tracked


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(
    "scene",
    [Scene(), Scene(roll_deg=30, x_cm=9), Scene(x_cm=-14, distance_cm=45), Scene(distance_cm=35)],
    ids=["in the middle", "leaning", "at the edge", "close up"],
)
def test_cropped_picture_gives_the_same_landmarks_as_the_whole(
    mesh: FaceMesh, size: tuple[int, int], scene: Scene
) -> None:
    picture = drawn(size, scene)
    _, region = found(mesh, picture)
    graphs = mesh._graphs
    whole = graphs.input_of(picture)
    assert whole.whole is whole.whole, "one packet for all runs"
    in_part, in_whole = graphs.fit(graphs.input_of(picture), region), graphs.fit(whole, region)
    assert in_part is not None
    assert in_whole is not None
    scale = size[0] / SMALL[0]
    assert np.abs(in_part.landmarks - in_whole.landmarks).max() < WITHIN_PX * scale
    assert abs(in_part.region.x_px - in_whole.region.x_px) < WITHIN_PX * scale
    scores = [mesh._blendshapes.scores(fit.landmarks) for fit in (in_part, in_whole)]
    assert np.abs(scores[0] - scores[1]).max() < WITHIN_SCORE


def test_region_beyond_the_picture_does_no_harm(mesh: FaceMesh) -> None:
    picture = drawn(SMALL, Scene())
    for x_px, y_px in ((-500.0, 120.0), (900.0, 120.0), (160.0, -400.0), (160.0, 700.0)):
        mesh._graphs.fit(mesh._graphs.input_of(picture), Region(x_px, y_px, 100.0, 0.3))
    assert found(mesh, picture)


def test_both_kernels_give_the_same_landmarks() -> None:
    picture = drawn(SMALL, Scene())
    with FaceMesh() as small, FaceMesh(fast=True) as fast:
        one, other = found(small, picture)[0], found(fast, picture)[0]
    assert np.abs(one.landmarks - other.landmarks).max() < 10 * WITHIN_PX
    assert one.blendshapes is not None
    assert other.blendshapes is not None
    assert np.abs(one.blendshapes - other.blendshapes).max() < WITHIN_SCORE


def test_find_does_not_change_the_picture(mesh: FaceMesh) -> None:
    picture = drawn(SMALL, Scene())
    before = picture.copy()
    mesh.find(picture)
    assert (picture == before).all()
    picture[:] = 0  # the camera's buffer may be used again


@pytest.mark.parametrize("fast", [False, True])
def test_freed_blocks_are_kept_only_at_a_high_rate(fast: bool) -> None:
    """Kept blocks are used again without page faults."""
    code = f"""
import resource
import numpy as np
from app.memory.allocator import keep_freed_blocks, limit_malloc_arenas
limit_malloc_arenas()
if {fast}: assert keep_freed_blocks()
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(2_700_000, np.uint8)
before = faults()
for _ in range(20): np.ones(2_700_000, np.uint8)
print(faults() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (int(done.stdout) < 1000) is fast
