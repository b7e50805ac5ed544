"""Frame -> Observation: sight, face, signals, seat and attention in their order, for `run` and `analyze` alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import TracebackType

import numpy as np
import numpy.typing as npt

from app.attention.judgement import Attention, road_of
from app.attention.policy import policy_of
from app.attention.single_picture import momentary_state
from app.camera.frame import Frame
from app.events import Motion, Sight, State, Torso, Verdict
from app.vision.detected_only import detected_only
from app.vision.eye_visibility import eyes_hidden
from app.vision.face import Face, FaceMesh
from app.vision.measurements import Signals
from app.vision.measuring import measure
from app.vision.seat import Seat
from app.vision.sight import Lens, Sharpness
from app.vision.turned import Turned
from config.settings import Analysis, Vision


@dataclass(frozen=True, slots=True)
class Observation:
    """What one frame showed; frame None when none came in time, face and signals None where no face was found.

    torso: what the seat shows where no pose is measured; None where that is not known. turn_deg: how far the frame must
    be turned clockwise to be upright.
    """

    frame: Frame | None
    sight: Sight
    face: Face | None
    signals: Signals | None
    verdict: Verdict
    torso: Torso | None = None
    turn_deg: int = 0

    @property
    def rotate_to(self) -> int | None:
        """The value of camera.rotate that would turn the picture upright; None while it is."""
        if self.frame is None or not self.turn_deg:
            return None
        return (self.frame.rotated_deg + self.turn_deg) % 360

    @property
    def mounting_problem(self) -> str:
        """How the picture lies, with what helps; empty while it is upright."""
        if self.rotate_to is None:
            return ""
        return f"the picture is {self.sight.value}: set camera.rotate to {self.rotate_to}"


def _size(bgr: npt.NDArray[np.uint8]) -> tuple[int, int]:
    return bgr.shape[1], bgr.shape[0]


def _mesh(vision: Vision, fast: bool) -> FaceMesh:
    return FaceMesh(vision.model, vision.static_image_mode, vision.max_num_faces, hands=vision.phone, fast=fast)


class Observer:
    """Judges frames in the order of their time."""

    def __init__(self, vision: Vision, analysis: Analysis, repeat_s: float, fast: bool = False) -> None:
        """fast: with XNNPACK's kernels. Raises: FaceMeshError."""
        self._vision, self._analysis, self._repeat_s = vision, analysis, repeat_s
        self._fast, self._mesh = fast, _mesh(vision, fast)
        self.reset()

    def reset(self) -> None:
        """Forget everything seen so far, as for another recording."""
        self._lens, self._sharpness, self._seat, self._turned = Lens(), Sharpness(), Seat(), Turned()
        self._mesh.reset()
        self.attention = Attention(self._analysis, self._repeat_s)

    def change_model(self, vision: Vision, fast: bool = False) -> None:
        """Go on with another model or other kernels; the driver's pose and all events that last are kept.

        The old model is closed first, because there may be no memory for both. Raises: FaceMeshError.
        """
        if (vision, fast) == (self._vision, self._fast):
            return
        self._mesh.close()
        self._vision, self._fast, self._mesh = vision, fast, _mesh(vision, fast)
        self.attention.change_eyes()

    def look(self, frame: Frame, motion: Motion = Motion.UNKNOWN) -> Observation:
        """Judge one frame, of a driver in a vehicle that moves so."""
        sight = self._lens.judge(frame.bgr)
        face = None if sight is Sight.FROZEN else self._mesh.find(frame.bgr)
        # in noise the face detector sees faces that are none; only one that a mesh fits is believed there
        signals = None if face is None and sight in (Sight.FROZEN, Sight.NOISE) else self._measured(frame, face)
        turn_deg = self._turn_deg(frame, sight, face, signals)
        if turn_deg:
            return self._look_at_turned(frame, face, turn_deg, motion)
        own = self.attention.driver.accept(signals)
        if own is None and face is not None:
            self._mesh.reset()  # so that the driver is found again instead of a passenger followed
        torso = self._torso(frame, face, own)
        # Where even the shoulders are gone, detector and mesh see noise (vision/README.md, detected only)
        if torso is Torso.GONE and signals is not None and signals.yaw_deg is None:
            signals = None
        if signals is not None:
            sight = Sight.CLEAR  # what shows a face is neither dark nor covered
        if sight is not Sight.CLEAR:
            torso = None
        verdict = self.attention.update(frame.time_s, sight, signals, torso, motion)
        return Observation(frame, sight, face, signals, verdict, torso)

    def _turn_deg(self, frame: Frame, sight: Sight, face: Face | None, signals: Signals | None) -> int:
        if face is None and sight is not Sight.CLEAR:
            return 0
        seen = (0.0, None) if face is None else (face.score, signals)
        return self._turned.look(frame.bgr, frame.time_s, seen, self._glance)

    def _glance(self, bgr: npt.NDArray[np.uint8]) -> tuple[float, Signals | None]:
        face = self._mesh.glance(bgr)
        return (0.0, None) if face is None else (face.score, self._signals(bgr, face))

    def _look_at_turned(self, frame: Frame, face: Face | None, turn_deg: int, motion: Motion) -> Observation:
        """Nothing is said of the driver: an upright mesh fits a face that lies only by chance."""
        sight = Sight.UPSIDE_DOWN if turn_deg == 180 else Sight.ON_ITS_SIDE
        verdict = self.attention.update(frame.time_s, sight, None, motion=motion)
        return Observation(frame, sight, face, None, verdict, turn_deg=turn_deg)

    def look_alone(self, frame: Frame) -> Observation:
        """Judge a picture by itself, whatever came before; the state is the one that it would lead to if it lasted."""
        self.reset()
        look = self.look(frame)
        state = State.NO_FACE
        if look.signals is not None:
            state = momentary_state(look.signals, policy_of(self._analysis), road_of(self._analysis))
        elif look.sight is not Sight.CLEAR:
            state = State.CAMERA_BLOCKED
        return replace(look, verdict=replace(look.verdict, state=state))

    def no_frame(self, time_s: float, motion: Motion = Motion.UNKNOWN) -> Observation:
        """Judge that no frame has come."""
        verdict = self.attention.update(time_s, Sight.NOTHING, None, motion=motion)
        return Observation(None, Sight.NOTHING, None, None, verdict)

    def _measured(self, frame: Frame, face: Face | None) -> Signals | None:
        if face is None:
            unfitted = self._mesh.unfitted
            return detected_only(unfitted, _size(frame.bgr)) if unfitted else None
        signals = self._signals(frame.bgr, face)
        if self._sharpness.is_smeared(frame.bgr, face.landmarks[:, :2]):
            return replace(signals, eye_blink=None, eyes_hidden=None, ear=None, mar=None, gaze_yaw_deg=None)
        if signals.yaw_deg is not None and eyes_hidden(frame.bgr, face.landmarks):
            return replace(signals, eye_blink=None, eyes_hidden=True, brow_down=None, ear=None, gaze_yaw_deg=None)
        return signals

    def _signals(self, bgr: npt.NDArray[np.uint8], face: Face) -> Signals:
        fov_deg, mesh = self._vision.horizontal_fov_deg, self._mesh
        return measure(face, _size(bgr), fov_deg, mesh.calibration, sees_hands=mesh.sees_hands)

    def _torso(self, frame: Frame, face: Face | None, signals: Signals | None) -> Torso | None:
        has_pose = signals is not None and signals.yaw_deg is not None and self.attention.driver.fits(signals)
        if face is None or not has_pose:  # a badly fitting mesh may be an empty seat that passes for a face
            return self._seat.look(frame.bgr)
        self._seat.remember(frame.bgr, face.landmarks[:, :2])
        return None

    def close(self) -> None:
        """Stop the face mesh; may be called twice."""
        self._mesh.close()

    def __enter__(self) -> Observer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
