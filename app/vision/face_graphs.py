"""MediaPipe's graphs around one face: pictures and regions in, detected regions, fitted meshes and hands out.

Detector and mesh take their input separately, so that each can be asked for what it alone knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.vision import model_files
from app.vision.graph import Graph, detections, rect_of, rect_proto
from app.vision.landmarks import KEYPOINTS, Landmarks
from app.vision.mesh_input import MeshInput
from app.vision.regions import Region, detected_region

PRESENCE_MIN = 0.5  # MediaPipe's own default for min_tracking_confidence
HANDS_MAX = 2

# A NormalizedLandmark on the wire: tag and length, then a tag before each coordinate. Read as an array, because
# protobuf's classes take 80 times as long for 468 of them
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
executor { type: "ApplicationThreadExecutor" }
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
executor { type: "ApplicationThreadExecutor" }
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
class FaceDetector:
    """One of MediaPipe's face detectors: the stream it reads in the graph, its calculator and model."""

    stream: str
    calculator: str
    model: model_files.ModelFile


# Up to about 2 m, and the small ones beyond. Of 146 real faces the second alone finds fewer, as it misses masks
SHORT_RANGE = FaceDetector("near", "FaceDetectionShortRangeCpu", model_files.SHORT_RANGE)
FULL_RANGE = FaceDetector("far", "FaceDetectionFullRangeCpu", model_files.FULL_RANGE)
DETECTORS = {"lite": (SHORT_RANGE,), "standard": (SHORT_RANGE,), "full": (SHORT_RANGE, FULL_RANGE)}


class Fit(NamedTuple):
    """A face that the mesh accepted: its landmarks, the mesh's score, and the region that the landmarks give."""

    landmarks: Landmarks
    presence: float
    region: Region


class FaceGraphs:
    """The running graphs of one model: its face detectors with its mesh, and hands if they are looked for."""

    def __init__(self, model: str, hands: bool, static_image_mode: bool, fast: bool) -> None:
        """Raises: FaceMeshError, mediapipe or a model is missing or damaged."""
        self.detectors = DETECTORS[model]
        mesh = model_files.PLAIN_MESH if model == "lite" else model_files.ATTENTION_MESH
        for model_file in _models_of(self.detectors, mesh, hands):
            model_file.checked()  # before any graph runs, which would have to be closed again
        self._faces = _face_graph(self.detectors, mesh, fast)
        self._hands = _hand_graph(static_image_mode, fast) if hands else None

    def warm_up(self) -> None:
        """Run the detectors once: that allocates, which must not wait for the first frame.

        It also waits for the graphs' own threads, which print to stderr as they start.
        """
        blank = self.input_of(np.zeros((64, 64, 3), np.uint8))
        for detector in self.detectors:
            self.detect(blank, detector)
        self.find_hands(blank)

    @property
    def sees_hands(self) -> bool:
        """Whether hands are looked for."""
        return self._hands is not None

    def input_of(self, bgr: npt.NDArray[np.uint8]) -> MeshInput:
        """A picture as the graphs take it."""
        return MeshInput(bgr, self._faces.image)

    def detect(self, picture: MeshInput, detector: FaceDetector) -> list[Region]:
        """Every face that a detector sees."""
        self._faces.run(**{f"{detector.stream}_image": picture.for_detectors})
        found = detections(self._faces.protos_of(f"{detector.stream}_detections"), *picture.size, len(KEYPOINTS))
        return [detected_region(*one) for one in found]

    def fit(self, picture: MeshInput, region: Region) -> Fit | None:
        """The mesh fitted in one region; None if it sees no face there."""
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
        return Fit(landmarks, presence, Region(x_px + part.left, y_px + part.top, side_px, rotation_rad))

    def find_hands(self, picture: MeshInput) -> tuple[Landmarks, ...]:
        """The landmarks of each hand, float32 (21, 3) in pixels; none where hands are not looked for."""
        if self._hands is None:
            return ()
        self._hands.run(image=picture.whole)
        return tuple(landmarks_px(hand, *picture.size) for hand in self._hands.protos_of("hands"))

    def close(self) -> None:
        """Stop the graphs; safe to call twice."""
        self._faces.close()
        if self._hands is not None:
            self._hands.close()


def landmarks_px(serialized: bytes, width_px: int, height_px: int) -> Landmarks:
    """The float32 (n, 3) landmarks in pixels of a serialized NormalizedLandmarkList."""
    points = np.frombuffer(serialized, _LANDMARK)
    # z comes in the scale of x: both are normalised by the picture's width
    return np.stack([points["x"] * width_px, points["y"] * height_px, points["z"] * width_px], axis=1)


def _models_of(
    detectors: tuple[FaceDetector, ...], mesh: model_files.ModelFile, sees_hands: bool
) -> Iterator[model_files.ModelFile]:
    yield from (detector.model for detector in detectors)
    yield from (mesh, model_files.BLENDSHAPES)
    yield from _HAND_MODELS.values() if sees_hands else ()


def _face_graph(detectors: tuple[FaceDetector, ...], mesh: model_files.ModelFile, fast: bool) -> Graph:
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
