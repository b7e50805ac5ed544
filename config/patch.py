"""Change single values in a settings file and nothing else: comments, order, quotes and line ends stay.

A value is replaced at the place that PyYAML names. A new key goes below the comment that has it (`#width: 320`), else
to the end of its section; a new section to the end of the file. The outcome is read again before it is returned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.check import from_text
from config.declaration import Declaration, Value
from config.document import DocumentError, MappingNode, Node, ScalarNode, parse
from config.read import OLDER_KEYS, entries, repetitions
from config.settings import DECLARATIONS

BREAKS = "\r\n\x85\u2028\u2029"  # YAML's
BREAK = re.compile(f"\r\n|[{BREAKS}]")
PLAIN = re.compile(r"(?!(?i:null)$)[A-Za-z0-9/_][A-Za-z0-9/_.+-]*(:[A-Za-z0-9/_.+-]+)*")  # else in quotes


class PatchError(ValueError):
    """Why this text cannot be changed, continuing "the file"; nothing was changed."""


def patch(text: str, values: Mapping[str, Value | None]) -> str:
    """Return `text` with these settings changed; None takes a key out, so that the profile's value holds.

    Raises: PatchError if the text cannot be changed without changing more than that.
    """
    patched = text
    for key, value in values.items():
        for name in _names(key) if value is None else ():
            patched = _without(patched, *_split(name))
        if value is not None:
            patched = _with(patched, DECLARATIONS[key], value)
    _assert_only(values, _content(text), _content(patched))
    return patched


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
    section = top and _section(top, declaration.section)
    old = section and _find(section, declaration.name)
    if not old:
        return _inserted(text, top, declaration, scalar(value))
    if not isinstance(old[1], ScalarNode):
        raise PatchError(f"has no single value for {declaration.key} (line {old[1].line}): put it right by hand")
    if _means(declaration, old[1], value):
        return text
    return _replaced(text, old[1], scalar(value, text[old[1].start : old[1].start + 1]))


def _without(text: str, section_name: str, name: str) -> str:
    top = _parsed(text)
    section = top and _section(top, section_name)
    old = section and _find(section, name)
    if not section or not old:
        return text
    if not isinstance(old[1], ScalarNode):
        raise PatchError(f"has no single value for {name} (line {old[1].line}): put it right by hand")
    start, end = old[0].start, _end(text, old[1])
    if section.in_braces:
        comma = re.compile(r"\s*,[ \t]*").match(text, end)
        before = re.compile(r",[ \t]*$").search(text[:start])
        return text[: before.start() if before and not comma else start] + text[comma.end() if comma else end :]
    line_start, line_end = _line_start(text, start), _line_end(text, end)
    if text[line_start:start].strip() or text[end:line_end].strip():  # a comment is the user's: it stays
        return text[:start] + text[end:line_end].lstrip() + text[line_end:]
    if after := BREAK.match(text, line_end):
        return text[:line_start] + text[after.end() :]
    return text[: _line_end(text, max(_line_start(text, start - 1), 0))] if line_start else ""


def _inserted(text: str, top: MappingNode | None, declaration: Declaration, written: str) -> str:
    section, pair = declaration.section, f"{declaration.name}: {written}"
    header = top and section and _find(top, section)
    if not top or (not header and not top.in_braces):
        return _appended(text, top, section, pair)
    if not header:
        return _into_braces(text, top, f"{section}: {{{pair}}}" if section else pair)
    name, node = header
    if isinstance(node, MappingNode):
        return _into_braces(text, node, pair) if node.in_braces else _into_block(text, top, name, node, pair)
    if not isinstance(node, ScalarNode) or not node.is_empty:
        raise PatchError(f"has no section {section} (line {node.line}): put it right by hand")
    if top.in_braces or node.start < node.end:
        return _replaced(text, node, f"{{{pair}}}")
    return _into_block(text, top, name, None, pair)


def _into_braces(text: str, mapping: MappingNode, pair: str) -> str:
    """To the beginning: where the end is, and whether a comma stands there, is not told."""
    at = mapping.pairs[0][0].start if mapping.pairs else mapping.start + 1
    return text[:at] + pair + (", " if mapping.pairs else "") + text[at:]


def _into_block(text: str, top: MappingNode, header: ScalarNode, section: MappingNode | None, pair: str) -> str:
    following = [key.start for key, _ in top.pairs if key.start > header.start]
    commented = re.compile(rf"^[ \t]*#[ \t]*{pair.partition(':')[0]}[ \t]*:", re.MULTILINE)
    ends = [_end(text, node) for _, node in section.pairs if isinstance(node, ScalarNode)] if section else []
    if place := commented.search(text, header.end, min(following, default=len(text))):
        at = place.end()
    else:
        at = max(ends, default=header.end)
    if section:
        indent = _indent(text, section.pairs[0][0])
    else:
        indent = _indent(text, header) + "  "
    at = _line_end(text, at)
    return text[:at] + _line_break(text) + indent + pair + text[at:]


def _appended(text: str, top: MappingNode | None, section: str, pair: str) -> str:
    indent, newline = _indent(text, top.pairs[0][0]) if top else "", _line_break(text)
    added = f"{indent}{section}:{newline}{indent}  {pair}" if section else indent + pair
    if text.lstrip("\ufeff") and text[-1] not in BREAKS:
        return text + newline + added
    return text + added + newline


def _replaced(text: str, node: ScalarNode, written: str) -> str:
    gap = " " if node.start == node.end else ""  # `width:` and nothing
    return text[: node.start] + gap + written + text[_end(text, node) :]


def _end(text: str, node: ScalarNode) -> int:
    """Where a value ends; a block scalar (`|`) reaches into the next line."""
    return node.start + len(text[node.start : node.end].rstrip())


def _line_start(text: str, at: int) -> int:
    return max(text.rfind(character, 0, at) for character in BREAKS) + 1


def _line_end(text: str, at: int) -> int:
    found = BREAK.search(text, at)
    return found.start() if found else len(text)


def _line_break(text: str) -> str:
    found = BREAK.search(text)
    return found[0] if found else "\n"


def _indent(text: str, key: ScalarNode) -> str:
    line = text[_line_start(text, key.start) : key.start]
    return line[: len(line) - len(line.lstrip(" "))]


def _split(key: str) -> tuple[str, str]:
    section, _, name = key.rpartition(".")
    return section, name


def _names(key: str) -> list[str]:
    return [key, *(older for older, newer in OLDER_KEYS.items() if newer.key == key)]


def _section(top: MappingNode, name: str) -> MappingNode | None:
    found = _find(top, name) if name else (None, top)
    return found[1] if found and isinstance(found[1], MappingNode) else None


def _find(mapping: MappingNode, name: str) -> tuple[ScalarNode, Node] | None:
    return next((pair for pair in mapping.pairs if pair[0].text == name), None)


def _parsed(text: str) -> MappingNode | None:
    try:
        top = parse(text)
    except DocumentError as error:
        line = f" (line {error.line})" if error.line else ""
        raise PatchError(f"{error.reason}{line}") from error
    for problem in repetitions(top) if top else ():
        raise PatchError(f"has {problem.key} twice (line {problem.line}): remove one of them")
    return top


def _content(text: str) -> dict[tuple[str, str], Node]:
    top = _parsed(text)
    return {(entry.section, entry.name): entry.node for entry in entries(top)} if top else {}


def _assert_only(
    values: Mapping[str, Value | None],
    before: Mapping[tuple[str, str], Node],
    after: Mapping[tuple[str, str], Node],
) -> None:
    wanted = {_split(key): (DECLARATIONS[key], value) for key, value in values.items()}
    gone = {_split(name) for key, value in values.items() if value is None for name in _names(key)}
    for name in before.keys() | after.keys() | wanted.keys():
        node = after.get(name)
        if name in gone:
            kept = node is None
        elif name in wanted:
            declaration, value = wanted[name]
            kept = value is not None and isinstance(node, ScalarNode) and _means(declaration, node, value)
        else:
            kept = _bare(before.get(name)) == _bare(node)
        if not kept:
            raise PatchError(f"is written in a way that {'.'.join(filter(None, name))} cannot be changed by itself")


def _means(declaration: Declaration, node: ScalarNode, value: Value) -> bool:
    try:
        return not node.is_empty and from_text(declaration, node.text) == value
    except ValueError:
        return False


def _bare(node: Node | None) -> object:
    """A node without its places, to compare."""
    if isinstance(node, ScalarNode):
        return node.text, node.quoted
    if isinstance(node, MappingNode):
        return [(_bare(key), _bare(value)) for key, value in node.pairs]
    return type(node)
