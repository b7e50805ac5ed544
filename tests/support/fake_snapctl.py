"""A snapctl with a snap's configuration, services and health in a JSON file named by FAKE_SNAPD.

The rules are those of snapd's overlord/hookstate/ctlcmd and configstate/config/helpers.go.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

NAME = re.compile(r"(?:[a-z0-9]+-?)*[a-z](?:-?[a-z0-9])*")
HEALTHS = ("okay", "waiting", "blocked", "error")


def main(arguments: list[str]) -> int:
    """Run one command and record it in the file."""
    file = Path(os.environ["FAKE_SNAPD"])
    state = json.loads(file.read_text())
    state["calls"].append(arguments)
    command, *rest = arguments
    try:
        if command in state["broken"]:
            raise ValueError(f"snap has {command!r} change in progress")
        if command in COMMANDS:
            COMMANDS[command](state, rest)
        if command == "services":
            print(f"Service  Startup  Current  Notes\n{rest[0]}  enabled  {state['detector']}  -")
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        file.write_text(json.dumps(state))
    return 0


def get(state: dict[str, object], rest: list[str]) -> None:
    """`get -d KEY…`: the empty key is the whole document, which has to be second."""
    assert rest.pop(0) == "-d"
    if not rest or rest == [""]:
        raise ValueError("get which option?")
    document = {key: state["config"] if key == "" else state["config"].get(key) for key in rest}  # type: ignore[attr-defined]
    print(json.dumps({key: value for key, value in document.items() if value}, indent="\t"))


def put(state: dict[str, object], rest: list[str]) -> None:
    """`set -t KEY=JSON… KEY!…`."""
    assert rest.pop(0) == "-t"
    for item in rest:
        key, sign, text = item.partition("=")
        value = json.loads(text) if sign else None
        *sections, name = key.removesuffix("!").split(".")
        if not all(NAME.fullmatch(part) for part in (*sections, name)):
            raise ValueError(f"invalid option name: {key!r}")
        table = state["config"]
        for section in sections:
            table = table.setdefault(section, {})  # type: ignore[attr-defined]
        table[name] = value  # type: ignore[index]
        if value is None:
            del table[name]  # type: ignore[attr-defined]


def set_health(state: dict[str, object], rest: list[str]) -> None:
    """`set-health STATUS [MESSAGE] [--code=CODE]`."""
    health, *more = rest
    code = next((word for word in more if word.startswith("--code=")), "")
    message = next((word for word in more if not word.startswith("--")), "")
    if health not in HEALTHS or (health == "okay") != (not more) or (more and not 7 <= len(message) <= 70):
        raise ValueError(f"health {rest}")
    if code and not re.fullmatch(r"--code=[a-z](-?[a-z0-9])+", code):
        raise ValueError(f"invalid code {code}")
    state["health"] = rest


COMMANDS = {"get": get, "set": put, "set-health": set_health}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
