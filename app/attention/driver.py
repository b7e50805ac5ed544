"""Who drives: where this driver looks when looking at the road, how wide mouth and eyes open, where the face is.

A camera on the dashboard or the A-pillar never sees the driver from the front, and no two drivers sit alike, so all
that attention judges is relative to what is learnt here. What is learnt stays within the mounting range of the
settings, so that nobody can teach the program to look into the lap. Pure: the time is an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from app.events import Neutral
from app.vision.measurements import Signals
from config.settings import Analysis

SURE_CONFIDENCE = 0.6  # a pose is learnt from only if it is at least this sure
STEADY_DEG_PER_S = 6.0  # natural sway is below, a head that turns is above
UNLEARNT_MARGIN_DEG = 8.0  # until the neutral pose is learnt, glances must go this much further (openpilot: 5 to 8)
LEARNING_SAMPLES_MAX = 240  # of the first seconds; more at a high rate bring nothing
# Eyes that look at the road are nearly straight in the head: so far aside they may be learnt, and a glance must not
# drag them along
GAZE_NEUTRAL_MAX_DEG, GAZE_LEARN_DEG = 15.0, 12.0
GAZE_LEARNING_S = 4.0  # of a face that is steady; less may be one glance
# Where half of a driver's looks ahead spread over more than this, lenses mirror so much that irises are misread: 9 and
# 10 degrees behind them by night, at most 7 of 40 other rendered drives
GAZE_SPREAD_MAX_DEG, GAZE_SPREAD_SAMPLES_MIN = 7.5, 30
LEARN_WITHIN = 0.6  # of the yaw and pitch limits: a glance must not drag the neutral pose along
# Who talks or sings opens the mouth again and again: a yawn is so much wider (MAR) than it mostly is, or might be
MOSTLY, TALKING_GUESS, YAWN_WIDER = 0.8, 0.33, 0.14
FEATURE_SAMPLES, FEATURE_SAMPLES_MIN, FEATURE_EVERY_S = 120, 10, 1.0
# A smile narrows eyes that are awake by this share of it: of the 20 open pairs of ../shared/real with the highest
# scores 16 belong to people who smile. So of 35 shut pairs there the least, a misplaced label apart, scores 0.28, of
# 299 open ones the most 0.26; by the plain mean of both eyes they overlap (0.33 and 0.36)
SMILE_BLINK = 0.15
# From so high a score on anybody's lids are shut; a face that squints or looks at its hands has lids half down and is
# awake
SHUT_BLINK = 0.43
# Behind glasses shut lids score less, but still more than the driver's own open ones: of 1,720 shut looks of rendered
# drivers 1,680 are this far above the usual score, of 7,800 open ones 20. Of 22 clips of real people who are awake none
# is for a second, but where lids are down or brows frown
SHUT_BLINK_RISE, SHUT_BLINK_LEAST = 0.12, 0.22
# Lenses that mirror make open eyes score up and down: shut lids are so many times as far above the usual score as the
# tenth of looks with the widest eyes is below it (0.02 without glasses, 0.03 behind clear ones, 0.05 behind mirrors)
SHUT_SPREADS, WIDEST_SHARE = 3.5, 0.1
# But only of a face at rest: brows that come down, as against the sun, a smile, a laugh, and a head that is turned
# aside or up narrow eyes too. By so much they may exceed what is usual; a laugh, which rendered drivers show by 0.06 of
# a smile and 0.1 of MAR, is both at once
AT_REST_FROWN, AT_REST_SMILE, LAUGH_SMILE, LAUGH_MAR = 0.35, 0.3, 0.045, 0.05
AT_REST_YAW_DEG, AT_REST_UP_DEG = 20.0, 35.0
# Lids that were shut stay shut down to so much less: scores of shut lids scatter, behind glasses most
STAYS_SHUT = 0.06
YAWN_STAYS = 0.85  # a mouth stays wide down to this share of the limit
# A smaller face beside the driver's place is somebody else, and so is one of any size that is farther aside; a much
# smaller one that is hardly aside is somebody else, or a profile that the mesh misfits: (widths, size)
PASSENGERS = ((0.25, 0.65), (0.8, 0.8), (1.1, 0.9), (1.6, 1.15))


@dataclass(frozen=True, slots=True)
class PoseError:
    """How far the head is turned from neutral: + yaw right, + pitch up; margin_deg widens limits until learnt.

    gaze_yaw_deg: how far the eyes are turned in the head from where they are at neutral; None where that is not known.
    """

    yaw_deg: float
    pitch_deg: float
    margin_deg: float
    gaze_yaw_deg: float | None = None


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
        self._gazes: deque[float] = deque(maxlen=LEARNING_SAMPLES_MAX)
        self._learnt_s = 0.0
        self._last: tuple[float, Signals] | None = None
        self.forget_features()
        self._face: tuple[float, float] | None = None
        self._gaze_yaw_deg = 0.0
        self.neutral = Neutral(self._settings.neutral_yaw, self._settings.neutral_pitch, learnt=False)

    def forget_features(self) -> None:
        """Learn again how wide the mouth opens, and the eyes."""
        self._mouths: deque[float] = deque(maxlen=FEATURE_SAMPLES)
        self._blinks: deque[float] = deque(maxlen=FEATURE_SAMPLES)
        self._smiles: deque[float] = deque(maxlen=FEATURE_SAMPLES)
        self._frowns: deque[float] = deque(maxlen=FEATURE_SAMPLES)
        self._gaze_spread: deque[float] = deque(maxlen=FEATURE_SAMPLES)
        self._last_feature_s = float("-inf")

    def own(self, signals: Signals | None) -> Signals | None:
        """The driver's signals; None of a passenger's face."""
        return None if signals is None or self._is_somebody_else(signals) else signals

    def _is_somebody_else(self, signals: Signals) -> bool:
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
        gaze = self._gaze_error_deg(signals)
        yaw_deg, pitch_deg = signals.yaw_deg - self.neutral.yaw_deg, signals.pitch_deg - self.neutral.pitch_deg
        return PoseError(yaw_deg, pitch_deg, margin_deg, gaze)

    def _gaze_error_deg(self, signals: Signals) -> float | None:
        """How far the eyes are turned from where they are at neutral; None behind lids that may be down."""
        blink = self.blink(signals)
        if signals.gaze_yaw_deg is None or blink is None or self._learnt_s < GAZE_LEARNING_S or self._gaze_is_misread:
            return None
        return signals.gaze_yaw_deg - self._gaze_yaw_deg if self.shut_by(signals) < -STAYS_SHUT else None

    @property
    def _gaze_is_misread(self) -> bool:
        """The irises jump about while the head faces the road."""
        gazes = self._gaze_spread
        if len(gazes) < GAZE_SPREAD_SAMPLES_MIN:
            return False
        return _percentile(gazes, 0.75) - _percentile(gazes, 0.25) > GAZE_SPREAD_MAX_DEG

    def blink(self, signals: Signals) -> float | None:
        """How far both lids are shut, what this driver's smile narrows them by taken off; None where unknown."""
        if signals.eye_blink is None or signals.eyes_hidden:
            return None
        return signals.eye_blink - self._smile_narrows(signals)

    def shut_by(self, signals: Signals) -> float:
        """By how much the blink score is above that of shut lids; below 0 they are not shut, where they can be seen.

        The limit is anybody's, or lower where this driver's usual score is known and the face is at rest.
        """
        blink = self.blink(signals) or 0.0
        if not self._knows_features or not self._is_at_rest(signals):
            return blink - SHUT_BLINK
        usual = _median(self._blinks)
        rise = max(SHUT_BLINK_RISE, SHUT_SPREADS * (usual - _percentile(self._blinks, WIDEST_SHARE)))
        own_limit = max(SHUT_BLINK_LEAST, usual + rise)
        return blink - min(SHUT_BLINK, own_limit)

    def _smile_narrows(self, signals: Signals) -> float:
        """What a smile beyond this driver's usual one adds to a blink score."""
        usual = _median(self._smiles) if self._knows_features else 0.0
        return SMILE_BLINK * max(0.0, (signals.smile or 0.0) - usual)

    def _is_at_rest(self, signals: Signals) -> bool:
        """The head faces the road, has sunk or leans back, and the face is as it usually is, no hand beside it."""
        if signals.yaw_deg is None or signals.pitch_deg is None or signals.hand_at_ear:
            return False
        frown = (signals.brow_down or 0.0) - _median(self._frowns)
        opened = (signals.mar or 0.0) - _median(self._mouths)
        smile = (signals.smile or 0.0) - _median(self._smiles)
        laughs = opened > LAUGH_MAR and smile > LAUGH_SMILE
        return (
            abs(signals.yaw_deg - self.neutral.yaw_deg) <= AT_REST_YAW_DEG
            and signals.pitch_deg - self.neutral.pitch_deg <= AT_REST_UP_DEG
            and frown <= AT_REST_FROWN
            and smile <= AT_REST_SMILE
            and not laughs
        )

    @property
    def _knows_features(self) -> bool:
        return len(self._blinks) >= FEATURE_SAMPLES_MIN

    def yawn_mar(self, yawns: bool = False) -> float:
        """MAR beyond which this driver yawns."""
        is_known = len(self._mouths) >= FEATURE_SAMPLES_MIN
        mostly = _percentile(self._mouths, MOSTLY) if is_known else TALKING_GUESS
        return max(self._settings.yawn_mar, mostly + YAWN_WIDER) * (YAWN_STAYS if yawns else 1.0)

    def learn(self, time_s: float, signals: Signals, eyes_closed: bool | None) -> None:
        """Take one sample of a face that is the driver's."""
        before, self._last = self._last, (time_s, signals)
        if time_s - self._last_feature_s >= FEATURE_EVERY_S:
            self._last_feature_s = time_s
            self._learn_features(signals)
        if eyes_closed or before is None or not self._is_steady(before, time_s, signals):
            return
        self._face = (signals.face_x, signals.face_width)
        seconds = time_s - before[0]
        self._learn_gaze(seconds, signals.gaze_yaw_deg)
        self._learn_pose(seconds, signals)

    def _learn_features(self, signals: Signals) -> None:
        """How this driver's mouth, eyes and brows usually are, and where the irises are while the head is ahead."""
        self._mouths.append(signals.mar or 0.0)
        if signals.eye_blink is not None:
            self._blinks.append(signals.eye_blink)
            self._smiles.append(signals.smile or 0.0)
            self._frowns.append(signals.brow_down or 0.0)
        error = self.error(signals)
        if signals.gaze_yaw_deg is not None and error is not None and self._is_road(error):
            self._gaze_spread.append(signals.gaze_yaw_deg)

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

    def _learn_gaze(self, seconds: float, gaze_yaw_deg: float | None) -> None:
        """Where the eyes are in the head while it faces the road: the same way as the pose."""
        if gaze_yaw_deg is None:
            return
        if not self.neutral.learnt:
            self._gazes.append(gaze_yaw_deg)
            gaze_yaw_deg = _median(self._gazes)
        elif abs(gaze_yaw_deg - self._gaze_yaw_deg) > GAZE_LEARN_DEG:
            return
        else:
            weight = min(1.0, seconds / self._settings.neutral_memory_s)
            gaze_yaw_deg = self._gaze_yaw_deg + weight * (gaze_yaw_deg - self._gaze_yaw_deg)
        self._gaze_yaw_deg = clamp(gaze_yaw_deg, 0.0, GAZE_NEUTRAL_MAX_DEG)

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
