"""The form that a page shows: every setting as a field, in groups. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from admin.settings.forms import HEIGHT, WIDTH, Basis, Typed, text_of
from config.check import limits
from config.declaration import Declaration, Value
from config.settings import DECLARATIONS, SECTIONS

# RSS of the detector in MB by profile, on x86-64, Python 3.11, as `make bench` prints it (tests/benchmarks/README.md);
# a model has the figure of the profile that takes it
RSS_MB: Mapping[str, int] = {
    "low_memory": 69,
    "balanced": 76,
    "high_accuracy": 76,
    "lite": 65,
    "standard": 69,
    "full": 76,
}

FIRST = (WIDTH, HEIGHT, "camera.frame_skip", "raspberry_pi.compression_quality", "analysis.history_window")
SECTION_TITLES = {"raspberry_pi": "Raspberry Pi", "analysis": "Attention"}  # others are called as they are in the file


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
        return [Option(choice, _with_cost(self.key, choice)) for choice in map(str, self.declaration.choices)]

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


def _with_cost(key: str, choice: str) -> str:
    return f"{choice}: about {RSS_MB[choice]} MB of memory" if key in ("profile", "vision.model") else choice
