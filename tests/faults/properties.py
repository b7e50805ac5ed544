"""What must hold for settings, changes and forms with any input; fuzz.py and coverage.py try to break it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from admin.settings.forms import (
    Basis,
    Typed,
    as_sent,
    changes,
    decode_baseline,
    encode_baseline,
    text_of,
    touched,
    typed_in,
)
from config.check import accept, broken_rules
from config.declaration import Value
from config.document import DocumentError, MappingNode, Node, ScalarNode, parse
from config.patch import PatchError, patch
from config.read import OLDER_KEYS, entries, read
from config.settings import DECLARATIONS, values_of

SLOW_S = 1.0  # CPU time; hostile texts took a minute in a plain loader


def loads(data: bytes | str) -> None:
    """Assert that the loader raises nothing and is quick, and that its values are within limits and break no rule."""
    start_s = time.process_time()
    reading = read(data)
    in_force = values_of(reading.settings)
    assert time.process_time() - start_s < SLOW_S, "too slow"
    for key, value in in_force.items():
        assert accept(DECLARATIONS[key], value) == value, key
        assert type(value) is DECLARATIONS[key].kind, key
    assert not [*broken_rules(in_force, {})]
    for problem in (*reading.problems, *reading.notes):
        assert str(problem).isprintable() and len(str(problem)) < 500, problem


def patches(text: str, wanted: Mapping[str, Value | None]) -> None:
    """Assert that the patcher refuses, or changes the given keys and no other."""
    try:
        patched = patch(text, wanted)
    except PatchError:
        return
    before, after = _written(text), _written(patched)
    asked = {name for key in wanted for name in (key, *(old for old, new in OLDER_KEYS.items() if new.key == key))}
    assert {key: said for key, said in before.items() if key not in asked} == {
        key: said for key, said in after.items() if key not in asked
    }
    reading = read(patched)
    for key, value in wanted.items():
        assert (key in after) == (value is not None)
        assert value is None or key not in reading.values or reading.values[key] == value
    assert patch(patched, wanted) == patched, "another text the second time"


def comes_back(values: Mapping[str, Value]) -> None:
    """Assert that values survive being written to a file or a form and read again."""
    text = patch("", values)
    top = parse(text)
    assert top is not None or not values
    assert {key: said for key, (said, _) in _written(text).items()} == {
        key: text_of(value) for key, value in values.items()
    }
    reading = read(text)
    assert reading.values.items() <= dict(values).items()
    assert not reading.problems or any(broken_rules(values_of(read("").settings) | dict(values), {}))
    basis = Basis(reading.values, {}, values_of(reading.settings))
    assert decode_baseline(encode_baseline(basis), basis) == basis
    same = Typed({key: text_of(value) for key, value in basis.said.items()})
    assert changes(same, basis) == ({}, {})


def is_typed(sent: Iterable[tuple[str, str]], text: str = "") -> None:
    """Assert that a form is refused as a whole, or each field is a change within its limits or has an error text."""
    reading = read(text)
    basis = Basis(reading.values, {}, values_of(reading.settings))
    try:
        typed = typed_in(sent)
    except ValueError as error:
        assert str(error).isprintable() and len(str(error)) < 500, str(error)
        return
    wanted, errors = changes(typed, basis)
    for key, value in wanted.items():
        assert value is None or accept(DECLARATIONS[key], value) == value
    assert all(error.isprintable() and error for error in errors.values())
    assert not wanted.keys() & errors.keys()
    again = typed_in(as_sent(touched(typed, basis)))
    assert changes(again, basis)[0].items() <= wanted.items() or typed.resolution


def _written(text: str) -> dict[str, tuple[object, bool]]:
    """The values of a text by key: each as written, and whether it is quoted."""
    try:
        top = parse(text)
    except DocumentError as error:
        raise AssertionError(f"the patcher wrote what the loader refuses: {error}") from error
    return {entry.key: _bare(entry.node) for entry in entries(top)} if top else {}


def _bare(node: Node) -> tuple[object, bool]:
    if isinstance(node, ScalarNode):
        return node.text, node.quoted
    return ([(key.text, _bare(value)) for key, value in node.pairs] if isinstance(node, MappingNode) else None), False
