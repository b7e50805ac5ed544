"""The pages that the settings' routes answer with: form, file as text, review, conflict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.guard import signed_in
from admin.parts import parts
from admin.settings import forms
from admin.settings.draft import Draft, kept_draft, outcome
from admin.settings.drafts import MOST
from admin.settings.effects import effects
from admin.settings.fields import Drawn, Filter, groups
from admin.settings.forms import Basis, Difference, Typed
from app.telemetry import status
from config.check import Problem
from config.settings import DECLARATIONS, values_of
from config.store import Loaded

QUERY_MAX = 100  # characters of a search
SAVED, TROUBLE = "saved", "trouble"  # what is noted at a draft
NO_LONGER_KEPT = f"What was typed there is no longer kept: of what is not saved the page keeps the last {MOST}."


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft that is kept: its id and what is noted of it. draft: None for one that was saved."""

    id: str
    draft: Draft | None
    what: Mapping[str, object]


def account() -> str:
    """Whose drafts this request may see, "" for a stranger's."""
    session = signed_in()
    return session.fingerprint if session else ""


def found_draft(draft_id: str, loaded: Loaded) -> Kept | None:
    """The draft of that id, if it is of whoever asks."""
    what = parts().drafts.find(draft_id, account())
    if what is None or SAVED in what:
        return None if what is None else Kept(draft_id, None, what)
    draft = kept_draft(what, loaded)
    return Kept(draft_id, draft, what) if draft else None


def reviewed(draft: Draft) -> AnyResponse:
    """Keep the draft and go to where it is reviewed."""
    return redirect(url_for("settings.review", draft_id=parts().drafts.keep(account(), draft.kept)), 303)


def edited(draft_id: str, draft: Draft) -> AnyResponse:
    """Back to where the draft was typed, with all of it."""
    return redirect(url_for("settings.show" if draft.text is None else "settings.yaml", draft=draft_id), 303)


def to_settings(notice: str) -> AnyResponse:
    """The form, with a notice that is shown once."""
    flash(notice)
    return redirect(url_for("settings.show"), 303)


def form_page(loaded: Loaded, typed: Typed, problems: Sequence[Problem], draft_id: str = "") -> str:
    """The form, with what is wrong at its fields."""
    basis = forms.basis_of(loaded)
    errors = {problem.key: problem.reason for problem in reversed(problems)}
    query = request.args.get("q", "")[:QUERY_MAX]
    wanted = Filter(tuple(query.casefold().split()), only_changed=request.args.get("changed") == "1")
    shown = groups(Drawn(basis, typed, errors, fixed_keys()), wanted)
    labels = {one.key: one.label for group in shown for one in group.fields}
    return render_template(
        "settings.html",
        groups=shown,
        wanted=wanted,
        query=query,
        changed=sum(one.is_changed for group in shown for one in group.fields if one.key != forms.RESOLUTION),
        elsewhere=[problem for problem in problems if problem.key not in labels],
        at_fields=[problem for problem in problems if problem.key in labels],
        labels=labels,
        loaded=loaded,
        base=forms.encode_baseline(basis),
        draft_id=draft_id,
    )


def text_page(loaded: Loaded, text: str, problems: Sequence[Problem], file_name: str = "") -> str:
    """The text with what is wrong in it: a problem and the line it is about."""
    lines = dict(enumerate(text.splitlines(), 1))
    found = [(problem, lines.get(problem.line or 0, "").strip()[:200]) for problem in problems]
    base = forms.encode_baseline(forms.basis_of(loaded))
    return render_template(
        "settings_yaml.html", text=text, problems=found, loaded=loaded, base=base, file_name=file_name
    )


def review_page(kept: Kept, draft: Draft, loaded: Loaded, *, is_unsure: bool) -> str:
    """What saving would change in the file, in force, in memory and in the time of an alert."""
    text = outcome(draft, loaded)
    before, after = forms.basis_of(loaded).said, values_of(forms.reading(text).settings)
    return render_template(
        "settings_review.html",
        draft_id=kept.id,
        edit_url=url_for("settings.show" if draft.text is None else "settings.yaml", draft=kept.id),
        diff=_diff(loaded.text, text),
        differences=forms.differences(before, after),
        effects=effects(before, after),
        fixed_keys=fixed_keys(),
        trouble=kept.what.get(TROUBLE),
        is_unsure=is_unsure,
    )


def conflict_page(draft: Draft, loaded: Loaded) -> Response:
    """The changes that somebody else has saved, beside those that were typed here; nothing is overwritten."""
    now = forms.basis_of(loaded)
    typed = forms.touched(draft.typed, draft.base)
    carried = [("version", loaded.version), ("base", forms.encode_baseline(now))]
    page = render_template(
        "settings_conflict.html",
        meanwhile=forms.differences(draft.base.said, now.said),
        mine=_mine(typed, now),
        hidden=[*forms.as_sent(typed), *carried],
        text=draft.text,
        diff=[] if draft.text is None else _diff(loaded.text, draft.text),
    )
    return make_response(page, 409)


def fixed_keys() -> tuple[str, ...]:
    """The settings that the command line of the detector gives."""
    own = parts()
    found = status.read(own.paths.status)
    return found.configuration.fixed_keys if found and status.age_s(found, own.clock()) < inf else ()


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
