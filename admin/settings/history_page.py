"""Backup, earlier and rejected versions of the settings, and the way back to the profile."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from flask import abort, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.returning import returns_to
from admin.parts import parts
from admin.settings import forms
from admin.settings.answers import reviewed
from admin.settings.draft import UNCHECKED, Draft, problems, text_draft
from admin.settings.forms import Difference, Typed
from admin.settings.text_page import REFUSED
from admin.words import iso
from config.document import MAX_BYTES
from config.patch import patch
from config.paths import LAST_GOOD
from config.reference import config_yaml
from config.settings import DECLARATIONS, Settings, values_of
from config.versions import Version, Versions, versions

SHOWN_MAX = 6  # differences of a version


@dataclass(frozen=True, slots=True)
class Row:
    """One version as the page lists it. what: what it changed, or would change; None where nothing is older.

    saved_at: in UTC as <time> has it, "" where the clock was not set.
    """

    name: str
    saved_at: str
    what: tuple[Difference, ...] | None
    is_now: bool
    is_last_good: bool
    has_problems: bool


def show() -> str:
    """Earlier versions, newest first, each with what it changed; then those that were rejected."""
    loaded = parts().store.load()
    found = versions(parts().paths.data)
    return render_template(
        "settings_history.html",
        earlier=earlier_rows(found),
        rejected=rejected_rows(found, loaded.settings),
        refused=session.pop(REFUSED, ""),
        shown_max=SHOWN_MAX,
        most_bytes=MAX_BYTES,
    )


def earlier_rows(found: Versions) -> list[Row]:
    """The file now, those before it, and the last good one where none of them is it. Pure."""
    good = found.last_good
    there = [version for version in (found.now, *found.earlier) if version]
    if good and all(version.text != good.text for version in there):
        there.append(good)
    rows = []
    for version, older in zip_longest(there, there[1:]):
        is_older = older is not None and LAST_GOOD not in (version.name, older.name)
        what = _different(older.text, version.text) if older and is_older else None
        rows.append(_row(version, what, is_now=version is found.now, is_good=bool(good and version.text == good.text)))
    return rows


def rejected_rows(found: Versions, now: Settings) -> list[Row]:
    """Those that were rolled back or not valid, with what each would change now. Pure."""
    said = values_of(now)
    return [
        _row(version, tuple(forms.differences(said, values_of(forms.reading(version.text).settings))))
        for version in found.rejected
    ]


def _row(version: Version, what: tuple[Difference, ...] | None, *, is_now: bool = False, is_good: bool = False) -> Row:
    saved = "" if version.saved_s is None else iso(version.saved_s)
    return Row(version.name, saved, what, is_now, is_good, bool(forms.reading(version.text).problems))


def _different(older: str, newer: str) -> tuple[Difference, ...]:
    return tuple(forms.differences(*(values_of(forms.reading(text).settings) for text in (older, newer))))


@returns_to(lambda _: url_for("settings.history"))
def put_back() -> AnyResponse:
    """One of the earlier versions, shown before it is saved; the name is one of the list, never a path."""
    version = _named(request.form.get("name", ""))
    return reviewed(text_draft(parts().store.load(), version.text))


def edit_rejected() -> AnyResponse:
    """Where a rejected version is edited again: `name`, or the newest."""
    rejected = versions(parts().paths.data).rejected
    version = _named(request.args.get("name", rejected[0].name if rejected else ""))
    endpoint = "settings.yaml" if forms.reading(version.text).problems else "settings.show"
    flash("This is the rejected version. Correct it, then review it: nothing is saved yet.")
    return redirect(url_for(endpoint, rejected=version.name), 303)


@returns_to(lambda _: url_for("settings.history"))
def reset() -> AnyResponse:
    """One setting (`key`), or all of them, back to the profile's value."""
    loaded = parts().store.load()
    basis = forms.basis_of(loaded)
    key = request.form.get("key")
    if key is not None and key not in DECLARATIONS:
        abort(UNCHECKED, "There is no such setting.")
    keys = [key] if key else [one for one in DECLARATIONS if one != "profile" and basis.has(one)]
    draft = Draft(loaded.version, basis, Typed(dict.fromkeys(keys, "")))
    if key is None and problems(draft, loaded):  # the rest of the file would not be valid: start from the defaults
        draft = text_draft(loaded, patch(config_yaml(), {"profile": basis.said["profile"]}))
    return reviewed(draft)


def _named(name: str) -> Version:
    version = versions(parts().paths.data).named(name)
    if version is None:
        abort(404, "This version is no longer kept.")
    return version
