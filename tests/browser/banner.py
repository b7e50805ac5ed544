"""The banner in a real browser: its lines are on every page, and disappear by themselves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from config.store import Store
from tests.browser.tab import Tab, suspended
from tests.support.appliance import Appliance, running

PAGES = ("/", "/events", "/settings/", "/health", "/account")
ATTENTIVE = "camera:\n  source: fake:attentive\n"
STALE_MAX_S = 1.5  # the bar asks every second


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with last good settings, so that bad ones are rolled back."""
    made = tmp_path_factory.mktemp("appliance")
    (made / "data").mkdir()
    for name in ("config.yaml", "config.last-good.yaml"):
        (made / "data" / name).write_text(ATTENTIVE)
    return made


@pytest.fixture(scope="module")
def appliance(folder: Path) -> Iterator[Appliance]:
    with running(folder) as made:
        yield made


def change(folder: Path, key: str, value: str | int | float) -> None:
    """Change a setting beside the page, as an editor or a program does."""
    store = Store(folder / "data")
    store.change({key: value}, store.load().version)


def line(tab: Tab, kind: str) -> str:
    """The text of a line of the banner, as soon as it appears."""
    return tab.find(By.ID, f"line-{kind}").text


def goes(tab: Tab, kind: str) -> None:
    """Wait until a line disappears."""
    tab.wait(lambda driver: not driver.find_elements(By.ID, f"line-{kind}"), f"the end of {kind}")


def test_the_banner_is_empty_without_problems(tab: Tab) -> None:
    tab.open("/")
    tab.sees("attentive")
    assert not tab.driver.find_elements(By.CSS_SELECTOR, ".line")


def test_a_due_restart_is_on_every_page_until_it_is_done(tab: Tab, folder: Path) -> None:
    """Whoever leaves the page after saving, or comes later, sees it, and only until the restart."""
    tab.open("/health")
    change(folder, "raspberry_pi.compression_quality", 65)
    assert "JPEG quality (raspberry_pi.compression_quality)" in line(tab, "restart-due")
    for path in PAGES:
        tab.open(path)
        assert "A restart is due" in line(tab, "restart-due"), path
    tab.press("Restart now")
    tab.sees("Running with the new settings")
    for path in (*PAGES, "/settings/?saved=1"):
        tab.open(path)
        assert not tab.driver.find_elements(By.ID, "line-restart-due"), path
        assert "estart to apply" not in tab.find(By.TAG_NAME, "main").text, path


def test_undoing_a_change_removes_the_due_restart(tab: Tab, folder: Path) -> None:
    tab.open("/events")
    for value in (50, 65):
        change(folder, "raspberry_pi.compression_quality", value)
        if value == 50:
            line(tab, "restart-due")
    goes(tab, "restart-due")


def test_the_bar_is_not_green_during_a_restart(tab: Tab) -> None:
    """From the press until the new detector has watched, the old verdict is not shown as current."""
    tab.open("/")
    tab.sees("attentive")
    owner, began_s = tab.appliance.signed_in(), time.monotonic()
    owner.post("/restart")
    seen = []
    while "No restart" not in (said := owner.get("/restart/part").text) and "Running" not in said:
        bar = tab.driver.execute_script("return document.querySelector('.bar').className")
        if time.monotonic() - began_s > STALE_MAX_S and "Running" not in owner.get("/restart/part").text:
            seen.append(bar)
        time.sleep(0.1)  # another program is watched
    assert len(seen) > 5 and not [one for one in seen if "good" in one], seen
    tab.sees("attentive")


def test_a_hung_detector_is_shown_as_silent_on_every_page(tab: Tab) -> None:
    tab.open("/health")
    tab.open("/account")
    with suspended(tab.appliance.pids("app run")):
        assert "The detector has not answered for" in line(tab, "silent")
        for path in PAGES:
            tab.open(path)
            assert "has not answered" in line(tab, "silent")
            assert not tab.driver.find_elements(By.CSS_SELECTOR, ".bar.good")
    goes(tab, "silent")


