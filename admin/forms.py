"""The settings as form fields, and what somebody typed into them as changes of the file. Pure.

Numbers may have a decimal comma, as the keypads of many phones offer nothing else; whole numbers may not, so that 1,000
is never taken for 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from config.check import from_text, limits, shown
from config.declaration import PROFILES, Declaration, Value
from config.document import DocumentError, parse
from config.patch import scalar
from config.read import Reading, entries, not_a_setting, read
from config.settings import DECLARATIONS, SECTIONS, settings_from, values_of
from config.store import Loaded

# RSS of the detector in MB by profile, and by model at 320 x 240, on x86-64, Python 3.11: `make bench PROFILE=balanced`
RSS_MB: Mapping[str, int] = {
    "low_memory": 92,
    "balanced": 98,
    "high_accuracy": 128,
    "lite": 92,
    "standard": 97,
    "full": 124,
}

WIDTH, HEIGHT = "camera.width", "camera.height"
FIRST = (WIDTH, HEIGHT, "camera.frame_skip", "raspberry_pi.compression_quality", "analysis.history_window")
SECTION_TITLES = {"raspberry_pi": "Raspberry Pi", "analysis": "Attention"}  # others are called as they are in the file

RESOLUTION, CUSTOM = "resolution", "custom"
BACK = "back"  # the name of the buttons that leave a setting to the profile
CARRIED = frozenset({"csrf_token", "version", "base"})  # fields of the form that are not about a setting
DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")


@dataclass(frozen=True, slots=True)
class Basis:
    """What a form is drawn from.

    `values` is what the file sets, `unread` what it says of keys that were not accepted, `in_force` what the detector
    has when it starts; that is the last good file's if this one has problems.
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
    """What somebody sent: texts by key, "" leaves one to the profile; the chosen resolution, "" if none."""

    texts: Mapping[str, str] = field(default_factory=dict)
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a select."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Field:
    """One setting in the form; `typed` is what stands in the input, `says` what the file has."""

    declaration: Declaration
    says: Value
    in_force: Value
    from_profile: Value
    is_set: bool
    typed: str
    error: str

    @property
    def key(self) -> str:
        """The input's name."""
        return self.declaration.key

    @property
    def id(self) -> str:
        """The input's id in the page."""
        return self.key.replace(".", "-")

    @property
    def label(self) -> str:
        """What the setting is called."""
        return self.declaration.label

    @property
    def unit(self) -> str:
        """What the number counts, "" if it has no unit."""
        return self.declaration.unit

    @property
    def limits(self) -> str:
        """What the value must be, in words; "" where the input allows nothing else."""
        return "" if self.control in ("checkbox", "select") else limits(self.declaration)

    @property
    def help(self) -> str:
        """What the setting does, and where its number is from."""
        source = f" ({self.declaration.source})" if self.declaration.source else ""
        return self.declaration.help + source

    @property
    def control(self) -> str:
        """How it is entered: checkbox, select, decimal, numeric or text. The last three are the keypad of a phone."""
        if self.declaration.choices:
            return "select"
        return {bool: "checkbox", float: "decimal", int: "numeric"}.get(self.declaration.kind, "text")

    @property
    def options(self) -> list[Option]:
        """The choices, with what they cost in memory."""
        return [Option(choice, _with_cost(self.key, choice)) for choice in self.declaration.choices]

    @property
    def differs(self) -> bool:
        """Whether the file has another value than its profile."""
        return self.key != "profile" and self.says != self.from_profile


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one title."""

    id: str
    title: str
    about: str
    fields: tuple[Field, ...]

    @property
    def has_error(self) -> bool:
        """Whether something in here must be put right."""
        return any(one.error for one in self.fields)

    @property
    def different(self) -> int:
        """How many values are other than the profile's."""
        return sum(one.differs for one in self.fields)


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting whose value is another one in the second of two files."""

    key: str
    label: str
    before: str
    after: str


def basis_of(loaded: Loaded) -> Basis:
    """Return what a form over this file is drawn from."""
    values = reading(loaded.text).values
    unread = _unread(loaded.text, values) if loaded.problems else {}
    return Basis(values, unread, values_of(loaded.settings))


@lru_cache(maxsize=16)  # the file now, as it would be, and its copies: 0.2 MB
def reading(text: str) -> Reading:
    """Read and check a settings file: what takes a page longest, 7 ms on a PC for the commented defaults."""
    return read(text)


def groups(basis: Basis, typed: Typed, errors: Mapping[str, str]) -> list[Group]:
    """Return the form: what is changed most often, the profile, attention, alerting, then the other sections."""
    said = basis.said
    profile = str(said["profile"])
    fields = {
        key: Field(
            declaration=declaration,
            says=said[key],
            in_force=basis.in_force[key],
            from_profile=declaration.in_profile(profile),
            is_set=basis.has(key),
            typed=typed.texts.get(key, basis.unread.get(key, text_of(said[key]))),
            error=errors.get(key, ""),
        )
        for key, declaration in DECLARATIONS.items()
    }
    first = tuple(fields.pop(key) for key in FIRST)
    shown_groups = [
        Group("often", "Changed most often", "What decides how much work and memory the detector needs.", first),
        Group("profile", "Profile", "", (fields.pop("profile"),)),
    ]
    for section in sorted(SECTIONS, key=lambda name: ("analysis", "alerting", name).index(name)):
        title = SECTION_TITLES.get(section, section.capitalize())
        of_section = tuple(one for one in fields.values() if one.declaration.section == section)
        shown_groups.append(Group(section, title, SECTIONS[section].__doc__ or "", of_section))
    return shown_groups


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


def text_of(value: Value) -> str:
    """Return a value as it stands in an input, to be read back as the same."""
    return value if isinstance(value, str) else scalar(value)


def carried(basis: Basis) -> str:
    """Return a basis as the text of a hidden field, to tell later what was typed and what was merely left."""
    return json.dumps(dict(basis.values), separators=(",", ":"))


def uncarried(text: str, now: Basis) -> Basis:
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


def _with_cost(key: str, choice: str) -> str:
    return f"{choice}: about {RSS_MB[choice]} MB of memory" if key in ("profile", "vision.model") else choice


def _unread(text: str, values: Mapping[str, Value]) -> dict[str, str]:
    try:
        top = parse(text)
    except DocumentError:
        return {}
    found = entries(top) if top else []
    return {entry.key: entry.shown for entry in found if entry.key in DECLARATIONS and entry.key not in values}
