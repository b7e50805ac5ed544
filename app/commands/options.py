"""Options that several commands have, and how their values are checked."""

from __future__ import annotations

import argparse
from math import isfinite
from pathlib import Path

from config.check import accept
from config.settings import DECLARATIONS

CAMERA_SOURCE = "camera.source"  # the setting that --camera stands for


def add_camera(parser: argparse.ArgumentParser) -> None:
    """Add --camera."""
    parser.add_argument(
        "--camera",
        type=_source,
        metavar="SOURCE",
        help="instead of the setting camera.source: auto, /dev/video0, a video, a folder, fake:SCENARIO",
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add --config."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="a settings file instead of the one in force")


def above_0(text: str) -> float:
    """A finite number above 0. Raises: ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} must be a number above 0")
    return value


def size(text: str) -> tuple[int, int]:
    """Width and height, within the settings' limits. Raises: ArgumentTypeError."""
    width, _, height = text.partition("x")
    try:
        pixels = int(width), int(height)
        for value, name in zip(pixels, ("camera.width", "camera.height"), strict=True):
            accept(DECLARATIONS[name], value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} must be such as 320x240, from 64x48 to 1920x1080") from error
    return pixels


def _source(text: str) -> str:
    try:
        accept(DECLARATIONS[CAMERA_SOURCE], text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from error
    return text
