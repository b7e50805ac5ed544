"""Frame -> Face | None: MediaPipe's face mesh, reached without mediapipe's package-level imports.

`import mediapipe` loads every solution and the tasks API (about 880 modules, 60 MB). The face mesh needs one extension
module and two small protobuf classes, so those alone are loaded, and a graph of our own wires them: the face detector
and the mesh take their input separately. That lets the detector look whenever the face has moved (at 1 frame a second a
tracked region is a second old), the driver be chosen by size, and a face that tracking lost be found in the same frame.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import re
import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Landmarks = npt.NDArray[np.float32]
Thumbnail = npt.NDArray[np.uint8]

PRESENCE_MIN = 0.5  # MediaPipe's own default for min_tracking_confidence
# The mesh's region from the detected box: its side, and how far up its middle lies, in boxes. MediaPipe's
# FaceDetectionFrontDetectionToRoi takes 1.5 and 0. On the fake driver, head turned by up to 40 degrees, these brought
# the largest landmark errors from 20 px to 11 and halved the scatter of open eyes' EAR, as well as a second fit would;
# further up the plain mesh lost the chin of a yawn
ROI_SCALE, ROI_UP = 1.65, 0.06
SAME_FACE_IOU = 0.25  # two regions that overlap more are one face; a passenger's head overlaps less
# A face around which the picture has changed by no more than this since the frame before (mean of the thumbnails'
# difference, of 255), and which the mesh finds this surely and this exactly where it was, needs no detector. On the
# fake driver, 87 of 100 of 1,971 faces a second apart are found so, 97 of 100 of them with less change, as a third of
# the others; 99 of 100 such poses are off by at most 2.2 degrees more than with the detector
STILL_CHANGE, STILL_PRESENCE, STILL_IOU = 14.0, 0.99, 0.92
THUMBNAIL_SIZE = (32, 24)
DETECT_EVERY = 8  # frames; so soon a larger face is noticed, and that the mesh follows what is no face
# A detection that scores less may be an upside-down face, onto which the mesh fits an upright one. On the fake driver,
# 95 of 100 upside-down faces score below 0.76, three of four upright ones above 0.83.
DOUBTED_SCORE = 0.8
# Where detector and mesh see eyes, nose and mouth: landmarks whose middle is the detector's keypoint
KEYPOINTS = ((33, 133), (362, 263), (1, 1), (13, 14))
# Mean distance between the two, in widths of the detected box, above which the mesh has made the face up. On the fake
# driver 0.04 is usual, and this takes away 10 of 16 heads turned by more than 45 degrees that were read as facing the
# road, for 4 of 242 good poses, all of them farther than 80 cm.
DISAGREEMENT_MAX = 0.15
IRIS_START = 468  # landmarks from here on are the irises of the attention mesh
HANDS_MAX = 2

# A NormalizedLandmark on the wire: tag and length, then a tag before each coordinate. As an array the 468 are read in
# 0.01 ms, by protobuf's classes in 0.8
_LANDMARK = np.dtype({"names": ["x", "y", "z"], "formats": ["<f4"] * 3, "offsets": [3, 8, 13], "itemsize": 17})
_DETECTORS = {
    "lite": "FaceDetectionShortRangeCpu",
    "standard": "FaceDetectionShortRangeCpu",
    "full": "FaceDetectionFullRangeCpu",
}
# Of an expanded graph: the nodes that read a model into memory, a node that takes a model from them, and its delegate
_LOADER = re.compile(r'^node \{\n  name: "\w*models?loader__.*?^\}\n', re.MULTILINE | re.DOTALL)
_LOADED = re.compile(r'  input_side_packet: "MODEL:(\w+)"\n(.*?)(?=delegate)', re.DOTALL)
_XNNPACK = re.compile(r"delegate \{\s*xnnpack \{\s*\}\s*\}")
_PLAIN_MODEL, _ATTENTION_MODEL = (
    {"facelandmarkcpu__model": f"mediapipe/modules/face_landmark/{name}.tflite"}
    for name in ("face_landmark", "face_landmark_with_attention")
)
_HAND_MODELS = {
    "handlandmarktrackingcpu__palmdetectioncpu__model": "mediapipe/modules/palm_detection/palm_detection_lite.tflite",
    "handlandmarktrackingcpu__handlandmarkcpu__model": "mediapipe/modules/hand_landmark/hand_landmark_lite.tflite",
}
_PRESENCE_STREAM = "facelandmarkcpu__face_presence_score"  # inside FaceLandmarkCpu once the graph is expanded
_FACE_GRAPH = """
num_threads: 1
input_stream: "detect_image"
input_stream: "mesh_image"
input_stream: "roi"
input_side_packet: "with_attention"
node {{
  calculator: "{detector}"
  input_stream: "IMAGE:detect_image"
  output_stream: "DETECTIONS:detections"
}}
node {{
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:mesh_image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}}
node {{
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE:mesh_image"
  output_stream: "SIZE:mesh_size"
}}
node {{
  calculator: "FaceLandmarkLandmarksToRoi"
  input_stream: "LANDMARKS:landmarks"
  input_stream: "IMAGE_SIZE:mesh_size"
  output_stream: "ROI:next_roi"
}}
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


