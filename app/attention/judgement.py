"""Signals -> Verdict and Events: when is the driver not attending, and how urgent is it. No camera, no clock.

Rules count seconds between samples that agree (timers.py), so they hold at 0.5 frames a second as at 10. Thresholds
and their sources are the settings' (config/settings.py); the constants here are not for tuning in the field.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from app.attention.driver import STAYS_SHUT, Driver, PoseError
from app.attention.rules import MeasureRule, SpellRule, Step
from app.attention.timers import Mean, Pace, Recent, Share, Span, Spell, silence_s
from app.events import Cue, Event, Level, Seated, Sight, State, Verdict
from app.vision.measurements import Signals
from config.settings import Analysis

TURNED_DEG = 15.0  # a face lost from a pose beyond this was turned away, not taken from the seat
HEADING_DEG = 10.0  # a driver who looks at the road sways less
OTHER_GLANCE_DEG, OTHER_GLANCE_S = 30.0, 0.9  # mirror, then speedometer: two glances, not a long one
LOST_S = 2.1  # a face lost for less may be hidden by glare: so long low sun in glasses hid one
REACHING_DEG = 30.0  # who bowed so far may be reaching into the footwell, which takes the shoulders along
ABSENCE_NEW_DRIVER_S = 20.0  # nobody changes seats faster
LOWERED_BLINK = 0.27  # from here on both lids are down, shut or nearly so (app/attention/driver.py)
# Who looks at the instruments lowers the lids for 1.2 s, and blendshapes cannot tell lowered lids from shut ones
MICROSLEEP_CERTAIN_S = 1.25
# Brows drawn down so far are a frown: into the sun, or at something below. Sleepers' brows are at rest: of 35 shut
# pairs of real eyes none has more than 0.45, a woman who frowns at her feet has 0.6
FROWN = 0.5
EYES_UNSEEN_S = 60.0  # so long may a hand, glare or a low sun in the glasses last
EYES_UNSEEN_SHOWN_S = 3.0  # from here on "attentive" would be a claim
GAZE_AWAY_DEG, GAZE_BACK_DEG = 17.0, 13.0  # line of sight from the road: real eyes at a side of the screen read 24
GAZE_TURNED_DEG = 10.0  # in the head, which eyes that look ahead do not reach for long: 10 at most in seven real clips
MICROSLEEPS_DROWSY, MICROSLEEP_WINDOW_S = 3, 300.0  # three in five minutes are drowsy at once
KNOWN_MAX = 0.5  # of a short history: asking for 60 s of 60 would silence PERCLOS for ever
YAWN_SHUTS_EYES_S = 2.5  # a yawn shuts the eyes for less; who sleeps with an open mouth shuts them for longer
REPEAT_SLACK_S = 0.1  # frames come a little early or late

# Of two states of one level the earlier is shown, and the blind ones before all: who sees nothing knows nothing else
PRIORITY = (
    State.NO_CAMERA,
    State.CAMERA_BLOCKED,
    State.EYES_CLOSED,
    State.LOOKING_DOWN,
    State.LOOKING_AWAY,
    State.PHONE,
    State.DISTRACTED,
    State.DROWSY,
    State.NO_FACE,
    State.YAWNING,
    State.EYES_UNSEEN,
)
BLIND = frozenset({State.NO_CAMERA, State.CAMERA_BLOCKED})
# A glance of 2 s is cautioned by light alone: were it a sound, the sounds that matter would be believed less
SILENT_CAUTIONS = frozenset({State.LOOKING_AWAY, State.LOOKING_DOWN, State.PHONE, State.EYES_UNSEEN})
REPEATING_ALARMS = frozenset({State.LOOKING_AWAY, State.LOOKING_DOWN, State.PHONE, State.EYES_CLOSED})


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the driver: what the rules share. signals is None when the driver's face was not found.

    seated: what is left of the driver then (app/vision/seat.py).
    """

    time_s: float
    seconds: float  # since the sample before
    period_s: float
    sight: Sight
    signals: Signals | None
    error: PoseError | None
    seated: Seated | None = None


