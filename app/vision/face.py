"""Frame -> Face | None: the driver's face by MediaPipe's face detector, face mesh and blendshapes, and hands.

A graph of our own wires them: the face detector and the mesh take their input separately. That lets the detector look
whenever the face has moved (at 1 frame a second a tracked region is a second old), the driver be chosen among several
faces, and a face that tracking lost be found in the same frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.vision import model_files
from app.vision.blendshapes import Blendshapes, Scores
from app.vision.graph import Graph, detections, quiet_native_log, rect_of, rect_proto
from app.vision.mesh_input import MeshInput
from app.vision.model_files import FaceMeshError as FaceMeshError
from app.vision.regions import (
    THUMBNAIL_SIZE,
    Region,
    Thumbnail,
    change_around,
    detected_region,
    faces_by_prominence,
    overlap,
    prominence,
    thumbnail,
)

Landmarks = npt.NDArray[np.float32]

PRESENCE_MIN = 0.5  # MediaPipe's own default for min_tracking_confidence
# A face around which the picture has changed by no more than this since the frame before (mean of the thumbnails'
# difference, of 255), and which the mesh finds this surely and this exactly where it was, needs no detector. On the
# fake driver, 87 of 100 of 1,971 faces a second apart are found so, 97 of 100 of them with less change, as a third of
# the others; 99 of 100 such poses are off by at most 2.2 degrees more than with the detector
STILL_CHANGE, STILL_PRESENCE, STILL_IOU = 14.0, 0.99, 0.92
DETECT_EVERY = 8  # frames; so soon a likelier driver is noticed, and that the mesh follows what is no face
# A detection that scores less may be an upside-down face, onto which the mesh fits an upright one. On the fake driver,
# 95 of 100 upside-down faces score below 0.76, three of four upright ones above 0.83.
DOUBTED_SCORE = 0.8
# Where detector and mesh see eyes, nose and mouth: landmarks whose middle is the detector's keypoint
KEYPOINTS = ((33, 133), (362, 263), (1, 1), (13, 14))
# Mean distance between the two, in widths of the detected box, above which the mesh has made the face up, if it does so
# at a closer look too. Of 146 real pictures 0.04 is usual and, masks apart, 0.084 the most
DISAGREEMENT_MAX = 0.15
CLOSER = 0.79  # of the region's side: half profiles with masks fit there alone (ROI_SCALE 1.3, not 1.65)
IRIS_START = 468  # landmarks from here on are the irises of the attention mesh
HANDS_MAX = 2

# A NormalizedLandmark on the wire: tag and length, then a tag before each coordinate. As an array the 468 are read in
# 0.01 ms, by protobuf's classes in 0.8
_LANDMARK = np.dtype({"names": ["x", "y", "z"], "formats": ["<f4"] * 3, "offsets": [3, 8, 13], "itemsize": 17})
_MESH_NODE = "facelandmarkcpu__model"
_HAND_MODELS = {
    "handlandmarktrackingcpu__palmdetectioncpu__model": model_files.PALM,
    "handlandmarktrackingcpu__handlandmarkcpu__model": model_files.HAND,
}
_PRESENCE_STREAM = "facelandmarkcpu__face_presence_score"  # inside FaceLandmarkCpu once the graph is expanded
_DETECTOR_NODE = """
input_stream: "{stream}_image"
node {{
  calculator: "{calculator}"
  input_stream: "IMAGE:{stream}_image"
  output_stream: "DETECTIONS:{stream}_detections"
}}
"""
_MESH_GRAPH = """
num_threads: 1
input_stream: "mesh_image"
input_stream: "roi"
input_side_packet: "with_attention"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:mesh_image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
node {
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE:mesh_image"
  output_stream: "SIZE:mesh_size"
}
node {
  calculator: "FaceLandmarkLandmarksToRoi"
  input_stream: "LANDMARKS:landmarks"
  input_stream: "IMAGE_SIZE:mesh_size"
  output_stream: "ROI:next_roi"
}
"""
_HAND_GRAPH = """
num_threads: 1
input_stream: "image"
input_side_packet: "num_hands"
input_side_packet: "model_complexity"
input_side_packet: "use_prev_landmarks"
node {
  calculator: "HandLandmarkTrackingCpu"
  input_stream: "IMAGE:image"
  input_side_packet: "NUM_HANDS:num_hands"
  input_side_packet: "MODEL_COMPLEXITY:model_complexity"
  input_side_packet: "USE_PREV_LANDMARKS:use_prev_landmarks"
  output_stream: "LANDMARKS:hands"
}
"""


@dataclass(frozen=True, slots=True)
class Detector:
    """One of MediaPipe's face detectors: the stream it reads in the graph, its calculator and model."""

    stream: str
    calculator: str
    model: model_files.ModelFile


# Up to about 2 m, and the small ones beyond. Of 146 real faces the second alone finds fewer, as it misses masks
SHORT_RANGE = Detector("near", "FaceDetectionShortRangeCpu", model_files.SHORT_RANGE)
FULL_RANGE = Detector("far", "FaceDetectionFullRangeCpu", model_files.FULL_RANGE)
_DETECTORS = {"lite": (SHORT_RANGE,), "standard": (SHORT_RANGE,), "full": (SHORT_RANGE, FULL_RANGE)}


