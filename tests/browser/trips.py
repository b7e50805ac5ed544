"""Trips and events in a real browser: days by time zone, the replay, and a deletion that is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from app.events import State
from app.journal.entries import recent
from app.journal.trip import Ending
from app.telemetry.run_folder import boot_id
from tests.browser.tab import Tab, without_script
from tests.support.appliance import Appliance, running
from tests.support.driven import Drive, write

EVENING_S = 1_790_035_200.0  # 2026-09-22 00:00 UTC
TRIP, EVENT = "/trips/1", "/events/1"
HEAD = "return document.querySelector('.features').getAttribute('transform')"
SAID = "return document.querySelector('.replay output').textContent"


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance with three recorded drives, and a driver who looks away after 45 s."""
    folder = tmp_path_factory.mktemp("appliance")
    write(
        folder / "data/events.sqlite",
        Drive("first", EVENING_S - 5400, 75, distance_km=62.3),
        Drive("second", EVENING_S + 1800, 25, 900.0, Ending.PARKED),
        Drive("third", EVENING_S + 40_000, 190, 400.0, Ending.INTERRUPTED, 210.5),
    )
    with running(folder, "--camera", "fake:commute") as made:
        yield made


def zone(tab: Tab, name: str) -> None:
    tab.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": name})


def media(tab: Tab, kind: str = "", **features: str) -> None:
    wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    tab.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": wanted})


def test_days_are_those_of_the_browsers_time_zone(tab: Tab) -> None:
    tab.width(1280)
    days = {}
    for name in ("UTC", "Asia/Tokyo"):
        zone(tab, name)
        tab.open("/trips")
        headings = [one.text for one in tab.driver.find_elements(By.CSS_SELECTOR, ".day h2")]
        days[name] = [one for one in headings if "September" in one]
        first = tab.find(By.CSS_SELECTOR, "a[href='/trips/1']").text
        assert ("10:30" in first, "07:30" in first) == (name == "UTC", name != "UTC")
    zone(tab, "UTC")
    assert [one.count("22") + one.count("21") for one in days["UTC"]] == [1, 1]
    assert len(days["Asia/Tokyo"]) == 1 and "22" in days["Asia/Tokyo"][0]


def test_trips_and_events_are_printed_without_controls(tab: Tab) -> None:
    media(tab, "print", prefers_color_scheme="dark")
    tab.width(800, 1100)
    for path in (TRIP, EVENT, "/trips", "/events"):
        tab.open(path)
        tab.picture(f"{path.strip('/').replace('/', '-')}-print")
        controls = tab.driver.find_elements(By.CSS_SELECTOR, "button, nav, input, select")
        assert controls and not any(one.is_displayed() for one in controls)
        paper = tab.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"  # also where the screen is dark
    media(tab)


def test_links_lead_from_a_trip_to_its_events_and_back(tab: Tab) -> None:
    tab.width(1280)
    tab.open(TRIP)
    marks = len(tab.driver.find_elements(By.CSS_SELECTOR, ".marks circle"))
    assert marks == len(tab.driver.find_elements(By.CSS_SELECTOR, ".events li")) == 18
    tab.find(By.LINK_TEXT, "Filter these events").click()
    tab.sees("18 events")
    tab.type("level", "alarm")
    tab.press("Show")
    tab.sees("3 events")
    assert "trip=1" in tab.driver.current_url
    tab.find(By.LINK_TEXT, "looking away from the road").click()
    tab.sees("Looking left.")
    tab.find(By.LINK_TEXT, "Its trip").click()
    tab.sees("ended with the ignition")


def test_a_replay_can_be_played_paused_and_moved_by_keyboard(tab: Tab) -> None:
    tab.width(1280)
    tab.open(EVENT)
    tab.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, ".controls").is_displayed(), "the controls")
    said = tab.driver.execute_script(SAID)
    assert said.startswith("\N{MINUS SIGN}20 s")
    tab.press("Play")
    tab.wait(lambda driver: driver.execute_script(SAID) != said, "another look")
    tab.press("Pause")
    stopped = tab.driver.execute_script(HEAD)
    scrubber = tab.find(By.CSS_SELECTOR, ".controls input")
    scrubber.send_keys(Keys.END)
    assert tab.driver.execute_script(SAID).startswith("+2")
    scrubber.send_keys(Keys.HOME)
    for _ in range(23):
        scrubber.send_keys(Keys.ARROW_RIGHT)
    tab.picture("replay")
    assert "looking away from the road, alarm" in tab.driver.execute_script(SAID)
    assert "\N{DEGREE SIGN} left" in tab.find(By.CSS_SELECTOR, ".measured").text
    assert tab.driver.execute_script(HEAD) != stopped and "alarm" in str(scrubber.get_attribute("aria-valuetext"))
    assert tab.driver.execute_script("return document.querySelector('.cursor').getAttribute('d')").startswith("M2")
    assert tab.violations() == []


