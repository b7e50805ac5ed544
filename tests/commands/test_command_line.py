"""The command line, in this process."""

from __future__ import annotations

import logging
import re

import pytest

from app.commands.command_line import COMMANDS, main
from app.fake_driver.scenario import scenario_names
from app.monitor.driver_feedback import MUTE_S


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    err = capsys.readouterr().err
    assert all(command in err for command in COMMANDS)
    assert "python -m app run --camera fake:commute" in err


@pytest.mark.parametrize("command", ("run", "analyze", "render", "check"))
def test_help_of_each_main_command_has_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    text = help_of(capsys, command)
    assert re.search(f"examples?:\n  python -m app {command}\\b", text)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_begins_with_a_verb(capsys: pytest.CaptureFixture[str], command: str) -> None:
    about = help_of(capsys, command).split("\n\n")[1]
    assert about.partition(" ")[0] in ("Watches", "Judges", "Writes", "Looks", "Makes", "Serves", "Prints", "Deletes")


def test_help_says_how_long_a_mute_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"for {MUTE_S / 60:.0f} minutes" in help_of(capsys, "run")


def test_help_lists_the_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, "render")
    assert all(re.search(f"^  {name} +[A-Z]", text, re.MULTILINE) for name in scenario_names())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("render", "attentive", "--out", "x", "--fps", "often"), "'often' must be a number above 0"),
        (("render", "attentive", "--out", "x", "--fps", "nan"), "'nan' must be a number above 0"),
        (("render", "attentive", "--out", "x", "--seconds", "inf"), "'inf' must be a number above 0"),
        (("render", "attentive", "--out", "x", "--size", "big"), "'big' must be such as 320x240"),
        (("render", "attentive", "--out", "x", "--size", "9x9"), "'9x9' must be such as 320x240"),
        (("analyze", "x", "--fps", "0"), "'0' must be a number above 0"),
        (("run", "--camera", "http://somewhere"), "'http://somewhere' must be auto, /dev/video0"),
        (("check", "--camera", ""), "'' must be auto, /dev/video0"),
    ],
)
def test_a_wrong_option_is_refused_with_the_reason(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err.splitlines()[-1]


def test_check_takes_the_camera_from_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    """Its status depends on this machine's pins, which tests/commands/test_doctor.py makes up."""
    main(["check", "--camera", "fake:attentive"])
    out = capsys.readouterr().out
    assert "ok   camera         fake:attentive, 320 x 240, used as 320 x 240\nok   picture        clear\n" in out
    assert logging.getLogger().isEnabledFor(logging.ERROR)
