"""Pictures of real people, near and farther away, as the camera of each profile would see them -> what it finds.

A picture that is 320 pixels wide shows its face as from where it was taken; shrunk, as from farther away.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from app.camera.frame import Frame
from app.camera.pictures import BadPicture
from app.observer import Observer
from config.declaration import PROFILES
from config.settings import settings_from
from tests.evaluation.labelled import whole_picture
from tests.evaluation.markdown import table
from tests.evaluation.real_people import Still
from tests.evaluation.report import Goal, Json

TIMES_AS_FAR = (1, 2, 3, 4)  # beyond, no profile finds half of the faces
WIDTH_PX = 320.0  # of the pictures as they are
AROUND = 90  # grey of what is around a picture that is shrunk
COLUMNS = ("profile", "model", "times as far", "pictures", "face found", "closed told closed", "open told open")

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ProfileSeen:
    """What one profile found of all pictures at one distance; each eye count beside how many there were."""

    profile: str
    model: str
    times_as_far: int
    pictures: int
    found: int
    closed: tuple[int, int]
    opened: tuple[int, int]


def seen_from(picture: Picture, size: tuple[int, int], times_as_far: int) -> Picture:
    """The picture as a camera of this (width, height) sees it from so many times as far."""
    width, height = size
    scale = min(width / WIDTH_PX / times_as_far, width / picture.shape[1], height / picture.shape[0])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
    view = np.full((height, width, 3), AROUND, np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    view[top : top + small.shape[0], left : left + small.shape[1]] = small
    return view


def look_by_profile(stills: Sequence[Still], cores: int) -> list[ProfileSeen]:
    """Every profile at every distance."""
    jobs = [(profile, times, tuple(stills)) for profile in PROFILES for times in TIMES_AS_FAR]
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        return pool.map(_look, jobs, chunksize=1)


def _look(job: tuple[str, int, tuple[Still, ...]]) -> ProfileSeen:
    profile, times_as_far, stills = job
    cv2.setNumThreads(1)
    settings = settings_from({"profile": profile})
    size = settings.camera.width, settings.camera.height
    found, eyes = 0, {"closed": [0, 0], "open": [0, 0]}
    with Observer(settings.vision, settings.analysis, settings.alerting.repeat_s) as watch:
        for still, picture in _pictures(stills):
            look = watch.look_alone(Frame(seen_from(picture, size, times_as_far), 0.0, 0))
            found += look.signals is not None and look.signals.yaw_deg is not None
            if still.eyes in eyes:
                eyes[still.eyes][0] += look.verdict.eyes_closed is (still.eyes == "closed")
                eyes[still.eyes][1] += 1
    (closed, all_closed), (opened, all_open) = eyes["closed"], eyes["open"]
    counts = (closed, all_closed), (opened, all_open)
    return ProfileSeen(profile, settings.vision.model, times_as_far, len(stills), found, *counts)


def _pictures(stills: Sequence[Still]) -> Iterator[tuple[Still, Picture]]:
    for still in stills:
        try:
            yield still, whole_picture(still.path)
        except BadPicture:  # named where the pictures are judged as they are
            continue


def profile_lines(seen: Sequence[ProfileSeen]) -> Iterator[str]:
    """The table of all profiles."""
    yield "## Profiles\n"
    yield from (*table("the same pictures from farther away", COLUMNS, [_row(one) for one in seen]), "")


def _row(seen: ProfileSeen) -> Json:
    told = [f"{right} of {count}" for right, count in (seen.closed, seen.opened)]
    cells = (seen.profile, seen.model, seen.times_as_far, seen.pictures, seen.found, *told)
    return dict(zip(COLUMNS, cells, strict=True))


def profile_goal(seen: Sequence[ProfileSeen]) -> Goal:
    """Each profile finds more faces, over all distances, than the one below it."""
    totals = {profile: sum(one.found for one in seen if one.profile == profile) for profile in PROFILES}
    counts = [totals[profile] for profile in PROFILES]
    said = ", ".join(f"{profile} {total}" for profile, total in totals.items())
    is_met = all(below < above for below, above in pairwise(counts)) if seen else None
    return Goal("each profile finds more faces than the one below", "more", said, is_met)
