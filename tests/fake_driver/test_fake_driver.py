"""The rendered driver shows what a scene declares, always the same, and needs no mediapipe."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from app.fake_driver.render import Renderer, rotation_of_pose
from app.fake_driver.scenario import Move, ScenarioError, load_scenario, scenario_names
from app.fake_driver.scene import Scene
from app.vision.head_pose import pose_of_rotation

NOSE, CHIN, UNDER_EYE = 4, 152, 119
RIGHT_EAR, LEFT_EAR = 234, 454
LIDS = [33, 159, 145, 133, 362, 386, 374, 263]  # corners, upper and lower lid of each eye
FACES = Path(__file__).parents[1] / "evaluation" / "faces"
REQUIRED = {
    *("attentive", "glance-away", "phone-in-lap", "phone-at-ear", "microsleep", "asleep", "drowsy", "yawning"),
    *("talking", "absent", "camera-covered", "camera-frozen", "passenger-too", "night", "commute"),
}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(320, 240, seed=1)


def test_same_scene_and_seed_give_the_same_picture(renderer: Renderer) -> None:
    again = Renderer(320, 240, seed=1)
    look = Scene(3.0, pitch_deg=-35, eyes_closed=1, jaw_open=0.9, smile=1, lens_mirrors=0.5, mask=1, infrared=0.7)
    for scene in (Scene(3.0), look):
        np.testing.assert_array_equal(renderer.picture(scene), again.picture(scene))
    assert (renderer.picture(Scene(3.0)) != renderer.picture(Scene(4.0))).any()
    assert (Renderer(320, 240, seed=2).picture(Scene(3.0)) != again.picture(Scene(3.0))).any()


@pytest.mark.parametrize("size", [(64, 48), (320, 240), (640, 480)])
def test_pictures_have_the_requested_size(size: tuple[int, int]) -> None:
    picture = Renderer(*size).picture(Scene())
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8


def test_positive_angles_turn_right_up_and_to_the_right_shoulder(renderer: Renderer) -> None:
    def nose_px(scene: Scene) -> tuple[float, float]:
        x, y = renderer.project(renderer.vertices_cm(scene))[NOSE]
        return float(x), float(y)

    ahead = nose_px(Scene())
    assert nose_px(Scene(yaw_deg=20))[0] < ahead[0] - 5  # the driver's right is the picture's left
    assert nose_px(Scene(pitch_deg=20))[1] < ahead[1] - 5
    chin_x = renderer.project(renderer.vertices_cm(Scene(roll_deg=20)))[CHIN, 0]
    assert nose_px(Scene(roll_deg=20))[0] < chin_x - 5  # the head leans to its right shoulder


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, -12, 8), (-50, 25, -20)])
def test_rendered_rotation_matches_the_head_pose(angles: tuple[float, float, float]) -> None:
    pose = pose_of_rotation(rotation_of_pose(*angles).astype(np.float64))
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx(angles, abs=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"eyes_closed": 1},
        {"jaw_open": 0.8},
        {"present": 0},
        {"passenger": 1},
        {"phone_at_ear": 1},
        {"glasses": 0.05},
        {"lens_mirrors": 0.5},
        {"infrared": 1},
        {"arm_before_face": 1},
        {"light": 0.5},
        {"sun_from_left": 0.8},
        {"blur_px": 6},
        {"lens_covered": 1},
        {"noise": 8},
    ],
)
def test_each_field_of_a_scene_changes_the_picture(renderer: Renderer, change: dict[str, float]) -> None:
    before, after = renderer.picture(Scene()), renderer.picture(replace(Scene(), **change))
    assert (np.abs(before.astype(int) - after) > 12).sum() > 20


def box_px(renderer: Renderer, landmarks: list[int], margin_px: float) -> tuple[int, int, int, int]:
    """First and last column, first and last row of a box around these landmarks."""
    points = renderer.project(renderer.vertices_cm(Scene()))[landmarks]
    (x0, y0), (x1, y1) = points.min(axis=0) - margin_px, points.max(axis=0) + margin_px
    return int(x0), int(x1), int(y0), int(y1)


@pytest.mark.parametrize(
    ("change", "landmarks", "margin_px"),
    [
        ({"gaze_yaw_deg": 30}, LIDS, 4),
        ({"gaze_pitch_deg": -30}, LIDS, 4),
        ({"smile": 1}, [UNDER_EYE, RIGHT_EAR, LEFT_EAR, CHIN], 14),
        ({"glasses": 0.05, "lens_mirrors": 0.6}, [*LIDS, RIGHT_EAR, LEFT_EAR], 10),
        ({"mask": 1}, [UNDER_EYE, RIGHT_EAR, LEFT_EAR, CHIN], 8),
    ],
)
def test_changed_field_changes_only_its_part_of_the_picture(
    renderer: Renderer, change: dict[str, float], landmarks: list[int], margin_px: float
) -> None:
    before, after = renderer.picture(Scene()), renderer.picture(replace(Scene(), **change))
    changed = np.abs(before.astype(int) - after).max(axis=2) > 12
    x0, x1, y0, y1 = box_px(renderer, landmarks, margin_px)
    assert changed[y0:y1, x0:x1].sum() > 20
    changed[y0:y1, x0:x1] = False
    assert not changed.any()


def test_lids_are_lowered_when_the_eyes_look_down() -> None:
    lids = [Scene(gaze_pitch_deg=pitch).lids for pitch in (20, 0, -15, -30, -60)]
    assert lids == pytest.approx([0, 0, 0.35, 0.7, 0.9])
    assert Scene(gaze_pitch_deg=-30, eyes_closed=1).lids == 1
    assert Scene(gaze_yaw_deg=30, eyes_closed=0.2).lids == 0.2


@pytest.mark.parametrize("name", ["collins", "hopper"])
def test_black_lenses_hide_the_eyes(name: str) -> None:
    renderer = Renderer(320, 240, 1) if name == "collins" else Renderer(320, 240, 1, name, FACES)
    for yaw_deg in (-20, 0, 20):
        black = Scene(glasses=1, yaw_deg=yaw_deg)
        pictures = [renderer.picture(replace(black, **eyes)) for eyes in ({}, {"eyes_closed": 1}, {"gaze_yaw_deg": 30})]
        for other in pictures[1:]:
            assert np.abs(pictures[0].astype(int) - other).max() <= 12  # an eyelash may show between rim and brow


def test_a_mask_covers_the_mouth_and_leaves_the_eyes(renderer: Renderer) -> None:
    def changed_px(scene: Scene, change: dict[str, float]) -> int:
        difference = renderer.picture(scene).astype(int) - renderer.picture(replace(scene, **change))
        return int((np.abs(difference) > 12).sum())

    masked = Scene(mask=1)
    assert changed_px(masked, {"smile": 1}) < changed_px(Scene(), {"smile": 1}) / 2
    assert changed_px(masked, {"eyes_closed": 1}) == changed_px(Scene(), {"eyes_closed": 1})
    for seed, is_blue in ((2, True), (3, False)):
        blue, _, red = Renderer(320, 240, seed).picture(masked)[150, 160].tolist()
        assert (blue - red > 20) == is_blue


def test_infrared_picture_is_grey_and_lit_by_its_lamp_alone(renderer: Renderer) -> None:
    night = renderer.picture(Scene(infrared=1, noise=5))
    np.testing.assert_array_equal(night[..., 0], night[..., 1])
    np.testing.assert_array_equal(night[..., 0], night[..., 2])
    day = renderer.picture(Scene()).astype(int).mean(axis=2)
    window, cheek = (slice(40, 70), slice(5, 60)), (slice(128, 136), slice(150, 158))
    assert day[window].mean() > 150
    assert night[..., 0][window].mean() < 20
    assert night[..., 0][cheek].mean() > 120
    near, aside = (renderer.picture(Scene(infrared=1, noise=0, x_cm=x))[130, round(160 + 5.5 * x), 0] for x in (0, 20))
    assert aside < 0.85 * near
    dark = renderer.picture(Scene(infrared=1, noise=5, light=0.1, sun_from_left=1))
    np.testing.assert_array_equal(night, dark)  # the lamp alone lights it


def test_required_scenarios_exist_and_have_a_description() -> None:
    assert set(scenario_names()) >= REQUIRED
    for name in scenario_names():
        assert len(load_scenario(name).about) > 20


def test_truth_of_every_scenario_is_finite_and_within_limits() -> None:
    shares = ("eyes_closed", "jaw_open", "present", "passenger", "phone_at_ear", "lens_covered", "frozen")
    for name in scenario_names():
        scenario = load_scenario(name)
        for number in range(0, int(scenario.length_s), 7):
            truth = asdict(scenario.scene_at(number + 0.25))
            assert all(np.isfinite(value) for value in truth.values())
            assert all(0 <= truth[share] <= 1 for share in shares)
            assert abs(truth["yaw_deg"]) <= 50  # within what the face mesh still finds of this face
            assert abs(truth["pitch_deg"]) <= 40


def test_looped_scenario_repeats_and_others_stay_at_their_end() -> None:
    commute, absent = load_scenario("commute"), load_scenario("absent")
    assert replace(commute.scene_at(47.0 + commute.length_s), time_s=0) == replace(commute.scene_at(47.0), time_s=0)
    assert replace(absent.scene_at(1000.0), time_s=0) == replace(absent.scene_at(absent.length_s), time_s=0)


def test_a_frozen_camera_repeats_its_picture(renderer: Renderer) -> None:
    frozen = load_scenario("camera-frozen")
    pictures = [renderer.picture(frozen.scene_at(time_s)) for time_s in (41.0, 47.0, 59.0, 61.0)]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])
    assert (pictures[2] != pictures[3]).any()


def test_a_camera_that_freezes_at_the_end_stays_frozen(tmp_path: Path, renderer: Renderer) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("about: x\nlength_s: 10\nmoves:\n  - {at_s: 5, for_s: 20, frozen: 1}\n")
    scenario = load_scenario(str(path))
    assert len({renderer.picture(scenario.scene_at(time_s)).tobytes() for time_s in (6.0, 10.0, 11.0, 500.0)}) == 1


def test_scenario_renders_times_before_its_start(renderer: Renderer) -> None:
    for name in ("commute", "absent"):
        assert renderer.picture(load_scenario(name).scene_at(-7.5)).any()


def test_move_is_halfway_at_its_time_and_repeats() -> None:
    move = Move({"yaw_deg": 40}, at_s=10, for_s=4, every_s=20, until_s=40)
    weights = [round(move.weight(time_s), 2) for time_s in (9, 10, 12, 14, 15, 30, 32, 50)]
    assert weights == [0, 0.5, 1, 0.5, 0, 0.5, 1, 0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[", "line 1"),
        ("about: x\n", "length_s"),
        ("about: x\nlength_s: .nan\n", "not a number"),
        ("about: x\nlength_s: 5\nalways: {yaw: 3}\n", "none of"),
        ("about: x\nlength_s: 5\nmoves:\n  - {at_s: 1, for_s: 2, jaw: 1}\n", "jaw"),
        ("about: x\nlength_s: 5\nexpect:\n  - {kind: bored, level: alarm, at_s: 1}\n", "bored"),
        ("about: x\nlength_s: 5\nmoves: [1]\n", "key: value"),
        ("", "key: value"),
        ("about: x\nlength_s: 0\nloop: true\n", "length_s: 0 is not above 0"),
        ("about: x\nlength_s: 5\nlenght: 3\n", "'lenght' is none of about, always"),
        ("about: x\nlength_s: 5\nmoves: {at_s: 1}\n", "moves: .* is not a list"),
        ("about: x\nlength_s: 5\nmoves:\n  - {at_s: 1, for_s: 1}\n  - {for_s: 2}\n", "moves, item 2: at_s is missing"),
        ("about: x\nlength_s: 5\nmoves:\n  - {at_s: 1, for_s: 1, every_s: 0}\n", "moves, item 1, every_s: 0"),
        ("about: x\nlength_s: 5\nalways: {distance_cm: -3}\n", "always, distance_cm: -3 is not above 0"),
        ("about: x\nlength_s: 5\nalways: {yaw_deg: 1.0e+30}\n", "always, yaw_deg: 1e[+]30 is not a number"),
        ("about: x\nlength_s: 5\nexpect:\n  - {kind: phone, level: loud, at_s: 1}\n", "expect, item 1, level: 'loud'"),
        ("about: x\nlength_s: 5\nmodels: huge\n", "models: 'huge' is none of full, lite, standard"),
    ],
)
def test_wrong_scenario_file_is_reported_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=reason) as caught:
        load_scenario(str(path))
    assert str(path) in str(caught.value)


def test_fake_driver_process_answers_each_time_with_a_picture_without_mediapipe() -> None:
    arguments = ["-X", "importtime", "-m", "app.fake_driver", "attentive", "--width", "64", "--height", "48"]
    done = subprocess.run([sys.executable, *arguments], input=b"0.0\n1.5\n", capture_output=True, check=True)
    pictures = np.frombuffer(done.stdout, np.uint8).reshape(2, 48, 64, 3)
    np.testing.assert_array_equal(pictures[1], Renderer(64, 48).picture(load_scenario("attentive").scene_at(1.5)))
    assert b"numpy" in done.stderr
    assert b"mediapipe" not in done.stderr


def test_fake_driver_process_reports_an_unknown_scenario() -> None:
    done = subprocess.run([sys.executable, "-m", "app.fake_driver", "nobody"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "there is no scenario 'nobody'" in done.stderr
