"""`make fake-driver-limits`: where the face mesh still finds the rendered face, and how it reads its eyes and mouth.

Also the figures that app/vision/README.md gives for head pose, seat and mouth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from app.attention.policy import NORMAL
from app.fake_driver.portrait import Picture
from app.fake_driver.render import Renderer
from app.fake_driver.scene import Scene
from app.vision.expression import eye_aspect_ratio, mouth_aspect_ratio
from app.vision.face import Face, FaceMesh
from app.vision.head_pose import camera_matrix, head_pose
from app.vision.landmarks import LEFT_EYE, RIGHT_EYE
from app.vision.measuring import measure
from app.vision.seat import Seat
from tests.evaluation.cases import FACES

SIZE, FOV_DEG = (320, 240), 53.13
SEEDS = 5
MODELS = ("lite", "standard")
SWEEPS: dict[str, tuple[float, ...]] = {
    "yaw_deg": (-70, -60, -50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50, 60, 70),
    "pitch_deg": (-50, -40, -30, -20, -10, 0, 10, 20, 30, 40),
    "roll_deg": (-45, -30, -15, 15, 30, 45),
    "distance_cm": (35, 45, 80, 100, 130, 160),
    "light": (0.3, 0.2, 0.1, 0.05),
}
FAR_YAWS_DEG = range(50, 81, 3)
LID_PITCHES_DEG = (-25, -20, -15, -10, -5, 0, 5, 10, 15, 20)
DRIVERS = {"bare": ("", 0.0), "glasses": ("", 0.05), "tinted glasses": ("", 0.3), "hopper": ("hopper", 0.0)}
SEAT_PLACES = tuple(
    Scene(distance_cm=cm, light=light, noise=noise) for cm in (50, 65, 80) for light, noise in ((1, 2), (0.25, 4))
)
SEAT_ASIDE_DEG, SEAT_BOWED_DEG = (-78, 0, 78), (-32, -45)
POSES = (Scene(), Scene(pitch_deg=-12), Scene(pitch_deg=8), Scene(yaw_deg=20), Scene(light=0.25, noise=4))


def shown(
    mesh: FaceMesh, renderers: Iterable[Renderer], scene: Scene
) -> Iterator[tuple[Renderer, Scene, Picture, Face | None]]:
    """Each seed's scene and picture, and the face that is found in it without tracking."""
    for seed, renderer in enumerate(renderers):
        mesh.reset()
        moved = replace(scene, time_s=seed, x_cm=1.5 * (seed - 2))
        picture = renderer.picture(moved)
        yield renderer, moved, picture, mesh.find(picture)


def seen(mesh: FaceMesh, renderers: Iterable[Renderer], scene: Scene) -> Iterator[tuple[Face | None, float]]:
    """The face in each seed's picture and its mean landmark error in pixels."""
    for renderer, moved, _, face in shown(mesh, renderers, scene):
        truth = renderer.project(renderer.vertices_cm(moved))[:468]
        error_px = np.linalg.norm(face.landmarks[:468, :2] - truth, axis=1).mean() if face else float("nan")
        yield face, float(error_px)


def pose_cells(mesh: FaceMesh, renderers: list[Renderer], scene: Scene) -> str:
    """Found, landmark error, measured yaw and pitch, as cells of a table."""
    results = [(face, error_px) for face, error_px in seen(mesh, renderers, scene) if face]
    if not results:
        return "0 | - | - | - |"
    poses = [head_pose(face.landmarks, camera_matrix(*SIZE, FOV_DEG)) for face, _ in results]
    yaw_deg, pitch_deg = (np.mean([getattr(pose, name) for pose in poses if pose]) for name in ("yaw_deg", "pitch_deg"))
    error_px = np.mean([error_px for _, error_px in results])
    return f"{len(results) / SEEDS:.0%} | {error_px:.1f} | {yaw_deg:+.0f} | {pitch_deg:+.0f} |"


