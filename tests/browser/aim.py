"""Aiming the camera and the first run in a real browser: with a good place, a camera aside, and one upside down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from tests.browser.tab import LAPTOP, PHONE, Tab, without_script
from tests.support.appliance import Appliance, running

SHOWN = "const i = document.querySelector('.aim-picture img'); return Boolean(i && i.naturalWidth)"
BOX = "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.x, r.y, r.width, r.height]"
ASKED = "return performance.getEntriesByType('resource').filter(e => e.name.includes('preview.jpg')).length"
PICTURES = 20


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance with a driver who looks at the road."""
    folder = tmp_path_factory.mktemp("appliance")
    with running(folder, "--camera", pictures_of(folder, Scene(yaw_deg=4))) as made:
        yield made


def pictures_of(folder: Path, scene: Scene) -> str:
    """A folder with pictures of a driver who sits still, as a camera."""
    pictures, renderer = folder / "pictures", Renderer(320, 240, seed=1)
    pictures.mkdir()
    for number in range(PICTURES):
        picture = renderer.picture(replace(scene, time_s=number, yaw_deg=scene.yaw_deg + number % 3 / 2))
        cv2.imwrite(str(pictures / f"{number:02}.png"), picture)
    return str(pictures)


def look(tab: Tab, path: str, size: tuple[int, int]) -> None:
    tab.width(*size)
    tab.open(path)


def hint(tab: Tab) -> str:
    return tab.find(By.CSS_SELECTOR, ".aim-hint").text


def test_the_picture_is_refreshed_with_the_marks_exactly_over_it(tab: Tab) -> None:
    look(tab, "/aim", LAPTOP)
    tab.wait(lambda driver: driver.execute_script(SHOWN), "the picture")
    tab.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, ".aim-face"), "the face's box")
    picture, marks = (tab.driver.execute_script(BOX, what) for what in (".aim-picture img", ".aim-marks"))
    assert picture == pytest.approx(marks, abs=1)
    before = tab.driver.execute_script(ASKED)
    tab.wait(lambda driver: driver.execute_script(ASKED) >= before + 2, "more pictures")
    tab.sees("This place is good.")
    tab.sees("Learnt: the road is")
    tab.picture("aim")


def test_use_this_direction_takes_the_road_and_relearn_resets_it(tab: Tab) -> None:
    look(tab, "/aim", LAPTOP)
    tab.sees("Learnt: the road is")
    tab.press("Use this direction")
    tab.sees("Look at the road: its direction is taken")
    tab.sees("Taken: the road is")
    tab.press("Relearn the road direction")
    tab.sees("Learning: look at the road.")
    tab.sees("Good so far.")
    tab.picture("aim-learning")
    tab.sees("Learnt: the road is")


