"""The form that a page shows: every setting as a field, the simple ones first. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from admin.settings import forms
from admin.settings.costs import FACES_SHOWN, model_cost, profile_cost, size_cost
from admin.settings.forms import CUSTOM, HEIGHT, RESOLUTION, WIDTH, Basis, Typed, text_of
from admin.words import capital
from config.check import limits
from config.declaration import Declaration
from config.settings import DECLARATIONS, SECTIONS

# What a person with a Pi chooses; all else is for who knows why
SIMPLE = (
    "profile",
    "camera.source",
    RESOLUTION,
    "camera.rotate",
    "camera.frame_skip",
    "raspberry_pi.compression_quality",
    "analysis.policy",
    "analysis.history_window",
    "analysis.event_history",
    "alerting.use_beep_only",
    "alerting.visual_alerts_enabled",
    "raspberry_pi.buzzer_pin",
    "raspberry_pi.led_pin",
    "vehicle.source",
)
SECTION_TITLES = {"raspberry_pi": "Raspberry Pi", "analysis": "Attention"}  # others are called as they are in the file
SECTION_ORDER = ("analysis", "alerting")  # then the others by name
COSTS = {"profile": profile_cost, "vision.model": model_cost}
# Said beside what is offered with its cost
DEGREES = "°"
MEASURED = {
    "profile": f" Measured: memory on a PC; faces found in {FACES_SHOWN} pictures of people, near and far.",
    "vision.model": " Memory as measured on a PC.",
}
RESOLUTION_HELP = (
    "Sets width and height; with custom, those two under Camera count. "
    "Measured on a PC: memory, and computing time of a picture."
)


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a select."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Field:
    """One setting in the form; `typed` is what stands in the input.

    control: checkbox, select, decimal, numeric or text; the last three are the keypad of a phone. from_profile: the
    profile's value, "" where there is none to go back to. in_force: the value that the detector starts with, "" if it
    is the file's. is_changed: it is other than the profile's, or typed. is_fixed: the command line gives it.
    """

    key: str
    label: str
    help: str
    control: str
    typed: str
    unit: str = ""
    limits: str = ""
    options: tuple[Option, ...] = ()
    from_profile: str = ""
    in_force: str = ""
    is_set: bool = False
    is_changed: bool = False
    is_fixed: bool = False
    is_shown: bool = True
    error: str = ""

    @property
    def id(self) -> str:
        """The input's id in the page."""
        return self.key.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one title."""

    id: str
    title: str
    about: str
    fields: tuple[Field, ...]

    @property
    def is_shown(self) -> bool:
        """Whether any of its fields is."""
        return any(one.is_shown for one in self.fields)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which fields are wanted: those with all these words, and if `only_changed`, no other than those."""

    words: tuple[str, ...] = ()
    only_changed: bool = False

    @property
    def is_on(self) -> bool:
        """Whether it leaves any field out."""
        return bool(self.words or self.only_changed)

    def wants(self, one: Field, title: str) -> bool:
        """Whether the field is shown; one with an error always is."""
        options = (option.words for option in one.options)
        text = " ".join((one.label, one.key, one.help, one.unit, title, *options)).casefold()
        has_words = all(word in text for word in self.words)
        return bool(one.error) or (has_words and (one.is_changed or not self.only_changed))


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a form is drawn from: the file, what was typed over it, what is wrong, what the command line gives."""

    basis: Basis
    typed: Typed = field(default_factory=Typed)
    errors: Mapping[str, str] = field(default_factory=dict)
    fixed_keys: Collection[str] = ()


def groups(drawn: Drawn, wanted: Filter) -> list[Group]:
    """Return the form: the simple settings, then the advanced ones by section."""
    fields = {one.key: one for one in (*_declared(drawn), _resolution(drawn))}
    simple = _group("simple", "Simple", "", [fields.pop(key) for key in SIMPLE], wanted)
    order = sorted(SECTIONS, key=lambda name: (*SECTION_ORDER, name).index(name))
    of = {name: [one for one in fields.values() if one.key.startswith(f"{name}.")] for name in order}
    return [simple, *(_group(name, _title(name), SECTIONS[name].__doc__ or "", of[name], wanted) for name in order)]


def _group(name: str, title: str, about: str, fields: list[Field], wanted: Filter) -> Group:
    titles = {one.key: title if name != "simple" else _title(one.key.partition(".")[0]) for one in fields}
    shown = (replace(one, is_shown=wanted.wants(one, titles[one.key])) for one in fields)
    return Group(name, title, about, tuple(shown))


def _title(section: str) -> str:
    return SECTION_TITLES.get(section, section.capitalize())


def _declared(drawn: Drawn) -> Iterator[Field]:
    basis, said = drawn.basis, drawn.basis.said
    profile = str(said["profile"])
    for key, declaration in DECLARATIONS.items():
        from_profile = declaration.in_profile(profile)
        as_said, control = text_of(said[key]), _control(declaration)
        typed = drawn.typed.texts.get(key)
        if typed == "" and control == "checkbox":  # a box has no third state for what goes back to the profile
            typed = text_of(from_profile)
        yield Field(
            key=key,
            label=declaration.label,
            help=_help(declaration)
            + (f" ({declaration.source})" if declaration.source else "")
            + MEASURED.get(key, ""),
            control=control,
            typed=basis.unread.get(key, as_said) if typed is None else typed,
            unit=_unit(declaration),
            limits="" if control in ("checkbox", "select") else limits(declaration),
            options=_options(declaration, text_of(from_profile), is_back=typed == ""),
            from_profile="" if key == "profile" else text_of(from_profile),
            in_force="" if basis.in_force[key] == said[key] else text_of(basis.in_force[key]),
            is_set=basis.has(key),
            is_changed=typed is not None or key in basis.unread or said[key] != from_profile,
            is_fixed=key in drawn.fixed_keys,
            error=drawn.errors.get(key, ""),
        )


def _resolution(drawn: Drawn) -> Field:
    """Width and height as one choice."""
    said = drawn.basis.said
    pairs = [Option(pair, _size(pair)) for pair in forms.resolutions()]
    profile = str(said["profile"])
    return Field(
        key=RESOLUTION,
        label="Resolution",
        help=RESOLUTION_HELP,
        control="select",
        typed=forms.resolution(drawn.basis, drawn.typed),
        options=(*pairs, Option(CUSTOM, CUSTOM)),
        is_changed=bool(drawn.typed.resolution)
        or any(said[key] != DECLARATIONS[key].in_profile(profile) for key in (WIDTH, HEIGHT)),
        error=drawn.errors.get(RESOLUTION, ""),
    )


def _control(declaration: Declaration) -> str:
    if declaration.choices:
        return "select"
    return {bool: "checkbox", float: "decimal", int: "numeric"}.get(declaration.kind, "text")


def _options(declaration: Declaration, from_profile: str, *, is_back: bool) -> tuple[Option, ...]:
    """The choices; the first is the profile's, if the setting goes back to it."""
    chosen = [Option(one, _with_cost(declaration.key, one)) for one in map(str, declaration.choices)]
    return (Option("", f"the profile's {from_profile}"), *chosen) if is_back and chosen else tuple(chosen)


def _size(pair: str) -> str:
    width, height = pair.split("x")
    return f"{width} \N{MULTIPLICATION SIGN} {height}: {size_cost(int(width), int(height))}"


def _with_cost(key: str, choice: str) -> str:
    if key in COSTS:
        return f"{choice}: {COSTS[key](choice)}"
    unit = _unit(DECLARATIONS[key])
    return f"{choice}{unit}" if unit == DEGREES else f"{choice} {unit}".rstrip()


def _unit(declaration: Declaration) -> str:
    """As people write it; in the file, which is ASCII, it is "deg"."""
    return DEGREES if declaration.unit == "deg" else declaration.unit


def _help(declaration: Declaration) -> str:
    """What it does; a box to tick is off where the file says false."""
    if declaration.kind is not bool:
        return declaration.help
    words = declaration.help.replace("false: ", "off: ")
    return capital(words)
