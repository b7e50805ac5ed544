"""Home in a real browser: one screen on a laptop, the verdict always visible on a phone, and no old verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import get_args

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.by import By

from admin.home.verdict import Tone
from config.own_files import private_folder
from tests.browser.tab import LAPTOP, NARROW, PHONE, Tab, suspended, without_script
from tests.support.appliance import Appliance, running

SIZE = "const r = document.documentElement; return [r.scrollWidth, r.scrollHeight]"
STRIKES = "return getComputedStyle(document.querySelector('.bar strong')).textDecorationLine"
STRUCK_OUT_MAX_S = 4.5  # the newest status is at most a second old at the hang, and counts for 3 s
SHOWN = "const i = document.querySelector('img.preview'); return Boolean(i && i.naturalWidth)"


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance with a driver who looks away now and then; the camera is in the settings."""
    folder = tmp_path_factory.mktemp("appliance")
    (private_folder(folder / "data") / "config.yaml").write_text("camera:\n  source: fake:commute\n")
    with running(folder) as made:
        yield made


def strips(tab: Tab) -> list[str]:
    """The points of the lines that are drawn now."""
    return [line.get_attribute("points") or "" for line in tab.driver.find_elements(By.CSS_SELECTOR, ".strip polyline")]


def test_home_fits_on_a_laptop_screen_with_picture_and_strips(tab: Tab) -> None:
    tab.width(*LAPTOP)
    tab.open("/")
    tab.press("Show the picture")
    tab.wait(lambda driver: driver.execute_script(SHOWN), "the picture")
    tab.wait(lambda _: len(strips(tab)) >= 3, "the strips")
    assert tab.driver.execute_script(SIZE) == [*LAPTOP]  # with the first run's card
    for words in ("This trip", "Memory", "Road direction", "Test the buzzer", "Details"):
        tab.sees(words)
    assert not tab.find(By.CSS_SELECTOR, ".figures dl").is_displayed()
    tab.picture("home-first-run")
    tab.press("Hide the picture")
    assert not tab.driver.find_elements(By.CSS_SELECTOR, "img.preview")


def test_home_with_a_mute_fits_on_a_laptop_screen(tab: Tab) -> None:
    tab.width(*LAPTOP)
    tab.open("/aim")
    tab.sees("Learnt: the road is")  # until then Home shows two words more
    tab.open("/")
    tab.press("Mute for 10 minutes")
    tab.sees("End it")
    assert tab.find(By.CSS_SELECTOR, ".setup-card").is_displayed()
    assert tab.driver.execute_script(SIZE) == [*LAPTOP]
    tab.press("End it")
    tab.sees("Cautions and warnings sound again")


def test_on_a_phone_the_verdict_stays_visible_above_the_picture(tab: Tab) -> None:
    tab.width(*PHONE)
    tab.open("/")
    top = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
    order = (".bar", ".picture", ".setup-card", ".directions", ".strip")
    tops = [tab.driver.execute_script(top, what) for what in order]
    assert tops == sorted(tops) and tops[1] < PHONE[1]
    tab.picture("home-phone")
    tab.driver.execute_script("scrollTo(0, document.documentElement.scrollHeight)")
    assert 0 <= tab.driver.execute_script(top, ".bar") < 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_tone_of_the_bar_has_enough_contrast(tab: Tab, scheme: str) -> None:
    tab.emulate("prefers-color-scheme", scheme)
    tab.width(*PHONE)
    tab.open("/")
    for tone in get_args(Tone):
        tab.driver.execute_script(
            "const at = document.querySelector('.verdict'); at.replaceWith(at.cloneNode(true));"  # not refreshed
            "document.querySelector('.bar').className = `bar ${arguments[0]}`",
            tone,
        )
        assert [one["id"] for one in Axe().run(tab.driver, ".bar")["violations"]] == [], tone
    tab.emulate("prefers-color-scheme", "light")


