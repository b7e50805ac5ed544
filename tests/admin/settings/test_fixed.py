"""Settings that the command line fixes, as `make run` does with --camera: the pages say that changes have no effect."""

from __future__ import annotations

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


def test_a_fixed_setting_is_marked_in_form_and_review(client: FlaskClient, paths: Paths) -> None:
    say(paths, "camera.source")
    form = client.get("/settings/").text
    assert form.count(FIXED) == 1
    assert form.index('name="camera.source"') < form.index(FIXED) < form.index('name="resolution"')
    review = preview(client, camera__source="/dev/video9", camera__mirror="true")
    assert review.text.count(IN_REVIEW) == 1
    assert review.text.index("camera.source</code>") < review.text.index(IN_REVIEW)
    assert review.text.index(IN_REVIEW) < review.text.index("camera.mirror</code>")


def test_nothing_is_marked_as_fixed_without_a_detector_that_says_so(client: FlaskClient, paths: Paths) -> None:
    assert FIXED not in client.get("/settings/").text
    say(paths)
    assert FIXED not in client.get("/settings/").text
    say(paths, "camera.source", boot="an earlier one")
    assert FIXED not in client.get("/settings/").text
    say(paths, "no.such.key", "<b>")
    assert FIXED not in client.get("/settings/").text
