"""What the daemon and the page tell each other through the run folder: status, preview, requests."""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import islice
from math import inf, isfinite
from pathlib import Path
from types import NoneType
from typing import get_args, get_origin, get_type_hints

from app.events import Event, Level, Neutral, State
from config.paths import PREVIEW, PREVIEW_WANTED, REQUESTS, place, private_folder

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STATUS_MAX_BYTES = 512 * 1024  # one usually has 3 KiB; the bounds below allow 320
ITEMS_MAX, TEXT_MAX = 20, 500  # of a list, and of a text in characters
SILENT_S = 5.0  # a detector writes once a second: one that is older is no slow moment any more
WANTED_S = 10.0  # the page asks again every 2 to 5 s
REQUESTS_MAX = 16  # files looked at in one turn


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
class Camera:
    """The fields of app.camera.capture.CameraHealth."""

    state: str = "opening"
    source: str = ""
    message: str = ""
    width: int = 0
    height: int = 0
    measured_fps: float = 0.0
    frames: int = 0
    dropped: int = 0
    bad: int = 0
    last_frame_s: float | None = None


@dataclass(frozen=True, slots=True)
class Alerts:
    """The fields of app.alerts.alert.Availability."""

    buzzer_ok: bool = False
    buzzer_message: str = ""
    led_ok: bool = False
    led_message: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """The fields of app.memory.memory.Usage and app.memory.governor.Thrift (rung 0: nothing is saved), the budget of
    the settings."""

    rss_mb: float = 0.0
    pss_mb: float | None = None
    anonymous_mb: float = 0.0
    file_mb: float = 0.0
    shared_mb: float = 0.0
    peak_mb: float = 0.0
    swap_mb: float = 0.0
    budget_mb: float = 0.0
    rung: int = 0
    rungs: int = 0
    saving: tuple[str, ...] = ()
    saving_reason: str = ""


@dataclass(frozen=True, slots=True)
class Latency:
    """From capture to verdict: of the newest frame, and the mean."""

    newest_ms: float | None = None
    mean_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is in force, where it came from, and what is wrong with the user's file."""

    profile: str = ""
    model: str = ""
    version_token: str = ""
    origin: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """What the daemon knows at time_s. Times are monotonic, which all processes of a boot share; wall_s is Unix time.

    sequence counts looks. health: one line with its remedy, empty while all is well. events: the newest, newest last.
    """

    sequence: int = 0
    boot_id: str = ""
    pid: int = 0
    started_s: float = 0.0
    time_s: float = 0.0
    wall_s: float = 0.0
    version: str = ""
    health: str = ""
    state: State = State.NO_CAMERA
    level: Level = Level.NONE
    since_s: float = 0.0
    signals: Signals = field(default_factory=Signals)
    neutral: Neutral = field(default_factory=lambda: Neutral(0.0, 0.0, False))
    camera: Camera = field(default_factory=Camera)
    alerts: Alerts = field(default_factory=Alerts)
    memory: Memory = field(default_factory=Memory)
    latency: Latency = field(default_factory=Latency)
    configuration: Configuration = field(default_factory=Configuration)
    journal_problem: str = ""
    events: tuple[Event, ...] = ()


class Request(Enum):
    """What the page asks of the daemon; the values are file names."""

    RECALIBRATE = "recalibrate"
    TEST_BUZZER = "test-buzzer"
    MUTE = "mute"
    DELETE_EVENTS = "delete-events"


@cache
def boot_id() -> str:
    """Name this boot of the machine; "" where the kernel does not tell."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def plain(value: object) -> object:
    """What JSON knows: dataclasses become objects, numbers that are none become null; lists and texts are bounded."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, str):
        return value[:TEXT_MAX]
    if isinstance(value, tuple):
        return [plain(item) for item in value[-ITEMS_MAX:]]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    return value


def write(path: Path, status: Status) -> bool:
    """Replace the file at once, never leaving half of it; False where that is impossible."""
    return replace_file(path, json.dumps(plain(status), allow_nan=False, separators=(",", ":")).encode())


