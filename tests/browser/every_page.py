"""Every page and state in four views, as PNG in build/screenshots/: accessible, at most 320 px wide, large to touch.

`make screenshots` runs this module alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.tab import LAPTOP, Tab, suspended
from tests.support.appliance import Appliance, running, wait_for
from tests.support.driven import Drive, write

PICTURE = "return [...document.images].some(i => i.naturalWidth)"
BEGAN_S = 1_795_000_000.0  # Unix seconds: a day in November 2026
PAGES = {
    "home": "/",
    "aim": "/aim",
    "setup": "/setup",
    "trips": "/trips",
    "trip": "/trips/1",
    "events": "/events",
    "events-none": "/events?kind=phone",
    "event": "/events/1",
    "memory": "/memory",
    "health": "/health",
    "settings": "/settings/",
    "settings-search": "/settings/?q=window",
    "settings-history": "/settings/history",
    "settings-text": "/settings/yaml",
    "restart": "/restart",
    "account": "/account",
    "not-found": "/nowhere",
}


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance with an attentive driver by its settings, and with a history of trips."""
    folder = tmp_path_factory.mktemp("every-page")
    data = folder / "data"
    data.mkdir(mode=0o700)
    (data / "config.yaml").write_text("# My car\ncamera:\n  source: fake:attentive  # until the real one comes\n")
    write(
        data / "events.sqlite", Drive("first", BEGAN_S, 75, distance_km=62.3), Drive("second", BEGAN_S + 9e4, 25, 900.0)
    )
    with running(folder) as made:
        owner = made.signed_in()
        assert wait_for(lambda: "ttentive" in owner.get("/status/verdict").text)
        yield made


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible(tab: Tab, name: str) -> None:
    tab.open(PAGES[name])
    if name == "aim":
        tab.wait(lambda driver: driver.execute_script(PICTURE), "the picture")
    tab.accept(name)


def test_home_with_picture_and_details_is_accessible(tab: Tab) -> None:
    tab.open("/")
    tab.press("Show the picture")
    tab.wait(lambda driver: driver.execute_script(PICTURE), "the picture")
    tab.find(By.CSS_SELECTOR, ".figures summary").click()
    tab.accept("home-picture")


def change(tab: Tab, name: str, text: str) -> None:
    tab.open("/settings/?show=all")
    tab.type(name, text)
    tab.press("Review changes")


def test_bad_value_and_review_are_accessible(tab: Tab) -> None:
    change(tab, "raspberry_pi.compression_quality", "250")
    tab.sees("between 1 and 100")
    tab.accept("settings-bad-value")
    change(tab, "camera.frame_skip", "30")
    tab.sees("30 s")
    tab.accept("settings-review")


def test_restart_and_mute_states_are_accessible(tab: Tab) -> None:
    change(tab, "raspberry_pi.compression_quality", "61")
    tab.press("Save only")
    tab.sees("Restart now")
    tab.accept("restart-due")
    tab.open("/")
    tab.press("Mute for 10 minutes")
    tab.sees("End it")
    tab.accept("muted")
    tab.press("End it")
    tab.press("Restart now")
    tab.sees("estart")
    tab.accept("restarting")
    tab.sees("Running with the new settings")
    tab.accept("restarted")


def test_pages_of_a_silent_detector_are_accessible(tab: Tab) -> None:
    tab.open("/")
    with suspended(tab.appliance.pids("app run")):
        tab.sees("not answering")
        tab.accept("silent")
        tab.open("/health")
        tab.accept("health-silent")


def test_account_and_sign_in_are_accessible(tab: Tab) -> None:
    tab.open("/account")
    tab.accept("account-again")
    tab.press("Sign out")
    tab.find(By.NAME, "password").send_keys("wrong one")
    tab.press("Sign in")
    tab.find(By.CSS_SELECTOR, "[role=alert]")
    tab.accept("sign-in-wrong")
    tab.sign_in(tab.appliance.password)


@pytest.mark.parametrize("camera", ["asleep", "camera-covered", "absent"])
def test_home_and_aim_in_abnormal_states_are_accessible(driver: webdriver.Chrome, tmp_path: Path, camera: str) -> None:
    words = {"asleep": "closed", "camera-covered": "blocked", "absent": "No face"}[camera]
    with running(tmp_path, "--camera", f"fake:{camera}") as appliance:
        tab = Tab(driver, appliance)
        tab.width(*LAPTOP)
        tab.sign_in(appliance.password)
        bar = "return document.querySelector('.bar').textContent"
        tab.wait(lambda driver: words.lower() in driver.execute_script(bar).lower(), words)
        tab.accept(f"home-{camera}")
        tab.open("/aim")
        tab.wait(lambda driver: driver.execute_script(PICTURE), "the picture")
        tab.accept(f"aim-{camera}")