def test_a_mute_is_on_every_page_and_can_be_ended_there(tab: Tab) -> None:
    tab.open("/")
    tab.press("Mute for 10 minutes")
    tab.sees("Cautions and warnings are silent for 10 minutes; alarms are not.")
    for path in PAGES:
        tab.open(path)
        assert "Muted: 10 min left" in line(tab, "muted")
    tab.press("End it")
    tab.sees("Cautions and warnings sound again.")
    goes(tab, "muted")
    tab.press("Mute for 10 minutes")
    tab.press("End the mute (10 min left)")
    tab.find(By.XPATH, "//button[.='Mute for 10 minutes']")


def test_without_a_buzzer_its_test_is_disabled_with_the_reason(tab: Tab) -> None:
    """This machine has no GPIO header."""
    tab.open("/")
    tab.sees("The buzzer cannot be tested: fake:attentive needs none.")
    assert not tab.find(By.XPATH, "//button[.='Test the buzzer']").is_enabled()
    browser = tab.appliance.signed_in()
    session = browser.cookie
    assert browser.post("/ask", what="test-buzzer").status == 302  # as a page that was loaded earlier does
    browser.cookie = f"{session}; {browser.cookie}"
    said = browser.get("/").text
    assert "could not be asked: fake:attentive needs none" in said and "Asked" not in said


def test_a_roll_back_is_shown_until_dismissed_and_its_settings_edited_again(tab: Tab, folder: Path) -> None:
    change(folder, "camera.source", "/dev/video99")
    change(folder, "raspberry_pi.compression_quality", 44)
    tab.open("/")
    tab.press("Restart now")
    for path in PAGES:
        tab.open(path)
        assert "Restarting the detector" in line(tab, "restarting")
    tab.sees("New settings failed, old ones restored")
    for path in PAGES:
        tab.open(path)
        assert "/dev/video99" in line(tab, "rolled-back")
    tab.find(By.LINK_TEXT, "Edit the rejected version again").click()
    assert tab.find(By.NAME, "camera.source").get_attribute("value") == "/dev/video99"
    assert tab.find(By.NAME, "raspberry_pi.compression_quality").get_attribute("value") == "44"
    tab.press("Dismiss")
    goes(tab, "rolled-back")
    assert "fake:attentive" in (folder / "data/config.yaml").read_text()


def test_settings_fixed_by_the_command_line_are_named_and_never_due(driver: webdriver.Chrome, tmp_path: Path) -> None:
    """The settings do not change a camera that `make run CAMERA=` gives."""
    with running(tmp_path, "--camera", "fake:attentive") as appliance:
        tab = Tab(driver, appliance)
        tab.sign_in(appliance.password)
        tab.sees("attentive")
        for path in PAGES:
            tab.open(path)
            assert "Camera (camera.source): changes here have no effect." in line(tab, "fixed")
        change(tmp_path, "camera.source", "/dev/video7")
        change(tmp_path, "camera.frame_skip", 2)
        due = line(tab, "restart-due")
        assert "(camera.frame_skip)" in due and "camera.source" not in due


def test_a_new_password_by_root_works_at_once_after_wrong_ones(
    driver: webdriver.Chrome,
    tab: Tab,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """This test is the last one, as it changes the password."""
    from app.commands.command_line import main

    driver.delete_all_cookies()
    for _ in range(6):
        tab.open("/login")
        tab.find(By.ID, "password").send_keys("wrong horse battery")
        tab.press("Sign in")
        tab.find(By.ID, "problem")
    tab.sees("Too many wrong passwords")
    monkeypatch.setenv("DRIVEWATCH_DATA", str(folder / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    assert os.environ.get("SNAP_DATA") is None and main(["admin-password"]) == 0
    tab.sign_in(capsys.readouterr().out.split("password: ")[1].split()[0])
