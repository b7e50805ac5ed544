"""What a driver hears and sees: the pattern of each cue on the buzzer and of each verdict on the LED."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from app.events import BLIND, Cue, Level, State

Rhythm = tuple[tuple[int, int], ...]  # (on_ms, off_ms) of each beep; none longer than 500 ms, 2.5 s in all
Melody = tuple[int, ...]  # Hz of the beeps in turn
Pulse = tuple[bool, float]  # the pin's state, and for how many seconds

TICK: Rhythm = ((40, 60),)
BY_LEVEL: dict[Level, Rhythm] = {
    Level.NONE: (),
    Level.CAUTION: TICK,
    Level.WARNING: ((150, 100),) * 2,
    Level.ALARM: ((90, 60),) * 5,
}
CAMERA_LOST: Rhythm = ((60, 400),) * 3  # slow and faint: the driver did nothing wrong
LONG_SHORT_SHORT: Rhythm = ((400, 120), (90, 90), (90, 150))
# Sounds of their own: the eyes' are the longest, as they must wake somebody.
BY_CUE: dict[Cue, Rhythm] = {
    Cue(State.EYES_CLOSED, Level.WARNING): ((500, 100),) * 2,
    Cue(State.EYES_CLOSED, Level.ALARM): ((500, 60),) * 4,
    Cue(State.DROWSY, Level.CAUTION): ((400, 100),),
    Cue(State.DROWSY, Level.WARNING): LONG_SHORT_SHORT,
    Cue(State.DROWSY, Level.ALARM): LONG_SHORT_SHORT * 2,
    Cue(State.NO_FACE, Level.WARNING): ((80, 80), (350, 100)),
    Cue(State.NO_FACE, Level.ALARM): ((80, 80), (350, 100)) * 2,
    **{Cue(kind, level): CAMERA_LOST for kind in BLIND for level in Level},
}
# A passive buzzer adds a tune for each kind. Low notes, because software makes them: 0.5 ms an edge at 1 kHz.
TUNES_HZ: dict[State, Melody] = {
    State.ATTENTIVE: (659,),
    State.LOOKING_AWAY: (784,),
    State.LOOKING_DOWN: (784, 587),
    State.DISTRACTED: (659, 784),
    State.EYES_CLOSED: (988, 740),
    State.EYES_UNSEEN: (494,),  # for no cue yet
    State.DROWSY: (880, 698, 523),
    State.YAWNING: (523,),
    State.PHONE: (587, 784, 988),
    State.NO_FACE: (440, 587),
    State.CAMERA_BLOCKED: (523, 494, 440),
    State.NO_CAMERA: (523, 440, 392),
    State.SAVING_MEMORY: (392, 523),  # for no cue yet
}
# The LED repeats its pattern for as long as the state lasts.
LED_BY_LEVEL: dict[Level, Rhythm] = {
    Level.NONE: (),
    Level.CAUTION: ((200, 800),),
    Level.WARNING: ((250, 250),),
    Level.ALARM: ((80, 80),),
}
LED_BY_STATE: dict[State, Rhythm] = {
    State.NO_FACE: ((60, 1940),),
    State.CAMERA_BLOCKED: ((60, 140), (60, 1740)),
    State.NO_CAMERA: ((60, 140), (60, 140), (60, 1540)),
}


# What the LED shows of a parked vehicle's driver, who may look where he likes
SHOWN_WHEN_PARKED = frozenset({State.EYES_CLOSED, State.CAMERA_BLOCKED, State.NO_CAMERA})


@dataclass(frozen=True, slots=True)
class Sound:
    """A pattern to be played once; a louder level interrupts it."""

    level: Level
    rhythm: Rhythm
    melody: Melody


TEST_SOUND = Sound(Level.NONE, ((100, 100),) * 3, (523, 659, 784))
# A dead device is silent: these say that it is not
WATCHING_SOUND = Sound(Level.NONE, ((80, 120),), (659,))
ROAD_LEARNT_SOUND = Sound(Level.NONE, ((80, 120),) * 2, (659, 784))
PRESS_SOUND = Sound(Level.NONE, TICK, (880,))
HEARTBEAT: Rhythm = ((30, 3970),)


def sound_of(cue: Cue) -> Sound:
    """The sound of the tables for this cue."""
    return Sound(cue.level, BY_CUE.get(cue, BY_LEVEL[cue.level]), TUNES_HZ[cue.kind])


def led_rhythm(state: State, level: Level, *, is_well: bool = False) -> Rhythm:
    """What the LED repeats; is_well: nothing is wrong with the detector, which a heartbeat tells."""
    return LED_BY_STATE.get(state, LED_BY_LEVEL[level]) or (HEARTBEAT if is_well else ())


def beeps(rhythm: Rhythm) -> Iterator[Pulse]:
    """Pulses for an LED, or for a buzzer that makes its own tone."""
    for on_ms, off_ms in rhythm:
        yield True, on_ms / 1000
        yield False, off_ms / 1000


def tune(rhythm: Rhythm, melody: Melody) -> Iterator[Pulse]:
    """The wave for a passive buzzer, which only clicks at a steady level; rough, as software times it."""
    for (on_ms, off_ms), hz in zip(rhythm, cycle(melody)):
        half_s = 0.5 / hz
        yield from ((True, half_s), (False, half_s)) * (on_ms * hz // 1000)
        yield False, off_ms / 1000


def pulses_of(sound: Sound, beep_only: bool) -> Iterator[Pulse]:
    """The sound as pulses of the pin."""
    return beeps(sound.rhythm) if beep_only else tune(sound.rhythm, sound.melody)