def ear_and_mar(face: Face) -> tuple[float, float]:
    """The mean EAR of both eyes and the MAR, uncorrected."""
    landmarks = face.landmarks
    return (eye_aspect_ratio(landmarks, RIGHT_EYE) + eye_aspect_ratio(landmarks, LEFT_EYE)) / 2, mouth_aspect_ratio(
        landmarks
    )


def mean_ear(mesh: FaceMesh, renderers: list[Renderer], scene: Scene) -> float:
    """The mean EAR over the seeds with a face; NaN without any."""
    ears = [ear_and_mar(face)[0] for face, _ in seen(mesh, renderers, scene) if face]
    return float(np.mean(ears)) if ears else float("nan")


def print_lids(meshes: dict[str, FaceMesh], renderers: list[Renderer]) -> None:
    """Print the EAR by pitch, and the share of it that shut eyes have."""
    print("\n| EAR by pitch | " + " | ".join(f"{m}: open | half | shut | shut of open" for m in meshes) + " |")
    print("|---" * (1 + 4 * len(meshes)) + "|")
    for pitch_deg in LID_PITCHES_DEG:
        cells = []
        for mesh in meshes.values():
            ears = [mean_ear(mesh, renderers, Scene(pitch_deg=pitch_deg, eyes_closed=closed)) for closed in (0, 0.5, 1)]
            cells += [f"{value:.2f}" for value in (*ears, ears[2] / ears[0])]
        print(f"| {pitch_deg:+} | " + " | ".join(cells) + " |")


def found_range(shares: dict[float, float], usual: float) -> str:
    """The range around the usual value in which no face was missed."""
    low = max((value for value in shares if value < usual and shares[value] < 1), default=-np.inf)
    high = min((value for value in shares if value > usual and shares[value] < 1), default=np.inf)
    inside = [usual, *(value for value in shares if low < value < high)]
    return f"from {min(inside):g} to {max(inside):g}"


def print_misread_heads(meshes: dict[str, FaceMesh], renderers: list[Renderer]) -> None:
    """Print how many heads that are turned far away are read as facing the road."""
    limit_deg = NORMAL.yaw_limit_deg
    camera = camera_matrix(*SIZE, FOV_DEG)
    scenes = [Scene(yaw_deg=side * yaw, distance_cm=cm) for yaw in FAR_YAWS_DEG for side in (-1, 1) for cm in (50, 62)]
    for model, mesh in meshes.items():
        faces = [face for scene in scenes for face, _ in seen(mesh, renderers, scene) if face]
        poses = [head_pose(face.landmarks, camera) for face in faces]
        lies = [pose for pose in poses if pose and abs(pose.yaw_deg) < limit_deg]
        print(
            f"\n{model} read {len(lies)} of {len(scenes) * SEEDS} heads turned by {min(FAR_YAWS_DEG)} to "
            f"{max(FAR_YAWS_DEG)} degrees as turned by less than {limit_deg:g}, and saw no face in "
            f"{len(scenes) * SEEDS - len(faces)}."
        )


def blinks(mesh: FaceMesh, renderers: list[Renderer], scene: Scene) -> list[float]:
    """The corrected blink score in each seed's picture."""
    faces = [face for face, _ in seen(mesh, renderers, scene) if face]
    read = [measure(face, SIZE, FOV_DEG, mesh.calibration).eye_blink for face in faces]
    return [blink for blink in read if blink is not None]


def print_blinks(meshes: dict[str, FaceMesh]) -> None:
    """Print the blink scores of open, half shut and shut eyes."""
    print("\n| blink score | " + " | ".join(f"{m}: open | half | shut" for m in meshes) + " |")
    print("|---" * (1 + 3 * len(meshes)) + "|")
    for name, (face, glasses) in DRIVERS.items():
        renderers = [Renderer(*SIZE, seed, face, FACES) if face else Renderer(*SIZE, seed) for seed in range(SEEDS)]
        cells = []
        for mesh in meshes.values():
            scenes = (Scene(eyes_closed=closed, glasses=glasses) for closed in (0, 0.5, 1))
            scores = [blinks(mesh, renderers, scene) for scene in scenes]
            cells += [f"{np.mean(read):.2f}" if read else "-" for read in scores]
        print(f"| {name} | " + " | ".join(cells) + " |")


