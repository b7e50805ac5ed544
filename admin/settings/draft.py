"""Settings that a user is about to save: read from the request, checked, and as the file would be with them."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from flask import abort, request

from admin.settings import forms
from admin.settings.forms import Basis, Typed
from config.check import Problem
from config.declaration import Value
from config.patch import PatchError, patch
from config.store import Loaded

UNCHECKED = 422


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings to save over `version`: a whole text, or where that is None what was typed into the form."""

    version: str
    base: Basis
    typed: Typed
    text: str | None = None

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The draft as hidden fields. A text is in base64, for browsers change line ends in what they send."""
        what = forms.as_sent(forms.touched(self.typed, self.base))
        if self.text is not None:
            what = [("text", base64.b64encode(self.text.encode()).decode())]
        return [*what, ("version", self.version), ("base", forms.encode_baseline(self.base))]


def form_draft(loaded: Loaded) -> Draft:
    """The draft that the form sends. Aborts the request for fields that the form does not have."""
    try:
        typed = forms.typed_in(request.form.items(multi=True))
    except ValueError as error:
        abort(UNCHECKED, f"Nothing was changed: {error}.")
    return Draft(request.form.get("version", ""), base_of_form(loaded), typed)


def carried_draft(loaded: Loaded) -> Draft:
    """The draft that a diff carries in its hidden fields."""
    if "text" not in request.form:
        return form_draft(loaded)
    try:
        text = base64.b64decode(request.form["text"], validate=True).decode()
    except (binascii.Error, ValueError):
        abort(400, "Nothing was changed: this form is damaged. Load the page again.")
    return Draft(request.form.get("version", ""), base_of_form(loaded), Typed(), text)


def text_draft(loaded: Loaded, text: str) -> Draft:
    """A draft of a whole text over the file in force."""
    return Draft(loaded.version, forms.basis_of(loaded), Typed(), text)


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
    return patch(loaded.text, changes(draft)) if draft.text is None else draft.text
