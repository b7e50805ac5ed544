"""Settings that the command line gives, as `make run` does with --camera: changing them does nothing, as pages say."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient

from app.telemetry import status
from app.telemetry.run_folder import boot_id
from app.telemetry.status import Configuration
from config.paths import Paths
from tests.support.settings_form import preview

FIXED = "Fixed by the command line: what is set here changes nothing until the detector is started without that option."
IN_REVIEW = "fixed by the command line: changes nothing now"


def say(paths: Paths, *keys: str, boot: str = "") -> None:
    paths.run.mkdir(mode=0o700, exist_ok=True)
    told = status.Status(boot_id=boot or boot_id(), configuration=Configuration(fixed_keys=keys))
    assert status.write(paths.status, told)


def test_a_fixed_setting_says_so_in_the_form_and_in_the_review(client: FlaskClient, paths: Paths) -> None:
    say(paths, "camera.source")
    form = client.get("/settings/").text
    assert form.count(FIXED) == 1
    assert form.index('name="camera.source"') < form.index(FIXED) < form.index('name="resolution"')
    review = preview(client, camera__source="/dev/video9", camera__mirror="true")
    assert review.text.count(IN_REVIEW) == 1
    assert review.text.index("camera.source</code>") < review.text.index(IN_REVIEW)
    assert review.text.index(IN_REVIEW) < review.text.index("camera.mirror</code>")


def test_nothing_is_fixed_without_such_a_detector(client: FlaskClient, paths: Paths) -> None:
    assert FIXED not in client.get("/settings/").text
    say(paths)
    assert FIXED not in client.get("/settings/").text
    say(paths, "camera.source", boot="an earlier one")
    assert FIXED not in client.get("/settings/").text
    say(paths, "no.such.key", "<b>")
    assert FIXED not in client.get("/settings/").text


def test_a_damaged_status_file_leaves_the_form_as_it_is(client: FlaskClient, paths: Paths) -> None:
    say(paths, "camera.source")
    whole = paths.status.read_bytes()
    for data in (b"", b"{", whole[: len(whole) // 2], b'{"configuration": {"fixed_keys": 5}}', b"\xff"):
        paths.status.write_bytes(data)
        answer = client.get("/settings/")
        assert (answer.status_code, FIXED in answer.text) == (200, False)


def test_the_status_file_is_read_from_the_run_folder_alone(client: FlaskClient, paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text('{"configuration": {"fixed_keys": ["camera.source"]}}')
    assert FIXED not in client.get("/settings/").text
