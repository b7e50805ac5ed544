"""`python -m app check`: is each part well, and if not, what helps? doctor.py looks at them."""

from __future__ import annotations

import argparse
import logging

from app.commands.options import add_camera, add_config
from app.commands.settings_file import load, with_camera
from config.paths import Paths

DESCRIPTION = """Looks at settings, folders, camera, buzzer, LED, face mesh, memory and clock.
Prints a line for each: ok, or BAD with what helps. A detector that runs has the
camera and the pins, so its own report of them is printed.
"""
MORE = """exit status: 0 all is well; 1 something needs attention

examples:
  python -m app check
  python -m app check --camera fake:attentive   all but the camera
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Help and options."""
    parser.description, parser.epilog = DESCRIPTION, MORE
    add_camera(parser)
    add_config(parser)
    parser.set_defaults(perform=perform, log_level=logging.CRITICAL)  # its findings say the same


def perform(options: argparse.Namespace) -> int:
    """Print the findings; the exit status."""
    from app.commands.doctor import check

    paths = Paths.from_environment()
    loaded = load(options.config, paths)
    return check(loaded, with_camera(loaded.settings, options.camera), paths)