class FaceMeshError(RuntimeError):
    """The face mesh cannot be loaded or run on this machine."""


@dataclass(frozen=True, slots=True)
class Face:
    """The driver's face.

    landmarks: float32 (468 | 478, 3), x right and y down in pixels of the frame, z in the same scale, smaller is nearer
    the camera. presence: the mesh's own score in 0..1. hands: float32 (21, 3) each, same units; only model full.
    eyes_apart: distance of the eyes, in widths of the detected box, None where the detector had no need to look.
    """

    landmarks: Landmarks
    presence: float
    hands: tuple[Landmarks, ...] = ()
    eyes_apart: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a mesh reads eyes and mouth.

    ear_per_deg_up: the EAR that a degree up costs; mar_gain: how many times less than the attention mesh it sees a
    mouth open, by night as by day.
    """

    ear_per_deg_up: float
    mar_gain: float


# The plain mesh follows lids and lips weakly, and sees lids closer the higher the chin. Measured on the fake driver by
# tests/benchmarks/fake_driver_limits.py
PLAIN_MESH, ATTENTION_MESH = Reading(0.005, 1.47), Reading(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Region:
    """A square in the frame, turned clockwise by rotation_rad, in which the mesh looks for one face.

    score: the detector's, 0..1; 1 for a region that the mesh gave. keypoints: float32 (4, 2) pixels of right and left
    eye, nose and mouth where the detector saw the face; None where it did not.
    """

    x_px: float
    y_px: float
    side_px: float
    rotation_rad: float
    score: float = 1.0
    keypoints: Landmarks | None = None

    @property
    def box_px(self) -> float:
        """Side of the detected box, from which such a region is made."""
        return self.side_px / ROI_SCALE

    @property
    def eyes_apart(self) -> float | None:
        """Distance of the eyes, in widths of the detected box; None where the detector did not see the face."""
        if self.keypoints is None:
            return None
        return float(np.linalg.norm(self.keypoints[1] - self.keypoints[0])) / self.box_px


def overlap(a: Region, b: Region) -> float:
    """Intersection over union of the two squares, their rotation ignored."""
    reach = (a.side_px + b.side_px) / 2
    smaller = min(a.side_px, b.side_px)
    width = min(smaller, reach - abs(a.x_px - b.x_px))
    height = min(smaller, reach - abs(a.y_px - b.y_px))
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.side_px**2 + b.side_px**2 - shared)


def faces_by_size(detected: list[Region], tracked: Region | None) -> list[list[Region]]:
    """Regions grouped by face, the largest face first; a tracked region stands behind its own fresh detection."""
    faces = [[region] for region in detected]
    if tracked is not None:
        own = [face for face in faces if overlap(face[0], tracked) > SAME_FACE_IOU]
        if own:
            own[0].append(replace(tracked, keypoints=own[0][0].keypoints))
        else:
            faces.append([tracked])
    return sorted(faces, key=lambda face: -face[0].side_px)


def change_around(region: Region, before: Thumbnail, after: Thumbnail, width_px: int) -> float:
    """Mean difference of two frames' thumbnails where the face was, of 255; width_px: of the frames."""
    scale = THUMBNAIL_SIZE[0] / width_px
    left, right = (max(0, int((region.x_px + half) * scale)) for half in (-region.side_px / 2, region.side_px / 2))
    top, bottom = (max(0, int((region.y_px + half) * scale)) for half in (-region.side_px / 2, region.side_px / 2))
    return float(cv2.absdiff(before, after)[top : bottom + 1, left : right + 1].mean())


