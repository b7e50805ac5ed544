"""Who drives: where this driver looks when looking at the road, how wide the eyes open, where the face is.

A camera on the dashboard or the A-pillar never sees the driver from the front, and no two drivers sit alike, so all
that attention judges is relative to what is learnt here. What is learnt stays within the mounting range of the
settings, so that nobody can teach the program to look into the lap. Pure: the time is an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from app.signals import Signals
from app.verdict import Neutral
from config.settings import Analysis

SURE_CONFIDENCE = 0.6  # a pose is learnt from only if it is at least this sure
STEADY_DEG_PER_S = 6.0  # natural sway is below, a head that turns is above
UNLEARNT_MARGIN_DEG = 8.0  # until the neutral pose is learnt, glances must go this much further (openpilot: 5 to 8)
LEARNING_SAMPLES_MAX = 240  # of the first seconds; more at a high rate bring nothing
LEARN_WITHIN = 0.6  # of the yaw and pitch limits: a glance must not drag the neutral pose along
OPEN_EAR_GUESS = 0.28  # Soukupová and Čech 2016: open is 0.25 to 0.35
OPEN_PERCENTILE = 0.8  # most of the time the eyes are open
OPEN_SAMPLES, OPEN_SAMPLES_MIN, OPEN_SAMPLE_EVERY_S = 120, 10, 1.0
# Behind glasses the mesh sees lids shut less than its reading says. From so many looks on, a blink was among them: the
# least EAR shows how it reads these eyes shut, unless it is so near to open that there was none
SHUT_SAMPLES_MIN, SHUT_OF_OPEN_MAX = 20, 0.8
# A smaller face beside the driver's place is somebody else, and so is one of any size that is farther aside; a much
# smaller one that is hardly aside is somebody else, or a profile that the mesh misfits: (widths, size)
PASSENGERS = ((0.25, 0.65), (0.8, 0.8), (1.6, 1.15))
EYES_STAY_CLOSED = 0.15  # so much nearer to open than when they shut, of the way: an eye at the limit must not flicker
EYES_WIDE = 0.6  # of the way from shut to open: by day none of 2,110 looks at shut eyes was read so (`make evaluate`)
# Eyes are judged while the face is turned no further than this from the road: up to here the reading's correction holds
# (app/face.py); beyond, a head turned up shows the plain mesh half closed eyes, one turned down wide ones
EYES_YAW_DEG, EYES_UP_DEG, EYES_DOWN_DEG = 22.0, 9.0, 13.0


@dataclass(frozen=True, slots=True)
class PoseError:
    """How far the head is turned from neutral: + yaw right, + pitch up; margin_deg widens limits until learnt."""

    yaw_deg: float
    pitch_deg: float
    margin_deg: float


def clamp(value: float, centre: float, reach: float) -> float:
    """The value, held within reach of the centre."""
    return max(centre - reach, min(centre + reach, value))


def _median(values: Iterable[float]) -> float:
    """The middle value; without the module statistics, which costs 0.5 MB."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


