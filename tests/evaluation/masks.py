"""Trip -> at which moments head, line of sight and eyes truly do what; bool (N,) each, of moments STEP_S apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.attention.policy import Policy
from app.events import State
from app.fake_driver.scene import Scene
from tests.evaluation.vary import Trip

STEP_S = 0.1
CLOSED, OPEN = 0.8, 0.2  # of scene.eyes_closed: P80, and surely open
WIDE = 0.5  # of scene.jaw_open: a yawn; talking opens it by 0.3
NOD_DEG = 35.0  # closed eyes must be told while the head is no further down or up than this from the road
NODDING_DEG = 11.0  # a sleeper whose head has moved this far up or down may be told as looking away or down too
LOWERED = 0.45  # of scene.lids: lids that follow eyes this far down (by 20 degrees) may read like shut ones
# From the road a head bowed so far is seen from above, and its lids hang before eyes that are open
BOWED_DEG = 20.0
OPAQUE_TINT, OPAQUE_MIRROR = 0.85, 0.8  # of scene.glasses and scene.lens_mirrors: the eyes cannot be seen

Mask = npt.NDArray[np.bool_]


def has_unseen_eyes(scene: Scene) -> bool:
    """Whether the lenses hide the eyes."""
    return scene.glasses >= OPAQUE_TINT or scene.lens_mirrors >= OPAQUE_MIRROR


def has_lowered_lids(scene: Scene) -> bool:
    """Whether the lids follow eyes that look down, so far that they may read like shut ones."""
    return replace(scene, eyes_closed=0.0).lids >= LOWERED


def true_eyes(scene: Scene) -> str | None:
    """ "closed" or "open"; None where both may be read: half shut, lowered, or not to be seen."""
    if scene.present < 0.5 or has_unseen_eyes(scene):
        return None
    if scene.eyes_closed >= CLOSED:
        return "closed"
    return "open" if scene.eyes_closed <= OPEN and not has_lowered_lids(scene) else None


@dataclass(frozen=True, slots=True)
class Masks:
    """may: when each kind may be told. must: when it must, if that lasts long enough.

    asleep: closed for longer than a blink. lowered: lids that follow eyes looking down. bowed: lids of a
    bowed head. yawns: the mouth is wide open. unseen: lenses hide the eyes.
    """

    may: dict[State, Mask]
    must: dict[State, Mask]
    closed: Mask
    asleep: Mask
    lowered: Mask
    bowed: Mask
    yawns: Mask
    unseen: Mask
    blocked: Mask

    @property
    def off_road(self) -> Mask:
        """When head or eyes may be told to be off the road."""
        return self.may[State.LOOKING_AWAY] | self.may[State.LOOKING_DOWN]

    @property
    def surely_off_road(self) -> Mask:
        """When they must."""
        return self.must[State.LOOKING_AWAY] | self.must[State.LOOKING_DOWN]


def masks_of(scenes: Sequence[Scene], trip: Trip, p: Policy, sees_gaze: bool) -> Masks:
    """All of one trip, for a model that sees the eyes' direction or one that does not."""

    def mask(holds: Callable[[Scene], bool]) -> Mask:
        return np.array([holds(scene) for scene in scenes], bool)

    blocked = mask(lambda scene: scene.lens_covered >= 0.5 or scene.frozen >= 0.5)
    absent = mask(lambda scene: scene.present < 0.5) & ~blocked
    seen = ~blocked & ~absent
    unseen = seen & mask(has_unseen_eyes)
    closed = mask(lambda scene: scene.eyes_closed >= CLOSED) & ~blocked & ~unseen
    asleep = longer(closed, p.microsleep_s / 2)
    yaw, pitch = _head(scenes, trip)
    near_road = (np.abs(yaw) <= p.yaw_limit_deg) & (np.abs(pitch) <= NOD_DEG)
    may, must = _directions(scenes, trip, p, sees_gaze, has_gaze=~unseen & ~asleep)
    surely = seen & ~(asleep & near_road)
    may[State.LOOKING_AWAY] |= asleep & (pitch > NODDING_DEG)
    may[State.LOOKING_DOWN] |= asleep & (pitch < -NODDING_DEG) & ~may[State.LOOKING_AWAY]
    may = {kind: seen & one for kind, one in may.items()}
    must = {kind: surely & one for kind, one in must.items()}
    may[State.EYES_CLOSED], must[State.EYES_CLOSED] = seen & closed, seen & closed & near_road
    on_phone = seen & mask(lambda scene: scene.phone_at_ear >= 0.5)
    for kind, one in (
        (State.EYES_UNSEEN, unseen),
        (State.NO_FACE, absent),
        (State.CAMERA_BLOCKED, blocked),
        (State.PHONE, on_phone),
    ):
        may[kind] = must[kind] = one
    return Masks(
        may=may,
        must=must,
        closed=closed,
        asleep=asleep,
        lowered=seen & ~unseen & ~asleep & mask(has_lowered_lids),
        bowed=seen & ~unseen & ~asleep & (pitch < -BOWED_DEG),
        yawns=mask(lambda scene: scene.jaw_open >= WIDE),
        unseen=unseen,
        blocked=blocked,
    )


