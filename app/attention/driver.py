"""Who drives: where this driver looks when looking at the road, how eyes and mouth usually are, where the face is.

A camera on the dashboard or the A-pillar never sees the driver from the front, and no two drivers sit alike, so all
that attention judges is relative to what is learnt here, by one learner each. Pure: the time is an argument.
"""

from __future__ import annotations

import math

from app.attention.asked_direction import AskedDirection
from app.attention.neutral_pose import NeutralPose
from app.attention.policy import Policy
from app.attention.sample import PoseError
from app.attention.usual_face import LOWERED_BLINK, STAYS_SHUT, UsualFace
from app.attention.usual_gaze import UsualGaze
from app.attention.whose_face import WhoseFace
from app.events import Learning, Limits, Neutral, WaitsFor
from app.vision.measurements import Signals

# A mesh that fits worse may show a head that is turned far as one that faces the road, and shut eyes of a head thrown
# back as open ones. Of 797 looks at real faces only those at 7 heads turned by 41 degrees and more are below
FITS_CONFIDENCE = 0.9
SURE_CONFIDENCE = 0.6  # a pose is learnt from only if it is at least this sure
STEADY_DEG_PER_S = 6.0  # natural sway is below, a head that turns is above
USUAL_EVERY_S = 1.0  # how often a look at the face is learnt from, whatever the rate


