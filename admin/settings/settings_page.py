"""The settings: form, file as text, backup and earlier versions. All of them lead to a diff, and only that saves.

Nothing is kept between two requests: a page carries the version of the file it was drawn from, what it had drawn, and
what was typed. Who saves over another's change is refused and shown both.
"""

from __future__ import annotations

import base64
import binascii
import errno
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.parts import parts
from admin.settings import forms
from admin.settings.fields import groups
from admin.settings.forms import Basis, Difference, Typed
from config.check import Problem
from config.declaration import Value
from config.document import MAX_BYTES
from config.durable import StoreError
from config.patch import PatchError, patch
from config.paths import CONFIG, LAST_GOOD
from config.read import read
from config.reference import config_yaml
from config.settings import DECLARATIONS, values_of
from config.store import ConflictError, Loaded

pages: Final = Blueprint("settings", __name__, url_prefix="/settings")

UNCHECKED = 422
CONFLICT = 409
NO_ROOM = 507
FULL = {errno.ENOSPC, errno.EDQUOT}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is about to save over `version`: a whole text, or if that is None what was typed into the form."""

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


@pages.get("/")
def page() -> AnyResponse:
    """The form."""
    loaded = parts().store.load()
    if _has_no_form(loaded):
        return redirect(url_for("settings.yaml"))
    return _form_page(loaded, Typed(), loaded.problems)


@pages.post("/preview")
def preview() -> AnyResponse:
    """What the form would change; nothing is saved yet."""
    loaded = parts().store.load()
    return _checked(_form_draft(loaded), loaded)


@pages.post("/edit")
def edit() -> AnyResponse:
    """Back from the diff, with what was typed."""
    loaded = parts().store.load()
    draft = _carried_draft(loaded)
    if draft.version != loaded.version:
        return _conflict(draft, loaded)
    if draft.text is not None:
        return _yaml_page(loaded, draft.text)
    return _form_page(loaded, draft.typed, loaded.problems)


@pages.post("/save")
def save() -> AnyResponse:
    """Save what the diff showed, if the file is still the one that it was made from."""
    store = parts().store
    loaded = store.load()
    draft = _carried_draft(loaded)
    if draft.version != loaded.version:
        return _conflict(draft, loaded)
    if problems := _problems(draft, loaded):
        return _refused(draft, loaded, problems)
    changes = _changes(draft)
    try:
        if draft.text is None:
            store.change(changes, draft.version)
        else:
            store.save(draft.text, draft.version)
    except ConflictError:  # somebody saved since the line above
        return _conflict(draft, store.load())
    except StoreError as error:
        log.warning("settings not saved: %s", error)
        return _diff_page(draft, loaded, _outcome(draft, loaded), error)
    log.info("settings saved from %s: %s", request.remote_addr, ", ".join(changes) or "the whole file")
    return redirect(url_for("settings.page", saved=1), 303)


@pages.get("/yaml")
def yaml() -> AnyResponse:
    """The file as text."""
    loaded = parts().store.load()
    return _yaml_page(loaded, loaded.text, loaded.problems, code=200)


@pages.post("/yaml")
def check_yaml() -> AnyResponse:
    """What the text would change; nothing is saved yet."""
    loaded = parts().store.load()
    text = _with_line_ends_of(loaded.text, request.form.get("text", ""))
    return _checked(Draft(request.form.get("version", ""), _base(loaded), Typed(), text), loaded)


@pages.get("/download")
def download() -> Response:
    """The file as it is, to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{CONFIG}"'}
    return Response(parts().store.load().text, headers=headers, mimetype="application/yaml")


@pages.post("/upload")
def upload() -> AnyResponse:
    """A file from elsewhere: checked and shown like one that was typed."""
    loaded = parts().store.load()
    sent = request.files.get("file")
    data = sent.stream.read(MAX_BYTES + 1) if sent else b""
    if not data:
        return _yaml_page(loaded, loaded.text, (Problem("", "", "is empty: choose a file such as config.yaml"),))
    try:
        return _checked(_text_draft(loaded, data.decode()), loaded)
    except UnicodeDecodeError:  # the text cannot be shown: the one in force stays
        return _yaml_page(loaded, loaded.text, read(data).problems)


