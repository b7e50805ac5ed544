"""Where this driver's eyes are in the head while it faces the road, and whether they can be read at all."""

from __future__ import annotations

from collections import deque

from app.attention.learning import clamp, drifted, median, percentile

# Eyes that look at the road are nearly straight in the head: so far aside they may be learnt, and a glance must not
# drag them along
NEUTRAL_MAX_DEG, LEARN_WITHIN_DEG = 15.0, 12.0
LEARNING_S = 4.0  # of a face that is steady; less may be one glance
LEARNING_SAMPLES_MAX = 240  # as of the pose
# Where half of a driver's looks ahead spread over more than this, lenses mirror so much that irises are misread: 9 and
# 10 degrees behind them by night, at most 7 of 40 other rendered drives
SPREAD_MAX_DEG, SPREAD_SAMPLES, SPREAD_SAMPLES_MIN = 7.5, 120, 30


class UsualGaze:
    """Learns the yaw of the eyes in the head."""

    def __init__(self) -> None:
        self._yaw_deg = 0.0
        self._first: deque[float] = deque(maxlen=LEARNING_SAMPLES_MAX)
        self.forget_spread()

    def forget_spread(self) -> None:
        """Another mesh reads the irises otherwise: learn again whether they can be read."""
        self._ahead: deque[float] = deque(maxlen=SPREAD_SAMPLES)

    def error_deg(self, gaze_yaw_deg: float, learnt_s: float) -> float | None:
        """How far the eyes are turned from where they usually are; None where that is not known."""
        return None if learnt_s < LEARNING_S or self._is_misread else gaze_yaw_deg - self._yaw_deg

    def saw_ahead(self, gaze_yaw_deg: float) -> None:
        """Take a gaze of a head that faces the road, to tell how far they spread."""
        self._ahead.append(gaze_yaw_deg)

    def set(self, gaze_yaw_deg: float) -> None:
        """Take this as learnt."""
        self._yaw_deg = clamp(gaze_yaw_deg, 0.0, NEUTRAL_MAX_DEG)

    def learn(self, seconds: float, gaze_yaw_deg: float, memory_s: float, is_pose_learnt: bool) -> None:
        """Take a gaze of a steady head: the median of the first ones, then a running mean, as of the pose."""
        if not is_pose_learnt:
            self._first.append(gaze_yaw_deg)
            gaze_yaw_deg = median(self._first)
        elif abs(gaze_yaw_deg - self._yaw_deg) > LEARN_WITHIN_DEG:
            return
        else:
            gaze_yaw_deg = drifted(self._yaw_deg, gaze_yaw_deg, seconds, memory_s)
        self._yaw_deg = clamp(gaze_yaw_deg, 0.0, NEUTRAL_MAX_DEG)

    @property
    def _is_misread(self) -> bool:
        """The irises jump about while the head faces the road."""
        if len(self._ahead) < SPREAD_SAMPLES_MIN:
            return False
        return percentile(self._ahead, 0.75) - percentile(self._ahead, 0.25) > SPREAD_MAX_DEG