@dataclass(frozen=True, slots=True)
class Face:
    """The driver's face.

    landmarks: float32 (468 | 478, 3), x right and y down in pixels of the frame, z in the same scale, smaller is nearer
    the camera; 478 with the irises of the attention mesh. presence: the mesh's own score in 0..1. blendshapes: float32
    (52,), 0..1, see app/vision/blendshapes.py. hands: float32 (21, 3) each, same units; only model full.
    """

    landmarks: Landmarks
    presence: float
    blendshapes: Scores | None = None
    hands: tuple[Landmarks, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How many times less than the attention mesh a mesh sees a mouth open and lids shut."""

    mar_gain: float
    blink_gain: float


# mar_gain: measured on the fake driver by tests/benchmarks/fake_driver_limits.py, by night as by day. blink_gain: of
# the open eyes of ../shared/real the plain mesh shuts none further than 0.21, the attention mesh none further than 0.31
PLAIN_MESH, ATTENTION_MESH = Reading(1.47, 1.45), Reading(1.0, 1.0)


def disagreement(face: Face, region: Region) -> float:
    """Mean distance of the mesh's eyes, nose and mouth from the detector's, in widths of the detected box."""
    if region.keypoints is None:
        return 0.0
    middles = face.landmarks[np.array(KEYPOINTS), :2].mean(axis=1)
    return float(np.linalg.norm(middles - region.keypoints, axis=1).mean()) / region.box_px


def landmarks_px(serialized: bytes, width_px: int, height_px: int) -> Landmarks:
    """The float32 (n, 3) landmarks in pixels of a serialized NormalizedLandmarkList."""
    points = np.frombuffer(serialized, _LANDMARK)
    # z comes in the scale of x: both are normalised by the picture's width
    return np.stack([points["x"] * width_px, points["y"] * height_px, points["z"] * width_px], axis=1)


class _Fit(NamedTuple):
    """A face that the mesh accepted, and the region that its landmarks give."""

    face: Face
    region: Region


class FaceMesh:
    """Finds the driver's face in a picture.

    Model lite is the short-range detector with the plain mesh; standard has the attention mesh, which sees lids, lips
    and irises; full has a second detector too, asked where the first finds nobody, and hands if `hands` is set.
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
        has_attention = model != "lite"
        self.reading = ATTENTION_MESH if has_attention else PLAIN_MESH
        self._static = static_image_mode
        self._max_faces = max_num_faces
        self._tracked: Region | None = None
        self._place: Region | None = None  # where the driver's face was last
        self._thumbnail: Thumbnail = np.zeros((*THUMBNAIL_SIZE[::-1], 3), np.uint8)
        self._undetected = 0  # frames since the detector looked
        self.glimpse: Region | None = None  # the likeliest face of the newest picture, where the mesh fitted none
        self._quiet = True  # the libraries chatter until they have seen one face
        self._detectors = _DETECTORS[model]
        sees_hands = hands and model == "full"
        mesh = model_files.ATTENTION_MESH if has_attention else model_files.PLAIN_MESH
        for model_file in _models_of(self._detectors, mesh, sees_hands):
            model_file.checked()  # before any graph runs, which would have to be closed again
        with quiet_native_log():
            self._faces = _face_graph(self._detectors, mesh, fast)
            self._blendshapes = Blendshapes(fast)
            self._hands = _hand_graph(static_image_mode, fast) if sees_hands else None
            # The first run allocates: rather now than in the first frame. It also waits for the graphs' own threads,
            # which chatter as well
            blank = MeshInput(np.zeros((64, 64, 3), np.uint8), self._faces.image)
            self._find(blank)
            self._find_hands(blank)

    def find(self, bgr: npt.NDArray[np.uint8]) -> Face | None:
        """The driver's face in a uint8 (height, width, 3) BGR picture, or None.

        Raises: ValueError for anything else, before it reaches the graph, which would never run again.
        """
        if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or 0 in bgr.shape:
            raise ValueError(f"a BGR picture is uint8 (height, width, 3), not {bgr.dtype} {bgr.shape}")
        picture = MeshInput(bgr, self._faces.image)
        if not self._quiet:
            return self._find(picture)
        with quiet_native_log():
            face = self._find(picture)
        self._quiet = face is None
        return face

    @property
    def sees_hands(self) -> bool:
        """Whether hands are looked for."""
        return self._hands is not None

    def reset(self) -> None:
        """Forget where the face was."""
        self._tracked = self._place = None

    def close(self) -> None:
        """Stop the graphs; safe to call twice."""
        self._faces.close()
        self._blendshapes.close()
        if self._hands is not None:
            self._hands.close()

    def __enter__(self) -> FaceMesh:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find(self, picture: MeshInput) -> Face | None:
        tracked, self._tracked = None if self._static else self._tracked, None
        before, self._thumbnail = self._thumbnail, thumbnail(picture.bgr)
        fit = self.glimpse = None
        if tracked is not None and change_around(tracked, before, self._thumbnail, picture.size[0]) <= STILL_CHANGE:
            fit = self._fit_still(picture, tracked)
        fit = fit or self._fit_detected(picture, tracked)
        if fit is None:
            return None
        self._tracked = self._place = fit.region
        scores = self._blendshapes.scores(fit.face.landmarks)
        return replace(fit.face, blendshapes=scores, hands=self._find_hands(picture))

    def _fit_still(self, picture: MeshInput, tracked: Region) -> _Fit | None:
        """Fit the mesh where the face was, if it is surely there still and the detector has looked lately."""
        self._undetected += 1
        fit = self._mesh(picture, tracked) if self._undetected < DETECT_EVERY else None
        if fit is None or fit.face.presence < STILL_PRESENCE or overlap(fit.region, tracked) < STILL_IOU:
            return None
        return fit

    def _fit_detected(self, picture: MeshInput, tracked: Region | None) -> _Fit | None:
        """Fit the mesh to the likeliest driver that it accepts; the next detector looks where one gave nobody."""
        self._undetected = 0
        size = picture.size
        for detector in self._detectors:
            detected = self._detect(picture, detector)
            for regions in faces_by_prominence(detected, tracked, size, self._place)[: self._max_faces]:
                for region in regions:
                    fit = self._fit(picture, region)
                    if fit is not None:
                        self.glimpse = None
                        return fit
            likeliest = max(detected, key=lambda region: prominence(region, size, self._place), default=None)
            self.glimpse = self.glimpse or likeliest
        return None

    def _detect(self, picture: MeshInput, detector: Detector) -> list[Region]:
        self._faces.run(**{f"{detector.stream}_image": picture.whole})
        found = detections(self._faces.protos_of(f"{detector.stream}_detections"), *picture.size, len(KEYPOINTS))
        return [detected_region(*one) for one in found]

    def _fit(self, picture: MeshInput, region: Region) -> _Fit | None:
        """Fit the mesh in a region; in a doubted one both ways up, and the surer fit counts."""
        fit = self._mesh(picture, region)
        if fit is not None and region.score < DOUBTED_SCORE:
            turned = self._mesh(picture, replace(region, rotation_rad=region.rotation_rad + math.pi))
            if turned is not None and turned.face.presence > fit.face.presence:
                return turned
        apart = math.inf if fit is None else disagreement(fit.face, region)
        if apart > DISAGREEMENT_MAX and region.keypoints is not None:
            closer = self._mesh(picture, replace(region, side_px=CLOSER * region.side_px))
            if closer is not None and (now := disagreement(closer.face, region)) < apart:
                fit, apart = closer, now
        return fit if apart <= DISAGREEMENT_MAX else None

    def _mesh(self, picture: MeshInput, region: Region) -> _Fit | None:
        """Fit the mesh in one region; None if it sees no face there."""
        part = picture.around(region)
        roi = self._faces.proto("mediapipe.NormalizedRect", rect_proto(part.placed(region), part.size))
        self._faces.run(mesh_image=part.packet, roi=roi)
        serialized, next_roi = self._faces.proto_of("landmarks"), self._faces.proto_of("next_roi")
        presence = self._faces.float_of(_PRESENCE_STREAM)
        if serialized is None or next_roi is None or presence < PRESENCE_MIN:
            return None
        landmarks = landmarks_px(serialized, *part.size)
        if not np.isfinite(landmarks).all():
            return None
        landmarks[:, :2] += (part.left, part.top)
        x_px, y_px, side_px, rotation_rad = rect_of(next_roi, *part.size)
        return _Fit(Face(landmarks, presence), Region(x_px + part.left, y_px + part.top, side_px, rotation_rad))

    def _find_hands(self, picture: MeshInput) -> tuple[Landmarks, ...]:
        if self._hands is None:
            return ()
        self._hands.run(image=picture.whole)
        return tuple(landmarks_px(hand, *picture.size) for hand in self._hands.protos_of("hands"))


def _models_of(
    detectors: tuple[Detector, ...], mesh: model_files.ModelFile, sees_hands: bool
) -> Iterator[model_files.ModelFile]:
    yield from (detector.model for detector in detectors)
    yield from (mesh, model_files.BLENDSHAPES)
    yield from _HAND_MODELS.values() if sees_hands else ()


def _face_graph(detectors: tuple[Detector, ...], mesh: model_files.ModelFile, fast: bool) -> Graph:
    text = _MESH_GRAPH + "".join(
        _DETECTOR_NODE.format(stream=detector.stream, calculator=detector.calculator) for detector in detectors
    )
    detected = tuple(f"{detector.stream}_detections" for detector in detectors)
    outputs = ("landmarks", "next_roi", _PRESENCE_STREAM, *detected)
    return Graph(text, outputs, {_MESH_NODE: mesh}, fast, with_attention=mesh is model_files.ATTENTION_MESH)


def _hand_graph(static_image_mode: bool, fast: bool) -> Graph:
    return Graph(
        _HAND_GRAPH,
        ("hands",),
        _HAND_MODELS,
        fast,
        num_hands=HANDS_MAX,
        model_complexity=0,
        use_prev_landmarks=not static_image_mode,
    )
