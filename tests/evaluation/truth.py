"""What ought to be said of a trip, from its truth alone: none of the detector's rules run here.

The truth is looked at 10 times a second. A stretch is due when it lasts longer than a rule's time by more than a frame
rate can hide, and may be told when it lasts so long but for that; what lies between counts neither for nor against.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from app.attention.policy import Policy
from app.events import Level, Sight, State
from app.fake_driver.scene import Scene
from app.vision.measurements import Signals
from tests.evaluation.due import (
    Due,
    due_of,
    hardly_s,
    is_too_short,
    outermost,
    steps_of,
    surely_s,
    told_by,
    told_by_either,
)
from tests.evaluation.masks import (
    STEP_S,
    Mask,
    Masks,
    bridged,
    has_unseen_eyes,
    masks_of,
    moving_sum,
    seconds,
    stretches,
)
from tests.evaluation.vary import Trip

SHUT_BLINK, WIDE_MAR = 0.7, 0.8  # of eyes shut all the way, of a mouth open all the way
PERCLOS_SLACK = 0.03  # a share counted in looks scatters by this much at 1 frame a second
YAWN_SHUT_S = 2.5  # eyes shut in a yawn for no longer than this are no sleep
YAWN_SHARE = 0.9  # of a stretch of shut eyes: the rest is the lids' own movement

Levels = dict[Level, Mask]


class Truth:
    """One trip's scenes as arrays."""

    def __init__(self, trip: Trip, policy: Policy, history_s: float) -> None:
        self._trip, self._policy, self._history_s = trip, policy, history_s
        self.times_s = np.arange(0, trip.length_s, STEP_S)
        self.scenes = [trip.scene_at(float(time_s)) for time_s in self.times_s]

    def dues(self, fps: float, sees_hands: bool, sees_gaze: bool = False) -> list[Due]:
        """All that must or may be told at this rate, by a model that sees hands, and where the eyes look."""
        period_s = 1 / fps
        masks = masks_of(self.scenes, self._trip, self._policy, sees_gaze)
        kinds = [State.NO_FACE, State.CAMERA_BLOCKED, State.EYES_UNSEEN, *([State.PHONE] if sees_hands else ())]
        dues = [*self._off_road(masks, period_s), *self._eyes_closed(masks, period_s)]
        dues += [due for kind in kinds for due in self._spells(kind, masks.must[kind], period_s)]
        dues = self._joined(dues, masks.off_road, period_s)
        dues += self._distracted(dues, period_s, masks.surely_off_road) + self._yawning(period_s, masks.yawns)
        dues += self._drowsy(dues, period_s, masks)
        return sorted(dues, key=lambda due: due.from_s)

    def _spells(self, kind: State, mask: Mask, period_s: float) -> Iterator[Due]:
        for span_s in stretches(mask, self.times_s):
            yield due_of(kind, steps_of(self._policy)[kind], span_s, period_s)

    def _during(self, span_s: tuple[float, float]) -> Mask:
        return np.asarray((self.times_s >= span_s[0]) & (self.times_s < span_s[1]), bool)

    def _off_road(self, masks: Masks, period_s: float) -> Iterator[Due]:
        """Looks away and down.

        Shut eyes may tell of them too where lids follow the eyes down or the head is bowed, and where a sleeper's head
        is turned so far that the lids need not be seen.
        """
        for kind in (State.LOOKING_AWAY, State.LOOKING_DOWN):
            make = partial(due_of, kind, steps_of(self._policy)[kind], period_s=period_s)
            for span_s in stretches(masks.may[kind], self.times_s):
                during = self._during(span_s)
                for due in self._parts(make(span_s), [make(one) for one in self._inner(masks.must[kind], during)]):
                    part = self._during((due.from_s, due.to_s))
                    is_lowered = kind is State.LOOKING_DOWN and masks.lowered[part].mean() >= 0.5
                    yield told_by_either(due) if is_lowered or masks.asleep[part].any() else due
        for span_s in stretches(masks.lowered | masks.bowed, self.times_s):
            steps = steps_of(self._policy)[State.EYES_CLOSED]
            due = replace(due_of(State.EYES_CLOSED, steps, span_s, period_s), must=Level.NONE, limits_s=())
            yield replace(due, may=Level.NONE) if is_too_short(self._policy.microsleep_s, span_s, period_s) else due

    def _eyes_closed(self, masks: Masks, period_s: float) -> Iterator[Due]:
        """Shut eyes; those of a yawn are exempt for a while."""
        steps = steps_of(self._policy)[State.EYES_CLOSED]
        after_yawn = tuple((max(limit_s, YAWN_SHUT_S), level) for limit_s, level in steps)
        for span_s in stretches(masks.may[State.EYES_CLOSED], self.times_s):
            during = self._during(span_s)
            in_yawn = float(masks.yawns[during].mean())
            if in_yawn >= YAWN_SHARE and is_too_short(YAWN_SHUT_S, span_s, period_s):
                continue
            make = partial(due_of, State.EYES_CLOSED, after_yawn if in_yawn else steps, period_s=period_s)
            whole = replace(make(span_s), may=told_by(steps, span_s[1] - span_s[0], period_s))
            yield from self._parts(whole, [make(one) for one in self._inner(masks.must[State.EYES_CLOSED], during)])

    def _inner(self, mask: Mask, during: Mask) -> list[tuple[float, float]]:
        return list(stretches(mask & during, self.times_s))

    @staticmethod
    def _parts(whole: Due, inner: list[Due]) -> Iterator[Due]:
        """A stretch that may be told, and those parts of it that must be."""
        if [(one.from_s, one.to_s) for one in inner] == [(whole.from_s, whole.to_s)]:
            yield whole
            return
        yield replace(whole, must=Level.NONE, limits_s=())
        yield from (replace(one, may=max(whole.may, one.may)) for one in inner if one.must > Level.NONE)

    def _joined(self, dues: list[Due], away: Mask, period_s: float) -> list[Due]:
        """From mirror to speedometer, the road between for no longer than ends a glance: they may be told as one."""
        gap_s = max(period_s, self._policy.attention_back_s)
        joint = [due for due in self._spells(State.LOOKING_AWAY, bridged(away, gap_s), period_s) if due.may]
        kinds = (State.LOOKING_AWAY, State.LOOKING_DOWN)
        return [
            replace(due, may=max([due.may, *(one.may for one in joint if one.from_s <= due.from_s < one.to_s)]))
            if due.kind in kinds
            else due
            for due in dues
        ]

    def _distracted(self, spells: list[Due], period_s: float, off_road: Mask) -> list[Due]:
        """Glances that add up; one that is warned of on its own counts no second time."""
        p = self._policy
        short, any_length = np.zeros(len(self.times_s)), np.zeros(len(self.times_s))
        for due in spells:
            if due.kind in (State.LOOKING_AWAY, State.LOOKING_DOWN):
                during = self._during((due.from_s, due.to_s))
                any_length[during] = STEP_S
                if due.may < Level.WARNING:
                    short[during & off_road] = STEP_S
        slack_s = 2 * period_s
        surely, perhaps = (moving_sum(values, p.glances_window_s) for values in (short, any_length))
        return self._counted(
            State.DISTRACTED,
            surely >= p.glances_warning_s + slack_s,
            {
                Level.WARNING: perhaps >= max(p.glances_warning_s - slack_s, p.glances_clear_s),
                Level.ALARM: perhaps >= p.glances_alarm_s - slack_s,
            },
            Level.WARNING,
            {Level.WARNING: surely >= p.glances_warning_s},
            tail_s=p.glances_window_s,
        )

    def _drowsy(self, spells: list[Due], period_s: float, masks: Masks) -> list[Due]:
        """PERCLOS by the truth, or three microsleeps in five minutes. One long sleep is told as such."""
        p = self._policy
        sleeps = [due for due in spells if due.kind is State.EYES_CLOSED]
        blinks = masks.closed & ~masks.yawns
        for due in sleeps:
            if due.to_s - due.from_s >= p.microsleep_s:
                blinks &= ~self._during((due.from_s, due.to_s))
        unseen_s = moving_sum(seconds(masks.unseen), self._history_s)
        filled_s = np.maximum(np.minimum(self.times_s, self._history_s) - unseen_s, p.perclos_min_valid_s)
        surely, perhaps = (
            moving_sum(seconds(mask), self._history_s) / filled_s for mask in (blinks, masks.closed | masks.lowered)
        )
        surely_slept, perhaps_slept = (
            self._happened([due.to_s for due in told], 3, 300.0)
            for told in (
                [due for due in sleeps if due.must > Level.NONE],
                list(outermost(due for due in sleeps if due.may > Level.NONE)),
            )
        )
        slack = PERCLOS_SLACK * max(1.0, period_s)
        return self._counted(
            State.DROWSY,
            (surely >= p.perclos_warning + PERCLOS_SLACK) | surely_slept,
            {
                Level.CAUTION: perhaps >= p.perclos_caution - slack,
                Level.WARNING: perhaps >= p.perclos_warning - slack,
                Level.ALARM: (perhaps >= p.perclos_alarm - slack) | perhaps_slept,
            },
            Level.CAUTION,
            {
                Level.CAUTION: perhaps >= p.perclos_caution,
                Level.WARNING: perhaps >= p.perclos_warning,
                Level.ALARM: (perhaps >= p.perclos_alarm) | surely_slept,
            },
            tail_s=self._history_s,
        )

    def _yawning(self, period_s: float, yawns: Mask) -> list[Due]:
        p = self._policy
        spells = list(stretches(yawns, self.times_s))
        surely, perhaps = (
            [to_s for from_s, to_s in spells if to_s - from_s >= least_s]
            for least_s in (surely_s(State.YAWNING, p.yawn_s, period_s), hardly_s(p.yawn_s, period_s))
        )
        count, window_s = int(p.yawns_caution), p.yawn_window_s
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
            during = self._during((from_s, to_s))
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
        during = self._during((due.from_s, due.to_s))
        for level, mask in by_rule.items():
            if (mask & during).any():
                yield level, float(self.times_s[np.argmax(mask & during)]) - due.from_s