class Driver:
    """What is known of the person at the wheel."""

    def __init__(self, settings: Analysis, closed_ear_of_open: float) -> None:
        self._settings = settings
        self._closed_of_open = closed_ear_of_open
        self.forget()

    def forget(self) -> None:
        """A new driver, or a wish to learn anew."""
        self._learning: deque[tuple[float, float]] = deque(maxlen=LEARNING_SAMPLES_MAX)
        self._learnt_s = 0.0
        self._last: tuple[float, Signals] | None = None
        self.forget_eyes(self._closed_of_open)
        self._face: tuple[float, float] | None = None
        self.neutral = Neutral(self._settings.neutral_yaw, self._settings.neutral_pitch, learnt=False)

    def forget_eyes(self, closed_ear_of_open: float) -> None:
        """Learn anew how wide the eyes open, of which closed eyes read as this share."""
        self._closed_of_open = closed_ear_of_open
        self._ears: deque[float] = deque(maxlen=OPEN_SAMPLES)
        self._last_ear_s = float("-inf")

    def is_somebody_else(self, signals: Signals) -> bool:
        """A face beside where the driver sits: a passenger."""
        if self._face is None:
            return False
        x, width = self._face
        aside = abs(signals.face_x - x)
        return any(aside > shift * width and signals.face_width < size * width for shift, size in PASSENGERS)

    def error(self, signals: Signals) -> PoseError | None:
        """The pose relative to neutral; None when there is no pose."""
        if signals.yaw_deg is None or signals.pitch_deg is None:
            return None
        margin_deg = 0.0 if self.neutral.learnt else UNLEARNT_MARGIN_DEG
        return PoseError(signals.yaw_deg - self.neutral.yaw_deg, signals.pitch_deg - self.neutral.pitch_deg, margin_deg)

    def closed_ear(self, were_closed: bool = False) -> float:
        """EAR at and below which this driver's eyes count as closed."""
        return self._ear_at(self._settings.eye_closed_ratio + (EYES_STAY_CLOSED if were_closed else 0.0))

    def eyes_are_wide(self, signals: Signals | None) -> bool:
        """As good as open: one such look is no misread lid."""
        return signals is not None and signals.ear is not None and signals.ear >= self._ear_at(EYES_WIDE)

    def _ear_at(self, share: float) -> float:
        """EAR at this share of the way from shut to open."""
        open_ear = self.open_ear
        closed = self._shut_of_open(open_ear) * open_ear
        return closed + share * (open_ear - closed)

    def _shut_of_open(self, open_ear: float) -> float:
        """What is left of this driver's EAR when the eyes are shut: as the mesh reads most people's, or more."""
        if len(self._ears) < SHUT_SAMPLES_MIN:
            return self._closed_of_open
        least = min(self._ears) / open_ear
        return least if self._closed_of_open < least <= SHUT_OF_OPEN_MAX else self._closed_of_open

    @property
    def open_ear(self) -> float:
        """This driver's EAR with open eyes; until it is known no wider than any look has shown them."""
        if len(self._ears) < OPEN_SAMPLES_MIN:
            return min(OPEN_EAR_GUESS, max(self._ears, default=OPEN_EAR_GUESS))
        return sorted(self._ears)[int(OPEN_PERCENTILE * (len(self._ears) - 1))]

    def eyes_can_be_judged(self, error: PoseError | None) -> bool:
        """The head is near the pose in which the eyes' openness was learnt."""
        return (
            error is not None
            and abs(error.yaw_deg) <= EYES_YAW_DEG
            and -EYES_DOWN_DEG <= error.pitch_deg <= EYES_UP_DEG
        )

    def learn(self, time_s: float, signals: Signals, eyes_closed: bool | None) -> None:
        """Take one sample of a face that is the driver's."""
        before, self._last = self._last, (time_s, signals)
        due = time_s - self._last_ear_s >= OPEN_SAMPLE_EVERY_S
        if due and signals.ear is not None and self.eyes_can_be_judged(self.error(signals)):
            self._ears.append(signals.ear)
            self._last_ear_s = time_s
        if eyes_closed or before is None or not self._is_steady(before, time_s, signals):
            return
        self._learn_place(signals)
        self._learn_pose(time_s - before[0], signals)

    def _is_steady(self, before: tuple[float, Signals], time_s: float, signals: Signals) -> bool:
        """Sure, slow enough, and not a glance away from what is already known to be the road."""
        earlier_s, earlier = before
        error, last = self.error(signals), self.error(earlier)
        if error is None or last is None or min(signals.confidence, earlier.confidence) < SURE_CONFIDENCE:
            return False
        seconds = max(time_s - earlier_s, 1e-3)
        moved = max(abs(error.yaw_deg - last.yaw_deg), abs(error.pitch_deg - last.pitch_deg))
        return moved <= STEADY_DEG_PER_S * max(seconds, 0.5) and (not self.neutral.learnt or self._is_road(error))

    def _is_road(self, error: PoseError) -> bool:
        s = self._settings
        return (
            abs(error.yaw_deg) <= LEARN_WITHIN * s.yaw_limit_deg
            and abs(error.pitch_deg) <= LEARN_WITHIN * s.pitch_down_limit_deg
        )

    def _learn_place(self, signals: Signals) -> None:
        self._face = (signals.face_x, signals.face_width)

    def _learn_pose(self, seconds: float, signals: Signals) -> None:
        """The median of the first neutral_learning_s of steady looking, then a running mean over neutral_memory_s."""
        yaw_deg, pitch_deg = float(signals.yaw_deg or 0), float(signals.pitch_deg or 0)
        s = self._settings
        self._learnt_s += min(seconds, s.neutral_learning_s / 4)
        if not self.neutral.learnt:
            self._learning.append((yaw_deg, pitch_deg))
            yaw_deg = _median(yaw for yaw, _ in self._learning)
            pitch_deg = _median(pitch for _, pitch in self._learning)
        else:
            weight = min(1.0, seconds / s.neutral_memory_s)
            yaw_deg = self.neutral.yaw_deg + weight * (yaw_deg - self.neutral.yaw_deg)
            pitch_deg = self.neutral.pitch_deg + weight * (pitch_deg - self.neutral.pitch_deg)
        self.neutral = Neutral(
            clamp(yaw_deg, s.neutral_yaw, s.neutral_yaw_range),
            clamp(pitch_deg, s.neutral_pitch, s.neutral_pitch_range),
            learnt=self._learnt_s >= s.neutral_learning_s,
        )
