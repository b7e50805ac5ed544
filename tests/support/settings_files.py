"""Settings files as a person might write them, by Hypothesis, and changes to them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from config.check import from_text
from config.declaration import Value
from config.document import ScalarNode, parse
from config.patch import PatchError, patch, scalar
from config.read import entries
from config.settings import DECLARATIONS, SECTIONS


@dataclass(frozen=True)
class Document:
    """A settings file as a person might write it, and the values in it."""

    text: str
    values: dict[str, Value]
    in_braces: frozenset[str]
    newline: str


FORMS = {
    "vehicle.source": r"/dev/tty[A-Z]{1,5}[0-9]{1,3}",
    "raspberry_pi.gpio_chip": r"/dev/[a-z0-9_.-]{1,9}",
    "camera.exposure": r"unchanged|auto|[0-9]{1,6}",
    "camera.focus": r"unchanged|auto|[0-9]{1,6}",
    "admin.hostnames": r"[a-z0-9-]{1,9}([ ,][a-z0-9-]{1,4}(\.[a-z0-9]{1,4})?){0,3}",
    "admin.behind_proxy": r"https?://[a-z0-9-]{1,9}(:[1-9][0-9]{0,3})?(/[a-z0-9]{1,9})?( ::1)?",
}


def values_for(key: str) -> st.SearchStrategy[Value]:
    declaration = DECLARATIONS[key]
    if declaration.choices:
        return st.sampled_from(declaration.choices)
    if declaration.kind is bool:
        return st.booleans()
    if declaration.kind is int:
        return st.integers(int(declaration.low), int(declaration.high))
    if declaration.kind is float:
        return st.floats(declaration.low, declaration.high)
    if key in FORMS:
        return st.from_regex(FORMS[key], fullmatch=True)
    names = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1)
    return st.one_of(st.sampled_from(["auto", "0", "null", "~", "a b", "a: b", "a #b"]), names).filter(
        lambda name: "://" not in name and not name.startswith("fake:") and len(name) < 200
    )


ALL_KEYS = sorted(DECLARATIONS)


COMMENTS = st.sampled_from(["", "", "  # why: {not}", " #x", "   # 'quoted' \N{DEGREE SIGN}"])


BETWEEN = st.sampled_from(["", "", "", "\n", "# width: 1\n", "   # a comment: with, {things}\n", "  #height: 2\n"])


@st.composite
def pairs(draw: st.DrawFn, section: str, values: dict[str, Value]) -> list[str]:
    """`width:  "320"` for each key of a section, with some spaces and quotes."""
    gaps, quotes = st.integers(1, 3), st.sampled_from(["", "'", '"'])
    declared = {key: DECLARATIONS[key] for key in values if DECLARATIONS[key].section == section}
    return [f"{d.name}:{' ' * draw(gaps)}{scalar(values[key], draw(quotes))}" for key, d in declared.items()]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    keys = draw(st.lists(st.sampled_from(ALL_KEYS), unique=True, max_size=8))
    values = {key: draw(values_for(key)) for key in keys}
    sections = {DECLARATIONS[key].section for key in keys} | draw(st.sets(st.sampled_from([*SECTIONS]), max_size=2))
    indent, braced, text = " " * draw(st.integers(1, 4)), set(), draw(BETWEEN)
    for section in draw(st.permutations(sorted(sections))):
        written = draw(pairs(section, values))
        if section and draw(st.booleans()):
            braced.add(section)
            text += f"{section}: {{{', '.join(written)}}}{draw(COMMENTS)}\n"
            continue
        text += f"{section}:{draw(COMMENTS)}\n" if section else ""
        for pair in written:
            text += draw(BETWEEN) + (indent if section else "") + pair + draw(COMMENTS) + "\n"
        text += draw(BETWEEN)
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", newline)
    if draw(st.booleans()):
        text = text.removesuffix(newline)
    return Document(text, values, frozenset(braced), newline if newline in text else "\n")


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Value | None]:
    keys = draw(st.lists(st.sampled_from(ALL_KEYS), unique=True, min_size=1, max_size=4))
    return {key: draw(st.one_of(st.none(), values_for(key))) for key in keys}


def meant(text: str) -> dict[str, Value]:
    top = parse(text)
    found = {entry.key: entry.node for entry in entries(top)} if top else {}
    return {key: from_text(DECLARATIONS[key], node.text) for key, node in found.items() if isinstance(node, ScalarNode)}


def is_within(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(line in rest for line in few)


MUTATED = b"""profile: balanced
camera:
  width: 320   # c
  source: "fake:glance-away"
vision: {model: lite, use_lite_model: true}
analysis:
  away_caution_s: 2.5
  policy: strict
alerting: ~
"""

PIECES = rb"{ } [ ] : , ' \" # | > ? - * & ! % @ ` ~ null .nan 1e999 --- ... <<: 99999999".split(b" ")


PIECES += [b"\xff", b"\x00", b"\t", b"\r", b"\n", b"  ", "\u2028\ufeff\x85".encode()]


def assert_only_the_named_keys_change(document: Document, values: dict[str, Value | None]) -> None:
    """Assert that a patch changes the given keys and nothing else of the file."""
    assert meant(document.text) == document.values
    in_braces = {key for key in values if DECLARATIONS[key].section in document.in_braces}
    if any((values[key] is None) == (key in document.values) for key in in_braces):  # put in, or taken out
        with pytest.raises(PatchError, match="braces"):
            patch(document.text, values)
        return
    patched = patch(document.text, values)
    wanted = {key: value for key, value in (document.values | values).items() if value is not None}
    assert meant(patched) == wanted
    assert patch(patched, values) == patched

    touched = {DECLARATIONS[key].name for key in values}
    touched |= {DECLARATIONS[key].section for key in in_braces}
    lines, patched_lines = (each.removeprefix("\ufeff").split(document.newline) for each in (document.text, patched))
    assert is_within([line for line in lines if line.strip().partition(":")[0] not in touched], patched_lines)
    assert len(patched_lines) <= len(lines) + 2 * len(values)
    assert patched.replace("\r\n", "").count("\n") == (0 if document.newline == "\r\n" else patched.count("\n"))
    assert patched.startswith("\ufeff") == document.text.startswith("\ufeff")
