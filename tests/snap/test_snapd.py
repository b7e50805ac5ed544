"""`snap set`, `snap get` and the hooks, run like snapd does, with a fake snapctl."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.paths import Paths
from config.settings import DECLARATIONS
from config.snapd import SnapctlError, dashed, snapctl, tell
from config.store import Store
from tests.support.snapd import Snapd

RESTART = ["restart", "drivewatch.detector"]


@pytest.fixture
def snapd(tmp_path: Path) -> Snapd:
    """A snapd just after the installation, when the configure hook has run."""
    found = Snapd.installed(tmp_path)
    assert found.hook("configure").stderr == ""
    return found


def yaml_of(snapd: Snapd) -> str:
    path = snapd.data / "config.yaml"
    return path.read_text() if path.exists() else ""


def test_after_the_installation_snap_get_shows_every_setting(snapd: Snapd) -> None:
    assert snapd.get("raspberry-pi.buzzer-pin") == 17
    assert snapd.get("camera.target-fps") == 1
    assert snapd.get("profile") == "low_memory"
    for key in DECLARATIONS:
        snapd.get(key.replace("_", "-"))
    assert yaml_of(snapd) == ""
    assert [call[0] for call in snapd.calls] == ["set"]


def test_snap_set_changes_the_file_and_restarts_the_detector(snapd: Snapd) -> None:
    assert snapd.set(camera__width=640, camera__height=480, camera__frame_skip=2) == ""
    settings = Store(snapd.data).load().settings
    assert (settings.camera.width, settings.camera.height, settings.camera.frame_skip) == (640, 480, 2)
    assert snapd.calls[0] == RESTART
    assert "#source: auto" in yaml_of(snapd)  # the comments are there
    assert snapd.set(camera__width=640) == ""
    assert RESTART not in snapd.calls


def test_a_stopped_detector_stays_stopped(snapd: Snapd) -> None:
    snapd.change(detector="inactive")
    assert snapd.set(camera__width=640) == ""
    assert RESTART not in snapd.calls


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"camera__width": 12}, "camera.width: 12 must be between 64 and 1920 px"),
        ({"camera__frame_skip": "often"}, "camera.frame-skip: often must be a number between 1 and 30"),
        ({"camera__frame_skip": 1.5}, "camera.frame-skip: 1.5 must be a whole number between 1 and 30"),
        ({"camera__frame_skipp": 2}, "camera.frame-skipp: 2 is not a setting; did you mean camera.frame-skip?"),
        ({"colour": "red"}, "colour: red is not a setting"),
        ({"camera": 5}, "camera: 5 must be a section: its keys stand below it, indented"),
        ({"camera__width": [1, 2]}, 'camera.width: ["1", "2"] must be a number between 64 and 1920 px'),
        ({"profile": "low-memory"}, "profile: low-memory must be low_memory, balanced or high_accuracy"),
        ({"alerting__use_beep_only": "maybe"}, "alerting.use-beep-only: maybe must be true or false"),
        ({"raspberry_pi__led_pin": 17}, "raspberry-pi.led-pin: 17 must be other than raspberry-pi.buzzer-pin"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_without_any_change(
    snapd: Snapd, values: dict[str, object], line: str
) -> None:
    before = snapd.state["config"]
    refused = snapd.set(camera__height=360, **values)
    assert line in refused
    assert refused.endswith("Nothing was changed.\n")
    assert refused.count("\n") == 1
    assert (yaml_of(snapd), snapd.state["config"], snapd.calls) == ("", before, [])
    assert snapd.set(camera__height=360) == ""  # the refused change left nothing behind


def test_removed_settings_are_named_and_the_others_accepted(snapd: Snapd) -> None:
    config = snapd.state["config"]
    config["camera"]["width"] = 640  # type: ignore[index]
    config["analysis"] |= {"yaw-limit-deg": "wide", "yawn-s": {"a": [1]}}  # type: ignore[index]
    snapd.change(config=config)
    done = snapd.hook("configure")
    assert (done.returncode, done.stderr.count("is no longer a setting")) == (0, 2)
    assert Store(snapd.data).load().settings.camera.width == 640
    assert "yaw_limit" not in yaml_of(snapd)
    assert not {"yaw-limit-deg", "yawn-s"} & set(snapd.state["config"]["analysis"])  # type: ignore[index]


def test_snap_set_of_another_key_keeps_changes_of_the_page(snapd: Snapd) -> None:
    Store(snapd.data).save("camera:\n  width: 800  # by the page\n", "none")
    assert snapd.set(camera__height=600) == ""
    assert yaml_of(snapd) == "camera:\n  width: 800  # by the page\n  height: 600\n"
    assert snapd.get("camera.width") == 800


def test_a_profile_changes_the_settings_that_follow_it(snapd: Snapd) -> None:
    assert snapd.set(profile="balanced") == ""
    assert snapd.get("camera.width") == 480
    assert snapd.set(camera__width=None, profile=None) == ""
    assert snapd.get("camera.width") == 320
    assert snapd.get("profile") == "low_memory"


def test_texts_that_look_like_numbers_or_booleans_are_kept(snapd: Snapd) -> None:
    assert snapd.set(camera__source=0) == ""
    assert Store(snapd.data).load().settings.camera.source == "0"
    assert snapd.set(camera__source="true", alerting__use_beep_only="no") == ""
    settings = Store(snapd.data).load().settings
    assert (settings.camera.source, settings.alerting.use_beep_only) == ("true", False)
    assert snapd.set() == ""
    assert RESTART not in snapd.calls


def test_a_broken_file_is_reported_and_kept_by_each_hook(snapd: Snapd) -> None:
    broken = "camera:\n  width: wide\n"
    snapd.data.joinpath("config.yaml").write_text(broken)
    assert "config.yaml, line 2: camera.width: wide must be" in snapd.set(camera__height=360)
    assert yaml_of(snapd) == broken
    assert snapd.hook("configure").returncode == 0
    assert snapd.hook("post-refresh").returncode == 0
    assert yaml_of(snapd) == broken


def test_a_key_of_a_newer_version_is_removed_by_the_next_hook(snapd: Snapd) -> None:
    state = snapd.state
    state["config"]["camera"]["zoom"] = 3  # type: ignore[index]
    snapd.change(**state)
    told = snapd.data / "snapd.json"
    told.write_text(told.read_text().replace('{"', '{"camera.zoom": "3", "', 1))  # as a revert leaves it
    assert snapd.set() == ""
    assert "zoom" not in str(snapd.state["config"])


def test_without_file_and_copies_the_values_told_to_snapd_are_in_force(snapd: Snapd) -> None:
    assert snapd.set(raspberry_pi__buzzer_pin=22) == ""
    for path in (*snapd.data.glob("config.*"), *snapd.data.glob("history/*")):
        path.unlink()
    loaded = Store(snapd.data).load()
    assert (loaded.settings.raspberry_pi.buzzer_pin, loaded.origin, len(loaded.problems)) == (22, "snapd.json", 1)
    assert snapd.set(camera__height=360) == ""
    assert "buzzer_pin: 22" in yaml_of(snapd)
    assert not Store(snapd.data).load().problems


def test_a_refresh_renames_older_keys_and_keeps_the_former_file(snapd: Snapd) -> None:
    old = "vision:\n  use_lite_model: false\n  refine_landmarks: true  # irises\n"
    snapd.data.joinpath("config.yaml").write_text(old)
    assert snapd.hook("post-refresh").returncode == 0
    assert yaml_of(snapd) == "vision:\n  model: full\n  # irises\n"
    assert [path.read_text() for path in snapd.data.joinpath("history").iterdir()] == [old]


def test_a_change_is_kept_if_snapd_cannot_restart_the_detector(snapd: Snapd) -> None:
    state = snapd.state
    state["config"]["camera"]["width"] = 640  # type: ignore[index]
    snapd.change(**{**state, "broken": ["restart"]})
    done = snapd.hook("configure")
    assert done.returncode == 0
    assert "drivewatch.detector is not restarted" in done.stderr
    assert Store(snapd.data).load().settings.camera.width == 640


def test_a_change_is_refused_if_snapd_does_not_answer(snapd: Snapd) -> None:
    snapd.change(broken=["get"])
    done = snapd.hook("configure")
    assert done.returncode == 1
    assert "Nothing was changed." in done.stderr


def test_an_older_snapd_is_asked_for_each_section(tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def ask(*arguments: str, limit_s: float = 0.0) -> str:
        asked.append(arguments)
        if arguments == ("get", "-d", "", ""):
            raise SnapctlError("invalid option name")
        return '{"camera": {"width": 320}}'

    tell(Paths(tmp_path, tmp_path, tmp_path), Store(tmp_path).load().settings, ask)
    assert asked[1][:5] == ("get", "-d", "profile", "camera", "raspberry-pi")
    assert "camera.width=320" not in asked[2]
    assert "camera.height=240" in asked[2]


def test_only_keys_are_written_with_dashes() -> None:
    assert dashed("camera.frame_skip: a_b.c is low_memory") == "camera.frame-skip: a-b.c is low_memory"


def test_removing_the_snap_deletes_the_run_folder(snapd: Snapd) -> None:
    rm = snapd.folder / "bin/rm"
    rm.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    rm.chmod(0o755)
    assert snapd.hook("remove").stdout.splitlines() == ["-rf", "/run/snap.drivewatch"]


def test_the_error_of_a_failing_snapctl_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "snapctl"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for script, says in (("echo refused >&2; exit 1", "refused"), ("exit 3", "status 3"), ("sleep 5", "0.01 s")):
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)
        with pytest.raises(SnapctlError, match=says):
            snapctl("restart", limit_s=0.01 if "sleep" in script else 5)
    command.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SnapctlError, match="No such file"):
        snapctl("restart")
