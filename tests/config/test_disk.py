"""Saving on a disk that fails or forgets: after any power cut the old or the new file is there, complete.

The disk is modelled after LevelDB's fault injection: unsynced content may be whole, torn, empty or zeros;
any subset of the names changed since the folder was synced may be there.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.disk import Disk
from config.durable import StoreError
from config.paths import CONFIG, HISTORY, LAST_GOOD
from config.store import NO_FILE, Store

DATA = Path("/data")
OLDEST, OLD, NEXT = ("camera:\n  width: 64\n", "camera:\n  width: 65\n", "camera:\n  width: 66  # a longer one\n")

Names = dict[Path, int]
State = frozenset[tuple[Path, bytes]]


@dataclass
class MemoryDisk(Disk):
    """Files by number and their names, as the program sees them and as a power cut may leave them."""

    contents: list[bytes] = field(default_factory=list)
    synced: list[bytes | None] = field(default_factory=list)  # None: never synced
    names_: Names = field(default_factory=dict)
    synced_names: Names = field(default_factory=dict)
    unsynced: list[tuple[Path, Names, frozenset[Path]]] = field(default_factory=list)  # folder, added, removed
    states: list[set[State]] = field(default_factory=list)  # what a power cut may leave after each call
    calls: list[str] = field(default_factory=list)
    fail_at: int = -1
    error: int = errno.EIO

    def called(self, name: str) -> None:
        self.states.append(set(self.after_power_cut()))
        self.calls.append(name)
        if len(self.calls) - 1 == self.fail_at:
            raise OSError(self.error, "injected")

    def renamed(self, folder: Path, added: Names, removed: frozenset[Path] = frozenset()) -> None:
        self.unsynced.append((folder, added, removed))
        self.names_ = {name: file for name, file in self.names_.items() if name not in removed} | added

    def after_power_cut(self) -> Iterator[State]:
        for kept in itertools.product((False, True), repeat=len(self.unsynced)):
            left = dict(self.synced_names)
            for _, added, removed in itertools.compress(self.unsynced, kept):
                left = {name: file for name, file in left.items() if name not in removed} | added
            for damage in (lambda data: data, lambda data: data[: len(data) // 2], lambda data: b"\0" * len(data)):
                yield frozenset((name, self.content_left(file, damage)) for name, file in left.items())

    def content_left(self, file: int, damage: Callable[[bytes], bytes]) -> bytes:
        content = self.contents[file]
        return content if self.synced[file] == content else damage(content)

    def is_plain_file(self, path: Path) -> bool:
        return path in self.names_

    def read(self, path: Path, most_bytes: int) -> bytes:
        if path not in self.names_:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
        return self.contents[self.names_[path]][:most_bytes]

    def names(self, folder: Path) -> list[str]:
        return [path.name for path in self.names_ if path.parent == folder]

    def make_folder(self, folder: Path) -> None:
        self.called("make_folder")

    def create(self, path: Path) -> int:
        self.called("create")
        if path in self.names_:
            raise FileExistsError(errno.EEXIST, "it exists", str(path))
        self.contents.append(b"")
        self.synced.append(None)
        self.renamed(path.parent, {path: len(self.contents) - 1})
        return len(self.contents) - 1

    def write(self, file: int, data: bytes) -> None:
        self.contents[file] = data[: len(data) // 3]  # what a full disk leaves
        self.called("write")
        self.contents[file] = data

    def sync(self, file: int) -> None:
        self.called("sync")
        self.synced[file] = self.contents[file]

    def close(self, file: int) -> None:
        self.called("close")

    def link(self, path: Path, name: Path) -> None:
        self.called("link")
        self.renamed(name.parent, {name: self.names_[path]})

    def rename(self, path: Path, name: Path) -> None:
        self.called("rename")
        self.renamed(name.parent, {name: self.names_[path]}, frozenset({path}))

    def remove(self, path: Path) -> None:
        self.called("remove")
        if path in self.names_:
            self.renamed(path.parent, {}, frozenset({path}))

    def sync_folder(self, folder: Path) -> None:
        self.called("sync_folder")
        for _, added, removed in (change for change in self.unsynced if change[0] == folder):
            left = {name: file for name, file in self.synced_names.items() if name not in removed}
            self.synced_names = left | added
        self.unsynced = [change for change in self.unsynced if change[0] != folder]

    @contextmanager
    def lock(self, folder: Path) -> Iterator[None]:
        self.called("lock")
        yield


def disk_with(texts: Mapping[str, str]) -> MemoryDisk:
    """A disk with these files, synced."""
    contents = [text.encode() for text in texts.values()]
    names = {DATA / name: number for number, name in enumerate(texts)}
    return MemoryDisk(contents=contents, synced=list(contents), names_=names, synced_names=names)


def disk_of(state: State) -> MemoryDisk:
    """The disk after a power cut that left this state."""
    return disk_with({str(name.relative_to(DATA)): content.decode() for name, content in state})


HALVES = {f".{CONFIG}.new": "half", f".{LAST_GOOD}.new": "half"}  # left by a power cut
SAVED = disk_with({CONFIG: OLD, LAST_GOOD: OLDEST, f"{HISTORY}/000001-00000000.yaml": OLDEST, **HALVES})


def fresh(kind: type[MemoryDisk] = MemoryDisk, fail_at: int = -1, error: int = errno.EIO) -> MemoryDisk:
    contents, synced = list(SAVED.contents), list(SAVED.synced)
    return kind(contents, synced, SAVED.names_, SAVED.synced_names, fail_at=fail_at, error=error)


def save(disk: MemoryDisk) -> None:
    store = Store(DATA, disk)
    store.save(NEXT, store.load().version)


def change(disk: MemoryDisk) -> None:
    store = Store(DATA, disk)
    store.change({"camera.width": 66}, store.load().version)


def mark_good(disk: MemoryDisk) -> None:
    store = Store(DATA, disk)
    store.mark_good(store.load())


def roll_back(disk: MemoryDisk) -> None:
    Store(DATA, disk).roll_back()


ACTIONS = {"save": save, "change": change, "mark good": mark_good, "roll back": roll_back}
every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)


@every_action
def test_a_power_cut_leaves_each_file_complete_old_or_new(action: Callable[[MemoryDisk], None]) -> None:
    disk = fresh()
    action(disk)
    stay = SAVED.names_.keys() & disk.names_.keys()
    whole = {name: {SAVED.contents[SAVED.names_[name]], disk.contents[disk.names_[name]]} for name in stay}
    states = set().union(*disk.states, disk.after_power_cut())
    assert len(states) > 8
    for state in states:
        for name, contents in whole.items():
            assert dict(state)[name] in contents
        loaded = Store(DATA, disk_of(state)).load()
        assert (loaded.problems, loaded.origin) == ((), CONFIG)


@every_action
def test_acknowledged_changes_survive_a_power_cut(action: Callable[[MemoryDisk], None]) -> None:
    disk = fresh()
    action(disk)
    wanted = {name: disk.contents[file] for name, file in disk.names_.items()}
    for state in disk.after_power_cut():
        assert wanted.items() <= dict(state).items()


def test_a_power_cut_never_loses_the_previous_file() -> None:
    disk = fresh()
    save(disk)
    for state in set().union(*disk.states, disk.after_power_cut()):
        assert OLD.encode() in dict(state).values()


def test_the_model_shows_the_loss_of_a_save_without_sync() -> None:
    class Forgetful(MemoryDisk):
        def sync(self, file: int) -> None:
            self.called("sync")

    disk = fresh(Forgetful)
    save(disk)
    left = {dict(state)[DATA / CONFIG] for state in disk.after_power_cut()}
    assert left == {NEXT.encode(), NEXT.encode()[: len(NEXT) // 2], b"\0" * len(NEXT)}


@every_action
def test_after_any_failed_call_the_file_is_complete_and_a_retry_works(action: Callable[[MemoryDisk], None]) -> None:
    faultless = fresh()
    action(faultless)
    wanted = faultless.contents[faultless.names_[DATA / CONFIG]]
    new = DATA / f".{LAST_GOOD if action is mark_good else CONFIG}.new"
    for fail_at, call in enumerate(faultless.calls):
        disk = fresh(fail_at=fail_at)
        with pytest.raises(StoreError, match=r"/data/config\.yaml could not be saved safely: .* Remedy: ."):
            action(disk)
        last_sync = fail_at == len(faultless.calls) - 1
        assert disk.contents[disk.names_[DATA / CONFIG]] == (wanted if last_sync else OLD.encode())
        assert new not in disk.names_ or call in ("make_folder", "lock", "remove")
        action(disk)
        assert disk.contents[disk.names_[DATA / CONFIG]] == wanted
        assert new not in disk.names_


REMEDIES = {
    errno.ENOSPC: "the disk is full. Remedy: make room; `df -h /data` shows how much there is",
    errno.EROFS: "the disk is read-only, which a failing SD card becomes too. Remedy: see `dmesg`, then reboot",
    errno.EACCES: "permission is denied. Remedy: `ls -ld /data` shows whose it is; try again with sudo",
    errno.EIO: "the disk fails. Remedy: see `dmesg`",
    errno.ENOTSUP: "injected. Remedy: see `ls -la /data`",
}


@pytest.mark.parametrize(("error", "message"), REMEDIES.items())
def test_each_disk_error_is_explained_with_a_remedy(error: int, message: str) -> None:
    with pytest.raises(StoreError) as refused:
        save(fresh(fail_at=3, error=error))
    assert str(refused.value).startswith(f"/data/config.yaml could not be saved safely: {message}")
    assert refused.value.file == DATA / CONFIG


def test_failed_saves_do_not_displace_the_history() -> None:
    class Mounted(MemoryDisk):
        def called(self, name: str) -> None:
            """Record nothing: power cuts do not matter here, and there would be too many."""

        def rename(self, path: Path, name: Path) -> None:
            raise OSError(errno.EBUSY, "busy")

    disk = fresh(Mounted)
    for _ in range(20):
        with pytest.raises(StoreError, match=r"something is mounted on the file.*`umount /data/config\.yaml`"):
            save(disk)
    assert list(Store(DATA, disk).copies().values()) == [OLDEST, OLD, OLDEST]


def test_the_first_save_needs_no_existing_file() -> None:
    disk = disk_with({})
    assert Store(DATA, disk).save(NEXT, NO_FILE)
    for state in disk.after_power_cut():
        assert dict(state) == {DATA / CONFIG: NEXT.encode()}
