"""How this driver's lids, brows, mouth and face usually are: from where on lids are shut, and a mouth yawns."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from app.attention.learning import median, percentile
from app.vision.measurements import Signals

SAMPLES, SAMPLES_MIN = 120, 10  # one a second: two minutes, and enough to know what is usual
# Who talks or sings opens the mouth again and again: a yawn is this much wider (MAR) than the mouth mostly is
MOSTLY, TALKING_GUESS_MAR, YAWN_WIDER_MAR = 0.8, 0.33, 0.14
YAWN_STAYS = 0.85  # a mouth stays wide down to this share of the limit
# A smile narrows eyes that are awake; this share of its score is taken off the blink score. Of the 20 open pairs of
# real eyes with the highest scores 16 belong to people who smile. With this taken off, 35 shut pairs score 0.28 and
# more (but for one doubtful label) and 299 open ones 0.26 and less; by the plain mean of both eyes they overlap (0.33,
# 0.36)
SMILE_BLINK = 0.15
# From so high a score on anybody's lids are shut; a face that squints or looks at its hands has lids half down and is
# awake
SHUT_BLINK = 0.43
# Behind glasses shut lids score less, but still more than the driver's own open ones: of 1,720 shut looks of rendered
# drivers 1,680 are this far above the usual score, of 7,800 open ones 20. Of the
# real people in 22 clips, all awake, none scores so for a second, except with lids down or with a frown
SHUT_BLINK_RISE, SHUT_BLINK_LEAST = 0.12, 0.22
# Mirroring lenses make the scores of open eyes jump. The spread is how far the usual score lies above the tenth of
# looks with the widest eyes: 0.02 without glasses, 0.03 behind clear ones, 0.05 behind mirrors. Shut lids score this
# many spreads above usual
SHUT_SPREADS, WIDEST_SHARE = 3.5, 0.1
STAYS_SHUT = 0.06  # lids stay shut down to so much less: scores of shut lids scatter, behind glasses most
LOWERED_BLINK = 0.27  # from here on both lids are down, shut or nearly so
# The driver's own limit holds only for a face at rest, because a frown (as against the sun), a smile, a laugh and a
# head turned aside or up narrow open eyes too. A face at rest exceeds its usual scores by no more than this; a laugh,
# which rendered drivers show by 0.06 of a smile and 0.1 of MAR, is both at once
AT_REST_FROWN, AT_REST_SMILE, LAUGH_SMILE, LAUGH_MAR = 0.35, 0.3, 0.045, 0.05
AT_REST_YAW_DEG, AT_REST_UP_DEG = 20.0, 35.0
# A mesh that takes a head turned far or thrown back for one that faces the road makes the face narrower than this share
# of its usual width, and is less sure of it. Of 120,000 looks at rendered drivers who face the road none is so narrow.
# Of 3,113 looks at real people in 22 clips 138 are, as they lean back, but all of these are surer
MISFIT_WIDTH, MISFIT_PRESENCE = 0.9, 1 - 1e-6


class Usual(NamedTuple):
    """A driver who is known. spread: how far the widest open eyes score below the usual ones."""

    blink: float
    spread: float
    smile: float
    frown: float
    mar: float


class UsualFace:
    """Learns how wide eyes and mouth are, and how much the driver smiles and frowns."""

    def __init__(self) -> None:
        self._mouths: deque[float] = deque(maxlen=SAMPLES)
        self._blinks: deque[float] = deque(maxlen=SAMPLES)
        self._smiles: deque[float] = deque(maxlen=SAMPLES)
        self._frowns: deque[float] = deque(maxlen=SAMPLES)
        self._widths: deque[float] = deque(maxlen=SAMPLES)
        self._usual: Usual | None = None  # from SAMPLES_MIN looks on
        self._mostly_mar = TALKING_GUESS_MAR
        self._usual_width = 0.0  # until it is known

    def learn(self, signals: Signals) -> None:
        """Take one look at the driver's face."""
        self._mouths.append(signals.mar or 0.0)
        self._widths.append(signals.face_width)
        if signals.eye_blink is not None:
            self._blinks.append(signals.eye_blink)
            self._smiles.append(signals.smile or 0.0)
            self._frowns.append(signals.brow_down or 0.0)
        if len(self._mouths) >= SAMPLES_MIN:
            self._mostly_mar = percentile(self._mouths, MOSTLY)
            self._usual_width = median(self._widths)
        if len(self._blinks) >= SAMPLES_MIN:
            blink = median(self._blinks)
            spread = blink - percentile(self._blinks, WIDEST_SHARE)
            self._usual = Usual(blink, spread, median(self._smiles), median(self._frowns), median(self._mouths))

    def is_misfitted(self, signals: Signals) -> bool:
        """Whether the mesh makes the face so narrow that it is turned otherwise, and is not sure of it."""
        return signals.presence < MISFIT_PRESENCE and signals.face_width < MISFIT_WIDTH * self._usual_width

    def blink(self, signals: Signals) -> float | None:
        """How far both lids are shut, what this driver's smile narrows them by taken off; None where unknown."""
        if signals.eye_blink is None or signals.eyes_hidden:
            return None
        usual_smile = self._usual.smile if self._usual else 0.0
        return signals.eye_blink - SMILE_BLINK * max(0.0, (signals.smile or 0.0) - usual_smile)

    @property
    def shut_blink(self) -> float:
        """The score from which on lids are shut, of a face at rest."""
        if self._usual is None:
            return SHUT_BLINK
        rise = max(SHUT_BLINK_RISE, SHUT_SPREADS * self._usual.spread)
        return min(SHUT_BLINK, max(SHUT_BLINK_LEAST, self._usual.blink + rise))

    def shut_by(self, signals: Signals, turned_deg: tuple[float, float] | None) -> float:
        """By how much the blink score is above that of shut lids; below 0 they are not shut, where they can be seen.

        The limit is anybody's, or lower where this driver's usual score is known and the face is at rest. turned_deg:
        yaw and pitch of the head relative to neutral.
        """
        blink, usual = self.blink(signals) or 0.0, self._usual
        if usual is None or turned_deg is None or not _is_at_rest(signals, usual, *turned_deg):
            return blink - SHUT_BLINK
        return blink - self.shut_blink

    def yawn_mar(self, least: float, yawns: bool) -> float:
        """MAR beyond which this driver yawns, `least` or more; yawns: already does."""
        return max(least, self._mostly_mar + YAWN_WIDER_MAR) * (YAWN_STAYS if yawns else 1.0)


def _is_at_rest(signals: Signals, usual: Usual, yaw_deg: float, pitch_deg: float) -> bool:
    """The head faces the road, has sunk or leans back, and the face is as it usually is, no hand beside it."""
    faces_road = abs(yaw_deg) <= AT_REST_YAW_DEG and pitch_deg <= AT_REST_UP_DEG and not signals.hand_at_ear
    frown = (signals.brow_down or 0.0) - usual.frown
    opened = (signals.mar or 0.0) - usual.mar
    smile = (signals.smile or 0.0) - usual.smile
    laughs = opened > LAUGH_MAR and smile > LAUGH_SMILE
    return faces_road and frown <= AT_REST_FROWN and smile <= AT_REST_SMILE and not laughs