def direction(error: PoseError, yaw_deg: float, up_deg: float, down_deg: float) -> State | None:
    """Where the head is turned beyond these limits; None: to the road."""
    if abs(error.yaw_deg) > yaw_deg or error.pitch_deg > up_deg:
        return State.LOOKING_AWAY
    return State.LOOKING_DOWN if error.pitch_deg < -down_deg else None


def looks_aside(error: PoseError, sight_deg: float) -> bool:
    """The eyes alone look beyond this angle from the road: the head faces it, eyes and head together do not.

    Only sideways: up and down the irises are no better than chance at 320 x 240 (app/vision/signals.py), and who looks
    down lowers the lids, which counts as closed.
    """
    gaze_deg = error.gaze_yaw_deg
    if gaze_deg is None or abs(gaze_deg) <= GAZE_TURNED_DEG:
        return False
    return abs(error.yaw_deg + gaze_deg) > sight_deg


class Glances:
    """Looking away from the road, in one stretch or in many short ones."""

    def __init__(self, settings: Analysis) -> None:
        s = self._settings = settings
        self._kind = State.LOOKING_AWAY
        self._turned: State | None = None  # where the head was turned in the last pose that could be told
        self._last_error: PoseError | None = None
        self._measured_s = -math.inf
        self._lost: Span | None = None  # between which times the pose was lost
        self._bowed = 0  # by how many looks since then more showed the driver bowed than upright
        self._away = Share(s.glances_window_s)
        self.rule = SpellRule(
            (
                Step(s.away_caution_s, Level.CAUTION),
                Step(s.away_warning_s, Level.WARNING),
                Step(s.away_alarm_s, Level.ALARM),
                Step(s.unresponsive_s, Level.ALARM, "unresponsive"),
            ),
            s.attention_back_s,
        )
        self.repeated = MeasureRule(
            (Step(s.glances_warning_s, Level.WARNING), Step(s.glances_alarm_s, Level.ALARM)),
            s.glances_clear_s,
        )

    def update(self, sample: Sample) -> None:
        """Take one sample."""
        before, last, holds = self.rule.holds_now, self._last_error, self._is_away(sample)
        if before and holds and not self.rule.episode.event and self._is_another(last, sample):
            self.rule.spell.restart(sample.time_s - sample.seconds / 2)
        self.rule.update(sample.time_s, holds, sample.period_s, self._kind)
        self._add_up(sample, before, holds)

    def is_turned_away(self, time_s: float) -> bool:
        """The face is lost because the head was turned too far for the mesh, up to the time it counts as absence."""
        return self._turned is not None and time_s - self._measured_s <= self._settings.unresponsive_s

    def forget(self) -> None:
        """A new driver."""
        self._turned = None
        self._away.clear()

    def _is_away(self, sample: Sample) -> bool | None:
        if sample.sight is not Sight.CLEAR:
            return None
        if sample.error is None:
            return self._is_turned_beyond(sample)
        self._measured_s, self._last_error, self._lost = sample.time_s, sample.error, None
        self._turned = direction(sample.error, TURNED_DEG, TURNED_DEG, TURNED_DEG)
        s, margin_deg = self._settings, sample.error.margin_deg
        limits_deg = (s.yaw_limit_deg, s.pitch_up_limit_deg, s.pitch_down_limit_deg)
        if self.rule.holds_now:
            limits_deg = (s.yaw_clear_deg, s.pitch_up_clear_deg, s.pitch_down_clear_deg)
        away = direction(sample.error, *(limit_deg + margin_deg for limit_deg in limits_deg))
        if away is None and looks_aside(sample.error, GAZE_BACK_DEG if self.rule.holds_now else GAZE_AWAY_DEG):
            away = State.LOOKING_AWAY
        self._kind = away or self._kind
        return away is not None

    def _is_turned_beyond(self, sample: Sample) -> bool | None:
        """Without a pose: the face is glimpsed turned beyond what the mesh can see, or was last seen turned.

        Or neither, and the driver sits there still. Where not even the shoulders do, who looked aside has left.
        """
        if self._lost is None:
            self._lost, self._bowed = Span(self._measured_s, sample.time_s), 0
        is_unexplained = self._turned is None
        is_recent = sample.time_s - self._lost.earliest_s <= self._settings.unresponsive_s
        glimpsed, seated = sample.signals.glimpsed if sample.signals else None, sample.seated
        self._bowed += (seated is Seated.BOWED) - (seated is Seated.UPRIGHT)
        if glimpsed is not None:
            # of a head turned far aside the detector's points may look bowed, never the other way round
            is_aside = State.LOOKING_AWAY in (glimpsed, self._turned)
            is_upright = seated is Seated.UPRIGHT and is_unexplained
            self._turned = State.LOOKING_AWAY if is_aside or is_upright else glimpsed
            self._measured_s, self._last_error = sample.time_s, None
        elif seated is Seated.LEFT:
            self._turned = self._turned if self._may_be_reaching else None
        elif is_recent and seated is Seated.BOWED and self._bowed > 0:
            self._turned, self._last_error = State.LOOKING_DOWN, None
        elif is_recent and seated is not None and sample.time_s - self._lost.latest_s >= LOST_S:
            self._turned = self._turned or self._heading or State.LOOKING_AWAY
        self._kind = self._turned or self._kind
        if is_unexplained and is_recent and self.is_turned_away(sample.time_s):
            self.rule.spell.began(self._lost, sample.time_s)
        return True if self.is_turned_away(sample.time_s) else None

    @property
    def _heading(self) -> State | None:
        """Where the head was going when it was seen last."""
        return direction(self._last_error, HEADING_DEG, HEADING_DEG, HEADING_DEG) if self._last_error else None

    @property
    def _may_be_reaching(self) -> bool:
        """The head went down before the driver was lost, further than to the instruments."""
        last = self._last_error
        return self._turned is State.LOOKING_DOWN and (last is None or last.pitch_deg <= -REACHING_DEG)

    @staticmethod
    def _is_another(last: PoseError | None, sample: Sample) -> bool:
        """A look elsewhere, so long after the last that the road may have been looked at between."""
        if last is None or sample.error is None or sample.seconds < OTHER_GLANCE_S:
            return False
        sideways = sample.error.yaw_deg - last.yaw_deg, sample.error.pitch_deg - last.pitch_deg
        gaze_deg, last_gaze_deg = sample.error.gaze_yaw_deg or 0.0, last.gaze_yaw_deg or 0.0
        crosses = gaze_deg * last_gaze_deg < 0 and min(abs(gaze_deg), abs(last_gaze_deg)) > GAZE_TURNED_DEG
        return math.hypot(*sideways) > OTHER_GLANCE_DEG or crosses

    def _add_up(self, sample: Sample, before: bool, holds: bool | None) -> None:
        """Short glances add up; one that was warned of on its own is not counted a second time."""
        warned = self.rule.episode.level >= Level.WARNING
        if warned and self.rule.spell.span is not None:
            self._away.forget_since(self.rule.spell.span.earliest_s)
        known_s = 0.0 if holds is None or warned else sample.seconds
        self._away.add(sample.time_s, known_s * (bool(before) + bool(holds)) / 2, known_s)
        self.repeated.update(sample.time_s, self._away.held_s, bool(holds) and not warned, State.DISTRACTED)


