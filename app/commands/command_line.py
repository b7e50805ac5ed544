"""`python -m app COMMAND`: finds the command's module, runs it, and turns what goes wrong into an exit status.

Each command is a module of this folder with a `declare`, which gives the parser its help, its options and what to
`perform`. Only the module of the command that was asked for is imported.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module

from app.commands import terminal
from app.commands.outlet import open_standard_streams
from config.durable import StoreError

log = logging.getLogger(__name__)

COMMANDS = {
    "run": "watch the driver until Ctrl-C",
    "analyze": "judge videos and pictures",
    "render": "write a scenario of the fake driver as pictures",
    "check": "what is wrong here, and what helps",
    "admin-password": "make a new password for the page",
    "enable-https": "serve the page over HTTPS",
    "disable-https": "serve the page over plain HTTP",
    "status": "one-screen status of the detector",
    "trips": "what was counted of each trip, and its score",
    "factory-reset": "delete settings, password, events and trips",
}
DESCRIPTION = """drivewatch: a camera watches the driver, and a buzzer sounds when the driver does not
watch the road.
"""
EXAMPLES = """examples:
  python -m app run --camera fake:commute   a rendered driver, no hardware needed
  python -m app run --camera /dev/video0    a real one
  python -m app check                       what is wrong here, and what helps
  python -m app analyze trip.mp4 --plot trip.svg > trip.jsonl
  python -m app render microsleep --out frames

`python -m app COMMAND --help` explains each, `python -m config --help` the settings.
"""
# A fixed width: to ask for the terminal's, argparse would load shutil with three compressors, 0.4 MB
FORM = partial(argparse.RawDescriptionHelpFormatter, width=78)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    open_standard_streams()
    arguments = sys.argv[1:] if arguments is None else arguments
    command_parser = parser(arguments)
    options = command_parser.parse_args(arguments)
    if options.command is None:
        command_parser.print_help(sys.stderr)
        return 2
    terminal.log_to_stderr(options.log_level)
    try:
        status: int = options.perform(options)
        print(end="", flush=True)  # so that what cannot be written is reported here, not at the interpreter's end
    except BrokenPipeError:  # `| head`
        return 0
    except OSError as error:
        log.error("%s", f"{error.filename}: {error.strerror}" if error.filename else error)
        return 1
    except StoreError as error:
        log.error("%s", error)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)  # below the progress bar
        return 130
    return status


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the options of those commands that the arguments name."""
    top = argparse.ArgumentParser("python -m app", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=FORM)
    top.set_defaults(log_level=logging.INFO)
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, formatter_class=FORM)
        if name in arguments:
            import_module(f"app.commands.{name.replace('-', '_')}").declare(command)
    return top
