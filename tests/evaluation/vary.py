"""What a seed varies: the driver's place, the camera's, the light, the sensor, and the timing of all that happens.

Two seeds differ as two trips do: the camera is mounted elsewhere, blinks and glances come at other times, last longer
or shorter and go further or less far, frames fall on other moments of them, the light comes from another side.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from app.fake_driver.scenario import Move, Scenario
from app.fake_driver.scene import Scene

POSES_PER_SEED = 150
START_S = 2.0  # the longest period: a frame falls on any moment of what happens
MOVED_S = 2.0  # by how much what happens once comes earlier or later
SHORTER, LONGER = 0.85, 1.15
BLINK_S = 0.3  # longer ones are drowsiness
TURNED = ("yaw_deg", "pitch_deg", "gaze_yaw_deg", "gaze_pitch_deg")
# (from, to) evenly; the night of the scenario `night` is multiplied into its own
LIGHT = {"day": (0.55, 1.2), "night": (0.16, 0.35), "glasses": (0.5, 1.2), "hopper": (0.55, 1.2)}
NOISE = {"day": (1.0, 3.0), "night": (3.0, 6.0), "glasses": (1.0, 3.0), "hopper": (1.0, 3.0)}
LIGHT_MIN = 0.12  # the scenario `night` at night: what a camera still raises to a picture
GLASSES_TINT = (0.03, 0.35)  # clear to a light tint; black ones show no eyes, which is a limit and not a case
MOUNT_YAW_DEG, MOUNT_UP_DEG, MOUNT_DOWN_DEG = 14.0, 6.0, 8.0  # where the road is, seen from the camera


@dataclass(frozen=True, slots=True)
class Trip:
    """A scenario as one seed tells it. yaw_deg, pitch_deg: where the road is from the camera."""

    scenario: Scenario
    start_s: float
    yaw_deg: float
    pitch_deg: float
    x_cm: float
    y_cm: float
    distance_cm: float
    light: float
    sun_from_left: float
    noise: float
    glasses: float

    def scene_at(self, time_s: float) -> Scene:
        """The truth at this time since the first frame."""
        scene = self.scenario.scene_at(self.start_s + time_s)
        return replace(
            scene,
            yaw_deg=scene.yaw_deg + self.yaw_deg,
            pitch_deg=scene.pitch_deg + self.pitch_deg,
            x_cm=scene.x_cm + self.x_cm,
            y_cm=scene.y_cm + self.y_cm,
            distance_cm=scene.distance_cm + self.distance_cm,
            light=max(LIGHT_MIN, scene.light * self.light),
            sun_from_left=float(np.clip(scene.sun_from_left + self.sun_from_left, -1, 1)),
            noise=max(scene.noise, self.noise),
            glasses=max(scene.glasses, self.glasses),
        )

    @property
    def length_s(self) -> float:
        """How long there is something to see."""
        return self.scenario.length_s - self.start_s


def rng_of(name: str, seed: int, condition: str) -> np.random.Generator:
    """The same numbers for the same case, for ever."""
    return np.random.default_rng(zlib.crc32(f"{name} {seed} {condition}".encode()))


def trip_of(scenario: Scenario, seed: int, condition: str) -> Trip:
    """The scenario as this seed tells it in this condition."""
    rng = rng_of(scenario.name, seed, condition)
    moves = _all_moved([part for move in scenario.moves for part in _irregular(move)], rng)
    sway = {name: reach * rng.uniform(0.7, 1.4) for name, reach in scenario.sway.items()}
    told = replace(scenario, moves=moves, sway=sway, sways_from_s=rng.uniform(0, 600), loop=False)
    return Trip(
        scenario=told,
        start_s=rng.uniform(0, START_S),
        yaw_deg=rng.uniform(-MOUNT_YAW_DEG, MOUNT_YAW_DEG),
        pitch_deg=rng.uniform(-MOUNT_DOWN_DEG, MOUNT_UP_DEG),
        x_cm=rng.uniform(-5, 5),
        y_cm=rng.uniform(-2.5, 2),
        distance_cm=rng.uniform(-8, 20),
        light=rng.uniform(*LIGHT[condition]),
        sun_from_left=rng.uniform(-0.5, 0.5),
        noise=rng.uniform(*NOISE[condition]),
        glasses=rng.uniform(*GLASSES_TINT) if condition == "glasses" else 0.0,
    )


def _irregular(move: Move) -> tuple[Move, ...]:
    """Two of half the frequency for blinks: people's come in no rhythm, and now and then two within a second."""
    if move.to.get("eyes_closed") != 1 or np.isinf(move.every_s) or move.for_s > BLINK_S:
        return (move,)
    half = replace(move, every_s=2 * move.every_s)
    return half, replace(half, at_s=move.at_s + move.every_s)


def _all_moved(moves: list[Move], rng: np.random.Generator) -> tuple[Move, ...]:
    """Each as this seed has it. Those that happen once and begin together stay together: lids and head of one nod."""
    told: list[Move] = []
    for number, move in enumerate(moves):
        moved, before = _moved(move, rng), moves[number - 1]
        if number and np.isinf(move.every_s) and np.isinf(before.every_s) and move.at_s == before.at_s:
            moved = replace(moved, at_s=told[-1].at_s, for_s=move.for_s * told[-1].for_s / before.for_s)
        told.append(moved)
    return tuple(told)


def _moved(move: Move, rng: np.random.Generator) -> Move:
    """Another time, another length, another angle."""
    lasts = rng.uniform(SHORTER, LONGER)
    to = {name: value * (rng.uniform(0.9, 1.12) if name in TURNED else 1.0) for name, value in move.to.items()}
    if np.isinf(move.every_s):
        return replace(move, to=to, at_s=move.at_s + rng.uniform(-MOVED_S, MOVED_S), for_s=move.for_s * lasts)
    # what repeats comes irregularly, so that it never keeps step with the frames; at_s also seeds the jitter
    for_s = min(move.for_s * lasts, 0.9 * move.every_s)
    jitter_s = max(move.jitter_s, 0.9 * (move.every_s - for_s - 2 * move.ease_s))
    return replace(move, to=to, at_s=move.at_s + rng.uniform(-0.5, 0.5), for_s=for_s, jitter_s=max(0.0, jitter_s))


def poses(seed: int, condition: str) -> Iterator[Scene]:
    """Single moments: any pose, eyes open or shut, mouth shut, talking or yawning, any place and light."""
    rng = rng_of("poses", seed, condition)
    for number in range(POSES_PER_SEED):
        yield Scene(
            time_s=float(number),
            yaw_deg=rng.uniform(-75, 75),
            pitch_deg=rng.uniform(-30, 22),
            roll_deg=rng.uniform(-15, 15),
            x_cm=rng.uniform(-6, 6),
            y_cm=3 + rng.uniform(-3, 3),
            distance_cm=rng.uniform(48, 85),
            eyes_closed=float(rng.choice((0, 0, 0, 1))),
            jaw_open=float(rng.choice((0, 0, 0.3, 0.8))),
            light=rng.uniform(*LIGHT[condition]),
            sun_from_left=rng.uniform(-0.6, 0.6),
            noise=rng.uniform(*NOISE[condition]),
            glasses=rng.uniform(*GLASSES_TINT) if condition == "glasses" else 0.0,
        )
