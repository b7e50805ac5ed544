"""The sessions of those who are signed in, each of one role. They expire by a monotonic clock, which never jumps."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace
from math import inf
from pathlib import Path

from admin.auth.roles import ROLES, Role
from admin.mirror import Mirror

MOST = 8  # of a role: a mechanic, an owner, their phones; a ninth ends the one that was not used for longest
# OWASP Session Management: 15 to 30 minutes without use where the risk is low, and a working day in all
IDLE_S, LIFE_S = 30 * 60.0, 12 * 3600.0
MIRROR_S = 60.0  # after a restart of the worker a session may end earlier by this much
FILE_MAX_BYTES = 16 * 1024  # one takes about 250
DIGEST = re.compile("[0-9a-f]{64}")
CSRF = re.compile("[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Session:
    """csrf: what each of its forms must carry. fingerprint: of the password it was made by. Times are monotonic."""

    csrf: str
    made_s: float
    seen_s: float
    fingerprint: str
    role: Role


class Sessions:
    """At most 8 of a role, by the SHA-256 of their ids, mirrored in a file: its reader cannot sign in with that."""

    def __init__(self, file: Path, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._file = Mirror(file, FILE_MAX_BYTES)
        rows = self._file.read()
        self._table, self._expired = _table(rows.get("sessions")), _table(rows.get("expired"))
        self._mirrored_s = -inf

    def open(self, role: Role, fingerprint: str) -> tuple[str, Session]:
        """The id of a new session, 256 bits for the cookie, and the session. fingerprint: of the role's password."""
        session_id, now_s = secrets.token_urlsafe(32), self._clock()
        session = Session(secrets.token_urlsafe(32), now_s, now_s, fingerprint, role)
        with self._lock:
            for key in [key for key, other in self._table.items() if not _lives(other, now_s)]:
                self._expire(key)
            same = [key for key, other in self._table.items() if other.role == role]
            if len(same) >= MOST:
                del self._table[min(same, key=lambda key: self._table[key].seen_s)]
            self._table[_digest(session_id)] = session
            self._mirror(now_s)
        return session_id, session

    def find(self, session_id: str, fingerprints: Mapping[Role, str]) -> Session | None:
        """The session, seen now; None if there is none, it has expired, or its role's password is another or gone."""
        key, now_s = _digest(session_id), self._clock()
        with self._lock:
            session = self._table.get(key)
            if session is None:
                return None
            fingerprint = fingerprints[session.role]
            if not (fingerprint and session.fingerprint == fingerprint and _lives(session, now_s)):
                self._expire(key)
                self._mirror(now_s)
                return None
            self._table[key] = seen = replace(session, seen_s=now_s)
            if now_s - self._mirrored_s >= MIRROR_S:
                self._mirror(now_s)
            return seen

    def expired(self, session_id: str, fingerprints: Mapping[Role, str]) -> Session | None:
        """The session of this id, if nothing but its time has ended it: what was typed in it need not be lost."""
        session = self._expired.get(_digest(session_id))
        return session if session and session.fingerprint == fingerprints[session.role] != "" else None

    def close(self, session_id: str) -> None:
        """End a session, if there is one of this id."""
        key = _digest(session_id)
        with self._lock:
            if key in self._table:
                del self._table[key]
                self._mirror(self._clock())

    def close_all(self, role: Role) -> None:
        """End every session of a role."""
        with self._lock:
            for table in (self._table, self._expired):
                for key in [key for key, other in table.items() if other.role == role]:
                    del table[key]
            self._mirror(self._clock())

    def _expire(self, key: str) -> None:
        self._expired[key] = self._table.pop(key)
        self._expired = dict(list(self._expired.items())[-MOST:])

    def _mirror(self, now_s: float) -> None:
        tables = {"sessions": self._table, "expired": self._expired}
        rows = {name: {key: astuple(one) for key, one in table.items()} for name, table in tables.items()}
        self._file.write(rows)
        self._mirrored_s = now_s


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode(errors="replace")).hexdigest()


def _lives(session: Session, now_s: float) -> bool:
    """False too for times in the future, which only a damaged file has."""
    return 0 <= now_s - session.made_s < LIFE_S and 0 <= now_s - session.seen_s < IDLE_S


def _table(rows: object) -> dict[str, Session]:
    """The sessions of a file; none if any part of it is malformed."""
    try:
        table = {key: _session(row) for key, row in rows.items()} if isinstance(rows, dict) else {}
    except (TypeError, ValueError, OverflowError):
        return {}
    return table if all(map(DIGEST.fullmatch, table)) else {}


def _session(row: object) -> Session:
    """Raises: TypeError, ValueError, OverflowError; an empty csrf token would let every form pass."""
    if not isinstance(row, list):
        raise TypeError("no list")
    csrf, made_s, seen_s, fingerprint, role = row
    if not (CSRF.fullmatch(csrf) and isinstance(fingerprint, str) and role in ROLES):
        raise ValueError("no token, no fingerprint or no role")
    return Session(csrf, 0.0 + made_s, 0.0 + seen_s, fingerprint, role)
