"""A running MediaPipe graph, without mediapipe's package-level imports; the only module that imports mediapipe.

`import mediapipe` loads every solution and the tasks API (about 880 modules, 60 MB). A graph needs one extension module
and small protobuf classes, so those alone are loaded.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.vision.model_files import FaceMeshError, ModelFile, package_root
from app.vision.regions import Region

# In an expanded graph: the nodes that read a model into memory, a node that takes a model from them, and its delegate
_LOADER = re.compile(r'^node \{\n  name: "\w*models?loader__.*?^\}\n', re.MULTILINE | re.DOTALL)
_LOADED = re.compile(r'  input_side_packet: "MODEL:(\w+)"\n(.*?)(?=delegate)', re.DOTALL)
_XNNPACK = re.compile(r"delegate \{\s*xnnpack \{\s*\}\s*\}")


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


def _inference(fast: bool) -> str:
    """The options of a node that runs a model: mapped, so that the kernel may take back each page, and on one thread.

    TensorFlow Lite's own kernels read weights where they lie; XNNPACK packs a copy of them, which takes 15 MB more and
    half the time (README.md, kernels).
    """
    kernels = "xnnpack { num_threads: 1 }" if fast else "tflite { }"
    return f"try_mmap_model: true cpu_num_thread: 1 delegate {{ {kernels} }}"


class Graph:
    """A running MediaPipe graph: packets in, newest packet of each observed stream out."""

    def __init__(
        self,
        text: str,
        outputs: tuple[str, ...],
        models: Mapping[str, ModelFile],
        fast: bool = False,
        **side_packets: bool | int,
    ) -> None:
        """models: of the nodes that take one from a side packet, checked before. fast: XNNPACK, see _inference().

        Raises: FaceMeshError, mediapipe is missing or damaged.
        """
        paths = {node: model.path for node, model in models.items()}
        self._bindings = _load_bindings()
        self._packets = self._bindings._packet_creator
        self._getter = self._bindings._packet_getter
        self._timestamp = 0
        self._out: dict[str, object] = {}
        expanded: str = self._bindings.calculator_graph.CalculatorGraph(graph_config=text).text_config
        mapped = _LOADED.sub(lambda taken: f'{taken[2]}model_path: "{paths[taken[1]]}" ', _LOADER.sub("", expanded))
        config = _XNNPACK.sub(_inference(fast), mapped)
        self._graph = self._bindings.calculator_graph.CalculatorGraph(graph_config=config)
        for name in outputs:
            self._graph.observe_output_stream(name, self._out.__setitem__, True)
        make = {bool: self._packets.create_bool, int: self._packets.create_int}
        self._graph.start_run({name: make[type(value)](value) for name, value in side_packets.items()})
        self._graph.wait_until_idle()  # opens its nodes in this thread: what is wrong with a model is said here

    def image(self, rgb: npt.NDArray[np.uint8]) -> object:
        """A packet that refers to the picture, contiguous RGB, which must not be changed from now on."""
        rgb.flags.writeable = False
        return self._packets._create_image_frame_from_pixel_data(
            self._bindings.image_frame.ImageFormat.SRGB, rgb, False
        )

    def proto(self, type_name: str, serialized: bytes) -> object:
        """A packet that holds a message of this type."""
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
        """The newest message, serialized; None without one."""
        packet = self._packet(stream)
        return None if packet is None else bytes(self._getter._get_serialized_proto(packet))

    def protos_of(self, stream: str) -> list[bytes]:
        """The newest messages, serialized."""
        packet = self._packet(stream)
        return [] if packet is None else list(self._getter._get_serialized_proto_list(packet))

    def float_of(self, stream: str) -> float:
        """The newest number; 0 without one."""
        packet = self._packet(stream)
        return 0.0 if packet is None else float(self._getter.get_float(packet))

    def floats_of(self, stream: str) -> list[float]:
        """The newest numbers."""
        packet = self._packet(stream)
        return [] if packet is None else list(self._getter.get_float_list(packet))

    def close(self) -> None:
        """Stop it; safe to call twice."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None


Box = tuple[float, float, float, float]  # left, top, width, height in pixels


def detections(
    serialized: Iterable[bytes], width_px: int, height_px: int, keypoints: int
) -> Iterator[tuple[Box, npt.NDArray[np.float32], float]]:
    """Box, the first so many keypoints as float32 (n, 2) pixels, and score of each serialized Detection."""
    from mediapipe.framework.formats import detection_pb2

    for one in serialized:
        detection = detection_pb2.Detection.FromString(one)
        location = detection.location_data
        box = location.relative_bounding_box
        points = [(point.x * width_px, point.y * height_px) for point in location.relative_keypoints[:keypoints]]
        left, top, width, height = (
            box.xmin * width_px,
            box.ymin * height_px,
            box.width * width_px,
            box.height * height_px,
        )
        yield (left, top, width, height), np.array(points, np.float32), float(detection.score[0])


def rect_of(serialized: bytes, width_px: int, height_px: int) -> tuple[float, float, float, float]:
    """Middle x and y and side in pixels, and rotation in radians, of a serialized square NormalizedRect."""
    from mediapipe.framework.formats import rect_pb2

    rect = rect_pb2.NormalizedRect.FromString(serialized)
    return rect.x_center * width_px, rect.y_center * height_px, rect.width * width_px, rect.rotation


def rect_proto(region: Region, size: tuple[int, int]) -> bytes:
    """A region of a picture of that size, width and height in pixels, as a serialized NormalizedRect."""
    from mediapipe.framework.formats import rect_pb2

    width_px, height_px = size
    rect = rect_pb2.NormalizedRect(
        x_center=region.x_px / width_px,
        y_center=region.y_px / height_px,
        width=region.side_px / width_px,
        height=region.side_px / height_px,
        rotation=region.rotation_rad,
    )
    return bytes(rect.SerializeToString())
