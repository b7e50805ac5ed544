"""The settings as people and programs read them, printed from their declarations: config.yaml, the table of
SETTINGS.md, and JSON Schema for the page's API."""

from __future__ import annotations

from functools import cache

from config.check import limits
from config.declaration import PROFILES, Declaration
from config.patch import scalar
from config.settings import DECLARATIONS, SECTIONS

JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}

HEADER = """\
# The settings of drivewatch. Lines such as `#width: 320` show what the profile low_memory has; take the # away to set
# your own. In parentheses: where a number comes from. The page names what is wrong in here, with its line.
"""


@cache
def config_yaml() -> str:
    """Return the commented settings file: the profile is set, so that its values hold for all other keys."""
    profile = DECLARATIONS["profile"]
    parts = [HEADER, f"# {profile.help}\nprofile: {scalar(profile.default)}  # {limits(profile)}\n"]
    for name, kind in SECTIONS.items():
        declared = [declaration for declaration in DECLARATIONS.values() if declaration.section == name]
        parts.append(f"{name}:  # {kind.__doc__}\n" + "".join(map(_commented, declared)))
    return "\n".join(parts)


def table() -> str:
    """Return the table of SETTINGS.md in Markdown."""
    heads = ("key", *PROFILES, "allowed", "meaning")
    rows = [heads, ("---",) * len(heads), *map(_row, DECLARATIONS.values())]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)


def json_schema(*, nullable: bool) -> dict[str, object]:
    """Return the JSON Schema of one or more settings by key, as they are, or `nullable`, as a program may change them.

    Then null takes one back to the profile.
    """
    properties = {key: _property(declaration, nullable) for key, declaration in DECLARATIONS.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}


def _property(declaration: Declaration, nullable: bool) -> dict[str, object]:
    kind = JSON_TYPES[declaration.kind]
    schema: dict[str, object] = {"type": [kind, "null"] if nullable else kind, "description": _meaning(declaration)}
    if declaration.choices:
        schema["enum"] = [*declaration.choices, None] if nullable else list(declaration.choices)
    elif declaration.pattern:
        pattern = declaration.api_form[0] if nullable and declaration.api_form[0] else declaration.pattern
        schema["pattern"] = f"^({pattern})$"
    elif declaration.kind in (int, float):
        schema |= {"minimum": declaration.low, "maximum": declaration.high}
    return schema


def _commented(declaration: Declaration) -> str:
    own = [f"{profile} {scalar(value)}" for profile, value in declaration.profiles.items()]
    allowed = "; ".join([limits(declaration), ", ".join(own)] if own else [limits(declaration)])
    return f"  # {_meaning(declaration)}\n  #{declaration.name}: {scalar(declaration.default)}  # {allowed}\n"


def _row(declaration: Declaration) -> tuple[str, ...]:
    values = [f"`{scalar(declaration.in_profile(profile))}`" for profile in PROFILES]
    if declaration.key == "profile":
        values = [f"`{profile}`" for profile in PROFILES]
    return f"`{declaration.key}`", *values, limits(declaration), _meaning(declaration)


def _meaning(declaration: Declaration) -> str:
    source = f" ({declaration.source})" if declaration.source else ""
    return f"{declaration.label}. {declaration.help}{source}"
