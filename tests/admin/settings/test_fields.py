"""Which settings the form shows: simple ones first, by a search, or only changed ones."""

from __future__ import annotations

import pytest

from admin.settings.fields import SIMPLE, Drawn, Field, Filter, Group, Option, groups
from admin.settings.forms import BACK, CUSTOM, RESOLUTION, Basis, Typed, changes, text_of, typed_in
from config.check import accept
from config.read import read
from config.settings import DECLARATIONS, settings_from, values_of

ADVANCED = ["analysis", "alerting", "camera", "raspberry_pi", "vision", "vehicle", "memory", "admin"]


def basis(text: str = "profile: low_memory\n") -> Basis:
    values = read(text).values
    return Basis(values, {}, values_of(settings_from(values)))


def shown(drawn: Drawn, wanted: Filter) -> list[str]:
    return [one.key for group in groups(drawn, wanted) for one in group.fields if one.is_shown]


def all_fields(drawn: Drawn) -> dict[str, Field]:
    return {one.key: one for group in groups(drawn, Filter()) for one in group.fields}


def test_about_a_dozen_settings_are_simple_and_all_others_are_advanced() -> None:
    drawn = groups(Drawn(basis()), Filter())
    assert [group.id for group in drawn] == ["simple", *ADVANCED]
    assert tuple(one.key for one in drawn[0].fields) == SIMPLE
    assert 10 <= len(SIMPLE) <= 15
    keys = [one.key for group in drawn for one in group.fields]
    assert sorted(keys) == sorted([*DECLARATIONS, RESOLUTION])


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("buzzer pin", ["raspberry_pi.buzzer_pin"]),
        ("CAMERA.WIDTH", ["camera.width"]),
        ("perclos", ["analysis.history_window"]),
        ("governor", ["memory.governor"]),
        ("no such thing", []),
    ],
)
def test_a_search_finds_names_keys_and_descriptions(words: str, keys: list[str]) -> None:
    found = shown(Drawn(basis()), Filter(tuple(words.casefold().split())))
    assert set(keys) <= set(found)
    assert len(found) <= 3


def test_the_filter_changed_shows_typed_and_non_default_settings() -> None:
    drawn = Drawn(basis("profile: balanced\ncamera: {rotate: 180, mirror: false}\n"))
    assert shown(drawn, Filter(only_changed=True)) == ["profile", "camera.rotate"]
    typed = Drawn(drawn.basis, Typed({"memory.budget_mb": "200"}))
    assert shown(typed, Filter(only_changed=True)) == ["profile", "camera.rotate", "memory.budget_mb"]
    wide = Drawn(basis("camera: {width: 400}"))
    assert shown(wide, Filter(only_changed=True)) == [RESOLUTION, "camera.width"]


def test_a_field_with_an_error_is_always_shown() -> None:
    drawn = Drawn(basis(), Typed({"camera.width": "wide"}), {"camera.width": "must be a number"})
    assert shown(drawn, Filter(("governor",), only_changed=True)) == ["camera.width"]


def test_a_group_without_matching_settings_is_hidden() -> None:
    drawn: list[Group] = groups(Drawn(basis()), Filter(("ignition",)))
    assert [group.id for group in drawn if group.is_shown] == ["vehicle"]


def test_a_setting_sent_back_to_the_profile_can_be_edited_again() -> None:
    drawn_from = basis("vision: {model: lite}\nmemory: {governor: false}\ncamera: {width: 400}\n")
    keys = ("vision.model", "memory.governor", "camera.width")
    found = all_fields(Drawn(drawn_from, Typed(dict.fromkeys(keys, ""))))
    sent = [(key, found[key].typed) for key in keys]
    assert [text for _, text in sent] == ["", "true", ""]
    assert found["vision.model"].options[0] == Option("", "the profile's standard")
    wanted = changes(typed_in(sent), drawn_from)
    assert wanted == ({"vision.model": None, "memory.governor": True, "camera.width": None}, {})


def test_help_texts_say_off_for_false_and_a_degree_sign_for_deg() -> None:
    fields = all_fields(Drawn(basis()))
    assert fields["analysis.event_history"].help == "Off: only live figures, nothing is stored."
    assert fields["memory.governor"].help.endswith("; off: never.")
    assert [option.words for option in fields["camera.rotate"].options] == ["0°", "90°", "180°", "270°"]
    assert fields["analysis.neutral_yaw"].unit == "°"


def test_settings_fixed_by_the_command_line_are_marked() -> None:
    found = all_fields(Drawn(basis(), fixed_keys=("camera.source", "of.another.version")))
    assert [key for key, one in found.items() if one.is_fixed] == ["camera.source"]


@pytest.mark.parametrize("profile", ["low_memory", "balanced", "high_accuracy"])
def test_every_offered_value_can_be_saved(profile: str) -> None:
    drawn_from = basis(f"profile: {profile}\n")
    for key, one in all_fields(Drawn(drawn_from)).items():
        for option in one.options:
            assert changes(typed_in([(key, option.value)]), drawn_from)[1] == {}, (key, option)
        if key != RESOLUTION:
            declaration = DECLARATIONS[key]
            numbers = [] if one.control not in ("numeric", "decimal") else [declaration.low, declaration.high]
            for number in numbers:
                value = accept(declaration, declaration.kind(number))
                assert changes(typed_in([(key, text_of(value))]), drawn_from)[1] == {}, (key, number)
    for window_s in ("20", "30"):  # an earlier release offered and refused them
        assert changes(typed_in([("analysis.history_window", window_s)]), drawn_from)[1] == {}
    assert CUSTOM in [option.value for option in all_fields(Drawn(drawn_from))[RESOLUTION].options]
    assert changes(typed_in([(BACK, "camera.width")]), drawn_from) == ({}, {})
