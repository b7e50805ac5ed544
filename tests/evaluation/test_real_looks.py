"""When a run of a real clip looks, and which frames belong to a stretch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.camera.frame import SECOND_LOOK_S, Frame
from app.events import Level, Motion, Neutral, Sight, State, Verdict
from app.observer import Observation, Observer
from app.recordings.look_times import LookTimes
from tests.evaluation.real_looks import frames_within, looks_of_run
from tests.evaluation.real_people import Stretch


class Urgent(Observer):
    """Judges nothing, finds every look before 1 s urgent, and keeps when it looked."""

    def __init__(self) -> None:
        self.looked_s: list[float] = []

    def reset(self) -> None:
        self.looked_s.clear()

    def look(self, frame: Frame, motion: Motion = Motion.UNKNOWN) -> Observation:
        self.looked_s.append(frame.time_s)
        verdict = Verdict(frame.time_s, State.ATTENTIVE, Level.NONE, 0.0, Neutral(0, 0, False))
        return Observation(frame, Sight.CLEAR, None, None, replace(verdict, is_urgent=frame.time_s < 1))


@pytest.mark.parametrize(
    ("fps", "phase", "looked_s"),
    [
        (1.0, 0.0, [0.0, 0.3, 0.7, 1.0, 2.0]),
        (1.0, 0.5, [0.5, 0.8, 1.2, 1.5, 2.5]),
        (2.0, 0.5, [0.2, 0.7, 1.2, 1.7, 2.2, 2.7]),
        (5.0, 0.0, [round(number * 0.2, 1) for number in range(15)]),
    ],
)
def test_a_run_looks_at_its_rate_and_again_soon_after_an_urgent_look(
    fps: float, phase: float, looked_s: list[float]
) -> None:
    watch, black = Urgent(), np.zeros((16, 16, 3), np.uint8)
    frames = [Frame(black, number / 10, number) for number in range(30)]
    list(looks_of_run(frames, watch, fps, phase))
    assert watch.looked_s == pytest.approx(looked_s)


def test_a_second_look_is_due_only_where_there_is_time_for_one() -> None:
    times = LookTimes(fps=1.0, phase_s=0.25)
    due_s = [times.due_s]
    for time_s in (0.25, 0.6, 0.95):
        times.taken(time_s, time_s, is_urgent=True)
        due_s.append(times.due_s)
    assert due_s == pytest.approx([0.25, 0.25 + SECOND_LOOK_S, 0.6 + SECOND_LOOK_S, 1.25])


def test_the_frames_of_a_stretch_are_its_first_and_last_too() -> None:
    frames = [Frame(np.zeros((1, 1, 3), np.uint8), number / 10, number) for number in range(10)]
    assert [frame.number for frame in frames_within(frames, Stretch(0.3, 0.5, "open"))] == [3, 4, 5]
    assert [frame.number for frame in frames_within(frames, Stretch(0.6, 0.6, "open"))] == [6]
    assert frames_within(frames, Stretch(2.0, 3.0, "open")) == []
