"""Dataclasses to JSON and back: bounded when written; when read, a field that does not fit keeps its default."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from math import isfinite
from types import NoneType
from typing import Literal, get_args, get_origin, get_type_hints

from app.figures import is_figure

ITEMS_MAX, TEXT_MAX = 20, 500  # of a list, and of a text in characters
_UNFIT = (ValueError, TypeError, KeyError, OverflowError)
_hints = cache(get_type_hints)


def plain(value: object) -> object:
    """What JSON knows: dataclasses become objects, numbers that are not finite null; lists and texts are bounded."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, str):
        return value[:TEXT_MAX]
    if isinstance(value, tuple):
        return [plain(item) for item in value[-ITEMS_MAX:]]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    return value


def parsed(kind: type, raw: object) -> object:
    """A dataclass of the fields of a JSON object that fit.

    Raises: TypeError when it is no object, or a field without a default is missing.
    """
    if not isinstance(raw, dict):
        raise TypeError(f"{kind.__name__} is not an object")
    fitting = {}
    for name, hint in _hints(kind).items():
        with suppress(*_UNFIT):
            fitting[name] = _fit(hint, raw[name])
    return kind(**fitting)


def _fit(hint: object, raw: object) -> object:
    """The value as a field of this type takes it; raises one of _UNFIT."""
    options = get_args(hint)
    if get_origin(hint) is tuple:
        return _fit_each(options[0], raw)
    if NoneType in options:
        return None if raw is None else _fit(options[0], raw)
    if get_origin(hint) is Literal:
        return options[options.index(raw)]
    assert isinstance(hint, type)
    if is_dataclass(hint):
        return parsed(hint, raw)
    if issubclass(hint, Enum):
        return hint(raw)
    if hint is float and type(raw) is int:
        raw = float(raw)
    if type(raw) is not hint or (hint in (int, float) and not is_figure(raw)):
        raise ValueError(f"not {hint.__name__}")
    return raw


def _fit_each(hint: object, raw: object) -> tuple[object, ...]:
    if not isinstance(raw, list):
        raise TypeError("not a list")
    items = []
    for item in raw:
        with suppress(*_UNFIT):
            items.append(_fit(hint, item))
    return tuple(items)
