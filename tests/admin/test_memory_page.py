"""Memory on the page."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.telemetry import status
from config.paths import Paths
from tests.support.page import say


def test_the_memory_page_has_the_kernels_figures(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=os.getpid(), memory=status.Memory(pss_mb=61.5))
    text = owner.get("/memory").text
    shown = re.findall(r"</th>\s*<td>([0-9.]+)</td><td>([0-9.]+)</td>", text)  # PSS and RSS
    rss_mb = int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
    assert len(shown) == 3
    assert float(shown[0][0]) == pytest.approx(61.5, abs=0.5)  # as the detector said
    assert float(shown[0][1]) == pytest.approx(rss_mb, rel=0.01)
    assert "No readings yet" in text


def test_the_memory_page_says_what_is_saved_and_why(owner: FlaskClient, paths: Paths) -> None:
    say(paths)
    assert "memory suffices" in owner.get("/memory").text
    say(paths, memory=status.Memory(saving="the model is standard", saving_reason="only 45 MB are available"))
    assert "memory is short (only 45 MB are available), so the model is standard" in owner.get("/memory/part").text


def test_a_detector_that_is_gone_has_no_figures(owner: FlaskClient, paths: Paths) -> None:
    say(paths, pid=2**22 + 1)
    assert "not running, or not readable" in owner.get("/memory").text
