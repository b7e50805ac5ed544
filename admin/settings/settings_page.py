"""The settings: form, file as text, backup and earlier versions. All of them lead to a diff, and only that saves.

Nothing is kept between two requests: a form carries the version of the file it was drawn from, the values it was drawn
with, and what was typed. Saving over somebody else's change is refused, and both are shown.
"""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.parts import parts
from admin.settings import forms
from admin.settings.answers import checked, conflict, diff_answer, form_answer, refused, text_answer
from admin.settings.draft import (
    UNCHECKED,
    Draft,
    base_of_form,
    carried_draft,
    changes,
    form_draft,
    outcome,
    problems,
    text_draft,
)
from admin.settings.forms import Typed
from config.check import Problem
from config.document import MAX_BYTES
from config.durable import StoreError
from config.patch import patch
from config.paths import CONFIG, LAST_GOOD
from config.read import read
from config.reference import config_yaml
from config.settings import DECLARATIONS, values_of
from config.store import ConflictError, Loaded

routes: Final = Blueprint("settings", __name__, url_prefix="/settings")

log = logging.getLogger(__name__)


@routes.get("/")
def show() -> AnyResponse:
    """The form."""
    loaded = parts().store.load()
    if _has_no_form(loaded):
        return redirect(url_for("settings.yaml"))
    return form_answer(loaded, Typed(), loaded.problems)


@routes.post("/preview")
def preview() -> AnyResponse:
    """What the form would change; nothing is saved yet."""
    loaded = parts().store.load()
    return checked(form_draft(loaded), loaded)


@routes.post("/edit")
def edit() -> AnyResponse:
    """Back from the diff, with what was typed."""
    loaded = parts().store.load()
    draft = carried_draft(loaded)
    if draft.version != loaded.version:
        return conflict(draft, loaded)
    if draft.text is not None:
        return text_answer(loaded, draft.text)
    return form_answer(loaded, draft.typed, loaded.problems)


@routes.post("/save")
def save() -> AnyResponse:
    """Save what the diff showed, if the file is still the one that it was made from."""
    store = parts().store
    loaded = store.load()
    draft = carried_draft(loaded)
    if draft.version != loaded.version:
        return conflict(draft, loaded)
    if wrong := problems(draft, loaded):
        return refused(draft, loaded, wrong)
    wanted = changes(draft)
    try:
        if draft.text is None:
            store.change(wanted, draft.version)
        else:
            store.save(draft.text, draft.version)
    except ConflictError:  # somebody saved since `load`
        return conflict(draft, store.load())
    except StoreError as error:
        log.warning("settings not saved: %s", error)
        return diff_answer(draft, loaded, outcome(draft, loaded), error)
    log.info("settings saved from %s: %s", request.remote_addr, ", ".join(wanted) or "the whole file")
    return redirect(url_for("settings.show", saved=1), 303)


@routes.get("/yaml")
def yaml() -> AnyResponse:
    """The file as text."""
    loaded = parts().store.load()
    return text_answer(loaded, loaded.text, loaded.problems, code=200)


@routes.post("/yaml")
def check_yaml() -> AnyResponse:
    """What the text would change; nothing is saved yet."""
    loaded = parts().store.load()
    text = _with_line_ends_of(loaded.text, request.form.get("text", ""))
    return checked(Draft(request.form.get("version", ""), base_of_form(loaded), Typed(), text), loaded)


@routes.get("/download")
def download() -> Response:
    """The file as it is, to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{CONFIG}"'}
    return Response(parts().store.load().text, headers=headers, mimetype="application/yaml")


@routes.post("/upload")
def upload() -> AnyResponse:
    """A file from elsewhere: checked and shown like one that was typed."""
    loaded = parts().store.load()
    sent = request.files.get("file")
    data = sent.stream.read(MAX_BYTES + 1) if sent else b""
    if not data:
        return text_answer(loaded, loaded.text, (Problem("", "", "is empty: choose a file such as config.yaml"),))
    try:
        return checked(text_draft(loaded, data.decode()), loaded)
    except UnicodeDecodeError:  # the text cannot be shown: the one in force stays
        return text_answer(loaded, loaded.text, read(data).problems)


@routes.post("/reset")
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
    return checked(draft, loaded)


@routes.get("/history")
def history() -> str:
    """Earlier versions, newest first, with what would be different."""
    store = parts().store
    loaded = store.load()
    said = forms.basis_of(loaded).said
    copies = []
    for name, text in store.copies().items():
        found = forms.reading(text)
        different = forms.differences(said, values_of(found.settings))
        copies.append((name, different, text == loaded.text and not loaded.problems, bool(found.problems)))
    return render_template("settings_history.html", copies=copies, last_good=LAST_GOOD)


@routes.post("/history")
def put_back() -> AnyResponse:
    """One of the earlier versions, shown before it is saved; the name is one of the list, never a path."""
    loaded = parts().store.load()
    text = parts().store.copies().get(request.form.get("name", ""))
    if text is None:
        abort(404, "This version is no longer kept.")
    return checked(text_draft(loaded, text), loaded)


def _has_no_form(loaded: Loaded) -> bool:
    """Whether something is wrong with the file as a whole, so that no single setting can be changed in it."""
    return any(not problem.key for problem in loaded.problems)


def _with_line_ends_of(like: str, text: str) -> str:
    """Browsers send every line end of a textarea as CR LF, whatever the file had."""
    text = text.replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in like else text