def _head(scenes: Sequence[Scene], trip: Trip) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Yaw and pitch relative to the road, degrees."""
    yaw = np.array([scene.yaw_deg - trip.yaw_deg for scene in scenes])
    return yaw, np.array([scene.pitch_deg - trip.pitch_deg for scene in scenes])


def _directions(
    scenes: Sequence[Scene], trip: Trip, p: Policy, sees_gaze: bool, has_gaze: Mask
) -> tuple[dict[State, Mask], dict[State, Mask]]:
    """Away and down, by the head or by the line of sight: when each may and when it must be told.

    A head aside whose eyes are on the road may be told and need not be. Eyes alone must be told by models that see
    where they look. has_gaze: the eyes are open, and can be seen.
    """
    yaw, pitch = _head(scenes, trip)
    away, down = _off_road(yaw, pitch, p)
    gaze_yaw = yaw + np.array([scene.gaze_yaw_deg for scene in scenes]) * has_gaze
    gaze_pitch = pitch + np.array([scene.gaze_pitch_deg for scene in scenes]) * has_gaze
    sight_away, sight_down = _off_road(gaze_yaw, gaze_pitch, p)
    head, sight = away | down, sight_away | sight_down
    # where the head is turned, its direction names the event
    may = {
        State.LOOKING_AWAY: away | (sight_away & ~head),
        State.LOOKING_DOWN: down | (sight_down & ~head),
    }
    return may, {kind: mask & sight & (head | sees_gaze) for kind, mask in may.items()}


def _off_road(yaw: npt.NDArray[np.float64], pitch: npt.NDArray[np.float64], p: Policy) -> tuple[Mask, Mask]:
    """Away, and down but not away."""
    away = (np.abs(yaw) > p.yaw_limit_deg) | (pitch > p.pitch_up_limit_deg)
    return away, (pitch < -p.pitch_down_limit_deg) & ~away


def stretches(mask: Mask, times_s: npt.NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """From when to when it holds; one that lasts at the end ends there."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        yield float(times_s[start]), float(times_s[end - 1] + STEP_S)


def longer(mask: Mask, least_s: float) -> Mask:
    """The mask without its stretches that are shorter than this."""
    return ~bridged(~mask, least_s)


def bridged(mask: Mask, gap_s: float) -> Mask:
    """The mask with its gaps of up to gap_s filled."""
    filled = mask.copy()
    for from_s, to_s in stretches(~mask, np.arange(len(mask), dtype=np.float64) * STEP_S):
        if to_s - from_s <= gap_s:
            filled[round(from_s / STEP_S) : round(to_s / STEP_S)] = True
    return filled


def seconds(mask: Mask) -> npt.NDArray[np.float64]:
    """Of each moment, those in which it holds."""
    return np.where(mask, STEP_S, 0.0)


def moving_sum(values: npt.NDArray[np.float64], window_s: float) -> npt.NDArray[np.float64]:
    """The sum over the window that ends at each moment."""
    total = np.r_[0.0, np.cumsum(values)]
    back = round(window_s / STEP_S)
    return np.asarray(total[1:] - np.r_[np.zeros(min(back, len(values))), total[1:-back]][: len(values)], np.float64)
