"""What `make evaluate DATA=folder` prints of a folder of real people, and writes to real.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from app.events import Event, Level
from config.settings import Settings
from tests.evaluation import real_score
from tests.evaluation.markdown import table
from tests.evaluation.own_data import tell_problems
from tests.evaluation.real_looks import EyesSeen, Run, Seen, StillSeen, look_at_people
from tests.evaluation.real_people import FACING_PITCH_DEG, FACING_YAW_DEG, STILLS, TURNED_YAW_DEG, read_people
from tests.evaluation.real_profiles import look_by_profile, profile_goal, profile_lines
from tests.evaluation.report import Goal, Json
from tests.evaluation.score import EYES_READ

REPORT = "real.md"
PASSED = {True: "pass", False: "MISS", None: "-"}


def is_real_people(folder: Path) -> bool:
    """Whether the folder has the tables of real_people.py, and not a labels.csv."""
    return (folder / STILLS).is_file()


def evaluate_people(folder: Path, models: tuple[str, ...], out: Path, cores: int) -> int:
    """The exit status by the goals of the default profile's model; everything that was found is printed and written."""
    people = read_people(folder)
    by_model = look_at_people(people, models, cores)
    problems = list(dict.fromkeys([*people.problems, *(one for seen in by_model.values() for one in seen.problems)]))
    goals = {model: real_score.goals_of(seen) for model, seen in by_model.items()}
    profiles = look_by_profile(people.stills, cores)
    lines = [f"# {folder}\n", f"{len(people.stills)} pictures, {len(people.clips)} clips, {len(problems)} problems\n"]
    lines += [LEGEND]
    lines += [line for model, seen in by_model.items() for line in model_lines(model, seen)]
    lines += profile_lines(profiles)
    lines += goal_lines({**goals, "profiles": [profile_goal(profiles)]})
    print("\n".join(lines))
    tell_problems(problems, out / REPORT)
    lines += ["", "Left out:\n", *(f"- {problem}" for problem in problems)] if problems else []
    (out / REPORT).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"written: {out / REPORT}")
    has_seen = any(seen.stills or seen.runs for seen in by_model.values())
    return real_score.exit_status([*goals.get(Settings().vision.model, []), profile_goal(profiles)], problems, has_seen)


def model_lines(model: str, seen: Seen) -> Iterator[str]:
    """All tables and lists of one model."""
    yield f"## {model}\n"
    groups = real_score.groups_of(seen.stills)
    yield from (*table("pictures", GROUP_COLUMNS, [_group_row(name, group) for name, group in groups.items()]), "")
    stills = real_score.eyes_of_stills(seen.stills)
    eyes = {"pictures": stills, "frames of clips": seen.frames, "together": [*stills, *seen.frames]}
    yield from (*table("eyes", EYE_COLUMNS, [_eye_row(name, part) for name, part in eyes.items()]), "")
    yield from (*table("", SIDE_COLUMNS, [_side_row(seen.stills)]), "")
    together = real_score.by_clip_and_rate(seen.runs)
    yield from (*table("told in clips", EVENT_COLUMNS, list(_event_rows(together))), "")
    gaze = [runs for runs in together if real_score.gaze_level(runs[0]) is not None]
    yield from (*table("eyes alone look aside", GAZE_COLUMNS, [_gaze_row(runs) for runs in gaze]), "")
    for name, wrong in wrong_by_kind(seen).items():
        yield from (f"{name}: {len(wrong)}\n", *(f"- {one}" for one in wrong), *([""] if wrong else []))


LEGEND = f"""Each picture, and each frame of clips in which the eyes are labelled, is judged alone: nothing is learnt.
Face found: the mesh fits one; detector alone: it does not, but the detector sees a face turned far aside or down.
Facing: by eye the head is within {FACING_YAW_DEG:g} degrees of yaw and {FACING_PITCH_DEG:g} of pitch, and the eyes are
known not to be closed; these must be attentive. Area under curve: the chance that closed eyes have a higher score
eye_blink than open ones. Told in: so many of the runs, which differ in the moment of their first look. False alerts:
warnings and alarms in a clip that must be silent, except eyes told closed within {real_score.CLOSED_NEAR_S:g} s
of a stretch in which they are.
"""
GROUP_COLUMNS = (
    "name",
    "count",
    "face_found",
    "found_share",
    "detector_alone",
    "facing",
    "attentive",
    "attentive_share",
)


def _group_row(name: str, stills: Sequence[StillSeen]) -> Json:
    found, judged = real_score.faces_found(stills), real_score.attentive(stills)
    return {
        "name": name,
        "count": found.whole,
        "face_found": found.part,
        "found_share": found.value,
        "detector_alone": sum(seen.read.is_detected_only for seen in stills),
        "facing": judged.whole,
        "attentive": judged.part,
        "attentive_share": judged.value,
    }


EYE_COLUMNS = (
    "name",
    "closed",
    "closed_told_closed",
    "closed_told_open",
    "closed_not_judged",
    "open",
    "open_told_closed",
    "open_told_open",
    "open_not_judged",
    "area_under_curve",
)


def _eye_row(name: str, eyes: Sequence[EyesSeen]) -> Json:
    counts = real_score.eyes_told(eyes)
    row: Json = {"name": name, "area_under_curve": real_score.area_under_curve(eyes)}
    for true in ("closed", "open"):
        row[true] = sum(count for (eyes_true, _), count in counts.items() if eyes_true == true)
        for read in EYES_READ.values():
            told = read if read == "not judged" else f"told {read}"
            row[f"{true} {told}".replace(" ", "_")] = counts[true, read]
    return row


