"""A headless Chromium, and a tab that is signed in to an appliance of its own: one for each module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.browser.tab import Tab
from tests.support.appliance import Appliance


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    browser, service = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
    assert browser and service, "run: sudo apt install chromium chromium-driver"
    options = Options()
    options.binary_location = browser
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"):
        options.add_argument(flag)
    made = webdriver.Chrome(options=options, service=Service(service))
    try:
        yield made
    finally:
        made.quit()


@pytest.fixture(scope="module")
def tab(driver: webdriver.Chrome, appliance: Appliance) -> Tab:
    made = Tab(driver, appliance)
    made.width(1100)
    made.open("/")
    made.picture("sign-in")
    made.sign_in(appliance.password)
    return made
