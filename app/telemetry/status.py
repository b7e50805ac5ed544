"""status.json: what the detector says of itself about once a second, for the page, snapd and the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from app.events import ClockQuality, Event, Learning, Level, Limits, Motion, Neutral, Sight, State
from app.part_status import Availability, CameraHealth, MemorySaving, Usage
from app.telemetry.codec import parsed, plain
from app.telemetry.run_folder import boot_id, replace_file
from config.own_files import read_file

STATUS_MAX_BYTES = 512 * 1024  # one usually has 3 KiB; the bounds of codec.py allow 320
AHEAD_MAX_S = 1.0  # all processes of a boot share one clock: what is further ahead was not written by a detector
SILENT_S = 5.0  # the detector writes once a second; after so long it is no longer merely slow


@dataclass(frozen=True, slots=True)
class Signals:
    """What the newest frame shows of the driver; None where it could not be measured. perclos is a share, 0 to 1."""

    has_face: bool = False
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    ear: float | None = None
    mar: float | None = None
    gaze_yaw_deg: float | None = None
    perclos: float | None = None
    eye_blink: float | None = None
    eyes_closed: bool | None = None
    eyes_hidden: bool | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Where a face is, as shares of the picture's width and height; x and y are those of its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Aim:
    """What aiming the camera needs to know. rotate_to: what camera.rotate must be, None while the picture is upright.

    width_px, height_px: of the picture as it is judged. face: of whoever is seen, the driver or not; face_px is its
    width, distance_cm from the lens.
    """

    sight: Sight = Sight.CLEAR
    rotate_to: int | None = None
    width_px: int = 0
    height_px: int = 0
    face: Box | None = None
    face_px: float = 0.0
    distance_cm: float | None = None
    learning: Learning = field(default_factory=Learning)


@dataclass(frozen=True, slots=True)
class RoadRange:
    """Where the road's direction may be learnt: the settings' direction, and so far to each side of it."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    yaw_range_deg: float = 0.0
    pitch_range_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Alerts(Availability):
    """Whether the alerts reach the driver, and whether page or button has muted them, until a monotonic time."""

    muted: bool = False
    muted_until_s: float | None = None


@dataclass(frozen=True)
class Memory(MemorySaving, Usage):
    """What the detector uses and saves, and the budget of the settings."""

    budget_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Vehicle:
    """How the vehicle moves, and by what that is known; source is "" where no device answers."""

    motion: Motion = Motion.UNKNOWN
    speed_kmh: float | None = None
    ignition: bool | None = None
    source: str = ""
    message: str = ""
    remedy: str = ""

    @property
    def in_words(self) -> str:
        """How the vehicle moves and by what that is known, in one line; "" where nothing is asked."""
        if self.message or self == Vehicle():
            return self.message
        speed = "speed unknown" if self.speed_kmh is None else f"{self.speed_kmh:.0f} km/h"
        ignition = {True: ", ignition on", False: ", ignition off", None: ""}[self.ignition]
        return f"{self.motion.value}, {speed}{ignition}" + (f", by {self.source}" if self.source else "")


@dataclass(frozen=True, slots=True)
class TripSoFar:
    """The trip that lasts. driven_s leaves out the time parked; an event counts once, at the highest level it reached.

    score: 0 to 100, None before the driver was seen. distance_km: None where no speed was known.
    """

    driven_s: float = 0.0
    cautions: int = 0
    warnings: int = 0
    alarms: int = 0
    score: int | None = None
    distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """From capture to verdict: of the newest frame, and the mean."""

    newest_ms: float | None = None
    mean_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is in force, where it came from, and what is wrong with the user's file.

    fixed_keys: settings that the command line gives, so that the file's value counts only without that option. fov_deg:
    the lens's opening angle across the longer side of the picture.
    """

    profile: str = ""
    model: str = ""
    version_token: str = ""
    origin: str = ""
    problems: tuple[str, ...] = ()
    fixed_keys: tuple[str, ...] = ()
    fov_deg: float = 0.0
    road_range: RoadRange = field(default_factory=RoadRange)


@dataclass(frozen=True, slots=True)
class Status:
    """What the detector knows at time_s. Times are monotonic, which all processes of a boot share; wall_s is Unix time.

    clock: who vouches for wall_s. sequence counts looks. problem: one line with its remedy, empty while all is well.
    events: the newest, newest last.
    """

    sequence: int = 0
    boot_id: str = ""
    pid: int = 0
    started_s: float = 0.0
    time_s: float = 0.0
    wall_s: float = 0.0
    version: str = ""
    problem: str = ""
    state: State = State.NO_CAMERA
    level: Level = Level.NONE
    since_s: float = 0.0
    signals: Signals = field(default_factory=Signals)
    aim: Aim = field(default_factory=Aim)
    neutral: Neutral = field(default_factory=lambda: Neutral(0.0, 0.0, False))
    limits: Limits = field(default_factory=Limits)
    camera: CameraHealth = field(default_factory=CameraHealth)
    alerts: Alerts = field(default_factory=Alerts)
    vehicle: Vehicle = field(default_factory=Vehicle)
    trip: TripSoFar | None = None
    clock: ClockQuality = ClockQuality.GUESS
    memory: Memory = field(default_factory=Memory)
    latency: Latency = field(default_factory=Latency)
    configuration: Configuration = field(default_factory=Configuration)
    journal_problem: str = ""
    journal_remedy: str = ""
    events: tuple[Event, ...] = ()

    @property
    def is_rehearsal(self) -> bool:
        """Whether no driver sits there: a rendered one, a video or a folder needs neither buzzer nor LED."""
        source = self.camera.source
        return source not in ("", "auto") and not source.isdecimal() and not source.startswith("/dev/")


def write(path: Path, status: Status) -> bool:
    """Whether the file could be replaced; a reader never sees half of it."""
    return replace_file(path, json.dumps(plain(status), allow_nan=False, separators=(",", ":")).encode())


def read(path: Path) -> Status | None:
    """What the detector wrote last; None where it is missing or makes no sense. Fields that do not fit are left out."""
    try:
        status = parsed(Status, json.loads(read_file(path, STATUS_MAX_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return status if isinstance(status, Status) else None


def age_s(status: Status, now_s: float) -> float:
    """Seconds since it was written; infinite for one that an earlier boot left behind, or of the future."""
    is_of_this_boot = status.boot_id == boot_id() and status.time_s <= now_s + AHEAD_MAX_S
    return now_s - status.time_s if is_of_this_boot else inf


def answering(found: Status | None, now_s: float) -> Status | None:
    """The status of a detector that answers; None of one that is silent or gone."""
    return found if found is not None and age_s(found, now_s) <= SILENT_S else None