def are_lowered(signals: Signals, driver: Driver) -> bool | None:
    """Whether both lids are down, by this look alone: shut or nearly so; None where that cannot be seen."""
    blink = driver.blink(signals)
    return None if blink is None else blink >= LOWERED_BLINK


def are_shut(signals: Signals, driver: Driver, were_shut: bool = False) -> bool | None:
    """Whether both lids are shut; None where that cannot be seen."""
    if driver.blink(signals) is None:
        return None
    return driver.shut_by(signals) >= (-STAYS_SHUT if were_shut else 0.0)


class Eyes:
    """Eyes closed in one stretch, and PERCLOS: the share of time they are."""

    def __init__(self, settings: Analysis) -> None:
        s = self._settings = settings
        self.closed: bool | None = None
        self.lowered: bool | None = None
        self._is_no_microsleep = False
        self._unseen_s = 0.0
        self._share = Share(s.history_window)
        self.keep_history(s.history_window)
        self._microsleeps = Recent(MICROSLEEP_WINDOW_S)
        self.rule = SpellRule(
            (
                Step(s.microsleep_s, Level.WARNING, "microsleep", certain_s=MICROSLEEP_CERTAIN_S),
                Step(s.asleep_s, Level.ALARM, "asleep"),
                Step(s.eyes_unresponsive_s, Level.ALARM, "unresponsive"),
            ),
            s.attention_back_s,
            in_a_row_min=2,  # one closed sample may be a blink, also soon after another one
        )
        self.drowsy = MeasureRule(
            (
                Step(s.perclos_caution, Level.CAUTION),
                Step(s.perclos_warning, Level.WARNING),
                Step(s.perclos_alarm, Level.ALARM),
            ),
            s.perclos_clear,
        )
        self.unseen = SpellRule((Step(EYES_UNSEEN_S, Level.CAUTION),), s.attention_back_s)

    def update(self, sample: Sample, driver: Driver, mouth_is_wide: bool) -> None:
        """Take one sample."""
        before, slept = self.closed, self.rule.episode.event is not None
        self.closed = self._are_shut(sample, driver)
        if self.closed is False and not slept:
            self.rule.spell.restart(sample.time_s)  # it was a blink; only who slept must stay awake for a second
        # Closed eyes are looked at more often than other things (capture.py, SECOND_LOOK_S): what counts is that gap
        period_s = min(sample.period_s, sample.seconds)
        least_s = self._least_s(sample, mouth_is_wide)
        self.rule.update(sample.time_s, self.closed, period_s, State.EYES_CLOSED, least=least_s)
        if self.rule.episode.event is not None and not slept:
            self._microsleeps.add(sample.time_s)
        is_yawn = mouth_is_wide and self.rule.spell.certain_s(sample.time_s) <= YAWN_SHUTS_EYES_S
        known_s = 0.0 if self.closed is None or is_yawn else sample.seconds
        self._share.add(sample.time_s, known_s * (bool(before) + bool(self.closed)) / 2, known_s)
        self.drowsy.update(sample.time_s, self._drowsiness(sample.time_s), bool(self.closed), State.DROWSY)
        hidden = sample.signals.eyes_hidden if sample.signals and sample.sight is Sight.CLEAR else None
        self.unseen.update(sample.time_s, hidden, sample.period_s, State.EYES_UNSEEN)
        self._unseen_s = self.unseen.spell.lasted_s(sample.time_s, sample.period_s)

    @property
    def may_sleep(self) -> bool:
        """They are closed, or have been seen open once since: another look soon would tell a blink from sleep."""
        return self.rule.spell.span is not None

    @property
    def perclos(self) -> float | None:
        """Share of the history window with closed eyes; None before enough of it was measured."""
        return self._share.ratio if self._share.measured_s >= self._valid_s else None

    def keep_history(self, window_s: float) -> None:
        """Judge PERCLOS over another window: it stays surely reached or not told, so from less it is told later."""
        self._valid_s = min(self._settings.perclos_min_valid_s, KNOWN_MAX * window_s)
        self._share.keep(window_s)

    def forget(self) -> None:
        """A new driver."""
        self._share.clear()
        self._microsleeps.clear()

    @property
    def are_unseen(self) -> bool:
        """Something has hidden them for so long that nobody can say whether they are open."""
        return self._unseen_s >= EYES_UNSEEN_SHOWN_S

    def _are_shut(self, sample: Sample, driver: Driver) -> bool | None:
        """Whether both lids are shut; None where they cannot be seen."""
        self.lowered = None
        if sample.sight is not Sight.CLEAR or sample.signals is None:
            return None
        self.lowered = are_lowered(sample.signals, driver)
        return are_shut(sample.signals, driver, were_shut=self.rule.spell.span is not None)

    def _least_s(self, sample: Sample, mouth_is_wide: bool) -> float:
        """The least step of this closure: a frown or a yawn in it is no microsleep, but may be sleep."""
        if self.rule.spell.span is None:
            self._is_no_microsleep = False
        frowns = bool(self.closed and sample.signals and (sample.signals.brow_down or 0.0) >= FROWN)
        self._is_no_microsleep = self._is_no_microsleep or frowns or mouth_is_wide
        if not self._is_no_microsleep:
            return 0.0
        is_sure = self.rule.spell.certain_s(sample.time_s) >= self._settings.asleep_s
        return self._settings.asleep_s if is_sure else math.inf

    def _drowsiness(self, time_s: float) -> float | None:
        if self._microsleeps.count(time_s) >= MICROSLEEPS_DROWSY:
            return max(self.perclos or 0.0, self._settings.perclos_alarm)
        if not self._share.measured_s:
            return 0.0  # of nobody seen for so long nobody is called drowsy
        # At 1 Hz the blinks of an alert driver cross 8 % by luck
        return self._share.sure_ratio if self.perclos is not None else None


