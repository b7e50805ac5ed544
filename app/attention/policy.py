"""The numbers of the attention rules, each with its source, in three presets; the setting analysis.policy chooses.

"drivewatch" marks a choice of this project, made on rendered and real drivers (tests/evaluation). A rule of L seconds
is met at the look nearest to L (timers.NEAREST_PERIODS). So that a preset keeps a bound at one look a second too, its
number is 0.1 s below the bound: 3.9 s is met 3 to 4 s after the true onset, 4.0 s only after 4 to 5 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from config.analysis import Analysis


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts as distraction, and for how long: seconds, never frames. The defaults are the preset `normal`."""

    # Learning where this driver looks when looking at the road. openpilot learns from -1.4 to 16.6 degrees of yaw and
    # from -5 to 7.1 of pitch, in a mount that it knows
    neutral_yaw_range_deg: float = 25.0  # drivewatch: dashboard to A-pillar
    neutral_pitch_range_deg: float = 20.0  # drivewatch: dashboard to mirror; a lap cannot be learnt
    neutral_learning_s: float = 20.0  # drivewatch; openpilot takes 60 s
    neutral_memory_s: float = 360.0  # openpilot: about 6 min

    # The head turned away from the road: beyond the limit, and until it is back within the clear angle
    yaw_limit_deg: float = 23.0  # openpilot: 0.402 rad
    yaw_clear_deg: float = 18.0  # drivewatch
    pitch_down_limit_deg: float = 18.0  # openpilot: 0.313 rad
    pitch_down_clear_deg: float = 13.0  # drivewatch
    pitch_up_limit_deg: float = 30.0  # drivewatch: the mirror is above; openpilot never counts up
    pitch_up_clear_deg: float = 25.0  # drivewatch
    away_caution_s: float = 2.0  # NHTSA visual-manual guideline: no glance over 2 s
    away_warning_s: float = 3.5  # EU 2023/2590: 3.5 s above 50 km/h, which holds where no speed is known
    away_alarm_s: float = 5.0  # openpilot: second alert
    slow_away_warning_s: float = 5.9  # EU 2023/2590: 6 s from 20 to 50 km/h, a miss from 6.5 s on
    slow_away_alarm_s: float = 8.9  # Euro NCAP: unresponsive if not back 3 s after the warning
    unresponsive_s: float = 11.0  # openpilot: last alert

    # Repeated short glances that add up
    glances_window_s: float = 30.0  # Euro NCAP Driver Engagement v1.1, short distraction
    glances_warning_s: float = 10.0  # Euro NCAP: 10 s within 30 s
    glances_alarm_s: float = 15.0  # drivewatch: half of the window
    glances_clear_s: float = 6.0  # drivewatch

    # Eyes closed in one stretch
    microsleep_s: float = 1.5  # Euro NCAP: 1 to 2 s
    asleep_s: float = 3.0  # Euro NCAP: 3 s or more
    eyes_unresponsive_s: float = 6.0  # Euro NCAP: 6 s or more

    # Drowsiness: PERCLOS, the share of the history with the eyes closed
    perclos_caution: float = 0.08  # FHWA TB 98-006: 0.08 to 0.15 is doubtful
    perclos_warning: float = 0.15  # FHWA TB 98-006: 0.15 and more is drowsy
    perclos_alarm: float = 0.25  # drivewatch
    perclos_clear: float = 0.06  # drivewatch
    perclos_min_valid_s: float = 60.0  # FHWA TB 98-006: share of a minute

    # Yawning
    yawn_mar: float = 0.42  # drivewatch: height of the mouth's opening over its width, on average
    yawn_s: float = 2.0  # drivewatch: a word is shorter
    yawns_caution: int = 3  # drivewatch
    yawn_window_s: float = 300.0  # drivewatch

    # A hand with a phone at the ear
    phone_caution_s: float = 2.0  # drivewatch: as looking away
    phone_warning_s: float = 4.0  # drivewatch
    phone_alarm_s: float = 8.0  # drivewatch: before Euro NCAP's 10 s of short distraction, phone use among it
    phone_clear_s: float = 2.0  # drivewatch

    # Nobody, or nothing, to be seen
    no_face_hold_s: float = 3.0  # drivewatch: a face lost for less is waited for
    no_face_warning_s: float = 5.0  # drivewatch
    camera_blocked_s: float = 3.0  # drivewatch: a dark, flat or frozen picture, or noise
    no_camera_s: float = 2.0  # drivewatch

    # Back to the road
    attention_back_s: float = 1.0  # drivewatch: so much attention ends a distraction
    level_step_s: float = 2.0  # drivewatch: so much attention for each step down


NORMAL = Policy()

# This preset is later where the regulations leave room. What they fix stays: glances, sleep, PERCLOS of a drowsy
# driver, and what is said of the camera
RELAXED = replace(
    NORMAL,
    away_caution_s=3.0,  # Euro NCAP: a long distraction begins at 3 s
    away_warning_s=3.9,  # EU 2023/2590: no warning by 4 s is a miss
    away_alarm_s=6.0,  # Euro NCAP: unresponsive if not back 3 s after the warning, 6.9 s
    glances_alarm_s=20.0,  # drivewatch: two thirds of the window; the warning stays at Euro NCAP's 10 s
    microsleep_s=1.9,  # Euro NCAP: 2 s at the latest
    perclos_caution=0.12,  # FHWA TB 98-006: within the doubtful range
    perclos_alarm=0.3,  # drivewatch: the warning stays at FHWA's 0.15
    yawns_caution=4,  # drivewatch: no regulation counts yawns
    phone_caution_s=3.0,  # drivewatch: as looking away
    phone_warning_s=6.0,  # drivewatch
    phone_alarm_s=9.9,  # Euro NCAP: phone use is short distraction, 10 s
)

# openpilot alerts at 3, 5 and 11 s of any distraction: pose, shut eyes or phone. This preset alerts no later than that;
# what `normal` tells earlier stays
STRICT = replace(
    NORMAL,
    away_warning_s=2.9,  # openpilot: 3 s
    away_alarm_s=4.9,  # openpilot: 5 s
    slow_away_warning_s=2.9,  # openpilot: 3 s at any speed
    slow_away_alarm_s=4.9,  # openpilot: 5 s at any speed
    unresponsive_s=10.9,  # openpilot: 11 s
    asleep_s=2.9,  # openpilot: 3 s
    eyes_unresponsive_s=4.9,  # openpilot: 5 s
    phone_warning_s=2.9,  # openpilot: 3 s
    phone_alarm_s=4.9,  # openpilot: 5 s
)

PRESETS: Mapping[str, Policy] = {"relaxed": RELAXED, "normal": NORMAL, "strict": STRICT}


def policy_of(settings: Analysis) -> Policy:
    """The numbers that these settings choose."""
    return PRESETS[settings.policy]
