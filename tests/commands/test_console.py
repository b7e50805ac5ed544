"""The console: a line for each change of state, and a live line on a terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from app.commands.console import Console, live_line
from app.commands.terminal import ERASE_LINE
from app.events import WORDS, Level, Sight, State, Verdict
from app.observer import Observation
from tests.support.process import Terminal
from tests.support.story import ROAD, Part, attentive, eyes_closed, looking, sight, story

STARTED_S = 1000.0


class Gone(io.StringIO):
    """A pipe whose reader is gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def look_of(verdict: Verdict) -> Observation:
    signals = None if verdict.state in (State.NO_CAMERA, State.NO_FACE) else ROAD
    return Observation(None, Sight.CLEAR, None, signals, verdict)


def printed(*parts: Part, out: io.StringIO | None = None) -> str:
    """The console's output for a story that begins at STARTED_S."""
    out = out or io.StringIO()
    console = Console(STARTED_S, out)
    for verdict in story(*parts):
        console.show(look_of(verdict), STARTED_S + verdict.time_s)
    console.close()
    return out.getvalue()


def test_console_prints_one_line_for_each_change() -> None:
    assert printed(attentive(40), looking(8, yaw_deg=45), attentive(60)).splitlines() == [
        "00:00:00  attentive",
        "00:00:42  looking away from the road: caution",
        "00:00:43  looking away from the road: warning, beep",
        "00:00:45  looking away from the road: alarm, beep",
        "00:00:49    ended: looking away from the road for 8.0 s (alarm)",
        "00:00:49  attentive",
    ]


def test_console_prints_a_lost_camera_once() -> None:
    lines = printed(attentive(10), sight(600, Sight.NOTHING)).splitlines()
    assert [line[10:] for line in lines] == ["attentive", "no camera: warning, beep"]


def test_console_times_count_from_the_start() -> None:
    out = io.StringIO()
    Console(STARTED_S, out).show(look_of(story(attentive(1))[0]), STARTED_S + 27 * 3600 + 62.9)
    assert out.getvalue() == "27:01:02  attentive\n"


def test_a_file_gets_no_colours_and_no_live_line() -> None:
    assert "\x1b" not in printed(attentive(5), eyes_closed(10))
    assert "\r" not in printed(attentive(5), eyes_closed(10))


def test_a_terminal_gets_a_live_line_below_the_changes() -> None:
    text = printed(attentive(3), out=Terminal())
    assert text.startswith(
        f"{ERASE_LINE}\x1b[32m00:00:00  attentive\x1b[0m\n{ERASE_LINE}00:00:00  attentive | yaw   +0"
    )
    assert text.endswith(f"{ERASE_LINE}{'00:00:02  ' + live_line(look_of(story(attentive(3))[-1]))}\n")


def test_a_change_replaces_the_live_line() -> None:
    text = printed(attentive(40), looking(8, yaw_deg=45), out=Terminal())
    lines = re.split(r"\n", text)[:-1]
    assert len(lines) == 5
    assert all(line.startswith(ERASE_LINE) for line in lines)


def test_a_narrow_terminal_never_wraps_the_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = printed(attentive(40), looking(8, yaw_deg=45), out=Terminal())
    live = [part for part in re.split(re.escape(ERASE_LINE), text) if "\n" not in part]
    assert live
    assert max(map(len, live)) == 39


def test_falling_level_prints_no_line() -> None:
    attentive_again = replace(story(attentive(1))[0], state=State.LOOKING_AWAY)
    out = io.StringIO()
    console = Console(STARTED_S, out)
    for level in (Level.WARNING, Level.CAUTION, Level.CAUTION, Level.WARNING):
        console.show(look_of(replace(attentive_again, level=level)), STARTED_S)
    assert out.getvalue().splitlines() == ["00:00:00  looking away from the road: warning"] * 2


def test_live_line_has_dashes_for_unmeasured_values() -> None:
    verdict = story(attentive(1))[0]
    look = Observation(None, Sight.CLEAR, None, replace(ROAD, ear=None, yaw_deg=-12.3), verdict)
    assert live_line(look) == "attentive | yaw  -12  pitch   +0  EAR -  MAR 0.02  PERCLOS -"
    assert live_line(replace(look, signals=None, sight=Sight.DARK)) == "attentive | sight dark"


def test_closed_pipe_does_not_stop_the_console() -> None:
    printed(attentive(40), looking(8, yaw_deg=45), out=Gone())


@pytest.mark.parametrize("state", State)
def test_every_state_has_plain_words(state: State) -> None:
    assert WORDS[state].isascii()
