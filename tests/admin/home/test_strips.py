"""The strips that draw the samples of two minutes."""

from __future__ import annotations

import pytest

from admin.home.strips import HEIGHT, WIDTH, Window, last_minutes, strips
from app.events import Level, Limits, Neutral, State
from app.telemetry.course import COURSE_S, Sample

NOW_S = 1000.0
ROAD = Neutral(10.0, -5.0, learnt=True)
LIMITS = Limits(23.0, 30.0, 18.0, 0.4, 0.08, 0.15, 0.25)
LOOK = Sample(NOW_S, 10.0, -5.0, 0.0, 0.1, 0.03, State.ATTENTIVE, Level.NONE)
SIDEWAYS, UP_AND_DOWN, EYES, PERCLOS = range(4)


def looks(count: int = 120, **what: object) -> list[Sample]:
    """One sample a second until NOW_S."""
    return [at(NOW_S - count + 1 + number, **what) for number in range(count)]


def at(time_s: float, **what: object) -> Sample:
    told = {name: getattr(LOOK, name) for name in LOOK.__dataclass_fields__}
    return Sample(**{**told, "time_s": time_s, **what})


def points(line: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in (point.split(",") for point in line.split())]


def test_the_head_is_drawn_relative_to_the_road_with_its_limits() -> None:
    drawn = strips(looks(), last_minutes(NOW_S), LIMITS, ROAD)
    sideways, heights = drawn.strips[SIDEWAYS], drawn.strips[UP_AND_DOWN]
    assert (sideways.now, heights.now) == ("straight", "straight")
    (line,) = sideways.lines
    assert {y for _, y in points(line)} == {HEIGHT // 2}
    assert points(line)[-1] == (WIDTH, HEIGHT // 2)
    above, below = (limit.y for limit in sideways.limits)
    assert above + below == HEIGHT and above < HEIGHT // 2
    assert heights.limits[0].y < HEIGHT // 2 - (heights.limits[1].y - HEIGHT // 2)  # up may be further than down


def test_right_up_open_and_high_perclos_are_drawn_at_the_top() -> None:
    drawn = strips(
        [at(NOW_S, yaw_deg=50.0, pitch_deg=20.0, eye_blink=0.9, perclos=0.2)], last_minutes(NOW_S), LIMITS, ROAD
    )
    assert [strip.now for strip in drawn.strips] == ["40° right", "25° up", "closed or lowered", "20.0 %"]
    heights = [points(strip.lines[0])[0][1] for strip in drawn.strips]
    assert [y < HEIGHT // 2 for y in heights] == [True, True, False, True]


def test_values_beyond_the_scale_are_drawn_at_the_edge() -> None:
    drawn = strips(looks(yaw_deg=400.0, pitch_deg=-400.0, perclos=1.0), last_minutes(NOW_S), LIMITS, ROAD)
    for strip, y in zip((drawn.strips[i] for i in (SIDEWAYS, UP_AND_DOWN, PERCLOS)), (0, HEIGHT, 0), strict=True):
        assert {found for _, found in points(strip.lines[0])} == {y}


def test_without_a_road_no_limits_of_the_head_are_drawn() -> None:
    drawn = strips(looks(), last_minutes(NOW_S), LIMITS)
    assert [len(strip.limits) for strip in drawn.strips] == [0, 0, 1, 3]
    assert drawn.strips[SIDEWAYS].now == "10° right"


def test_without_limits_no_limit_lines_are_drawn() -> None:
    assert not [strip.limits for strip in strips(looks(), last_minutes(NOW_S), road=ROAD).strips if strip.limits]


def test_lines_are_interrupted_where_samples_or_measurements_are_missing() -> None:
    samples = looks()
    del samples[30:36]
    samples[60] = at(samples[60].time_s, yaw_deg=None)
    sideways, eyes = (strips(samples, last_minutes(NOW_S), LIMITS, ROAD).strips[i] for i in (SIDEWAYS, EYES))
    assert len(sideways.lines) == 3
    assert len(eyes.lines) == 2


def test_evenly_rare_samples_are_joined_by_a_line() -> None:
    samples = looks()[::10]
    assert [len(strip.lines) for strip in strips(samples, last_minutes(NOW_S), LIMITS, ROAD).strips] == [1] * 4


def test_a_single_sample_is_visible() -> None:
    (line,) = strips([LOOK], last_minutes(NOW_S)).strips[EYES].lines
    assert len(points(line)) == 2


def test_events_are_drawn_as_bands_by_state_and_level() -> None:
    samples = looks()
    for number, level in ((40, 1), (41, 1), (42, 2), (43, 2), (44, 2), (90, 3)):
        samples[number] = at(samples[number].time_s, state=State.LOOKING_DOWN, level=Level(level))
    bands = strips(samples, last_minutes(NOW_S)).bands
    assert [(band.level, band.words) for band in bands] == [
        (Level.CAUTION, "caution: looking down"),
        (Level.WARNING, "warning: looking down"),
        (Level.ALARM, "alarm: looking down"),
    ]
    second = WIDTH / COURSE_S
    assert not strips(
        looks(level=Level.ALARM), last_minutes(NOW_S)
    ).bands  # attentive again while the level still falls
    assert [band.width for band in bands] == [2 * second, 3 * second, second]
    assert bands[0].x + bands[0].width == bands[1].x


def test_the_band_of_a_lasting_event_reaches_the_end_of_the_window() -> None:
    (band,) = strips(looks(level=Level.ALARM, state=State.EYES_CLOSED), last_minutes(NOW_S)).bands
    assert band.x + band.width == WIDTH


def test_samples_outside_the_window_are_not_drawn() -> None:
    window = Window(NOW_S - 20, NOW_S, ("20 s before", "start"))
    drawn = strips([*looks(), at(NOW_S + 5)], window, LIMITS, ROAD)
    xs = [x for x, _ in points(drawn.strips[EYES].lines[0])]
    assert (min(xs), max(xs)) == (0, WIDTH)
    assert drawn.grid == ()


@pytest.mark.parametrize("samples", ([], [at(NOW_S - 30)]), ids=("none", "old"))
def test_without_a_recent_sample_no_current_value_is_shown(samples: list[Sample]) -> None:
    assert {strip.now for strip in strips(samples, last_minutes(NOW_S), LIMITS, ROAD).strips} == {""}