SIDE_COLUMNS = (f"turned by {TURNED_YAW_DEG:g} degrees and more", "right_side", "wrong_side", "no_yaw_read")


def _side_row(stills: Sequence[StillSeen]) -> Json:
    counts = real_score.sides(stills)
    numbers = (sum(counts.values()), counts[True], counts[False], counts[None])
    return dict(zip(SIDE_COLUMNS, numbers, strict=True))


EVENT_COLUMNS = ("clip", "frames_a_second", "kind", "level", "onset_s", "end_s", "told_in", "false_alerts")


def _event_rows(by_rate: Sequence[Sequence[Run]]) -> Iterator[Json]:
    """A row for each event of the clips at each rate, and one for the rates at which nothing was told of a clip."""
    for name, group in groupby(by_rate, lambda runs: runs[0].clip.name):
        silent_fps: list[str] = []
        for runs in group:
            told, fps = real_score.told_in(runs), f"{runs[0].fps:g}"
            yield from ({"clip": name, "frames_a_second": fps, **_told_cells(one, len(runs))} for one in told)
            silent_fps += [] if told else [fps]
        if silent_fps:
            yield {"clip": name, "frames_a_second": ", ".join(silent_fps), "kind": "nothing"}


def _told_cells(one: real_score.Told, runs: int) -> Json:
    return {
        "kind": one.kind.value,
        "level": levels_said(one.levels),
        "onset_s": f"{one.onset_s:.1f}",
        "end_s": "lasts" if one.end_s is None else f"{one.end_s:.1f}",
        "told_in": f"{one.runs} of {runs}",
        "false_alerts": one.false_alerts or None,
    }


GAZE_COLUMNS = ("clip", "frames_a_second", "told_in", "level")


def _gaze_row(runs: Sequence[Run]) -> Json:
    levels = [level for run in runs if (level := real_score.gaze_level(run)) is not None]
    told: Counter[Level] = Counter(level for level in levels if level is not Level.NONE)
    row: Json = {"clip": runs[0].clip.name, "frames_a_second": f"{runs[0].fps:g}"}
    return {**row, "told_in": f"{told.total()} of {len(levels)}", "level": levels_said(told)}


def levels_said(levels: Counter[Level]) -> str:
    """Such as "2 caution, 1 alarm"."""
    return ", ".join(f"{levels[level]} {level.name.lower()}" for level in sorted(levels))


def wrong_by_kind(seen: Seen) -> dict[str, list[str]]:
    """What was read wrong, by the names of the files."""
    eyes = [*real_score.eyes_of_stills(seen.stills), *seen.frames]
    facing = [one for one in seen.stills if one.still.must_be_attentive and not real_score.is_attentive(one)]
    wrong_side = [one for one in seen.stills if one.still.is_turned and real_score.is_side_right(one) is False]
    alerts = [(run, event) for run in seen.runs for event in real_score.false_alerts(run)]
    return {
        "no face found": [_about(one) for one in seen.stills if not one.read.has_face],
        "closed eyes not told closed": [
            _eyes_said(one) for one in eyes if one.eyes == "closed" and not _is_closed(one)
        ],
        "open eyes told closed": [_eyes_said(one) for one in eyes if one.eyes == "open" and _is_closed(one)],
        "yaw on the wrong side": [f"{_about(one)}: read {one.read.yaw_deg:.0f} degrees" for one in wrong_side],
        "not attentive": [_about(one) for one in facing],
        "warnings and alarms in silent clips": [_alert_said(run, event) for run, event in alerts],
    }


def _is_closed(seen: EyesSeen) -> bool:
    return seen.read.eyes_closed is True


def _about(seen: StillSeen) -> str:
    """The picture, what is in it, and what it was called."""
    still = seen.still
    pose = ", ".join("?" if angle is None else f"{angle:g}" for angle in (still.yaw_deg, still.pitch_deg))
    eyes = f"eyes {still.eyes}" if still.eyes else "eyes not sure"
    return f"{still.name} ({' '.join(still.words)}; yaw, pitch {pose}; {eyes}): {seen.read.state.value}"


def _eyes_said(seen: EyesSeen) -> str:
    blink = "-" if seen.read.eye_blink is None else f"{seen.read.eye_blink:.2f}"
    return f"{seen.name}: {EYES_READ[seen.read.eyes_closed]}, eye_blink {blink}, {seen.read.state.value}"


def _alert_said(run: Run, event: Event) -> str:
    end = "on" if event.end_s is None else f"to {event.end_s:.1f} s"
    about = f"{run.clip.name}, {run.fps:g} a second, phase {run.phase:g}"
    return f"{about}: {event.kind.value}, {event.level.name.lower()}, from {event.onset_s:.1f} s {end}"


GOAL_COLUMNS = ("goal", "is", "measured", "result")


def goal_lines(goals: Mapping[str, Sequence[Goal]]) -> Iterator[str]:
    """Each goal, what each model reached, and whether that passes."""
    yield f"## Goals (those of {Settings().vision.model} decide the exit status)\n"
    for model, listed in goals.items():
        yield from (*table(f"{model}: goal", GOAL_COLUMNS, [_goal_row(goal) for goal in listed]), "")


def _goal_row(goal: Goal) -> Json:
    return dict(zip(GOAL_COLUMNS, (goal.name, goal.goal, goal.measured, PASSED[goal.is_reached]), strict=True))
