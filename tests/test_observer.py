"""The observer joins sight, face, signals and attention, as `run` and `analyze` use it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.attention.policy import NORMAL
from app.camera.frame import Frame
from app.camera.pictures import fitted
from app.events import Level, Sight, State, Torso
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.observer import Observation, Observer
from app.vision.face import FaceMesh
from app.vision.regions import Region
from tests.evaluation.cases import FACES
from tests.support.observing import Picture, frame, new_watch, rendered
from tests.support.story import events, reached

LEARNT_S = int(NORMAL.neutral_learning_s) + 2  # after so much attention the neutral pose is known


def trip(watch: Observer, *parts: tuple[int, Scene]) -> list[Observation]:
    """Look once a second at each scene for its number of seconds."""
    scenes = [scene for seconds, scene in parts for _ in range(seconds)]
    return [watch.look(frame(time_s, scene)) for time_s, scene in enumerate(scenes)]


def test_look_has_the_frame_face_signals_and_verdict(watch: Observer) -> None:
    shown = frame(3, Scene(yaw_deg=12, pitch_deg=-4))
    look = watch.look(shown)
    assert look.frame is shown
    assert look.sight is Sight.CLEAR
    assert look.face is not None
    assert look.signals is not None
    assert look.signals.yaw_deg == pytest.approx(12, abs=5)
    assert look.signals.pitch_deg == pytest.approx(-4, abs=5)
    assert look.signals.hand_at_ear is None  # hands are not looked for
    assert look.signals.eyes_hidden is False
    assert (look.verdict.time_s, look.verdict.state) == (3, State.ATTENTIVE)


def test_frozen_picture_is_not_searched_for_a_face(watch: Observer) -> None:
    first = watch.look(frame(0, Scene()))
    again = watch.look(Frame(rendered(Scene()), 1, 1))
    assert first.face is not None
    assert (again.sight, again.face, again.signals) == (Sight.FROZEN, None, None)


def test_frozen_picture_in_the_dark_stays_frozen(watch: Observer) -> None:
    dark = rendered(Scene(light=0.06, noise=1))
    looks = [watch.look(Frame(dark, time_s, time_s)) for time_s in range(4)]
    assert looks[0].face is not None
    assert {(look.sight, look.face) for look in looks[1:]} == {(Sight.FROZEN, None)}


def test_dark_picture_with_a_face_is_clear(watch: Observer) -> None:
    dark = Scene(light=0.06, noise=1)
    look = watch.look(frame(0, dark))
    assert look.face is not None
    assert look.sight is Sight.CLEAR
    watch.reset()
    assert watch.look(frame(0, replace(dark, present=0))).sight is Sight.DARK


def test_noise_has_no_face_and_blocks_the_camera(watch: Observer) -> None:
    dots = np.random.default_rng(1)
    trip(watch, (5, Scene()))
    noise = [dots.integers(0, 256, (240, 320, 3), dtype=np.uint8) for _ in range(40)]
    looks = [watch.look(Frame(picture, 5 + number, number)) for number, picture in enumerate(noise)]
    assert {(look.sight, look.face, look.signals) for look in looks} == {(Sight.NOISE, None, None)}
    assert {event.kind for event in events([look.verdict for look in looks])} == {State.CAMERA_BLOCKED}


def test_detected_head_above_an_empty_seat_or_on_a_covered_lens_is_ignored(
    watch: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keypoints = np.array([(140, 100), (160, 100), (165, 115), (155, 130)], np.float32)

    def glimpse(mesh: FaceMesh, _: Picture) -> None:
        mesh.unfitted = Region(150, 115, 120, 0, keypoints=keypoints)

    trip(watch, (5, Scene()))
    monkeypatch.setattr(FaceMesh, "find", glimpse)
    scenes = Scene(present=0), Scene(lens_covered=1), Scene(yaw_deg=78)
    empty, covered, turned = (watch.look(frame(5 + number, scene)) for number, scene in enumerate(scenes))
    assert (empty.signals, empty.sight) == (None, Sight.CLEAR)
    assert (covered.signals, covered.sight) == (None, Sight.FLAT)
    assert turned.signals is not None and turned.signals.detected_only is State.LOOKING_AWAY


def test_long_look_aside_is_an_alarm_that_ends(watch: Observer) -> None:
    looks = trip(watch, (LEARNT_S, Scene()), (7, Scene(yaw_deg=42)), (3, Scene()))
    verdicts = [look.verdict for look in looks]
    assert [(event.kind, event.level) for event in events(verdicts)] == [(State.LOOKING_AWAY, Level.ALARM)]
    warned_s = reached(verdicts, State.LOOKING_AWAY, Level.WARNING)
    assert abs(warned_s - LEARNT_S - NORMAL.away_warning_s) <= 1
    (ended,) = [event.end_s for verdict in verdicts for event in verdict.events if event.end_s is not None]
    assert abs(ended - LEARNT_S - 7) <= 1


@pytest.mark.parametrize(
    ("scene", "torso", "kind"),
    [
        (Scene(yaw_deg=78), Torso.UPRIGHT, State.LOOKING_AWAY),
        (Scene(yaw_deg=-78), Torso.UPRIGHT, State.LOOKING_AWAY),
        (Scene(pitch_deg=-52), Torso.BOWED, State.LOOKING_DOWN),
        (Scene(present=0), Torso.GONE, State.NO_FACE),
        (Scene(present=0, passenger=1), Torso.GONE, State.NO_FACE),
    ],
    ids=["right", "left", "down", "empty", "empty beside a passenger"],
)
def test_torso_distinguishes_a_turned_driver_from_an_empty_seat(
    watch: Observer, scene: Scene, torso: Torso, kind: State
) -> None:
    looks = trip(watch, (LEARNT_S, Scene()), (7, scene), (3, Scene()))
    assert {look.torso for look in looks[LEARNT_S:-3]} == {torso}
    assert {look.torso for look in looks[:LEARNT_S]} == {None}
    assert [event.kind for event in events([look.verdict for look in looks])] == [kind]


def test_misfitted_turned_head_looks_away() -> None:
    """Another driver with glasses and a cap, turned by 55 degrees; the mesh reads 29 to 41."""
    renderer, aside = Renderer(320, 240, 3, "hopper", FACES), Scene(yaw_deg=55, pitch_deg=5)
    with new_watch() as watch:
        scenes = [Scene(yaw_deg=8, pitch_deg=4)] * LEARNT_S + [aside] * 7 + [Scene(yaw_deg=8, pitch_deg=4)] * 3
        looks = [
            watch.look(Frame(renderer.picture(replace(scene, time_s=number)), float(number), number))
            for number, scene in enumerate(scenes)
        ]
    read = [look.signals.yaw_deg for look in looks[LEARNT_S:-3] if look.signals and look.signals.yaw_deg is not None]
    assert max(read) < 55 - 10  # else this test shows nothing
    assert [event.kind for event in events([look.verdict for look in looks])] == [State.LOOKING_AWAY]


def test_lids_and_lips_of_a_smeared_face_are_not_judged(watch: Observer) -> None:
    *_, smeared, after = trip(
        watch, (6, Scene(noise=2)), (1, Scene(noise=2, blur_px=6, pitch_deg=-7)), (1, Scene(noise=2))
    )
    assert smeared.signals is not None and smeared.signals.yaw_deg is not None
    assert (smeared.signals.eye_blink, smeared.signals.mar, smeared.verdict.eyes_closed) == (None, None, None)
    assert (smeared.signals.eyes_hidden, smeared.signals.gaze_yaw_deg) == (None, None)
    assert after.signals is not None and after.signals.eye_blink is not None


@pytest.mark.parametrize(
    "lenses", [{"glasses": 0.9}, {"glasses": 0.05, "lens_mirrors": 0.85}], ids=["black", "mirrors"]
)
def test_eyes_behind_opaque_lenses_are_hidden_and_not_judged(watch: Observer, lenses: dict[str, float]) -> None:
    looks = trip(watch, (6, Scene(**lenses)), (6, Scene(eyes_closed=1, **lenses)), (4, Scene()))
    for look in looks[:12]:
        assert look.signals is not None and look.signals.eyes_hidden is True
        assert (look.signals.eye_blink, look.signals.gaze_yaw_deg, look.verdict.eyes_closed) == (None, None, None)
        assert look.signals.mar is not None  # the mouth can be seen
    assert {look.verdict.state for look in looks[4:12]} == {State.EYES_UNSEEN}
    assert looks[-1].verdict.state is State.ATTENTIVE
    assert events([look.verdict for look in looks]) == []


def test_sleep_alarms_through_clear_glasses(watch: Observer) -> None:
    glasses = Scene(glasses=0.05)
    looks = trip(watch, (LEARNT_S, glasses), (5, replace(glasses, eyes_closed=1)), (3, glasses))
    alarm_s = reached([look.verdict for look in looks], State.EYES_CLOSED, Level.ALARM)
    assert abs(alarm_s - LEARNT_S - 3) <= 1


def test_no_frame_is_no_camera(watch: Observer) -> None:
    trip(watch, (5, Scene()))
    looks = [watch.no_frame(time_s) for time_s in range(5, 12)]
    assert {(look.frame, look.sight, look.face, look.signals) for look in looks} == {(None, Sight.NOTHING, None, None)}
    assert looks[-1].verdict.state is State.NO_CAMERA


def test_reset_forgets_picture_face_and_driver(watch: Observer) -> None:
    looks = trip(watch, (LEARNT_S, Scene()))
    assert looks[-1].verdict.neutral.learnt
    watch.reset()
    look = watch.look(looks[-1].frame or frame(0, Scene()))
    assert look.sight is Sight.CLEAR
    assert not look.verdict.neutral.learnt


def test_same_trip_gives_the_same_verdicts(watch: Observer) -> None:
    parts = ((2, Scene()), (2, Scene(yaw_deg=30)), (1, Scene(present=0)), (1, Scene()))
    first = [look.verdict for look in trip(watch, *parts)]
    watch.reset()
    assert [look.verdict for look in trip(watch, *parts)] == first


@pytest.mark.parametrize(
    ("top", "bottom", "left", "right"), [(30, 210, 0, 320), (0, 240, 92, 227)], ids=["16:9", "9:16"]
)
def test_picture_of_another_shape_gives_the_same_pitch_and_no_event(
    watch: Observer, top: int, bottom: int, left: int, right: int
) -> None:
    plain = watch.look_alone(Frame(rendered(Scene()), 0.0, 0)).signals
    cut = [fitted(rendered(Scene(time_s=t))[top:bottom, left:right], (320, 240)) for t in range(40)]
    watch.reset()
    looks = [watch.look(Frame(picture, float(t), t)) for t, picture in enumerate(cut)]
    assert events([look.verdict for look in looks]) == []
    assert plain is not None
    assert plain.pitch_deg is not None
    for look in looks[5:]:
        assert look.signals is not None
        assert abs((look.signals.pitch_deg or 0.0) - plain.pitch_deg) < 5
