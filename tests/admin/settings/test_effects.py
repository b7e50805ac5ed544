"""The effects that a review shows on memory and alerts, and the changes that need confirmation."""

from __future__ import annotations

import pytest

from admin.settings.costs import PROFILE_MB, SIZES
from admin.settings.effects import effects, look_every_s, memory_mb
from config.declaration import PROFILES, Value
from config.settings import settings_from, values_of

NOW = values_of(settings_from({}))


def after(**changed: Value) -> dict[str, Value]:
    return {**NOW, **{key.replace("__", "."): value for key, value in changed.items()}}


def test_a_look_every_half_minute_needs_confirmation() -> None:
    found = effects(NOW, after(camera__frame_skip=30))
    assert found.doubts == (
        "With a look every 30 s, an alarm can come 30 s late, and eyes shut for less are not seen.",
    )


DOUBTFUL: tuple[dict[str, Value], ...] = (
    {"camera.frame_skip": 3},
    {"camera.target_fps": 0.5, "camera.frame_skip": 2},
    {"camera.source": "fake:attentive"},
    {"camera.source": "trip.mp4"},
    {"vision.model": "lite"},
    {"camera.width": 64, "camera.height": 48},
    {"vehicle.ignition_pin": 5},
    {"memory.budget_mb": 64, "camera.width": 1920, "camera.height": 1080, "camera.buffer_frames": 16},
)


@pytest.mark.parametrize("changed", DOUBTFUL, ids=str)
def test_each_change_that_endangers_alerts_needs_confirmation_once(changed: dict[str, Value]) -> None:
    found = effects(NOW, {**NOW, **changed})
    assert len(found.doubts) == 1
    assert effects({**NOW, **changed}, {**NOW, **changed, "camera.mirror": True}).doubts == ()  # confirmed before


@pytest.mark.parametrize(
    "changed", ({"camera.frame_skip": 2}, {"camera.source": "/dev/video2"}, {"vision.model": "full"}), ids=str
)
def test_changes_that_keep_alerts_in_time_need_no_confirmation(changed: dict[str, Value]) -> None:
    assert effects(NOW, {**NOW, **changed}).doubts == ()


def test_the_delay_of_alerts_is_shown_beside_the_former_one() -> None:
    assert effects(NOW, after(camera__frame_skip=2)).alerts == (
        "A look every 2 s instead of every 1 s: an alarm can come 2 s late, and eyes shut for 2.5 s may be missed.",
    )
    assert effects(NOW, after(camera__target_fps=5.0)).alerts == (
        "A look every 0.2 s instead of every 1 s: alerts come sooner.",
    )
    assert effects(NOW, NOW).alerts == ()
    slow = after(camera__frame_skip=30)
    assert effects(slow, {**slow, "camera.mirror": True}).alerts == (
        "A look every 30 s: an alarm can come 30 s late, and eyes shut for 2.5 s may be missed.",
    )  # shown, although it was confirmed before


def test_other_effects_on_alerts_are_shown() -> None:
    assert "noticed after 11 s" in effects(NOW, after(camera__frame_timeout=10.0)).alerts[0]
    assert "as late as" in effects(NOW, after(analysis__policy="relaxed")).alerts[0]
    assert "test it after the restart" in effects(NOW, after(raspberry_pi__buzzer_pin=22)).alerts[0]
    assert "needs the model full" in effects(NOW, after(vision__phone=True)).alerts[0]
    assert effects(NOW, after(vision__phone=True, vision__model="full")).alerts == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_the_memory_estimate_equals_the_measured_profiles(profile: str) -> None:
    assert memory_mb(values_of(settings_from({"profile": profile}))) == pytest.approx(PROFILE_MB[profile], abs=0.5)


def test_the_memory_estimate_depends_on_size_and_rate() -> None:
    for one in SIZES:
        big = after(camera__width=one.width_px, camera__height=one.height_px)
        assert memory_mb(big) == pytest.approx(one.rss_mb, abs=1.0)
    assert memory_mb(after(camera__target_fps=5.0)) == pytest.approx(84.1, abs=1.0)
    assert look_every_s(after(camera__target_fps=2.0, camera__frame_skip=3)) == 1.5


def test_the_memory_estimate_is_shown_beside_the_budget() -> None:
    assert effects(NOW, after(camera__mirror=True)).memory == "About 70 MB; the budget is 160 MB."
    assert effects(NOW, after(vision__model="full")).memory == "About 76 MB instead of 70 MB; the budget is 160 MB."
    small = effects(NOW, after(memory__budget_mb=64)).memory
    assert small == "About 70 MB; the budget is 64 MB, so it will save memory where it can."
    never = effects(NOW, after(memory__budget_mb=64, memory__governor=False)).memory
    assert never == "About 70 MB; the budget is 64 MB."
    queue = effects(NOW, after(camera__width=1920, camera__height=1080, camera__buffer_frames=16)).memory
    assert ", up to 170 MB while frames wait; " in queue