def read(path: Path) -> Status | None:
    """What the daemon wrote last, None where it is missing or makes no sense. Unknown and unfit fields are left out."""
    try:
        with path.open("rb") as file:
            status = parsed(Status, json.loads(file.read(STATUS_MAX_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return status if isinstance(status, Status) else None


def age_s(status: Status, now_s: float) -> float:
    """Seconds since it was written; infinite for one that an earlier boot left behind."""
    return now_s - status.time_s if status.boot_id == boot_id() else inf


def is_silent(status: Status, now_s: float) -> bool:
    """Whether the detector that wrote it does not answer, or is gone."""
    return age_s(status, now_s) > SILENT_S


class Preview:
    """The daemon's side of the preview: a picture in the run folder, only while the page keeps asking for it."""

    def __init__(self, folder: Path) -> None:
        self._picture, self._wanted = folder / PREVIEW, folder / PREVIEW_WANTED
        self._mtime_ns = _mtime_ns(self._wanted)  # a question asked before the start is nobody's any more
        self._asked_s = -inf
        self.remove()

    def wanted(self, now_s: float) -> bool:
        """True for 10 s after each question; its file's time is compared with itself alone, as the wall clock jumps."""
        mtime_ns = _mtime_ns(self._wanted)
        if mtime_ns != self._mtime_ns:
            self._mtime_ns, self._asked_s = mtime_ns, now_s
        return mtime_ns is not None and now_s - self._asked_s < WANTED_S

    def write(self, jpeg: bytes) -> bool:
        """Replace the picture; False where that is impossible."""
        return replace_file(self._picture, jpeg)

    def remove(self) -> None:
        """Leave no picture behind; to be called when none is wanted, and at the end."""
        with suppress(OSError):
            self._picture.unlink(missing_ok=True)


def ask_for_preview(folder: Path) -> None:
    """The page's side: ask for pictures for the next 10 s.

    Raises: OSError.
    """
    (private_folder(folder) / PREVIEW_WANTED).touch(mode=0o600)


def ask(folder: Path, request: Request) -> None:
    """The page's side: leave a request in the run folder; asking twice before it is taken asks once.

    Raises: OSError.
    """
    (private_folder(private_folder(folder) / REQUESTS) / request.value).touch(mode=0o600)


def take(folder: Path) -> list[Request]:
    """The daemon's side: remove what was asked for since the last time and return it, in the order of Request.

    Call it once at the start and drop the answer, lest a buzzer sounds for a question of yesterday.
    """
    try:
        with os.scandir(place(folder, REQUESTS)) as found:
            taken = {_take(entry) for entry in islice(found, REQUESTS_MAX)}
    except OSError:
        return []
    return [request for request in Request if request in taken]


def _take(entry: os.DirEntry[str]) -> Request | None:
    """A request whose file cannot be removed is none, as it would come back with every turn."""
    try:
        request = Request(entry.name) if entry.is_file(follow_symlinks=False) else None
    except ValueError:
        request = None
    if request is None:
        log.warning("removed from the requests, as it is none: %r", entry.name[:80])
    try:
        if entry.is_dir(follow_symlinks=False):
            from shutil import rmtree  # 0.5 MB, for what hardly ever happens

            rmtree(entry.path)
        else:
            os.unlink(entry.path)  # noqa: PTH108 - a DirEntry has no unlink
    except OSError:
        return None
    return request


def replace_file(path: Path, content: bytes) -> bool:
    """Replace a file of the run folder at once, without fsync, as that is in memory; False where it is impossible."""
    new = place(path.parent, f".{path.name}.new")
    try:
        private_folder(path.parent)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(content)
        os.replace(new, path)  # noqa: PTH105  Path.replace would make another path
    except OSError as error:
        log.debug("%s not written: %s", path, error)
        return False
    return True


def _mtime_ns(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


_UNFIT = (ValueError, TypeError, KeyError, OverflowError)
_hints = cache(get_type_hints)


def parsed(kind: type, raw: object) -> object:
    """Make a dataclass of the fields of a JSON object that fit.

    Raises: TypeError when it is no object, or a field without a default is missing.
    """
    if not isinstance(raw, dict):
        raise TypeError(f"{kind.__name__} is no object")
    fitting = {}
    for name, hint in _hints(kind).items():
        with suppress(*_UNFIT):
            fitting[name] = _fit(hint, raw[name])
    return kind(**fitting)


def _fit(hint: object, raw: object) -> object:
    """The value as a field of this type takes it; raises one of _UNFIT."""
    options = get_args(hint)
    if get_origin(hint) is tuple:
        return _fit_each(options[0], raw)
    if NoneType in options:
        return None if raw is None else _fit(options[0], raw)
    assert isinstance(hint, type)
    if is_dataclass(hint):
        return parsed(hint, raw)
    if issubclass(hint, Enum):
        return hint(raw)
    if hint is float and type(raw) is int:
        raw = float(raw)
    if type(raw) is not hint or (type(raw) is float and not isfinite(raw)):
        raise ValueError(f"no {hint.__name__}")
    return raw


def _fit_each(hint: object, raw: object) -> tuple[object, ...]:
    if not isinstance(raw, list):
        raise TypeError("no list")
    items = []
    for item in raw:
        with suppress(*_UNFIT):
            items.append(_fit(hint, item))
    return tuple(items)
