"""The harness of `make test-faults`: it must notice losses, and say what was not tried."""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.events import Sight, State
from app.observer import Observer
from app.vision.sight import Lens
from config import settings
from tests.faults import camera, disk, powercuts, properties, tally
from tests.faults.camera import Held, Outage
from tests.faults.camera_faults import AWAY, FAULTS, Fault
from tests.faults.devices import Device, is_away, is_pulled
from tests.faults.lockstep import LockstepCamera, Time
from tests.faults.tally import Count, Row, table
from tests.faults.unsynced import ForgetfulDisk, Record
from tests.faults.writers import WRITERS, Check, Writer

ROOT = Path(__file__).parents[2]
# Each place that reads a wall clock, and why; everything else counts monotonic seconds
WALL_CLOCKS = {
    ("admin/auth/tokens.py", "time.time"): "when a token was made and last used, to be shown",
    ("app/monitor/detector.py", "time.time"): "the stamp of an event, to be shown",
    ("app/commands/doctor.py", "time.time"): "is the clock set?",
    ("app/commands/doctor.py", "time.localtime"): "shows it",
    ("app/commands/doctor.py", "time.strftime"): "shows it",
    ("app/monitor/report.py", "time.time"): "the stamp of the status, to be shown",
    ("config/certificates.py", "time.time"): "when a certificate begins; is the clock set?",
    ("config/certificates.py", "time.gmtime"): "the same, as openssl reads it",
    ("config/certificates.py", "time.strftime"): "the same",
    ("config/own_files.py", "st_mtime_ns"): "was the preview asked for again? compared with itself alone",
    ("admin/health/health_page.py", "time.time"): "shows it",
    ("config/versions.py", "st_mtime"): "when a settings file was saved, to be shown",
    ("admin/health/rows.py", "time.gmtime"): "shows it",
    ("admin/health/rows.py", "time.strftime"): "shows it",
    ("admin/words.py", "datetime.fromtimestamp"): "shows the stamp of an event, a trip, a token or a settings file",
    ("app/telemetry/log_file.py", "time.time"): "the stamp of a log line, to be shown",
    ("app/telemetry/log_file.py", "time.gmtime"): "shows it",
    ("app/telemetry/log_file.py", "time.strftime"): "shows it",
    ("app/journal/trips.py", "datetime.fromtimestamp"): "shows a trip's stamp",
}
WALL = {"time", "time_ns", "localtime", "gmtime", "strftime", "ctime", "asctime"}
DATES = {"now", "today", "utcnow", "fromtimestamp", "utcfromtimestamp"}


def wall_clocks(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        if (owner == "time" and node.attr in WALL) or (owner in ("datetime", "date") and node.attr in DATES):
            yield str(path.relative_to(ROOT)), f"{owner}.{node.attr}"
        elif node.attr.startswith(("st_mtime", "st_ctime", "st_atime")):
            yield str(path.relative_to(ROOT)), node.attr


def test_the_wall_clock_is_read_only_at_the_listed_places() -> None:
    sources = [path for package in ("app", "admin", "config") for path in (ROOT / package).rglob("*.py")]
    assert set(itertools.chain.from_iterable(map(wall_clocks, sources))) == WALL_CLOCKS.keys()


def write_in_place(folder: Path, first: int) -> Iterator[str]:
    folder.mkdir(exist_ok=True)
    for step in itertools.count(first):
        with (folder / "file").open("w", buffering=1) as file:
            file.write(f"{step}\n")
            file.write(f"{step}\n")
        yield ""


def look_in_place(folder: Path, confirmed: Sequence[str]) -> Check:
    lines = (folder / "file").read_text().split("\n") if (folder / "file").exists() else ["", "", ""]
    return Check() if len(lines) == 3 and lines[0] == lines[1] else Check(1, f"it is {lines}")


def test_kills_are_noticed_of_a_writer_that_saves_in_place() -> None:
    row = powercuts.killed(Writer("in place", write_in_place, look_in_place), 500, random.Random(1))
    assert row.lost == 1 and row.survived == row.tries - 1
    assert not row.holds
    assert "it is [" in str(row)


def test_kills_while_saving_settings_lose_nothing_confirmed() -> None:
    (writer,) = (writer for writer in WRITERS if writer.name == "settings")
    row = powercuts.killed(writer, 30, random.Random(1))
    assert row.holds, row.wrong


FILE, OTHER = "config.yaml", ".config.yaml.new"
SAVE = {
    "create": Record("C", 7, 0, OTHER, b""),
    "write": Record("W", 7, 0, "", b"x" * 1500),
    "sync": Record("S", 7, 0, "", b""),
    "rename": Record("R", 0, 0, OTHER, FILE.encode()),
    "sync folder": Record("F", 0, 0, "", b""),
}


def left(*calls: str) -> list[dict[str, bytes]]:
    """The files that power cuts after these calls may leave."""
    forgetful = ForgetfulDisk()
    for call in calls:
        forgetful.follow(SAVE[call])
    return [forgetful.after_power_cut(chance) for chance in (None, *map(random.Random, range(60)))]


def test_the_forgetful_disk_surely_keeps_only_what_was_synced() -> None:
    whole = {FILE: b"x" * 1500}
    assert left(*SAVE) == [whole] * 61
    unsynced = {tuple(found) for found in left("create", "write", "sync", "rename")}
    assert unsynced == {(), (FILE,), (OTHER,)}
    torn = {len(found[FILE]) for found in left("create", "write", "rename", "sync folder")}
    assert torn == {0, 512, 1024, 1500}


@pytest.mark.parametrize(
    ("row", "holds"), [(Row("x", 3, 3), True), (Row("x", 3, 2), False), (Row("x", 3, 3, 1), False)]
)
def test_a_row_holds_if_every_try_was_survived_and_nothing_was_lost(row: Row, holds: bool) -> None:
    assert row.holds is holds


def test_a_row_without_a_try_holds_only_with_a_reason() -> None:
    assert not Count("x").row.holds
    assert "nothing was tried" in str(Count("x").row)
    assert Row("x", not_tried="no root").holds
    assert "| x | not tried: no root |" in table([Row("x", not_tried="no root")])


def test_rows_name_the_reason_why_this_machine_cannot_try_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "why_not", lambda: "mounting needs root")
    assert {row.not_tried for row in disk.rows(is_long=False)} == {"mounting needs root"}


