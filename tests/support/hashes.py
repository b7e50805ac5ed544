"""Password hashes that take no time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

REAL = hashlib.scrypt


def cheap_scrypt(password: Buffer, *, salt: Buffer, **_: int) -> bytes:
    """What hashlib.scrypt gives for the least work, whatever is asked for."""
    return REAL(password, salt=salt, n=2, r=1, p=1)
