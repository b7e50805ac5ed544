"""Settings as form fields and back, without a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from admin.settings.fields import Drawn, Field, Filter, groups
from admin.settings.forms import (
    BACK,
    CUSTOM,
    DECIMAL_COMMA,
    RESOLUTION,
    Basis,
    Typed,
    as_sent,
    basis_of,
    changes,
    decode_baseline,
    differences,
    encode_baseline,
    resolution,
    resolutions,
    text_of,
    touched,
    typed_in,
)
from config.check import accept
from config.declaration import PROFILES
from config.read import read
from config.reference import config_yaml
from config.settings import DECLARATIONS, Settings, values_of
from config.store import Loaded

KEY = "camera.width"


def basis(text: str = "profile: low_memory\n") -> Basis:
    found = read(text)
    return basis_of(Loaded(found.settings, found.problems, found.notes, "config.yaml", text, "1"))


def fields(drawn_from: Basis) -> Iterator[Field]:
    for group in groups(Drawn(drawn_from), Filter()):
        yield from (one for one in group.fields if one.key != RESOLUTION)


def one(key: str, drawn_from: Basis) -> Field:
    return next(field for field in fields(drawn_from) if field.key == key)


def typed(**texts: str) -> Typed:
    return Typed({key.replace("__", "."): text for key, text in texts.items()})


def test_a_field_has_its_limits_profile_value_and_difference() -> None:
    width = one(KEY, basis("profile: balanced\ncamera: {width: 640}\n"))
    assert (width.from_profile, width.is_set, width.is_changed) == ("480", True, True)
    assert (width.typed, width.unit, width.limits, width.control) == ("640", "px", "between 64 and 1920 px", "numeric")
    height = one("camera.height", basis("profile: balanced\ncamera: {width: 640}\n"))
    assert (height.typed, height.is_set, height.is_changed) == ("360", False, False)


def test_a_bad_value_in_the_file_is_shown_beside_the_one_in_force() -> None:
    text = "camera: {width: wide}\n"
    found = read(text)
    loaded = Loaded(read("camera: {width: 640}").settings, found.problems, (), "config.last-good.yaml", text, "1")
    width = one(KEY, basis_of(loaded))
    assert (width.typed, width.in_force, width.is_set) == ("wide", "640", True)


@pytest.mark.parametrize("key", DECLARATIONS)
def test_every_profile_value_is_read_back_unchanged(key: str) -> None:
    for profile in PROFILES:
        value = DECLARATIONS[key].in_profile(profile)
        sent = typed_in([(key, text_of(value))])
        assert changes(sent, basis(f"profile: {profile}\n"))[1] == {}
        if key != "profile":
            assert changes(sent, basis(f"profile: {profile}\n")) == ({}, {})


def test_an_untouched_form_changes_nothing() -> None:
    for text in (config_yaml(), "", "profile: high_accuracy\ncamera: {frame_timeout: 0.125}\nvision: {model: lite}\n"):
        drawn_from = basis(text)
        sent = [(field.key, field.typed) for field in fields(drawn_from)]
        sent.append((RESOLUTION, resolution(drawn_from, Typed())))
        assert changes(typed_in(sent), drawn_from) == ({}, {})


def test_only_different_values_are_changes() -> None:
    sent = typed_in([(KEY, " 480 "), ("camera.height", "240"), ("camera.source", "fake:calm")])
    assert changes(sent, basis()) == ({KEY: 480, "camera.source": "fake:calm"}, {})


def test_changing_the_profile_changes_only_the_profile_key() -> None:
    drawn_from = basis()
    sent = [(field.key, field.typed) for field in fields(drawn_from) if field.key != "profile"]
    assert changes(typed_in([*sent, ("profile", "balanced")]), drawn_from) == ({"profile": "balanced"}, {})


@pytest.mark.parametrize(
    "sent", ([(KEY, "")], [(KEY, "  ")], [(KEY, "640"), (BACK, KEY)], [(BACK, KEY), (KEY, "wide")])
)
def test_an_emptied_or_reset_field_returns_to_the_profile(sent: list[tuple[str, str]]) -> None:
    assert changes(typed_in(sent), basis("camera: {width: 480}")) == ({KEY: None}, {})
    assert changes(typed_in(sent), basis()) == ({}, {})


def test_a_setting_under_an_older_name_can_return_to_the_profile() -> None:
    drawn_from = basis("vision: {use_lite_model: false}")
    assert one("vision.model", drawn_from).typed == "full"
    assert changes(typed_in([(BACK, "vision.model")]), drawn_from) == ({"vision.model": None}, {})


@pytest.mark.parametrize(("sent", "value"), ((["false"], False), (["false", "true"], True), ([], True)))
def test_an_unticked_box_is_false_and_a_missing_one_is_unchanged(sent: list[str], value: bool) -> None:
    key = "memory.governor"
    wanted, errors = changes(typed_in((key, text) for text in sent), basis("memory: {governor: true}"))
    assert (wanted.get(key, True), errors) == (value, {})


BAD_NUMBERS = (
    "NaN", ".nan", "nan", "inf", ".inf", "-.inf", "1e999", "9" * 40, "9" * 5000, "-5", "0", "1_000", "0x140", "320px",
    "three", "1,000", "320.5", "\N{FULLWIDTH DIGIT THREE}20", "3 2 0", "\x00", "<script>", "320\n", "true", "*a",
)  # fmt: skip


@pytest.mark.parametrize("text", BAD_NUMBERS)
def test_a_bad_number_is_an_error_at_its_field_and_keeps_other_changes(text: str) -> None:
    wanted, errors = changes(Typed({KEY: text, "camera.height": "480"}), basis())
    assert list(errors) == [KEY]
    assert errors[KEY].startswith("must be a") or errors[KEY].startswith("must be between")
    assert "1920" in errors[KEY]
    assert wanted == {"camera.height": 480}


@pytest.mark.parametrize("text", (".nan", "NaN", ".inf", "1e999", "-1", "1,2,3", "1.000,5", ",", "1e3"))
def test_a_bad_decimal_is_an_error(text: str) -> None:
    assert list(changes(Typed({"camera.frame_timeout": text}), basis())[1]) == ["camera.frame_timeout"]


@pytest.mark.parametrize(("text", "value"), (("2.25", 2.25), ("2,25", 2.25), ("2", 2.0), (".75", 0.75), ("0,80", 0.8)))
def test_decimals_may_have_a_point_or_a_comma(text: str, value: float) -> None:
    assert changes(Typed({"camera.frame_timeout": text}), basis()) == ({"camera.frame_timeout": value}, {})


def test_no_setting_allows_a_number_that_could_mean_thousands() -> None:
    """1,500 is read as 1.5, so no setting may allow both numbers."""
    for declaration in DECLARATIONS.values():
        if declaration.kind is float and declaration.high >= 1000:
            assert declaration.low * 1000 > declaration.high, declaration.key
    assert DECIMAL_COMMA.fullmatch("1,500")


def test_bad_choices_and_texts_are_errors() -> None:
    sent = {"vision.model": "huge", "profile": "", "camera.source": "http://x/", "memory.governor": "maybe"}
    assert set(changes(Typed(sent), basis())[1]) == {"vision.model", "camera.source", "memory.governor"}


@pytest.mark.parametrize("name", ("camera.widht", "camera", "", "__class__", "../etc", "saved", "x" * 5000))
def test_unknown_fields_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a setting|must be a section"):
        typed_in([(KEY, "320"), (name, "1")])
    with pytest.raises(ValueError, match=r"is not a setting|must be a section"):
        typed_in([(BACK, name)])


def test_the_resolutions_are_those_of_the_profiles() -> None:
    assert resolutions() == ["320x240", "480x360", "640x480"]
    assert resolution(basis(), Typed()) == "320x240"
    assert resolution(basis("camera: {width: 400}"), Typed()) == CUSTOM


PAIR = {"camera.width": 480, "camera.height": 360}
RESOLUTION_CASES: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("480x360", "320", "240", PAIR),  # chosen, with the figures unchanged
    ("480x360", "480", "360", PAIR),
    ("320x240", "480", "360", PAIR),  # figures typed, with the choice unchanged
    (CUSTOM, "400", "240", {"camera.width": 400}),
    ("", "400", "240", {"camera.width": 400}),
    (CUSTOM, "320", "240", {}),
    ("320x240", "320", "240", {}),
)


@pytest.mark.parametrize(("chosen", "width", "height", "wanted"), RESOLUTION_CASES)
def test_a_resolution_can_be_chosen_or_typed(chosen: str, width: str, height: str, wanted: dict[str, int]) -> None:
    sent = typed_in([(RESOLUTION, chosen), ("camera.width", width), ("camera.height", height)])
    assert changes(sent, basis()) == (wanted, {})


def test_choosing_one_resolution_and_typing_another_is_an_error() -> None:
    errors = changes(typed_in([(RESOLUTION, "640x480"), (KEY, "500")]), basis())[1]
    assert errors == {RESOLUTION: "is 640x480, but camera.width is 500: choose custom for your own"}
    assert list(changes(typed_in([(RESOLUTION, "9x9")]), basis())[1]) == [RESOLUTION]


def test_the_form_replaces_a_bad_value_of_the_file() -> None:
    drawn_from = basis("camera: {width: wide, height: 480}")
    assert changes(Typed({KEY: "320"}), drawn_from) == ({KEY: 320}, {})  # although it is the profile's value
    assert changes(Typed({KEY: ""}), drawn_from) == ({KEY: None}, {})


def test_both_contradicting_values_of_the_file_stay_visible() -> None:
    drawn_from = basis("raspberry_pi: {buzzer_pin: 20, led_pin: 20}")
    assert one("raspberry_pi.buzzer_pin", drawn_from).typed == "20"
    assert one("raspberry_pi.led_pin", drawn_from).typed == "20"


def test_typed_values_survive_being_sent_again() -> None:
    drawn_from = basis("camera: {width: 480}\nmemory: {governor: true}")
    sent = typed_in([(BACK, KEY), ("camera.height", "wide"), ("memory.governor", "false"), ("camera.frame_skip", "1")])
    again = typed_in(as_sent(touched(sent, drawn_from)))
    assert again.texts == {KEY: "", "camera.height": "wide", "memory.governor": "false"}
    assert changes(again, drawn_from) == changes(sent, drawn_from)


def test_a_basis_survives_a_hidden_field() -> None:
    drawn_from = basis("profile: balanced\ncamera: {source: 'a \"b\" <c>', width: 500}\nanalysis: {neutral_yaw: 46}")
    assert len(drawn_from.values) == 3  # neutral_yaw is too large, and refused
    assert decode_baseline(encode_baseline(drawn_from), basis()).values == drawn_from.values


HIDDEN = (
    "",
    "[]",
    "1",
    "{",
    '{"no.such": 1}',
    '{"camera.width": [1]}',
    '{"camera.width": NaN}',
    '{"camera.width": -1}',
)


@pytest.mark.parametrize("text", (*HIDDEN, '{"camera.width": null}', "[" * 50_000, '{"profile": "x"}', "Infinity"))
def test_a_manipulated_basis_is_ignored(text: str) -> None:
    now = basis("camera: {width: 500}")
    assert decode_baseline(text, now) is now


def test_differences_have_the_key_and_both_values() -> None:
    found = differences(values_of(Settings()), basis("profile: low_memory\ncamera: {width: 640}").said)
    assert [(row.key, row.label, row.before, row.after) for row in found] == [(KEY, "Width", "320", "640")]


def test_texts_of_floats_are_exact() -> None:
    for value in (0.1, 1 / 3, 1234.5678901, 5.0):
        assert accept(DECLARATIONS["vision.horizontal_fov_deg"], 53.0) == 53.0
        assert float(text_of(value)) == value
