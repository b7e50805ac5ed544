"""Scenario -> pictures or a video, and truth.jsonl beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import cv2

from app.fake_driver.portrait import Picture
from app.fake_driver.render import Renderer
from app.fake_driver.scenario import Scenario
from app.fake_driver.scene import Scene

TRUTH, VIDEO = "truth.jsonl", "video.avi"
PICTURE_NAME = re.compile(r"[0-9]{5,}\.png")
VIDEO_QUALITY = 95  # of MJPG, percent


def rendered(
    scenario: Scenario, fps: float, seconds: float, size: tuple[int, int], seed: int
) -> Iterator[tuple[Scene, Picture]]:
    """Each moment of a scenario, at least one: its truth and its picture."""
    renderer = Renderer(*size, seed)
    for number in range(max(1, round(seconds * fps))):
        scene = scenario.scene_at(number / fps)
        yield scene, renderer.picture(scene)


def record(
    scenario: Scenario,
    folder: Path,
    fps: float,
    seconds: float,
    size: tuple[int, int],
    seed: int = 0,
    as_video: bool = False,
) -> int:
    """The number of pictures written into the folder, where they replace an earlier rendering.

    Raises: OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    video = _open_video(folder / VIDEO, fps, size) if as_video else None
    count = 0
    with (folder / TRUTH).open("w", encoding="utf-8") as truth:
        for scene, picture in rendered(scenario, fps, seconds, size, seed):
            name = VIDEO if as_video else f"{count:05d}.png"
            if video is None:
                (folder / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())  # imwrite gives no reason
            else:
                video.write(picture)
            shown = {key: round(value, 4) for key, value in asdict(scene).items()}
            shown["time_s"] = round(count / fps, 4)  # a frozen picture's scene has an earlier one
            truth.write(json.dumps({"file": name, "frame": count, **shown}) + "\n")
            count += 1
    if video is not None:
        video.release()
    return count


def _clear(folder: Path) -> None:
    """Remove an earlier rendering, whose pictures would otherwise follow those of a shorter one."""
    if (folder / TRUTH).exists():
        for path in folder.iterdir():
            if PICTURE_NAME.fullmatch(path.name) or path.name == VIDEO:
                path.unlink()


def _open_video(path: Path, fps: float, size: tuple[int, int]) -> cv2.VideoWriter:
    path.touch()  # OpenCV would not say why it cannot
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    if not video.isOpened():
        raise OSError(f"{path}: OpenCV cannot write a video of {fps:g} frames a second")
    video.set(cv2.VIDEOWRITER_PROP_QUALITY, VIDEO_QUALITY)
    return video
