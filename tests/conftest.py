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
    "real processes": ("tests/system", "tests/snap", "tests/test_setup.py", "tests/security/test_appliance.py"),
    "the face mesh on rendered drivers": (
        "tests/test_observer.py",
        "tests/vision/test_blendshapes.py",
        "tests/vision/test_eye_visibility.py",
        "tests/vision/test_face.py",
        "tests/vision/test_signals.py",
        "tests/fake_driver",
    ),
    "interpreters of their own": ("tests/test_imports.py",),
    "harnesses": ("tests/evaluation", "tests/faults", "tests/soak", "tests/vm"),
}

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from config.paths import Paths
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


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The password's file; making one takes a third of a second."""
    from config import password
    from tests.support.page import PASSWORD

    path = tmp_path_factory.mktemp("password") / "admin-password"
    password.save(path, PASSWORD)
    return path.read_text()


@pytest.fixture
def paths(tmp_path: Path, stored: str) -> Paths:
    """Folders of a page whose password is set."""
    from config.paths import Paths

    made = Paths(tmp_path / "data", tmp_path / "run", tmp_path / "common")
    made.make()
    made.admin_password.write_text(stored)
    return made


@pytest.fixture
def app(paths: Paths) -> Flask:
    """The page."""
    from admin.application import create_app

    return create_app(paths)


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A client that is not signed in."""
    return app.test_client()


@pytest.fixture
def owner(app: Flask) -> FlaskClient:
    """A client that is signed in."""
    from config import password
    from tests.support.page import own_parts

    client = app.test_client()
    own = own_parts(client)
    session_id, _ = own.sessions.open(password.fingerprint(own.paths.admin_password))
    client.set_cookie("sid", session_id)
    return client


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Detector and page in processes of their own, on the rendered driver."""
    from tests.support.appliance import running

    with running(tmp_path_factory.mktemp("appliance"), "--camera", "fake:attentive") as made:
        yield made
