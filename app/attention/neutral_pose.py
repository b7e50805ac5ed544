"""Where the head points when this driver looks at the road."""

from __future__ import annotations

from collections import deque

from app.attention.learning import clamp, drifted, median
from app.attention.policy import Policy
from app.events import Neutral
from app.vision.measurements import Signals

UNLEARNT_MARGIN_DEG = 8.0  # until the neutral pose is learnt, glances must go this much further (openpilot: 5 to 8)
LEARNING_SAMPLES_MAX = 240  # of the first seconds; more at a high rate bring nothing
LEARN_WITHIN = 0.6  # of the yaw and pitch limits: a glance must not drag the neutral pose along


class NeutralPose:
    """Learns the pose, within the mounting range, so that nobody can teach the program to look into the lap."""

    def __init__(self, policy: Policy, road: Neutral) -> None:
        """road: where the settings say it is."""
        self._policy, self._road = policy, road
        self._first: deque[tuple[float, float]] = deque(maxlen=LEARNING_SAMPLES_MAX)
        self.learnt_s = 0.0
        self.neutral = road
        self.beyond_deg = 0.0, 0.0
        """By how much the yaw and the pitch that were seen exceed the mounting range, signed."""

    @property
    def margin_deg(self) -> float:
        """How much wider the limits are while the pose is a guess."""
        return 0.0 if self.neutral.learnt else UNLEARNT_MARGIN_DEG

    def turned_deg(self, signals: Signals) -> tuple[float, float] | None:
        """Yaw and pitch relative to neutral; None when there is no pose."""
        if signals.yaw_deg is None or signals.pitch_deg is None:
            return None
        return signals.yaw_deg - self.neutral.yaw_deg, signals.pitch_deg - self.neutral.pitch_deg

    @property
    def progress(self) -> float:
        """How far it is learnt, 0 to 1."""
        return 1.0 if self.neutral.learnt else self.learnt_s / self._policy.neutral_learning_s

    def is_in_range(self, yaw_deg: float, pitch_deg: float) -> bool:
        """Whether the road may be there."""
        return self._clamped(yaw_deg, pitch_deg) == (yaw_deg, pitch_deg)

    def set(self, yaw_deg: float, pitch_deg: float) -> None:
        """Take this as learnt."""
        self.learnt_s = self._policy.neutral_learning_s
        self.neutral = Neutral(*self._clamped(yaw_deg, pitch_deg), learnt=True)
        self.beyond_deg = 0.0, 0.0

    def is_road(self, turned_deg: tuple[float, float]) -> bool:
        """Whether a head turned so far from neutral faces the road for certain."""
        yaw_deg, pitch_deg = turned_deg
        p = self._policy
        return (
            abs(yaw_deg) <= LEARN_WITHIN * p.yaw_limit_deg and abs(pitch_deg) <= LEARN_WITHIN * p.pitch_down_limit_deg
        )

    def learn(self, seconds: float, signals: Signals) -> None:
        """Take a steady pose: the median of the first neutral_learning_s, then a running mean over neutral_memory_s."""
        yaw_deg, pitch_deg = float(signals.yaw_deg or 0), float(signals.pitch_deg or 0)
        p, known = self._policy, self.neutral
        self.learnt_s += min(seconds, p.neutral_learning_s / 4)
        if known.learnt:
            yaw_deg = drifted(known.yaw_deg, yaw_deg, seconds, p.neutral_memory_s)
            pitch_deg = drifted(known.pitch_deg, pitch_deg, seconds, p.neutral_memory_s)
        else:
            self._first.append((yaw_deg, pitch_deg))
            yaw_deg = median(yaw for yaw, _ in self._first)
            pitch_deg = median(pitch for _, pitch in self._first)
        is_learnt = self.learnt_s >= p.neutral_learning_s
        self.neutral = Neutral(*self._clamped(yaw_deg, pitch_deg), learnt=is_learnt)
        beyond_deg = yaw_deg - self.neutral.yaw_deg, pitch_deg - self.neutral.pitch_deg
        if not known.learnt or beyond_deg == (0.0, 0.0):  # a pose that is kept at the edge cannot tell how far beyond
            self.beyond_deg = beyond_deg

    def _clamped(self, yaw_deg: float, pitch_deg: float) -> tuple[float, float]:
        """The nearest yaw and pitch at which the road may be."""
        p, road = self._policy, self._road
        return (
            clamp(yaw_deg, road.yaw_deg, p.neutral_yaw_range_deg),
            clamp(pitch_deg, road.pitch_deg, p.neutral_pitch_range_deg),
        )
