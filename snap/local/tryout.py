"""Does drivewatch work on what it can import? `python -S tryout.py`, PYTHONPATH at a payload; exit status 0 if so."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

MODELS = ("lite", "standard", "full")


def main() -> None:
    """Raise AssertionError or whatever else where something does not work."""
    import_everything()
    find_faces()
    judge_a_video()
    ask_the_page()


def import_everything() -> None:
    """Import what is otherwise imported late, so that a missing module shows now."""
    for package in ("config", "admin", "app"):
        path = [str(place) for place in import_module(package).__path__]
        for module in pkgutil.walk_packages(path, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    for name in ("gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "gpiozero.pins.local"):
        import_module(name)


def find_faces() -> None:
    """With each model, hands included."""
    from app.fake_driver.render import Renderer
    from app.fake_driver.scene import Scene
    from app.vision.face import FaceMesh

    picture = Renderer(320, 240).picture(Scene())
    for model in MODELS:
        with FaceMesh(model) as mesh:
            face = mesh.find(picture)
            assert face is not None, f"model {model} finds no face"
            irises = 0 if model == "lite" else 10
            assert face.landmarks.shape == (468 + irises, 3)
            assert face.blendshapes is not None, f"model {model} does not see the lids"


def judge_a_video() -> None:
    """H.264 in MP4, which OpenCV reads by its FFmpeg alone, is not at hand everywhere: MPEG-4 takes the same way."""
    import cv2

    from app.fake_driver.render import Renderer
    from app.fake_driver.scene import Scene

    with tempfile.TemporaryDirectory() as folder:
        video = str(Path(folder, "trip.mp4"))
        writer = cv2.VideoWriter(video, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 1.0, (320, 240))
        picture = Renderer(320, 240).picture(Scene())
        for _ in range(3):
            writer.write(picture)
        writer.release()
        done = subprocess.run(
            [sys.executable, "-S", "-m", "app", "analyze", video], capture_output=True, text=True, check=True
        )
        assert done.stdout.count('"has_face": true') == 3, done


def ask_the_page() -> None:
    """The form to sign in, with its style sheet."""
    from admin.application import create_app

    client = create_app().test_client()
    login, style = client.get("/login"), client.get("/static/page.css")
    assert login.status_code == style.status_code == 200, (login.status, style.status)
    assert b"password" in login.data


if __name__ == "__main__":
    main()
