"""Command line of the settings: print, check and change them without starting drivewatch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from config.check import Problem, from_text, shown
from config.commands import restart_command
from config.declaration import Value
from config.disk import Disk
from config.document import MAX_BYTES
from config.durable import StoreError
from config.patch import scalar
from config.paths import CONFIG, Paths
from config.read import is_removed, not_a_setting, read
from config.reference import config_yaml, table
from config.settings import DECLARATIONS, values_of
from config.store import DEFAULTS, ConflictError, InvalidError, Loaded, Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 all is well, 1 something is wrong or refused."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "set":
            return _set(options.assignments)
        if options.command in ("check", "show"):
            return _report(options.command, options.file)
        if options.command == "migrate":
            for note in Store(Paths.from_environment().data).migrate():
                print(note)
            return 0
        print(config_yaml() if options.command == "yaml" else table(), end="")
    except InvalidError as error:
        print(*error.problems, "Nothing was changed.", sep="\n", file=sys.stderr)
        return 1
    except (ConflictError, OSError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config", description="The settings of drivewatch.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("yaml", help="print config.yaml with every setting as a comment")
    commands.add_parser("table", help="print the table of SETTINGS.md, in Markdown")
    for name, what in (("check", "print each problem with its line"), ("show", "print the values in force")):
        command = commands.add_parser(name, help=f"{what}; exit with 1 if there is a problem")
        command.add_argument("file", nargs="?", type=Path, metavar="FILE", help="instead of the one in force")
    commands.add_parser("migrate", help="rename keys of an older version; the file before is kept")
    command = commands.add_parser("set", help="change settings in the file in force, if the outcome is valid")
    command.add_argument(
        "assignments", nargs="+", metavar="KEY=VALUE", help="such as camera.width=480; `camera.width=` unsets it"
    )
    return parser


def _report(command: str, file: Path | None) -> int:
    path = file or Paths.from_environment().config
    loaded = _loaded(file) if file else Store(path.parent).load()
    if command == "show":
        print(*(f"{key}={scalar(value)}" for key, value in values_of(loaded.settings).items()), sep="\n")
    for problem in (*loaded.problems, *loaded.notes):
        print(f"{path}: {problem}", file=sys.stderr if command == "show" else sys.stdout)
    in_force = "the valid values and the defaults" if loaded.problems and loaded.origin == CONFIG else loaded.origin
    found = len(loaded.problems) or "no"
    print(f"{path}: {found} problem{'' if found == 1 else 's'}; in force: {in_force}", file=sys.stderr)
    return 1 if loaded.problems else 0


def _loaded(file: Path) -> Loaded:
    reading = read(Disk().read(file, MAX_BYTES + 1))
    origin = CONFIG if reading.values else DEFAULTS
    return Loaded(reading.settings, reading.problems, reading.notes, origin, text="", version="")


def _set(assignments: Sequence[str]) -> int:
    values: dict[str, Value | None] = {}
    problems = []
    for key, sign, text in (assignment.partition("=") for assignment in assignments):
        try:
            if not sign:
                raise ValueError("must be given as KEY=VALUE")
            if is_removed(key):
                print(Problem(key, shown(text), not_a_setting(key)), file=sys.stderr)
                continue
            if key not in DECLARATIONS:
                raise ValueError(not_a_setting(key))
            values[key] = from_text(DECLARATIONS[key], text) if text else None
        except ValueError as error:
            problems.append(Problem(key, text, str(error)))
    if problems:
        raise InvalidError(tuple(problems))
    if not values:
        return 0
    paths = Paths.from_environment()
    store = Store(paths.data)
    store.change(values, store.load().version)
    print(f"{paths.config} is saved. It holds from the next start: `{restart_command()}`.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
