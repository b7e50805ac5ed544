"""`make soak`: a day of frames at 1 frame a second, as fast as possible, with page views, saves and restarts.

The detector runs three times: twice for a short time, so that it is restarted, and a long time that is judged. Exit
status 1 when a figure misses its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from admin.auth.tokens import Tokens
from app.fake_driver.record import VIDEO, record
from app.fake_driver.scenario import load_scenario
from app.journal.entries import newest
from app.memory.usage import MB, usage_of
from app.part_status import Usage
from app.telemetry import status
from config import password
from config.paths import Paths
from tests.benchmarks.figure import Figure, print_table, show
from tests.support.appliance import Appliance, Browser, answers, free_port, wait_for

ROOT = Path(__file__).parents[2]
FOLDER = Path("build/soak")
VIDEO_S = 600.0  # of frames, repeated
DAY_S = 86_400.0
WARM_UP = 0.02 * DAY_S  # frames after which nothing may grow: each buffer and cache has been full once
PAGE_WARM_UP = 2000  # views until the heap has its largest size: 25.0 MB then, 25.2 MB after 6,000
SHORT_LIFE = 0.05  # share of the frames of each short run
VIEWS = (
    *(
        "/",
        "/status/part",
        "/status/verdict",
        "/banner/part",
        "/preview.jpg",
        "/aim",
        "/aim/part",
        "/setup",
        "/restart",
    ),
    *("/memory", "/health", "/health/part", "/settings/", "/settings/history", "/trips", "/events", "/events.csv"),
    "/account",
)
SAVE_EVERY = 50  # looks
LOOK_S = 0.2
PARTS = 20  # of the judged run
GROWTH_MAX_MB, PEAK_MAX_MB, DATABASE_MAX_MB, LOG_MAX_KB, WRITTEN_MAX_MB = 1.0, 90.0, 2.0, 16.0, 200.0


MOMENTARY_FILES_MAX = 4  # two threads save: each has a new file and its folder open, or two files of a database


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory, files and threads of the detector after so many frames; written_mb: to the disk in this run."""

    frames: float
    usage: Usage
    files: int
    threads: int
    written_mb: float


@dataclass
class Soak:
    """The detector with its own clock, which ends a day ahead of the page's."""

    paths: Paths
    env: dict[str, str]
    frames: float

    def __post_init__(self) -> None:
        self.began_s = time.monotonic()
        self.log = (FOLDER / "detector.log").open("wb")

    @property
    def done(self) -> float:
        """Frames so far."""
        found = status.read(self.paths.status)
        return max(0.0, found.time_s - self.began_s) if found else 0.0

    @contextmanager
    def life(self) -> Iterator[psutil.Process]:
        """A detector that continues where the one before ended, and must end with status 0."""
        now_s = self.began_s + self.done
        arguments = ("run", "--camera", str((FOLDER / VIDEO).absolute()))
        command = [sys.executable, "-m", "tests.soak.compressed", str(now_s), *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=subprocess.DEVNULL, stderr=self.log)
        try:
            assert wait_for(lambda: self.done > now_s - self.began_s), (FOLDER / "detector.log").read_text()
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            assert process.wait(20) == 0, (FOLDER / "detector.log").read_text()

    def sample(self, detector: psutil.Process) -> Sample:
        written_mb = detector.io_counters().write_bytes / MB
        usage = usage_of(detector.pid)
        return Sample(self.done, usage, detector.num_fds(), detector.num_threads(), written_mb)


class Visitor:
    """Views the pages in turn, and saves a setting now and then."""

    def __init__(self, owner: Browser, token: str) -> None:
        self._owner, self._token = owner, token
        self.views = self.saves = 0

    def look(self) -> None:
        answer = self._owner.get(VIEWS[self.views % len(VIEWS)])
        assert answer.status in (200, 503), answer.text  # 503: the picture comes with the next frame
        self.views += 1
        if self.views % SAVE_EVERY == 0:
            self._save()

    def _save(self) -> None:
        body = json.dumps({"raspberry_pi.compression_quality": 50 + self.saves % 40}).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self._owner.port}/api/v1/settings"
        with urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PATCH"), timeout=20):
            self.saves += 1


