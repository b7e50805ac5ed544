"""`make test-browser`: a real browser on a real appliance. Leaves screenshots in build/screenshots/."""

from __future__ import annotations

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.tab import Tab, suspended

PAGES = ("/", "/aim", "/setup", "/health", "/memory", "/settings/", "/settings/yaml", "/trips", "/events", "/account")


def test_a_page_says_that_the_server_does_not_answer(tab: Tab) -> None:
    tab.open("/")
    tab.sees("attentive")
    alarm = tab.find(By.CSS_SELECTOR, "[role=alert]")
    assert alarm.text == ""
    with suspended(tab.appliance.pids("gunicorn")):
        tab.wait(lambda _: "does not answer" in alarm.text, "that nobody answers")
        tab.picture("no-answer")
        assert tab.violations() == []
    tab.wait(lambda _: alarm.text == "", "an answer")
    assert not tab.driver.find_elements(By.CSS_SELECTOR, ".stale")


def test_refreshing_keeps_selection_focus_and_scroll_position(tab: Tab) -> None:
    """A click on the table focuses it, as keys can scroll it; refreshing must still work."""
    look = "document.dispatchEvent(new Event('visibilitychange'))"  # showing the tab again refreshes at once
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


def test_a_token_is_shown_once_and_listed_with_its_scope(tab: Tab) -> None:
    tab.width(360)
    tab.open("/account")
    tab.type("label", "grafana")
    tab.press("Make a token")
    tab.sees("shown this once: dw_")
    tab.picture("token")
    row = tab.find(By.CSS_SELECTOR, "tbody tr").text
    assert "grafana" in row and "read" in row and "not yet" in row
    assert tab.driver.execute_script("return document.documentElement.scrollWidth") <= 360
    assert tab.violations() == []
    tab.press("Revoke")
    tab.sees("The token is revoked.")
    tab.width(1100)


def test_every_control_can_be_reached_by_keyboard(tab: Tab) -> None:
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
    """The messages of the browser's console since the last call."""
    return [str(line["message"]) for line in tab.driver.get_log("browser")]  # type: ignore[no-untyped-call]


def test_no_page_contacts_another_host_or_violates_its_content_policy(tab: Tab) -> None:
    console(tab)
    for path in PAGES:
        tab.open(path)
        hosts = tab.driver.execute_script(
            "return performance.getEntriesByType('resource').map(e => new URL(e.name).host)"
            ".filter(h => h && h !== location.host)"
        )
        assert hosts == []
    assert [line for line in console(tab) if "Content Security Policy" in line] == []


def test_a_day_filter_is_sent_in_the_browsers_time_zone(tab: Tab) -> None:
    tab.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    tab.open("/events")
    tab.driver.execute_script("arguments[0].value = '2026-11-23'", tab.find(By.NAME, "day"))
    tab.press("Show")
    tab.wait(lambda driver: "utc_from=2026-11-22T15%3A00%3A00%2B00%3A00" in driver.current_url, "the day in UTC")
    tab.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
