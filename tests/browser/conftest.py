"""A headless Chromium, and a tab that is signed in to the appliance of its module."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from werkzeug.serving import make_server

from admin.application import create_app
from config import password
from config.paths import Paths
from tests.browser.tab import Tab
from tests.support.appliance import Appliance, free_port
from tests.support.page import PASSWORD


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


@dataclass
class Alone:
    """The page without a detector in a signed-in tab; a test fills its folders."""

    tab: Tab
    paths: Paths
    app: Flask


@pytest.fixture(scope="module")
def alone(driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    folder: Path = tmp_path_factory.mktemp("page")
    paths = Paths(folder / "data", folder / "run", folder / "common")
    paths.make()
    password.save(paths.admin_password, PASSWORD)
    app = create_app(paths)
    server = make_server("127.0.0.1", port := free_port(), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    tab = Tab(driver, Appliance(None, port, PASSWORD))  # type: ignore[arg-type]
    tab.sign_in(PASSWORD)
    yield Alone(tab, paths, app)
    server.shutdown()
    thread.join()
