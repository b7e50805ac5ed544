"""The watchdog in this process: its bounds, the failure it records, and files of an earlier process."""

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


def test_time_while_stopped_does_not_count_as_silence() -> None:
    """The watchdog counts its own looks, and there are none while the process is stopped."""
    silence, mark = Silence(), object()
    assert [silence.lasts_s(mark) for _ in range(3)] == [0, LOOK_S, 2 * LOOK_S]
    assert silence.lasts_s(object()) == 0


def test_passing_the_same_stage_again_ends_the_silence(tmp_path: Path) -> None:
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
def test_failed_start_records_its_reason(tmp_path: Path, error: Exception, words: str) -> None:
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


def test_normal_end_is_not_a_failure(tmp_path: Path) -> None:
    with Watchdog(tmp_path):
        assert names(tmp_path) == [CRASH, LOCK]
    assert names(tmp_path) == [LOCK]


def test_hung_thread_prints_all_stacks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HungError), Watchdog(tmp_path):
        raise HungError("the camera hangs")
    assert "most recent call first" in capfd.readouterr().err
    assert reason(tmp_path) == "the camera hangs"


@pytest.mark.parametrize("left", ["another boot\n", ""])
def test_crash_file_of_an_earlier_boot_is_not_a_failure(tmp_path: Path, left: str) -> None:
    (tmp_path / CRASH).write_text(left)
    with Watchdog(tmp_path):
        pass
    assert failure.last(tmp_path / FAILURE) is None


def test_unreadable_crash_file_is_still_reported() -> None:
    assert "it hung for" in how_it_ended("\x00 torn")
    assert how_it_ended("Fatal Python error: Aborted\n") == "it crashed: Aborted; its log has the stacks"


def test_only_part_of_a_huge_crash_file_is_read(tmp_path: Path) -> None:
    (tmp_path / CRASH).write_text(f"{boot_id()}\n" + "  File x\n" * 1_000_000)
    with Watchdog(tmp_path):
        pass
    assert len(reason(tmp_path)) < 500


def test_second_detector_is_refused_without_a_failure(tmp_path: Path) -> None:
    with Watchdog(tmp_path):
        with pytest.raises(DetectorError, match=r"runs already.*`kill [0-9]+` ends it"), Watchdog(tmp_path):
            pass
        assert names(tmp_path) == [CRASH, LOCK]
    with single_instance_lock(tmp_path):
        pass


def test_watchdog_works_without_a_writable_run_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with single_instance_lock(tmp_path / "missing"):
        pass
    with pytest.raises(HungError), Watchdog(tmp_path / "missing"):
        raise HungError("the camera hangs")
    assert "most recent call first" in capfd.readouterr().err


def test_computing_stage_gets_longer_than_a_waiting_one() -> None:
    assert bound_s(HANG_S, silent_s=HANG_S, cpu_s=0.1 * HANG_S) == HANG_S
    assert bound_s(HANG_S, silent_s=HANG_S, cpu_s=0.5 * HANG_S) == BUSY_S
    assert bound_s(2 * BUSY_S, silent_s=HANG_S, cpu_s=HANG_S) == 2 * BUSY_S


def test_unreadable_memory_does_not_end_the_watchdog(tmp_path: Path) -> None:
    with Watchdog(tmp_path) as line:
        line.exit_reason = lambda now_s, late_s: str(Path(tmp_path / "no such file").read_text())
        assert line._exit_reason(LOOK_S) == ""


def test_watchdog_acts_before_the_kernels_alarm() -> None:
    assert HANG_S + LOOK_S < ALARM_S
