"""Whether a value is allowed, and whether the values agree with each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.declaration import Declaration, Value

# YAML 1.2's numbers: 010, 0x1F, 1_000 and 12:30 mean something else to each reader, so they are text here.
WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]{0,17})(\.[0-9]{0,21})?|\.[0-9]{1,21})([eE][-+]?[0-9]{1,3})?")
NOT_FINITE = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something of the configuration is not used; key "" means the file as a whole, line counts from 1."""

    key: str
    value: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        what = ": ".join(part for part in (shown(self.key), self.value) if part)
        return f"{where}{what or 'the file'} {self.reason}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Two settings that must differ, and why."""

    left: str
    right: str
    why: str


RULES = (Rule("raspberry_pi.buzzer_pin", "raspberry_pi.led_pin", "one pin drives one thing"),)


def plain_value(text: str) -> Value:
    """Return what an unquoted YAML word stands for: a truth value, a number, else the text itself."""
    if text.lower() in TRUTH:
        return TRUTH[text.lower()]
    if WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text) or NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def from_text(declaration: Declaration, text: str) -> Value:
    """Return the value that a person wrote, in the file, a form or `snap set`. Raises: ValueError, the reason."""
    return accept(declaration, text if declaration.kind is str else plain_value(text))


def accept(declaration: Declaration, value: object) -> Value:
    """Return `value` if the setting may have it, whole numbers as floats where it is one.

    Raises: ValueError, the reason in words.
    """
    if declaration.kind is str:
        return _accept_text(declaration, value)
    if declaration.kind is bool:
        if isinstance(value, bool):
            return value
        raise ValueError("must be true or false")
    return _accept_number(declaration, value)


def out_of_reach(declaration: Declaration, value: object) -> str:
    """Why a program may not set this value, which a person may; "" if it may."""
    pattern, form = declaration.api_form
    if not pattern or value is None or re.fullmatch(pattern, str(value)):
        return ""
    return f"must be {form}: others are set on the page, or by `snap set`, not through the API"


def broken_rules(in_force: Mapping[str, Value], lines: Mapping[str, int]) -> Iterator[tuple[Problem, set[str]]]:
    """Yield a problem and the keys it is about for each rule that the values in force break.

    `lines` are those of the keys that the file sets: one of them is blamed, for a profile does not break a rule.
    """
    for rule in RULES:
        if in_force[rule.left] == in_force[rule.right]:
            key, other = (rule.left, rule.right) if rule.left in lines else (rule.right, rule.left)
            reason = f"must be other than {other}, which is {shown(in_force[other])}: {rule.why}"
            yield Problem(key, shown(in_force[key]), reason, lines.get(key)), {rule.left, rule.right}


def shown(value: object) -> str:
    """Return a value as people write it, short and on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"  # str() itself refuses more than 4300 digits
    if not isinstance(value, int | float | str):
        return f"a {type(value).__name__}"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    safe = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:60])
    return safe + "…" if len(text) > 60 else safe


def limits(declaration: Declaration) -> str:
    """Return what a value must be, in words: "between 64 and 1920 px"."""
    if declaration.kind is bool:
        return "true or false"
    if declaration.choices:
        return f"{', '.join(map(str, declaration.choices[:-1]))} or {declaration.choices[-1]}"
    if declaration.form:
        return declaration.form
    return f"between {declaration.low:g} and {declaration.high:g} {declaration.unit}".rstrip()


def _accept_text(declaration: Declaration, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    fits = not declaration.choices or value in declaration.choices
    if fits and re.fullmatch(declaration.pattern or ".*", value) and value.isprintable():
        return value
    raise ValueError(f"must be {limits(declaration)}")


def _accept_number(declaration: Declaration, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number {limits(declaration)}")
    if isinstance(value, float) and (declaration.kind is int or not math.isfinite(value)):
        raise ValueError(f"must be a {'whole' if math.isfinite(value) else 'finite'} number {limits(declaration)}")
    if not declaration.low <= value <= declaration.high or value not in (declaration.choices or (value,)):
        raise ValueError(f"must be {limits(declaration)}")
    return value if declaration.kind is int else float(value)