@contextmanager
def page(env: dict[str, str], port: int) -> Iterator[Appliance]:
    """A running page over the same folders."""
    command = [sys.executable, "-m", "app.service.page", "-c", "admin/gunicorn.conf.py"]
    with (
        (FOLDER / "page.log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, env=env, stderr=log, text=True) as process,
    ):
        try:
            assert wait_for(lambda: answers(port))
            yield Appliance(process, port, "")
        finally:
            process.terminate()


def soak(frames: int) -> list[Figure]:
    """The figures of a run through all frames."""
    port = free_port()
    private = {"DRIVEWATCH_DATA": str(FOLDER.absolute() / "data"), "XDG_RUNTIME_DIR": f"/dev/shm/soak-{port}"}
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SNAP", "PYTHONDONTWRITE"))}
    env |= {**private, "PORT": str(port)}
    paths = Paths.from_environment(env)
    paths.make()
    secret = password.generate()
    password.save(paths.admin_password, secret)
    course = Soak(paths, env, frames)
    with page(env, port) as served:
        served.password = secret
        visitor = Visitor(served.signed_in(), Tokens(paths.admin_tokens).make("soak", "control"))
        samples: list[Sample] = []
        for end in (SHORT_LIFE * frames, 2 * SHORT_LIFE * frames, frames):
            with course.life() as detector:
                samples, page_mb = [], []
                while course.done < end:
                    visitor.look()
                    samples.append(course.sample(detector))
                    page_mb.append(sum(usage_of(pid).anonymous_mb for pid in served.pids("gunicorn")))
                    show(f"frame {course.done:.0f} of {frames}: {samples[-1].usage.rss_mb:.1f} MB")
                    time.sleep(LOOK_S)
    print(f"{course.done:.0f} frames, {visitor.views} page views, {visitor.saves} saves, 2 restarts")
    return figures(samples, page_mb, paths)


def figures(samples: list[Sample], page_mb: list[float], paths: Paths) -> list[Figure]:
    """The figures of the long run."""
    steady = [sample for sample in samples if sample.frames >= samples[0].frames + WARM_UP]
    first, last = steady[0], steady[-1]
    rss_mb = [sample.usage.rss_mb for sample in steady]
    anonymous_mb = [sample.usage.anonymous_mb for sample in steady]
    files = [sample.files for sample in steady]
    log_kb = (FOLDER / "detector.log").stat().st_size / 1024
    database_mb = sum(path.stat().st_size for path in paths.common.glob(f"{paths.events.name}*")) / MB
    untold = {due.kind for due in load_scenario("commute").expect} - {one.event.kind for one in newest(paths.events)}
    a_day = DAY_S / (last.frames - first.frames)
    page_from = min(PAGE_WARM_UP, len(page_mb) // 2)
    return [
        Figure("detector: RSS grows from 2 % of a day to the end", growth(rss_mb), "MB", GROWTH_MAX_MB),
        Figure("the same, anonymous memory", growth(anonymous_mb), "MB", GROWTH_MAX_MB),
        Figure("detector: RSS at its highest, with its start", last.usage.peak_mb, "MB", PEAK_MAX_MB),
        Figure("files it keeps open more", growth(files), "", 0),
        Figure("files it opens for a moment", max(files) - median(files), "", MOMENTARY_FILES_MAX),
        Figure("threads it starts more", max(sample.threads for sample in steady) - first.threads, "", 0),
        Figure(
            f"page: anonymous memory grows from view {page_from:,} to the end",
            page_mb[-1] - page_mb[page_from],
            "MB",
            GROWTH_MAX_MB,
        ),
        Figure("kinds of events in the video that were never told", len(untold), "", 0),
        Figure("events' database", database_mb, "MB", DATABASE_MAX_MB),
        Figure("log", log_kb, "kB", LOG_MAX_KB),
        Figure("written to the SD card in a day", (last.written_mb - first.written_mb) * a_day, "MB", WRITTEN_MAX_MB),
    ]


def growth(samples: Sequence[float]) -> float:
    """Growth from the median of the first twentieth to that of the last.

    Medians, as the detector has 3 MB more for a moment now and then.
    """
    part = len(samples) // PARTS
    return median(samples[-part:]) - median(samples[:part])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=DAY_S / 3600)
    frames = int(parser.parse_args().hours * 3600)
    subprocess.run(["rm", "-rf", FOLDER / "data"], check=True)
    show("rendering the video")
    record(load_scenario("commute"), FOLDER, 1.0, VIDEO_S, (320, 240), as_video=True)
    began_s = time.monotonic()
    results = soak(frames)
    took = f"{(time.monotonic() - began_s) / 60:.0f} minutes for {frames / 3600:.1f} hours of frames"
    print(f"{took}, {platform.machine()}, Python {platform.python_version()}\n")
    return print_table(results)


if __name__ == "__main__":
    sys.exit(main())
