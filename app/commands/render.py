"""`python -m app render`: write a scenario of the fake driver as pictures or as a video."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from app.commands.options import above_0, size
from app.fake_driver.scenario import ScenarioError, load_scenario, scenario_names

log = logging.getLogger(__name__)

DESCRIPTION = """Writes a scenario as numbered PNG files or as one video, and truth.jsonl: a line
for each frame with what it truly shows. An earlier rendering in that folder is
replaced.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description, parser.epilog = DESCRIPTION, _scenarios()
    parser.add_argument("scenario", metavar="SCENARIO", help="one of those below, or a .yaml file of your own")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the pictures and truth.jsonl")
    parser.add_argument("--fps", type=above_0, default=1.0, metavar="N", help="pictures a second (1)")
    parser.add_argument("--seconds", type=above_0, metavar="S", help="how long (the whole scenario)")
    parser.add_argument("--size", type=size, default=(320, 240), metavar="WxH", help="in pixels (320x240)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the sensor's noise (0)")
    parser.add_argument("--video", action="store_true", help="one video.avi instead of pictures")
    parser.set_defaults(perform=perform)


def _scenarios() -> str:
    lines = [f"  {name:15} {load_scenario(name).about}" for name in scenario_names()]
    return "\n".join(["scenarios:", *lines, "", "example:", "  python -m app render microsleep --out frames"])


def perform(options: argparse.Namespace) -> int:
    """Write the frames; the exit status."""
    from app.fake_driver.record import record

    try:
        scenario = load_scenario(options.scenario)
    except ScenarioError as error:
        log.error("%s", error)
        return 1
    seconds = options.seconds or scenario.length_s
    count = record(scenario, options.out, options.fps, seconds, options.size, options.seed, as_video=options.video)
    print(f"{count} frames of {scenario.name} in {options.out}: {scenario.about}")
    return 0
