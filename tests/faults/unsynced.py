"""Writers on a disk that forgets: a power cut at any moment drops unsynced data in part or as a whole.

recorder.c, preloaded into a real writer, logs each call that changes a file. Replayed up to any record, the log tells
what a disk must still have (synced data) and may have (the rest, in any order, torn at sectors). The checks
of writers.py then start on such a folder. A file's sync keeps its content but not its name, as in POSIX.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from tests.faults.scratch import in_memory
from tests.faults.tally import Count, Row
from tests.faults.writers import WRITERS, Writer, cheapen_hashes

STEPS, LONG_STEPS = 150, 1000  # of each writer
CUTS, LONG_CUTS = 500, 10_000  # of each writer's log
HEADER: Final = struct.Struct("<cQQII")
SECTOR_BYTES = 512
CONFIRMED = "confirmed"  # the file of confirmations, which no cut loses
RECORDER = Path(__file__).with_name("recorder.c")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Record:
    """A recorded call; recorder.c explains its letter."""

    call: str
    inode: int
    offset: int
    path: str
    data: bytes


@dataclass
class File:
    """A file's content at its last sync, and the writes (offset, data) and truncations (offset, None) since."""

    synced: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)


Names = dict[str, File]


class ForgetfulDisk:
    """A disk that replays recorded calls, and knows what a power cut may leave."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}  # by the inode that has the number now
        self._names: Names = {}
        self._synced_names: Names = {}
        self._renamed: list[tuple[str, Names, str]] = []  # folder, added, removed; not synced yet
        self.confirmed: list[str] = []

    def follow(self, record: Record) -> None:
        """Replay a call."""
        if record.call == "C":
            made = self._files[record.inode] = File()
            self._rename(record.path, {record.path: made})
        elif record.call in "WT" and (file := self._files.get(record.inode)):
            self._change(file, record)
        elif record.call == "S" and (file := self._files.get(record.inode)):
            file.synced, file.since = _content(file), []
        elif record.call == "F":
            self._sync_folder(record.path)
        elif record.call in "RL":
            other = record.data.decode()
            self._rename(other, {other: self._names[record.path]}, record.path if record.call == "R" else "")
        elif record.call == "U":
            self._rename(record.path, {}, record.path)

    def _change(self, file: File, record: Record) -> None:
        if self._names.get(CONFIRMED) is file:
            self.confirmed += record.data.decode().split("\n")[:-1]
        file.since.append((record.offset, record.data if record.call == "W" else None))

    def _rename(self, path: str, added: Names, removed: str = "") -> None:
        self._names = {name: file for name, file in self._names.items() if name != removed} | added
        self._renamed.append((os.path.dirname(path), added, removed))  # noqa: PTH120

    def _sync_folder(self, folder: str) -> None:
        for _, added, removed in (change for change in self._renamed if change[0] == folder):
            self._synced_names = {name: file for name, file in self._synced_names.items() if name != removed} | added
        self._renamed = [change for change in self._renamed if change[0] != folder]

    def whole(self) -> dict[str, bytes]:
        """The files as the running system sees them, by path."""
        return {name: bytes(_content(file)) for name, file in self._names.items()}

    def after_power_cut(self, chance: random.Random | None) -> dict[str, bytes]:
        """The files that a power cut may leave: random ones, or without `chance` as little as allowed."""
        names = self._synced_names
        for _, added, removed in self._renamed:
            if chance and chance.random() < 0.5:
                names = {name: file for name, file in names.items() if name != removed} | added
        return {name: bytes(_content(file, chance, forgetful=True)) for name, file in names.items()}


def _content(file: File, chance: random.Random | None = None, *, forgetful: bool = False) -> bytearray:
    content = bytearray(file.synced)
    for offset, data in file.since:
        if forgetful and not (chance and chance.random() < 0.5):
            continue
        if data is None:
            content = content[:offset] + bytes(max(0, offset - len(content)))
            continue
        if chance and chance.random() < 0.3:
            data = data[: chance.randrange(0, len(data), SECTOR_BYTES)]
        content += bytes(max(0, offset - len(content)))
        content[offset : offset + len(data)] = data
    return content


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each writer, and one for all writers without their syncs, where losses must be seen."""
    cheapen_hashes()
    faults = [f"power cut while saving {writer.name}, what was not synced is dropped" for writer in WRITERS]
    control = "the same with fsync forgotten: losses that must be seen"
    with in_memory() as place:
        if not (compiler := shutil.which("cc") or shutil.which("gcc")):
            missing = "no C compiler (sudo apt install gcc libc6-dev)"
            yield from (Row(fault, not_tried=missing) for fault in (*faults, control))
            return
        if problem := _compiled(compiler, recorder := Path(place, "recorder.so")):
            yield from (Row(fault, wrong=problem) for fault in (*faults, control))
            return
        steps, cuts = (LONG_STEPS, LONG_CUTS) if is_long else (STEPS, CUTS)
        for number, (fault, writer) in enumerate(zip(faults, WRITERS, strict=True)):
            records = recorded(writer, recorder, Path(place), steps)
            yield cut(fault, writer, records, cuts, random.Random(number)).row
        yield _unsynced(control, recorder, Path(place))


