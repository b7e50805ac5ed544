"""The timeline, read back as XML."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, pairwise
from xml.etree import ElementTree

import pytest

from app.attention.policy import NORMAL
from app.events import Event, Level, Sight, State, Verdict
from app.observer import Observation
from app.recordings.plot import COLOURS, EVENTS_MAX, LEFT_PX, NAMES_MAX, POINTS_MAX, RIGHT_PX, Timeline
from tests.support.story import ROAD, Part, attentive, looking, lost, samples, story

STRIPS = 5
SVG = "{http://www.w3.org/2000/svg}"


def looks(*parts: Part) -> list[Observation]:
    seen = [signals for _, _, signals, *_ in samples(parts, 1.0)]
    return [
        Observation(None, Sight.CLEAR, None, signals, verdict)
        for signals, verdict in zip(seen, story(*parts), strict=True)
    ]


def timeline(**recordings: list[Observation]) -> Timeline:
    made = Timeline(NORMAL)
    for number, (name, recording) in enumerate(recordings.items()):
        for look in recording:
            made.add(number, name, look)
    return made


def drawn(made: Timeline) -> ElementTree.Element:
    """The parsed SVG. Raises ParseError if it is not XML."""
    return ElementTree.fromstring(made.svg())


def texts(svg: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def curves(svg: ElementTree.Element) -> list[list[tuple[float, float]]]:
    lines = [element.attrib["points"].split() for element in svg.iter(f"{SVG}polyline")]
    return [[(float(point.split(",")[0]), float(point.split(",")[1])) for point in line] for line in lines]


def bars(svg: ElementTree.Element) -> list[tuple[str, float, float]]:
    """The title of each event's bar, and its begin and end as shares of the time axis."""
    found = []
    for rect in svg.iter(f"{SVG}rect"):
        title = rect.find(f"{SVG}title")
        if title is not None:
            left, width = float(rect.attrib["x"]), float(rect.attrib["width"])
            span = [(x_px - LEFT_PX) / (RIGHT_PX - LEFT_PX) for x_px in (left, left + width)]
            found.append((title.text or "", round(span[0], 2), round(span[1], 2)))
    return found


def test_each_signal_is_a_curve_over_the_whole_time() -> None:
    svg = drawn(timeline(trip=looks(attentive(101))))
    assert {"trip", "yaw, deg", "pitch, deg", "EAR", "MAR", "PERCLOS", "0:00", "1:40"} <= set(texts(svg))
    lines = curves(svg)
    assert len(lines) == STRIPS
    assert [len(line) for line in lines[:4]] == [101] * 4
    assert all((line[0][0], line[-1][0]) == (LEFT_PX, RIGHT_PX) for line in lines[:4])


def test_yaw_to_the_right_is_drawn_upwards_within_its_strip() -> None:
    yaw = curves(drawn(timeline(trip=looks(attentive(50), looking(4, yaw_deg=300), attentive(4)))))[0]
    heights = [y_px for _, y_px in yaw]
    assert heights[51] == min(heights)
    assert max(heights) - min(heights) == pytest.approx(84 / 2)


def test_a_curve_is_broken_where_nothing_was_measured() -> None:
    lines = curves(drawn(timeline(trip=looks(attentive(30), lost(10), attentive(1)))))
    assert [len(line) for line in lines[:2]] == [30, 2]  # the last one is a dot


def test_events_are_marked_with_their_level_and_time() -> None:
    svg = drawn(timeline(trip=looks(attentive(50), looking(10, yaw_deg=45), attentive(41))))
    assert "looking_away" in texts(svg)
    assert bars(svg) == [("looking_away: alarm, 10.0 s from 49.5 s on", 0.5, 0.6)]
    colours = [rect.attrib["fill"] for rect in svg.iter(f"{SVG}rect")]
    assert colours.count(COLOURS[Level.ALARM]) == 3  # bar, tint and legend


def test_an_event_without_an_end_lasts_to_the_end_of_its_own_recording() -> None:
    svg = drawn(timeline(first=looks(attentive(40), looking(8, yaw_deg=45)), second=looks(attentive(50))))
    assert bars(svg) == [("looking_away: alarm, 7.5 s from 39.5 s on", 0.41, 0.48)]


def test_recordings_are_drawn_side_by_side() -> None:
    svg = drawn(timeline(first=looks(attentive(50)), second=looks(attentive(50))))
    assert {"first", "second"} <= set(texts(svg))
    assert len(curves(svg)) >= 2 * 4  # no line leads from one to the other


def test_many_recordings_are_not_all_named() -> None:
    svg = drawn(timeline(**{f"picture{number}": looks(attentive(1)) for number in range(5 * NAMES_MAX)}))
    assert not [text for text in texts(svg) if text.startswith("picture")]
    assert len(curves(svg)) == 4 * 5 * NAMES_MAX


def test_plot_without_a_frame_says_so() -> None:
    assert "no frames could be read" in texts(drawn(timeline()))


@pytest.mark.parametrize("name", ["<&\"'>.mp4", "bell\x07.mp4", "\udcff.mp4", "Fahrt zur Arbeit ü.mp4", "x" * 300])
def test_any_file_name_gives_valid_xml(name: str) -> None:
    made = Timeline(NORMAL)
    made.add(0, name, looks(attentive(1))[0])
    assert drawn(made) is not None
    made.svg().encode("utf-8")


def test_long_name_is_shown_by_its_end() -> None:
    made = Timeline(NORMAL)
    made.add(0, f"{'x' * 300}<&>.mp4", looks(attentive(1))[0])
    title = texts(drawn(made))[0]
    assert title.startswith("…xxx")
    assert title.endswith("x<&>.mp4")


def test_points_and_events_of_a_long_trip_are_bounded() -> None:
    made = Timeline(NORMAL)
    look = looks(attentive(1))[0]
    length = 5 * POINTS_MAX
    for second in range(length):
        event = Event(State.LOOKING_AWAY, Level.WARNING, second, second, second, second + 0.5)
        verdict = replace(look.verdict, time_s=float(second), events=(event,) if second % 10 == 0 else ())
        made.add(0, "trip", replace(look, verdict=verdict))
    svg = drawn(made)
    assert "5:00:00" in texts(svg)
    assert len(bars(svg)) == EVENTS_MAX
    for line in curves(svg):
        assert POINTS_MAX < len(line) <= 2 * POINTS_MAX
        steps_px = [round(after[0] - before[0], 1) for before, after in pairwise(line)]
        assert max(steps_px) <= min(steps_px) + 0.21  # thinned out alike everywhere


def test_time_axis_has_3_to_11_ticks() -> None:
    for length_s in (3, 20, 61, 600, 4000, 86400):
        verdict = Verdict(float(length_s), State.ATTENTIVE, Level.NONE, 0.0, story(attentive(1))[0].neutral)
        made = Timeline(NORMAL)
        made.add(0, "trip", Observation(None, Sight.CLEAR, None, ROAD, verdict))
        ticks = [text for text in texts(drawn(made)) if ":" in text]
        assert 3 <= len(ticks) <= 11, length_s


def test_numbers_of_recordings_may_have_gaps() -> None:
    """An input that cannot be read leaves a gap."""
    made = Timeline(NORMAL)
    for number, seconds in zip(count(0, 7), (10, 10), strict=False):
        for look in looks(attentive(seconds)):
            made.add(number, f"trip {number}", look)
    assert {"trip 0", "trip 7"} <= set(texts(drawn(made)))
