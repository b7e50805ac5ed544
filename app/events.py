"""The words of a verdict: states, levels, events, cues. Standard library only: the page reads them too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Level(IntEnum):
    """How urgent a distraction has become."""

    NONE = 0
    CAUTION = 1
    WARNING = 2
    ALARM = 3


class State(str, Enum):
    """What the driver, or the camera, is doing."""

    ATTENTIVE = "attentive"
    LOOKING_AWAY = "looking_away"
    LOOKING_DOWN = "looking_down"
    DISTRACTED = "distracted"  # short glances that add up
    EYES_CLOSED = "eyes_closed"
    EYES_UNSEEN = "eyes_unseen"
    DROWSY = "drowsy"
    YAWNING = "yawning"
    PHONE = "phone"
    NO_FACE = "no_face"
    CAMERA_BLOCKED = "camera_blocked"
    NO_CAMERA = "no_camera"
    SAVING_MEMORY = "saving_memory"  # an event of the memory governor's; never a verdict


BLIND = frozenset({State.NO_CAMERA, State.CAMERA_BLOCKED})  # nothing is known of the driver

# What people read. Plain ASCII, because printing other letters on some terminals would end the detector
WORDS = {
    State.ATTENTIVE: "attentive",
    State.LOOKING_AWAY: "looking away from the road",
    State.LOOKING_DOWN: "looking down",
    State.DISTRACTED: "distracted by many short glances",
    State.EYES_CLOSED: "eyes closed or lowered",
    State.EYES_UNSEEN: "eyes cannot be seen",
    State.DROWSY: "drowsy",
    State.YAWNING: "yawning again and again",
    State.PHONE: "phone at the ear",
    State.NO_FACE: "no face",
    State.CAMERA_BLOCKED: "camera blocked",
    State.NO_CAMERA: "no camera",
    State.SAVING_MEMORY: "saving memory",
}


class Sight(str, Enum):
    """What the camera gives."""

    CLEAR = "clear"
    DARK = "dark"
    FLAT = "flat"
    FROZEN = "frozen"
    NOISE = "noise"
    UPSIDE_DOWN = "upside down"
    ON_ITS_SIDE = "on its side"
    NOTHING = "nothing"  # no frame at all


SIGHT_PROBLEMS = {
    Sight.DARK: "the picture is dark: switch a light on, and take away what covers the lens",
    Sight.FLAT: "the lens shows nothing: clean it, and take away what covers it",
    Sight.FROZEN: "the camera sends the same picture again and again: plug it out and in again",
    Sight.NOISE: "the picture is noise: see that nothing covers the lens, or plug the camera out and in again",
    Sight.NOTHING: "no picture comes: plug the camera out and in again",
}
"""Why the driver cannot be seen, with what helps; how to turn a picture that lies, `Observation` says."""


class Motion(str, Enum):
    """How the vehicle moves, as far as the rules differ; app/vehicle/motion.py says at which speeds."""

    UNKNOWN = "unknown"
    PARKED = "parked"  # at rest for a while, or the ignition is off
    CRAWLING = "crawling"  # below 20 km/h: at a red light, in a queue, reversing
    SLOW = "slow"  # from 20 km/h
    FAST = "fast"  # from 50 km/h
    HIGHWAY = "highway"  # from 65 km/h


class ClockQuality(str, Enum):
    """Who vouches for a wall time."""

    SYNCED = "synced"  # the kernel says that a time server keeps its clock
    GPS = "gps"  # a satellite told it
    GUESS = "guess"  # nobody: a Pi has no clock of its own


class Torso(str, Enum):
    """What is left of the driver below a face that is lost."""

    UPRIGHT = "upright"  # shoulders and chest are where they were
    BOWED = "bowed"  # the shoulders are, and something hides the chest: a bowed head
    GONE = "gone"  # neither is


@dataclass(frozen=True, slots=True)
class Event:
    """One distraction from onset to end; all times monotonic seconds, end_s None while it lasts.

    The true onset lies between onset_earliest_s and onset_latest_s; onset_s is their midpoint. kind and onset_s
    together name one event, also while it rises. disputed: the driver pressed the button to say that it was wrong.
    """

    kind: State
    level: Level
    onset_s: float
    onset_earliest_s: float
    onset_latest_s: float
    end_s: float | None = None
    detail: str = ""
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """A sound is due now: attention decides when, alert.py how it sounds."""

    kind: State
    level: Level


@dataclass(frozen=True, slots=True)
class Neutral:
    """Where this driver looks when looking at the road, relative to the camera; a guess until it is learnt."""

    yaw_deg: float
    pitch_deg: float
    learnt: bool


class WaitsFor(str, Enum):
    """What learning the road's direction waits for."""

    NOTHING = ""
    FACE = "face"  # the driver's, with a pose
    MOTION = "motion"  # who stands may look anywhere
    STEADY_HEAD = "steady head"  # with open eyes


class DirectionAnswer(str, Enum):
    """What became of the request to take where the driver looks as the road's direction."""

    NOT_ASKED = ""
    WAITING = "waiting"
    TAKEN = "taken"
    NO_FACE = "no face"
    UNSTEADY = "unsteady"
    OUT_OF_RANGE = "out of range"


@dataclass(frozen=True, slots=True)
class Learning:
    """How far the road's direction is learnt, 0 to 1, and what that waits for.

    beyond_yaw_deg, beyond_pitch_deg: by how much the driver looks farther aside, up or down than may be learnt, signed;
    0 within the range. answered_s: when the answer was given.
    """

    progress: float = 0.0
    waits_for: WaitsFor = WaitsFor.NOTHING
    beyond_yaw_deg: float = 0.0
    beyond_pitch_deg: float = 0.0
    answer: DirectionAnswer = DirectionAnswer.NOT_ASKED
    answered_s: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond what this driver's signals count now; None where it is not known.

    Angles are relative to neutral, down_deg counts downwards. eye_blink: from so high a score on lids are shut.
    """

    yaw_deg: float | None = None
    up_deg: float | None = None
    down_deg: float | None = None
    eye_blink: float | None = None
    perclos_caution: float | None = None
    perclos_warning: float | None = None
    perclos_alarm: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one sample led to. events: those that began, rose or ended with it; errors are relative to neutral.

    is_urgent: another look soon would tell a blink from sleep.
    """

    time_s: float
    state: State
    level: Level
    since_s: float
    neutral: Neutral
    perclos: float | None = None
    yaw_error_deg: float | None = None
    pitch_error_deg: float | None = None
    eyes_closed: bool | None = None
    is_urgent: bool = False
    learning: Learning = Learning()
    events: tuple[Event, ...] = ()
    cue: Cue | None = None