def _unsynced(fault: str, recorder: Path, place: Path) -> Row:
    """The row that checks the harness: with syncs of files or folders dropped, each writer must lose something."""
    count = Count(fault)
    for writer in WRITERS:
        for forgotten in ("file", "folder"):
            records = recorded(writer, recorder, place, 30, forgotten)
            damaged = cut("", writer, records, 100, random.Random(0))
            is_seen = damaged.survived < damaged.tries
            count.add("" if is_seen else f"{writer.name} without the syncs of a {forgotten}: no loss was seen")
    return count.row


def _compiled(compiler: str, recorder: Path) -> str:
    """Why the recorder could not be compiled, "" if it was."""
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", str(recorder), str(RECORDER), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"recorder.c does not compile: {done.stderr.strip().splitlines()[-1]}" if done.returncode else ""


def recorded(writer: Writer, recorder: Path, place: Path, steps: int, forgotten: str = "") -> list[Record]:
    """The recorded calls of a process in which the writer takes so many steps."""
    folder, log = place / "written", place / "log"
    shutil.rmtree(folder, ignore_errors=True)
    log.unlink(missing_ok=True)
    folder.mkdir()
    env = {**os.environ, "LD_PRELOAD": str(recorder), "RECORDED_FOLDER": str(folder), "RECORDED_LOG": str(log)}
    command = [sys.executable, "-m", "tests.faults.unsynced", writer.name, str(folder), str(steps)]
    subprocess.run(command, cwd=ROOT, env={**env, "RECORDED_FORGET": forgotten}, check=True)
    records = list(_read(log.read_bytes(), f"{folder}/"))
    disk = ForgetfulDisk()
    for record in records:
        disk.follow(record)
    there = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if len(disk.confirmed) != steps or _kept(disk.whole()) != _kept(there):
        raise RuntimeError(f"the recorder missed a call of the {writer.name} writer")
    return records


def cut(fault: str, writer: Writer, records: list[Record], cuts: int, chance: random.Random) -> Count:
    """The results of power cuts at so many places of a log, with as little left as allowed and with a random part."""
    count, disk = Count(fault), ForgetfulDisk()
    wanted = set(chance.sample(range(len(records)), min(cuts // 2, len(records))))
    with in_memory() as place:
        for number, record in enumerate(records):
            disk.follow(record)
            for how in (None, chance) if number in wanted else ():
                folder = Path(place, f"{count.tries}")
                _lay_out(folder, disk.after_power_cut(how))
                began_s = time.perf_counter()
                check = writer.check(folder, disk.confirmed)
                count.add(check.wrong, check.lost, time.perf_counter() - began_s)
                shutil.rmtree(folder)
    return count


def _kept(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files without SQLite's -shm, which is made again after a cut, and without the confirmations."""
    return {name: data for name, data in files.items() if not name.endswith("-shm") and name != CONFIRMED}


def _lay_out(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, data in _kept(files).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)


def _read(log: bytes, root: str) -> Iterator[Record]:
    """The records of a log, with paths relative to the root."""
    at = 0
    while at < len(log):
        call, inode, offset, path_bytes, data_bytes = HEADER.unpack_from(log, at)
        data_at = at + HEADER.size + path_bytes
        path, data = log[at + HEADER.size : data_at].decode(), log[data_at : data_at + data_bytes]
        at = data_at + data_bytes
        is_name = call in (b"R", b"L")
        yield Record(
            call.decode(), inode, offset, f"{path}".removeprefix(root.rstrip("/")).lstrip("/"),
            data.decode().removeprefix(root).encode() if is_name else data,
        )  # fmt: skip


def _write(name: str, folder: Path, steps: int) -> None:
    cheapen_hashes()
    writer = next(writer for writer in WRITERS if writer.name == name)
    file = os.open(folder / CONFIRMED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for confirmed in islice(writer.steps(folder, 0), steps):
        os.write(file, f"{confirmed}\n".encode())


if __name__ == "__main__":
    _write(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