def test_with_reduced_motion_a_replay_jumps_from_look_to_look(tab: Tab) -> None:
    media(tab, prefers_reduced_motion="reduce")
    tab.open(EVENT)
    tab.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, ".controls").is_displayed(), "the controls")
    places = tab.driver.execute_script(
        "const one = (text) => Number(text).toFixed(1); return [...document.querySelectorAll('tr[data-x]')]"
        ".map(row => `translate(${one(row.dataset.x)} ${one(row.dataset.y)})`)"
    )
    tab.driver.execute_script(
        "window.met = []; new MutationObserver(() => met.push(document.querySelector('.features')"
        ".getAttribute('transform'))).observe(document.querySelector('.features'), {attributes: true})"
    )
    tab.press("Play")
    tab.wait(lambda driver: driver.execute_script("return new Set(met).size") > 2, "some looks")
    tab.press("Pause")
    met = tab.driver.execute_script("return met")
    assert met and {turn.partition(" scale")[0] for turn in met} <= set(places)
    media(tab)


def test_an_event_page_works_without_scripts(tab: Tab) -> None:
    with without_script(tab):
        tab.open(EVENT)
        tab.picture("event-without-javascript")
        assert tab.find(By.CSS_SELECTOR, ".replay output").text.startswith("\N{MINUS SIGN}20 s")
        assert not tab.find(By.CSS_SELECTOR, ".controls").is_displayed()
        tab.find(By.XPATH, "//summary[text()='Figures']").click()
        assert len(tab.driver.find_elements(By.CSS_SELECTOR, "tr[data-at]")) == 42
        tab.open("/trips")
        assert "UTC" in tab.find(By.CSS_SELECTOR, ".day h2").text


def test_an_event_just_recorded_can_be_replayed(tab: Tab) -> None:
    def newest(driver: object) -> int:
        found = recent(Path(detector_folder(tab), "events.sqlite"))
        return next((one.id for one in found if one.boot_id == boot_id() and one.event.kind is State.LOOKING_AWAY), 0)

    event_id = tab.wait(newest, "the first event of the drive that lasts")
    tab.open("/events")
    tab.find(By.CSS_SELECTOR, f"a[href='/events/{event_id}']").click()
    tab.sees("Replay")
    assert len(tab.driver.find_elements(By.CSS_SELECTOR, "tr[data-at]")) > 15
    tab.picture("event-of-now")


def test_a_deletion_survives_a_hung_and_killed_detector(tab: Tab) -> None:
    (detector,) = (psutil.Process(pid) for pid in tab.appliance.pids("-m app run"))
    detector.suspend()
    try:
        tab.open("/trips")
        tab.find(By.XPATH, "//summary[contains(text(), 'Delete all')]").click()
        tab.press("Delete all events and trips now")
        tab.sees("All events and trips are being deleted.")
        tab.sees("It deletes them as soon as it runs again.")
        tab.picture("deleting")
        assert tab.violations() == []
        tab.open("/events")
        tab.sees("are being deleted")
        assert not tab.driver.find_elements(By.CSS_SELECTOR, ".events li")
    finally:
        detector.kill()  # it is started again
    tab.sees("All events and trips are deleted.")
    tab.picture("deleted")
    for path, words in (("/events", "0 events"), ("/trips", "No trips yet")):
        tab.open(path)
        tab.sees(words)
    assert not list(Path(detector_folder(tab)).glob("*.delete-all"))


def detector_folder(tab: Tab) -> str:
    """The data folder of the appliance."""
    return psutil.Process(tab.appliance.process.pid).environ()["DRIVEWATCH_DATA"]
