"""Face meshes, made once for each module; only tests that use one load mediapipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from app.vision.face import FaceMesh


def _made(model: str) -> Iterator[FaceMesh]:
    from app.vision.face import FaceMesh

    with FaceMesh(model) as mesh:
        yield mesh


@pytest.fixture(scope="module", params=("lite", "standard", "full"))
def mesh(request: pytest.FixtureRequest) -> Iterator[FaceMesh]:
    yield from _made(request.param)


@pytest.fixture(scope="module")
def lite() -> Iterator[FaceMesh]:
    yield from _made("lite")


@pytest.fixture(scope="module")
def standard() -> Iterator[FaceMesh]:
    yield from _made("standard")
