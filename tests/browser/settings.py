"""The settings in a real browser: change, review, save and restart, and go back without losing input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.tab import Tab, without_script
from tests.support.appliance import Appliance, running

SHOWN = "return [...document.querySelectorAll('.setting')].filter(e => e.checkVisibility()).length"


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    with running(tmp_path_factory.mktemp("appliance"), "--camera", "fake:attentive") as made:
        yield made


def fill(tab: Tab, **typed: str) -> None:
    tab.open("/settings/")
    for name, text in typed.items():
        tab.type(name.replace("__", "."), text)


def change(tab: Tab, **typed: str) -> None:
    fill(tab, **typed)
    tab.press("Review changes")


def value(tab: Tab, name: str) -> str:
    return tab.find(By.NAME, name).get_attribute("value") or ""


def test_back_and_reload_do_not_ask_to_send_the_form_again(tab: Tab) -> None:
    change(tab, raspberry_pi__compression_quality="250", camera__height="300")
    tab.sees("between 1 and 100")
    tab.driver.refresh()
    tab.sees("between 1 and 100")
    tab.type("raspberry_pi.compression_quality", "60")
    tab.press("Review changes")
    tab.sees("+  compression_quality: 60")
    tab.driver.refresh()
    tab.sees("+  compression_quality: 60")
    tab.driver.back()
    tab.sees("between 1 and 100")
    assert value(tab, "camera.height") == "300"
    tab.driver.forward()
    tab.sees("+  compression_quality: 60")
    tab.press("Cancel")
    tab.wait(lambda driver: driver.current_url.endswith("/settings/"), "the form")


def test_a_search_filters_at_once_and_keeps_typed_values(tab: Tab) -> None:
    fill(tab, camera__height="300")
    assert not tab.find(By.ID, "all").is_displayed()
    tab.find(By.NAME, "q").send_keys("governor")
    assert tab.driver.execute_script(SHOWN) == 1
    tab.find(By.NAME, "q").send_keys(" xyz")
    tab.sees("No setting fits")
    tab.find(By.LINK_TEXT, "Show all").click()
    assert value(tab, "camera.height") == "300"
    tab.find(By.NAME, "changed").click()
    assert tab.driver.execute_script(SHOWN) == 1  # the typed value counts as changed


def test_a_search_works_without_scripts(tab: Tab) -> None:
    with without_script(tab):
        tab.open("/settings/")
        tab.find(By.NAME, "q").send_keys("governor", Keys.ENTER)
        tab.wait(lambda driver: "q=governor" in driver.current_url, "the search")
        settings = tab.driver.find_elements(By.CSS_SELECTOR, ".setting")
        assert [one.text.split("\n")[0] for one in settings if one.is_displayed()] == ["Governor memory.governor"]
        tab.find(By.ID, "memory-governor").click()
        tab.press("Review changes")
        tab.sees("+  governor: false")
        tab.press("Cancel")


def test_enter_in_a_field_reviews_and_resets_nothing(tab: Tab) -> None:
    change(tab, raspberry_pi__compression_quality="61")
    tab.press("Save only")
    tab.sees("Saved.")
    tab.sees("Back to the profile's 70")
    fill(tab, camera__frame_skip="2")
    tab.find(By.NAME, "camera.frame_skip").send_keys(Keys.ENTER)
    tab.sees("+  frame_skip: 2")
    assert "compression_quality: 61\n+" not in tab.find(By.TAG_NAME, "pre").text
    assert "-  compression_quality" not in tab.find(By.TAG_NAME, "pre").text


def test_two_tabs_do_not_overwrite_each_other(tab: Tab) -> None:
    first = tab.driver.current_window_handle
    change(tab, raspberry_pi__compression_quality="60")
    tab.sees("+  compression_quality: 60")
    tab.driver.switch_to.new_window("tab")
    change(tab, raspberry_pi__compression_quality="55")
    tab.sees("+  compression_quality: 55")
    tab.press("Save only")
    tab.sees("Saved")
    tab.driver.close()
    tab.driver.switch_to.window(first)
    tab.press("Save only")
    tab.sees("meanwhile")
    tab.picture("settings-two-editors")
    assert tab.violations() == []
    tab.open("/settings/")
    assert value(tab, "raspberry_pi.compression_quality") == "55"


def test_a_look_every_half_minute_requires_the_tick(tab: Tab) -> None:
    change(tab, camera__frame_skip="30")
    tab.sees("an alarm can come 30 s late")
    tab.press("Save only")
    assert "/settings/review/" in tab.driver.current_url  # the browser requires the tick
    tab.driver.execute_script("document.querySelector('[name=sure]').required = false")
    tab.press("Save only")
    tab.sees("Not saved: tick this")
    tab.open("/settings/")
    assert value(tab, "camera.frame_skip") == "1"


def choose(tab: Tab, file: Path, size_bytes: int) -> None:
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * size_bytes)
    tab.open("/settings/history")
    tab.find(By.NAME, "file").send_keys(str(file))


def test_a_picture_chosen_as_settings_is_refused_by_name(tab: Tab, tmp_path: Path) -> None:
    choose(tab, tmp_path / "holiday.png", 3_000_000)
    said = tab.find(By.NAME, "file").get_attribute("validationMessage")
    assert said == "holiday.png is image/png, not a settings file."
    choose(tab, tmp_path / "log.yaml", 20_000)
    said = tab.find(By.NAME, "file").get_attribute("validationMessage")
    assert said == "log.yaml has 20 KiB; a settings file has 16 at most."
    with without_script(tab):
        choose(tab, tmp_path / "holiday.png", 5_000)
        tab.press("Review changes")
        tab.sees("holiday.png cannot be used: line 1: the file is not UTF-8 text")
        tab.picture("settings-picture-refused")
        assert "line 2" not in tab.find(By.TAG_NAME, "main").text
        choose(tab, tmp_path / "holiday.png", 3_000_000)
        tab.press("Review changes")
        tab.sees("A settings file has 16 KiB at most")


def test_save_and_restart_applies_four_settings(tab: Tab) -> None:
    change(
        tab,
        resolution="480x360",
        camera__frame_skip="2",
        raspberry_pi__compression_quality="65",
        analysis__history_window="90",
    )
    tab.sees("+  width: 480")
    tab.sees("A look every 2 s instead of every 1 s: an alarm can come 2 s late, ")
    tab.picture("settings-difference")
    tab.press("Save and restart")
    tab.sees("Running with the new settings")
    assert tab.find(By.CSS_SELECTOR, "main [role=status]").get_attribute("data-refresh")  # announced when it changes
    tab.picture("restarted")
    tab.open("/settings/history")
    tab.sees("Width camera.width: 320 \u2192 480")
    tab.picture("settings-history")
    tab.open("/")
    tab.find(By.CSS_SELECTOR, ".figures summary").click()
    tab.sees("480 \u00d7 360")


def test_going_back_after_saving_says_that_changes_are_saved(tab: Tab) -> None:
    change(tab, raspberry_pi__compression_quality="64")
    tab.press("Save only")
    tab.sees("A restart is due")
    tab.driver.back()
    tab.sees("These changes are saved.")
    assert "Nothing is saved yet" not in tab.find(By.TAG_NAME, "body").text
