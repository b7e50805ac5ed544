"""Load and save the settings file, so that a power cut at any instruction leaves the old file or the new one, whole.

A save is checked as a whole, then written beside the file, synced, and renamed into its place; the file that was there
gets a second name first: in history/, or config.yaml.broken-* if it was not valid. Loading writes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config import durable, snapd_told
from config.check import Problem, accept, shown
from config.declaration import Value
from config.disk import Disk
from config.document import MAX_BYTES
from config.durable import StoreError
from config.lost_settings import is_blank, loss
from config.patch import PatchError, patch
from config.paths import CONFIG, HISTORY, LAST_GOOD, SNAPD_TOLD
from config.read import OLDER_KEYS, Reading, not_a_setting, read
from config.reference import config_yaml
from config.settings import DECLARATIONS, Settings, settings_from
from config.versions import BROKEN, EARLIER, NumberedFiles

DEFAULTS = "defaults"  # the origin of settings that no file gave
NO_FILE = "none"  # the version of a file that is missing


class ConflictError(Exception):
    """Somebody else has changed the settings since they were loaded; nothing was saved."""

    def __init__(self) -> None:
        super().__init__("the settings were changed meanwhile: load them and change them again")


class InvalidError(ValueError):
    """The settings are not valid, for these problems; nothing was changed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and what config.yaml says.

    `origin` is the file that the settings are from, or DEFAULTS; `text` is config.yaml's, even if it is not valid; that
    of the copy in its place if it has lost its settings, so that a change starts from there; and the commented defaults
    where there is neither. `version` tells whether the file has been changed since.
    """

    settings: Settings
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    origin: str
    text: str
    version: str


class Store:
    """The settings file in the data folder, with its last good copy and its history."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._folder = folder
        self._config = folder / CONFIG
        self._disk = disk or Disk()

    def load(self) -> Loaded:
        """Return the settings in force. Never raises: what is wrong is among the problems.

        Of a file with problems nothing is used if there is a good copy, else its valid values. A file that has lost its
        settings, or is missing though there was one, is such a file.
        """
        data: bytes | None = None
        try:
            data = self._disk.read(self._config, MAX_BYTES + 1)
            reading = read(data)
        except FileNotFoundError:
            reading = Reading({})
        except OSError as error:
            why = f"cannot be read: {error.strerror}; `ls -ld {self._config}` shows what stands there"
            return self._loaded(b"", Reading({}, (Problem("", "", why),)))
        copies, was_told = self._copies(), snapd_told.was_there(snapd_told.read(self._folder / SNAPD_TOLD, self._disk))
        if why := loss(data, reading, copies.values(), was_told=was_told):
            return self._instead(data, Problem(CONFIG, "", why))
        if data is None:
            return Loaded(Settings(), (), (), DEFAULTS, config_yaml(), NO_FILE)
        return self._loaded(data, reading)

    def copies(self) -> dict[str, str]:
        """Return the texts of the last good file and of the earlier ones, newest first, by name. Never raises."""
        return {name: data.decode(errors="replace") for name, data in self._copies().items() if not is_blank(data)}

    def save(self, text: str, expected_version: str) -> str:
        """Replace config.yaml and return its version. Nothing is written if it has this text already.

        Raises: ConflictError if its version is another than expected, InvalidError, StoreError.
        """
        return self._rewrite(expected_version, lambda _: text)

    def change(self, values: Mapping[str, Value | None], expected_version: str) -> str:
        """Change these settings in config.yaml and return its version; None leaves one to the profile.

        Raises: as `save`; InvalidError too if the file is written in a way that it cannot be changed by itself.
        """
        if problems := tuple(_refused(values)):
            raise InvalidError(problems)

        def patched(old: Loaded) -> str:
            if any(not problem.key for problem in old.problems):
                raise InvalidError(old.problems)
            return _patched(old.text, values)

        return self._rewrite(expected_version, patched)

    def migrate(self) -> tuple[Problem, ...]:
        """Give keys of an older version their names of today, and return what was said of them.

        Raises: as `change`. A file with problems, such as one of a newer version, is left as it is.
        """
        old = self.load()
        if old.problems:
            raise InvalidError(old.problems)
        if old.notes:
            keys, values = {OLDER_KEYS[note.key].key for note in old.notes}, read(old.text).values
            bare = _patched(
                old.text, dict.fromkeys(keys)
            )  # a newer name beside it is taken out as well, and comes back
            self.save(_patched(bare, {key: values[key] for key in keys if key in values}), old.version)
        return old.notes

    def mark_good(self, loaded: Loaded) -> None:
        """Keep config.yaml, as it was loaded, as the last good one, once the detector was healthy for a minute.

        It is a copy, for an editor may write into the file itself. Raises: StoreError.
        """
        if loaded.problems:
            return
        with durable.held(self._config, self._disk):
            if self._data(LAST_GOOD) != (data := loaded.text.encode()):
                durable.replace(self._folder / LAST_GOOD, data, self._disk)

    def roll_back(self) -> bool:
        """Replace a file with which the detector does not work by the last good one; False if there is no other.

        Raises: StoreError.
        """
        with durable.held(self._config, self._disk):
            old, good = self.load(), self._data(LAST_GOOD)
            if not good or read(good).problems or old.version == version_of(good):
                return False
            self._replace(old, good, BROKEN)
            return True

    def _loaded(self, data: bytes, reading: Reading) -> Loaded:
        origin, settings = self._in_force(reading)
        text = data.decode(errors="replace")
        return Loaded(settings, reading.problems, reading.notes, origin, text, version_of(data))

    def _instead(self, data: bytes | None, problem: Problem) -> Loaded:
        """What is in force while config.yaml has lost its settings."""
        version = NO_FILE if data is None else version_of(data)
        origin, settings = self._in_force(Reading({}, (problem,)))
        text = self.copies().get(origin, config_yaml())
        if origin == DEFAULTS and (values := snapd_told.values(snapd_told.read(self._folder / SNAPD_TOLD, self._disk))):
            origin, settings, text = SNAPD_TOLD, settings_from(values), patch(text, values)
        return Loaded(settings, (problem,), (), origin, text, version)

    def _in_force(self, reading: Reading) -> tuple[str, Settings]:
        if not reading.problems:
            return CONFIG, reading.settings
        for name, text in self.copies().items():
            if not (copy := read(text)).problems:
                return name, copy.settings
        return CONFIG if reading.values else DEFAULTS, reading.settings

    def _copies(self) -> dict[str, bytes]:
        """The last good file and the earlier ones, newest first; empty where one is there and cannot be read."""
        names = [LAST_GOOD]
        with suppress(OSError):
            names += [f"{HISTORY}/{name}" for name in reversed(self._kept(EARLIER))]
        found = {}
        for name in names:
            try:
                found[name] = self._disk.read(self._folder / name, MAX_BYTES + 1)
            except FileNotFoundError:
                continue
            except OSError:
                found[name] = b""
        return found

    def _data(self, name: str) -> bytes:
        """The content of a file, nothing if there is none to be had."""
        try:
            return self._disk.read(self._folder / name, MAX_BYTES + 1)
        except OSError:
            return b""

    def _rewrite(self, expected_version: str, rewritten: Callable[[Loaded], str]) -> str:
        with durable.held(self._config, self._disk):
            old = self.load()
            if old.version != expected_version:
                raise ConflictError
            text = rewritten(old)
            if (reading := read(text)).problems:
                raise InvalidError(reading.problems)
            data = config_yaml().encode() if is_blank(text.encode()) else text.encode()  # blank means damaged
            if old.version != (version := version_of(data)):
                before = [*self._copies().values(), old.text.encode()]
                is_like_loss = bool(loss(data, reading, before, was_told=True))
                self._replace(old, data, BROKEN if old.problems else EARLIER, is_like_loss=is_like_loss)
            return version

    def _replace(self, old: Loaded, data: bytes, kept: NumberedFiles, *, is_like_loss: bool = False) -> None:
        """Put this into config.yaml's place. What looks like a loss is kept as well: `loss` knows it by that."""
        if old.version != NO_FILE and not self._disk.is_plain_file(self._config):
            raise StoreError(
                self._config,
                "it is a link or a folder, which saving would replace",
                f"`ls -ld {self._config}` shows what; put a file in its place, or edit what the link leads to",
            )
        with durable.written(self._config, data, self._disk) as new:
            if old.version != NO_FILE:
                self._keep(self._config, kept, old.version[:8])
            if is_like_loss:
                self._keep(new, EARLIER, version_of(data)[:8])
            self._disk.rename(new, self._config)
        self._disk.sync_folder(self._folder)

    def _kept(self, kept: NumberedFiles) -> list[str]:
        return kept.numbered(self._disk.names(self._folder / kept.folder))

    def _keep(self, path: Path, kept: NumberedFiles, crc32: str) -> None:
        """Give a file a second name before it is replaced or renamed: that takes no space and cannot fail halfway."""
        folder, names = self._folder / kept.folder, ["", *self._kept(kept)]
        if crc32 in names[-1]:
            return  # kept by a save that failed after this
        self._disk.make_folder(folder)
        self._disk.link(path, folder / kept.next_name(names[-1], crc32))
        for oldest in names[1 : -kept.most + 1]:
            self._disk.remove(folder / oldest)
        self._disk.sync_folder(folder)


def _patched(text: str, values: Mapping[str, Value | None]) -> str:
    try:
        return patch(text, values)
    except PatchError as error:
        raise InvalidError((Problem("", "", str(error)),)) from error


def _refused(values: Mapping[str, Value | None]) -> Iterator[Problem]:
    for key, value in values.items():
        try:
            if key not in DECLARATIONS:
                raise ValueError(not_a_setting(key))
            if value is not None:
                accept(DECLARATIONS[key], value)
        except ValueError as error:
            yield Problem(key, shown(value), str(error))


def version_of(data: bytes) -> str:
    """The version of a file with this content: a checksum, enough to tell them apart. OpenSSL's would cost 3.4 MB."""
    return f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}"