def test_a_loader_that_accepts_a_bad_value_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    properties.loads("camera:\n  width: 99999\n")
    monkeypatch.setattr("config.read.from_text", lambda declaration, text: int(text))
    with pytest.raises(ValueError, match="between 64 and 1920"):
        properties.loads("camera:\n  width: 99999\n")


def test_times_are_shown_in_ms_or_s() -> None:
    assert [tally.shown(seconds) for seconds in (None, 0.0123, 12.34)] == ["-", "12 ms", "12.3 s"]


@pytest.fixture(scope="module")
def watch() -> Iterator[Observer]:
    with camera.new_watch() as made:
        yield made


def fault(name: str) -> Fault:
    return next(fault for fault in FAULTS if name in fault.name)


@pytest.mark.parametrize("name", ["hangs", "errors", "same frame", "half", "grey", "JPEGs cut off", "video"])
def test_a_failing_camera_loses_nothing(watch: Observer, name: str) -> None:
    wrong, lost, back_s = camera.tried(fault(name), 0, watch)
    assert (wrong, lost) == ("", 0)
    assert (back_s is None) == (name == "grey")


def test_a_detector_that_does_not_report_black_pictures_is_noticed(
    watch: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lens, "judge", lambda *_: Sight.CLEAR)
    wrong, lost, _ = camera.tried(fault("black"), 0, watch)
    assert "it shows no_face" in wrong
    assert lost == 1


def test_a_detector_that_reopens_a_camera_too_late_is_noticed(watch: Observer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.camera.capture._RETRY_MIN_S", 10.0)
    monkeypatch.setattr("app.camera.capture._RETRY_MAX_S", 10.0)
    wrong, _, back_s = camera.tried(fault("away"), 0, watch)
    assert back_s is not None and back_s > 2
    assert "it shows no_camera" in wrong


def test_a_camera_that_comes_and_goes_leaks_nothing(watch: Observer) -> None:
    row = camera.comes_and_goes(watch, times=6, warm_up=3)
    assert row.holds, row.wrong
    assert row.recovery_s is not None and row.recovery_s <= 2


@pytest.mark.parametrize(
    ("after", "told"),
    [(Held(12, 5, 58.4), False), (Held(13, 5, 58), True), (Held(12, 6, 58), True), (Held(12, 5, 58.6), True)],
)
def test_growth_of_open_files_threads_and_memory_is_noticed(after: Held, told: bool) -> None:
    assert bool(camera.growth(Held(12, 5, 58.0), after)) is told


def test_the_states_allowed_during_an_outage_follow_its_times() -> None:
    away = Outage(AWAY, begins_s=100, ends_s=110, period_s=1)
    either = {State.ATTENTIVE, State.NO_CAMERA}
    shown = [away.may_show(time_s) for time_s in (99, 100.9, 101, 103.9, 104, 109.9, 110, 112, 112.1)]
    only = [{State.ATTENTIVE}] * 2, [either] * 2, [{State.NO_CAMERA}] * 2, [either] * 2, [{State.ATTENTIVE}]
    assert shown == [*itertools.chain.from_iterable(only)]
    assert Outage(AWAY, 100, 101, 1).may_show(100.5) == {State.ATTENTIVE}, "too short to be told"


def test_lockstep_gives_the_same_frames_each_time_without_sleeping() -> None:
    def drive() -> list[float]:
        time = Time(0.0)
        device = Device(is_pulled, is_away, time, random.Random(1))
        device.plan(100.5, 200.25)
        frames = []
        with LockstepCamera(settings.Camera(), time, device.open) as source:
            while time() < 300:
                frames.append(source.read(0.5))
        return [round(frame.time_s, 2) for frame in frames if frame]

    times_s = drive()
    assert times_s[:2] == [0.3, 1.3]
    assert [after for before, after in itertools.pairwise(times_s) if after - before > 1.01] == [200.6]
    assert drive() == times_s
