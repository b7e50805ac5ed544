"""The camera's child process: each line on stdin, a time in seconds -> a picture, raw BGR, on stdout."""

from __future__ import annotations

import argparse
import sys

import cv2

from app.fake_driver.render import Renderer
from app.fake_driver.scenario import ScenarioError, load_scenario


def main() -> int:
    """Render until stdin ends; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app.fake_driver", description=__doc__)
    parser.add_argument("scenario")
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        scenario = load_scenario(arguments.scenario)
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 1
    renderer = Renderer(arguments.width, arguments.height, arguments.seed)
    for line in sys.stdin:
        sys.stdout.buffer.write(renderer.picture(scenario.scene_at(float(line))).tobytes())
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
