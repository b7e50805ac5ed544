"""Landmarks of the attention mesh -> MediaPipe's blendshapes: how far lids, eyes, brows and jaw have moved, 0..1 each.

Source: mediapipe/tasks/cc/vision/face_landmarker/face_blendshapes_graph.cc, which has the 146 points and the names;
Google's model card "MediaPipe Blendshape V2".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.vision.graph import Graph
from app.vision.model_files import BLENDSHAPES

Scores = npt.NDArray[np.float32]

COUNT = 52
# The numbers of those that are used; left and right are the person's
BROW_DOWN_LEFT, BROW_DOWN_RIGHT = 1, 2
EYE_BLINK_LEFT, EYE_BLINK_RIGHT = 9, 10
MOUTH_SMILE_LEFT, MOUTH_SMILE_RIGHT = 44, 45
# fmt: off
POINTS = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81,
    82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154,
    155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263,
    267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321,
    323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387,
    388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
])
# fmt: on
# The lids' middles around each eye: where an iris is assumed that the plain mesh does not give
_RIGHT_LIDS, _LEFT_LIDS = (33, 133, 159, 145), (362, 263, 386, 374)
# The points reach the model in pixels, so the picture's size says nothing: one pixel stands for any
_PIXEL = np.zeros((1, 1, 3), np.uint8)
# A NormalizedLandmarkList on the wire: tag and length of each landmark, then a tag before each coordinate
_LANDMARK = np.dtype(
    [("head", "u1", 2), ("tag_x", "u1"), ("x", "<f4"), ("tag_y", "u1"), ("y", "<f4"), ("tail", "u1", 5)]
)
_GRAPH = """
executor { type: "ApplicationThreadExecutor" }
input_stream: "pixel"
input_stream: "points"
node {
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE:pixel"
  output_stream: "SIZE:size"
}
node {
  calculator: "LandmarksToTensorCalculator"
  input_stream: "NORM_LANDMARKS:points"
  input_stream: "IMAGE_SIZE:size"
  output_stream: "TENSORS:point_tensors"
  options { [mediapipe.LandmarksToTensorCalculatorOptions.ext] { attributes: X attributes: Y flatten: false } }
}
node {
  calculator: "InferenceCalculator"
  input_stream: "TENSORS:point_tensors"
  output_stream: "TENSORS:score_tensors"
  options {
    [mediapipe.InferenceCalculatorOptions.ext] { model_path: "{model}" delegate { xnnpack { } } }
  }
}
node {
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:score_tensors"
  output_stream: "FLOATS:scores"
}
"""


class Blendshapes:
    """The model in a graph of its own, run once, for the driver's face."""

    def __init__(self, fast: bool = False) -> None:
        """The model was checked before. Raises: FaceMeshError, mediapipe is missing or damaged."""
        self._graph = Graph(_GRAPH.replace("{model}", str(BLENDSHAPES.path)), ("scores",), {}, fast)
        self._pixel = self._graph.image(_PIXEL)

    def scores(self, landmarks: npt.NDArray[np.float32]) -> Scores:
        """The float32 (52,) scores of float32 (468 | 478, 3) landmarks in pixels; without irises those of eyes that
        look straight ahead.
        """
        if len(landmarks) <= POINTS[-1]:
            landmarks = _with_irises(landmarks)
        points = np.zeros(len(POINTS), _LANDMARK)
        points["head"], points["tag_x"], points["tag_y"] = (0x0A, 0x0F), 0x0D, 0x15
        points["tail"][:, 0] = 0x1D
        points["x"], points["y"] = landmarks[POINTS, 0], landmarks[POINTS, 1]
        packet = self._graph.proto("mediapipe.NormalizedLandmarkList", points.tobytes())
        self._graph.run(pixel=self._pixel, points=packet)
        return np.array(self._graph.floats_of("scores"), np.float32)

    def close(self) -> None:
        """Stop the graph; safe to call twice."""
        self._graph.close()


def _with_irises(landmarks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    irises = [landmarks[list(lids)].mean(axis=0) for lids in (_RIGHT_LIDS, _LEFT_LIDS) for _ in range(5)]
    return np.vstack([landmarks, *irises]).astype(np.float32)
