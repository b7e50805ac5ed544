"""Bearer tokens for programs: shown once, kept as hashes, and revocable."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from config import durable
from config.disk import Disk

PREFIX = "dw_"  # so that a token in a log or a repository is recognised as one
MOST, LABEL_MAX = 16, 40  # tokens; characters
FILE_MAX_BYTES = 16 * 1024  # one takes about 200, 700 with a label of emoji
YEAR_5000_S = 95_617_584_000  # beyond what datetime shows, a file is damaged
ID, DIGEST = re.compile("[0-9a-f]{8}"), re.compile("[0-9a-f]{64}")


class TokenError(ValueError):
    """Why no token was made, as a message for the user."""


@dataclass(frozen=True, slots=True)
class Token:
    """made_s: Unix time, to be shown only, as the clock may have been wrong. digest: the SHA-256 of the token."""

    id: str
    label: str
    made_s: float
    digest: str = field(repr=False)


class Tokens:
    """The file of tokens, read at each request, so that a revoked token ends in every process at once."""

    def __init__(self, file: Path, disk: Disk | None = None, wall_clock: Callable[[], float] = time.time) -> None:
        self._path, self._disk, self._wall_clock = file, disk or Disk(), wall_clock

    @property
    def problem(self) -> str:
        """What is wrong with the file, so that no token is accepted; "" if nothing is."""
        return self._read()[1]

    def all(self) -> tuple[Token, ...]:
        """The tokens, oldest first; none if the file is damaged."""
        return self._read()[0]

    def make(self, label: str) -> str:
        """A new token, which cannot be shown again. A damaged file is replaced.

        Raises: TokenError; StoreError.
        """
        label = label.strip()
        if not (label.isprintable() and 0 < len(label) <= LABEL_MAX):
            raise TokenError(f"name what the token is for, in 1 to {LABEL_MAX} characters")
        token = PREFIX + secrets.token_urlsafe(32)
        made = Token(secrets.token_hex(4), label, self._wall_clock(), _digest(token))
        with durable.held(self._path, self._disk):
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

    def check(self, token: str) -> bool:
        """Whether this is one of them, in a time that does not depend on which, or on how much of it is right."""
        digest = _digest(token)
        return any([hmac.compare_digest(digest, known.digest) for known in self.all()])  # noqa: C419  all are compared

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
        if not isinstance(token.label, str):
            raise TypeError("no label")
    return tokens
