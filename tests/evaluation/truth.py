"""What ought to be said of a trip, from its truth alone: none of the detector's rules run here.

The truth is looked at 10 times a second. A stretch is due when it lasts longer than a rule's time by more than a frame
rate can hide, and may be told when it lasts so long but for that; what lies between counts neither for nor against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.fake_driver.scene import Scene
from app.signals import Signals
from app.verdict import Level, Sight, State
from config.settings import Analysis
from tests.evaluation.vary import Trip

STEP_S = 0.1
TURN_S = 0.3  # a head needs so long: when it is away lies within
CLOSED, OPEN = 0.8, 0.2  # of scene.eyes_closed: P80, and surely open
WIDE = 0.5  # of scene.jaw_open: a yawn; talking opens it by 0.3
CLOSED_OF_OPEN, OPEN_EAR, WIDE_MAR = 0.3, 0.3, 0.8
PERCLOS_SLACK = 0.03  # a share counted in looks scatters by this much at 1 frame a second

Mask = npt.NDArray[np.bool_]
Steps = tuple[tuple[float, Level], ...]
Levels = dict[Level, Mask]
COUNTED = (State.DISTRACTED, State.DROWSY, State.YAWNING)  # over minutes, where the others time one stretch


@dataclass(frozen=True, slots=True)
class Due:
    """A stretch that must reach one level and may reach another; NONE: it need not be told, or must not be.

    limits_s: how long after from_s each level is due by the rule alone.
    """

    kind: State
    from_s: float
    to_s: float
    must: Level
    may: Level
    limits_s: tuple[tuple[Level, float], ...] = ()


def steps_of(s: Analysis) -> dict[State, Steps]:
    """Each rule that counts the seconds of one stretch, from README's table: after how long which level."""
    away = (
        (s.away_caution_s, Level.CAUTION),
        (s.away_warning_s, Level.WARNING),
        (s.away_alarm_s, Level.ALARM),
    )
    return {
        State.LOOKING_AWAY: away,
        State.LOOKING_DOWN: away,
        State.EYES_CLOSED: ((s.microsleep_s, Level.WARNING), (s.asleep_s, Level.ALARM)),
        State.PHONE: (
            (s.phone_caution_s, Level.CAUTION),
            (s.phone_warning_s, Level.WARNING),
            (s.phone_alarm_s, Level.ALARM),
        ),
        State.NO_FACE: ((s.no_face_warning_s, Level.WARNING),),
        State.CAMERA_BLOCKED: ((s.camera_blocked_s, Level.WARNING),),
    }


def surely_s(kind: State, limit_s: float, period_s: float) -> float:
    """A stretch at least this long must be told: its onset may lie a period before the first look at it.

    Closed eyes need two looks, and nothing more.
    """
    seen_s = max(limit_s, 2 * period_s) if kind is State.EYES_CLOSED else limit_s + period_s
    return seen_s + TURN_S


def hardly_s(limit_s: float, period_s: float) -> float:
    """A stretch shorter than this must not be told."""
    return max(limit_s - period_s - TURN_S, limit_s / 2)