def test_a_hidden_page_requests_no_picture(tab: Tab) -> None:
    look(tab, "/aim", LAPTOP)
    tab.wait(lambda driver: driver.execute_script(SHOWN), "the picture")
    tab.driver.execute_script(
        "Object.defineProperty(document, 'visibilityState', {get: () => window.seen ? 'visible' : 'hidden'});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    asked = tab.driver.execute_script(ASKED)
    wait = "setTimeout(arguments[0], 2500)"
    tab.driver.execute_async_script(wait)
    assert tab.driver.execute_script(ASKED) <= asked + 1, "one was on its way"
    tab.driver.execute_script("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))")
    tab.wait(lambda driver: driver.execute_script(ASKED) > asked + 1, "pictures again")


def test_the_picture_pauses_after_a_while_until_confirmed(tab: Tab) -> None:
    look(tab, "/aim", LAPTOP)
    assert tab.find(By.CSS_SELECTOR, "[data-watch]").get_attribute("data-watch-s") == "600"
    tab.wait(lambda driver: driver.execute_script(SHOWN), "the picture")
    tab.driver.execute_script("document.querySelector('[data-watch]').dataset.watchS = 0")
    tab.sees("Still there?")
    tab.picture("aim-still-there")
    assert tab.violations() == []
    asked = tab.driver.execute_script(ASKED)
    tab.driver.execute_async_script("setTimeout(arguments[0], 2500)")
    assert tab.driver.execute_script(ASKED) == asked
    tab.driver.execute_script("document.querySelector('[data-watch]').dataset.watchS = 600")
    tab.press("Go on")
    tab.wait(lambda driver: driver.execute_script(ASKED) > asked, "pictures again")


def test_the_checklist_works_by_keyboard_and_can_be_put_away(tab: Tab) -> None:
    look(tab, "/", LAPTOP)
    tab.sees("First run:")
    tab.find(By.LINK_TEXT, "Go on").send_keys(Keys.ENTER)
    tab.sees("Road direction learnt")
    tab.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, "#step-road.done"), "that the road is learnt")
    confirm(tab, "place")
    tab.sees("Not needed: no driver sits before")
    tab.picture("setup")
    tab.press("Put away")
    tab.sees("is put away")
    assert not tab.driver.find_elements(By.CSS_SELECTOR, ".setup-card")
    tab.open("/account")
    tab.find(By.LINK_TEXT, "Checklist of the first run").click()
    tab.press("Show on Home again")
    tab.find(By.CSS_SELECTOR, ".setup-card")
    tab.open("/setup")
    confirm(tab, "password")
    tab.sees("Everything is set up.")
    tab.open("/")
    assert not tab.driver.find_elements(By.CSS_SELECTOR, ".setup-card")


def confirm(tab: Tab, step: str) -> None:
    """Confirm a step by the keyboard."""
    tab.find(By.CSS_SELECTOR, f"#step-{step} button[name=step]").send_keys(Keys.ENTER)
    tab.find(By.CSS_SELECTOR, f"#step-{step}.done")


def test_aiming_and_checklist_work_without_scripts(tab: Tab) -> None:
    with without_script(tab):
        tab.width(*LAPTOP)
        tab.open("/aim")
        tab.wait(lambda _: _reloaded(tab), "a picture after loading the page again")
        tab.find(By.CSS_SELECTOR, ".aim-actions button.primary").click()
        tab.wait(lambda driver: "two beeps" in driver.find_element(By.TAG_NAME, "main").text, "the answer")
        tab.open("/setup")
        tab.find(By.CSS_SELECTOR, "#step-password button").click()
        tab.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, "#step-password:not(.done)"), "taken back")


def _reloaded(tab: Tab) -> bool:
    tab.open("/aim")
    return bool(tab.find(By.CSS_SELECTOR, ".aim-picture img").get_property("naturalWidth"))


def test_a_camera_aside_shows_where_to_turn_it(driver: webdriver.Chrome, tmp_path: Path) -> None:
    with running(tmp_path, "--camera", pictures_of(tmp_path, Scene(x_cm=17, yaw_deg=12))) as appliance:
        tab = Tab(driver, appliance)
        tab.sign_in(appliance.password)
        look(tab, "/aim", LAPTOP)
        tab.sees("to the driver's left")
        assert re.fullmatch(r"Turn the camera 1[3-9]° to the driver's left\.", hint(tab))
        tab.wait(lambda browser: browser.execute_script(SHOWN), "the picture")
        tab.picture("aim-aside")


def test_an_upside_down_camera_links_to_the_setting(driver: webdriver.Chrome, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "config.yaml").write_text("camera:\n  source: fake:attentive\n  rotate: 180\n")
    with running(tmp_path) as appliance:
        tab = Tab(driver, appliance)
        tab.sign_in(appliance.password)
        look(tab, "/aim", PHONE)
        tab.sees("The picture is upside down: set Rotate to 0.")
        tab.wait(lambda browser: browser.execute_script(SHOWN), "the picture")
        tab.picture("aim-upside-down")
        tab.find(By.LINK_TEXT, "Open this setting").click()
        tab.wait(lambda browser: browser.find_element(By.NAME, "camera.rotate").is_displayed(), "the setting")
