"""Scenario -> pictures or a video, and truth.jsonl beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import cv2

from app.fake_driver.portrait import Picture
from app.fake_driver.render import Renderer
from app.fake_driver.scenario import Scenario
from app.fake_driver.scene import Scene

TRUTH, VIDEO = "truth.jsonl", "video.avi"
VIDEO_QUALITY = 95  # of MJPG, percent


def rendered(
    scenario: Scenario, fps: float, seconds: float, size: tuple[int, int], seed: int
) -> Iterator[tuple[Scene, Picture]]:
    """Each moment of a scenario: its truth and its picture."""
    renderer = Renderer(*size, seed)
    for number in range(round(seconds * fps)):
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
    """Write them into the folder; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    video = cv2.VideoWriter(str(folder / VIDEO), cv2.VideoWriter.fourcc(*"MJPG"), fps, size) if as_video else None
    if video is not None:
        video.set(cv2.VIDEOWRITER_PROP_QUALITY, VIDEO_QUALITY)
    count = 0
    with closing((folder / TRUTH).open("w", encoding="utf-8")) as truth:
        for scene, picture in rendered(scenario, fps, seconds, size, seed):
            name = VIDEO if as_video else f"{count:05d}.png"
            if video is None:
                cv2.imwrite(str(folder / name), picture)
            else:
                video.write(picture)
            line = {key: round(value, 4) for key, value in asdict(scene).items()}
            truth.write(json.dumps({"file": name, "frame": count, **line}) + "\n")
            count += 1
    if video is not None:
        video.release()
    return count
