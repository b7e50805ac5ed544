"""Settings that are lost and certificates that are damaged: the former ones stay in force."""

from __future__ import annotations

import os
import random
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

from config.certificates import self_signed
from config.openssl import HttpsError
from config.paths import CONFIG, LAST_GOOD
from config.store import NO_FILE, Store
from tests.faults.damaged import damaged
from tests.faults.scratch import in_memory
from tests.faults.tally import Count, Row

FILES, LONG_FILES = 400, 10_000
CERTIFICATES, LONG_CERTIFICATES = 60, 1000
PIN = 22


def rows(is_long: bool) -> Iterator[Row]:
    """A row for settings and one for certificates."""
    with in_memory() as place:
        yield _settings(Path(place), LONG_FILES if is_long else FILES)
        yield _certificates(Path(place, "https.pem"), LONG_CERTIFICATES if is_long else CERTIFICATES)


def _settings(folder: Path, files: int) -> Row:
    count, store = Count("config.yaml emptied, cut off, zeroed, removed or replaced by no file"), Store(folder)
    store.change({"raspberry_pi.buzzer_pin": PIN}, NO_FILE)
    store.mark_good(store.load())
    good = (folder / CONFIG).read_bytes()
    for number in range(files):
        _lose(folder / CONFIG, good, random.Random(number))
        loaded = store.load()
        store.mark_good(loaded)
        is_kept = loaded.settings.raspberry_pi.buzzer_pin == PIN and b"buzzer_pin: 22" in _content(folder / LAST_GOOD)
        count.add("" if is_kept else f"file {number}: {loaded.origin}, {loaded.problems}", lost=not is_kept)
        _remove(folder / CONFIG)
        (folder / LAST_GOOD).write_bytes(good)
    return count.row


def _lose(path: Path, good: bytes, chance: random.Random) -> None:
    _remove(path)
    at, kind = chance.randrange(len(good)), chance.randrange(8)
    if kind < 4:
        path.write_bytes((good[:at], b"", good[:at] + bytes(len(good) - at), bytes(at))[kind])
    elif kind == 4:
        path.mkdir()
    elif kind == 5:
        os.mkfifo(path)
    elif kind == 6:
        path.symlink_to("nowhere")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _certificates(file: Path, files: int) -> Row:
    count = Count("the page's certificate or key damaged at random")
    self_signed(file)
    whole = file.read_bytes()
    for number in range(files):
        file.write_bytes(damaged(whole, random.Random(number)))
        try:
            found = self_signed(file)
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(found.certificate, found.key)
        except (HttpsError, ssl.SSLError) as error:
            count.add(f"file {number}: {error}", lost=1)
        else:
            count.add()
    return count.row
