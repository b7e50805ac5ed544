"""YAML text -> nodes with their places; everything that a settings file does not need is refused.

Size and depth are limited while parsing: aliases can expand without end, and deep nesting takes a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

MAX_BYTES = 16 * 1024  # config.yaml of 0.2.0, every key set, is about two thirds of this
MAX_EVENTS = 512  # every key set makes about 160
MAX_DEPTH = 4  # a settings file is two deep


class DocumentError(ValueError):
    """The text as a whole cannot be used; `line` counts from 1, None where there is none."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value; start and end are places in the text, counted in characters."""

    text: str
    quoted: bool
    line: int
    start: int
    end: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written: `width:`, `width: ~` or `width: null`."""
        return not self.quoted and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys with their nodes. A flow mapping stands in braces and ends with them; a block's end is not told."""

    pairs: tuple[tuple[ScalarNode, Node], ...]
    in_braces: bool
    line: int
    start: int


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list, which no setting is."""

    line: int


Node: TypeAlias = ScalarNode | MappingNode | ListNode
Events: TypeAlias = Iterator[yaml.Event]


def parse(data: bytes | str) -> MappingNode | None:
    """Return the top mapping, None if there is nothing but comments.

    Raises: DocumentError, and nothing else, whatever the input.
    """
    text = as_text(data)
    try:
        top = _document(_guarded(text))
    except DocumentError:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DocumentError(f"is not valid YAML: {error.problem}", line) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DocumentError(
            f"holds a character that YAML does not allow (U+{ord(text[error.position]):04X})", line
        ) from error
    except Exception as error:  # PyYAML lets ValueError and OverflowError escape, e.g. for "\UFFFFFFFF"
        raise DocumentError("is not valid YAML") from error
    if isinstance(top, MappingNode) or top is None:
        return top
    raise DocumentError("must hold sections such as `camera:`, not a single value or a list", 1)


def as_text(data: bytes | str) -> str:
    """Return the text of a settings file. Raises: DocumentError if it is too large or not UTF-8."""
    try:
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > MAX_BYTES:
            raise DocumentError(f"is larger than the {MAX_BYTES} bytes that are read")
        return raw.decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DocumentError("is not UTF-8 text", line) from error
    except UnicodeEncodeError as error:
        raise DocumentError("is not UTF-8 text", error.object.count("\n", 0, error.start) + 1) from error


class _Loader(yaml.SafeLoader):
    """PyYAML's loader with a limit of depth: it reads ahead, and 16,000 brackets take it 0.3 s."""

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        if self.flow_level >= MAX_DEPTH:
            raise DocumentError("is nested too deeply", self.line + 1)
        super().fetch_flow_collection_start(token)


def _guarded(text: str) -> Events:
    """Yield PyYAML's events until the first one that a settings file has no need of."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        reason = _reason_to_refuse(event)
        if count >= MAX_EVENTS:
            reason = "holds too many values"
        if depth > MAX_DEPTH:
            reason = "is nested too deeply"
        if reason:
            raise DocumentError(reason, _line(event))
        yield event


def _reason_to_refuse(event: yaml.Event) -> str:
    if isinstance(event, yaml.AliasEvent):
        return "must not use aliases (*)"
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        return "must not use anchors (&)"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
        return "must not use tags (!)"
    if isinstance(event, yaml.DocumentStartEvent) and (event.version or event.tags):
        return "must not use directives (%)"
    return ""


def _document(events: Events) -> Node | None:
    """Return the top node; the events before and after it must be those of one document."""
    next(events)  # the stream's start
    if isinstance(next(events), yaml.StreamEndEvent):
        return None
    top = _node(next(events), events)
    next(events)  # the document's end
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        raise DocumentError("must be one document: only one `---`", _line(after))
    return None if isinstance(top, ScalarNode) and top.is_empty else top


def _node(event: yaml.Event, events: Events) -> Node:
    if isinstance(event, yaml.ScalarEvent):
        start, end = _place(event)
        return ScalarNode(event.value, event.style is not None, _line(event), start, end)
    if isinstance(event, yaml.MappingStartEvent):
        return MappingNode(tuple(_pairs(events)), bool(event.flow_style), _line(event), _place(event)[0])
    while not isinstance(item := next(events), yaml.SequenceEndEvent):
        _node(item, events)
    return ListNode(_line(event))


def _pairs(events: Events) -> Iterator[tuple[ScalarNode, Node]]:
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(event, events)
        if not isinstance(key, ScalarNode):
            raise DocumentError("has a key that is not a word", key.line)
        yield key, _node(next(events), events)


def _place(event: yaml.Event) -> tuple[int, int]:
    if event.start_mark is None or event.end_mark is None:
        raise DocumentError("is not valid YAML")
    return event.start_mark.index, event.end_mark.index


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