class Truth:
    """One trip's scenes as arrays."""

    def __init__(self, trip: Trip, settings: Analysis) -> None:
        self._trip, self._s = trip, settings
        self.times_s = np.arange(0, trip.length_s, STEP_S)
        self.scenes = [trip.scene_at(float(time_s)) for time_s in self.times_s]

    def dues(self, fps: float, sees_hands: bool) -> list[Due]:
        """All that must or may be told at this rate."""
        period_s = 1 / fps
        masks = self._masks(sees_hands)
        dues = [due for kind, mask in masks.items() for due in self._spells(kind, mask, period_s)]
        dues = self._joined(dues, masks[State.LOOKING_AWAY] | masks[State.LOOKING_DOWN], period_s)
        dues += self._distracted(dues, period_s) + self._yawning(period_s)
        dues += self._drowsy(dues, period_s, masks[State.CAMERA_BLOCKED])
        return sorted(dues, key=lambda due: due.from_s)

    def _mask(self, holds: Callable[[Scene], bool]) -> Mask:
        return np.array([holds(scene) for scene in self.scenes], bool)

    def _masks(self, sees_hands: bool) -> dict[State, Mask]:
        s, trip = self._s, self._trip
        blocked = self._mask(lambda scene: scene.lens_covered >= 0.5 or scene.frozen >= 0.5)
        absent = self._mask(lambda scene: scene.present < 0.5) & ~blocked
        seen = ~blocked & ~absent
        yaw = np.array([scene.yaw_deg - trip.yaw_deg for scene in self.scenes])
        pitch = np.array([scene.pitch_deg - trip.pitch_deg for scene in self.scenes])
        away = seen & ((np.abs(yaw) > s.yaw_limit_deg) | (pitch > s.pitch_up_limit_deg))
        down = seen & (pitch < -s.pitch_down_limit_deg) & ~away
        masks = {
            State.LOOKING_AWAY: away,
            State.LOOKING_DOWN: down,
            State.EYES_CLOSED: seen & ~away & ~down & self._mask(lambda scene: scene.eyes_closed >= CLOSED),
            State.NO_FACE: absent,
            State.CAMERA_BLOCKED: blocked,
        }
        if sees_hands:
            masks[State.PHONE] = seen & self._mask(lambda scene: scene.phone_at_ear >= 0.5)
        return masks

    def _spells(self, kind: State, mask: Mask, period_s: float) -> Iterator[Due]:
        steps = steps_of(self._s)[kind]
        for from_s, to_s in stretches(mask, self.times_s):
            lasts_s = to_s - from_s
            must = [level for limit_s, level in steps if lasts_s >= surely_s(kind, limit_s, period_s)]
            may = [level for limit_s, level in steps if lasts_s >= hardly_s(limit_s, period_s)]
            limits = tuple((level, limit_s) for limit_s, level in steps if level in must)
            yield Due(kind, from_s, to_s, max(must, default=Level.NONE), max(may, default=Level.NONE), limits)

    def _joined(self, dues: list[Due], away: Mask, period_s: float) -> list[Due]:
        """From mirror to speedometer, the road between for no longer than ends a glance: they may be told as one."""
        gap_s = max(period_s, self._s.attention_back_s)
        joint = [due for due in self._spells(State.LOOKING_AWAY, bridged(away, gap_s), period_s) if due.may]
        kinds = (State.LOOKING_AWAY, State.LOOKING_DOWN)
        return [
            replace(due, may=max([due.may, *(one.may for one in joint if one.from_s <= due.from_s < one.to_s)]))
            if due.kind in kinds
            else due
            for due in dues
        ]

    def _distracted(self, spells: list[Due], period_s: float) -> list[Due]:
        """Glances that add up; one that is warned of on its own counts no second time."""
        s = self._s
        short, any_length = np.zeros(len(self.times_s)), np.zeros(len(self.times_s))
        for due in spells:
            if due.kind in (State.LOOKING_AWAY, State.LOOKING_DOWN):
                during = (self.times_s >= due.from_s) & (self.times_s < due.to_s)
                any_length[during] = STEP_S
                if due.may < Level.WARNING:
                    short[during] = STEP_S
        slack_s = 2 * period_s
        surely, perhaps = (moving_sum(values, s.glances_window_s) for values in (short, any_length))
        return self._counted(
            State.DISTRACTED,
            surely >= s.glances_warning_s + slack_s,
            {
                Level.WARNING: perhaps >= max(s.glances_warning_s - slack_s, s.glances_clear_s),
                Level.ALARM: perhaps >= s.glances_alarm_s - slack_s,
            },
            Level.WARNING,
            {Level.WARNING: surely >= s.glances_warning_s},
            tail_s=s.glances_window_s,
        )

    def _drowsy(self, spells: list[Due], period_s: float, blocked: Mask) -> list[Due]:
        """PERCLOS by the truth, or three microsleeps in five minutes. One long sleep is told as such."""
        s = self._s
        closed = np.where(self._mask(lambda scene: scene.eyes_closed >= CLOSED) & ~blocked, STEP_S, 0.0)
        sleeps = [due for due in spells if due.kind is State.EYES_CLOSED]
        blinks = closed.copy()
        for due in sleeps:
            if due.to_s - due.from_s >= s.microsleep_s:
                blinks[(self.times_s >= due.from_s) & (self.times_s < due.to_s)] = 0
        filled_s = np.maximum(np.minimum(self.times_s, s.history_window), s.perclos_min_valid_s)
        surely, perhaps = (moving_sum(values, s.history_window) / filled_s for values in (blinks, closed))
        surely_slept, perhaps_slept = (
            self._happened([due.to_s for due in sleeps if getattr(due, name) > Level.NONE], 3, 300.0)
            for name in ("must", "may")
        )
        slack = PERCLOS_SLACK * max(1.0, period_s)
        return self._counted(
            State.DROWSY,
            (surely >= s.perclos_warning + PERCLOS_SLACK) | surely_slept,
            {
                Level.CAUTION: perhaps >= s.perclos_caution - slack,
                Level.WARNING: perhaps >= s.perclos_warning - slack,
                Level.ALARM: (perhaps >= s.perclos_alarm - slack) | perhaps_slept,
            },
            Level.CAUTION,
            {
                Level.CAUTION: perhaps >= s.perclos_caution,
                Level.WARNING: perhaps >= s.perclos_warning,
                Level.ALARM: (perhaps >= s.perclos_alarm) | surely_slept,
            },
            tail_s=s.history_window,
        )

    def _yawning(self, period_s: float) -> list[Due]:
        s = self._s
        spells = list(stretches(self._mask(lambda scene: scene.jaw_open >= WIDE), self.times_s))
        surely, perhaps = (
            [to_s for from_s, to_s in spells if to_s - from_s >= least_s]
            for least_s in (surely_s(State.YAWNING, s.yawn_s, period_s), hardly_s(s.yawn_s, period_s))
        )
        count, window_s = int(s.yawns_caution), s.yawn_window_s
        # told while the last of them lasts, not after it
        begins_s = -max((to_s - from_s for from_s, to_s in spells), default=0.0)
        happened = self._happened(surely, count, window_s)
        return self._counted(
            State.YAWNING,
            happened,
            {Level.CAUTION: self._happened([to_s + begins_s for to_s in perhaps], count, window_s)},
            Level.CAUTION,
            {Level.CAUTION: happened},
            tail_s=window_s,
        )

    def _happened(self, at_s: list[float], times: int, window_s: float) -> Mask:
        """Whether it happened that often within the window before each moment."""
        at = np.sort(np.array(at_s))
        inside = np.searchsorted(at, self.times_s, "right") - np.searchsorted(at, self.times_s - window_s, "right")
        return np.asarray(inside >= times, bool)

    def _counted(
        self, kind: State, surely: Mask, perhaps: Levels, must: Level, by_rule: Levels, tail_s: float
    ) -> list[Due]:
        """Stretches in which a count or a share may reach a level; those in which it surely does must be told."""
        dues: list[Due] = []
        for from_s, to_s in stretches(np.logical_or.reduce([surely, *perhaps.values()]), self.times_s):
            during = (self.times_s >= from_s) & (self.times_s < to_s)
            level = must if (surely & during).any() else Level.NONE
            may = max([level, *(one for one, mask in perhaps.items() if (mask & during).any())])
            if dues and from_s <= dues[-1].to_s:  # one event may bridge the two
                last = dues[-1]
                dues[-1] = replace(last, to_s=to_s + tail_s, must=max(level, last.must), may=max(may, last.may))
            else:
                dues.append(Due(kind, from_s, to_s + tail_s, level, may))
        return [replace(due, limits_s=tuple(self._reached(due, by_rule))) for due in dues]

    def _reached(self, due: Due, by_rule: Levels) -> Iterator[tuple[Level, float]]:
        """When the truth first holds that a rule asks for, for each level."""
        during = (self.times_s >= due.from_s) & (self.times_s < due.to_s)
        for level, mask in by_rule.items():
            if (mask & during).any():
                yield level, float(self.times_s[np.argmax(mask & during)]) - due.from_s