def true_sample(scene: Scene, sees_gaze: bool = True) -> tuple[Sight, Signals | None]:
    """What sight and signals would be, were they perfect."""
    sight = Sight.FROZEN if scene.frozen else Sight.FLAT if scene.lens_covered >= 0.5 else Sight.CLEAR
    has_face = sight is Sight.CLEAR and scene.present >= 0.5
    return sight, true_signals(scene, sees_gaze) if has_face else None


def true_signals(scene: Scene, sees_gaze: bool = True) -> Signals:
    """A scene's pose, eyes and mouth as signals."""
    signals = Signals(
        yaw_deg=scene.yaw_deg,
        pitch_deg=scene.pitch_deg,
        roll_deg=scene.roll_deg,
        mar=WIDE_MAR * scene.jaw_open,
        hand_at_ear=scene.phone_at_ear >= 0.5,
        confidence=1.0,
        face_width=0.3,
    )
    if has_unseen_eyes(scene):
        return replace(signals, eyes_hidden=True)
    signals = _with_lids(signals, scene.lids)
    return _with_gaze(signals, scene) if sees_gaze else signals


def _with_lids(signals: Signals, lids: float) -> Signals:
    """The signals of eyes that the lids cover this far, 0..1."""
    return replace(signals, eye_blink=SHUT_BLINK * lids, eyes_hidden=False)


def _with_gaze(signals: Signals, scene: Scene) -> Signals:
    """The signals of eyes that look this way."""
    return replace(signals, gaze_yaw_deg=scene.gaze_yaw_deg)
