"""Every setting of drivewatch, declared once: daemon, page, hook, SETTINGS.md and tests read it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TypeVar

from config.admin import Admin as Admin
from config.analysis import Analysis as Analysis
from config.declaration import PROFILES, Declaration, Value, declared_in, setting

S = TypeVar("S")

SOURCE = r"auto|[0-9]{1,2}|fake:[A-Za-z0-9][A-Za-z0-9_-]{0,63}|(?!fake:|[A-Za-z][A-Za-z0-9+.-]*://).{1,255}"
SOURCE_FORM = "auto, /dev/video0 or its number, a video file, a folder of images, or fake:SCENARIO"
# No path outside these folders, and none of them has `..` in it
CAMERAS = r"auto|[0-9]{1,2}|/dev/video[0-9]{1,3}|/dev/v4l/by-(id|path)/[A-Za-z0-9][A-Za-z0-9._:+@-]{0,200}"
CAMERAS_FORM = "auto, or a camera such as /dev/video0, its number, or its name below /dev/v4l"
CHIPS = r"auto|/dev/gpiochip[0-9]{1,3}"
CHIP = r"auto|/dev/[A-Za-z0-9_./-]{1,200}"
PORTS = (
    r"none|auto|v?can[0-9]{1,2}|/dev/(tty[A-Z]{1,5}[0-9]{1,3}|serial[01])"
    r"|/dev/serial/by-(id|path)/[A-Za-z0-9][A-Za-z0-9._:+@-]{0,200}"
)
PORTS_FORM = "none, auto, can0, or a serial port such as /dev/ttyACM0, or its name below /dev/serial"
# Nothing else below /dev: opening /dev/watchdog would reboot the machine
SPEED_SOURCE = rf"{PORTS}|/dev/gps[0-9]|/dev/pts/[0-9]{{1,4}}"
MODELS = ("lite", "standard", "full")
ROTATIONS = (0, 90, 180, 270)
UNCHANGED = "unchanged"
CONTROL, CONTROL_FORM = rf"{UNCHANGED}|auto|[0-9]{{1,6}}", f"{UNCHANGED}, auto, or a number in the camera's own unit"
FREQUENCIES = (UNCHANGED, "50", "60", "auto", "off")

# A table: first line the value and its limits, second line what people read.
# fmt: off


@dataclass(frozen=True, slots=True)
class Camera:
    """Where pictures come from, how large and how often."""

    source: str = setting("auto", pattern=SOURCE, form=SOURCE_FORM, api_form=(CAMERAS, CAMERAS_FORM),
        label="Camera", help="auto takes the first camera that gives a picture.")
    width: int = setting(320, low=64, high=1920, unit="px", balanced=480, high_accuracy=640,
        label="Width", help="Larger pictures find smaller faces, and cost memory and time.")
    height: int = setting(240, low=48, high=1080, unit="px", balanced=360, high_accuracy=480,
        label="Height", help="Goes with the width: 320 x 240, 480 x 360, 640 x 480.")
    rotate: int = setting(0, choices=ROTATIONS, unit="deg",
        label="Turn the picture", help="Clockwise, for a camera mounted upside down or on its side.")
    mirror: bool = setting(False,
        label="Mirror the picture", help="For a camera that swaps left and right, as a mirror does.")
    exposure: str = setting(UNCHANGED, pattern=CONTROL, form=CONTROL_FORM, api_form=(CONTROL, CONTROL_FORM),
        label="Exposure", help="unchanged leaves the camera alone; most count in 0.1 ms.")
    focus: str = setting(UNCHANGED, pattern=CONTROL, form=CONTROL_FORM, api_form=(CONTROL, CONTROL_FORM),
        label="Focus", help="unchanged leaves the camera alone; a number stops a lens that hunts for focus.")
    power_line_frequency: str = setting(UNCHANGED, choices=FREQUENCIES,
        label="Flicker filter", help="Hz of the mains whose lamps flicker; unchanged leaves the camera alone.")
    target_fps: float = setting(1.0, low=0.5, high=30, unit="frames/s",
        label="Frame rate", help="Frames captured a second. 1 is what drivewatch is made for.")
    frame_skip: int = setting(1, low=1, high=30,
        label="Check every … frame", help="2 checks every second frame: half the work, later alerts.")
    frame_timeout: float = setting(0.5, low=0.05, high=10, unit="s",
        label="Frame time-out", help="How long to wait for a frame before it counts as missing.")
    buffer_frames: int = setting(1, low=1, high=16, unit="frames", balanced=2, high_accuracy=4,
        label="Frames in the queue", help="When it is full the oldest frame is dropped, never the newest.")


@dataclass(frozen=True, slots=True)
class RaspberryPi:
    """What is wired to the Pi, and how small its pictures are made."""

    compression_quality: int = setting(70, low=1, high=100, unit="%",
        label="JPEG quality", help="Of every picture that leaves the detector, such as the page's preview.")
    buzzer_pin: int = setting(17, low=2, high=27, unit="BCM",
        label="Buzzer pin", help="BCM number, not the position on the header: BCM 17 is position 11.")
    led_pin: int = setting(27, low=2, high=27, unit="BCM",
        label="LED pin", help="BCM number: BCM 27 is position 13 on the header.")
    buzzer_active_low: bool = setting(False,
        label="Buzzer sounds at low level", help="For three-pin buzzer modules and relays that sound while idle.")
    led_active_low: bool = setting(False,
        label="LED lights at low level", help="For an LED that is wired to 3.3 V, and for relays.")
    button_pin: int = setting(0, low=0, high=27, unit="BCM",
        label="Button pin", help="A button to ground: a press learns the road, 3 s mute. 0: none.")
    lamp_pin: int = setting(0, low=0, high=27, unit="BCM",
        label="Infrared lamp pin", help="Switches a lamp on while it is dark and somebody drives. 0: none.")
    gpio_chip: str = setting("auto", pattern=CHIP, form="auto or a path such as /dev/gpiochip0",
        api_form=(CHIPS, "auto or a chip such as /dev/gpiochip0"),
        label="GPIO chip", help="auto finds the chip of the Pi's header.")


@dataclass(frozen=True, slots=True)
class Vision:
    """How faces are found."""

    model: str = setting("standard", choices=MODELS, balanced="full", high_accuracy="full",
        label="Model", help="lite: 4 MB less, misses most closed eyes; full: looks again where no face is found.")
    phone: bool = setting(False,
        label="Phone at the ear", help="Needs the model full. Off: hands at chin or cheek are often taken for one.")
    static_image_mode: bool = setting(False,
        label="Each frame alone", help="Look for the face in every frame, wherever it was before; slower.")
    max_num_faces: int = setting(1, low=1, high=4, unit="faces",
        label="Faces", help="So many are tried, the likeliest driver first: large, whole, in the middle.")
    horizontal_fov_deg: float = setting(53.0, low=30, high=120, unit="deg", source="a usual webcam",
        label="Field of view", help="Horizontal opening angle of the lens; wide-angle cameras need it.")


@dataclass(frozen=True, slots=True)
class Alerting:
    """How the driver is told."""

    use_beep_only: bool = setting(True,
        label="Beeps only", help="false: a tune for each kind of alert, which needs a passive buzzer.")
    visual_alerts_enabled: bool = setting(False, balanced=True, high_accuracy=True,
        label="LED", help="Show alerts on the LED too.")
    signs_of_life: bool = setting(True,
        label="Signs of life", help="One beep when it watches, two when it has learnt the road; the LED's heartbeat.")
    repeat_s: float = setting(3.0, low=1, high=60, unit="s", source="drivewatch",
        label="Repeat at most every", help="Seconds between two sounds for the same event.")


@dataclass(frozen=True, slots=True)
class Memory:
    """How much memory the detector may use."""

    budget_mb: int = setting(160, low=64, high=4096, unit="MB", balanced=192, high_accuracy=256,
        label="Budget", help="Above it the detector saves memory: a smaller model, or slower kernels.")
    governor: bool = setting(True,
        label="Governor", help="Save memory while it is short; false: never.")


@dataclass(frozen=True, slots=True)
class Vehicle:
    """How the speed of the vehicle is known, by which the rules differ."""

    source: str = setting("none", pattern=SPEED_SOURCE, form=PORTS_FORM, api_form=(PORTS, PORTS_FORM),
        label="Speed", help="auto finds a USB GPS receiver, else can0 (OBD-II). none: as strict as at any speed.")
    ignition_pin: int = setting(0, low=0, high=27, unit="BCM",
        label="Ignition pin", help="BCM number of a line that is 3.3 V while the ignition is on; 0: none.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings in force. `Settings()` has the defaults, which are those of the profile low_memory."""

    profile: str = setting("low_memory", choices=PROFILES,
        label="Profile", help="Preset for everything you have not changed.")
    camera: Camera = field(default_factory=Camera)
    raspberry_pi: RaspberryPi = field(default_factory=RaspberryPi)
    vision: Vision = field(default_factory=Vision)
    analysis: Analysis = field(default_factory=Analysis)
    alerting: Alerting = field(default_factory=Alerting)
    vehicle: Vehicle = field(default_factory=Vehicle)
    memory: Memory = field(default_factory=Memory)
    admin: Admin = field(default_factory=Admin)


