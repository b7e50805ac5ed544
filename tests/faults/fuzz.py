"""Hostile settings, changes and forms by Hypothesis; properties.py has what must hold for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.declaration import Value
from config.reference import config_yaml
from config.settings import DECLARATIONS
from tests.faults import properties
from tests.faults.tally import Count, Row
from tests.support.settings_files import (
    ALL_KEYS,
    MUTATED,
    PIECES,
    Document,
    assert_only_the_named_keys_change,
    documents,
    values_for,
)
from tests.support.settings_files import changes as wanted_changes

EXAMPLES, LONG_EXAMPLES = 500, 25_000  # examples of each property; fewer for costly generators
FILES = [MUTATED, config_yaml().encode(), config_yaml().replace("#", "").encode()[:9000]]
FIELDS = [*DECLARATIONS, "resolution", "back", "csrf_token", "version", "base", "camera", "camera.", ".", ""]
TEXTS = ["", "0", "1", "-1", "1e3", "0x10", "1,5", "1.000", "nan", ".inf", "true", "on", "auto", "fake:x", "640x480"]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A settings file with pieces inserted, removed and repeated."""
    data = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(1, 6))):
        at, gone = draw(st.integers(0, len(data))), draw(st.sampled_from([0, 0, 1, 9, 200]))
        data[at : at + gone] = draw(st.sampled_from([*PIECES, b""])) * draw(st.sampled_from([1, 1, 1, 60]))
    return bytes(data)


def texts() -> st.SearchStrategy[str]:
    """Texts that a person may type into an input."""
    return st.one_of(st.sampled_from(TEXTS), st.text(max_size=30), st.floats().map(str), st.integers().map(str))


def sent() -> st.SearchStrategy[list[tuple[str, str]]]:
    """Fields of a form, in any order, some of them twice."""
    names = st.one_of(st.sampled_from(FIELDS), st.text(max_size=20))
    back = st.tuples(st.just("back"), st.sampled_from(ALL_KEYS))
    return st.lists(
        st.one_of(st.tuples(names, texts()), st.tuples(st.sampled_from(ALL_KEYS), texts()), back), max_size=9
    )


@st.composite
def values(draw: st.DrawFn) -> dict[str, Value]:
    """Allowed values of some keys, which may contradict each other."""
    keys = draw(st.lists(st.sampled_from(ALL_KEYS), unique=True, max_size=9))
    return {key: draw(values_for(key)) for key in keys}


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each property."""
    many = LONG_EXAMPLES if is_long else EXAMPLES

    @given(st.one_of(st.binary(max_size=300), st.text(max_size=300), mutated(), mutated()))
    def loads(data: bytes | str) -> None:
        properties.loads(data)

    @given(documents(), wanted_changes())
    def keeps(document: Document, wanted: dict[str, Value | None]) -> None:
        assert_only_the_named_keys_change(document, wanted)

    @given(mutated(), wanted_changes())
    def patches(data: bytes, wanted: dict[str, Value | None]) -> None:
        properties.patches(data.decode(errors="replace"), wanted)

    @given(values())
    def comes_back(found: dict[str, Value]) -> None:
        properties.comes_back(found)

    @given(sent(), st.sampled_from(["", "profile: balanced\ncamera: {width: 480}\n"]))
    def is_typed(fields: list[tuple[str, str]], text: str) -> None:
        properties.is_typed(fields, text)

    yield _tried("settings files of any bytes, and mutated ones: the loader", loads, 4 * many)
    yield _tried("changes of mutated files: the patcher", patches, 2 * many)
    yield _tried("changes of files with comments and quotes: the patcher", keeps, many)
    yield _tried("values written and read back", comes_back, many)
    yield _tried("forms with any fields and texts", is_typed, 2 * many)


def _tried(fault: str, tried: Callable[[], None], examples: int) -> Row:
    """The row of a property: Hypothesis stops at the first example that fails, and makes it small."""
    count, inner = Count(fault), tried.hypothesis.inner_test  # type: ignore[attr-defined]

    def counted(*args: object, **kwargs: object) -> None:
        count.add()
        inner(*args, **kwargs)

    tried.hypothesis.inner_test = counted  # type: ignore[attr-defined]
    slow = settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    try:
        slow(tried)()
    except Exception as error:  # any exception is a finding
        where = " ".join(str(note) for note in getattr(error, "__notes__", ()))
        return Row(fault, count.tries, count.tries - 1, 1, wrong=f"{type(error).__name__}: {error} {where}"[:600])
    return count.row