def print_seats(mesh: FaceMesh, renderers: list[Renderer]) -> None:
    """Print how much shoulders and chest resemble the remembered ones: head ahead, aside or down, and an empty seat."""
    there, bowed, empty = [], [], []
    for place in SEAT_PLACES:
        for seed, renderer in enumerate(renderers):
            seat, picture = Seat(), renderer.picture(place)
            mesh.reset()
            face = mesh.find(picture)
            if face is None:
                continue
            seat.remember(picture, face.landmarks[:, :2])
            later = replace(place, time_s=1, x_cm=seed - 2)
            there += [seat.likeness(renderer.picture(replace(later, yaw_deg=yaw))) for yaw in SEAT_ASIDE_DEG]
            bowed += [seat.likeness(renderer.picture(replace(later, pitch_deg=pitch))) for pitch in SEAT_BOWED_DEG]
            empty += [seat.likeness(renderer.picture(replace(later, present=0)))]
    (upright, chest), (shoulders, hidden), (gone, _) = (
        np.array([one for one in likeness if one]).T for likeness in (there, bowed, empty)
    )
    print(
        f"\nIn {len(upright)} moments with the head ahead or aside the shoulders resemble themselves by "
        f"{upright.min():.2f} and more, the chest by {chest.min():.2f}; in {len(hidden)} with the head bowed by "
        f"{shoulders.min():.2f}, the chest by {hidden.max():.2f} at most; {len(gone)} empty seats by {gone.max():.2f}."
    )


def print_limits(meshes: dict[str, FaceMesh], renderers: list[Renderer]) -> None:
    """Print the ranges in which the face was found in every picture."""
    for model, mesh in meshes.items():
        said = []
        for name, values in SWEEPS.items():
            scenes = {value: replace(Scene(), **{name: value}) for value in values}
            found = {
                value: sum(face is not None for face, _ in seen(mesh, renderers, scene)) / SEEDS
                for value, scene in scenes.items()
            }
            said.append(f"{name} {found_range(found, getattr(Scene(), name))}")
        print(f"\n{model} found the face in every picture: {', '.join(said)}.")


def main() -> None:
    """Print the tables as Markdown."""
    renderers = [Renderer(*SIZE, seed) for seed in range(SEEDS)]
    meshes = {model: FaceMesh(model) for model in MODELS}
    print(f"| {SIZE[0]} x {SIZE[1]} | " + " | ".join(f"{m}: found | error, px | yaw | pitch" for m in MODELS) + " |")
    print("|---" * (1 + 4 * len(MODELS)) + "|")
    for name, values in SWEEPS.items():
        for value in values:
            scene = replace(Scene(), **{name: value})
            print(f"| {name} {value:g} | " + " ".join(pose_cells(mesh, renderers, scene) for mesh in meshes.values()))
    print(
        "\n| EAR and MAR as read | "
        + " | ".join(f"{m}: open | half | shut | mouth shut | talking | yawn" for m in MODELS)
        + " |"
    )
    print("|---" * (1 + 6 * len(MODELS)) + "|")
    for pose in POSES:
        cells: list[str] = []
        for mesh in meshes.values():
            for closed, jaw in ((0, 0), (0.5, 0), (1, 0), (0, 0), (0, 0.3), (0, 0.8)):
                scene = replace(pose, eyes_closed=closed, jaw_open=jaw)
                read = [ear_and_mar(face) for face, _ in seen(mesh, renderers, scene) if face]
                part = int(len(cells) % 6 > 2)
                cells.append(f"{np.mean([pair[part] for pair in read]):.2f}" if read else "-")
        label = f"yaw {pose.yaw_deg:g}, pitch {pose.pitch_deg:g}, light {pose.light:g}"
        print(f"| {label} | " + " | ".join(cells) + " |")
    print_lids(meshes, renderers)
    print_blinks(meshes)
    print_limits(meshes, renderers)
    print_misread_heads(meshes, renderers)
    print_seats(meshes["standard"], renderers)


if __name__ == "__main__":
    main()
