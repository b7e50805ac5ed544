"""The detector's loop on fakes."""

from __future__ import annotations

import pytest

from tests.support.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