class Yawns:
    """Yawns are counted: the mouth is wide open for longer than a word, on average, as single looks are misread."""

    def __init__(self, settings: Analysis) -> None:
        self._wide = Spell(0.0)
        self._mean_mar = Mean(settings.yawn_s)
        self._yawned = False
        self._yawns = Recent(settings.yawn_window_s)
        self.mouth_is_wide = False
        self.rule = MeasureRule((Step(settings.yawns_caution, Level.CAUTION),), settings.yawns_caution)

    def update(self, sample: Sample, driver: Driver) -> None:
        """Take one sample."""
        mar = sample.signals.mar if sample.signals and sample.sight is Sight.CLEAR else None
        is_wide = None if mar is None else mar > driver.yawn_mar(yawns=self._wide.holds_now)
        self._wide.update(sample.time_s, is_wide, sample.period_s)
        self.mouth_is_wide = self._wide.holds_now
        before, mean_mar = self._yawned, self._mean_mar.update(sample.time_s, mar, sample.period_s)
        if mean_mar is None:
            self._yawned = before and self._wide.holds_now
        else:
            self._yawned = mean_mar > driver.yawn_mar(yawns=before)
        if self._yawned and not before:
            self._yawns.add(sample.time_s)
        self.rule.update(sample.time_s, self._yawns.count(sample.time_s), self._yawned, State.YAWNING)

    def forget(self) -> None:
        """A new driver."""
        self._yawns.clear()


