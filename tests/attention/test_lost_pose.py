"""A face that is lost: turned too far, bowed, hidden, or gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.attention.policy import NORMAL
from app.events import Level, State, Torso
from tests.support.story import (
    RATES,
    ROAD,
    START_S,
    Part,
    attentive,
    detected_only,
    events,
    kinds,
    looking,
    lost,
    phases,
    reached,
    showing,
    story,
)

Kinds = list[tuple[State, Level]]

AWAY: Kinds = [(State.LOOKING_AWAY, Level.ALARM)]
DOWN: Kinds = [(State.LOOKING_DOWN, Level.ALARM)]
ABSENT: Kinds = [(State.NO_FACE, Level.WARNING)]
TURNED, BOWED = State.LOOKING_AWAY, State.LOOKING_DOWN


def hidden(for_s: float, torso: Torso = Torso.UPRIGHT) -> Part:
    return lost(for_s, torso=torso)


PROFILE = {"face_x": ROAD.face_x - 0.1, "face_width": 0.6 * ROAD.face_width}  # as the mesh misfits it
STORIES: dict[str, tuple[tuple[Part, ...], Kinds]] = {
    "a measured turn outweighs a detected bow": ((looking(1, yaw_deg=-37), detected_only(7, BOWED)), AWAY),
    "a slightly lowered head is detected as turned": ((looking(1, pitch_deg=-17), detected_only(7, TURNED)), AWAY),
    "a measured bow outweighs an upright torso": (
        (looking(1, pitch_deg=-25), detected_only(6, BOWED, Torso.UPRIGHT)),
        DOWN,
    ),
    "an upright torso outweighs a detected bow": ((detected_only(7, BOWED, Torso.UPRIGHT),), AWAY),
    "a detected bow outweighs an earlier upright torso": ((hidden(2), detected_only(4, BOWED)), DOWN),
    "one bowed look among upright ones": ((hidden(2), hidden(1, Torso.BOWED), hidden(4)), AWAY),
    "one upright look among bowed ones": ((hidden(2, Torso.BOWED), hidden(1), hidden(4, Torso.BOWED)), DOWN),
    "every second look bowed": ((hidden(1), hidden(1, Torso.BOWED)) * 3 + (hidden(1),), AWAY),
    "one bowed look before upright ones": ((hidden(1, Torso.BOWED), hidden(6)), DOWN),
    "lost while lowered by 12 degrees": ((looking(1, pitch_deg=-12), hidden(7)), DOWN),
    "lost while lowered by 25 degrees": ((looking(1, pitch_deg=-25), hidden(7)), DOWN),
    "bowed out of the picture into the footwell": ((looking(1, pitch_deg=-30), hidden(7, Torso.GONE)), DOWN),
    "gone after a look at the instruments": ((looking(1, pitch_deg=-21), hidden(7, Torso.GONE)), ABSENT),
    "a profile misread as a small face": ((replace(showing(7, **PROFILE), torso=Torso.UPRIGHT),), AWAY),
    "short looks into the lap with the face lost": (
        (hidden(2, Torso.BOWED), attentive(2)) * 6,
        [(State.DISTRACTED, Level.WARNING)],
    ),
    "hidden again and again for 3 s": ((attentive(2), hidden(3)) * 30, []),
    "hidden for 4 s": ((hidden(4),), [(State.LOOKING_AWAY, Level.WARNING)]),
    "lost from 15 degrees aside": ((looking(1, yaw_deg=15), lost(7)), ABSENT),
    "lost from 15.5 degrees aside": ((looking(1, yaw_deg=15.5), lost(7)), AWAY),
    "lost from 15.5 degrees down": ((looking(1, pitch_deg=-15.5), lost(7)), DOWN),
    "lost while lowered by 10 degrees": ((looking(1, pitch_deg=-10), hidden(7)), AWAY),
    "lost while lowered by 10.5 degrees": ((looking(1, pitch_deg=-10.5), hidden(7)), DOWN),
    "gone after a bow of 29.5 degrees": ((looking(1, pitch_deg=-29.5), hidden(7, Torso.GONE)), ABSENT),
    "hidden for a minute": ((hidden(60),), AWAY + ABSENT),
    "detected after an absence of 11 s": ((lost(11), detected_only(1, TURNED)), ABSENT),
    "detected after an absence of a minute": ((lost(60), detected_only(1, TURNED)), ABSENT),
}


@pytest.mark.parametrize(("parts", "expected"), STORIES.values(), ids=STORIES)
def test_lost_face_gives_the_events_of_its_story(parts: tuple[Part, ...], expected: Kinds) -> None:
    assert kinds(story(attentive(START_S), *parts, attentive(40))) == expected


@pytest.mark.parametrize("turned", [TURNED, BOWED])
def test_head_turned_beyond_the_mesh_looks_away_and_has_not_left(turned: State) -> None:
    verdicts = story(attentive(START_S), detected_only(7, turned), attentive(10))
    assert kinds(verdicts) == [(turned, Level.ALARM)]
    assert reached(verdicts, turned, Level.ALARM) == pytest.approx(START_S + NORMAL.away_alarm_s, abs=1)


def test_detected_face_explains_the_loss_before_it() -> None:
    (event,) = events(story(attentive(START_S), lost(4), detected_only(1, TURNED), attentive(10)))
    assert (event.kind, event.level) == (State.LOOKING_AWAY, Level.WARNING)
    assert event.onset_s == pytest.approx(START_S, abs=1)


@pytest.mark.parametrize("fps", RATES)
def test_lost_face_above_an_upright_torso_looks_away(fps: float) -> None:
    for phase_s in phases(fps):
        verdicts = story(attentive(START_S), hidden(7), attentive(10), fps=fps, phase_s=phase_s)
        assert kinds(verdicts) == AWAY
        assert reached(verdicts, State.LOOKING_AWAY, Level.ALARM) == pytest.approx(
            START_S + NORMAL.away_alarm_s, abs=1 / fps
        )


def test_empty_seat_after_a_look_aside_is_absence() -> None:
    verdicts = story(attentive(START_S), looking(1, yaw_deg=40), hidden(20, Torso.GONE), attentive(10))
    assert kinds(verdicts) == ABSENT
    assert reached(verdicts, State.NO_FACE, Level.WARNING) == pytest.approx(
        START_S + 1 + NORMAL.no_face_warning_s, abs=1
    )


def test_detected_face_before_any_driver_raises_nothing() -> None:
    assert kinds(story(lost(6), detected_only(1, TURNED), attentive(10))) == []


@pytest.mark.parametrize("torso", Torso)
def test_torso_before_any_driver_raises_nothing(torso: Torso) -> None:
    assert kinds(story(hidden(12, torso), attentive(10))) == []
