"""The settings: form, file as text, backup and earlier versions. All of them lead to a review, and only that saves.

A form carries the version of the file it was drawn from, the values it was drawn with, and what was typed. Whatever is
sent is kept as a draft and answered with the address of a page, so that "back" in a browser sends nothing again.
Saving over somebody else's change is refused, and both are shown.
"""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.returning import returns_to
from admin.parts import parts
from admin.settings import history_page, text_page
from admin.settings.answers import (
    NO_LONGER_KEPT,
    SAVED,
    TROUBLE,
    account,
    conflict_page,
    edited,
    form_page,
    found_draft,
    review_page,
    reviewed,
    to_settings,
)
from admin.settings.draft import Draft, changes, form_draft, outcome, problems
from admin.settings.effects import effects
from admin.settings.forms import Typed, basis_of, reading, typed_differences
from config.durable import StoreError
from config.settings import values_of
from config.store import ConflictError, Loaded
from config.versions import versions

routes: Final = Blueprint("settings", __name__, url_prefix="/settings")

log = logging.getLogger(__name__)

NO_CHANGES = "No changes."
ID_MAX = 100  # characters of a draft's id


@routes.get("/")
def show() -> AnyResponse | str:
    """The form; `draft` names what was typed before, `q` what is searched, `changed` leaves out all else."""
    loaded = parts().store.load()
    if not (draft_id := request.args.get("draft", "")):
        if any(not problem.key for problem in loaded.problems):  # of the whole file: no setting can be changed in it
            return redirect(url_for("settings.yaml"))
        rejected = versions(parts().paths.data).named(request.args.get("rejected", ""))
        typed = Typed() if rejected is None else typed_differences(loaded, rejected.text)
        return form_page(loaded, typed, loaded.problems)
    kept = found_draft(draft_id, loaded)
    if kept is None or kept.draft is None:
        return to_settings(NO_LONGER_KEPT)
    if kept.draft.text is not None or kept.draft.version != loaded.version:
        return redirect(url_for("settings.review", draft_id=draft_id))
    return form_page(loaded, kept.draft.typed, problems(kept.draft, loaded) or loaded.problems, draft_id)


def _form_again(whose: str) -> str:
    draft = form_draft(parts().store.load())
    return url_for("settings.show", draft=parts().drafts.keep(whose, draft.kept))


@routes.post("/preview")
@returns_to(_form_again)
def preview() -> AnyResponse:
    """Keep what was typed into the form, and show what it changes."""
    return reviewed(form_draft(parts().store.load()))


@routes.get("/review/<draft_id>")
def review(draft_id: str) -> AnyResponse | str:
    """What a draft changes, with the buttons that save; nothing is saved yet."""
    loaded = parts().store.load()
    kept = found_draft(draft_id, loaded)
    if kept is None or kept.draft is None:
        return to_settings("These changes are saved." if kept else NO_LONGER_KEPT)
    if kept.draft.version != loaded.version:
        return conflict_page(kept.draft, loaded)
    if problems(kept.draft, loaded):
        return edited(draft_id, kept.draft)
    if outcome(kept.draft, loaded) == loaded.text and not loaded.problems:  # else the copy in force is put back
        return to_settings(NO_CHANGES)
    return review_page(kept, kept.draft, loaded, is_unsure="unsure" in request.args)


def _review_again() -> str:
    return url_for("settings.review", draft_id=request.form.get("draft", "")[:ID_MAX] or "none")


@routes.post("/save")
@returns_to(lambda whose: _review_again())
def save() -> AnyResponse:
    """Save what the review showed, if the file is still the one that it was made from; restart if that was pressed."""
    loaded = parts().store.load()
    kept = found_draft(request.form.get("draft", ""), loaded)
    if kept is None:
        return to_settings(NO_LONGER_KEPT)
    if kept.draft is None:  # pressed twice
        return _go_on()
    if problems(kept.draft, loaded):
        return redirect(_review_again(), 303)
    if _is_doubtful(kept.draft, loaded) and request.form.get("sure") != "1":
        return redirect(url_for("settings.review", draft_id=kept.id, unsure=1), 303)
    try:
        _write(kept.draft)
    except ConflictError:  # somebody saved since the review: that page shows both
        return redirect(_review_again(), 303)
    except StoreError as error:
        log.warning("settings not saved: %s", error)
        parts().drafts.note(kept.id, account(), {**kept.draft.kept, TROUBLE: [error.reason, error.remedy]})
        return redirect(_review_again(), 303)
    parts().drafts.note(kept.id, account(), {SAVED: True})
    return _go_on()


def _write(draft: Draft) -> None:
    """Raises: ConflictError, StoreError."""
    wanted = changes(draft)
    if draft.text is None:
        parts().store.change(wanted, draft.version)
    else:
        parts().store.save(draft.text, draft.version)
    log.info("settings saved from %s: %s", request.remote_addr, ", ".join(wanted) or "the whole file")


def _go_on() -> AnyResponse:
    """After saving: the restart's page, or the form."""
    if request.form.get("then") != "restart":
        return to_settings("Saved. It takes effect when the detector is restarted.")
    parts().restarter.start("settings were saved on the page")
    return redirect(url_for("restart.show"), 303)


def _is_doubtful(draft: Draft, loaded: Loaded) -> bool:
    after = values_of(reading(outcome(draft, loaded)).settings)
    return bool(effects(basis_of(loaded).said, after).doubts)


@routes.post("/cancel")
def cancel() -> AnyResponse:
    """Forget a draft."""
    parts().drafts.note(request.form.get("draft", ""), account(), {})
    return redirect(url_for("settings.show"), 303)


for rule, name, method, view in (
    ("/yaml", "yaml", "GET", text_page.show),
    ("/yaml", "check_yaml", "POST", text_page.check),
    ("/download", "download", "GET", text_page.download),
    ("/upload", "upload", "POST", text_page.upload),
    ("/reset", "reset", "POST", history_page.reset),
    ("/history", "history", "GET", history_page.show),
    ("/history", "put_back", "POST", history_page.put_back),
    ("/rejected", "rejected", "GET", history_page.edit_rejected),
):
    routes.add_url_rule(rule, name, view, methods=[method])
