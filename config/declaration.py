"""What is known of one setting, stated once where the setting is declared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias, TypeVar

Value: TypeAlias = bool | int | float | str
T = TypeVar("T", bool, int, float, str)

PROFILES = ("low_memory", "balanced", "high_accuracy")


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting: its key, type and limits, what people read about it, and its value in each profile."""

    key: str
    default: Value
    kind: type[Value]
    low: float
    high: float
    choices: tuple[str, ...] | tuple[int, ...]
    pattern: str
    form: str
    api_form: tuple[str, str]
    unit: str
    label: str
    help: str
    source: str
    profiles: Mapping[str, Value]

    @property
    def section(self) -> str:
        """The part of the key before the dot; "" for `profile`."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The part of the key after the dot."""
        return self.key.rpartition(".")[2]

    def in_profile(self, profile: str) -> Value:
        """Return the value in force under `profile` when the file does not name this key."""
        return self.profiles.get(profile, self.default)


def setting(
    default: T,
    *,
    label: str,
    help: str,
    low: float = -math.inf,
    high: float = math.inf,
    choices: tuple[str, ...] | tuple[int, ...] = (),
    pattern: str = "",
    form: str = "",
    api_form: tuple[str, str] = ("", ""),
    unit: str = "",
    source: str = "",
    balanced: T | None = None,
    high_accuracy: T | None = None,
) -> T:
    """Declare a setting as a dataclass field.

    `pattern` is the regular expression that a text must match as a whole, `form` the same in words;
    `api_form` are both, narrower, for what a program may set: it must not lead away from this machine's devices;
    `source` is where the number comes from; `balanced` and `high_accuracy` are the profiles' own values.
    """
    by_profile = {"balanced": balanced, "high_accuracy": high_accuracy}
    declaration = Declaration(
        key="",
        default=default,
        kind=type(default),
        low=low,
        high=high,
        choices=choices,
        pattern=pattern,
        form=form,
        api_form=api_form,
        unit=unit,
        label=label,
        help=help,
        source=source,
        profiles={name: value for name, value in by_profile.items() if value is not None},
    )
    return field(default=default, metadata={"setting": declaration})


def declared_in(section: str, kind: type) -> dict[str, Declaration]:
    """Return the declarations of a dataclass's settings by key; the section "" gives bare keys."""
    prefix = f"{section}." if section else ""
    return {
        prefix + f.name: replace(f.metadata["setting"], key=prefix + f.name)
        for f in fields(kind)
        if "setting" in f.metadata
    }
