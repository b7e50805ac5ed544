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
# The EAR of open eyes is 0.25 to 0.35 (Soukupová and Čech 2016), `make fake-driver-limits` prints their contrast
OPEN_GUESS = 0.25
OPEN_PERCENTILE = 0.8  # most of the time the eyes are open
OPEN_SAMPLES, OPEN_SAMPLES_MIN, OPEN_SAMPLE_EVERY_S = 120, 10, 1.0
# Who talks or sings opens the mouth again and again: a yawn is so much wider (MAR) than it mostly is, or might be
MOSTLY, TALKING_GUESS, YAWN_WIDER = 0.8, 0.33, 0.14
YAWN_STAYS = 0.85  # a mouth stays wide down to this share of the limit
# Shut eyes read as 0.1 to 0.25 of open ones, behind glasses that mirror as up to 0.5 (`make evaluate`, seeds 400-402)
SHUT_OF_OPEN = 0.3
# A smaller face beside the driver's place is somebody else, and so is one of any size that is farther aside; a much
# smaller one that is hardly aside is somebody else, or a profile that the mesh misfits: (widths, size)
PASSENGERS = ((0.25, 0.65), (0.8, 0.8), (1.1, 0.9), (1.6, 1.15))
# Where the detector sees the eyes so much nearer each other than usual, the head is turned by more than 25 degrees,
# whatever the mesh reads. `make fake-driver-limits` prints it of all 14 heads turned beyond the mesh's angles that it
# read as facing the road, and of 2 of 75 that look about ahead
NARROWED = 0.89
NARROWED_STAYS = 0.93  # and so until they are seen this far apart again
NARROW_WEIGHT = 0.1  # of each new look in what is usual
EYES_NARROW = 0.15  # so much nearer to open than closed ones, of the way
EYES_WIDE = 0.6  # of the way from shut to open: 12 of 5,480 looks at shut eyes were read so (seeds 400-402)
# Eyes are judged while the face is turned no further than this from the road: up to here the reading's correction holds
# (app/face.py); beyond, a head turned up shows the plain mesh half closed eyes, one turned down wide ones
EYES_YAW_DEG, EYES_UP_DEG, EYES_DOWN_DEG = 22.0, 11.0, 15.5


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


def _percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))]


class Driver:
    """What is known of the person at the wheel."""

    def __init__(self, settings: Analysis) -> None:
        self._settings = settings
        self.forget()

    def forget(self) -> None:
        """A new driver, or a wish to learn anew."""
        self._learning: deque[tuple[float, float]] = deque(maxlen=LEARNING_SAMPLES_MAX)
        self._learnt_s = 0.0
        self._last: tuple[float, Signals] | None = None
        self.forget_features()
        self._face: tuple[float, float] | None = None
        self._eyes_apart: float | None = None
        self._narrowed = False
        self.neutral = Neutral(self._settings.neutral_yaw, self._settings.neutral_pitch, learnt=False)

    def forget_features(self) -> None:
        """Learn anew how wide eyes and mouth open."""
        self._openings: deque[float] = deque(maxlen=OPEN_SAMPLES)
        self._mouths: deque[float] = deque(maxlen=OPEN_SAMPLES)
        self._last_opening_s = float("-inf")

    def own(self, signals: Signals | None) -> Signals | None:
        """What is to be believed of a face: None of a passenger's, no pose and no eyes of one that the mesh misfits."""
        if signals is None or self._is_somebody_else(signals):
            return None
        if signals.yaw_deg is None or not self._is_narrowed(signals):
            return signals
        return Signals(face_x=signals.face_x, face_width=signals.face_width)

    def _is_somebody_else(self, signals: Signals) -> bool:
        """A face beside where the driver sits: a passenger."""
        if self._face is None:
            return False
        x, width = self._face
        aside = abs(signals.face_x - x)
        return any(aside > shift * width and signals.face_width < size * width for shift, size in PASSENGERS)

    def _is_narrowed(self, signals: Signals) -> bool:
        """The mesh sees the road looked at, the detector a head that is turned; the same if asked twice of a look."""
        error, apart, usual, s = self.error(signals), signals.eyes_apart, self._eyes_apart, self._settings
        if error is None or apart is None or usual is None or not self.neutral.learnt:
            return False  # what is usual is of the pose that was first taken for the road
        is_road = abs(error.yaw_deg) <= s.yaw_limit_deg and error.pitch_deg >= -s.pitch_down_limit_deg
        self._narrowed = is_road and apart < (NARROWED_STAYS if self._narrowed else NARROWED) * usual
        return self._narrowed

    def error(self, signals: Signals) -> PoseError | None:
        """The pose relative to neutral; None when there is no pose."""
        if signals.yaw_deg is None or signals.pitch_deg is None:
            return None
        margin_deg = 0.0 if self.neutral.learnt else UNLEARNT_MARGIN_DEG
        return PoseError(signals.yaw_deg - self.neutral.yaw_deg, signals.pitch_deg - self.neutral.pitch_deg, margin_deg)

    @property
    def closed_eyes(self) -> float:
        """Opening at and below which this driver's eyes count as closed."""
        return self._opening_at(self._settings.eye_closed_ratio)

    @property
    def narrow_eyes(self) -> float:
        """Opening at and below which they do in two looks in a row."""
        return self._opening_at(self._settings.eye_closed_ratio + EYES_NARROW)

    def eyes_are_wide(self, signals: Signals | None) -> bool:
        """As good as open: one such look is no misread lid."""
        opening = signals.eye_opening if signals else None
        return opening is not None and opening >= self._opening_at(EYES_WIDE)

    def _opening_at(self, share: float) -> float:
        """Opening at this share of the way from shut to open.

        Shut is as of most people, or lower, half way to the narrowest look of late: lids that shut so far need not
        always do so.
        """
        open_eyes = self.open_eyes
        most = SHUT_OF_OPEN * open_eyes
        shut = (min((most, *self._openings)) + most) / 2
        return shut + share * (open_eyes - shut)

    @property
    def open_eyes(self) -> float:
        """This driver's opening with open eyes; until it is known no wider than any look has shown them."""
        if len(self._openings) < OPEN_SAMPLES_MIN:
            return min(OPEN_GUESS, max(self._openings, default=OPEN_GUESS))
        return _percentile(self._openings, OPEN_PERCENTILE)

    def yawn_mar(self, yawns: bool = False) -> float:
        """MAR beyond which this driver yawns."""
        is_known = len(self._mouths) >= OPEN_SAMPLES_MIN
        mostly = _percentile(self._mouths, MOSTLY) if is_known else TALKING_GUESS
        return max(self._settings.yawn_mar, mostly + YAWN_WIDER) * (YAWN_STAYS if yawns else 1.0)

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
        due, opening = time_s - self._last_opening_s >= OPEN_SAMPLE_EVERY_S, signals.eye_opening
        if due and opening is not None and self.eyes_can_be_judged(self.error(signals)):
            self._openings.append(opening)
            self._last_opening_s = time_s
            self._mouths.append(signals.mar or 0.0)
        if eyes_closed or before is None or not self._is_steady(before, time_s, signals):
            return
        self._face = (signals.face_x, signals.face_width)
        if signals.eyes_apart is not None:
            usual = self._eyes_apart or signals.eyes_apart
            self._eyes_apart = usual + NARROW_WEIGHT * (signals.eyes_apart - usual)
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
