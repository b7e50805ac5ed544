"""The declared settings: defaults, profiles, limits and accepted values."""

from __future__ import annotations

import pytest

from config.check import accept, broken_rules, from_text, limits
from config.declaration import PROFILES, Value
from config.patch import scalar
from config.settings import DECLARATIONS, SECTIONS, Settings, settings_from, values_of

BY_PROFILE: dict[str, tuple[Value, Value, Value]] = {
    "profile": ("low_memory", "balanced", "high_accuracy"),
    "camera.source": ("auto", "auto", "auto"),
    "camera.width": (320, 480, 640),
    "camera.height": (240, 360, 480),
    "camera.target_fps": (1.0, 1.0, 1.0),
    "camera.frame_skip": (1, 1, 1),
    "camera.frame_timeout": (0.5, 0.5, 0.5),
    "camera.buffer_frames": (1, 2, 4),
    "raspberry_pi.compression_quality": (70, 70, 70),
    "raspberry_pi.buzzer_pin": (17, 17, 17),
    "raspberry_pi.led_pin": (27, 27, 27),
    "vision.model": ("standard", "full", "full"),
    "vision.phone": (False, False, False),
    "vision.static_image_mode": (False, False, False),
    "vision.max_num_faces": (1, 1, 1),
    "analysis.policy": ("normal", "normal", "normal"),
    "analysis.history_window": (120, 300, 600),
    "analysis.max_events_buffer": (100, 100, 100),
    "analysis.event_history": (True, True, True),
    "alerting.use_beep_only": (True, True, True),
    "alerting.visual_alerts_enabled": (False, True, True),
    "memory.budget_mb": (160, 192, 256),
    "memory.governor": (True, True, True),
}


@pytest.mark.parametrize(("key", "values"), BY_PROFILE.items())
def test_each_key_has_its_value_in_each_profile(key: str, values: tuple[Value, ...]) -> None:
    for profile, value in zip(PROFILES, values, strict=True):
        in_force = values_of(settings_from({"profile": profile}))[key]
        assert in_force == value
        assert type(in_force) is type(value)


def test_the_defaults_are_those_of_low_memory() -> None:
    assert Settings() == settings_from({}) == settings_from({"profile": "low_memory"})


def test_a_value_of_the_file_overrides_the_profile() -> None:
    settings = settings_from({"profile": "high_accuracy", "camera.width": 320})
    assert (settings.camera.width, settings.camera.height) == (320, 480)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_profile_breaks_a_rule(profile: str) -> None:
    assert not list(broken_rules(values_of(settings_from({"profile": profile})), {}))


def test_there_are_at_most_44_settings() -> None:
    assert len(DECLARATIONS) <= 44  # about thirty for the driver, the others for the wiring


def test_each_setting_has_label_help_and_limits() -> None:
    for key, declaration in DECLARATIONS.items():
        assert declaration.key == key
        assert declaration.section in ("", *SECTIONS)
        assert declaration.label
        assert declaration.help.endswith(".")
        assert limits(declaration)


def test_each_setting_accepts_its_own_values_as_value_and_text() -> None:
    for declaration in DECLARATIONS.values():
        for value in (declaration.default, *declaration.profiles.values(), *declaration.choices):
            assert accept(declaration, value) == value
            assert from_text(declaration, value if isinstance(value, str) else scalar(value)) == value


NO_VALUES: tuple[object, ...] = (None, [], {}, b"1", "\n", float("nan"), float("inf"), 10**5000)
NUMBERS = [
    declaration for declaration in DECLARATIONS.values() if declaration.kind in (int, float) and not declaration.choices
]


def test_each_setting_refuses_values_of_other_types() -> None:
    for declaration in DECLARATIONS.values():
        others: tuple[object, ...] = (0, 1, "true") if declaration.kind is bool else (True, "1")
        for value in (*NO_VALUES, *(() if declaration.kind is str else others)):
            with pytest.raises(ValueError, match="must be"):
                accept(declaration, value)


def test_each_number_is_accepted_up_to_its_limits_only() -> None:
    assert len(NUMBERS) > 12
    for declaration in NUMBERS:
        for limit, beyond in ((declaration.low, declaration.low - 1), (declaration.high, declaration.high + 1)):
            assert accept(declaration, declaration.kind(limit)) == limit
            with pytest.raises(ValueError, match=f"must be between {declaration.low:g} and {declaration.high:g}"):
                accept(declaration, declaration.kind(beyond))


def test_a_whole_number_refuses_a_fraction() -> None:
    for declaration in (number for number in NUMBERS if number.kind is int):
        with pytest.raises(ValueError, match="must be a whole number"):
            accept(declaration, declaration.low + 0.5)


@pytest.mark.parametrize("source", ["auto", "/dev/video0", "0", "trip 1.mp4", "pictures/", "fake:glance-away"])
def test_valid_camera_sources_are_accepted(source: str) -> None:
    assert accept(DECLARATIONS["camera.source"], source) == source


@pytest.mark.parametrize("source", ["", "fake:", "fake:../x", "http://camera/", "rtsp://x", "a\nb", "x" * 256])
def test_invalid_camera_sources_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match="fake:SCENARIO"):
        accept(DECLARATIONS["camera.source"], source)


@pytest.mark.parametrize("device", ["/dev/watchdog", "/dev/sda", "/dev/zero", "/dev/tty1", "/dev/ttyACM0/../mem"])
def test_vehicle_sources_other_than_serial_ports_are_refused(device: str) -> None:
    with pytest.raises(ValueError, match="a serial port such as"):
        accept(DECLARATIONS["vehicle.source"], device)
