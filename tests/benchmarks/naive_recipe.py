"""What others' detectors do: `import mediapipe`, FaceMesh, every frame. Prints its RSS; for a venv of its own."""

import sys
from pathlib import Path

import cv2
import mediapipe as mp


def rss_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


mesh = mp.solutions.face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1)
video = cv2.VideoCapture(sys.argv[1])
faces = frames = 0
while True:
    found, frame = video.read()
    if not found:
        break
    frames += 1
    faces += mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).multi_face_landmarks is not None
print(f"{frames} {faces} {rss_mb():.1f}")
