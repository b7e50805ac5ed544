"""The answers that the settings' routes give: form, file as text, diff, conflict."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.settings import draft as drafts
from admin.settings import forms
from admin.settings.draft import UNCHECKED, Draft
from admin.settings.fields import groups
from admin.settings.forms import Basis, Difference, Typed
from config.check import Problem
from config.durable import StoreError
from config.settings import DECLARATIONS, values_of
from config.store import Loaded

CONFLICT = 409
NO_ROOM = 507
FULL = {errno.ENOSPC, errno.EDQUOT}


def checked(draft: Draft, loaded: Loaded) -> AnyResponse:
    """The diff, if the draft can be saved; else the form or text that it came from, with what is wrong."""
    if draft.version != loaded.version:
        return conflict(draft, loaded)
    if problems := drafts.problems(draft, loaded):
        return refused(draft, loaded, problems)
    text = drafts.outcome(draft, loaded)
    if text == loaded.text and not loaded.problems:  # else it is the copy in force that is put back
        return redirect(url_for("settings.show", saved=0), 303)
    return diff_answer(draft, loaded, text)


def refused(draft: Draft, loaded: Loaded, problems: Sequence[Problem]) -> AnyResponse:
    """Where the draft came from, with what is wrong in it."""
    if draft.text is not None:
        return text_answer(loaded, draft.text, problems)
    return form_answer(loaded, draft.typed, problems, UNCHECKED)


def form_answer(loaded: Loaded, typed: Typed, problems: Sequence[Problem], code: int = 200) -> Response:
    """The form, with what is wrong at its fields."""
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


def text_answer(loaded: Loaded, text: str, problems: Sequence[Problem] = (), code: int = UNCHECKED) -> Response:
    """The text with what is wrong in it: a problem and the line it is about."""
    lines = dict(enumerate(text.splitlines(), 1))
    found = [(problem, lines.get(problem.line or 0, "").strip()[:200]) for problem in problems]
    base = forms.encode_baseline(forms.basis_of(loaded))
    return _answer("settings_yaml.html", code if problems else 200, text=text, problems=found, loaded=loaded, base=base)


def diff_answer(draft: Draft, loaded: Loaded, text: str, error: StoreError | None = None) -> Response:
    """What saving would change; why saving failed, if it did."""
    code = 200
    if error is not None:
        code = NO_ROOM if getattr(error.__cause__, "errno", None) in FULL else 500
    effects = forms.differences(forms.basis_of(loaded).said, values_of(forms.reading(text).settings))
    return _answer(
        "settings_diff.html", code, diff=_diff(loaded.text, text), effects=effects, hidden=draft.hidden, error=error
    )


def conflict(draft: Draft, loaded: Loaded) -> Response:
    """The changes that somebody else has saved, beside those that were typed here; nothing is overwritten."""
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


def _answer(template: str, code: int, **what: object) -> Response:
    return make_response(render_template(template, **what), code)
