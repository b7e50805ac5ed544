"""Patching: only the given keys of the user's text change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings

from config.declaration import Value
from config.patch import PatchError, patch
from config.read import read
from tests.support.settings_files import (
    Document,
    assert_only_the_named_keys_change,
    changes,
    documents,
)

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
def test_a_patch_changes_only_the_given_keys(text: str, values: Mapping[str, Value | None], patched: str) -> None:
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
def test_a_text_that_cannot_be_patched_is_refused_with_the_reason(
    text: str, values: Mapping[str, Value | None], reason: str
) -> None:
    with pytest.raises(PatchError, match=reason):
        patch(text, values)


@settings(derandomize=True, database=None, deadline=None, max_examples=40)
@given(documents(), changes())
def test_patching_any_text_changes_only_the_given_keys_or_refuses(
    document: Document, values: dict[str, Value | None]
) -> None:
    assert_only_the_named_keys_change(document, values)


def test_setting_and_unsetting_repeatedly_does_not_grow_the_file() -> None:
    text = once = patch("camera:\n  width: 64  # why\n", {"camera.width": None})
    for _ in range(5):
        text = patch(patch(text, {"camera.width": 65}), {"camera.width": None})
    assert text == once
    assert not read(text).problems
