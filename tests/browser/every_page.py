"""Every page and state in four views: as PNG in build/screenshots/, accessible, no wider than 320 px, large to touch.

`make screenshots` runs this module alone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.tab import SHOTS, Tab
from tests.support.appliance import Appliance, running
from tests.support.driven import Drive, write

LAPTOP, PHONE, NARROW = (1280, 800), (360, 740), (320, 640)
VIEWS = [("laptop", LAPTOP), ("phone", PHONE)]
SCHEMES = ("light", "dark")
# Controls that a finger must hit. A link within a sentence is exempt (WCAG 2.2, 2.5.8), as is what is not drawn
SMALL = """
const small = e => { const r = e.getBoundingClientRect(); return r.height < 43.5 || r.width < 24; };
return [...document.querySelectorAll('nav a, button, select, summary, input:not([type=hidden])')]
    .filter(e => e.checkVisibility() && !e.closest('label') && small(e.labels?.[0]?.contains(e) ? e.labels[0] : e))
    .map(e => e.outerHTML.slice(0, 120));
"""
PICTURE = "return [...document.images].some(i => i.naturalWidth)"
WIDTH = "return document.documentElement.scrollWidth"
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
    """On an attentive driver whose camera stands in the settings, with a history of trips and settings."""
    folder = tmp_path_factory.mktemp("every-page")
    data = folder / "data"
    data.mkdir(mode=0o700)
    (data / "config.yaml").write_text("# My car\ncamera:\n  source: fake:attentive  # until the real one comes\n")
    write(
        data / "events.sqlite", Drive("first", BEGAN_S, 75, distance_km=62.3), Drive("second", BEGAN_S + 9e4, 25, 900.0)
    )
    with running(folder) as made:
        yield made


def accept(tab: Tab, name: str) -> None:
    """Take the four pictures, and refuse what cannot be read, touched, or seen on a narrow phone."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong: list[object] = []
    for scheme in SCHEMES:
        tab.emulate("prefers-color-scheme", scheme)
        for view, size in VIEWS:
            tab.width(*size)
            taken = tab.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
            (SHOTS / f"{name}-{view}-{scheme}.png").write_bytes(base64.b64decode(taken["data"]))
            found = Axe().run(tab.driver)["violations"]
            wrong += [(view, scheme, one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]
    tab.emulate("prefers-color-scheme", "light")
    tab.width(*NARROW)
    if (width_px := tab.driver.execute_script(WIDTH)) > NARROW[0]:
        wrong.append(f"{width_px} px wide")
    wrong += tab.driver.execute_script(SMALL)
    tab.width(*LAPTOP)
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page(tab: Tab, name: str) -> None:
    tab.open(PAGES[name])
    if name == "aim":
        tab.wait(lambda driver: driver.execute_script(PICTURE), "the picture")
    accept(tab, name)


def test_home_with_the_picture_and_its_details(tab: Tab) -> None:
    tab.open("/")
    tab.press("Show the picture")
    tab.wait(lambda driver: driver.execute_script(PICTURE), "the picture")
    tab.find(By.CSS_SELECTOR, ".figures summary").click()
    accept(tab, "home-picture")


def change(tab: Tab, name: str, text: str) -> None:
    tab.open("/settings/?show=all")
    tab.type(name, text)
    tab.press("Review changes")


def test_the_settings_states(tab: Tab) -> None:
    change(tab, "raspberry_pi.compression_quality", "250")
    tab.sees("between 1 and 100")
    accept(tab, "settings-bad-value")
    change(tab, "camera.frame_skip", "30")
    tab.sees("30 s")
    accept(tab, "settings-review")


def test_a_restart_that_is_due_and_a_mute(tab: Tab) -> None:
    change(tab, "raspberry_pi.compression_quality", "61")
    tab.press("Save only")
    tab.sees("Restart now")
    accept(tab, "restart-due")
    tab.open("/")
    tab.press("Mute for 10 minutes")
    tab.sees("End it")
    accept(tab, "muted")
    tab.press("End it")
    tab.press("Restart now")
    tab.sees("estart")
    accept(tab, "restarting")
    tab.sees("Running with the new settings")
    accept(tab, "restarted")


@contextmanager
def suspended(pids: list[int]) -> Iterator[None]:
    held = [psutil.Process(pid) for pid in pids]
    for process in held:
        process.suspend()
    try:
        yield
    finally:
        for process in held:
            process.resume()


def test_a_detector_that_is_silent(tab: Tab) -> None:
    tab.open("/")
    with suspended(tab.appliance.pids("app run")):
        tab.sees("not answering")
        accept(tab, "silent")
        tab.open("/health")
        accept(tab, "health-silent")


def test_a_viewer_and_signing_in(tab: Tab) -> None:
    tab.open("/account")
    accept(tab, "account-again")
    tab.press("Sign out")
    tab.find(By.NAME, "password").send_keys("wrong one")
    tab.press("Sign in")
    tab.find(By.CSS_SELECTOR, "[role=alert]")
    accept(tab, "sign-in-wrong")
    tab.sign_in(tab.appliance.password)


@pytest.mark.parametrize("camera", ["asleep", "camera-covered", "absent"])
def test_a_driver_or_a_camera_that_is_not_well(driver: webdriver.Chrome, tmp_path: Path, camera: str) -> None:
    words = {"asleep": "closed", "camera-covered": "blocked", "absent": "No face"}[camera]
    with running(tmp_path, "--camera", f"fake:{camera}") as appliance:
        tab = Tab(driver, appliance)
        tab.width(*LAPTOP)
        tab.sign_in(appliance.password)
        bar = "return document.querySelector('.bar').textContent"
        tab.wait(lambda driver: words.lower() in driver.execute_script(bar).lower(), words)
        accept(tab, f"home-{camera}")
        tab.open("/aim")
        tab.wait(lambda driver: driver.execute_script(PICTURE), "the picture")
        accept(tab, f"aim-{camera}")