# fmt: on

SECTIONS: Mapping[str, type] = {
    "camera": Camera,
    "raspberry_pi": RaspberryPi,
    "vision": Vision,
    "analysis": Analysis,
    "alerting": Alerting,
    "vehicle": Vehicle,
    "memory": Memory,
    "admin": Admin,
}

DECLARATIONS: Mapping[str, Declaration] = {
    key: declaration
    for section, kind in (("", Settings), *SECTIONS.items())
    for key, declaration in declared_in(section, kind).items()
}


def settings_from(values: Mapping[str, Value]) -> Settings:
    """Return the settings in force: default, then profile, then `values` (already checked)."""
    profile = str(values.get("profile", DECLARATIONS["profile"].default))
    in_force = {key: values.get(key, declared.in_profile(profile)) for key, declared in DECLARATIONS.items()}
    settings = Settings(profile=profile)
    sections = {name: _filled(getattr(settings, name), name, in_force) for name in SECTIONS}
    return replace(settings, **sections)


def values_of(settings: Settings) -> dict[str, Value]:
    """Return every value in force by key, in the order of the declarations."""
    return {key: attrgetter(key)(settings) for key in DECLARATIONS}


def _filled(section: S, name: str, in_force: Mapping[str, Value]) -> S:
    return type(section)(**{d.name: in_force[key] for key, d in DECLARATIONS.items() if d.section == name})
