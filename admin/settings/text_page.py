"""The settings file as text: to edit, to download, and to restore from a file."""

from __future__ import annotations

from flask import Response, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from admin.auth.returning import returns_to
from admin.parts import parts
from admin.settings.answers import NO_LONGER_KEPT, found_draft, reviewed, text_page, to_settings
from admin.settings.draft import Draft, base_of_form, problems, text_draft
from admin.settings.forms import Typed, reading
from config.check import shown
from config.document import MAX_BYTES
from config.paths import CONFIG
from config.read import read
from config.store import Loaded
from config.versions import versions

REFUSED = "refused_file"  # in the cookie of notices
NAME_MAX = 100  # characters of a file's name


def show() -> AnyResponse | str:
    """The file as text, or what was typed instead of it."""
    loaded = parts().store.load()
    if not (draft_id := request.args.get("draft", "")):
        rejected = versions(parts().paths.data).named(request.args.get("rejected", ""))
        if rejected is not None:
            return text_page(loaded, rejected.text, reading(rejected.text).problems)
        return text_page(loaded, loaded.text, loaded.problems)
    kept = found_draft(draft_id, loaded)
    if kept is None or kept.draft is None:
        return to_settings(NO_LONGER_KEPT)
    if kept.draft.text is None or kept.draft.version != loaded.version:
        return redirect(url_for("settings.review", draft_id=draft_id))
    return text_page(loaded, kept.draft.text, problems(kept.draft, loaded), kept.draft.file_name)


def _again(whose: str) -> str:
    return url_for("settings.yaml", draft=parts().drafts.keep(whose, _typed(parts().store.load()).kept))


@returns_to(_again)
def check() -> AnyResponse:
    """Keep the text that was typed, and show what it changes."""
    return reviewed(_typed(parts().store.load()))


def download() -> Response:
    """The file as it is, to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{CONFIG}"'}
    return Response(parts().store.load().text, headers=headers, mimetype="application/yaml")


def refusal(name: str, data: bytes) -> str:
    """What is wrong with a file of this name, in a sentence that names it; "" if it is text. Pure."""
    called = shown(name) if name else "The file"
    if not name and not data:
        return "No file was chosen: choose one such as config.yaml."
    if not data:
        return f"{called} is empty: choose a file such as config.yaml."
    try:
        data.decode()
    except UnicodeDecodeError:
        return f"{called} cannot be used: {read(data).problems[0]}."
    return ""


def _uploaded() -> Draft | None:
    """The file that was sent; None for what is no text, which the next page with files to choose will say."""
    sent = request.files.get("file")
    data = sent.stream.read(MAX_BYTES + 1) if sent else b""
    name = (sent.filename or "" if sent else "").rpartition("/")[2]
    if problem := refusal(name, data):
        session[REFUSED] = problem
        return None
    return text_draft(parts().store.load(), data.decode(), name[:NAME_MAX])


def _uploaded_again(whose: str) -> str:
    draft = _uploaded()
    if draft is None:
        return url_for("settings.history")
    return url_for("settings.review", draft_id=parts().drafts.keep(whose, draft.kept))


@returns_to(_uploaded_again)
def upload() -> AnyResponse:
    """A file from elsewhere: checked and shown like one that was typed; what is no text is refused by its name."""
    draft = _uploaded()
    return redirect(url_for("settings.history", _anchor="backup-head"), 303) if draft is None else reviewed(draft)


def _typed(loaded: Loaded) -> Draft:
    text = _with_line_ends_of(loaded.text, request.form.get("text", ""))
    return Draft(request.form.get("version", ""), base_of_form(loaded), Typed(), text)


def _with_line_ends_of(like: str, text: str) -> str:
    """Browsers send every line end of a textarea as CR LF, whatever the file had."""
    text = text.replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in like else text
