"""The settings as snapd keeps them, for `snap set` and `snap get`; config.yaml stays the truth.

`python -m config.snapd` is the configure hook; `main` refuses a value that is not allowed, and then nothing is changed.
snapd's names have dashes: raspberry-pi.buzzer-pin. What snapd was told last is kept in the data folder, to tell what
somebody has set since from what the page or an editor changed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Protocol

from config import durable, snapd_told
from config.check import Problem, from_text, shown
from config.commands import instance
from config.declaration import Value
from config.disk import Disk
from config.durable import StoreError
from config.paths import Paths
from config.read import is_removed, not_a_setting
from config.settings import DECLARATIONS, SECTIONS, Settings, values_of
from config.store import ConflictError, InvalidError, Store

log = logging.getLogger(__name__)

LIMIT_S = 60.0  # a restart takes 15: the detector may take 10 to end; snapd itself would wait for 150
KEY = re.compile(r"[a-z][a-z_]*\.[a-z0-9_]+")  # in a sentence


class Snapctl(Protocol):
    """How snapd is asked; tests have a snapd of their own."""

    def __call__(self, *arguments: str, limit_s: float = LIMIT_S) -> str:
        """Return what snapctl prints. Raises: SnapctlError."""


class SnapctlError(Exception):
    """Why snapd did not do it."""


def snapctl(*arguments: str, limit_s: float = LIMIT_S) -> str:
    """What snapd prints when asked. The environment is passed on, as snapd knows the caller by its SNAP_COOKIE.

    Raises: SnapctlError.
    """
    try:
        done = subprocess.run(
            ["snapctl", *arguments],  # noqa: S607  of the base
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SnapctlError(str(error)) from error
    if done.returncode:
        raise SnapctlError(done.stderr.strip() or f"snapctl ended with status {done.returncode}")
    return done.stdout


def configure(paths: Paths, ask: Snapctl = snapctl) -> None:
    """Fold what somebody has set into config.yaml, and have the detector restarted if that changes the file.

    Raises: InvalidError, ConflictError, StoreError, SnapctlError; then nothing was changed.
    """
    store = Store(paths.data)
    before = store.load()
    wanted = changes(_found(ask), snapd_told.read(paths.snapd_told))
    if wanted and store.change(wanted, before.version) != before.version:
        _restart_detector(ask)


def _restart_detector(ask: Snapctl) -> None:
    """After the hook, unless somebody has stopped it. What is saved holds from its next start on in any case."""
    service = f"{instance()}.detector"
    try:
        if "inactive" not in ask("services", service):
            ask("restart", service)
    except SnapctlError as error:
        log.warning("%s is not restarted: %s", service, error)


def changes(found: Mapping[str, str], before: Mapping[str, str]) -> dict[str, Value | None]:
    """The settings that were changed since snapd was told, None for those that were unset.

    Raises: InvalidError.
    """
    values: dict[str, Value | None] = {key: None for key in before if key in DECLARATIONS and key not in found}
    problems = []
    for key, text in found.items():
        if before.get(key) == text:
            continue
        try:
            if is_removed(key):
                log.warning("%s", dashed(str(Problem(key, shown(text), not_a_setting(key)))))
                continue
            if key not in DECLARATIONS:
                raise ValueError(not_a_setting(key))
            values[key] = from_text(DECLARATIONS[key], text)
        except ValueError as error:
            problems.append(Problem(key, shown(text), str(error)))
    if problems:
        raise InvalidError(tuple(problems))
    return values


def tell(paths: Paths, settings: Settings, ask: Snapctl = snapctl) -> None:
    """Have `snap get` show these settings. Raises: SnapctlError, StoreError."""
    found = _found(ask)
    in_force = values_of(settings)
    new = [
        f"{dashed(key)}={json.dumps(_plain(value))}" for key, value in in_force.items() if not _is(key, found, value)
    ]
    gone = [f"{dashed(key)}!" for key in found if key not in in_force]
    if new or gone:
        ask("set", "-t", *gone, *new)
        found = _found(ask)
    before = snapd_told.read(paths.snapd_told)
    if os.path.lexists(paths.config) or snapd_told.was_there(before):
        found |= snapd_told.THERE
    if found != before:
        with durable.held(paths.snapd_told, Disk()):
            durable.replace(paths.snapd_told, json.dumps(found).encode(), Disk())


def dashed(text: str) -> str:
    """A key, or a sentence with keys in it, as snapd spells them."""
    return KEY.sub(lambda key: key[0].replace("_", "-"), text)


def _plain(value: Value) -> Value:
    """A whole number without ".0"."""
    return int(value) if isinstance(value, float) and value == value // 1 else value


def _is(key: str, found: Mapping[str, str], value: Value) -> bool:
    try:
        return key in found and from_text(DECLARATIONS[key], found[key]) == value
    except ValueError:
        return False


def _found(ask: Snapctl) -> dict[str, str]:
    """What snapd has, by key. Raises: SnapctlError."""
    try:
        said = ask("get", "-d", "", "")  # the empty name is that of the whole; snapctl wants another one before it
    except SnapctlError:
        said = ask("get", "-d", *(name.replace("_", "-") for name in ("profile", *SECTIONS)))  # without what is unknown
    try:
        document = json.loads(said or "{}", parse_int=str, parse_float=str, parse_constant=str)
        return _flat(document.get("", document))
    except (ValueError, AttributeError, RecursionError) as error:
        raise SnapctlError(f"snapctl get: {error}") from error


def _flat(document: Mapping[str, object]) -> dict[str, str]:
    flat = {}
    for name, value in document.items():
        if isinstance(value, dict) and name.replace("-", "_") in SECTIONS:
            flat.update({f"{name}.{key}": _text(inner) for key, inner in value.items()})
        else:
            flat[name] = _text(value)
    return {key.replace("-", "_"): text for key, text in flat.items()}


def _text(value: object) -> str:
    """A value as a person writes it; numbers have stayed texts."""
    return value if isinstance(value, str) else json.dumps(value)


def main() -> int:
    """The configure hook's exit status: 1 and one line, which `snap set` shows, only where nothing was changed."""
    paths = Paths.from_environment()
    try:
        configure(paths)
    except InvalidError as error:
        said = "; ".join(f"{'config.yaml, ' if problem.line else ''}{problem}" for problem in error.problems)
        return _refused(dashed(said))
    except (ConflictError, StoreError, SnapctlError) as error:
        return _refused(str(error))
    try:
        tell(paths, Store(paths.data).load().settings)
    except (StoreError, SnapctlError) as error:
        log.warning("`snap get` may not show what is in force: %s", error)
    return 0


def _refused(why: str) -> int:
    print(f"{why}. Nothing was changed.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
