"""Nothing that was typed is lost: not with settings that were rolled back, nor with a session that ends."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.settings import change, fill, value
from tests.browser.tab import Tab
from tests.support.appliance import Appliance, running, wait_for


def test_settings_with_which_no_detector_watches_are_taken_back_and_edited_again(
    driver: webdriver.Chrome, tmp_path: Path
) -> None:
    """The last good settings are kept after a minute of health; here they are written by hand instead."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("config.yaml", "config.last-good.yaml"):
        (data / name).write_text("camera:\n  source: fake:attentive\n")
    with running(tmp_path) as appliance:
        tab = Tab(driver, appliance)
        tab.sign_in(appliance.password)
        tab.sees("attentive")
        change(tab, camera__source="/dev/video99", raspberry_pi__compression_quality="44")
        tab.press("Save and restart")
        tab.sees("New settings failed, old ones restored")
        tab.picture("rolled-back")
        tab.sees("/dev/video99")
        tab.open("/")
        tab.sees("attentive")
        assert "fake:attentive" in (data / "config.yaml").read_text()
        tab.find(By.LINK_TEXT, "Edit the rejected version again").click()
        tab.wait(lambda _: value(tab, "camera.source") == "/dev/video99", "the rejected camera")
        assert value(tab, "raspberry_pi.compression_quality") == "44"
        tab.open("/settings/history")
        tab.sees("Rejected")
        tab.picture("settings-rejected")
        assert tab.violations() == []


def test_a_session_that_ends_loses_nothing_that_was_typed(driver: webdriver.Chrome, tmp_path: Path) -> None:
    with running(tmp_path, "--camera", "fake:attentive") as appliance:
        tab = Tab(driver, appliance)
        tab.sign_in(appliance.password)
        fill(tab, camera__height="300", raspberry_pi__compression_quality="many")
        expire_sessions(tmp_path, appliance)
        tab.sees("You are signed out. What you typed is kept")
        assert value(tab, "camera.height") == "300"
        tab.press("Review changes")
        tab.sees("what you typed is here again")
        tab.picture("settings-signed-out")
        tab.find(By.NAME, "password").send_keys(appliance.password, Keys.ENTER)
        tab.sees("JPEG quality must be")
        assert value(tab, "camera.height") == "300"
        assert value(tab, "raspberry_pi.compression_quality") == "many"


def expire_sessions(folder: Path, appliance: Appliance) -> None:
    """Let the sessions end, as half an hour without a request does: the worker reads their file when it starts."""
    (file,) = folder.glob("run/**/sessions.json")
    table = json.loads(file.read_text())
    for row in table["sessions"].values():
        row[1], row[2] = row[1] - 4000, row[2] - 4000  # when it was made and seen, monotonic seconds
    before = appliance.pids("gunicorn")
    file.write_text(json.dumps(table))
    os.kill(max(before), signal.SIGKILL)
    assert wait_for(lambda: len(pids := appliance.pids("gunicorn")) >= len(before) and max(before) not in pids)
