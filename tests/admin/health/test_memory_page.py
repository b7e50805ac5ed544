"""The memory page."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.events import ClockQuality, Event, Level, State
from app.journal.journal import Journal
from app.memory.history import History, Reading
from app.telemetry import status
from app.telemetry.run_folder import boot_id
from config.paths import Paths
from tests.support.page import say


def test_the_memory_page_shows_the_kernels_figures(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=os.getpid(), memory=status.Memory(pss_mb=61.5))
    text = owner.get("/memory").text
    shown = re.findall(r"</th>\s*<td>([0-9.]+)</td><td>([0-9.]+)</td>", text)  # PSS and RSS
    rss_mb = int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
    assert len(shown) == 2
    assert float(shown[0][0]) == pytest.approx(61.5, abs=0.5)  # the detector's own figure
    assert float(shown[0][1]) == pytest.approx(rss_mb, rel=0.05)


def test_the_memory_page_explains_low_memory_mode(owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    assert "Low-memory mode" not in owner.get("/memory").text
    say(paths, memory=status.Memory(saving="the model is standard", saving_reason="only 45 MB are available"))
    assert (
        "Low-memory mode: memory is short (only 45 MB are available), so the model is standard"
        in owner.get("/memory/part").text
    )


def test_a_detector_that_has_ended_has_no_figures(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=2**22 + 1)
    assert "not running, or not readable" in owner.get("/memory").text


def test_the_total_is_the_sum_of_pss_with_one_line_for_the_page(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=os.getpid(), memory=status.Memory(pss_mb=61.5))
    text = owner.get("/memory").text
    shown = re.findall(r"<td>([0-9.]+)</td>", text)
    total = re.search(r"Total</th><td>([0-9.]+)</td>", text)
    page = re.search(r"Web page \(2 processes\)</th>\s*<td>([0-9.]+)</td>", text)
    assert shown and total and page
    assert float(total[1]) == pytest.approx(61.5 + float(page[1]), abs=0.11)
    assert "gunicorn" not in text


def test_chart_and_table_show_the_same_newest_reading(owner: FlaskClient, paths: Paths) -> None:
    latest = say(paths, pid=os.getpid(), memory=status.Memory(pss_mb=61.5))
    History(paths.memory_history, boot_id()).add(Reading(latest.time_s - 20, 12.3, None, 500.0))
    text = owner.get("/memory").text
    table = re.search(r"Detector <span.*?</th>\s*<td>[0-9.]+</td><td>([0-9.]+)</td>", text, re.S)
    chart = re.search(r"Now <b>([0-9.]+) MB</b>", text)
    assert table and chart and table[1] == chart[1]


def test_detector_starts_and_memory_saving_are_marked_in_the_chart(owner: FlaskClient, paths: Paths) -> None:
    latest = say(paths, pid=os.getpid())
    now_s = latest.time_s
    for began_s in (now_s - 900, now_s - 600):
        History(paths.memory_history, boot_id(), started_s=began_s).add(Reading(began_s + 10, 70.0, None, 500.0))
    journal = Journal(paths.events, boot_id())
    at_s = now_s - 300
    step = Event(State.SAVING_MEMORY, Level.NONE, at_s, at_s, at_s, at_s, "saving memory: <b>only 45 MB</b>")
    journal.record(step, latest.wall_s, now_s, ClockQuality.GUESS)
    journal.close()
    text = owner.get("/memory/part").text
    assert text.count("10 min ago: the detector was started again</li>") == 1
    assert "15 min ago: the detector" not in text  # where the axis begins
    assert "5 min ago: saving memory: &lt;b&gt;only 45 MB" in text


@pytest.mark.parametrize("content", ["", "{", "[]", '{"boot_id": 1}', "\0" * 4096, "[" * 50_000])
def test_a_damaged_memory_history_does_not_break_the_page(owner: FlaskClient, paths: Paths, content: str) -> None:
    say(paths, pid=os.getpid())
    paths.memory_history.write_text(content)
    paths.events.write_bytes(b"no database")
    assert owner.get("/memory").status_code == 200


def test_health_links_to_the_memory_page_with_the_total(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=os.getpid(), memory=status.Memory(pss_mb=61.5, budget_mb=160.0))
    text = owner.get("/health").text
    assert re.search(
        r'<a href="/memory">[0-9]+ MB of [0-9,]+, the detector\'s budget 160</a>', text.replace("&#39;", "'")
    )
