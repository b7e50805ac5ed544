"""Missing and damaged models are reported with the command that helps, and nothing is judged without them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2
import pytest

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision import model_files
from app.vision.model_files import FaceMeshError, ModelFile
from tests.support.process import ROOT

README = (ROOT / "app" / "vision" / "models" / "README.md").read_text()
ALL = [value for value in vars(model_files).values() if isinstance(value, ModelFile)]
IN_WHEEL = [model for model in ALL if not model.is_own]
OWN = [model for model in ALL if model.is_own]
MISSING, CUT, OTHER, EMPTY = "missing", "cut", "of other content", "empty"
HELP = {
    True: "run `git checkout app/vision/models`, or install the snap again",
    False: "run `make clean setup`, or install",
}


def spoil(path: Path, how: str) -> None:
    whole = path.read_bytes()
    path.write_bytes({CUT: whole[:-1], OTHER: whole[:-1] + bytes([whole[-1] ^ 1]), EMPTY: b""}[how])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of each model."""
    for model in ALL:
        place = tmp_path / model.name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(model.path.read_bytes())
    return tmp_path


@pytest.mark.parametrize("model", ALL, ids=lambda model: Path(model.name).stem)
def test_installed_models_have_the_expected_hash(model: ModelFile) -> None:
    assert sha256(Path(model.checked()).read_bytes()).hexdigest() == model.sha256


def test_models_are_in_the_wheel_or_the_repository() -> None:
    assert len(IN_WHEEL) >= 6
    assert [model.path for model in OWN] == [ROOT / "app" / "vision" / "models" / "face_blendshapes.tflite"]


@pytest.mark.parametrize("how", [CUT, OTHER, EMPTY])
@pytest.mark.parametrize("model", [model_files.SHORT_RANGE, model_files.BLENDSHAPES])
def test_damaged_model_is_reported_with_the_command_that_helps(folder: Path, model: ModelFile, how: str) -> None:
    path = folder / model.name
    spoil(path, how)
    with pytest.raises(FaceMeshError) as raised:
        model.checked(folder)
    assert str(raised.value).startswith(f"the model {path} is damaged (its SHA-256 is not the expected one): ")
    assert HELP[model.is_own] in str(raised.value)


@pytest.mark.parametrize("model", [model_files.SHORT_RANGE, model_files.BLENDSHAPES])
def test_missing_model_and_a_folder_in_its_place_are_reported(folder: Path, model: ModelFile) -> None:
    path = folder / model.name
    path.unlink()
    with pytest.raises(FaceMeshError, match=r"cannot be read \(No such file or directory\): run `"):
        model.checked(folder)
    path.mkdir()
    with pytest.raises(FaceMeshError) as raised:
        model.checked(folder)
    assert str(path) in str(raised.value)
    assert HELP[model.is_own] in str(raised.value)


def test_missing_mediapipe_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mediapipe", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FaceMeshError, match="mediapipe is not installed: run `make setup`"):
        model_files.PLAIN_MESH.checked()


def test_readme_of_the_own_model_has_hash_size_and_licence() -> None:
    (model,) = OWN
    assert f"| `{model.name}` |" in README
    assert f"`{model.sha256}`" in README
    assert f"{model.path.stat().st_size:,}" in README
    assert "Apache-2.0" in README
    assert "Apache License" in (ROOT / "app" / "vision" / "models" / "LICENSE").read_text()


@dataclass(frozen=True)
class Installation:
    """drivewatch and mediapipe as links, so that a test can damage a model and run the real program."""

    root: Path

    def place(self, model: ModelFile) -> Path:
        return self.root / ("app/vision/models" if model.is_own else "mediapipe/modules") / model.name

    def damage(self, model: ModelFile, how: str = OTHER) -> Path:
        path = self.place(model)
        whole = path.read_bytes()
        path.unlink()  # the link, not what it leads to
        if how != MISSING:
            path.write_bytes(whole)
            spoil(path, how)
        return path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "DRIVEWATCH_DATA": str(self.root / "data"), "PYTHONPATH": str(self.root)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True, timeout=120)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    no_cache = shutil.ignore_patterns("__pycache__")
    site = model_files.package_root().parent
    for folder, name in ((ROOT, "app"), (ROOT, "config"), (site, "mediapipe")):
        shutil.copytree(folder / name, tmp_path / name, copy_function=os.symlink, ignore=no_cache)
    (tmp_path / "mediapipe.libs").symlink_to(site / "mediapipe.libs")  # which its extension module looks for beside it
    return Installation(tmp_path)


START = "from app.vision.face import FaceMesh\nwith FaceMesh({arguments}): print('it judges')"


@pytest.mark.parametrize(
    ("arguments", "model"),
    [
        ("'lite'", model_files.SHORT_RANGE),
        ("'lite'", model_files.PLAIN_MESH),
        ("'lite'", model_files.BLENDSHAPES),
        ("'standard'", model_files.ATTENTION_MESH),
        ("'full'", model_files.FULL_RANGE),
        ("'full', hands=True", model_files.PALM),
        ("'full', hands=True", model_files.HAND),
    ],
)
def test_a_face_mesh_with_a_damaged_model_does_not_start(
    installation: Installation, arguments: str, model: ModelFile
) -> None:
    path = installation.damage(model)
    done = installation.run("-c", START.format(arguments=arguments))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("app.vision.model_files.FaceMeshError: ")]
    assert f"the model {path} is damaged" in line
    assert HELP[model.is_own] in line


def test_unused_models_may_be_missing(installation: Installation) -> None:
    for model in (model_files.PLAIN_MESH, model_files.FULL_RANGE, model_files.PALM, model_files.HAND):
        installation.damage(model, MISSING)
    assert installation.run("-c", START.format(arguments="'standard'")).stdout == "it judges\n"


@pytest.mark.parametrize("how", [MISSING, CUT, OTHER, EMPTY])
def test_analyze_without_the_blendshape_model_judges_nothing(installation: Installation, how: str) -> None:
    path = installation.damage(model_files.BLENDSHAPES, how)
    picture = installation.root / "driver.png"
    cv2.imwrite(str(picture), Renderer(320, 240).picture(Scene()))
    done = installation.run("-m", "app", "analyze", str(picture))
    assert (done.returncode, done.stdout) == (1, "")
    assert str(path) in done.stderr
    assert "run `git checkout app/vision/models`" in done.stderr


def test_check_names_the_damaged_model(installation: Installation) -> None:
    path = installation.damage(model_files.BLENDSHAPES)
    done = installation.run("-m", "app", "check", "--camera", "fake:attentive")
    (line,) = [line for line in done.stdout.splitlines() if "face mesh" in line]
    assert line.startswith("BAD")
    assert str(path) in line
    assert "run `git checkout app/vision/models`" in line
    assert done.returncode == 1


def test_check_names_a_damaged_hand_model_if_phones_are_looked_for(installation: Installation) -> None:
    path = installation.damage(model_files.PALM)
    settings = installation.root / "data" / "config.yaml"
    settings.parent.mkdir()
    settings.write_text("vision:\n  model: full\n  phone: true\n")
    done = installation.run("-m", "app", "check", "--camera", "fake:attentive")
    assert str(path) in done.stdout
