"""Reading settings: hostile files, wrong values, older keys. Nothing raises, and each problem is reported."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings

from config.declaration import Value
from config.document import MAX_BYTES
from config.read import Reading, read
from config.settings import Settings
from tests.faults import properties
from tests.faults.fuzz import mutated


def test_an_empty_file_gives_the_defaults() -> None:
    for text in ("", "\ufeff", "\n\n", "# nothing\n", "---\n", "camera:\n", "camera: {}\n", "camera:\n  # width: 1\n"):
        assert read(text) == Reading({})
        assert read(text).settings == Settings()


def test_values_are_read_in_each_yaml_notation() -> None:
    text = "\ufeffprofile: 'balanced'\r\ncamera: {width: 640, source: \"0\"}\r\nmemory:\r\n    governor: No  # why\r\n"
    assert read(text).values == {
        "profile": "balanced",
        "camera.width": 640,
        "camera.source": "0",
        "memory.governor": False,
    }
    assert read("camera:\n  target_fps: 1e0\n  frame_timeout: .5\n").values == {
        "camera.target_fps": 1.0,
        "camera.frame_timeout": 0.5,
    }


UNUSABLE: dict[str, tuple[bytes, str]] = {
    "UTF-16": ("camera:\n  width: 320\n".encode("utf-16"), "not UTF-8"),
    "Latin-1": (b"camera:\n  # gr\xf6\xdfe\n  width: 320\n", "line 2: the file is not UTF-8"),
    "a zero byte": (b"camera:\n  width: 3\x0020\n", r"line 2: .*U\+0000"),
    "binary": (bytes(range(256)), "not UTF-8"),
    "too large": (b"#" * (MAX_BYTES + 1), f"larger than the {MAX_BYTES} bytes"),
    "billion laughs": (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", r"line 1: the file must not use anchors"),
    "merge bomb": (b"a: &a {x: 1}\nb: {<<: [*a, *a]}\n", "anchors"),
    "alias of nothing": (b"camera: *x\n", "aliases"),
    "recursive list": (b"&a [*a]\n", "anchors"),
    "python object": (b"camera: !!python/object/apply:os.system [id]\n", "tags"),
    "typed value": (b"camera:\n  width: !!int ''\n", "line 2: the file must not use tags"),
    "directive": (b"%YAML 1.1\n---\ncamera: {}\n", "directives"),
    "two documents": (b"camera: {}\n---\ncamera: {}\n", "one document"),
    "brackets without end": (b"[" * 16_000, "nested too deeply"),
    "braces without end": (b"{" * 16_000, "nested too deeply"),
    "nested braces": (b"{a: " * 4_000, "nested too deeply"),
    "deep indentation": (b"\n".join(b" " * i + b"a:" for i in range(170)), "nested too deeply"),
    "dashes": (b"- " * 8_000, "nested too deeply"),
    "many keys": (b"".join(b"k%d: 1\n" % i for i in range(1_500)), "too many values"),
    "a list": (b"- camera\n", "must hold sections"),
    "a word": (b"camera\n", "must hold sections"),
    "a key that is a list": (b"? [a, b]\n: 1\n", "not a word"),
    "a tab": (b"camera:\n\twidth: 320\n", "line 2: the file is not valid YAML"),
    "no end of quotes": (b"camera:\n  source: 'x\n", "not valid YAML"),
    "an impossible character": (b'camera: "\\UFFFFFFFF"\n', "not valid YAML"),
    "no space": (b"camera: {width:320\n", "not valid YAML"),
}


@pytest.mark.parametrize(("data", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_file_gives_one_problem_and_the_defaults(data: bytes, reason: str) -> None:
    (problem,) = read(data).problems
    assert re.search(reason, str(problem)), str(problem)
    assert problem.key == ""
    assert read(data).settings == Settings()


WRONG: dict[str, tuple[str, str]] = {
    "NaN": ("target_fps: .nan", "line 2: camera.target_fps: .nan must be a finite number between 0.5 and 30 frames/s"),
    "infinity": ("target_fps: -.inf", "line 2: camera.target_fps: -.inf must be a finite number"),
    "overflow": ("target_fps: 1.0e+999", "camera.target_fps: 1.0e+999 must be a finite number"),
    "huge": ("width: 1" + "0" * 5000, "must be a number between 64 and 1920 px"),
    "huge hexadecimal": ("width: 0x" + "f" * 5000, "must be a number"),
    "sexagesimal": ("width: 12:30", "camera.width: 12:30 must be a number"),
    "octal": ("width: 0320", "camera.width: 0320 must be a number"),
    "octal for a float": ("frame_timeout: 010", "camera.frame_timeout: 010 must be a number"),
    "underscores": ("width: 1_000", "must be a number"),
    "no whole number": ("width: 320.5", "must be a whole number"),
    "a truth value for a number": ("width: yes", "must be a number"),
    "a number in quotes": ("width: '320'", "must be between 64 and 1920 px, without quotes"),
    "a date": ("width: 2024-99-99", "must be a number"),
    "too small": ("width: 63", "camera.width: 63 must be between 64 and 1920 px"),
    "too large": ("width: 1921", "camera.width: 1921 must be between 64 and 1920 px"),
    "a list": ("width: [320]", "camera.width must be a single value, between 64"),
    "a mapping": ("width: {a: 1}", "camera.width must be a single value"),
    "nothing": ("width:", "camera.width has no value: remove the line, or write between 64"),
    "null": ("width: ~", "camera.width: ~ has no value"),
    "a misspelt key": ("widht: 320", "line 2: camera.widht: 320 is not a setting; did you mean camera.width?"),
    "a key of another section": ("budget_mb: 160", "is not a setting; did you mean memory.budget_mb?"),
    "an unknown key": ("zoom: 3", "line 2: camera.zoom: 3 is not a setting"),
    "a merge key": ("<<: {width: 320}", "camera.<< is not a setting"),
    "a key given twice": ("width: 320\n  width: 320", "line 3: camera.width is given twice, first in line 2"),
    "a line break": ('source: "a\\nb"', "camera.source: a�b must be auto"),
    "no scenario": ("source: 'fake:'", "camera.source: fake: must be auto"),
}


@pytest.mark.parametrize(("line", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_reported_and_the_others_are_read(line: str, message: str) -> None:
    reading = read(f"camera:\n  {line}\n  height: 480\n")
    assert message in "\n".join(map(str, reading.problems))
    assert reading.values == {"camera.height": 480}


MISPLACED: dict[str, tuple[str, str]] = {
    "a key without its section": ("width: 320\n", "width: 320 is not a setting; did you mean camera.width?"),
    "a dotted key": ("camera.width: 320\n", "must stand as `width:` below `camera:`"),
    "a dotted older key": ("vision.use_lite_model: true\n", "is not a setting"),
    "a dotted removed key": ("analysis.yawn_s: 2\n", "is no longer a setting"),
    "a capital": ("Camera:\n  width: 320\n", "Camera is not a setting; did you mean camera?"),
    "a section that is a number": ("camera: 3\n", "camera: 3 must be a section"),
    "a section that is a list": ("camera:\n- width\n", "camera must be a section"),
    "an unknown profile": ("profile: turbo\n", "profile: turbo must be low_memory, balanced or high_accuracy"),
    "a section given twice": ("camera: {}\ncamera: {}\n", "line 2: camera is given twice, first in line 1"),
}


@pytest.mark.parametrize(("text", "message"), MISPLACED.values(), ids=MISPLACED)
def test_a_misplaced_key_is_reported(text: str, message: str) -> None:
    reading = read(text)
    assert message in "\n".join(map(str, reading.problems))
    assert not reading.values


CONTRADICTIONS = {
    "raspberry_pi: {buzzer_pin: 27}": "buzzer_pin: 27 must be other than raspberry_pi.led_pin, which is 27: one pin",
    "raspberry_pi: {led_pin: 17}": "led_pin: 17 must be other than raspberry_pi.buzzer_pin, which is 17: one pin",
    "raspberry_pi: {led_pin: 20, buzzer_pin: 20}": "must be other than raspberry_pi.led_pin, which is 20",
}


@pytest.mark.parametrize(("text", "message"), CONTRADICTIONS.items())
def test_contradicting_values_are_dropped_and_the_others_are_read(text: str, message: str) -> None:
    reading = read(text + "\ncamera: {width: 480}\n")
    (problem,) = reading.problems
    assert message in str(problem)
    assert problem.line == 1
    assert reading.values == {"camera.width": 480}


OLDER = [
    ("vision: {refine_landmarks: true}", {}),
    ("vision: {refine_landmarks: false}", {}),
    ("vision: {refine_landmarks: true, model: lite}", {"vision.model": "lite"}),
    ("vision: {use_lite_model: true, refine_landmarks: true}", {"vision.model": "lite"}),
    ("vision: {use_lite_model: true}", {"vision.model": "lite"}),
    ("vision: {use_lite_model: false}", {"vision.model": "full"}),
    ("vision: {use_lite_model: false, model: standard}", {"vision.model": "standard"}),
    ("vision: {model: standard, use_lite_model: true}", {"vision.model": "standard"}),
    ("raspberry_pi: {compress_frames: true}", {}),
    ("camera: {compress_frames: false}", {"raspberry_pi.compression_quality": 100}),
    ("raspberry_pi: {compress_frames: false, compression_quality: 50}", {"raspberry_pi.compression_quality": 50}),
]


@pytest.mark.parametrize(("text", "values"), OLDER)
def test_older_keys_are_read_as_their_successors(text: str, values: dict[str, Value]) -> None:
    reading = read(text)
    assert reading.values == values
    assert not reading.problems
    assert "is an older name" in str(reading.notes[0])


def test_a_wrong_value_of_an_older_key_is_reported() -> None:
    assert "use_lite_model: 2 must be true or false" in str(read("vision: {use_lite_model: 2}").problems[0])


def test_a_reported_key_is_short_and_on_one_line() -> None:
    (problem,) = read('"a\\nERROR \\e[31m' + "x" * 900 + '": 1').problems
    assert str(problem) == "line 1: a\ufffdERROR \ufffd[31m" + "x" * 47 + "…: 1 is not a setting"


def test_endless_brackets_are_refused_quickly() -> None:
    start_s = time.process_time()
    for bracket in (b"[", b"{", b"[a,"):
        read(bracket * 5_000)
    assert time.process_time() - start_s < 0.1


@settings(derandomize=True, database=None, deadline=None, max_examples=150)
@given(mutated())
def test_mutated_files_are_read_quickly_and_without_an_exception(data: bytes) -> None:
    properties.loads(data)
