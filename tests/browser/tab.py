"""A tab of headless Chromium on the appliance's page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.appliance import Appliance

SHOTS = Path("build/screenshots")
PATIENCE_S = 90.0  # twice the time of a restart that fails
# chromedriver's message for an element whose page was left between being found and being read
GONE_WITH_ITS_PAGE = "does not belong to the document"
LAPTOP, PHONE, NARROW = (1280, 800), (360, 740), (320, 640)
WIDTH = "return document.documentElement.scrollWidth"
# Controls that a finger must hit. Links within a sentence (WCAG 2.2, 2.5.8) and hidden controls are exempt
SMALL = """
const small = e => { const r = e.getBoundingClientRect(); return r.height < 43.5 || r.width < 24; };
return [...document.querySelectorAll(
    'nav a, a.button, .line a, .row > a, .crumbs a, button, select, summary, input:not([type=hidden])')]
    .filter(e => e.checkVisibility() && !e.closest('label') && small(e.labels?.[0]?.contains(e) ? e.labels[0] : e))
    .map(e => e.outerHTML.slice(0, 120));
"""
Found = TypeVar("Found")


class Tab:
    """A tab of headless Chromium on the appliance's page. A press begins a navigation that takes time, so
    every search waits."""

    def __init__(self, driver: webdriver.Chrome, appliance: Appliance) -> None:
        self.driver, self.appliance = driver, appliance

    def open(self, path: str) -> None:
        self.driver.get(f"http://127.0.0.1:{self.appliance.port}{path}")

    def sign_in(self, password: str) -> None:
        self.open("/login")
        has_focus = "return document.activeElement.name === 'password'"
        self.wait(lambda driver: bool(driver.execute_script(has_focus)), "the focus in the password's field")
        ActionChains(self.driver).send_keys(password, Keys.ENTER).perform()
        self.sees("Sign out")

    def type(self, name: str, text: str) -> None:
        box = self.find(By.NAME, name)
        if box.tag_name == "select":
            Select(box).select_by_value(text)
            return
        for group in self.driver.find_elements(By.CSS_SELECTOR, "details:not([open]) > summary"):
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", group)
            group.click()
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
        box.clear()
        box.send_keys(text)

    def press(self, label: str) -> None:
        def scroll_and_click(_: object) -> bool:
            button = self.driver.find_element(By.XPATH, f"//button[contains(normalize-space(.), '{label}')]")
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
            button.click()
            return True

        self.wait(scroll_and_click, f"a button {label!r}")

    def find(self, by: str, what: str) -> WebElement:
        return self.wait(lambda driver: driver.find_element(by, what), what)

    def sees(self, words: str) -> None:
        """Wait until these words are on the page."""
        self.wait(lambda driver: words in driver.find_element(By.TAG_NAME, "body").text, f"the words {words!r}")

    def wait(self, condition: Callable[[webdriver.Chrome], Found], what: str) -> Found:
        """The result of the condition as soon as it is true; the page may change meanwhile."""

        def attempt(driver: webdriver.Chrome) -> Found:
            try:
                return condition(driver)
            except WebDriverException as error:
                if GONE_WITH_ITS_PAGE in str(error.msg):
                    raise StaleElementReferenceException(error.msg) from error
                raise

        patience: WebDriverWait[webdriver.Chrome] = WebDriverWait(
            self.driver, PATIENCE_S, ignored_exceptions=(NoSuchElementException, StaleElementReferenceException)
        )
        return patience.until(attempt, f"{what} did not appear at {self.driver.current_url}")

    def width(self, px: int, height_px: int = 800) -> None:
        size = {"width": px, "height": height_px, "deviceScaleFactor": 2, "mobile": px < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def emulate(self, feature: str, value: str) -> None:
        """A preference of the user, such as prefers-color-scheme: dark."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": feature, "value": value}]})

    def picture(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SHOTS / f"{name}.png"))

    def violations(self) -> list[tuple[str, list[str]]]:
        """The accessibility violations that axe finds, each with its elements."""
        found = Axe().run(self.driver)["violations"]
        return [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]

    def accept(self, name: str) -> None:
        """Assert that the page is accessible, at most 320 px wide and large to touch; take a picture in four views."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        wrong: list[object] = []
        for scheme in ("light", "dark"):
            self.emulate("prefers-color-scheme", scheme)
            for view, size in (("laptop", LAPTOP), ("phone", PHONE)):
                self.width(*size)
                taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
                (SHOTS / f"{name}-{view}-{scheme}.png").write_bytes(base64.b64decode(taken["data"]))
                wrong += [(view, scheme, *one) for one in self.violations()]
        self.emulate("prefers-color-scheme", "light")
        self.width(*NARROW)
        if (width_px := self.driver.execute_script(WIDTH)) > NARROW[0]:
            wrong.append(f"{width_px} px wide")
        wrong += self.driver.execute_script(SMALL)
        self.width(*LAPTOP)
        assert wrong == []


@contextmanager
def suspended(pids: list[int]) -> Iterator[None]:
    """Suspend processes, so that the kernel accepts connections and nobody answers."""
    held = [psutil.Process(pid) for pid in pids]
    for process in held:
        process.suspend()
    try:
        yield
    finally:
        for process in held:
            process.resume()


@contextmanager
def without_script(tab: Tab) -> Iterator[None]:
    tab.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        yield
    finally:
        tab.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
