"""How long has something lasted, judged from samples: spells and shares of time. Pure; every time is an argument.

Between the last sample without a condition and the first one with it lies its true onset. Each spell keeps both bounds
and counts from their midpoint, so that at 1 Hz a rule of 3.5 s is met on the fourth sample. Everything
counts seconds between samples that agree, never frames.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

# A condition that cannot be measured neither starts nor ends for this long, in sample periods and at least in seconds
HOLD_OFF_PERIODS, HOLD_OFF_MIN_S = 1.5, 1.0
# A rule is met at the sample nearest to its time: waiting for the first one past it would warn up to a whole period
# late at a low rate. It is a little less than half a period, so that two samples in a glance of under 2 s
# do not meet the caution at 2 s.
NEAREST_PERIODS = 0.4
FIRST_PERIOD_S = 1.0  # the product's rate, until two samples have been seen
PERIODS_KEPT = 9
SURE_SIGMAS = 1.64  # 95 of 100, one-sided


def hold_off_s(period_s: float) -> float:
    """How far apart two samples may be and still belong together."""
    return period_s + max(HOLD_OFF_PERIODS * period_s, HOLD_OFF_MIN_S)


class Pace:
    """The usual time between samples: the median of the last few, so that one late frame changes nothing."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._periods: deque[float] = deque(maxlen=PERIODS_KEPT)

    def update(self, time_s: float, *, counts: bool = True) -> float:
        """Take the time of a sample, which may be a second look that does not count; usual seconds between samples."""
        if counts and self._last_s is not None and time_s > self._last_s:
            self._periods.append(time_s - self._last_s)
        self._last_s = time_s
        return sorted(self._periods)[len(self._periods) // 2] if self._periods else FIRST_PERIOD_S


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time whose onset lies between two bounds; end_s is None while it lasts."""

    earliest_s: float
    latest_s: float
    end_s: float | None = None

    @property
    def onset_s(self) -> float:
        """The midpoint of the bounds."""
        return (self.earliest_s + self.latest_s) / 2


class Spell:
    """One uninterrupted stretch of a condition. It ends when the condition was gone for clear_s."""

    def __init__(self, clear_s: float) -> None:
        self._clear_s = clear_s
        self.span: Span | None = None  # the stretch that lasts
        self.ended: Span | None = None  # the stretch that ended at the newest sample
        self.in_a_row = 0  # how many of the newest measured samples showed the condition
        self._last_on_s = self._last_off_s = -math.inf
        self._back: Span | None = None  # the condition is gone since, but not yet for clear_s

    def update(self, time_s: float, holds: bool | None, period_s: float) -> None:
        """Take one sample; holds None means that it could not be measured."""
        self.ended = None
        if holds is not None:
            self.in_a_row = self.in_a_row + 1 if holds else 0
        if self.span is not None and time_s - max(self._last_on_s, self._last_off_s) > hold_off_s(period_s):
            self._end(self._last_on_s)
        if holds is None:
            return
        if holds:
            self._on(time_s, period_s)
        else:
            self._off(time_s, period_s)

    def restart(self, time_s: float) -> None:
        """It was another stretch that ended about now; the next sample begins a new one."""
        self.span = self._back = None
        self._last_off_s = time_s

    def began(self, span: Span, time_s: float) -> None:
        """It has lasted since then, as is known only now."""
        if self.span is None:
            self.span, self._last_on_s = span, time_s

    def lasted_s(self, time_s: float, period_s: float) -> float:
        """Seconds since the onset's midpoint as rules compare them: to the nearest sample; 0 if nothing lasts."""
        if self.span is None:
            return 0.0
        return time_s - self.span.onset_s + NEAREST_PERIODS * period_s

    def certain_s(self, time_s: float) -> float:
        """Seconds since the first sample that showed the condition; 0 if nothing lasts."""
        return 0.0 if self.span is None else time_s - self.span.latest_s

    @property
    def holds_now(self) -> bool:
        """The newest measured sample showed the condition."""
        return self.span is not None and self._back is None

    def _on(self, time_s: float, period_s: float) -> None:
        if self._back is not None and time_s - self._back.onset_s >= self._clear_s:
            self._end(self._back.onset_s)
        if self.span is None:
            is_fresh = time_s - self._last_off_s <= hold_off_s(period_s)
            self.span = Span(self._last_off_s if is_fresh else time_s, time_s)
            self.in_a_row = 1
        self._last_on_s, self._back = time_s, None

    def _off(self, time_s: float, period_s: float) -> None:
        self._last_off_s = time_s
        if self.span is None:
            return
        if self._back is None:
            self._back = Span(self._last_on_s, time_s)
        if time_s - self._back.onset_s + NEAREST_PERIODS * period_s >= self._clear_s:
            self._end(self._back.onset_s)

    def _end(self, end_s: float) -> None:
        if self.span is not None:
            self.ended = Span(self.span.earliest_s, self.span.latest_s, end_s)
        self.span = self._back = None


class Share:
    """Which share of the last window_s a condition held: a ring of bins of about a second, so its size is bounded."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._bins: deque[list[float]] = deque()  # [start_s, held_s, measured_s, held_s squared by run]
        self._run_s = 0.0
        self._count()

    def add(self, time_s: float, held_s: float, measured_s: float) -> None:
        """Add the time since the sample before: how long it was measured and how long the condition held."""
        if not self._bins or time_s - self._bins[-1][0] >= 1.0:
            self._bins.append([time_s, 0.0, 0.0, 0.0])
        newest = self._bins[-1]
        newest[1] += held_s
        newest[2] += measured_s
        if measured_s > 0:
            newest[3] += held_s * (2 * self._run_s + held_s)  # by so much the square of the run grows
            self._run_s = self._run_s + held_s if held_s > 0 else 0.0
        while self._bins and time_s - self._bins[0][0] >= self._window_s:
            self._bins.popleft()
        self._count()

    def forget_since(self, time_s: float) -> None:
        """Drop what was added at or after a time, to within a bin."""
        while self._bins and self._bins[-1][0] >= time_s:
            self._bins.pop()
        self._count()

    def clear(self) -> None:
        """Forget everything."""
        self._bins.clear()
        self._run_s = 0.0
        self._count()

    def _count(self) -> None:
        """Sum up once for all who ask, in one loop: this is most of what attention computes."""
        held_s = measured_s = squares = 0.0
        for _, held, measured, squared in self._bins:
            held_s += held
            measured_s += measured
            squares += squared
        self.held_s = held_s  # seconds of the window in which the condition held
        self.measured_s = measured_s  # seconds of the window that were measured
        self._squares = squares

    @property
    def ratio(self) -> float | None:
        """held_s over measured_s; None when nothing was measured."""
        return self.held_s / self.measured_s if self.measured_s > 0 else None

    @property
    def ratio_lower_bound(self) -> float | None:
        """The ratio that is surely reached: runs of d seconds met by chance scatter their sum by the root of sum d².

        Few runs prove little, be they blinks that a slow camera happened to meet or one long sleep.
        """
        scatter_s = math.sqrt(self._squares)
        return (self.held_s - SURE_SIGMAS * scatter_s) / self.measured_s if self.measured_s > 0 else None


class Mean:
    """The mean of a figure over the last window_s."""

    KEPT = 256  # more than the window has at 30 a second

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._values: deque[tuple[float, float]] = deque(maxlen=self.KEPT)

    def update(self, time_s: float, value: float | None, period_s: float) -> float | None:
        """Take one sample, None if it could not be measured; None where little of the window was."""
        slack_s = NEAREST_PERIODS * period_s
        while self._values and time_s - self._values[0][0] > self._window_s + slack_s:
            self._values.popleft()
        if value is not None:
            self._values.append((time_s, value))
        if not self._values or self._values[-1][0] - self._values[0][0] < self._window_s - slack_s:
            return None
        return sum(value for _, value in self._values) / len(self._values)


class Recent:
    """How often something happened within window_s."""

    KEPT = 64  # more than any rule asks for

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._times: deque[float] = deque(maxlen=self.KEPT)

    def add(self, time_s: float) -> None:
        """It happened now."""
        self._times.append(time_s)

    def count(self, time_s: float) -> int:
        """How often in the window that ends now."""
        while self._times and time_s - self._times[0] > self._window_s:
            self._times.popleft()
        return len(self._times)

    def clear(self) -> None:
        """Forget everything."""
        self._times.clear()
