"""Health and memory in a real browser, on a real appliance."""

from __future__ import annotations

from selenium.webdriver.common.by import By

from tests.browser.tab import Tab, suspended

BADGE = "nav .count"


def test_a_problem_is_counted_on_every_page_with_a_command_that_exists(tab: Tab) -> None:
    """Without a snap the log file is named, and no snap command."""
    tab.open("/account")
    badge = tab.find(By.CSS_SELECTOR, BADGE)
    assert not badge.is_displayed() and not tab.driver.title.startswith("(")
    with suspended(tab.appliance.pids("-m app run")):
        tab.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, BADGE).is_displayed(), "the count of problems")
        assert (badge.text.split()[0], tab.driver.title) == ("1", "(1) Account · drivewatch")
        for path in ("/", "/health"):
            tab.open(path)
            tab.sees("has not answered for")
            text = tab.find(By.TAG_NAME, "body").text
            assert "snap" not in text
            assert "detector.log" in text
        tab.picture("health-problem")
        assert tab.violations() == []
    tab.open("/account")
    tab.wait(lambda driver: not driver.title.startswith("("), "the end of the problem")
    assert not tab.find(By.CSS_SELECTOR, BADGE).is_displayed()


def test_refreshing_the_log_keeps_focus_and_position(tab: Tab) -> None:
    tab.open("/health?log=page")
    tab.sees("signed in from 127.0.0.1")
    tab.open("/health")
    tab.sees("watching; Ctrl-C ends it")
    tab.driver.execute_script("document.querySelector('.log').focus()")
    tab.find(By.TAG_NAME, "body")
    is_focused = "return document.activeElement === document.querySelector('.log')"
    tab.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    assert tab.driver.execute_script(is_focused)
    tab.driver.execute_script("window.scrollTo(0, 9999)")
    lines = "return [...document.querySelectorAll('.log li span')].map(e => e.textContent)"
    assert "starts, process" in tab.driver.execute_script(lines)[0]