def disagreement(face: Face, region: Region) -> float:
    """Mean distance of the mesh's eyes, nose and mouth from the detector's, in widths of the detected box."""
    if region.keypoints is None:
        return 0.0
    middles = face.landmarks[np.array(KEYPOINTS), :2].mean(axis=1)
    return float(np.linalg.norm(middles - region.keypoints, axis=1).mean()) / region.box_px


@contextlib.contextmanager
def quiet_native_log() -> Iterator[None]:
    """Keep native libraries' chatter, which no setting silences, off stderr: the mesh's at its start, libjpeg's."""
    sys.stderr.flush()
    saved = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a file descriptor is wanted)
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def package_root() -> Path:
    """The folder of the installed mediapipe package, found without importing it.

    Raises:
        FaceMeshError: it is not installed.
    """
    spec = importlib.util.find_spec("mediapipe")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise FaceMeshError("mediapipe is not installed: run `make setup`")
    return Path(places[0])


def _load_bindings() -> types.ModuleType:
    """Import mediapipe's extension module under empty stand-ins for its packages, whose __init__ import everything."""
    if "mediapipe" not in sys.modules:
        root = package_root()
        for name, folder in (("mediapipe", root), ("mediapipe.python", root / "python")):
            package = types.ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
        if importlib.util.find_spec("google._upb"):  # protobuf parses in C, and yet imports its parser in Python: 1 MB
            unused = "google.protobuf.internal.python_message"
            sys.modules.setdefault(unused, types.ModuleType(unused))
    root = Path(sys.modules["mediapipe"].__path__[0])
    try:
        with warnings.catch_warnings():  # its types break a rule of Python 3.12; as an error that would end the import
            warnings.simplefilter("ignore", DeprecationWarning)
            from mediapipe.python import _framework_bindings as bindings
    except ImportError as error:
        raise FaceMeshError(f"mediapipe's extension module does not load ({error}): run `make setup`") from error
    bindings.resource_util.set_resource_dir(str(root.parent))
    module: types.ModuleType = bindings
    return module


