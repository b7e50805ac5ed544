"""Prints the landmarks that each model finds in pictures, as JSON by model and picture:  landmarks.py FOLDER"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from app.vision.face import FaceMesh

MODELS = ("lite", "standard", "full")


def main() -> None:
    found: dict[str, dict[str, list[list[float]]]] = {}
    for model in MODELS:
        with FaceMesh(model, static_image_mode=True) as mesh:
            found[model] = {}
            for path in sorted(Path(sys.argv[1]).glob("*.png")):
                picture = cv2.imread(str(path))
                assert picture is not None, path
                face = mesh.find(np.asarray(picture, np.uint8))
                found[model][path.name] = [] if face is None else face.landmarks.tolist()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
