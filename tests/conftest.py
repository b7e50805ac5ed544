"""Fixtures that tests of several rooms use.

Every run loads this file, so what is heavy is imported by the fixture that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).parents[1]
# What `make test-fast` leaves out, and why
SLOW = {
    "real processes": (
        "tests/system",
        "tests/snap",
        "tests/test_setup.py",
        "tests/security/test_appliance.py",
        "tests/security/test_neighbours.py",
        "tests/commands/test_run.py",
        "tests/camera/test_played_camera.py",
        "tests/config/test_certificate_renewal.py",
    ),
    "real hashes, and minutes of restarts half a second by half a second": (
        "tests/config/test_password.py",
        "tests/admin/test_roll_back.py",
    ),
    "the face mesh, mostly on rendered drivers": (
        "tests/test_observer.py",
        "tests/test_observer_alone.py",
        "tests/test_observer_mounting.py",
        "tests/vision/test_blendshapes.py",
        "tests/vision/test_eye_visibility.py",
        "tests/vision/test_face.py",
        "tests/vision/test_face_signals.py",
        "tests/vision/test_face_tracking.py",
        "tests/vision/test_head_pose.py",
        "tests/vision/test_model_files.py",
        "tests/memory/test_rates.py",
        "tests/vision/test_seat.py",
        "tests/vision/test_sight.py",
        "tests/monitor/test_memory_saver.py",
        "tests/admin/aim/test_aiming_rendered.py",
        "tests/fake_driver",
    ),
    "interpreters of their own": ("tests/test_imports.py",),
    "harnesses": ("tests/evaluation", "tests/faults", "tests/soak", "tests/vm"),
}

if TYPE_CHECKING:
    from app.observer import Observer
    from tests.support.appliance import Appliance


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --fast, which `make test-fast` uses."""
    parser.addoption("--fast", action="store_true", help="leave out what takes long")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """True for what --fast leaves out."""
    slow = {ROOT / name for names in SLOW.values() for name in names}
    return True if config.getoption("fast") and collection_path in slow else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what --fast left out."""
    if config.getoption("fast"):
        terminalreporter.line("left out, `make test` has them:")
        for why, names in SLOW.items():
            terminalreporter.line(f"  {why}: {', '.join(names)}")


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Detector and page in processes of their own, on the rendered driver."""
    from tests.support.appliance import running

    with running(tmp_path_factory.mktemp("appliance"), "--camera", "fake:attentive") as made:
        yield made


@pytest.fixture(scope="module")
def made_watch() -> Iterator[Observer]:
    """An observer with the default settings."""
    from tests.support.observing import new_watch

    with new_watch() as made:
        yield made


@pytest.fixture
def watch(made_watch: Observer) -> Observer:
    """The module's observer, without a trace of earlier tests."""
    made_watch.reset()
    return made_watch
