"""A detector with fakes and the real attention; the tests move the clock."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.alerts.alert import Alert
from app.alerts.patterns import Sound
from app.camera.camera_thread import CameraThread
from app.camera.frame import Frame
from app.events import ClockQuality, Cue, Event, Level, Motion, Sight, State
from app.journal.journal import SIGNALS_MAX, Journal
from app.journal.trip import Trip
from app.monitor.detector import Detector, Hooks, Parts, Timing
from app.monitor.driver_feedback import DriverFeedback
from app.monitor.memory_saver import MemorySaver
from app.monitor.problem import Surroundings
from app.monitor.report import Report
from app.observer import Observation, Observer
from app.part_status import Availability, CameraHealth
from app.telemetry.course import Course
from app.telemetry.event_signals import EventSignals, signals_of
from app.telemetry.requests import Request
from app.vehicle.reading import Vehicle
from app.vehicle.vehicle_thread import VehicleThread
from app.vision.measurements import Signals
from config.settings import Settings
from tests.support.story import ROAD, Part, looking, new_attention

ANALYSIS = Settings().analysis
PICTURE = np.zeros((24, 32, 3), np.uint8)
PERIOD_S, TIMEOUT_S = 1.0, 0.5
START_S, WALL_S = 1000.0, 1.8e9
AWAY = looking(1, yaw_deg=45)


class FakeCamera(CameraThread):
    """Sends a frame a second while `sending`; a read without a frame takes its whole time-out."""

    def __init__(self, clock: Clock) -> None:
        self.sending = True
        self.hangs = False
        self.period_s = PERIOD_S
        self.brightness = 0
        self.timeouts_s: list[float | None] = []
        self.opened_anew_s: list[float] = []
        self.again_at_s: list[float] = []
        self._time = clock
        self._next_s = clock.now_s

    def read(self, timeout_s: float | None = None) -> Frame | None:
        self.timeouts_s.append(timeout_s)
        end_s = self._time.now_s + (timeout_s or TIMEOUT_S)
        if not self.sending or self._next_s > end_s:
            self._time.now_s = end_s
            self._next_s = max(self._next_s, end_s) if not self.sending else self._next_s
            return None
        self._time.now_s, self._next_s = self._next_s, self._next_s + self.period_s
        return Frame(PICTURE + np.uint8(self.brightness), self._time.now_s, 0)

    def request_recheck(self) -> None:
        self.again_at_s.append(self._time.now_s - START_S)

    def reopen(self, why: str) -> None:
        assert "the same picture again and again" in why
        self.opened_anew_s.append(self._time.now_s - START_S)

    @property
    def health(self) -> CameraHealth:
        if self.hangs:
            return CameraHealth(state="hung", message="/dev/video0 hangs: plug the camera out and in again")
        return CameraHealth(state="live" if self.sending else "lost")


class FakeWatch(Observer):
    """An observer that sees what `shows` returns, or raises `error`."""

    def __init__(self) -> None:
        self.attention = new_attention()
        self.shows: Callable[[float], Signals | None] = lambda _: ROAD
        self.sight = Sight.CLEAR
        self.error: Exception | None = None
        self.failures = 0

    def look(self, frame: Frame, motion: Motion = Motion.UNKNOWN) -> Observation:
        if self.error is not None:
            self.failures += 1
            raise self.error
        signals = self.shows(frame.time_s) if self.sight is Sight.CLEAR else None
        return Observation(
            frame, self.sight, None, signals, self.attention.update(frame.time_s, self.sight, signals, None, motion)
        )


class FakeAlert(Alert):
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.shown: list[tuple[State, Level]] = []
        self.stuck_since_s: float | None = None
        self.played: list[Cue] = []
        self.sounded: list[Sound] = []
        self.lit: list[bool] = []
        self.well: list[bool] = []

    @property
    def availability(self) -> Availability:
        return Availability(True, "", True, "")

    def show(self, state: State, level: Level, *, is_well: bool = False) -> None:
        self.calls.append("show")
        self.shown.append((state, level))
        self.well.append(is_well)

    def play(self, cue: Cue) -> None:
        self.calls.append("play")
        self.played.append(cue)

    def sound(self, sound: Sound) -> None:
        self.calls.append("sound")
        self.sounded.append(sound)

    def light(self, is_lit: bool) -> None:
        self.lit.append(is_lit)

    def busy_s(self, now_s: float) -> float:
        return 0.0 if self.stuck_since_s is None else now_s - self.stuck_since_s


class FakeReport(Report):
    problem = ""

    def __init__(self) -> None:
        self.course = Course()
        self.told: list[tuple[Observation, Surroundings]] = []
        self.alive_at_s: list[float] = []

    def update(self, look: Observation, now_s: float, around: Surroundings) -> None:
        self._note_course(look)
        self.told.append((look, around))

    def still_here(self, now_s: float) -> None:
        self.alive_at_s.append(now_s - START_S)


class FakeJournal(Journal):
    def __init__(self) -> None:
        self.recorded: list[tuple[Event, float]] = []
        self.clocks: list[ClockQuality] = []
        self.trips: list[tuple[Trip, float]] = []
        self.signals: dict[tuple[State, float], EventSignals] = {}
        self.retries = self.marked_good = 0

    @property
    def problem(self) -> str:
        return "the disk is full"

    @property
    def remedy(self) -> str:
        return "sudo true"

    def record(self, event: Event, wall_s: float, now_s: float, clock: ClockQuality = ClockQuality.GUESS) -> None:
        self.recorded.append((event, wall_s - now_s))
        self.clocks.append(clock)

    def save_trip(self, trip: Trip, wall_s: float, now_s: float, clock: ClockQuality) -> None:
        self.trips.append((trip, now_s))

    def save_signals(self, kind: State, onset_s: float, signals: str, now_s: float) -> None:
        assert len(signals) <= SIGNALS_MAX
        self.signals[kind, onset_s] = signals_of(signals)

    def retry(self, now_s: float) -> None:
        self.retries += 1

    def mark_good(self) -> None:
        self.marked_good += 1

    def delete_all(self) -> None:
        self.recorded.clear()
        self.trips.clear()
        self.signals.clear()


class FakeVehicle(VehicleThread):
    """A vehicle with the speed that a test sets."""

    def __init__(self) -> None:
        self.tells: Callable[[float], Vehicle] = lambda now_s: Vehicle()
        self.clock: Callable[[], float] = lambda: 0.0

    def read(self) -> Vehicle:
        return self.tells(self.clock())

    def drive(self, speed_kmh: float) -> None:
        self.tells = lambda now_s: Vehicle(speed_kmh, now_s, source="/dev/ttyACM0")


class Clock:
    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """A detector among fakes."""

    def __init__(
        self,
        on_stage: Callable[[str], None] = lambda stage: None,
        saver: MemorySaver | None = None,
        feedback: Callable[[Alert], DriverFeedback] = DriverFeedback,
    ) -> None:
        self.clock = Clock()
        self.camera, self.watch, self.alert = FakeCamera(self.clock), FakeWatch(), FakeAlert()
        self.report, self.journal, self.vehicle = FakeReport(), FakeJournal(), FakeVehicle()
        self.vehicle.clock = self.clock
        self.requests: list[Request] = []
        self.healthy_at_s: list[float] = []
        self.detector = Detector(
            Parts(
                self.camera,
                self.watch,
                self.alert,
                feedback(self.alert),
                self.report,
                self.journal,
                saver,
                self.vehicle,
            ),
            Timing(PERIOD_S, TIMEOUT_S, self.clock, lambda: WALL_S + self.clock.now_s),
            Hooks(
                on_look=lambda look, now_s: self.prints(look),
                on_healthy=lambda: self.healthy_at_s.append(self.clock.now_s - START_S),
                take_requests=lambda: self.takes(),
                on_stage=on_stage,
            ),
        )

    def prints(self, look: Observation) -> None:
        """What the console would do."""

    def takes(self) -> list[Request]:
        taken, self.requests = self.requests, []
        return taken

    def run(self, for_s: float) -> None:
        end_s = self.clock.now_s + for_s
        self.detector.run(lambda: self.clock.now_s >= end_s)

    def show(self, part: Part, for_s: float) -> None:
        """Show this part for `for_s`, then an attentive driver for 10 s."""
        self.watch.shows = part.signals_at
        self.run(for_s)
        self.watch.shows = lambda _: ROAD
        self.run(10)

    def ask(self, *requests: Request) -> None:
        self.requests = list(requests)
        self.detector.step()

    def is_muted(self) -> bool:
        return self.report.told[-1][1].muted_until_s is not None

    @property
    def states(self) -> list[State]:
        return [look.verdict.state for look, _ in self.report.told]
