"""How a trip went, in bounded room: coarser the longer it lasts. Pure."""

from __future__ import annotations

from app.events import State
from app.journal.trip import SEGMENTS_MAX, Segment

BINS_MAX = 48  # when they are full, each two become one: of 1, 2, 4, ... minutes
FIRST_BIN_S = 60.0


class Means:
    """The mean of a ratio over equal bins of time."""

    def __init__(self) -> None:
        self.bin_s = FIRST_BIN_S
        self._bins: list[tuple[float, int]] = []  # sum and number

    def add(self, at_s: float, ratio: float | None) -> None:
        """Count a ratio, so many seconds after the beginning."""
        while at_s >= BINS_MAX * self.bin_s:
            self.bin_s *= 2
            pairs = zip(self._bins[::2], [*self._bins[1::2], (0.0, 0)], strict=False)
            self._bins = [(one[0] + other[0], one[1] + other[1]) for one, other in pairs]
        number = int(at_s / self.bin_s)
        self._bins += [(0.0, 0)] * (number + 1 - len(self._bins))
        if ratio is not None:
            total, count = self._bins[number]
            self._bins[number] = total + ratio, count + 1

    @property
    def means(self) -> tuple[float | None, ...]:
        """The mean of each bin, None where no ratio was known."""
        return tuple(total / count if count else None for total, count in self._bins)


class Timeline:
    """Which state held when. Where there are too many segments, the shortest becomes part of a longer neighbour."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []

    def add(self, state: State | None, time_s: float) -> None:
        """The state held for so long."""
        if time_s <= 0:
            return
        self._append(self._segments, state, time_s)
        if len(self._segments) > SEGMENTS_MAX:
            self._give_shortest_away()

    def until(self, end_s: float) -> tuple[Segment, ...]:
        """The segments up to so many seconds after the beginning."""
        kept: list[Segment] = []
        for state, time_s in self._segments:
            if end_s > 0:
                kept.append((state, min(time_s, end_s)))
            end_s -= time_s
        return tuple(kept)

    def _give_shortest_away(self) -> None:
        """The newest may still grow, so it stays."""
        at = min(range(len(self._segments) - 1), key=lambda number: self._segments[number][1])
        beside = [number for number in (at - 1, at + 1) if number >= 0]
        state = self._segments[max(beside, key=lambda number: self._segments[number][1])][0]
        self._segments[at] = state, self._segments[at][1]
        joined: list[Segment] = []
        for segment in self._segments:
            self._append(joined, *segment)
        self._segments = joined

    @staticmethod
    def _append(segments: list[Segment], state: State | None, time_s: float) -> None:
        if segments and segments[-1][0] is state:
            segments[-1] = state, segments[-1][1] + time_s
        else:
            segments.append((state, time_s))
