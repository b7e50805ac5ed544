"""Patching: the named keys change, and nothing else of the user's text does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.check import from_text
from config.declaration import Value
from config.document import ScalarNode, parse
from config.patch import PatchError, patch, scalar
from config.read import entries, read
from config.settings import DECLARATIONS, SECTIONS

CASES: dict[str, tuple[str, Mapping[str, Value | None], str]] = {
    "a value": ("camera:\n  width: 320\n", {"camera.width": 480}, "camera:\n  width: 480\n"),
    "its comment": ("camera:\n  width:   320   # why\n", {"camera.width": 480}, "camera:\n  width:   480   # why\n"),
    "the same value": ("camera:\n  target_fps: 1e0\n", {"camera.target_fps": 1.0}, "camera:\n  target_fps: 1e0\n"),
    "the same truth": ("memory: {governor: yes}\n", {"memory.governor": True}, "memory: {governor: yes}\n"),
    "single quotes": ("profile: 'balanced'\n", {"profile": "low_memory"}, "profile: 'low_memory'\n"),
    "double quotes": ('camera: {source: "0"}\n', {"camera.source": "a b"}, 'camera: {source: "a b"}\n'),
    "quotes it needs": ("camera:\n  source: 0\n", {"camera.source": "it's: #1"}, "camera:\n  source: 'it''s: #1'\n"),
    "other quotes": ('camera: {source: "0"}\n', {"camera.source": 'a"b\\'}, "camera: {source: 'a\"b\\'}\n"),
    "a word that means nothing": ("camera:\n  source: 0\n", {"camera.source": "null"}, "camera:\n  source: 'null'\n"),
    "a number in quotes": ("camera:\n  width: '320'\n", {"camera.width": 320}, "camera:\n  width: 320\n"),
    "braces": ("camera: { width: 320 , height: 240}\n", {"camera.width": 64}, "camera: { width: 64 , height: 240}\n"),
    "JSON": ('{"camera": {"width": 64}}\n', {"camera.width": 65}, '{"camera": {"width": 65}}\n'),
    "no value": ("camera:\n  width:  # why\n", {"camera.width": 64}, "camera:\n  width: 64  # why\n"),
    "null": ("camera:\n  width: ~\n", {"camera.width": 64}, "camera:\n  width: 64\n"),
    "block text": (
        "camera:\n  source: |-\n    auto\n  width: 64\n",
        {"camera.source": "0"},
        "camera:\n  source: 0\n  width: 64\n",
    ),
    "text over two lines": (
        "camera:\n  source: a\n    b\n  width: 64\n",
        {"camera.source": "0"},
        "camera:\n  source: 0\n  width: 64\n",
    ),
    "a missing key": (
        "camera:\n    width: 64\n\n# memory\nmemory:\n",
        {"camera.height": 48},
        "camera:\n    width: 64\n    height: 48\n\n# memory\nmemory:\n",
    ),
    "below its comment": (
        "camera:\n  # Height.\n  #height: 240\n  width: 64\n",
        {"camera.height": 48},
        "camera:\n  # Height.\n  #height: 240\n  height: 48\n  width: 64\n",
    ),
    "an empty section": ("camera:  # c\nmemory:\n", {"camera.height": 48}, "camera:  # c\n  height: 48\nmemory:\n"),
    "a section of comments": (
        "camera:\n  #width: 1\n  #height: 2\n",
        {"camera.width": 64},
        "camera:\n  #width: 1\n  width: 64\n  #height: 2\n",
    ),
    "a null section": ("camera: ~\n", {"camera.height": 48}, "camera:\n  height: 48\n"),
    "a null section with more below": (
        "camera: null  # none\n#width: 64\nmemory:\n",
        {"camera.width": 80},
        "camera:  # none\n#width: 64\n  width: 80\nmemory:\n",
    ),
    "a missing section": (
        "profile: balanced\n# end\n",
        {"camera.height": 48},
        "profile: balanced\n# end\ncamera:\n  height: 48\n",
    ),
    "two keys of one": ("", {"camera.height": 48, "camera.width": 64}, "camera:\n  height: 48\n  width: 64\n"),
    "no final line end": ("profile: balanced", {"camera.height": 48}, "profile: balanced\ncamera:\n  height: 48"),
    "nothing at all": ("", {"profile": "balanced"}, "profile: balanced\n"),
    "a byte order mark": (
        "\ufeffprofile: balanced\n",
        {"profile": None, "camera.width": 64},
        "\ufeff\ncamera:\n  width: 64\n",
    ),
    "CRLF": ("camera:\r\n  width: 64\r\n", {"camera.height": 48}, "camera:\r\n  width: 64\r\n  height: 48\r\n"),
    "a line removed": ("camera:\n  width: 64\n  height: 48\n", {"camera.width": None}, "camera:\n  height: 48\n"),
    "a comment left": ("camera:\n  width: 64  # why\n", {"camera.width": None}, "camera:\n  # why\n"),
    "the last line": ("camera:\r\n  width: 64", {"camera.width": None}, "camera:"),
    "what is not there": ("camera:\n  width: 64", {"memory.governor": None}, "camera:\n  width: 64"),
    "over an older key": (
        "vision:\n  use_lite_model: true\n",
        {"vision.model": "full"},
        "vision:\n  use_lite_model: true\n  model: full\n",
    ),
    "an older key removed": ("vision:\n  use_lite_model: false\n", {"vision.model": None}, "vision:\n"),
    "a wrong value": ("camera:\n  width: wide\n  zoom: 3\n", {"camera.width": 64}, "camera:\n  width: 64\n  zoom: 3\n"),
    "an indented file": (
        "  camera:\n    width: 64\n",
        {"memory.governor": True},
        "  camera:\n    width: 64\n  memory:\n    governor: true\n",
    ),
}


@pytest.mark.parametrize(("text", "values", "patched"), CASES.values(), ids=CASES)
def test_patch(text: str, values: Mapping[str, Value | None], patched: str) -> None:
    assert patch(text, values) == patched


REFUSED = {
    "into braces": (
        "# mine\ncamera: {width: 64}\n",
        {"camera.height": 64},
        r"has its keys in braces \(line 2\): write each",
    ),
    "into empty braces": ("camera: {}\n", {"camera.width": 64}, "has its keys in braces"),
    "out of braces": ("camera: {width: 64, height: 48}\n", {"camera.width": None}, "has its keys in braces"),
    "all in braces": ("{camera: {width: 64}}\n", {"memory.governor": False}, "has its keys in braces"),
    "a null section in braces": ("{camera: ~}\n", {"camera.width": 64}, "has its keys in braces"),
    "no YAML": ("camera: [\n", {"camera.width": 64}, "is not valid YAML"),
    "an alias": ("camera: &a {}\n", {"camera.width": 64}, r"must not use anchors \(&\) \(line 1\)"),
    "a key given twice": ("camera: {width: 1, width: 2}\n", {"camera.width": 64}, "has camera.width twice"),
    "a list for a value": ("camera: {width: [1]}\n", {"camera.width": 64}, "has no single value for width"),
    "a list for a section": ("camera: [1]\n", {"camera.width": 64}, "has no section camera"),
    "a document's end": ("camera:\n...\n", {"memory.governor": True}, "with this change"),
    "a set": ("camera: {width}\n", {"camera.width": 64}, "camera.* cannot be changed by itself"),
    "a value of another type": ("camera: {width: 64}\n", {"camera.width": "wide"}, "camera.width cannot be changed"),
    "a comment in a text": (
        "camera:\n  source: |-\n    a\n    #width: 1\n    b\n",
        {"camera.width": 64},
        "cannot be changed",
    ),
    "too long": ("camera:\n" + "#" * 16_370, {"camera.width": 64}, "with this change is larger"),
}


@pytest.mark.parametrize(("text", "values", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_patched_is_refused_with_the_reason(
    text: str, values: Mapping[str, Value | None], reason: str
) -> None:
    with pytest.raises(PatchError, match=reason):
        patch(text, values)


@dataclass(frozen=True)
class Document:
    """A settings file as a person might write it, with what it means."""

    text: str
    values: dict[str, Value]
    in_braces: frozenset[str]
    newline: str


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
    if key == "raspberry_pi.gpio_chip":
        return st.from_regex(r"/dev/[a-z0-9_.-]{1,9}", fullmatch=True)
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


@settings(derandomize=True, database=None, deadline=None, max_examples=40)
@given(documents(), changes())
def test_patching_keeps_all_that_it_was_not_asked_to_change_or_refuses(
    document: Document, values: dict[str, Value | None]
) -> None:
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


def test_setting_and_unsetting_again_and_again_does_not_make_the_file_grow() -> None:
    text = once = patch("camera:\n  width: 64  # why\n", {"camera.width": None})
    for _ in range(5):
        text = patch(patch(text, {"camera.width": 65}), {"camera.width": None})
    assert text == once
    assert not read(text).problems
