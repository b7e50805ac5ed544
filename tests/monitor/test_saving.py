"""Saving in a thread: in order, bounded, and without blocking the caller."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.journal.entries import recent
from app.monitor import saving
from app.monitor.saved_journal import DISK_REMEDY, SavedJournal
from app.monitor.saving import HANGS_S, WAITING_MAX, SavingThread, in_time
from tests.support.events import event


class Held:
    """A saving thread whose first work hangs until go_on is set."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.thread = SavingThread("test", lambda: self.now_s)
        self.go_on, began = threading.Event(), threading.Event()

        def hang() -> None:
            began.set()
            self.go_on.wait()

        self.thread.save("saving the world", hang)
        assert began.wait(10)

    def end(self) -> None:
        self.go_on.set()
        self.thread.close()


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.end()


def test_work_is_done_in_order_and_replaceable_work_only_once(held: Held) -> None:
    done: list[str] = []
    for number in range(3):
        held.thread.save("status", lambda number=number: done.append(f"status {number}"), is_newest=True)  # type: ignore[misc]
        held.thread.save("event", lambda number=number: done.append(f"event {number}"))  # type: ignore[misc]
    held.end()
    assert done == ["event 0", "event 1", "status 2", "event 2"]


def test_waiting_work_is_bounded_and_lost_work_counted(held: Held) -> None:
    done: list[int] = []
    for number in range(WAITING_MAX + 5):
        held.thread.save("event", lambda number=number: done.append(number))  # type: ignore[misc]
    held.end()
    assert (held.thread.lost, done) == (5, [*range(5, WAITING_MAX + 5)])


def test_hanging_work_is_reported_and_logged_once(held: Held, caplog: pytest.LogCaptureFixture) -> None:
    held.now_s = HANGS_S - 0.1
    assert held.thread.hung_in == ""
    held.now_s = HANGS_S
    assert held.thread.hung_in == "saving the world, for 10 s"
    for _ in range(3):
        held.thread.save("event", lambda: None)
    assert caplog.messages == ["saving hangs: saving the world, for 10 s; watching goes on"]
    held.end()
    assert held.thread.hung_in == ""


def test_failed_work_is_logged_once_and_saving_continues(caplog: pytest.LogCaptureFixture) -> None:
    thread, done = SavingThread("test"), []
    for _ in range(3):
        thread.save("status", lambda: 1 / 0)
    thread.save("event", lambda: done.append(True))
    thread.close()
    assert done == [True]
    assert caplog.messages == ["not saved, while status: ZeroDivisionError: division by zero"]


def test_close_waits_only_briefly_for_hanging_work(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "END_S", 0.01)
    held.thread.close()
    assert not held.go_on.is_set()


def test_in_time_raises_timeout_and_passes_results_and_errors() -> None:
    go_on = threading.Event()
    with pytest.raises(TimeoutError, match=r"no answer for 0\.01 s, while waiting"):
        in_time("waiting", go_on.wait, 0.01)
    go_on.set()
    assert in_time("adding", lambda: 1 + 1) == 2
    with pytest.raises(ZeroDivisionError):
        in_time("dividing", lambda: 1 / 0)


def test_saved_journal_saves_events_in_the_thread(tmp_path: Path) -> None:
    thread = SavingThread("test")
    journal = SavedJournal(tmp_path / "events.sqlite", "boot", thread)
    for number in range(3):
        journal.record(event(float(number)), 1e9, float(number))
        journal.retry(float(number))
    journal.close()
    thread.close()
    assert [entry.event.onset_s for entry in recent(tmp_path / "events.sqlite")] == [2.0, 1.0, 0.0]
    assert (journal.problem, journal.remedy) == ("", "")


def test_hanging_disk_is_reported_with_a_remedy(held: Held, tmp_path: Path) -> None:
    journal = SavedJournal(tmp_path / "events.sqlite", "boot", held.thread)
    assert (journal.problem, journal.remedy) == ("", "")
    held.now_s = 25.0
    assert journal.problem == f"{tmp_path} does not answer, saving the world, for 25 s: `{DISK_REMEDY}` shows why"
    assert journal.remedy == DISK_REMEDY
    for number in range(WAITING_MAX):
        journal.record(event(float(number)), 1e9, float(number))
    assert "(1 reports are lost)" in journal.problem
    journal.delete_all()
    journal.mark_good()
    journal.close()
    held.end()
    assert (journal.problem, recent(tmp_path / "events.sqlite")) == ("", ())