@pages.post("/reset")
def reset() -> AnyResponse:
    """One setting (`key`), or all of them, back to the profile's value."""
    loaded = parts().store.load()
    basis = forms.basis_of(loaded)
    key = request.form.get("key")
    if key is not None and key not in DECLARATIONS:
        abort(UNCHECKED, "There is no such setting.")
    keys = [key] if key else [one for one in DECLARATIONS if one != "profile" and basis.has(one)]
    draft = Draft(loaded.version, basis, Typed(dict.fromkeys(keys, "")))
    if key is None and _problems(draft, loaded):  # what is left of the file would not be valid: begin anew
        draft = _text_draft(loaded, patch(config_yaml(), {"profile": basis.said["profile"]}))
    return _checked(draft, loaded)


@pages.get("/history")
def history() -> str:
    """Earlier versions, newest first, with what would be different."""
    store = parts().store
    loaded = store.load()
    said = forms.basis_of(loaded).said
    copies = []
    for name, text in store.copies().items():
        found = forms.reading(text)
        different = forms.differences(said, values_of(found.settings))
        copies.append((name, different, text == loaded.text, bool(found.problems)))
    return render_template("settings_history.html", copies=copies, last_good=LAST_GOOD)


@pages.post("/history")
def put_back() -> AnyResponse:
    """One of the earlier versions, shown before it is saved; the name is one of the list, never a path."""
    loaded = parts().store.load()
    text = parts().store.copies().get(request.form.get("name", ""))
    if text is None:
        abort(404, "This version is no longer kept.")
    return _checked(_text_draft(loaded, text), loaded)


def _form_draft(loaded: Loaded) -> Draft:
    try:
        typed = forms.typed_in(request.form.items(multi=True))
    except ValueError as error:
        abort(UNCHECKED, f"Nothing was changed: {error}.")
    return Draft(request.form.get("version", ""), _base(loaded), typed)


def _carried_draft(loaded: Loaded) -> Draft:
    """The draft that a diff carries in its hidden fields."""
    if "text" not in request.form:
        return _form_draft(loaded)
    try:
        text = base64.b64decode(request.form["text"], validate=True).decode()
    except (binascii.Error, ValueError):
        abort(400, "Nothing was changed: this form is damaged. Load the page again.")
    return Draft(request.form.get("version", ""), _base(loaded), Typed(), text)


def _text_draft(loaded: Loaded, text: str) -> Draft:
    return Draft(loaded.version, forms.basis_of(loaded), Typed(), text)


def _base(loaded: Loaded) -> Basis:
    """What the form was drawn from; while the file is the same that is known better from the file."""
    now = forms.basis_of(loaded)
    return (
        now
        if request.form.get("version") == loaded.version
        else forms.decode_baseline(request.form.get("base", ""), now)
    )


def _checked(draft: Draft, loaded: Loaded) -> AnyResponse:
    """The diff if the draft could be saved, else where it came from, with what is wrong."""
    if draft.version != loaded.version:
        return _conflict(draft, loaded)
    if problems := _problems(draft, loaded):
        return _refused(draft, loaded, problems)
    text = _outcome(draft, loaded)
    if text == loaded.text:
        return redirect(url_for("settings.page", saved=0), 303)
    return _diff_page(draft, loaded, text)


def _problems(draft: Draft, loaded: Loaded) -> tuple[Problem, ...]:
    errors = forms.changes(draft.typed, draft.base)[1] if draft.text is None else {}
    if errors:
        return tuple(Problem(key, "", reason) for key, reason in errors.items())
    try:
        return forms.reading(_outcome(draft, loaded)).problems
    except PatchError as error:
        return (Problem("", "", str(error)),)


def _changes(draft: Draft) -> dict[str, Value | None]:
    return forms.changes(draft.typed, draft.base)[0]


