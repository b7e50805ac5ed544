"""Settings file -> values and problems, each with its line; keys of older releases by OLDER_KEYS, in _meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from config.check import Problem, broken_rules, from_text, limits, plain_value, shown
from config.declaration import Value
from config.document import DocumentError, MappingNode, Node, ScalarNode, parse
from config.settings import DECLARATIONS, SECTIONS, Settings, settings_from, values_of


@dataclass(frozen=True, slots=True)
class Older:
    """A key of an older configuration: the setting that took its place, and what true and false mean there.

    A meaning of None sets nothing, because the profile's value was meant. A key without meanings is no longer a
    setting, whatever it says.
    """

    key: str
    meaning: Mapping[bool, Value | None] = field(default_factory=dict)

    @property
    def is_removed(self) -> bool:
        """Whether the key is passed over, whatever it says."""
        return not self.meaning

    @property
    def note(self) -> str:
        """What is said of the key."""
        if self.is_removed:
            return f"is no longer a setting: {self.key} chooses all numbers of attention together"
        return f"is an older name; {self.key} is read now"


# compress_frames: drivewatch compresses every picture that leaves the detector, so 100 % is nearest to `false`
_COMPRESS = Older("raspberry_pi.compression_quality", {True: None, False: 100})
# Settings of release 0.2.0 and before; their numbers are in app/attention/policy.py now
# fmt: off
_THRESHOLDS = (
    "neutral_yaw_range", "neutral_pitch_range", "neutral_learning_s", "neutral_memory_s",
    "yaw_limit_deg", "yaw_clear_deg", "pitch_down_limit_deg", "pitch_down_clear_deg", "pitch_up_limit_deg",
    "pitch_up_clear_deg", "away_caution_s", "away_warning_s", "away_alarm_s", "unresponsive_s",
    "glances_window_s", "glances_warning_s", "glances_alarm_s", "glances_clear_s",
    "eye_closed_ratio", "microsleep_s", "asleep_s", "eyes_unresponsive_s",
    "perclos_caution", "perclos_warning", "perclos_alarm", "perclos_clear", "perclos_min_valid_s",
    "yawn_mar", "yawn_s", "yawns_caution", "yawn_window_s",
    "phone_caution_s", "phone_warning_s", "phone_alarm_s", "phone_clear_s",
    "no_face_hold_s", "no_face_warning_s", "camera_blocked_s", "no_camera_s", "attention_back_s", "level_step_s",
)
# fmt: on
# Keys of release 0.2.0 and before
OLDER_KEYS: Mapping[str, Older] = {
    "vision.refine_landmarks": Older("vision.model", {True: None, False: None}),  # irises come with the attention mesh
    "vision.use_lite_model": Older("vision.model", {True: "lite", False: "full"}),
    "raspberry_pi.compress_frames": _COMPRESS,
    "camera.compress_frames": _COMPRESS,
    **{f"analysis.{name}": Older("analysis.policy") for name in _THRESHOLDS},
}


def is_removed(key: str) -> bool:
    """Whether this was a setting, and nothing is set by it any more."""
    return key in OLDER_KEYS and OLDER_KEYS[key].is_removed


@dataclass(frozen=True, slots=True)
class Reading:
    """What a settings file says: its valid values, and what is wrong (problems) or merely old (notes) in it.

    `values` are free of contradictions: the keys of a broken rule are left out of it as well.
    """

    values: Mapping[str, Value]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings in force with these values."""
        return settings_from(self.values)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key as the file has it; section "" for the keys at the top."""

    section: str
    name: str
    node: Node
    line: int

    @property
    def key(self) -> str:
        """The key with its section, as messages have it."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def shown(self) -> str:
        """The value as messages have it, "" if it is not a single one."""
        return shown(self.node.text) if isinstance(self.node, ScalarNode) else ""


