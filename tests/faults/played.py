"""A V4L2 camera that fails under a real detector: no bad picture is judged, the cause is named, the log stays short.

All is real except the kernel's answers, which tests/support/played_camera.c plays.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.events import State
from tests.faults.detectors import Running, detecting, folders
from tests.faults.rig import driver
from tests.faults.scratch import on_disk
from tests.faults.tally import Count, Row
from tests.support.played_camera import WHY_NOT, PlayedCamera

LOG_MAX_LINES = 25  # for a start, a fault, its end and the end of the detector
LASTS_S = 6.0  # no picture may be judged for so long after the fault was reported
PATIENCE_S = 45.0  # a camera that is refused is tried again after up to 10 s, one that hangs is left after 12 s


@dataclass(frozen=True, slots=True)
class Failing:
    """A fault in the player's words, and the words that the detector's problem must contain."""

    name: str
    fault: str
    says: str
    fourcc: str = "MJPG"


def at_opening(call: str, number: int) -> str:
    """The player's words for a camera that goes away, and whose call fails when it is opened again."""
    return f"dqbuf={errno.ENODEV} {call}={number}"


DAMAGED = "take another cable or USB port"
PLUG = "plug the camera"
FAILING = (
    *(Failing(f"sends {share} % of each JPEG", f"cut={share}", DAMAGED) for share in (18, 50, 90, 99)),
    Failing("sends JPEGs with zeros in the middle", "hole", DAMAGED),
    Failing("sends pictures of no bytes", "empty", DAMAGED),
    Failing("sends pictures marked as damaged", "marked", DAMAGED),
    Failing("sends half of each YUYV picture", "cut=50", DAMAGED, "YUYV"),
    Failing("sends half of each YUYV picture over the one before", "kept=50", DAMAGED, "YUYV"),
    Failing("sends half of each grey picture", "cut=50", DAMAGED, "GREY"),
    Failing("is silent", "silent", PLUG),
    Failing("hangs", "hangs", PLUG),
    Failing("answers EIO", f"dqbuf={errno.EIO}", PLUG),
    Failing("answers ENODEV", f"dqbuf={errno.ENODEV}", PLUG),
    Failing("is badly connected", f"dqbuf={errno.EPROTO}", DAMAGED),
    Failing("is used by another program", at_opening("reqbufs", errno.EBUSY), "fuser"),
    Failing("finds too little USB bandwidth", at_opening("streamon", errno.ENOSPC), "bandwidth"),
    Failing("may not be opened", at_opening("open", errno.EACCES), "usermod -aG video"),
    Failing("sends only H.264", f"dqbuf={errno.ENODEV} only=H264", "sends only H264"),
)


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each fault."""
    for failing in FAILING:
        row = f"camera {failing.name}, under a real detector"
        if WHY_NOT:
            yield Row(row, not_tried=WHY_NOT)
            continue
        count = Count(row)
        with on_disk() as place:
            count.add(*tried(failing, Path(place)))
        yield count.row


def tried(failing: Failing, place: Path) -> tuple[str, int, float | None]:
    """One detector with one failing camera: what was wrong, bad pictures judged, seconds to recover."""
    camera = PlayedCamera(place, failing.fourcc, driver())
    paths, log = folders(place), place / "log"
    with detecting(paths, log, "auto", more_env=camera.env) as detector:
        wrong, lost, back_s = failed(detector, camera, failing)
    if not wrong and detector.process.returncode != 0:
        wrong = f"it ended with status {detector.process.returncode}"
    lines = len(log.read_text(errors="replace").splitlines())
    if not wrong and lines > LOG_MAX_LINES:
        wrong = f"its log has {lines} lines"
    return wrong, lost, back_s


def failed(detector: Running, camera: PlayedCamera, failing: Failing) -> tuple[str, int, float | None]:
    """The same as `tried`, for a detector that runs."""
    if not detector.is_watching():
        return f"it did not start: {detector.said}", 0, None
    camera.fault(failing.fault)
    is_told = detector.says(
        lambda said: said.state is State.NO_CAMERA and failing.says in said.problem and bool(said.camera.source),
        PATIENCE_S,
    )
    judged_s = found.camera.last_frame_s if (found := detector.status) else None
    if is_told:
        time.sleep(LASTS_S)  # another process is watched
    later_s = found.camera.last_frame_s if (found := detector.status) else None
    camera.fault("")
    began_s = time.monotonic()
    is_back = detector.says(lambda said: said.state is State.ATTENTIVE and said.camera.state == "live", PATIENCE_S)
    back_s = time.monotonic() - began_s
    if not is_told:
        return f"it did not say {failing.says!r}: {detector.said}", 0, back_s
    if later_s != judged_s:
        return "it judged a damaged picture", 1, back_s
    return "" if is_back else f"it did not go on: {detector.said}", 0, back_s
