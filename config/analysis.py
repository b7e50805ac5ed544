"""What counts as distraction, and for how long.

Each says where its number comes from; "drivewatch" marks a choice of our own.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.declaration import setting

ADDW = "EU 2023/2590"
NCAP = "Euro NCAP Driver Engagement v1.1"
NHTSA = "NHTSA visual-manual guideline"
OPENPILOT = "openpilot monitoring policy"  # selfdrive/monitoring/policy.py @ 090aa4589774
PERCLOS = "FHWA TB 98-006"  # after Wierwille 1994
OURS = "drivewatch"

# A table: first line the value and its limits, second line what people read.
# fmt: off


@dataclass(frozen=True, slots=True)
class Analysis:
    """What counts as distraction, and for how long: seconds, never frames."""

    history_window: int = setting(120, low=10, high=3600, unit="s", balanced=300, high_accuracy=600,
        label="History", help="How far back the share of closed eyes (PERCLOS) and the charts look.")
    max_events_buffer: int = setting(100, low=1, high=1000, unit="events",
        label="Events in memory", help="The oldest leave first.")
    event_history: bool = setting(True,
        label="Keep events", help="false: only live figures, nothing is stored.")

    # Neutral pose: where this driver looks when looking at the road.
    neutral_yaw: float = setting(0.0, low=-45, high=45, unit="deg",
        label="Road, sideways", help="Where the road appears from this camera; + is to the driver's right.")
    neutral_pitch: float = setting(0.0, low=-30, high=30, unit="deg",
        label="Road, up or down", help="Where the road appears from this camera; + is up.")
    neutral_yaw_range: float = setting(25.0, low=0, high=45, unit="deg", source="openpilot: -1.4 to 16.6",
        label="Learning range, sideways", help="How far a learnt pose may differ: a lap cannot be learnt.")
    neutral_pitch_range: float = setting(20.0, low=0, high=30, unit="deg", source="openpilot: -5 to 7.1",
        label="Learning range, up or down", help="How far a learnt pose may differ.")
    neutral_learning_s: float = setting(20.0, low=5, high=600, unit="s", source="openpilot takes 60 s",
        label="Learning time", help="Seconds of steady attention before a new driver's pose is used.")
    neutral_memory_s: float = setting(360.0, low=30, high=7200, unit="s", source=OPENPILOT,
        label="Pose memory", help="The learnt pose drifts this slowly.")

    # Head turned away from the road.
    yaw_limit_deg: float = setting(23.0, low=10, high=60, unit="deg", source=OPENPILOT + ": 0.402 rad",
        label="Turned away beyond", help="Sideways angle from the neutral pose that counts as looking away.")
    yaw_clear_deg: float = setting(18.0, low=5, high=60, unit="deg", source=OURS,
        label="Back within, sideways", help="Looking back counts only within this angle.")
    pitch_down_limit_deg: float = setting(18.0, low=8, high=60, unit="deg", source=OPENPILOT + ": 0.313 rad",
        label="Looking down beyond", help="Downward angle that counts as looking down, as at a phone.")
    pitch_down_clear_deg: float = setting(13.0, low=3, high=60, unit="deg", source=OURS,
        label="Back within, downwards", help="Looking back up counts only within this angle.")
    pitch_up_limit_deg: float = setting(30.0, low=10, high=60, unit="deg", source=OURS,
        label="Looking up beyond", help="Upward angle that counts as looking away; the mirror is above.")
    pitch_up_clear_deg: float = setting(25.0, low=5, high=60, unit="deg", source=OURS,
        label="Back within, upwards", help="Looking back down counts only within this angle.")
    away_caution_s: float = setting(2.0, low=0.5, high=6, unit="s", source=NHTSA + ": no glance over 2 s",
        label="Away: caution after", help="Shorter glances, at mirrors and instruments, stay silent.")
    away_warning_s: float = setting(3.5, low=1, high=6, unit="s", source=ADDW + ": 3.5 s, below 50 km/h 6 s",
        label="Away: warning after", help="Seconds away from the road.")
    away_alarm_s: float = setting(5.0, low=2, high=15, unit="s", source=OPENPILOT,
        label="Away: alarm after", help="Seconds away from the road.")
    unresponsive_s: float = setting(11.0, low=4, high=30, unit="s", source=OPENPILOT,
        label="Away: unresponsive after", help="Seconds away from the road in spite of the alarm.")

    # Repeated short glances that add up.
    glances_window_s: float = setting(30.0, low=10, high=120, unit="s", source=NCAP + ", short distraction",
        label="Glances: window", help="Short glances add up over this time.")
    glances_warning_s: float = setting(10.0, low=3, high=60, unit="s", source=NCAP + ": 10 s within 30 s",
        label="Glances: warning at", help="Seconds away in all within the window.")
    glances_alarm_s: float = setting(15.0, low=4, high=90, unit="s", source=OURS,
        label="Glances: alarm at", help="Seconds away in all within the window.")
    glances_clear_s: float = setting(6.0, low=0, high=60, unit="s", source=OURS,
        label="Glances: over below", help="Seconds away in all within the window.")

    # Eyes closed.
    eye_closed_ratio: float = setting(0.2, low=0.05, high=0.5, source=PERCLOS + ": eyes 80 % closed",
        label="Eyes count as closed at", help="From closed (0) to this driver's open eyes (1).")
    microsleep_s: float = setting(1.5, low=0.8, high=3, unit="s", source=NCAP + ": 1 to 2 s",
        label="Microsleep after", help="Eyes closed this long: warning.")
    asleep_s: float = setting(3.0, low=1.5, high=6, unit="s", source=NCAP + ": 3 s or more",
        label="Asleep after", help="Eyes closed this long: alarm.")
    eyes_unresponsive_s: float = setting(6.0, low=3, high=15, unit="s", source=NCAP,
        label="Eyes: unresponsive after", help="Eyes closed this long in spite of the alarm.")

    # Drowsiness: PERCLOS, the share of the history with the eyes closed.
    perclos_caution: float = setting(0.08, low=0.01, high=0.9, source=PERCLOS + ": 0.08 to 0.15 is doubtful",
        label="PERCLOS: caution at", help="Share of the history with the eyes closed.")
    perclos_warning: float = setting(0.15, low=0.01, high=0.9, source=PERCLOS + ": 0.15 and more is drowsy",
        label="PERCLOS: warning at", help="Share of the history with the eyes closed.")
    perclos_alarm: float = setting(0.25, low=0.01, high=0.9, source=OURS,
        label="PERCLOS: alarm at", help="Share of the history with the eyes closed.")
    perclos_clear: float = setting(0.06, low=0, high=0.9, source=OURS,
        label="PERCLOS: over below", help="Share of the history with the eyes closed.")
    perclos_min_valid_s: float = setting(60.0, low=10, high=600, unit="s", source=PERCLOS + ": of a minute",
        label="PERCLOS: needs at least", help="Seconds in which the eyes could be measured.")

    # Yawning.
    yawn_mar: float = setting(0.42, low=0.2, high=1.5, source=OURS,
        label="Mouth wide open at", help="Height of the mouth's opening over its width (MAR), on average.")
    yawn_s: float = setting(2.0, low=1, high=6, unit="s", source=OURS + ": a word is shorter",
        label="Yawn lasts at least", help="Mouth open this long is a yawn.")
    yawns_caution: int = setting(3, low=1, high=20, unit="yawns", source=OURS,
        label="Yawns: caution at", help="Yawns within the window below.")
    yawn_window_s: float = setting(300.0, low=60, high=1800, unit="s", source=OURS,
        label="Yawns: window", help="Yawns add up over this time.")

    # A hand with a phone at the ear (model full).
    phone_caution_s: float = setting(2.0, low=1, high=15, unit="s", source=OURS,
        label="Phone: caution after", help="Seconds with a hand at the ear; needs the model full.")
    phone_warning_s: float = setting(4.0, low=1, high=30, unit="s", source=OURS,
        label="Phone: warning after", help="Seconds with a hand at the ear.")
    phone_alarm_s: float = setting(8.0, low=2, high=60, unit="s", source=OURS,
        label="Phone: alarm after", help="Seconds with a hand at the ear.")
    phone_clear_s: float = setting(2.0, low=0.5, high=10, unit="s", source=OURS,
        label="Phone: over after", help="Seconds since the hand left the ear.")

    # Nobody, or nothing, to be seen.
    no_face_hold_s: float = setting(3.0, low=1, high=30, unit="s", source=OURS,
        label="No face after", help="A face lost for less is waited for.")
    no_face_warning_s: float = setting(5.0, low=2, high=120, unit="s", source=OURS,
        label="No face: warning after", help="Seconds without a face.")
    camera_blocked_s: float = setting(3.0, low=1, high=30, unit="s", source=OURS,
        label="Camera covered after", help="Seconds of a dark, flat or frozen picture, or of noise.")
    no_camera_s: float = setting(2.0, low=1, high=30, unit="s", source=OURS,
        label="No camera after", help="Seconds without any frame.")

    # Back to the road.
    attention_back_s: float = setting(1.0, low=0.5, high=5, unit="s", source=OURS,
        label="Attention is back after", help="Seconds of attention that end a distraction.")
    level_step_s: float = setting(2.0, low=0.5, high=10, unit="s", source=OURS,
        label="Level falls every", help="Seconds of attention for each step down.")
