"""Change single values in a settings file and nothing else: comments, order, quotes and line ends stay.

A value is replaced at the place that PyYAML names. A new key goes below the comment that has it (`#width: 320`), else
to the end of its section; a new section to the end of the file. Keys are neither added to nor taken out of braces
(`camera: {width: 320}`): that is refused, with what to do. The result is read again before it is returned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.check import from_text
from config.declaration import Declaration, Value
from config.document import DocumentError, MappingNode, Node, ScalarNode, parse
from config.read import OLDER_KEYS, entries, is_removed, repetitions
from config.settings import DECLARATIONS

BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # YAML's
PLAIN = re.compile(r"(?!(?i:null)$)[A-Za-z0-9/_][A-Za-z0-9/_.+-]*(:[A-Za-z0-9/_.+-]+)*")  # else in quotes


class PatchError(ValueError):
    """Why this text cannot be changed, continuing "the file"; nothing was changed."""


def patch(text: str, values: Mapping[str, Value | None]) -> str:
    """Return `text` with these settings changed; None takes a key out, so that the profile's value holds.

    Raises: PatchError if the text cannot be changed without changing more than that.
    """
    try:
        before = _content(text)
    except DocumentError as error:
        raise PatchError(error.reason + (f" (line {error.line})" if error.line else "")) from error
    try:
        for key, value in values.items():
            text = _without(text, key) if value is None else _with(text, DECLARATIONS[key], value)
        _assert_only(values, before, _content(text))
    except DocumentError as error:
        raise PatchError(f"with this change {error.reason}") from error
    return text


def scalar(value: Value, quote: str = "") -> str:
    """Return a value as it is written in YAML, in these quotes if it can be."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if value == value // 1 else repr(value)
    if quote == '"' and not set(value) & {'"', "\\"}:
        return f'"{value}"'
    if quote != "'" and PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("'", "''") + "'"


def _with(text: str, declaration: Declaration, value: Value) -> str:
    top = _parsed(text)
    section = _section(top, declaration.key)
    if not section or not (old := _find(section, declaration.name)):
        return _inserted(text, top, declaration.section, f"{declaration.name}: {scalar(value)}")
    node = _single(old)
    if _means(declaration, node, value):
        return text
    return _replaced(text, node, scalar(value, text[node.start : node.start + 1]))


def _without(text: str, key: str) -> str:
    for name in _names(key):
        while (section := _section(_parsed(text), name)) and (old := _removable(section, name)):
            _refuse_braces(section)
            text = _cut(text, old[0].start, _end(text, _single(old)))
    return text


def _cut(text: str, start: int, end: int) -> str:
    line_start, line_end = _line_start(text, start), _line_end(text, end)
    if text[line_start:start].strip() or text[end:line_end].strip():  # a comment is the user's: it stays
        return text[:start] + text[end:line_end].lstrip() + text[line_end:]
    if after := BREAK.match(text, line_end):
        return text[:line_start] + text[after.end() :]
    return text[:line_start].removesuffix("\n").removesuffix("\r")


def _inserted(text: str, top: MappingNode | None, section: str, pair: str) -> str:
    header = _find(top, section) if top else None
    if not top or not header:
        _refuse_braces(top)
        return _appended(text, top, section, pair)
    name, node = header
    if isinstance(node, MappingNode):
        _refuse_braces(node)
        return _into_block(text, top, name, node, pair)
    if not isinstance(node, ScalarNode) or not node.is_empty:
        raise PatchError(f"has no section {section} (line {name.line}): put it right by hand")
    _refuse_braces(top)
    if node.start < node.end:  # `camera: ~`
        bare = text[: node.start].rstrip(" ") + text[node.end :]
        return _inserted(bare, _parsed(bare), section, pair)
    return _into_block(text, top, name, None, pair)


def _refuse_braces(mapping: MappingNode | None) -> None:
    """Raises: PatchError if the keys of this mapping stand in braces."""
    if mapping is not None and mapping.in_braces:
        remedy = "write each on a line of its own, without braces, then change it again"
        raise PatchError(f"has its keys in braces (line {mapping.line}): {remedy}")


def _into_block(text: str, top: MappingNode, header: ScalarNode, section: MappingNode | None, pair: str) -> str:
    following = [key.start for key, _ in top.pairs if key.start > header.start]
    commented = re.compile(rf"^[ \t]*#[ \t]*{pair.partition(':')[0]}[ \t]*:", re.MULTILINE)
    ends = [_end(text, node) for _, node in section.pairs if isinstance(node, ScalarNode)] if section else []
    place = commented.search(text, header.end, min(following, default=len(text)))
    at = _line_end(text, place.end() if place else max(ends, default=header.end))
    indent = _indent(text, section.pairs[0][0]) if section else _indent(text, header) + "  "
    return text[:at] + _line_break(text) + indent + pair + text[at:]


