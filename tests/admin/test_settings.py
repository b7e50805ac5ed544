"""The settings pages through Flask's test client, over a real store in a folder."""

from __future__ import annotations

import base64
import errno
import html
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.parts import NAME
from admin.settings import settings_page
from config.disk import Disk
from config.document import MAX_BYTES
from config.paths import CONFIG, HISTORY, LAST_GOOD
from config.reference import config_yaml
from config.settings import DECLARATIONS
from config.store import NO_FILE, Store

ADMIN = Path(__file__).parents[2] / "admin"
NAV = ("status.show", "memory.show", "events.show", "account.show", "login.sign_out")
KEY = "camera.width"
MINE = "# mine\ncamera:  # the cheap one\n  height: 480 # tall\n  width: 640\n\nprofile: balanced # at the end\n"


class FailingDisk(Disk):
    """A disk that refuses to make files with this error, 0 for none."""

    code = 0

    def create(self, path: Path) -> int:
        if self.code:
            raise OSError(self.code, "refused")
        return super().create(path)


class Form(HTMLParser):
    """The fields of a page's forms, by the form's action: what a browser would send."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, list[tuple[str, str]]] = {}
        self._action, self._select, self._area = "", "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action = has["action"]
            self.fields.setdefault(self._action, [])
        elif tag == "input" and "name" in has and (has.get("type") not in ("checkbox", "file") or "checked" in has):
            self.fields[self._action].append((has["name"], has.get("value", "")))
        elif tag == "select":
            self._select = has["name"]
        elif tag == "option" and "selected" in has:
            self.fields[self._action].append((self._select, has["value"]))
        elif tag == "textarea":
            self._area = has["name"]

    def handle_data(self, data: str) -> None:
        if self._area:  # a browser drops the first line end, and sends the others as CR LF
            self.fields[self._action].append(
                (self._area, data.removeprefix("\n").replace("\r\n", "\n").replace("\n", "\r\n"))
            )
            self._area = ""


@pytest.fixture
def disk() -> FailingDisk:
    return FailingDisk()


@pytest.fixture
def store(tmp_path: Path, disk: FailingDisk) -> Store:
    return Store(tmp_path, disk)


def bare_app() -> Flask:
    app = Flask("drivewatch", template_folder=str(ADMIN / "templates"), static_folder=str(ADMIN / "static"))
    app.jinja_env.globals["csrf_token"] = lambda: "the-token"
    app.jinja_env.globals["is_exposed"] = lambda: False
    app.register_blueprint(settings_page.routes)
    for endpoint in NAV:
        app.add_url_rule(f"/{endpoint}", endpoint, view_func=str)
    app.testing = True  # what a view raises is raised here
    return app


@pytest.fixture(scope="module")
def app() -> Flask:
    """One for all tests, for it compiles the templates."""
    return bare_app()


@pytest.fixture
def client(app: Flask, store: Store) -> FlaskClient:
    app.extensions[NAME] = SimpleNamespace(store=store)
    return app.test_client()


def sent(answer: TestResponse, action: str, **typed: str) -> list[tuple[str, str]]:
    """The fields of a form as they are drawn, some of them typed over; two underscores for the dot of a key."""
    over = {name.replace("__", "."): text for name, text in typed.items()}
    drawn = [(name, text) for name, text in Form(answer.text).fields[action] if name not in over]
    return [*drawn, *over.items()]


def post(client: FlaskClient, path: str, fields: list[tuple[str, str]]) -> TestResponse:
    data: dict[str, list[str]] = {}
    for name, text in fields:
        data.setdefault(name, []).append(text)
    return client.post(path, data=data)


def preview(client: FlaskClient, **typed: str) -> TestResponse:
    return post(client, "/settings/preview", sent(client.get("/settings/"), "/settings/preview", **typed))


def save(client: FlaskClient, diff: TestResponse) -> TestResponse:
    assert diff.status_code == 200, diff.text
    return post(client, "/settings/save", sent(diff, "/settings/save"))


def send_text(client: FlaskClient, text: str) -> TestResponse:
    return post(client, "/settings/yaml", sent(client.get("/settings/yaml"), "/settings/yaml", text=text))


def upload(client: FlaskClient, data: bytes) -> TestResponse:
    return client.post("/settings/upload", data={"file": (io.BytesIO(data), "../../etc/passwd")})


def diff_of(answer: TestResponse) -> list[str]:
    return [html.unescape(line) for line in re.findall(r"<(?:ins|del)>(.*?)</", answer.text)]


def on_disk(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_form_has_a_labelled_described_input_for_every_setting(client: FlaskClient) -> None:
    text = client.get("/settings/").text
    ids = set(re.findall(r' id="([^"]+)"', text))
    for key in DECLARATIONS:
        assert f'name="{key}"' in text
        assert f'<label for="{key.replace(".", "-")}"' in text
    assert set(" ".join(re.findall(r'aria-describedby="([^"]+)"', text)).split()) <= ids
    assert len(ids) == len(re.findall(r' id="', text))
    assert text.index('name="resolution"') < text.index('name="profile"') < text.index('name="analysis.policy"')
    assert "high_accuracy: about 76 MB of memory" in text


def test_looking_at_the_settings_writes_nothing(client: FlaskClient, tmp_path: Path) -> None:
    for path in ("/settings/", "/settings/yaml", "/settings/history", "/settings/download"):
        assert client.get(path).status_code == 200
    preview(client, resolution="640x480")
    assert on_disk(tmp_path) == {}


def test_every_form_carries_the_sessions_token(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    pages = [client.get(f"/settings/{name}") for name in ("", "yaml", "history")]
    for answer in (*pages, preview(client, camera__width="480")):
        for action, fields in Form(answer.text).fields.items():
            assert ("csrf_token", "the-token") in fields, action


def test_a_change_is_shown_then_saved_and_only_it(client: FlaskClient, store: Store) -> None:
    version = store.save(MINE, NO_FILE)
    diff = preview(client, camera__width="500", memory__governor="false")
    assert diff_of(diff) == ["-  width: 640", "+  width: 500", "+memory:", "+  governor: false"]
    assert store.load().version == version
    answer = save(client, diff)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/?saved=1")
    assert store.load().text == MINE.replace("640", "500") + "memory:\n  governor: false\n"
    assert "Saved. Restart to apply." in client.get(answer.headers["Location"]).text


def test_the_four_usual_settings_can_be_changed_at_once(client: FlaskClient, store: Store) -> None:
    typed = {"camera__frame_skip": "2", "raspberry_pi__compression_quality": "55", "analysis__history_window": "90"}
    save(client, preview(client, resolution="640x480", **typed))
    now = store.load().settings
    assert (now.camera.width, now.camera.height, now.camera.frame_skip) == (640, 480, 2)
    assert (now.raspberry_pi.compression_quality, now.analysis.history_window) == (55, 90)
    assert set(config_yaml().splitlines()) <= set(store.load().text.splitlines())


def test_the_restart_is_offered_once_there_is_one(client: FlaskClient) -> None:
    assert "Restart the detector now" not in client.get("/settings/?saved=1").text
    app = bare_app()
    app.add_url_rule("/restart", "restart.start", view_func=str, methods=["POST"])
    app.extensions[NAME] = client.application.extensions[NAME]
    assert 'action="/restart"' in app.test_client().get("/settings/?saved=1").text
    assert 'action="/restart"' not in app.test_client().get("/settings/").text


def test_nothing_typed_is_nothing_to_save(client: FlaskClient, store: Store) -> None:
    answer = preview(client)
    assert answer.headers["Location"] == "/settings/?saved=0"
    assert "Nothing to save" in client.get("/settings/?saved=0").text
    assert store.load().version == NO_FILE


@pytest.mark.parametrize("bad", ("NaN", ".inf", "-5", "9" * 5000, "wide", "<b>", "1e9", "\N{FULLWIDTH DIGIT ONE}00"))
def test_a_bad_value_is_an_error_at_its_field_and_what_was_typed_is_kept(
    client: FlaskClient, store: Store, bad: str
) -> None:
    answer = preview(client, camera__width=bad, camera__height="480", camera__source='a "b" & c')
    assert answer.status_code == 422
    field = re.search(r'<input id="camera-width"[^>]*>', answer.text)
    assert field
    assert f'value="{html.escape(bad).replace("&quot;", "&#34;")}"' in field[0]
    assert 'aria-describedby="camera-width-hint camera-width-error" aria-invalid="true"' in field[0]
    assert 'id="camera-width-error" class="error">Width must be ' in answer.text
    assert '<a href="#camera-width">' in answer.text
    kept = dict(Form(answer.text).fields["/settings/preview"])
    assert (kept["camera.height"], kept["camera.source"]) == ("480", 'a "b" & c')
    assert store.load().version == NO_FILE


def test_an_error_in_a_folded_group_opens_it(client: FlaskClient) -> None:
    assert '<details id="group-analysis">' in client.get("/settings/").text
    assert '<details id="group-analysis" open>' in preview(client, analysis__neutral_yaw="x").text


def test_values_that_contradict_each_other_are_refused_as_a_whole(client: FlaskClient, store: Store) -> None:
    answer = preview(client, raspberry_pi__buzzer_pin="27", camera__width="480")
    assert answer.status_code == 422
    assert "raspberry_pi.led_pin, which is 27" in answer.text
    assert 'id="raspberry_pi-buzzer_pin-error"' in answer.text
    assert store.load().version == NO_FILE


def test_a_bad_value_cannot_be_slipped_past_the_diff(client: FlaskClient, store: Store) -> None:
    fields = [("version", NO_FILE), ("camera.width", "-1"), ("camera.height", "480")]
    assert post(client, "/settings/save", fields).status_code == 422
    assert store.load().version == NO_FILE


@pytest.mark.parametrize("path", ("/settings/preview", "/settings/save", "/settings/edit"))
def test_unknown_fields_are_refused(client: FlaskClient, store: Store, path: str) -> None:
    answer = post(client, path, [("version", NO_FILE), ("camera.widht", "480"), ("camera.height", "480")])
    assert (answer.status_code, "did you mean camera.width?" in answer.text) == (422, True)
    assert store.load().version == NO_FILE


def test_back_to_the_profile_for_one_field_keeps_what_else_was_typed(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    assert "Back to the profile's 480</button>" in client.get("/settings/").text
    drawn = sent(client.get("/settings/"), "/settings/preview", camera__frame_skip="3")
    save(client, post(client, "/settings/preview", [*drawn, ("back", KEY)]))
    now = store.load()
    assert (now.settings.camera.width, now.settings.camera.frame_skip) == (480, 3)
    assert "width" not in now.text
    assert "# the cheap one" in now.text


def test_an_emptied_field_is_back_to_the_profile(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    save(client, preview(client, camera__width=""))
    assert store.load().text == MINE.replace("  width: 640\n", "")


def test_reset_takes_one_setting_or_all_of_them_back(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    assert diff_of(client.post("/settings/reset", data={"key": KEY})) == ["-  width: 640"]
    save(client, client.post("/settings/reset"))
    now = store.load()
    assert (now.settings.camera.width, now.settings.camera.height, now.settings.profile) == (480, 360, "balanced")
    assert now.text == "# mine\ncamera:  # the cheap one\n  # tall\n\nprofile: balanced # at the end\n"
    assert client.post("/settings/reset", data={"key": "../x"}).status_code == 422


@pytest.mark.parametrize("broken", ("profile: balanced\nno_such: 1\n", "{", "a: 1\na: 2\n", "camera: [1]\n"))
def test_reset_begins_anew_where_the_file_cannot_be_used(
    client: FlaskClient, store: Store, tmp_path: Path, broken: str
) -> None:
    (tmp_path / CONFIG).write_text(broken)
    save(client, client.post("/settings/reset"))
    now = store.load()
    assert now.problems == ()
    assert now.settings.profile == ("balanced" if "balanced" in broken else "low_memory")
    assert any(name.startswith(f"{CONFIG}.broken-") for name in on_disk(tmp_path))


def test_two_people_editing_the_second_is_shown_both_and_overwrites_nothing(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    second = client.get("/settings/")
    save(client, preview(client, camera__frame_skip="4", alerting__repeat_s="9"))
    first = store.load().text
    conflict = post(client, "/settings/preview", sent(second, "/settings/preview", camera__width="700"))
    assert conflict.status_code == 409
    assert re.search(r"camera.frame_skip</code></th><td>1</td><td>4</td>", conflict.text)
    assert re.search(r"camera.width</code></th><td>640</td><td>700</td>", conflict.text)
    assert "camera.height</code>" not in conflict.text  # neither of them touched it
    assert store.load().text == first
    save(client, post(client, "/settings/preview", sent(conflict, "/settings/preview")))
    assert store.load().text == first.replace("640", "700")


def test_a_save_of_an_outdated_diff_is_a_conflict_too(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    diff = preview(client, camera__width="700", camera__height="")
    theirs = store.save(MINE.replace("640", "600"), store.load().version)
    conflict = save(client, diff)
    assert conflict.status_code == 409
    assert re.search(r"camera.width</code></th><td>600</td><td>700</td>", conflict.text)
    assert "the profile&#39;s" in conflict.text
    assert store.load().version == theirs


def test_a_save_between_the_check_and_the_write_is_a_conflict(
    client: FlaskClient, store: Store, tmp_path: Path
) -> None:
    store.save(MINE, NO_FILE)
    diff = preview(client, camera__width="700")

    class Late(Store):
        def change(self, values: object, expected_version: str) -> str:
            (tmp_path / CONFIG).write_text(MINE.replace("640", "600"))
            return super().change(values, expected_version)  # type: ignore[arg-type]

    client.application.extensions[NAME] = SimpleNamespace(store=Late(tmp_path))
    assert save(client, diff).status_code == 409
    assert store.load().settings.camera.width == 600


def test_a_conflict_keeps_even_what_was_typed_wrongly(client: FlaskClient, store: Store) -> None:
    second = client.get("/settings/")
    save(client, preview(client, camera__frame_skip="4"))
    conflict = post(client, "/settings/preview", sent(second, "/settings/preview", camera__width="wide"))
    assert conflict.status_code == 409
    again = post(client, "/settings/preview", sent(conflict, "/settings/preview"))
    assert (again.status_code, 'value="wide"' in again.text) == (422, True)


def test_two_people_editing_the_text(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    second = client.get("/settings/yaml")
    save(client, send_text(client, MINE.replace("640", "600")))
    yours = MINE.replace("tall", "taller")
    conflict = post(client, "/settings/yaml", sent(second, "/settings/yaml", text=yours))
    assert conflict.status_code == 409
    assert re.search(r"camera.width</code></th><td>640</td><td>600</td>", conflict.text)
    assert "-  width: 600" in diff_of(conflict)
    assert store.load().text == MINE.replace("640", "600")
    save(client, post(client, "/settings/yaml", sent(conflict, "/settings/yaml")))  # they were warned
    assert store.load().text == yours


def test_a_text_is_saved_as_it_was_typed(client: FlaskClient, store: Store) -> None:
    text = "# \N{DEGREE SIGN} <b> &amp;\ncamera: {width: 480}\n\n\n# end"
    diff = send_text(client, text)
    assert "<b>" not in diff.text
    save(client, diff)
    assert store.load().text == text


@pytest.mark.parametrize("line_end", ("\n", "\r\n"))
def test_the_files_line_ends_survive_the_browsers(client: FlaskClient, store: Store, line_end: str) -> None:
    text = MINE.replace("\n", line_end)
    store.save(text, NO_FILE)
    drawn = sent(client.get("/settings/yaml"), "/settings/yaml")
    assert "\r\n" in dict(drawn)["text"]
    assert post(client, "/settings/yaml", drawn).headers["Location"] == "/settings/?saved=0"
    save(client, send_text(client, MINE.replace("640", "600").replace("\n", "\r\n")))
    assert store.load().text == text.replace("640", "600")


HOSTILE = (
    ("camera:\n  width: wide\n", "line 2: camera.width: wide must be"),
    ("camera:\n  width: .nan\n", "line 2"),
    ("camera:\n  width: -.inf\n", "line 2"),
    ("camera:\n  width: -5\n", "line 2"),
    ("camera:\n  width: " + "9" * 5000, "line 2"),
    ("camera:\n\twidth: 5\n", "line 2"),
    ("a: &a [x]\nb: [*a, *a]\n", "line 1: the file must not use anchors"),
    ("camera: *a\n", "must not use aliases"),
    ("camera: !!python/object/apply:os.system [id]\n", "must not use tags"),
    ("camera:\n  width: 480\n  width: 500\n", "line 3: camera.width is given twice"),
    ("camera:\n  widht: 480\n", "did you mean camera.width?"),
    ("--- 1\n--- 2\n", "must be one document"),
    ("%TAG ! x\n---\na: 1\n", "directive"),
    ("- 1\n", "must hold sections"),
    ("[" * 9000, "nested too deeply"),
    ("\x00", "a character that YAML does not allow"),
    ("#" * (MAX_BYTES + 1), "larger than"),
    ("profile: <script>alert(1)</script>\n", "line 1"),
)


@pytest.mark.parametrize(("text", "said"), HOSTILE)
def test_a_hostile_text_is_refused_with_its_line_and_kept(
    client: FlaskClient, store: Store, text: str, said: str
) -> None:
    answer = send_text(client, text)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
    assert "<script>alert" not in answer.text
    assert html.escape(text.strip("\n")[:50], quote=False) in answer.text.replace("&#39;", "'").replace("&#34;", '"')
    assert store.load().version == NO_FILE


@pytest.mark.parametrize(("text", "said"), HOSTILE)
def test_a_hostile_file_is_refused_like_a_text(client: FlaskClient, store: Store, text: str, said: str) -> None:
    answer = upload(client, text.encode())
    assert (answer.status_code, said in html.unescape(answer.text)) == (422, True)
    packed = base64.b64encode(text.encode()).decode()
    assert post(client, "/settings/save", [("version", NO_FILE), ("text", packed)]).status_code == 422
    assert store.load().version == NO_FILE


def test_the_offending_line_is_quoted(client: FlaskClient) -> None:
    answer = send_text(client, "camera:\n  height: 240\n  width: wide  # too\n")
    assert re.search(r"line 3: .*\n?.*<code>width: wide  # too</code>", answer.text)


def test_bytes_that_are_no_text_are_refused(client: FlaskClient, store: Store) -> None:
    answer = upload(client, b"camera:\n  width: \xff\xfe\n")
    assert (answer.status_code, "line 2: the file is not UTF-8 text" in answer.text) == (422, True)
    assert upload(client, b"").status_code == 422
    assert client.post("/settings/upload").status_code == 422
    assert store.load().version == NO_FILE


@pytest.mark.parametrize("text", ("%%%", "gA==", "a", "\xe9"))
def test_a_damaged_diff_saves_nothing(client: FlaskClient, store: Store, text: str) -> None:
    assert post(client, "/settings/save", [("version", NO_FILE), ("text", text)]).status_code == 400
    assert store.load().version == NO_FILE


def test_what_is_downloaded_can_be_uploaded_again_to_the_byte(client: FlaskClient, store: Store) -> None:
    text = "\ufeff# \N{DEGREE SIGN}\r\ncamera: {width: 500}\r\n# mixed\n"
    store.save(text, NO_FILE)
    kept = client.get("/settings/download")
    assert kept.data == text.encode()
    assert kept.headers["Content-Disposition"] == 'attachment; filename="config.yaml"'
    store.save("", store.load().version)
    save(client, upload(client, kept.data))
    assert store.load().text == text


def test_the_download_before_any_file_is_the_commented_defaults(client: FlaskClient) -> None:
    assert client.get("/settings/download").text == config_yaml()


def test_an_earlier_version_can_be_put_back_after_its_diff(client: FlaskClient, store: Store) -> None:
    store.save(MINE, NO_FILE)
    save(client, preview(client, camera__width="700"))
    page = client.get("/settings/history").text
    assert "camera.width would be 640 instead of 700" in page
    name = re.search(r'name="name" value="(history/[^"]+)"', page)
    assert name
    diff = client.post("/settings/history", data={"name": name[1]})
    assert diff_of(diff) == ["-  width: 700", "+  width: 640"]
    assert store.load().settings.camera.width == 700
    save(client, diff)
    assert store.load().text == MINE


def test_the_last_good_one_can_be_put_back(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    store.save(MINE, NO_FILE)
    store.mark_good(store.load())
    (tmp_path / CONFIG).write_text("camera: {width: wide")
    assert "Back to the last good one" in client.get("/settings/history").text
    save(client, client.post("/settings/history", data={"name": LAST_GOOD}))
    assert store.load().text == MINE


@pytest.mark.parametrize("name", ("", CONFIG, "../admin-password", "/etc/passwd", f"{HISTORY}/../{CONFIG}", "history"))
def test_only_names_of_the_list_are_read(client: FlaskClient, store: Store, tmp_path: Path, name: str) -> None:
    store.save(MINE, NO_FILE)
    (tmp_path.parent / "admin-password").write_text("secret: 1")
    assert client.post("/settings/history", data={"name": name}).status_code == 404


def test_an_earlier_version_that_is_no_longer_valid_is_shown_not_saved(
    client: FlaskClient, store: Store, tmp_path: Path
) -> None:
    store.save(MINE, NO_FILE)
    (tmp_path / LAST_GOOD).write_text("camera: {zoom: 3}\n")
    assert "Has problems." in client.get("/settings/history").text
    answer = client.post("/settings/history", data={"name": LAST_GOOD})
    assert (answer.status_code, "camera.zoom" in answer.text) == (422, True)
    assert store.load().text == MINE


def test_a_file_that_is_no_yaml_is_put_right_as_text(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("camera: {width: 480\n# mine\n")
    assert client.get("/settings/").headers["Location"] == "/settings/yaml"
    page = client.get("/settings/yaml")
    assert (page.status_code, "is not valid YAML" in page.text, "in force: defaults" in page.text) == (200, True, True)
    save(client, send_text(client, "camera: {width: 480}\n# mine\n"))
    assert store.load().settings.camera.width == 480


def test_a_bad_value_in_the_file_is_put_right_by_the_form(client: FlaskClient, store: Store, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("# mine\ncamera: {width: wide}\n")
    page = client.get("/settings/")
    assert ("in force:" in page.text, 'value="wide"' in page.text, 'aria-invalid="true"' in page.text) == (True,) * 3
    assert preview(client, camera__height="480").status_code == 422
    save(client, preview(client, camera__width="480"))
    assert store.load().text == "# mine\ncamera: {width: 480}\n"


def test_a_key_is_not_put_into_braces_and_the_page_says_what_to_do(client: FlaskClient, tmp_path: Path) -> None:
    text = "camera: {height: 240}  # mine\n"
    (tmp_path / CONFIG).write_text(text)
    answer = preview(client, camera__width="480")
    assert answer.status_code == 422
    assert "has its keys in braces (line 1): write each on a line of its own" in answer.text
    assert (tmp_path / CONFIG).read_text() == text


def test_an_unknown_key_in_the_file_leads_to_the_text(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("camera:\n  zoom: 3\n")
    answer = preview(client, camera__width="480")
    assert answer.status_code == 422
    assert re.search(r'camera\.zoom: 3 is not a setting.*<a href="/settings/yaml">', html.unescape(answer.text))


def test_a_file_spoilt_by_hand_meanwhile_does_not_lose_what_was_typed(client: FlaskClient, tmp_path: Path) -> None:
    drawn = client.get("/settings/")
    (tmp_path / CONFIG).write_text("{")
    conflict = post(client, "/settings/preview", sent(drawn, "/settings/preview", camera__width="700"))
    assert conflict.status_code == 409
    again = post(client, "/settings/preview", sent(conflict, "/settings/preview"))
    assert (again.status_code, 'value="700"' in again.text) == (422, True)


DISK_ERRORS = (
    (errno.ENOSPC, 507, "the disk is full"),
    (errno.EDQUOT, 507, "the disk quota is used up"),
    (errno.EROFS, 500, "the disk is read-only"),
    (errno.EIO, 500, "the disk fails"),
)


@pytest.mark.parametrize(("number", "code", "said"), DISK_ERRORS)
def test_a_disk_that_refuses_is_explained_and_saving_can_be_tried_again(
    client: FlaskClient, store: Store, disk: FailingDisk, number: int, code: int, said: str
) -> None:
    store.save(MINE, NO_FILE)
    for diff in (preview(client, camera__width="700"), send_text(client, MINE.replace("640", "701"))):
        disk.code = number
        answer = save(client, diff)
        assert (answer.status_code, said in answer.text, "Remedy: " in answer.text) == (code, True, True)
        disk.code = 0
        assert post(client, "/settings/save", sent(answer, "/settings/save")).status_code == 303
        store.save(MINE, store.load().version)


def test_the_diff_leads_back_to_the_form_with_what_was_typed(client: FlaskClient) -> None:
    form = post(client, "/settings/edit", sent(preview(client, camera__width="700"), "/settings/save"))
    assert ('value="700"' in form.text, '<option value="custom" selected>' in form.text) == (True, True)
    diff = post(client, "/settings/preview", sent(form, "/settings/preview"))
    assert "+  width: 700" in diff_of(diff)


def test_the_diff_leads_back_to_the_text(client: FlaskClient) -> None:
    diff = send_text(client, "# new\n")
    area = post(client, "/settings/edit", sent(diff, "/settings/save"))
    assert ("text", "# new\r\n") in sent(area, "/settings/yaml")


@pytest.mark.parametrize("base", ("", "[]", '{"camera.width": "x"}', "[" * 9000))
def test_a_form_that_was_tampered_with_overwrites_nothing(client: FlaskClient, store: Store, base: str) -> None:
    version = store.save(MINE, NO_FILE)
    for token in ("", "x" * 2000, "../x", NO_FILE):
        fields = [("version", token), ("base", base), (KEY, "700")]
        assert post(client, "/settings/preview", fields).status_code == 409
        assert post(client, "/settings/save", fields).status_code == 409
    assert store.load().version == version


def answers(client: FlaskClient) -> Iterator[TestResponse]:
    for name in ("", "yaml", "history"):
        yield client.get(f"/settings/{name}")
    yield preview(client, camera__width="700")
    yield preview(client, camera__width="wide")
    yield post(client, "/settings/preview", [("version", "old"), (KEY, "700")])
    yield post(client, "/settings/yaml", [("version", "old"), ("text", MINE)])


def test_no_page_has_inline_script_or_style(client: FlaskClient) -> None:
    for answer in answers(client):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|https?://", answer.text)
        assert len(answer.data) < 80_000
