"""`python -m app analyze`: judge videos and pictures."""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

from app.commands.options import above_0, add_config
from app.commands.settings_file import load, log_problems
from app.commands.terminal import Bar
from config.paths import Paths

log = logging.getLogger(__name__)

DESCRIPTION = """Judges videos, pictures and folders of pictures as fast as they go, as `run`
would have judged them live. Prints one JSON object a line for each frame:

  input, frame, time_s          file, number of the frame in it from 0, its time
  has_face                      whether a face was found
  yaw_deg, pitch_deg, roll_deg  head pose; + is to the driver's right, up, and
                                towards the right shoulder
  ear, mar                      eye and mouth aspect ratio; small is closed
  state, level                  such as "looking_away" and "warning"
  problem                       of a picture that lies, with what helps
  event                         where one begins, rises or ends: kind, level,
                                onset_s, end_s, detail, and in `also` others
                                that did so at the same frame

What cannot be measured is null. A folder is a trip at 1 picture a second, in
the order of the names. A picture that is an input by itself is judged alone.
"""
MORE = """exit status: 0 all was read; 1 something was not: stderr says what, the rest is done

examples:
  python -m app analyze trip.mp4 --fps 1 --plot trip.svg > trip.jsonl
  python -m app analyze faces/ --still | grep eyes_closed
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description, parser.epilog = DESCRIPTION, MORE
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="a video, a picture, or a folder of pictures")
    parser.add_argument(
        "--fps", type=above_0, metavar="N", help="frames a second: taken from videos (all), of folders (1)"
    )
    parser.add_argument("--still", action="store_true", help="judge each picture alone, not as moments of a trip")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw a timeline with the events marked")
    add_config(parser)
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Print what the inputs show; the exit status."""
    from app.recordings.analyze import Options, analyze
    from app.vision.model_files import FaceMeshError

    loaded = load(options.config, Paths.from_environment())
    log_problems(loaded, options.config)
    settings = loaded.settings
    if options.still:
        settings = replace(settings, vision=replace(settings.vision, static_image_mode=True))
    wanted = Options(tuple(options.inputs), options.fps, options.still, options.plot)
    bar = Bar(sys.stderr) if sys.stderr.isatty() and not sys.stdout.isatty() else None
    try:
        return analyze(wanted, settings, sys.stdout, sys.stderr, bar)
    except FaceMeshError as error:
        log.error("%s", error)
        return 1
