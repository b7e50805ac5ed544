"""`make test-browser`: a real browser on a real appliance. Leaves screenshots in build/screenshots/."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.tab import Tab
from tests.support.appliance import running

PAGES = ("/", "/aim", "/setup", "/memory", "/settings/", "/settings/yaml", "/trips", "/events", "/account")


def test_a_page_that_gets_no_answer_says_so_until_it_does(tab: Tab) -> None:
    tab.open("/")
    tab.sees("attentive")
    alarm = tab.find(By.CSS_SELECTOR, "[role=alert]")
    assert alarm.text == ""
    page = [psutil.Process(pid) for pid in tab.appliance.pids("gunicorn")]
    for process in page:
        process.suspend()  # as a Pi that hangs: its kernel takes the question, and nobody answers
    try:
        tab.wait(lambda _: "does not answer" in alarm.text, "that nobody answers")
        tab.picture("no-answer")
        assert Axe().run(tab.driver)["violations"] == []
    finally:
        for process in page:
            process.resume()
    tab.wait(lambda _: alarm.text == "", "an answer")
    assert not tab.driver.find_elements(By.CSS_SELECTOR, ".stale")


def test_what_renews_itself_leaves_what_is_selected_focused_or_scrolled(tab: Tab) -> None:
    """A click on the table gives it the focus, as it can be scrolled by keys: no reason to stop, or for an error."""
    look = "document.dispatchEvent(new Event('visibilitychange'))"  # as when the tab is shown again: renewed at once
    tab.width(360)
    tab.open("/memory")
    tab.driver.execute_script(
        "const part = document.querySelector('main [data-refresh]'); window.kept = part.querySelector('.scroll');"
        "window.caption = part.querySelector('caption'); kept.scrollLeft = 50; kept.focus();"
        f"getSelection().selectAllChildren(caption); part.querySelector('td').textContent = 'old'; {look}"
    )
    cell = "return document.querySelector('[data-refresh] td').textContent"
    tab.wait(lambda driver: driver.execute_script(cell) != "old", "the newer figures")
    assert tab.find(By.CSS_SELECTOR, "[role=alert]").text == ""
    is_kept = "return document.activeElement === kept && kept.scrollLeft === 50 && String(getSelection()) !== ''"
    assert tab.driver.execute_script(is_kept)
    tab.width(1100)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width_px", (360, 1100))
def test_every_page_is_accessible_and_fits_its_window(tab: Tab, path: str, width_px: int) -> None:
    tab.width(width_px)
    tab.open(path)
    tab.picture(f"{path.strip('/').replace('/', '-') or 'status'}-{width_px}")
    assert tab.driver.execute_script("return document.documentElement.scrollWidth") <= width_px
    found = Axe().run(tab.driver)["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
    tab.width(1100)


def test_a_token_is_made_shown_once_and_listed_with_what_it_may_do(tab: Tab) -> None:
    tab.width(360)
    tab.open("/account")
    tab.type("label", "grafana")
    tab.press("Make a token")
    tab.sees("shown this once: dw_")
    tab.picture("token")
    row = tab.find(By.CSS_SELECTOR, "tbody tr").text
    assert "grafana" in row and "read" in row and "not yet" in row
    assert tab.driver.execute_script("return document.documentElement.scrollWidth") <= 360
    assert Axe().run(tab.driver)["violations"] == []
    tab.press("Revoke")
    tab.sees("The token is revoked.")
    tab.width(1100)


def test_dark_is_as_readable_as_light(tab: Tab) -> None:
    tab.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    for path in ("/", "/settings/"):
        tab.open(path)
        tab.picture(f"dark{path.replace('/', '-')}")
        assert Axe().run(tab.driver)["violations"] == []
    tab.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_keyboard_is_enough(tab: Tab) -> None:
    controls = "[...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary, [tabindex]')]"
    for path in ("/", "/settings/", "/events"):
        tab.open(path)
        tab.wait(lambda driver: driver.execute_script("return document.readyState") == "complete", "the whole page")
        wanted = tab.driver.execute_script(f"return {controls}.filter(e => e.checkVisibility() && !e.disabled).length")
        tab.driver.execute_script(f"window.met = new Set(); {controls}.forEach(e => e.onfocus = () => met.add(e))")
        for _ in range(wanted + 5):  # a date has three parts
            ActionChains(tab.driver).send_keys(Keys.TAB).perform()
        assert tab.driver.execute_script("return met.size") == wanted
    tab.driver.execute_script("document.querySelector('.skip').focus()")
    ActionChains(tab.driver).send_keys(Keys.ENTER).perform()
    assert tab.driver.current_url.endswith("#main")


def console(tab: Tab) -> list[str]:
    """What the browser has complained of since the last time."""
    return [str(line["message"]) for line in tab.driver.get_log("browser")]  # type: ignore[no-untyped-call]


def test_no_page_asks_another_host_or_breaks_its_own_policy(tab: Tab) -> None:
    console(tab)
    for path in PAGES:
        tab.open(path)
        hosts = tab.driver.execute_script(
            "return performance.getEntriesByType('resource').map(e => new URL(e.name).host)"
            ".filter(h => h && h !== location.host)"
        )
        assert hosts == []
    assert [line for line in console(tab) if "Content Security Policy" in line] == []


def test_a_day_of_events_is_the_one_where_the_browser_is(tab: Tab) -> None:
    tab.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    tab.open("/events")
    tab.driver.execute_script("arguments[0].value = '2026-11-23'", tab.find(By.NAME, "day"))
    tab.press("Show")
    tab.wait(lambda driver: "utc_from=2026-11-22T15%3A00%3A00%2B00%3A00" in driver.current_url, "the day in UTC")
    tab.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})


def change(tab: Tab, **typed: str) -> None:
    tab.open("/settings/")
    for name, text in typed.items():
        tab.type(name.replace("__", "."), text)
    tab.press("Review changes")


def test_a_bad_value_is_named_beside_its_field_and_nothing_is_saved(tab: Tab) -> None:
    change(tab, raspberry_pi__compression_quality="250", camera__frame_skip="2")
    tab.sees("between 1 and 100")
    box = tab.find(By.NAME, "raspberry_pi.compression_quality")
    assert (box.get_attribute("value"), box.get_attribute("aria-invalid")) == ("250", "true")
    tab.picture("settings-bad-value")
    tab.open("/settings/")
    assert tab.find(By.NAME, "camera.frame_skip").get_attribute("value") == "1"


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
    tab.open("/settings/")
    quality = tab.find(By.NAME, "raspberry_pi.compression_quality").get_attribute("value")
    assert quality == "55"


def test_four_settings_are_changed_and_take_effect_after_a_restart(tab: Tab) -> None:
    change(
        tab,
        resolution="480x360",
        camera__frame_skip="2",
        raspberry_pi__compression_quality="65",
        analysis__history_window="90",
    )
    tab.sees("+  width: 480")
    tab.picture("settings-difference")
    tab.press("Save and restart")
    tab.sees("Running with the new settings")
    assert tab.find(By.CSS_SELECTOR, "[role=status]").get_attribute("data-refresh")  # it is told, as it stays
    tab.picture("restarted")
    tab.open("/")
    tab.find(By.CSS_SELECTOR, ".figures summary").click()
    tab.sees("480 \u00d7 360")


def test_settings_with_which_no_detector_watches_are_taken_back(driver: webdriver.Chrome, tmp_path: Path) -> None:
    """The last good settings are kept after a minute of health; here they are written by hand instead."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("config.yaml", "config.last-good.yaml"):
        (data / name).write_text("camera:\n  source: fake:attentive\n")
    with running(tmp_path) as appliance:
        tab = Tab(driver, appliance)
        tab.sign_in(appliance.password)
        tab.sees("attentive")
        change(tab, camera__source="/dev/video99")
        tab.press("Save and restart")
        tab.sees("New settings failed, old ones restored")
        tab.picture("rolled-back")
        tab.sees("/dev/video99")
        tab.open("/")
        tab.sees("attentive")
    assert "fake:attentive" in (data / "config.yaml").read_text()
