"""A viewer in a real browser: sees all but account and settings, and no control that would be refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By

from tests.browser.tab import Tab
from tests.support.appliance import Appliance, running

WORD = "looking is free for all"
PAGES = ("/", "/trips", "/events", "/health", "/memory", "/aim", "/setup", "/restart")
OWNERS = ("/settings/", "/settings/history", "/account")
SHOWN = "const i = document.querySelector('img.preview'); return Boolean(i && i.naturalWidth)"


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    with running(tmp_path_factory.mktemp("appliance"), "--camera", "fake:attentive") as made:
        yield made


@pytest.fixture(scope="module")
def viewer(tab: Tab) -> Tab:
    """The tab, signed in as a viewer."""
    tab.open("/account")
    tab.picture("account")
    tab.find(By.ID, "viewer-new").send_keys(WORD)
    tab.find(By.ID, "viewer-again").send_keys(WORD)
    tab.press("Let viewers in")
    tab.sees("The viewer's password is set.")
    tab.press("Sign out")
    tab.find(By.ID, "password")
    tab.sign_in(WORD)
    return tab


def test_a_viewer_sees_home_with_the_picture(viewer: Tab) -> None:
    viewer.width(1280)
    viewer.open("/")
    viewer.sees("attentive")
    viewer.press("Show the picture")
    viewer.wait(lambda driver: driver.execute_script(SHOWN), "the picture")
    viewer.picture("viewer-home")
    links = [link.text.split("\n")[0] for link in viewer.driver.find_elements(By.CSS_SELECTOR, "nav a")]
    assert links == ["Home", "Trips", "Health"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_a_viewer_have_no_form_except_sign_out(viewer: Tab, path: str) -> None:
    viewer.open(path)
    viewer.sees("viewer")
    forms = viewer.driver.find_elements(By.CSS_SELECTOR, "form[method=post]")
    assert {(form.get_attribute("action") or "").rpartition("/")[2] for form in forms} == {"logout"}
    viewer.accept(f"viewer{path.replace('/', '-')}")


def test_pages_of_the_owner_say_that_a_viewer_may_not_see_them(viewer: Tab) -> None:
    for path in OWNERS:
        viewer.open(path)
        viewer.sees("Not allowed")
        viewer.sees("This is for the owner alone")
    viewer.picture("viewer-refused")
    viewer.open("/nowhere")
    viewer.sees("Page not found")


def test_a_removed_viewer_password_is_refused(viewer: Tab) -> None:
    owner = viewer.appliance.signed_in()
    assert owner.post("/account/viewer/remove").status == 302
    viewer.open("/")
    viewer.find(By.ID, "password").send_keys(WORD)
    viewer.press("Sign in")
    viewer.sees("Wrong password.")