def _appended(text: str, top: MappingNode | None, section: str, pair: str) -> str:
    indent, newline = _indent(text, top.pairs[0][0]) if top else "", _line_break(text)
    added = f"{indent}{section}:{newline}{indent}  {pair}" if section else indent + pair
    if text in ("", "\ufeff") or BREAK.match(text, len(text) - 1):
        return text + added + newline
    return text + newline + added


def _replaced(text: str, node: ScalarNode, written: str) -> str:
    gap = " " if node.start == node.end else ""  # `width:` and nothing
    return text[: node.start] + gap + written + text[_end(text, node) :]


def _end(text: str, node: ScalarNode) -> int:
    """Where a value ends; a block scalar (`|`) reaches into the next line."""
    return node.start + len(text[node.start : node.end].rstrip())


def _line_start(text: str, at: int) -> int:
    return max((found.end() for found in BREAK.finditer(text, 0, at)), default=0)


def _line_end(text: str, at: int) -> int:
    found = BREAK.search(text, at)
    return found.start() if found else len(text)


def _line_break(text: str) -> str:
    found = BREAK.search(text)
    return found[0] if found else "\n"


def _indent(text: str, key: ScalarNode) -> str:
    line = text[_line_start(text, key.start) : key.start]
    return line[: len(line) - len(line.lstrip(" "))]


def _names(key: str) -> list[str]:
    return [key, *(older for older, newer in OLDER_KEYS.items() if newer.key == key)]


def _section(top: MappingNode | None, key: str) -> MappingNode | None:
    """The mapping in which a key stands, if it is there."""
    name = key.rpartition(".")[0]
    node = next((node for key, node in top.pairs if key.text == name), None) if top and name else top
    return node if isinstance(node, MappingNode) else None


def _removable(section: MappingNode, key: str) -> tuple[ScalarNode, Node] | None:
    """The next pair that goes when this key is taken out."""
    name = key.rpartition(".")[2]
    return next((pair for pair in section.pairs if pair[0].text == name and not _must_stay(key, pair[1])), None)


def _must_stay(key: str, node: Node) -> bool:
    """A key that is no longer a setting may hold anything; only single values can be cut out, and it does no harm."""
    return is_removed(key) and not isinstance(node, ScalarNode)


def _find(mapping: MappingNode, name: str) -> tuple[ScalarNode, Node] | None:
    return next((pair for pair in mapping.pairs if pair[0].text == name), None)


def _single(pair: tuple[ScalarNode, Node]) -> ScalarNode:
    key, node = pair
    if isinstance(node, ScalarNode):
        return node
    raise PatchError(f"has no single value for {key.text} (line {key.line}): put it right by hand")


def _parsed(text: str) -> MappingNode | None:
    top = parse(text)
    for problem in repetitions(top) if top else ():
        raise PatchError(f"has {problem.key} twice (line {problem.line}): remove one of them")
    return top


def _content(text: str) -> dict[str, Node]:
    top = _parsed(text)
    return {entry.key: entry.node for entry in entries(top)} if top else {}


def _assert_only(values: Mapping[str, Value | None], before: Mapping[str, Node], after: Mapping[str, Node]) -> None:
    gone = {name for key, value in values.items() if value is None for name in _names(key)}
    for key in before.keys() | after.keys() | values.keys():
        value, node = values.get(key), after.get(key)
        if value is not None:
            holds = isinstance(node, ScalarNode) and _means(DECLARATIONS[key], node, value)
        else:
            holds = node is None or _must_stay(key, node) if key in gone else _bare(before.get(key)) == _bare(node)
        if not holds:
            raise PatchError(f"is written in a way that {key} cannot be changed by itself")


def _means(declaration: Declaration, node: ScalarNode, value: Value) -> bool:
    if node.is_empty or (node.quoted and declaration.kind is not str):
        return False
    try:
        return from_text(declaration, node.text) == value
    except ValueError:
        return False


def _bare(node: Node | None) -> object:
    """A node without its places, to compare."""
    if isinstance(node, ScalarNode):
        return node.text, node.quoted
    if isinstance(node, MappingNode):
        return [(_bare(key), _bare(value)) for key, value in node.pairs]
    return type(node)