class _Graph:
    """A running MediaPipe graph: packets in, newest packet of each observed stream out."""

    def __init__(
        self, text: str, outputs: tuple[str, ...], models: Mapping[str, str], **side_packets: bool | int
    ) -> None:
        self._bindings = _load_bindings()
        self._packets = self._bindings._packet_creator
        self._getter = self._bindings._packet_getter
        self._timestamp = 0
        self._out: dict[str, object] = {}
        self._graph = self._bindings.calculator_graph.CalculatorGraph(graph_config=self._frugal(text, models))
        for name in outputs:
            self._graph.observe_output_stream(name, self._out.__setitem__, True)
        make = {bool: self._packets.create_bool, int: self._packets.create_int}
        self._graph.start_run({name: make[type(value)](value) for name, value in side_packets.items()})

    def _frugal(self, text: str, models: Mapping[str, str]) -> str:
        """The graph with TensorFlow Lite's own kernels on one thread in place of XNNPACK, and its models mapped.

        Measured on x86-64, resident: lite 92 -> 83 MB, standard 100 -> 87, full 164 -> 113; a frame takes 18 ms, not
        13. Of a mapped model the kernel may take back each page, and its weights are read only once; read into memory
        it would stay there: 1.5 MB of lite, 7 of full.
        """
        expanded: str = self._bindings.calculator_graph.CalculatorGraph(graph_config=text).text_config
        mapped = _LOADED.sub(lambda taken: f'{taken[2]}model_path: "{models[taken[1]]}" ', _LOADER.sub("", expanded))
        return _XNNPACK.sub("try_mmap_model: true cpu_num_thread: 1 delegate { tflite { } }", mapped)

    def image(self, rgb: npt.NDArray[np.uint8]) -> object:
        """A packet that holds a copy of the picture."""
        frames = self._bindings.image_frame
        return self._packets._create_image_frame_from_image_frame(
            frames.ImageFrame(image_format=frames.ImageFormat.SRGB, data=rgb)
        )

    def proto(self, type_name: str, serialized: bytes) -> object:
        return self._packets._create_proto(type_name, serialized)

    def run(self, **inputs: object) -> None:
        """Feed one packet to each named stream and wait for the graph. Timestamps only ever grow."""
        self._timestamp += 1
        self._out.clear()
        for stream, packet in inputs.items():
            self._graph.add_packet_to_input_stream(stream=stream, packet=packet.at(self._timestamp))  # type: ignore[attr-defined]
        self._graph.wait_until_idle()

    def _packet(self, stream: str) -> object | None:
        packet = self._out.get(stream)
        return None if packet is None or packet.is_empty() else packet  # type: ignore[attr-defined]

    def proto_of(self, stream: str) -> bytes | None:
        packet = self._packet(stream)
        return None if packet is None else bytes(self._getter._get_serialized_proto(packet))

    def protos_of(self, stream: str) -> list[bytes]:
        packet = self._packet(stream)
        return [] if packet is None else list(self._getter._get_serialized_proto_list(packet))

    def float_of(self, stream: str) -> float:
        packet = self._packet(stream)
        return 0.0 if packet is None else float(self._getter.get_float(packet))

    def close(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None


def landmarks_px(serialized: bytes, width_px: int, height_px: int) -> Landmarks:
    """The float32 (n, 3) landmarks in pixels of a serialized NormalizedLandmarkList."""
    points = np.frombuffer(serialized, _LANDMARK)
    # z comes in the scale of x: both are normalised by the picture's width
    return np.stack([points["x"] * width_px, points["y"] * height_px, points["z"] * width_px], axis=1)


def _thumbnail(rgb: npt.NDArray[np.uint8]) -> Thumbnail:
    return cv2.resize(rgb, THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _detected_region(serialized: bytes, width_px: int, height_px: int) -> Region:
    """The square around a detected box, turned so that the eyes are level."""
    from mediapipe.framework.formats import detection_pb2

    detection = detection_pb2.Detection.FromString(serialized)
    location = detection.location_data
    box, points = location.relative_bounding_box, location.relative_keypoints[: len(KEYPOINTS)]
    keypoints = np.array([(point.x * width_px, point.y * height_px) for point in points], np.float32)
    across_px, down_px = keypoints[1] - keypoints[0]
    side_px = max(box.width * width_px, box.height * height_px)
    rotation_rad = math.atan2(down_px, across_px)
    up_px = ROI_UP * side_px
    return Region(
        x_px=(box.xmin + box.width / 2) * width_px + math.sin(rotation_rad) * up_px,
        y_px=(box.ymin + box.height / 2) * height_px - math.cos(rotation_rad) * up_px,
        side_px=ROI_SCALE * side_px,
        rotation_rad=rotation_rad,
        score=detection.score[0],
        keypoints=keypoints,
    )


def _region_from_proto(serialized: bytes, width_px: int, height_px: int) -> Region:
    from mediapipe.framework.formats import rect_pb2

    rect = rect_pb2.NormalizedRect.FromString(serialized)
    return Region(rect.x_center * width_px, rect.y_center * height_px, rect.width * width_px, rect.rotation)


def _region_to_proto(region: Region, width_px: int, height_px: int) -> bytes:
    from mediapipe.framework.formats import rect_pb2

    return bytes(
        rect_pb2.NormalizedRect(
            x_center=region.x_px / width_px,
            y_center=region.y_px / height_px,
            width=region.side_px / width_px,
            height=region.side_px / height_px,
            rotation=region.rotation_rad,
        ).SerializeToString()
    )


class _Fit(NamedTuple):
    """A face that the mesh accepted, and the region that its landmarks give."""

    face: Face
    region: Region


class FaceMesh:
    """Finds the driver's face: the largest in the picture.

    Model lite is the short-range detector with the plain mesh, standard has the attention mesh (better lids and lips),
    full also the full-range detector and hands. Irises need `refine_landmarks`, which brings the attention mesh.
    `static_image_mode` trusts detections only and never the region where the face was in the frame before.
    `max_num_faces`: how many faces, the largest first, are tried until the mesh accepts one.
    """

    def __init__(
        self,
        model: str = "lite",
        refine_landmarks: bool = False,
        static_image_mode: bool = False,
        max_num_faces: int = 1,
    ) -> None:
        has_attention = refine_landmarks or model != "lite"
        self.reading = ATTENTION_MESH if has_attention else PLAIN_MESH
        self._refine = refine_landmarks
        self._static = static_image_mode
        self._max_faces = max_num_faces
        self._tracked: Region | None = None
        self._thumbnail: Thumbnail = np.zeros((*THUMBNAIL_SIZE[::-1], 3), np.uint8)
        self._undetected = 0  # frames since the detector looked
        self.glimpse: Region | None = None  # the largest face of the newest picture, where the mesh fitted none
        self._quiet = True  # the libraries chatter until they have seen one face
        self._hands: _Graph | None = None
        with quiet_native_log():
            self._faces = _Graph(
                _FACE_GRAPH.format(detector=_DETECTORS[model]),
                ("detections", "landmarks", "next_roi", _PRESENCE_STREAM),
                _ATTENTION_MODEL if has_attention else _PLAIN_MODEL,
                with_attention=has_attention,
            )
            if model == "full":
                self._hands = _Graph(
                    _HAND_GRAPH,
                    ("hands",),
                    _HAND_MODELS,
                    num_hands=HANDS_MAX,
                    model_complexity=0,
                    use_prev_landmarks=not static_image_mode,
                )
            # The first run allocates: rather now than in the first frame. It also waits for the graphs' own threads,
            # which chatter as well
            blank = np.zeros((64, 64, 3), np.uint8)
            self._find(blank)
            self._find_hands(blank)

    def find(self, bgr: npt.NDArray[np.uint8]) -> Face | None:
        """The driver's face in a uint8 (height, width, 3) BGR picture, or None.

        Raises: ValueError for anything else, before it reaches the graph, which would never run again.
        """
        if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or 0 in bgr.shape:
            raise ValueError(f"a BGR picture is uint8 (height, width, 3), not {bgr.dtype} {bgr.shape}")
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        if not self._quiet:
            return self._find(rgb)
        with quiet_native_log():
            face = self._find(rgb)
        self._quiet = face is None
        return face

    def reset(self) -> None:
        """Forget where the face was."""
        self._tracked = None

    def close(self) -> None:
        """Stop the graphs; safe to call twice."""
        self._faces.close()
        if self._hands is not None:
            self._hands.close()

    def __enter__(self) -> FaceMesh:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find(self, rgb: npt.NDArray[np.uint8]) -> Face | None:
        tracked, self._tracked = None if self._static else self._tracked, None
        before, self._thumbnail = self._thumbnail, _thumbnail(rgb)
        fit = None
        if tracked is not None and change_around(tracked, before, self._thumbnail, rgb.shape[1]) <= STILL_CHANGE:
            fit = self._fit_still(rgb, tracked)
        fit = fit or self._fit_detected(rgb, tracked)
        if fit is None:
            return None
        self._tracked = fit.region
        return replace(fit.face, hands=self._find_hands(rgb))

    def _fit_still(self, rgb: npt.NDArray[np.uint8], tracked: Region) -> _Fit | None:
        """Fit the mesh where the face was, if it is surely there still and the detector has looked lately."""
        self.glimpse = None
        self._undetected += 1
        fit = self._mesh(rgb, tracked) if self._undetected < DETECT_EVERY else None
        if fit is None or fit.face.presence < STILL_PRESENCE or overlap(fit.region, tracked) < STILL_IOU:
            return None
        return fit

    def _fit_detected(self, rgb: npt.NDArray[np.uint8], tracked: Region | None) -> _Fit | None:
        """Fit the mesh to the largest face that it accepts."""
        self._undetected = 0
        self.glimpse = None
        detected = self._detect(rgb)
        for regions in faces_by_size(detected, tracked)[: self._max_faces]:
            for region in regions:
                fit = self._fit(rgb, region)
                if fit is not None:
                    return fit._replace(face=replace(fit.face, eyes_apart=regions[0].eyes_apart))
        self.glimpse = max(detected, key=lambda region: region.side_px, default=None)
        return None

    def _detect(self, rgb: npt.NDArray[np.uint8]) -> list[Region]:
        self._faces.run(detect_image=self._faces.image(rgb))
        height_px, width_px = rgb.shape[:2]
        return [_detected_region(found, width_px, height_px) for found in self._faces.protos_of("detections")]

    def _fit(self, rgb: npt.NDArray[np.uint8], region: Region) -> _Fit | None:
        """Fit the mesh in a region; in a doubted one both ways up, and the surer fit counts."""
        fit = self._mesh(rgb, region)
        if fit is None:
            return None
        if region.score < DOUBTED_SCORE:
            turned = self._mesh(rgb, replace(region, rotation_rad=region.rotation_rad + math.pi))
            if turned is not None and turned.face.presence > fit.face.presence:
                return turned
        return None if disagreement(fit.face, region) > DISAGREEMENT_MAX else fit

    def _mesh(self, rgb: npt.NDArray[np.uint8], region: Region) -> _Fit | None:
        """Fit the mesh in one region; None if it sees no face there."""
        height_px, width_px = rgb.shape[:2]
        roi = self._faces.proto("mediapipe.NormalizedRect", _region_to_proto(region, width_px, height_px))
        self._faces.run(mesh_image=self._faces.image(rgb), roi=roi)
        serialized, next_roi = self._faces.proto_of("landmarks"), self._faces.proto_of("next_roi")
        presence = self._faces.float_of(_PRESENCE_STREAM)
        if serialized is None or next_roi is None or presence < PRESENCE_MIN:
            return None
        landmarks = landmarks_px(serialized, width_px, height_px)
        if not np.isfinite(landmarks).all():
            return None
        face = Face(landmarks if self._refine else landmarks[:IRIS_START], presence)
        return _Fit(face, _region_from_proto(next_roi, width_px, height_px))

    def _find_hands(self, rgb: npt.NDArray[np.uint8]) -> tuple[Landmarks, ...]:
        if self._hands is None:
            return ()
        self._hands.run(image=self._hands.image(rgb))
        height_px, width_px = rgb.shape[:2]
        return tuple(landmarks_px(hand, width_px, height_px) for hand in self._hands.protos_of("hands"))