def momentary_state(signals: Signals, settings: Analysis) -> State:
    """What a single picture shows, with the neutral pose of the settings and eyes like most people's.

    Where head and eyes are when they look at the road is not known of it: the limits have their margin, and eyes turn
    nothing. Nor does it show a yawn.
    """
    driver = Driver(settings)
    error = driver.error(signals)
    if error is None:
        return signals.glimpsed or State.NO_FACE
    if signals.hand_at_ear:
        return State.PHONE
    limits_deg = settings.yaw_limit_deg, settings.pitch_up_limit_deg, settings.pitch_down_limit_deg
    turned = direction(error, *(limit_deg + error.margin_deg for limit_deg in limits_deg))
    if turned is not None:
        return turned
    if are_shut(signals, driver):
        return State.EYES_CLOSED
    return State.EYES_UNSEEN if signals.eyes_hidden else State.ATTENTIVE


class Presence:
    """Is there a picture, and a driver in it?"""

    def __init__(self, settings: Analysis) -> None:
        self._hold_s = settings.no_face_hold_s
        self._warning = Step(settings.no_face_warning_s, Level.WARNING)
        self.no_face = SpellRule((), 0.0)
        self.blocked = SpellRule((Step(settings.camera_blocked_s, Level.WARNING),), 0.0)
        # one missing frame may only be late, which at 2 s between two looks is as long as the rule itself
        self.no_camera = SpellRule((Step(settings.no_camera_s, Level.WARNING),), 0.0, in_a_row_min=2)
        self._seen = False
        self._absent_s = 0.0

    def update(self, sample: Sample, is_turned_away: bool) -> None:
        """Take one sample."""
        nothing = sample.sight is Sight.NOTHING
        is_covered = None if nothing else sample.sight is not Sight.CLEAR
        # a face without a pose is as good as none: upside down, cut off, or a profile that the mesh misfits
        no_face = None if sample.sight is not Sight.CLEAR else sample.error is None and not is_turned_away
        self._seen = self._seen or sample.signals is not None
        self.no_camera.update(sample.time_s, nothing, sample.period_s, State.NO_CAMERA)
        self.blocked.update(sample.time_s, is_covered, sample.period_s, State.CAMERA_BLOCKED, str(sample.sight.value))
        self.no_face.update(sample.time_s, no_face, sample.period_s, State.NO_FACE)
        self._absent_s = self.no_face.spell.lasted_s(sample.time_s, sample.period_s)
        span = self.no_face.spell.span
        if span is not None and self._seen and self._absent_s >= self._warning.limit:
            self.no_face.episode.rise(State.NO_FACE, self._warning, span)

    @property
    def is_absent(self) -> bool:
        """Nobody was seen for longer than the hold-off."""
        return self._absent_s >= self._hold_s

    @property
    def driver_left(self) -> bool:
        """Nobody was seen for so long that the next face may be another driver's."""
        return self._absent_s >= ABSENCE_NEW_DRIVER_S


