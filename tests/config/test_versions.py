"""Earlier versions of the settings file, with the time of each."""

from __future__ import annotations

import os
from pathlib import Path

from config.paths import CONFIG, LAST_GOOD
from config.release_date import RELEASED_S
from config.versions import versions
from tests.support.store_folder import BAD, saved, width


def test_an_empty_folder_has_no_versions(tmp_path: Path) -> None:
    found = versions(tmp_path / "none")
    assert (found.now, found.last_good, found.earlier, found.rejected) == (None, None, (), ())


def test_earlier_versions_are_newest_first_with_their_save_times(tmp_path: Path) -> None:
    saved(tmp_path, width(64))
    os.utime(tmp_path / CONFIG, (RELEASED_S + 60, RELEASED_S + 60))
    store = saved(tmp_path, width(65), width(66))
    store.mark_good(store.load())
    found = versions(tmp_path)
    assert found.now and found.last_good
    assert [found.now.text, found.last_good.text] == [width(66)] * 2
    assert [version.text for version in found.earlier] == [width(65), width(64)]
    assert found.earlier[1].saved_s == RELEASED_S + 60  # not when it was replaced


def test_a_save_time_before_this_release_is_unknown(tmp_path: Path) -> None:
    saved(tmp_path, width(64))
    os.utime(tmp_path / CONFIG, (86400, 86400))  # the clock of a Pi without a network
    found = versions(tmp_path)
    assert found.now and found.now.saved_s is None


def test_rolled_back_and_invalid_versions_are_listed_as_rejected(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64))
    store.mark_good(store.load())
    saved(tmp_path, width(65))
    assert store.roll_back()
    (tmp_path / CONFIG).write_text(BAD)
    saved(tmp_path, width(66))
    found = versions(tmp_path)
    assert [version.text for version in found.rejected] == [BAD, width(65)]
    assert found.named(found.rejected[1].name) == found.rejected[1]


def test_only_kept_versions_are_found_by_name(tmp_path: Path) -> None:
    store = saved(tmp_path, width(64), width(65))
    store.mark_good(store.load())
    found = versions(tmp_path)
    assert found.named(LAST_GOOD) and found.named(found.earlier[0].name)
    for name in ("", CONFIG, "../config.yaml", "history", f"history/../{CONFIG}", "/etc/passwd"):
        assert found.named(name) is None


def test_unreadable_versions_are_left_out(tmp_path: Path) -> None:
    saved(tmp_path, width(64), width(65), width(66))
    newest = max((tmp_path / "history").iterdir())
    newest.unlink()
    newest.mkdir()
    os.mkfifo(tmp_path / "config.yaml.broken-000001-00000000")
    found = versions(tmp_path)
    assert [version.text for version in found.earlier] == [width(64)]
    assert found.rejected == ()
