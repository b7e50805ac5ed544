"""Drafts of settings, kept from the request that sends one to the page that shows it, and over a sign-in.

A draft never changes: what was typed again is another one, so what is saved is what was shown, and two tabs do not mix.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from admin.mirror import Mirror

MOST = 16  # two people with some tabs; the oldest leaves
ALL_MAX_BYTES = 1024 * 1024  # of all drafts as JSON: one has 1 KiB, and 96 KiB of text in the worst case
FILE_MAX_BYTES = ALL_MAX_BYTES + 64 * 1024
DRAFTS, WHOSE, WHAT = "drafts", "whose", "what"


class Drafts:
    """Each by a random id, for the account that typed it alone, mirrored in the run folder. Any thread may call it.

    An account is the fingerprint of the password that its sessions were opened with.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._file = Mirror(file, FILE_MAX_BYTES)
        kept = self._file.read().get(DRAFTS)
        self._table: dict[str, Mapping[str, object]] = {}
        for draft_id, row in list(kept.items())[-MOST:] if isinstance(kept, dict) else ():
            if isinstance(row, dict):
                self._table[draft_id] = row

    def keep(self, whose: str, what: Mapping[str, object]) -> str:
        """Keep a draft, and return its id: 128 bits, for an address."""
        draft_id = secrets.token_urlsafe(16)
        with self._lock:
            self._table[draft_id] = {WHOSE: whose, WHAT: dict(what)}
            self._trim()
            self._file.write({DRAFTS: self._table})
        return draft_id

    def find(self, draft_id: str, whose: str) -> Mapping[str, object] | None:
        """Return the draft, if this account typed it and it is still kept."""
        row = self._table.get(draft_id, {})
        what = row.get(WHAT)
        return what if isinstance(what, dict) and whose and row.get(WHOSE) == whose else None

    def note(self, draft_id: str, whose: str, what: Mapping[str, object]) -> None:
        """Put something else in a draft's place: that it is saved, or why it could not be."""
        with self._lock:
            if self.find(draft_id, whose) is not None:
                self._table[draft_id] = {WHOSE: whose, WHAT: dict(what)}
                self._file.write({DRAFTS: self._table})

    def _trim(self) -> None:
        sizes = {key: len(json.dumps(row)) for key, row in self._table.items()}
        while len(self._table) > MOST or (len(self._table) > 1 and sum(sizes.values()) > ALL_MAX_BYTES):
            oldest = next(iter(self._table))
            del self._table[oldest], sizes[oldest]
