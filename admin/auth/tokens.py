"""Bearer tokens for programs: shown once, kept as hashes, and revocable.

A new password ends them all: `config.password.save` deletes the file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from config import durable
from config.disk import Disk
from config.durable import StoreError

log = logging.getLogger(__name__)

Scope = Literal["read", "control"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

PREFIX = "dw_"  # so that a token in a log or a repository is recognised as one
MOST, LABEL_MAX = 16, 40  # tokens; characters
FILE_MAX_BYTES = 16 * 1024  # one takes about 250, 760 with a label of emoji
DAY_S = 86400.0
YEAR_5000_S = 95_617_584_000  # beyond what datetime shows, a file is damaged
ID, DIGEST = re.compile("[0-9a-f]{8}"), re.compile("[0-9a-f]{64}")


class TokenError(ValueError):
    """Why no token was made, as a message for the user."""


@dataclass(frozen=True, slots=True)
class Token:
    """made_s, used_s: Unix times, to be shown only, as the clock may have been wrong. digest: the SHA-256 of the token.

    scope: None in a file of release 0.2.0, whose tokens could control. used_s: at some time of the last day on which it
    was used.
    """

    id: str
    label: str
    made_s: float
    digest: str = field(repr=False)
    scope: Scope | None = None
    used_s: float | None = None

    @property
    def may_control(self) -> bool:
        """Whether it may change settings and restart the detector; if not, it may read."""
        return self.scope != "read"


class Tokens:
    """The file of tokens, read at each request, so that a revoked token ends in every process at once."""

    def __init__(self, file: Path, disk: Disk | None = None, wall_clock: Callable[[], float] = time.time) -> None:
        self._path, self._disk, self._wall_clock = file, disk or Disk(), wall_clock
        self._noted: dict[str, float] = {}  # the day of each token's last use that was written, or could not be

    @property
    def problem(self) -> str:
        """What is wrong with the file, so that no token is accepted; "" if nothing is."""
        return self._read()[1]

    def all(self) -> tuple[Token, ...]:
        """The tokens, oldest first; none if the file is damaged."""
        return self._read()[0]

    def make(self, label: str, scope: str, is_allowed: Callable[[], bool] = lambda: True) -> str:
        """A new token, which cannot be shown again. A damaged file is replaced.

        `is_allowed` is asked while no password can be saved: a token must not be made after the password changed by
        somebody who was signed in before. Raises: TokenError; StoreError.
        """
        label = label.strip()
        if not (label.isprintable() and 0 < len(label) <= LABEL_MAX):
            raise TokenError(f"name what the token is for, in 1 to {LABEL_MAX} characters")
        if (chosen := next((one for one in SCOPES if one == scope), None)) is None:
            raise TokenError(f"choose what the token may do: {' or '.join(SCOPES)}")
        token = PREFIX + secrets.token_urlsafe(32)
        made = Token(secrets.token_hex(4), label, self._wall_clock(), _digest(token), chosen)
        with durable.held(self._path, self._disk):
            if not is_allowed():
                raise TokenError("the password was changed meanwhile: sign in again")
            others = self.all()
            if len(others) >= MOST:
                raise TokenError(f"there are {MOST} tokens: revoke one that is not used any more")
            self._write((*others, made))
        return token

    def revoke(self, token_id: str) -> bool:
        """Stop accepting a token; False if there is none of this id. Raises: StoreError."""
        with durable.held(self._path, self._disk):
            tokens = self.all()
            left = tuple(token for token in tokens if token.id != token_id)
            if len(left) < len(tokens):
                self._write(left)
        return len(left) < len(tokens)

    def find(self, token: str) -> Token | None:
        """The one that this is, in a time that does not depend on which, or on how much of it is right."""
        digest = _digest(token)
        found = [known for known in self.all() if hmac.compare_digest(digest, known.digest)]
        return found[0] if found else None

    def note_use(self, used: Token) -> None:
        """Keep on which day a token was used: one write a day, as an SD card wears out. Where that fails, log it."""
        now_s = self._wall_clock()
        day = now_s // DAY_S
        is_kept = used.used_s is not None and used.used_s // DAY_S == day
        if is_kept or self._noted.get(used.id) == day or not 0 <= now_s < YEAR_5000_S:
            return
        self._noted = {**{id_: noted for id_, noted in self._noted.items() if noted == day}, used.id: day}
        try:
            with durable.held(self._path, self._disk):
                tokens = self.all()
                if used.id in {token.id for token in tokens}:  # not revoked meanwhile
                    self._write(replace(token, used_s=now_s) if token.id == used.id else token for token in tokens)
        except StoreError as error:
            log.warning("the use of token %s is not noted: %s", used.id, error)

    def _write(self, tokens: Iterable[Token]) -> None:
        data = json.dumps({"tokens": [asdict(token) for token in tokens]}, indent=1)
        durable.replace(self._path, data.encode(), self._disk)

    def _read(self) -> tuple[tuple[Token, ...], str]:
        """The tokens, and what is wrong with the file; at least one of the two is empty."""
        remedy = "so no token is accepted: make new ones on the page"
        try:
            return _parsed(self._disk.read(self._path, FILE_MAX_BYTES)), ""
        except FileNotFoundError:
            return (), ""
        except OSError as error:
            return (), f"{self._path} cannot be read ({error.strerror}), {remedy}"
        except (ValueError, TypeError, KeyError, RecursionError):
            return (), f"{self._path} is damaged, {remedy}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _parsed(data: bytes) -> tuple[Token, ...]:
    """Raises: ValueError, TypeError, KeyError, RecursionError, if any part makes no sense."""
    tokens = tuple(Token(**row) for row in json.loads(data)["tokens"])
    for token in tokens:
        if not (ID.fullmatch(token.id) and DIGEST.fullmatch(token.digest) and 0 <= token.made_s < YEAR_5000_S):
            raise ValueError("no token")
        if token.scope not in (None, *SCOPES) or not (token.used_s is None or 0 <= token.used_s < YEAR_5000_S):
            raise ValueError("no scope or no time")
        if not isinstance(token.label, str):
            raise TypeError("no label")
    return tokens