class Driver:
    """What is known of the person at the wheel."""

    def __init__(self, policy: Policy, road: Neutral) -> None:
        """road: where it appears from the camera, until that is learnt."""
        self._policy, self._road = policy, road
        self.forget()

    def forget(self) -> None:
        """Start over: for a new driver, or on request."""
        self._pose = NeutralPose(self._policy, self._road)
        self._gaze = UsualGaze()
        self._whose = WhoseFace()
        self._asked = AskedDirection()
        self._last: tuple[float, Signals] | None = None
        self.forget_features()

    def forget_features(self) -> None:
        """Learn again how wide the mouth opens, and the eyes."""
        self._face = UsualFace()
        self._gaze.forget_spread()
        self._usual_learnt_s = -math.inf

    @property
    def neutral(self) -> Neutral:
        """Where the driver looks when looking at the road."""
        return self._pose.neutral

    @property
    def limits(self) -> Limits:
        """Beyond what the driver's signals count now: head and PERCLOS by the policy, the eyes as they are usually."""
        p, margin_deg = self._policy, self._pose.margin_deg
        return Limits(
            p.yaw_limit_deg + margin_deg,
            p.pitch_up_limit_deg + margin_deg,
            p.pitch_down_limit_deg + margin_deg,
            self.shut_blink,
            p.perclos_caution,
            p.perclos_warning,
            p.perclos_alarm,
        )

    def learning(self, waits_for: WaitsFor) -> Learning:
        """How far the road's direction is learnt, with what that waits for."""
        waits_for = WaitsFor.NOTHING if self.neutral.learnt else waits_for
        asked = self._asked
        return Learning(self._pose.progress, waits_for, *self._pose.beyond_deg, asked.answer, asked.answered_s)

    def ask_direction(self) -> None:
        """Take where the driver looks as the road's direction, as soon as the head is held still there."""
        self._asked.ask()

    def answer_asked(self, time_s: float, signals: Signals | None) -> None:
        """Take one look, if somebody asked for its direction; None: no face, or closed eyes."""
        is_sure = signals is not None and signals.confidence >= SURE_CONFIDENCE
        direction = self._asked.update(time_s, signals if is_sure else None, self._pose.is_in_range)
        if direction is None or signals is None:
            return
        self._pose.set(direction.yaw_deg, direction.pitch_deg)
        self._whose.learn(signals)
        if direction.gaze_yaw_deg is not None:
            self._gaze.set(direction.gaze_yaw_deg)

    def accept(self, signals: Signals | None) -> Signals | None:
        """The driver's signals; None of a passenger's face."""
        return signals if signals is not None and self._whose.is_drivers(signals) else None

    def error(self, signals: Signals) -> PoseError | None:
        """The pose relative to neutral; None when there is no pose."""
        turned_deg = self._pose.turned_deg(signals)
        if turned_deg is None:
            return None
        return PoseError(*turned_deg, self._pose.margin_deg, self._gaze_error_deg(signals))

    def _gaze_error_deg(self, signals: Signals) -> float | None:
        """How far the eyes are turned from where they usually are; None behind lids that may be down, or misfitted."""
        is_open = self.blink(signals) is not None and self._shut_by(signals) < -STAYS_SHUT
        if signals.gaze_yaw_deg is None or not is_open or not self.fits(signals):
            return None
        return self._gaze.error_deg(signals.gaze_yaw_deg, self._pose.learnt_s)

    def fits(self, signals: Signals) -> bool:
        """Whether what the mesh shows of this driver's face can be believed."""
        return signals.confidence >= FITS_CONFIDENCE and not self._face.is_misfitted(signals)

    def blink(self, signals: Signals) -> float | None:
        """How far both lids are shut, 0..1, what this driver's smile narrows them by taken off; None where unknown."""
        return self._face.blink(signals)

    def are_lowered(self, signals: Signals) -> bool | None:
        """Whether both lids are down, by this look alone: shut or nearly so; None where that cannot be seen."""
        blink = self.blink(signals)
        return None if blink is None else blink >= LOWERED_BLINK

    def are_shut(self, signals: Signals, were_shut: bool = False) -> bool | None:
        """Whether both lids are shut; None where that cannot be seen."""
        if self.blink(signals) is None:
            return None
        return self._shut_by(signals) >= (-STAYS_SHUT if were_shut else 0.0)

    def _shut_by(self, signals: Signals) -> float:
        return self._face.shut_by(signals, self._pose.turned_deg(signals))

    @property
    def shut_blink(self) -> float:
        """The blink score from which on this driver's lids are shut, with the face at rest."""
        return self._face.shut_blink

    def yawn_mar(self, yawns: bool = False) -> float:
        """MAR beyond which this driver yawns."""
        return self._face.yawn_mar(self._policy.yawn_mar, yawns)

    def learn(self, time_s: float, signals: Signals, eyes_closed: bool | None) -> WaitsFor:
        """Take one sample of a face that is the driver's; what learning the road's direction waits for."""
        before, self._last = self._last, (time_s, signals)
        if time_s - self._usual_learnt_s >= USUAL_EVERY_S:
            self._usual_learnt_s = time_s
            self._learn_usual(signals)
        if signals.yaw_deg is None:
            return WaitsFor.FACE
        if before is None:
            return WaitsFor.NOTHING
        if eyes_closed or not self._is_steady(before, time_s, signals):
            return WaitsFor.STEADY_HEAD
        self._whose.learn(signals)
        seconds = time_s - before[0]
        if signals.gaze_yaw_deg is not None:
            is_learnt = self.neutral.learnt
            self._gaze.learn(seconds, signals.gaze_yaw_deg, self._policy.neutral_memory_s, is_learnt)
        self._pose.learn(seconds, signals)
        return WaitsFor.NOTHING

    def _learn_usual(self, signals: Signals) -> None:
        """How this driver's face usually is, and how the irises are read while the head faces the road."""
        self._face.learn(signals)
        turned_deg = self._pose.turned_deg(signals)
        if signals.gaze_yaw_deg is not None and turned_deg is not None and self._pose.is_road(turned_deg):
            self._gaze.saw_ahead(signals.gaze_yaw_deg)

    def _is_steady(self, before: tuple[float, Signals], time_s: float, signals: Signals) -> bool:
        """Sure, slow enough, and not a glance away from what is already known to be the road."""
        earlier_s, earlier = before
        now, last = self._pose.turned_deg(signals), self._pose.turned_deg(earlier)
        if now is None or last is None or min(signals.confidence, earlier.confidence) < SURE_CONFIDENCE:
            return False
        moved_deg = max(abs(now[0] - last[0]), abs(now[1] - last[1]))
        is_slow = moved_deg <= STEADY_DEG_PER_S * max(time_s - earlier_s, 0.5)
        return is_slow and (not self.neutral.learnt or self._pose.is_road(now))
