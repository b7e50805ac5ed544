"""The text that was typed into the settings' form -> changes of the file. Pure; fields.py draws the form.

Numbers may have a decimal comma, as the keypads of many phones offer nothing else; whole numbers may not, so that 1,000
is never taken for 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from config.check import from_text, shown
from config.declaration import PROFILES, Declaration, Value
from config.document import DocumentError, parse
from config.patch import scalar
from config.read import Reading, entries, not_a_setting, read
from config.settings import DECLARATIONS, settings_from, values_of
from config.store import Loaded

WIDTH, HEIGHT = "camera.width", "camera.height"
RESOLUTION, CUSTOM = "resolution", "custom"
BACK = "back"  # the name of the buttons that leave a setting to the profile
CARRIED = frozenset({"csrf_token", "version", "base"})  # fields of the form that are not about a setting
DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")


@dataclass(frozen=True, slots=True)
class Basis:
    """The values that a form is drawn with.

    `values` are those the file sets, `unread` its texts for keys that were not accepted, `in_force` those the detector
    starts with: the last good file's, if this one has problems.
    """

    values: Mapping[str, Value]
    unread: Mapping[str, str]
    in_force: Mapping[str, Value]

    @property
    def said(self) -> dict[str, Value]:
        """Every value as this file would have it, by key."""
        return values_of(settings_from(self.values))

    def has(self, key: str) -> bool:
        """Whether the file itself names the key."""
        return key in self.values or key in self.unread


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was sent: texts by key, "" leaves one to the profile; the chosen resolution, "" if none."""

    texts: Mapping[str, str] = field(default_factory=dict)
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting whose value is another one in the second of two files."""

    key: str
    label: str
    before: str
    after: str


def basis_of(loaded: Loaded) -> Basis:
    """The values that a form over this file is drawn with."""
    values = reading(loaded.text).values
    unread = _unread(loaded.text, values) if loaded.problems else {}
    return Basis(values, unread, values_of(loaded.settings))


@lru_cache(maxsize=24)  # the file now, as it would be, its copies and those rejected: 0.3 MB
def reading(text: str) -> Reading:
    """The checked content of a settings file; cached, as reading takes a request longest: 7 ms on a PC."""
    return read(text)


def resolutions() -> list[str]:
    """Return the sensible resolutions, which are those of the profiles: 320x240, 480x360, 640x480."""
    return [_pair({key: DECLARATIONS[key].in_profile(profile) for key in (WIDTH, HEIGHT)}) for profile in PROFILES]


def resolution(basis: Basis, typed: Typed) -> str:
    """Return what the form's choice of resolutions stands at."""
    chosen = typed.resolution or _pair({**basis.said, **typed.texts})
    return chosen if chosen in resolutions() else CUSTOM


def typed_in(sent: Iterable[tuple[str, str]]) -> Typed:
    """Return what was sent; of a key sent twice the last counts, as an unticked box sends only the field before it.

    Raises: ValueError for a field that the form does not have.
    """
    texts: dict[str, str] = {}
    emptied: dict[str, str] = {}
    chosen = ""
    for name, text in sent:
        key = text if name == BACK else name
        if name == RESOLUTION:
            chosen = text
        elif key in DECLARATIONS:
            (emptied if name == BACK else texts)[key] = "" if name == BACK else text.strip()
        elif name not in CARRIED:
            raise ValueError(f"{shown(key)} {not_a_setting(key[:100])}")
    return Typed({**texts, **emptied}, chosen)


def changes(typed: Typed, basis: Basis) -> tuple[dict[str, Value | None], dict[str, str]]:
    """Return what the texts change in the file, None for back to the profile, and what is wrong with them, by key."""
    texts, errors = _with_resolution(typed, basis)
    said = basis.said
    wanted: dict[str, Value | None] = {}
    for key in (key for key in DECLARATIONS if key in texts):
        try:
            value = _value(DECLARATIONS[key], texts[key])
        except ValueError as reason:
            errors[key] = str(reason)
            continue
        if basis.has(key) if value is None else key in basis.unread or value != said[key]:
            wanted[key] = value
    return wanted, errors


def touched(typed: Typed, basis: Basis) -> dict[str, str]:
    """Return the texts that change something or are wrong, by key; "" is back to the profile."""
    texts, _ = _with_resolution(typed, basis)
    wanted, errors = changes(typed, basis)
    return {key: text for key, text in texts.items() if key in wanted or key in errors}


def as_sent(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return texts as fields of a form, which `typed_in` reads as the same again."""
    return [(key, text) if text else (BACK, key) for key, text in texts.items()]


def differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Difference]:
    """Return which of the values, as `Basis.said` has them, are others."""
    return [
        Difference(key, declaration.label, text_of(before[key]), text_of(after[key]))
        for key, declaration in DECLARATIONS.items()
        if before[key] != after[key]
    ]


def typed_differences(loaded: Loaded, text: str) -> Typed:
    """Return what must be typed into the form to come to the values of another file."""
    said = basis_of(loaded).said
    return Typed({one.key: one.after for one in differences(said, values_of(reading(text).settings))})


def text_of(value: Value) -> str:
    """Return a value as it stands in an input, to be read back as the same."""
    return value if isinstance(value, str) else scalar(value)


def encode_baseline(basis: Basis) -> str:
    """Return a basis as the text of a hidden field, to tell later what was typed and what was merely left."""
    return json.dumps(dict(basis.values), separators=(",", ":"))


def decode_baseline(text: str, now: Basis) -> Basis:
    """Return the basis from a hidden field; the present one if the field is missing or was tampered with."""
    try:
        checked = {key: from_text(DECLARATIONS[key], text_of(value)) for key, value in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return now
    return Basis(checked, {}, now.in_force)


def _value(declaration: Declaration, text: str) -> Value | None:
    if not text:
        return None
    if declaration.kind is float and DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    return from_text(declaration, text)


def _with_resolution(typed: Typed, basis: Basis) -> tuple[dict[str, str], dict[str, str]]:
    """Put a newly chosen pair into the texts; width and height count as typed under `custom`, or if nothing was chosen.

    Choosing a pair and typing other figures contradict each other.
    """
    texts, chosen = dict(typed.texts), typed.resolution
    if chosen in ("", CUSTOM, _pair(basis.said)):
        return texts, {}
    if chosen not in resolutions():
        return texts, {RESOLUTION: f"must be {', '.join(resolutions())} or {CUSTOM}"}
    pair = dict(zip((WIDTH, HEIGHT), chosen.split("x"), strict=True))
    for key, text in pair.items():
        if texts.get(key, text) not in (text, text_of(basis.said[key])):
            return texts, {RESOLUTION: f"is {chosen}, but {key} is {shown(texts[key])}: choose {CUSTOM} for your own"}
    return texts | pair, {}


def _pair(values: Mapping[str, object]) -> str:
    return f"{values[WIDTH]}x{values[HEIGHT]}"


def _unread(text: str, values: Mapping[str, Value]) -> dict[str, str]:
    try:
        top = parse(text)
    except DocumentError:
        return {}
    found = entries(top) if top else []
    return {entry.key: entry.shown for entry in found if entry.key in DECLARATIONS and entry.key not in values}
