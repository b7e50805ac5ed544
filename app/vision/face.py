"""Picture -> Face | None: which face is the driver's, where it is found again, and whether the mesh really fits it.

The detector looks whenever the face has moved, because at 1 frame a second a tracked region is a second old. The driver
is chosen among several faces, and a face that tracking lost is found in the same frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.native_words import no_native_words
from app.vision.blendshapes import Blendshapes, Scores
from app.vision.expression import ATTENTION_MESH, PLAIN_MESH
from app.vision.face_graphs import FaceGraphs, Fit
from app.vision.landmarks import KEYPOINTS, Landmarks
from app.vision.mesh_input import MeshInput
from app.vision.regions import Region, faces_by_prominence, overlap, prominence
from app.vision.thumbnail import BLANK, change_around, thumbnail

# A mesh that is less sure, and finds the face larger than its region suits, was given a head thrown back in the wrong
# place: fitted again where it says that the face is, it is surer and truer. So large: next region's side, of its own
SURE_PRESENCE, LARGER = 1 - 1e-6, 0.95
# A face around which the picture has changed by no more than this since the frame before (mean of the thumbnails'
# difference, of 255), and which the mesh finds this surely and this exactly where it was, needs no detector; README.md,
# following a face
STILL_CHANGE, STILL_PRESENCE, STILL_IOU = 14.0, 0.99, 0.92
DETECT_EVERY = 8  # frames; so soon a likelier driver is noticed, and that the mesh follows what is no face
# A detection that scores less may be an upside-down face, onto which the mesh fits an upright one. Where a face was
# surely upright before, one that is fitted so surely is, too: a head thrown back; README.md, detector
DOUBTED_SCORE, UPRIGHT_PRESENCE = 0.8, 1 - 1e-5
# Mean distance between detector's and mesh's eyes, nose and mouth, in widths of the detected box, above which the mesh
# has made the face up, if it does so at a closer look too. The detector misplaces the points of a head thrown back, so
# that a mesh which stays so sure of itself when fitted again may be further away; README.md, detector
DISAGREEMENT_MAX = 0.15
SETTLED_PRESENCE, SETTLED_DISAGREEMENT_MAX = 1 - 1e-4, 0.25
CLOSER = 0.79  # of the region's side: half profiles with masks fit there alone (ROI_SCALE 1.3, not 1.65)


@dataclass(frozen=True, slots=True)
class Face:
    """The driver's face.

    landmarks: float32 (468 | 478, 3), x right and y down in pixels of the frame, z in the same scale, smaller is nearer
    the camera; 478 with the irises of the attention mesh. presence: the mesh's own score in 0..1. blendshapes: float32
    (52,), 0..1, see app/vision/blendshapes.py. score: the detector's when it saw the face last, 0..1. hands: float32
    (21, 3) each, in the landmarks' units; only model full.
    """

    landmarks: Landmarks
    presence: float
    blendshapes: Scores | None = None
    score: float = 0.0
    hands: tuple[Landmarks, ...] = ()


def disagreement(landmarks: Landmarks, region: Region) -> float:
    """Mean distance of the mesh's eyes, nose and mouth from the detector's, in widths of the detected box."""
    if region.keypoints is None:
        return 0.0
    middles = landmarks[np.array(KEYPOINTS), :2].mean(axis=1)
    return float(np.linalg.norm(middles - region.keypoints, axis=1).mean()) / region.box_px


class FaceMesh:
    """Finds the driver's face in a picture.

    Model lite is the short-range detector with the plain mesh; standard has the attention mesh, which sees lids, lips
    and irises; full has a second detector too, asked where the first finds no face, and hands if `hands` is set.
    `static_image_mode` trusts detections only and never the region where the face was in the frame before.
    `max_num_faces`: how many faces, the likeliest driver first, are tried until the mesh accepts one.
    `fast`: XNNPACK's kernels, which take less time and more memory.
    """

    def __init__(
        self,
        model: str = "standard",
        static_image_mode: bool = False,
        max_num_faces: int = 1,
        hands: bool = False,
        fast: bool = False,
    ) -> None:
        """Raises: FaceMeshError, mediapipe or a model is missing or damaged."""
        self.calibration = PLAIN_MESH if model == "lite" else ATTENTION_MESH
        self._static = static_image_mode
        self._max_faces = max_num_faces
        self._tracked: Region | None = None
        self._place: Region | None = None  # where the driver's face was last
        self._thumbnail = BLANK
        self._undetected = 0  # frames since the detector looked
        self._score = 0.0  # of the face that it saw then
        self._was_upright = False  # a face was surely upright, so that the camera is
        self.unfitted: Region | None = None
        """The likeliest face of the newest picture, where the mesh fitted none."""
        self._quiet = True  # the libraries print to stderr until they have seen one face
        with no_native_words():
            self._graphs = FaceGraphs(model, hands and model == "full", static_image_mode, fast)
            self._blendshapes = Blendshapes(fast)
            self._graphs.warm_up()

    def find(self, bgr: npt.NDArray[np.uint8]) -> Face | None:
        """The driver's face in a uint8 (height, width, 3) BGR picture, or None.

        Raises: ValueError for anything else, before it reaches the graph, which would never run again.
        """
        if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or 0 in bgr.shape:
            raise ValueError(f"a BGR picture is uint8 (height, width, 3), not {bgr.dtype} {bgr.shape}")
        picture = self._graphs.input_of(bgr)
        if not self._quiet:
            return self._find(picture)
        with no_native_words():
            face = self._find(picture)
        self._quiet = face is None
        return face

    @property
    def sees_hands(self) -> bool:
        """Whether hands are looked for."""
        return self._graphs.sees_hands

    def reset(self) -> None:
        """Forget where the face was, and how it lay."""
        self._tracked = self._place = None
        self._was_upright = False

    def close(self) -> None:
        """Stop the graphs; safe to call twice."""
        self._graphs.close()
        self._blendshapes.close()

    def __enter__(self) -> FaceMesh:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find(self, picture: MeshInput) -> Face | None:
        tracked, self._tracked = None if self._static else self._tracked, None
        before, self._thumbnail = self._thumbnail, thumbnail(picture.bgr)
        fit = self.unfitted = None
        if tracked is not None and change_around(tracked, before, self._thumbnail, picture.size) <= STILL_CHANGE:
            fit = self._fit_still(picture, tracked)
        fit = fit or self._fit_detected(picture, tracked)
        if fit is None:
            return None
        self._place = fit.region
        if math.cos(fit.region.rotation_rad) > 0:  # whether a face is upside down is asked of each frame
            self._tracked = fit.region
        scores = self._blendshapes.scores(fit.landmarks)
        return Face(fit.landmarks, fit.presence, scores, self._score, self._graphs.find_hands(picture))

    def glance(self, bgr: npt.NDArray[np.uint8]) -> Face | None:
        """A face that is surely there, in a picture that is none of the frames: nothing of it is remembered."""
        picture = self._graphs.input_of(bgr)
        detected = self._graphs.detect(picture, self._graphs.detectors[0])
        surest = max(detected, key=lambda region: region.score, default=None)
        fit = self._fit(picture, surest) if surest is not None and surest.score >= DOUBTED_SCORE else None
        if surest is None or fit is None:
            return None
        return Face(fit.landmarks, fit.presence, self._blendshapes.scores(fit.landmarks), surest.score)

    def _fit_still(self, picture: MeshInput, tracked: Region) -> Fit | None:
        """The mesh fitted where the face was, if it is surely there still and the detector has looked lately."""
        self._undetected += 1
        fit = self._graphs.fit(picture, tracked) if self._undetected < DETECT_EVERY else None
        if fit is None or fit.presence < STILL_PRESENCE or overlap(fit.region, tracked) < STILL_IOU:
            return None
        return fit

    def _fit_detected(self, picture: MeshInput, tracked: Region | None) -> Fit | None:
        """The mesh fitted to the likeliest driver that it accepts; the next detector looks where one gave none."""
        self._undetected = 0
        size = picture.size
        for detector in self._graphs.detectors:
            detected = self._graphs.detect(picture, detector)
            for regions in faces_by_prominence(detected, tracked, size, self._place)[: self._max_faces]:
                for region in regions:
                    fit = self._fit(picture, region)
                    if fit is not None:
                        self.unfitted = None
                        if regions[0].keypoints is not None:
                            self._score = regions[0].score
                            self._was_upright = self._was_upright or self._score >= DOUBTED_SCORE
                        return fit
            likeliest = max(detected, key=lambda region: prominence(region, size, self._place), default=None)
            self.unfitted = self.unfitted or likeliest
        return None

    def _fit(self, picture: MeshInput, region: Region) -> Fit | None:
        """The mesh fitted in a region; in a doubted one it is tried both ways up, and the surer fit counts."""
        fit = self._fit_again(picture, region, self._graphs.fit(picture, region))
        upright_presence = UPRIGHT_PRESENCE if self._was_upright else math.inf
        if fit is not None and region.score < DOUBTED_SCORE and fit.presence < upright_presence:
            turned = self._graphs.fit(picture, replace(region, rotation_rad=region.rotation_rad + math.pi))
            if turned is not None and turned.presence > fit.presence:
                return turned
        apart = math.inf if fit is None else disagreement(fit.landmarks, region)
        if fit is not None and fit.presence >= SETTLED_PRESENCE and apart <= SETTLED_DISAGREEMENT_MAX:
            return fit
        if apart > DISAGREEMENT_MAX and region.keypoints is not None:
            closer = self._graphs.fit(picture, replace(region, side_px=CLOSER * region.side_px))
            if closer is not None and (now := disagreement(closer.landmarks, region)) < apart:
                fit, apart = closer, now
        return fit if apart <= DISAGREEMENT_MAX else None

    def _fit_again(self, picture: MeshInput, region: Region, fit: Fit | None) -> Fit | None:
        """A fit, or a surer one where the first was not sure and its region too small."""
        if fit is None or fit.presence >= SURE_PRESENCE or fit.region.side_px < LARGER * region.side_px:
            return fit
        again = self._graphs.fit(picture, fit.region)
        return again if again is not None and again.presence > fit.presence else fit
