"""Health and memory in a real browser, on a real appliance."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.by import By

from tests.browser.tab import Tab

PATHS = ("/health", "/memory")
BADGE = "nav .count"


@contextmanager
def suspended(tab: Tab) -> Iterator[None]:
    """The detector hangs meanwhile."""
    (detector,) = (psutil.Process(pid) for pid in tab.appliance.pids("-m app run"))
    detector.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        detector.send_signal(signal.SIGCONT)


def dark(tab: Tab, *, on: bool) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark"}] if on else []
    tab.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width_px", (320, 1280))
@pytest.mark.parametrize("is_dark", (False, True))
def test_each_is_accessible_and_fits_its_window(tab: Tab, path: str, width_px: int, is_dark: bool) -> None:
    dark(tab, on=is_dark)
    tab.width(width_px)
    tab.open(path)
    tab.find(By.CSS_SELECTOR, "main h1")
    tab.picture(f"{path[1:]}-{width_px}{'-dark' if is_dark else ''}")
    assert tab.driver.execute_script("return document.documentElement.scrollWidth") <= width_px
    assert Axe().run(tab.driver)["violations"] == []
    controls = (
        "[...document.querySelectorAll('a:not(.skip), button, select, summary')].filter(e => e.checkVisibility())"
    )
    low = f"return {controls}.filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
    assert tab.driver.execute_script(low) == []
    dark(tab, on=False)
    tab.width(1280)


def test_a_problem_is_counted_on_every_page_while_it_lasts_with_a_command_that_is_there(tab: Tab) -> None:
    """Here is no snap, so no command of snapd's: the log's own file is named."""
    tab.open("/account")
    badge = tab.find(By.CSS_SELECTOR, BADGE)
    assert not badge.is_displayed() and not tab.driver.title.startswith("(")
    with suspended(tab):
        tab.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, BADGE).is_displayed(), "the count of problems")
        assert (badge.text.split()[0], tab.driver.title) == ("1", "(1) Account · drivewatch")
        for path in ("/", "/health"):
            tab.open(path)
            tab.sees("has not answered for")
            text = tab.find(By.TAG_NAME, "body").text
            assert "snap" not in text
            assert "detector.log" in text
        tab.picture("health-problem")
        assert Axe().run(tab.driver)["violations"] == []
    tab.open("/account")
    tab.wait(lambda driver: not driver.title.startswith("("), "the end of the problem")
    assert not tab.find(By.CSS_SELECTOR, BADGE).is_displayed()


def test_the_log_shows_what_was_just_logged_and_keeps_where_one_reads(tab: Tab) -> None:
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


def test_a_click_on_the_memory_table_is_no_error(tab: Tab) -> None:
    tab.open("/memory")
    tab.find(By.CSS_SELECTOR, ".scroll td").click()
    tab.driver.execute_script(
        "document.querySelector('.scroll').focus(); window.cell = document.querySelector('.scroll td');"
        "cell.textContent = 'old'; document.dispatchEvent(new Event('visibilitychange'))"
    )
    tab.wait(
        lambda driver: driver.execute_script("return cell.textContent !== 'old'"), "newer figures around the focus"
    )
    assert tab.driver.execute_script("return document.activeElement.className") == "scroll"
    assert not tab.driver.find_elements(By.CSS_SELECTOR, ".error, .stale")
