"""Which rules apply while the vehicle moves so. Where its motion is unknown all do: the strictest reading."""

from __future__ import annotations

from app.attention.policy import Policy
from app.attention.rules import Step
from app.events import Level, Motion

# EU 2023/2590, 3.1.1 asks for warnings of distraction above 20 km/h; below, the commonest false alarm is a red light
STANDING = frozenset({Motion.PARKED, Motion.CRAWLING})
# EU 2021/1341 asks for drowsiness above 70 km/h and has systems work from 65
DROWSINESS_COUNTS = frozenset({Motion.UNKNOWN, Motion.HIGHWAY})


def judges_distraction(motion: Motion) -> bool:
    """Whether looks away, the phone and a missing face make events."""
    return motion not in STANDING


def judges_drowsiness(motion: Motion) -> bool:
    """Whether PERCLOS is measured."""
    return motion in DROWSINESS_COUNTS


def learns_driver(motion: Motion) -> bool:
    """Whether the driver faces the road often enough to learn from; who reverses or waits does not."""
    return motion not in STANDING


def is_audible(motion: Motion) -> bool:
    """Whether events sound; those of a parked vehicle are for the LED and the journal."""
    return motion is not Motion.PARKED


def away_steps(policy: Policy, motion: Motion) -> tuple[Step, ...]:
    """Levels of one look away from the road; none where distraction is not judged."""
    if not judges_distraction(motion):
        return ()
    warning_s, alarm_s = policy.away_warning_s, policy.away_alarm_s
    if motion is Motion.SLOW:
        warning_s, alarm_s = policy.slow_away_warning_s, policy.slow_away_alarm_s
    return (
        Step(policy.away_caution_s, Level.CAUTION),
        Step(warning_s, Level.WARNING),
        Step(alarm_s, Level.ALARM),
        Step(policy.unresponsive_s, Level.ALARM, "unresponsive"),
    )


def phone_steps(policy: Policy, motion: Motion) -> tuple[Step, ...]:
    """Levels of a phone at the ear; none where distraction is not judged."""
    if not judges_distraction(motion):
        return ()
    return (
        Step(policy.phone_caution_s, Level.CAUTION),
        Step(policy.phone_warning_s, Level.WARNING),
        Step(policy.phone_alarm_s, Level.ALARM),
    )