def stretches(mask: Mask, times_s: npt.NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """From when to when it holds; one that lasts at the end ends there."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        yield float(times_s[start]), float(times_s[end - 1] + STEP_S)


def bridged(mask: Mask, gap_s: float) -> Mask:
    """The mask with its gaps of up to gap_s filled."""
    filled = mask.copy()
    for from_s, to_s in stretches(~mask, np.arange(len(mask), dtype=np.float64) * STEP_S):
        if to_s - from_s <= gap_s:
            filled[round(from_s / STEP_S) : round(to_s / STEP_S)] = True
    return filled


def moving_sum(values: npt.NDArray[np.float64], window_s: float) -> npt.NDArray[np.float64]:
    """The sum over the window that ends at each moment."""
    total = np.r_[0.0, np.cumsum(values)]
    back = round(window_s / STEP_S)
    return np.asarray(total[1:] - np.r_[np.zeros(min(back, len(values))), total[1:-back]][: len(values)], np.float64)


def true_sample(scene: Scene) -> tuple[Sight, Signals | None]:
    """What sight and signals would be, were they perfect."""
    sight = Sight.FROZEN if scene.frozen else Sight.FLAT if scene.lens_covered >= 0.5 else Sight.CLEAR
    has_face = sight is Sight.CLEAR and scene.present >= 0.5
    return sight, true_signals(scene) if has_face else None


def true_signals(scene: Scene) -> Signals:
    """A scene's pose, eyes and mouth as signals."""
    return Signals(
        yaw_deg=scene.yaw_deg,
        pitch_deg=scene.pitch_deg,
        roll_deg=scene.roll_deg,
        ear=OPEN_EAR * (1 - (1 - CLOSED_OF_OPEN) * scene.eyes_closed),
        mar=WIDE_MAR * scene.jaw_open,
        hand_at_ear=scene.phone_at_ear >= 0.5,
        confidence=1.0,
        face_width=0.3,
    )
