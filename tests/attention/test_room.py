"""The imports of app/attention."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

from app import attention

HEAVY = ("cv2", "numpy", "mediapipe", "app.camera", "app.vision.measuring", "app.vision.face", "app.observer")


def test_attention_loads_neither_cv2_nor_numpy_nor_the_camera() -> None:
    modules = [f"app.attention.{module.name}" for module in pkgutil.iter_modules(attention.__path__)]
    code = f"import sys, {', '.join(modules)}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(modules) > 15
    assert done.stdout.strip() == ""
