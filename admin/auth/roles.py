"""The two roles: the owner, and a viewer, who sees all but account and settings and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args

from config import password
from config.paths import Paths

Role: TypeAlias = Literal["owner", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)


def password_file(paths: Paths, role: Role) -> Path:
    """Where the hash of this role's password is."""
    return paths.admin_password if role == "owner" else paths.viewer_password


def fingerprints(paths: Paths) -> dict[Role, str]:
    """The names of the stored hashes; "" where there is none. Without the owner's password no other opens."""
    owner = password.fingerprint(paths.admin_password)
    return {"owner": owner, "viewer": password.fingerprint(paths.viewer_password) if owner else ""}


def role_of(paths: Paths, word: str) -> Role | None:
    """The role that this password opens, None if it opens none. A wrong one costs a check against each stored hash."""
    owner = password.load(paths.admin_password)
    if password.verify(owner, word):
        return "owner"
    viewer = password.load(paths.viewer_password)
    return "viewer" if owner and viewer and password.verify(viewer, word) else None
