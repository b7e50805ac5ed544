"""The watchdog in the test's own process: its bounds, its record, and what an earlier process left."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.monitor.crash_report import ALARM_S, how_it_ended
from app.monitor.errors import DetectorError, HungError
from app.monitor.single_instance import LOCK, single_instance_lock
from app.monitor.watchdog import BUSY_S, CRASH, HANG_S, LOOK_S, Silence, Watchdog, bound_s
from app.telemetry import failure
from app.telemetry.run_folder import boot_id
from app.vision.model_files import FaceMeshError
from config.paths import FAILURE
from tests.support.failures import NOW_S, names, reason


def test_a_detector_that_was_stopped_for_a_while_goes_on() -> None:
    """The watchdog counts its looks, and there are none meanwhile."""
    silence, mark = Silence(), object()
    assert [silence.lasts_s(mark) for _ in range(3)] == [0, LOOK_S, 2 * LOOK_S]
    assert silence.lasts_s(object()) == 0


def test_a_loop_that_comes_by_the_same_stage_again_has_moved(tmp_path: Path) -> None:
    silence = Silence()
    with Watchdog(tmp_path) as line:
        for _ in range(50):
            line.at("judging a frame")
            silent_s = [silence.lasts_s(line._mark) for _ in range(3)]
    assert silent_s == [0, LOOK_S, 2 * LOOK_S]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FaceMeshError("the model\nis gone"), "FaceMeshError: the model is gone"),
        (DetectorError("no memory: start it again"), "no memory: start it again"),
        (MemoryError(), "MemoryError:"),
        (ImportError("libGL"), "ImportError: libGL"),
    ],
)
def test_a_start_that_fails_leaves_its_reason(tmp_path: Path, error: Exception, words: str) -> None:
    with pytest.raises(type(error)), Watchdog(tmp_path, lambda: NOW_S):
        raise error
    found = failure.last(tmp_path / FAILURE)
    assert found is not None
    assert (found.reason, found.time_s, found.count) == (words, NOW_S, 1)


def test_failures_of_a_boot_are_counted(tmp_path: Path) -> None:
    for number in range(1, 4):
        with pytest.raises(DetectorError), Watchdog(tmp_path):
            raise DetectorError("again")
        found = failure.last(tmp_path / FAILURE)
        assert found is not None and found.count == number


def test_an_end_as_asked_is_no_failure(tmp_path: Path) -> None:
    with Watchdog(tmp_path):
        assert names(tmp_path) == [CRASH, LOCK]
    assert names(tmp_path) == [LOCK]


def test_a_thread_that_hangs_beside_the_loop_leaves_the_stacks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(HungError), Watchdog(tmp_path):
        raise HungError("the camera hangs")
    assert "most recent call first" in capfd.readouterr().err
    assert reason(tmp_path) == "the camera hangs"


@pytest.mark.parametrize("left", ["another boot\n", ""])
def test_what_an_earlier_boot_left_is_no_failure(tmp_path: Path, left: str) -> None:
    (tmp_path / CRASH).write_text(left)
    with Watchdog(tmp_path):
        pass
    assert failure.last(tmp_path / FAILURE) is None


def test_what_cannot_be_read_of_a_crash_is_still_told() -> None:
    assert "it hung for" in how_it_ended("\x00 torn")
    assert how_it_ended("Fatal Python error: Aborted\n") == "it crashed: Aborted; its log has the stacks"


def test_a_huge_crash_file_is_read_in_part(tmp_path: Path) -> None:
    (tmp_path / CRASH).write_text(f"{boot_id()}\n" + "  File x\n" * 1_000_000)
    with Watchdog(tmp_path):
        pass
    assert len(reason(tmp_path)) < 500


def test_a_second_detector_on_the_same_run_folder_is_refused_and_no_failure(tmp_path: Path) -> None:
    with Watchdog(tmp_path):
        with pytest.raises(DetectorError, match=r"runs already.*`kill [0-9]+` ends it"), Watchdog(tmp_path):
            pass
        assert names(tmp_path) == [CRASH, LOCK]
    with single_instance_lock(tmp_path):
        pass


def test_a_run_folder_that_cannot_be_written_stops_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with single_instance_lock(tmp_path / "missing"):
        pass
    with pytest.raises(HungError), Watchdog(tmp_path / "missing"):
        raise HungError("the camera hangs")
    assert "most recent call first" in capfd.readouterr().err


def test_a_stage_that_computes_is_given_longer_than_one_that_waits() -> None:
    assert bound_s(HANG_S, silent_s=HANG_S, cpu_s=0.1 * HANG_S) == HANG_S
    assert bound_s(HANG_S, silent_s=HANG_S, cpu_s=0.5 * HANG_S) == BUSY_S
    assert bound_s(2 * BUSY_S, silent_s=HANG_S, cpu_s=HANG_S) == 2 * BUSY_S


def test_memory_that_cannot_be_read_does_not_end_the_guard(tmp_path: Path) -> None:
    with Watchdog(tmp_path) as line:
        line.exit_reason = lambda now_s, late_s: str(Path(tmp_path / "no such file").read_text())
        assert line._exit_reason(LOOK_S) == ""


def test_the_guard_has_its_chance_before_the_kernels_alarm() -> None:
    assert HANG_S + LOOK_S < ALARM_S
