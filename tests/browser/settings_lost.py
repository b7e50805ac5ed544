"""A session that ends while settings are typed, in a real browser."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.settings import fill, value
from tests.browser.tab import Tab
from tests.support.appliance import Appliance, running, wait_for


def test_typed_settings_survive_an_expired_session(driver: webdriver.Chrome, tmp_path: Path) -> None:
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
    """Expire the sessions as half an hour without a request does: in their file, which a new worker reads."""
    (file,) = folder.glob("run/**/sessions.json")
    table = json.loads(file.read_text())
    for row in table["sessions"].values():
        row[1], row[2] = row[1] - 4000, row[2] - 4000  # when it was made and seen, monotonic seconds
    before = appliance.pids("gunicorn")
    file.write_text(json.dumps(table))
    os.kill(max(before), signal.SIGKILL)
    assert wait_for(lambda: len(pids := appliance.pids("gunicorn")) >= len(before) and max(before) not in pids)