def _outcome(draft: Draft, loaded: Loaded) -> str:
    """The file as it would be. Raises: PatchError."""
    return patch(loaded.text, _changes(draft)) if draft.text is None else draft.text


def _refused(draft: Draft, loaded: Loaded, problems: Sequence[Problem]) -> AnyResponse:
    if draft.text is not None:
        return _yaml_page(loaded, draft.text, problems)
    return _form_page(loaded, draft.typed, problems, UNCHECKED)


def _has_no_form(loaded: Loaded) -> bool:
    """Whether something is wrong with the file as a whole, so that no single setting can be changed in it."""
    return any(not problem.key for problem in loaded.problems)


def _form_page(loaded: Loaded, typed: Typed, problems: Sequence[Problem], code: int = 200) -> Response:
    basis = forms.basis_of(loaded)
    errors = {problem.key: problem.reason for problem in reversed(problems)}
    at_fields = {*DECLARATIONS, forms.RESOLUTION}
    return _answer(
        "settings.html",
        code,
        groups=groups(basis, typed, errors),
        resolutions=[*forms.resolutions(), forms.CUSTOM],
        resolution=forms.resolution(basis, typed),
        errors=errors,
        elsewhere=[problem for problem in problems if problem.key not in at_fields],
        at_fields=[problem for problem in problems if problem.key in at_fields],
        loaded=loaded,
        base=forms.encode_baseline(basis),
        text_of=forms.text_of,
        saved=request.args.get("saved", ""),
        can_restart="restart.start" in current_app.view_functions,
    )


def _yaml_page(loaded: Loaded, text: str, problems: Sequence[Problem] = (), code: int = UNCHECKED) -> Response:
    """The text with what is wrong in it: a problem and the line it is about."""
    lines = dict(enumerate(text.splitlines(), 1))
    found = [(problem, lines.get(problem.line or 0, "").strip()[:200]) for problem in problems]
    base = forms.encode_baseline(forms.basis_of(loaded))
    return _answer("settings_yaml.html", code if problems else 200, text=text, problems=found, loaded=loaded, base=base)


def _diff_page(draft: Draft, loaded: Loaded, text: str, error: StoreError | None = None) -> Response:
    code = 200
    if error is not None:
        code = NO_ROOM if getattr(error.__cause__, "errno", None) in FULL else 500
    effects = forms.differences(forms.basis_of(loaded).said, values_of(forms.reading(text).settings))
    return _answer(
        "settings_diff.html", code, diff=_diff(loaded.text, text), effects=effects, hidden=draft.hidden, error=error
    )


def _conflict(draft: Draft, loaded: Loaded) -> Response:
    """What somebody else changed meanwhile beside what was typed here; nothing is overwritten."""
    now = forms.basis_of(loaded)
    typed = forms.touched(draft.typed, draft.base)
    carried = [("version", loaded.version), ("base", forms.encode_baseline(now))]
    return _answer(
        "settings_conflict.html",
        CONFLICT,
        meanwhile=forms.differences(draft.base.said, now.said),
        mine=_mine(typed, now),
        hidden=[*forms.as_sent(typed), *carried],
        text=draft.text,
        diff=[] if draft.text is None else _diff(loaded.text, draft.text),
    )


def _mine(typed: Mapping[str, str], now: Basis) -> list[Difference]:
    said = now.said
    return [
        Difference(key, DECLARATIONS[key].label, forms.text_of(said[key]), text or "the profile's")
        for key, text in typed.items()
    ]


def _diff(before: str, after: str) -> list[tuple[str, str]]:
    """The unified diff, each line with its sign: "+", "-", "@" or " "."""
    from difflib import unified_diff  # 0.3 MB, for this page only

    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), "now", "then")
    return [(line[0], line.rstrip("\n").replace("\r", "\N{SYMBOL FOR CARRIAGE RETURN}")) for line in lines][2:]


def _with_line_ends_of(like: str, text: str) -> str:
    """Browsers send every line end of a textarea as CR LF, whatever the file had."""
    text = text.replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in like else text


def _answer(template: str, code: int, **what: object) -> Response:
    return make_response(render_template(template, **what), code)
