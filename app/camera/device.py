"""Device: the pictures of a V4L2 camera, of which none that came only in part is handed on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cv2.typing import MatLike

from app.camera.controls import set_controls
from app.camera.depth import Depth
from app.camera.jpegs import check_no_hole, decoded_jpeg, jpeg_reduction
from app.camera.pictures import BadPicture, SourceLost
from app.camera.pixel_formats import FORMATS, HELD_BITS, JPEG_FORMATS, unpacked
from app.camera.v4l2 import Node, explain, find_node, unreadable
from app.camera.v4l2_stream import Shot, Stream
from config import settings

# Before the buffer that is waited for the driver fills an old one, and each can take two of the device's frames, as the
# one under way is lost. A faster device costs USB and processor time
_DEVICE_FRAMES, _MIN_DEVICE_FPS = 4.0, 10.0


class Device:
    """An opened V4L2 camera. Raises: SourceLost."""

    def __init__(
        self, node: Node, size: tuple[int, int], fps: float, open_stream: Callable[[Path], Stream] = Stream
    ) -> None:
        self.name = str(node)
        self.note = ""
        self.period_s = 0.0
        self._node = node
        self._shot: Shot | None = None
        try:
            self._stream = open_stream(node.path)
        except OSError as error:
            raise explain(node.path, error) from error
        try:
            self._start(size, fps)
        except OSError as error:
            self.close()
            raise error if isinstance(error, SourceLost) else explain(node.path, error) from error

    def _start(self, size: tuple[int, int], fps: float) -> None:
        # A device that has another format, size or rate gives its own: that is no error
        formats = [*self._stream.formats()]
        wanted = next((fourcc for fourcc in FORMATS if fourcc in formats), FORMATS[0])
        self._layout = layout = self._stream.set_format(wanted, size)
        if layout.fourcc not in FORMATS:
            raise unreadable(self._node, formats or [layout.fourcc])
        self._depth = Depth(HELD_BITS.get(layout.fourcc, 8))
        self._sent = layout.width, layout.height
        self._reduction = jpeg_reduction(self._sent, size) if layout.fourcc in JPEG_FORMATS else 1
        width, height = (-(-pixels // self._reduction) for pixels in self._sent)
        self.size: tuple[int, int] | None = (width, height)
        device_fps = self._stream.set_rate(max(fps * _DEVICE_FRAMES, _MIN_DEVICE_FPS))
        self._stream.start(fps, device_fps)

    def grab(self, time_s: float) -> None:
        """Wait for the device's next picture. Raises: SourceLost."""
        self._shot = None
        try:
            self._shot = self._stream.next()
        except OSError as error:
            raise explain(self._node.path, error) from error

    def retrieve(self) -> MatLike:
        """Decode it, a JPEG no larger than needed. Raises: BadPicture."""
        if self._shot is None or not len(self._shot.data):
            raise BadPicture("an empty picture")
        if self._shot.is_damaged:
            raise BadPicture("a picture that the driver calls damaged")
        if self._layout.fourcc in JPEG_FORMATS:
            check_no_hole(self._shot.data)
            return decoded_jpeg(self._shot.data, self._sent, self._reduction)
        return self._depth.eight_bit(unpacked(self._shot.data, self._layout))

    def close(self) -> None:
        """Release the device."""
        self._shot = None
        self._stream.close()


def open_device(camera: settings.Camera) -> Device:
    """Open what `camera.source` names, with the controls that are asked for. Raises: SourceLost."""
    node = find_node(camera.source)
    device = Device(node, (camera.width, camera.height), camera.target_fps)
    device.note = set_controls(node.path, camera)  # a stream that begins may reset them
    return device