class Attention:
    """Takes samples in the order of their time and says what they mean."""

    def __init__(self, settings: Analysis, repeat_s: float) -> None:
        self._pace = Pace()
        self._last_s: float | None = None
        self.driver = Driver(settings)
        self._glances = Glances(settings)
        self._eyes = Eyes(settings)
        self._yawns = Yawns(settings)
        self._presence = Presence(settings)
        self._phone = SpellRule(
            (
                Step(settings.phone_caution_s, Level.CAUTION),
                Step(settings.phone_warning_s, Level.WARNING),
                Step(settings.phone_alarm_s, Level.ALARM),
            ),
            settings.phone_clear_s,
        )
        self._rules: tuple[SpellRule | MeasureRule, ...] = (
            self._presence.no_camera,
            self._presence.blocked,
            self._presence.no_face,
            self._glances.rule,
            self._glances.repeated,
            self._eyes.rule,
            self._eyes.unseen,
            self._eyes.drowsy,
            self._phone,
            self._yawns.rule,
        )
        self._urgency = Urgency(settings.level_step_s)
        self._cues = Cues(repeat_s)
        self._history = History(settings.max_events_buffer, settings.history_window)
        self._shown = State.ATTENTIVE
        self._since_s: float | None = None

    def update(self, time_s: float, sight: Sight, signals: Signals | None, seated: Seated | None = None) -> Verdict:
        """Take one sample; signals None: no face was found. Times must grow; one that does not is taken as no time."""
        sample = self._sample(time_s, sight, signals, seated)
        self._glances.update(sample)
        self._yawns.update(sample, self.driver)
        self._eyes.update(sample, self.driver, self._yawns.mouth_is_wide)
        self._presence.update(sample, self._glances.is_turned_away(time_s))
        on_phone = sample.signals.hand_at_ear if sample.signals else None
        self._phone.update(time_s, on_phone, sample.period_s, State.PHONE)
        if sample.signals is not None and sight is Sight.CLEAR:
            self.driver.learn(time_s, sample.signals, self._eyes.closed)
        elif self._presence.driver_left:
            self._forget_driver()
        return self._verdict(sample)

    def recalibrate(self) -> None:
        """Learn the neutral pose and the eyes anew, as for a new driver."""
        self._forget_driver()

    def keep_history(self, window_s: float) -> None:
        """Look back so far from now on; what is older is forgotten."""
        self._eyes.keep_history(window_s)
        self._history.keep(window_s)

    def change_eyes(self) -> None:
        """Another mesh reads the mouth otherwise: how wide this driver's opens is learnt again; the road stays."""
        self.driver.forget_features()

    @property
    def recent_events(self) -> tuple[Event, ...]:
        """Events that ended within the history window, the newest last; never more than max_events_buffer."""
        return self._history.events(self._last_s or 0.0)

    def _sample(self, time_s: float, sight: Sight, signals: Signals | None, seated: Seated | None) -> Sample:
        period_s = self._pace.update(time_s, counts=not self._eyes.may_sleep)
        # what was not watched counts for nothing: after a gap only one period is known
        gap_s = period_s if self._last_s is None else max(0.0, time_s - self._last_s)
        self._last_s = time_s
        signals = self.driver.own(signals)
        seconds = gap_s if gap_s <= silence_s(period_s) else period_s
        error = self.driver.error(signals) if signals else None
        return Sample(time_s, seconds, period_s, sight, signals, error, seated)

    def _forget_driver(self) -> None:
        self.driver.forget()
        self._glances.forget()
        self._eyes.forget()
        self._yawns.forget()

    def _verdict(self, sample: Sample) -> Verdict:
        changes = tuple(change for rule in self._rules for change in rule.episode.changes)
        self._history.add(changes)
        state = self._state()
        if state is not self._shown or self._since_s is None:
            self._shown, self._since_s = state, sample.time_s
        return Verdict(
            time_s=sample.time_s,
            state=state,
            level=self._urgency.update(sample.time_s, self._level_now()),
            since_s=self._since_s,
            neutral=self.driver.neutral,
            perclos=self._eyes.perclos,
            yaw_error_deg=sample.error.yaw_deg if sample.error else None,
            pitch_error_deg=sample.error.pitch_deg if sample.error else None,
            eyes_closed=self._eyes.closed or self._eyes.lowered,
            is_urgent=self._eyes.may_sleep,
            events=changes,
            cue=self._cues.update(sample.time_s, changes, self._lasting()),
        )

    def _level_now(self) -> Level:
        return max((rule.episode.level for rule in self._rules if rule.holds_now), default=Level.NONE)

    def _lasting(self) -> tuple[Event, ...]:
        """Events to which the driver adds at this moment."""
        return tuple(rule.episode.event for rule in self._rules if rule.holds_now and rule.episode.event)

    def _state(self) -> State:
        events = [rule.episode.event for rule in self._rules if rule.episode.event]
        if not events:
            unseen = State.EYES_UNSEEN if self._eyes.are_unseen else State.ATTENTIVE
            return State.NO_FACE if self._presence.is_absent else unseen
        rank = {event.kind: (event.kind not in BLIND, -event.level, PRIORITY.index(event.kind)) for event in events}
        return min(rank, key=rank.__getitem__)


