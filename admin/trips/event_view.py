"""What was measured around an event -> strips, and the frames of its replay, an abstract head each. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, radians, sin, sqrt

from admin.home import strips
from admin.words import STRAIGHT, angle
from app.events import WORDS, Level, Limits, Neutral, State
from app.telemetry.course import Sample
from app.telemetry.event_signals import EventSignals

ROAD_AHEAD = Neutral(0.0, 0.0, learnt=False)
FACE_RADIUS = 50.0  # of the drawn head: so far its features move when it turns by 90 degrees
PUPIL_RADIUS = 9.0
ANGLE_MAX_DEG = 80.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One look, as the head is drawn and as the table tells it.

    x, y: where the features are, off the middle, as in a mirror: right is the driver's right. pupil: off the eye's
    middle. eyes: 1 open, 0 shut. A figure is None where nothing was measured; then no head is drawn.
    """

    at_s: float
    x: float | None
    y: float | None
    pupil: float | None
    eyes: float | None
    sideways: str
    height: str
    lids: str
    perclos: str
    words: str
    level: Level

    @property
    def turn(self) -> str:
        """How the features are moved, as an SVG's transform; a face turned aside is narrower. As in replay.js."""
        x = self.x or 0.0
        return f"translate({x} {self.y or 0.0}) scale({sqrt(1 - (x / FACE_RADIUS) ** 2):.2f} 1)"

    @property
    def measured(self) -> str:
        """What was measured, in words."""
        turned = ", ".join(words for words in (self.sideways, self.height) if words not in ("", STRAIGHT))
        head = f"head {turned or STRAIGHT}" if self.sideways else ""
        return "; ".join(filter(None, (head, self.lids and f"eyes {self.lids}"))) or "nothing was measured"

    @property
    def at(self) -> str:
        """When, relative to the event's beginning."""
        return f"{self.at_s:+.0f} s".replace("-", "\N{MINUS SIGN}").replace("+0 s", "0 s")


def frames(signals: EventSignals, onset_s: float) -> tuple[Frame, ...]:
    """A frame for each sample, oldest first."""
    road, limits = signals.road or ROAD_AHEAD, signals.limits or Limits()
    return tuple(_frame(sample, onset_s, road, limits) for sample in signals.samples)


def _frame(sample: Sample, onset_s: float, road: Neutral, limits: Limits) -> Frame:
    yaw_deg, pitch_deg, blink = sample.yaw_deg, sample.pitch_deg, sample.eye_blink
    sideways = None if yaw_deg is None else yaw_deg - road.yaw_deg
    height = None if pitch_deg is None else pitch_deg - road.pitch_deg
    is_shut = blink is not None and limits.eye_blink is not None and blink >= limits.eye_blink
    level = Level.NONE if sample.state is State.ATTENTIVE else sample.level  # which falls a step every two seconds
    said = f", {level.name.lower()}" if level > Level.NONE else ""
    return Frame(
        at_s=sample.time_s - onset_s,
        x=_shift(sideways, FACE_RADIUS),
        y=_shift(None if height is None else -height, FACE_RADIUS),
        pupil=_shift(sample.gaze_yaw_deg, PUPIL_RADIUS),
        eyes=None if blink is None else round(1 - min(1.0, max(0.0, blink)), 2),
        sideways=angle(sideways, "right", "left"),
        height=angle(height, "up", "down"),
        lids="" if blink is None else f"{'closed' if is_shut else 'open'}, {100 * (1 - blink):.0f} %",
        perclos="" if sample.perclos is None else f"{100 * sample.perclos:.1f} %",
        words=f"{WORDS[sample.state]}{said}",
        level=level,
    )


def _shift(angle_deg: float | None, radius: float) -> float | None:
    if angle_deg is None:
        return None
    return round(radius * sin(radians(max(-ANGLE_MAX_DEG, min(ANGLE_MAX_DEG, angle_deg)))), 1)


@dataclass(frozen=True, slots=True)
class Around:
    """The strips of so many seconds before an event and after its beginning."""

    around_s: int
    drawn: strips.Strips


def strips_of(signals: EventSignals, onset_s: float) -> Around | None:
    """The strips, with the event's beginning in their middle; None without samples."""
    if not signals.samples:
        return None
    around_s = ceil(max(onset_s - signals.samples[0].time_s, signals.samples[-1].time_s - onset_s, 1.0))
    labels = (f"{around_s} s before", "it began", f"{around_s} s after")
    window = strips.Window(onset_s - around_s, onset_s + around_s, labels)
    drawn = strips.strips(signals.samples, window, signals.limits or strips.NO_LIMITS, signals.road)
    return Around(around_s, drawn)