def read(data: bytes | str) -> Reading:
    """Read and check a settings file. Never raises: whatever is wrong is among the problems."""
    try:
        top = parse(data)
    except DocumentError as error:
        return Reading({}, (Problem("", "", error.reason, error.line),))
    found = entries(top) if top else []
    problems = list(repetitions(top)) if top else []
    twice = {problem.key for problem in problems}
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    for entry in sorted(found, key=lambda entry: entry.key not in OLDER_KEYS):  # newer keys overrule older ones
        try:
            key, value = _meaning(entry)
        except ValueError as reason:
            problems.append(Problem(entry.key, entry.shown, str(reason), entry.line))
            continue
        if value is not None and entry.key not in twice:
            values[key], lines[key] = value, entry.line
    problems += _contradictions(values, lines)
    notes: dict[str, Problem] = {}
    for entry in found:
        if entry.section and entry.key in OLDER_KEYS:
            notes.setdefault(entry.key, _note(entry))
    return Reading(values, tuple(sorted(problems, key=lambda problem: problem.line or 0)), tuple(notes.values()))


def entries(top: MappingNode) -> list[Entry]:
    """Return the keys of a file in its order, with those of the sections."""
    found = []
    for key, node in top.pairs:
        if key.text in SECTIONS and isinstance(node, MappingNode):
            found += [Entry(key.text, name.text, value, name.line) for name, value in node.pairs]
        elif key.text in SECTIONS and isinstance(node, ScalarNode) and node.is_empty:
            continue  # a section whose keys are all commented out
        else:
            found.append(Entry("", key.text, node, key.line))
    return found


def repetitions(top: MappingNode) -> Iterator[Problem]:
    """Yield a problem for each section or key that stands there again: YAML would let the last one win."""
    written = [("", name) for name, _ in top.pairs]
    for section, node in top.pairs:
        written += [(f"{section.text}.", name) for name, _ in node.pairs] if isinstance(node, MappingNode) else []
    first_lines: dict[str, int] = {}
    for prefix, name in written:
        key = prefix + name.text
        if key in first_lines and not is_removed(key):
            yield Problem(key, "", f"is given twice, first in line {first_lines[key]}", name.line)
        first_lines.setdefault(key, name.line)


def _meaning(entry: Entry) -> tuple[str, Value | None]:
    """Return the setting an entry is for, and its value; None leaves it to the profile.

    Raises: ValueError, the reason in words.
    """
    if entry.section and entry.key in OLDER_KEYS:
        older = OLDER_KEYS[entry.key]
        return older.key, None if older.is_removed else older.meaning[_truth(entry)]
    declaration = DECLARATIONS.get(entry.key)
    if declaration is None or declaration.section != entry.section:
        raise ValueError(not_a_setting(entry.key))
    word = _word(entry, limits(declaration))
    if word.quoted and declaration.kind is not str:
        raise ValueError(f"must be {limits(declaration)}, without quotes")
    return entry.key, from_text(declaration, word.text)


def _truth(entry: Entry) -> bool:
    value = plain_value(_word(entry, "true or false").text)
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _word(entry: Entry, wanted: str) -> ScalarNode:
    if not isinstance(entry.node, ScalarNode):
        raise ValueError(f"must be a single value, {wanted}")
    if entry.node.is_empty:
        raise ValueError(f"has no value: remove the line, or write {wanted}")
    return entry.node


def not_a_setting(key: str) -> str:
    """Return why a key is not one of the settings, with the one that was probably meant."""
    section, _, name = key.rpartition(".")
    if key in SECTIONS:
        return "must be a section: its keys stand below it, indented"
    if key in DECLARATIONS:
        return f"must stand as `{name}:` below `{section}:`"
    if is_removed(key):
        return OLDER_KEYS[key].note
    from difflib import get_close_matches  # 0.3 MB, for a mistake only

    named = {declaration.name: key for key, declaration in DECLARATIONS.items()}
    whole = get_close_matches(key, DECLARATIONS if section else [*DECLARATIONS, *SECTIONS], n=1, cutoff=0.75)
    alike = whole or [named[near] for near in get_close_matches(name, named, n=1, cutoff=0.75)]
    return f"is not a setting; did you mean {alike[0]}?" if alike else "is not a setting"


def _contradictions(values: dict[str, Value], lines: Mapping[str, int]) -> list[Problem]:
    """Return a problem for each broken rule, and take the contradicting keys out of `values`."""
    broken = list(broken_rules(values_of(settings_from(values)), {key: lines[key] for key in values}))
    for _, keys in broken:
        for key in keys:
            values.pop(key, None)
    return [problem for problem, _ in broken]


def _note(entry: Entry) -> Problem:
    return Problem(entry.key, entry.shown, OLDER_KEYS[entry.key].note, entry.line)
