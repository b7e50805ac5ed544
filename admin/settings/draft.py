"""Settings that a user is about to save: read from the request, checked, and as the file would be with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from flask import abort, request

from admin.settings import forms
from admin.settings.forms import Basis, Typed
from config.check import Problem
from config.declaration import Value
from config.patch import PatchError, patch
from config.settings import DECLARATIONS
from config.store import Loaded

UNCHECKED: Final = 422


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings to save over `version`: a whole text, or where that is None what was typed into the form.

    file_name: of the upload that the text is from, "" for another.
    """

    version: str
    base: Basis
    typed: Typed
    text: str | None = None
    file_name: str = ""

    @property
    def kept(self) -> dict[str, object]:
        """The draft as JSON has it; of a form only what was typed."""
        what: dict[str, object] = {"version": self.version, "base": forms.encode_baseline(self.base)}
        if self.text is not None:
            return {**what, "text": self.text, "file_name": self.file_name}
        is_wrong = forms.RESOLUTION in forms.changes(self.typed, self.base)[1]  # else width and height have it
        chosen = self.typed.resolution if is_wrong else ""
        return {**what, "texts": forms.touched(self.typed, self.base), "resolution": chosen}


def kept_draft(what: Mapping[str, object], loaded: Loaded) -> Draft | None:
    """The draft that was kept so; None for what is none, such as one that is saved."""
    version, base, texts = what.get("version"), what.get("base"), what.get("texts", {})
    text, chosen, file_name = what.get("text"), what.get("resolution", ""), what.get("file_name", "")
    words = version, base, chosen, file_name, "" if text is None else text
    if not (isinstance(texts, dict) and all(isinstance(word, str) for word in (*words, *texts.values()))):
        return None
    now = forms.basis_of(loaded)
    basis = now if version == loaded.version else forms.decode_baseline(str(base), now)
    typed = Typed({key: str(word) for key, word in texts.items() if key in DECLARATIONS}, str(chosen))
    return Draft(str(version), basis, typed, None if text is None else str(text), str(file_name))


def form_draft(loaded: Loaded) -> Draft:
    """The draft that the form sends. Aborts the request for fields that the form does not have."""
    try:
        typed = forms.typed_in(request.form.items(multi=True))
    except ValueError as error:
        abort(UNCHECKED, f"Nothing was changed: {error}.")
    return Draft(request.form.get("version", ""), base_of_form(loaded), typed)


def text_draft(loaded: Loaded, text: str, file_name: str = "") -> Draft:
    """A draft of a whole text over the file in force."""
    return Draft(loaded.version, forms.basis_of(loaded), Typed(), text, file_name)


def base_of_form(loaded: Loaded) -> Basis:
    """The values that the form was drawn with: the file's while it is the same, else those that the form carries."""
    now = forms.basis_of(loaded)
    if request.form.get("version") == loaded.version:
        return now
    return forms.decode_baseline(request.form.get("base", ""), now)


def problems(draft: Draft, loaded: Loaded) -> tuple[Problem, ...]:
    """What keeps the draft from being saved."""
    errors = forms.changes(draft.typed, draft.base)[1] if draft.text is None else {}
    if errors:
        return tuple(Problem(key, "", reason) for key, reason in errors.items())
    try:
        return forms.reading(outcome(draft, loaded)).problems
    except PatchError as error:
        return (Problem("", "", str(error)),)


def changes(draft: Draft) -> dict[str, Value | None]:
    """The settings that the form changes, None for those that go back to the profile."""
    return forms.changes(draft.typed, draft.base)[0]


def outcome(draft: Draft, loaded: Loaded) -> str:
    """The file as it would be. Raises: PatchError."""
    return _patched(loaded.text, tuple(changes(draft).items())) if draft.text is None else draft.text


@lru_cache(maxsize=2)  # asked for several times by one request, and it takes 8 ms on a PC
def _patched(text: str, wanted: tuple[tuple[str, Value | None], ...]) -> str:
    return patch(text, dict(wanted))
