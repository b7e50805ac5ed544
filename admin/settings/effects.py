"""What a change of settings does to the detector's memory and to the time of an alert. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from admin.settings.costs import FAST_MB, MB_PER_PIXEL, MODEL_MB, SIZES, WIDTH_MEASURED_MIN_PX
from app.memory.governor import END_OF_BUDGET
from app.memory.rates import FAST_FROM_FPS
from config.declaration import Value
from config.settings import CAMERAS

Values = Mapping[str, Value]

BYTES_PER_PIXEL = 3
LOOK_USUAL_S = 1.0  # at one look a second every case of the regulations passes: tests/benchmarks/tables/rules.md
LOOK_MEASURED_MAX_S = 2.0  # the longest time between two looks that this table has
MISSED_S = 2.5  # eyes shut for so long are not reported at that rate, by the same table
WIRING = ("raspberry_pi.buzzer_pin", "raspberry_pi.buzzer_active_low", "raspberry_pi.gpio_chip")


@dataclass(frozen=True, slots=True)
class Effects:
    """What is said of a change, in sentences. doubts: those with which no alert may come in time, to be asked twice."""

    memory: str
    alerts: tuple[str, ...]
    doubts: tuple[str, ...]


def effects(before: Values, after: Values) -> Effects:
    """Return what is different after the change; a doubt that was there before is not asked again."""
    known = set(_doubts(before))
    doubts = tuple(doubt for doubt in _doubts(after) if doubt not in known)
    return Effects(_memory(before, after), tuple(_alerts(before, after)), doubts)


def look_every_s(values: Values) -> float:
    """Seconds from one look at the driver to the next."""
    return _number(values, "camera.frame_skip") / _number(values, "camera.target_fps")


def memory_mb(values: Values) -> float:
    """The detector's RSS, estimated from what was measured, without waiting frames."""
    fast_mb = FAST_MB if 1 / look_every_s(values) >= FAST_FROM_FPS else 0.0
    return MODEL_MB[str(values["vision.model"])] + _size_mb(values) + fast_mb


def waiting_mb(values: Values) -> float:
    """What the queue of frames may hold besides, when all of it is full."""
    return (_number(values, "camera.buffer_frames") - 1) * BYTES_PER_PIXEL * _pixels(values) / 1e6


def _memory(before: Values, after: Values) -> str:
    """One sentence, also where nothing changes."""
    budget_mb, most_mb = _number(after, "memory.budget_mb"), memory_mb(after) + waiting_mb(after)
    was, then = (f"{memory_mb(values):.0f} MB" for values in (before, after))
    said = f"About {then}" + ("" if then == was else f" instead of {was}")
    said += f", up to {most_mb:.0f} MB while frames wait" if waiting_mb(after) >= 1 else ""
    saves = most_mb > budget_mb and bool(after["memory.governor"])
    return f"{said}; the budget is {budget_mb:.0f} MB{', so it will save memory where it can' if saves else ''}."


def _alerts(before: Values, after: Values) -> Iterator[str]:
    every_s, was_s = look_every_s(after), look_every_s(before)
    is_doubt = every_s > LOOK_MEASURED_MAX_S and every_s != was_s
    if not is_doubt and (every_s != was_s or every_s > LOOK_USUAL_S):
        yield _lateness(every_s, was_s)
    if after["camera.frame_timeout"] != before["camera.frame_timeout"]:
        missing_s = every_s + _number(after, "camera.frame_timeout")
        yield f"A camera that stops is noticed after {missing_s:g} s."
    if after["analysis.policy"] != before["analysis.policy"]:
        yield {
            "relaxed": "Alerts come as late as the regulations allow.",
            "normal": "Alerts come when the regulations ask for them.",
            "strict": "Alerts come earlier than the regulations ask, and more often.",
        }[str(after["analysis.policy"])]
    if any(after[key] != before[key] for key in WIRING):
        yield "If the buzzer is not wired so, no alert is heard: test it after the restart."
    if after["vision.phone"] and after["vision.model"] != "full":
        yield f"A phone at the ear is not seen: that needs the model full, and this is {after['vision.model']}."


def _lateness(every_s: float, was_s: float) -> str:
    said = f"A look every {every_s:.3g} s" + (f" instead of every {was_s:.3g} s" if every_s != was_s else "")
    if every_s <= LOOK_USUAL_S:
        return f"{said}: alerts come {'sooner' if every_s < was_s else 'in time'}."
    return f"{said}: an alarm can come {every_s:.3g} s late, and eyes shut for {MISSED_S:g} s may be missed."


def _doubts(values: Values) -> Iterator[str]:
    """Why with these settings there may be no alert in time, whichever key it was that led to it."""
    every_s, source = look_every_s(values), str(values["camera.source"])
    if every_s > LOOK_MEASURED_MAX_S:
        late = f"an alarm can come {every_s:.3g} s late, and eyes shut for less are not seen."
        yield f"With a look every {every_s:.3g} s, {late}"
    if not re.fullmatch(CAMERAS, source):
        yield f"The pictures come from {source}, not from a camera: nobody watches the driver."
    if values["vision.model"] == "lite":
        yield "The model lite misses most closed eyes: who falls asleep may not be woken."
    if pin := int(_number(values, "vehicle.ignition_pin")):
        yield f"While BCM {pin} has less than 3.3 V, the vehicle counts as parked and nothing sounds: wire it first."
    least_mb = MODEL_MB["standard"] + _size_mb(values) + waiting_mb(values)  # what saving cannot take away
    if values["memory.governor"] and least_mb > END_OF_BUDGET * _number(values, "memory.budget_mb"):
        yield f"With up to {least_mb:.0f} MB the detector is so far above its budget that it ends again and again."
    if _number(values, "camera.width") < WIDTH_MEASURED_MIN_PX:
        yield f"Pictures below {WIDTH_MEASURED_MIN_PX} pixels wide were never measured: the face may not be found."


def _size_mb(values: Values) -> float:
    """What pictures of this size take more than those of the profile low_memory."""
    return MB_PER_PIXEL * (_pixels(values) - SIZES[0].pixels)


def _pixels(values: Values) -> float:
    return _number(values, "camera.width") * _number(values, "camera.height")


def _number(values: Values, key: str) -> float:
    return float(values[key])