class Urgency:
    """The level as the driver feels it: rises at once, falls a step at a time after step_s of attention each."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._level = Level.NONE
        self._held_s = 0.0

    def update(self, time_s: float, level: Level) -> Level:
        """Take the level of what happens now."""
        if level >= self._level:
            self._level, self._held_s = level, time_s
        elif time_s - self._held_s >= self._step_s:
            self._level, self._held_s = Level(self._level - 1), time_s
        return self._level


class Cues:
    """When a sound is due: as an event begins or rises, and again every repeat_s while an alarm lasts."""

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._last: dict[State, tuple[float, Level]] = {}  # no more keys than there are states

    def update(self, time_s: float, changes: tuple[Event, ...], lasting: tuple[Event, ...]) -> Cue | None:
        """Take one sample's changes and the events that last; the most urgent cue, or None."""
        due = [event for event in changes if event.end_s is None and self._is_news(time_s, event)]
        due += [event for event in lasting if self._is_due_again(time_s, event)]
        if not due:
            return None
        loudest = min(due, key=lambda event: (-event.level, PRIORITY.index(event.kind)))
        self._last[loudest.kind] = time_s, loudest.level
        return Cue(loudest.kind, loudest.level)

    def _is_news(self, time_s: float, event: Event) -> bool:
        if event.level is Level.CAUTION and event.kind in SILENT_CAUTIONS:
            return False
        return event.level > self._last_level(event.kind) or self._is_over(time_s, event.kind)

    def _is_due_again(self, time_s: float, event: Event) -> bool:
        repeats = event.level is Level.ALARM and event.kind in REPEATING_ALARMS
        return repeats and self._is_over(time_s, event.kind)

    def _last_level(self, kind: State) -> Level:
        return self._last[kind][1] if kind in self._last else Level.NONE

    def _is_over(self, time_s: float, kind: State) -> bool:
        return kind not in self._last or time_s - self._last[kind][0] >= self._repeat_s - REPEAT_SLACK_S


class History:
    """The newest ended events, bounded by number and age."""

    def __init__(self, size: int, window_s: float) -> None:
        self._events: deque[Event] = deque(maxlen=size)
        self._window_s = window_s

    def keep(self, window_s: float) -> None:
        """Hold events no longer than this."""
        self._window_s = window_s

    def add(self, changes: tuple[Event, ...]) -> None:
        """Keep those that ended."""
        self._events.extend(event for event in changes if event.end_s is not None)

    def events(self, now_s: float) -> tuple[Event, ...]:
        """Those that ended within the window."""
        while self._events and now_s - (self._events[0].end_s or now_s) > self._window_s:
            self._events.popleft()
        return tuple(self._events)