@pytest.mark.parametrize(("wish", "animation"), [("no-preference", "alarm"), ("reduce", "none")])
def test_an_alarm_is_not_animated_with_reduced_motion(tab: Tab, wish: str, animation: str) -> None:
    tab.emulate("prefers-reduced-motion", wish)
    tab.open("/")
    tab.driver.execute_script("document.querySelector('.bar').classList.add('alarm')")
    found = "return getComputedStyle(document.querySelector('.bar')).animationName"
    assert tab.driver.execute_script(found) == animation
    tab.emulate("prefers-reduced-motion", "no-preference")


def test_the_navigation_fits_in_one_row_of_the_narrowest_phone(tab: Tab) -> None:
    tab.width(*NARROW)
    tab.open("/")
    tops = "return new Set([...document.querySelectorAll('nav a')].map(e => e.getBoundingClientRect().top)).size"
    assert tab.driver.execute_script(tops) == 1


def test_strips_are_refreshed_while_details_stay_open(tab: Tab) -> None:
    tab.width(*LAPTOP)
    tab.open("/")
    tab.find(By.CSS_SELECTOR, ".figures summary").click()
    before = strips(tab)
    tab.wait(lambda _: strips(tab) != before, "newer strips")
    tab.wait(lambda _: strips(tab) != before, "newer strips")
    assert tab.find(By.CSS_SELECTOR, ".figures dl").is_displayed()


def test_an_alarm_is_in_bar_and_title_and_announced_once(tab: Tab) -> None:
    tab.width(*LAPTOP)
    tab.open("/")
    tab.driver.execute_script(
        "window.said = []; for (const at of document.querySelectorAll('.verdict [role]')) new MutationObserver("
        "() => said.push(at.textContent)).observe(at, {childList: true, characterData: true, subtree: true})"
    )
    tab.wait(lambda driver: "Alarm: " in driver.title, "an alarm")
    tab.picture("home-alarm")
    bar = tab.find(By.CSS_SELECTOR, ".bar")
    tab.wait(lambda _: "attentive again" in bar.text, "the end of the alarm, while its level still falls")
    assert "good" in (bar.get_attribute("class") or "").split()
    assert not [level for level in ("caution", "warning", "alarm") if level in bar.text]
    tab.wait(lambda driver: "Attentive" in driver.title, "the title without it")
    said = [words for words in tab.driver.execute_script("return said") if words]
    assert any(words.startswith("Alarm: ") for words in said)
    assert not [words for words in said if "ttentive" in words and ":" in words]  # no level beside "attentive"
    assert not [words for words, after in pairwise(said) if words == after or any(map(str.isdigit, words))]
    tab.press("Put away")
    tab.press("Show the picture")
    tab.wait(lambda driver: driver.execute_script(SHOWN), "the picture")
    tab.picture("home")  # as the READMEs show it


def test_the_verdict_of_a_hung_detector_is_struck_out_within_seconds(tab: Tab) -> None:
    tab.open("/")
    tab.sees("ttentive")
    began_s = time.monotonic()
    with suspended(tab.appliance.pids("app run")):
        tab.wait(lambda driver: driver.execute_script(STRIKES) == "line-through", "a verdict that is struck out")
        assert time.monotonic() - began_s < STRUCK_OUT_MAX_S
        tab.sees("no news for")
        tab.picture("home-old")
    tab.wait(lambda driver: driver.execute_script(STRIKES) == "none", "news")


def test_a_hidden_tab_has_no_verdict_in_its_title(tab: Tab) -> None:
    """A hidden tab requests nothing, so a verdict in its title would become old."""
    tab.open("/")
    tab.wait(lambda driver: not driver.title.startswith("Home"), "the verdict in the title")
    look = (
        "Object.defineProperty(document, 'visibilityState', {get: () => arguments[0], configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    tab.driver.execute_script(look, "hidden")
    tab.wait(lambda driver: driver.title.startswith("Home"), "a title without a verdict")
    tab.driver.execute_script(look, "visible")
    tab.wait(lambda driver: not driver.title.startswith("Home"), "the verdict in the title again")


def test_home_is_complete_without_scripts(tab: Tab) -> None:
    with without_script(tab):
        tab.open("/")
        for words in ("Load the page again", "The newest picture", "Head sideways", "This trip"):
            tab.sees(words)
        assert strips(tab)
