"""Make a face of the fake driver from a portrait: `python -m tests.tools.fit_portrait collins astronaut.png`.

Run once; what it writes is kept, so that rendering needs no mediapipe: NAME.png, the person cut out of the picture, and
NAME.npz, the surface it is wrapped around. Both portraits are works of the United States' government, in the public
domain: `collins` is astronaut.png of scikit-image's data (NASA, Eileen M. Collins), `hopper` is grace_hopper.jpg of
matplotlib's (United States Navy, Commodore Grace M. Hopper, 20 January 1984: 77 years old, with glasses and a cap).
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
import numpy.typing as npt

from app.fake_driver.mesh import FACE_POINTS, Mesh, face_files
from app.fake_driver.render import PIVOT_CM, rotation_of_pose
from app.vision.face import FaceMesh
from app.vision.head_pose import CANONICAL_CM, RIGID_INDICES
from tests.tools.sitters import SITTERS, Picture, Sitter

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Outline = npt.NDArray[np.int32]
ZOOM = 3  # the mesh is fitted to an enlarged picture, as its input is 192 px wide
MARGIN_PX = 4  # by which the surface extends beyond the cut-out, so that its soft edge is complete
HEAD_GRID_PX, BODY_GRID_PX = 9, 24  # the body never bends
SILHOUETTE_CM, BODY_CM = -5.0, -4.0  # depth of the hair's edge and of the body, behind the canonical face's origin
HAIR_CM = 1.6  # height of the hair above the straight line from forehead to edge
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
        152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
# Lips from the outer ring to the inner one
UPPER_LIP = (185, 40, 39, 37, 0, 267, 269, 270, 409, 184, 74, 73, 72, 11, 302, 303, 304, 408,
             183, 42, 41, 38, 12, 268, 271, 272, 407, 191, 80, 81, 82, 13, 312, 311, 310, 415)  # fmt: skip
LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307,
             96, 89, 179, 86, 15, 316, 403, 319, 325, 95, 88, 178, 87, 14, 317, 402, 318, 324)  # fmt: skip
LIP_CORNERS = (61, 291, 76, 306, 62, 292, 78, 308)


def cut_out(bgr: Picture, sitter: Sitter) -> Picture:
    """A mask of the person: uint8 (height, width), 255 inside."""
    mask = np.full(bgr.shape[:2], cv2.GC_BGD, np.uint8)
    sitter.mark(mask)
    cv2.grabCut(bgr, mask, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    person = np.where((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(person)
    return np.where(labels == 1 + np.argmax(stats[1:, 4]), 255, 0).astype(np.uint8)


def harmonic(inside: Mask, known: Mask, values: Floats) -> Floats:
    """The smoothest values inside that agree with the known ones (Laplace's equation, by Jacobi's method)."""
    field = np.where(known, values, values[known].mean())
    weight = cv2.blur(inside.astype(np.float64), (3, 3))
    for _ in range(6000):
        blurred = cv2.blur(np.where(inside, field, 0), (3, 3)) / np.maximum(weight, 1e-6)
        field = np.where(known, values, blurred)
    return np.asarray(field, np.float64)


def fitted_face(bgr: Picture, sitter: Sitter) -> Floats:
    """The 478 landmarks of the portrait in its pixels, float64 (478, 3)."""
    x0, y0, x1, y1 = sitter.face_box
    crop = cv2.resize(bgr[y0:y1, x0:x1], None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    with FaceMesh("standard") as mesh:
        face = mesh.find(crop)
    assert face is not None, "no face in the portrait"
    return face.landmarks.astype(np.float64) / ZOOM + (x0, y0, 0)


def to_canonical(points: Floats) -> tuple[Floats, float, Floats, Floats]:
    """Rotation, cm a pixel, and both centres of the rigid fit that turns the portrait's face to the front."""
    seen = points[RIGID_INDICES] * (1, -1, -1)
    centre, canonical_centre = seen.mean(axis=0), CANONICAL_CM.mean(axis=0)
    u, size, vt = np.linalg.svd((CANONICAL_CM - canonical_centre).T @ (seen - centre))
    turn = np.diag((1, 1, np.sign(np.linalg.det(u @ vt))))
    scale = float((size * np.diag(turn)).sum() / ((seen - centre) ** 2).sum())
    rotation = u @ turn @ vt
    residual = (seen - centre) @ rotation.T * scale - (CANONICAL_CM - canonical_centre)
    for index, error in zip(RIGID_INDICES, np.linalg.norm(residual, axis=1), strict=True):
        if error > 1.2:
            print(f"landmark {index} is {error:.2f} cm off the canonical face")
    print(f"rigid points fit within {np.sqrt((residual**2).sum(axis=1).mean()):.2f} cm; {scale:.3f} cm a pixel")
    return rotation, scale, centre, canonical_centre


def jaw_weights(vertices_cm: Floats) -> Floats:
    """How far each point follows the jaw, 0..1: 1 at the lower lip and the chin, 0 at the upper lip and above."""
    x, y = vertices_cm[:, 0], vertices_cm[:, 1]
    mouth_y = vertices_cm[[78, 308], 1].mean()
    half_width = abs(vertices_cm[308, 0] - vertices_cm[78, 0]) / 2
    below = np.clip((mouth_y + 0.6 - y) / 2.5, 0, 1)
    aside = np.clip((np.abs(x) - half_width) / 4.0, 0, 1)
    weight = np.asarray(below * (1 - 0.75 * aside))
    weight[FACE_POINTS:] *= np.clip(1 - (mouth_y - 5.5 - y[FACE_POINTS:]) / 3, 0, 1)  # the neck stays
    weight[list(UPPER_LIP)] = 0
    across = x[list(LOWER_LIP)] / half_width
    weight[list(LOWER_LIP)] = np.clip(1 - across**4, 0, 1)
    weight[list(LIP_CORNERS)] = 0.25
    return weight


def mouth_weights(vertices_cm: Floats) -> Floats:
    """How far each point follows the corners of the mouth as it narrows, 0..1: 1 in the mouth's middle."""
    from_mouth = vertices_cm - vertices_cm[[78, 308]].mean(axis=0)
    return np.asarray(np.exp(-((from_mouth / (4.5, 4.0, 6.0)) ** 2).sum(axis=1)))


def surface_points(inside: Mask, oval: Outline, sitter: Sitter) -> Floats:
    """Points on a grid around the face and along the cut-out's edge, float64 (N, 2)."""
    free = inside.copy().astype(np.uint8)
    cv2.fillPoly(free, [oval], 0)
    cv2.polylines(free, [oval], True, 0, 7)
    contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=len)[:, 0]
    points = []
    for spacing, is_head in ((HEAD_GRID_PX, True), (BODY_GRID_PX, False)):
        y, x = np.nonzero(free[::spacing, ::spacing])
        both = np.vstack([np.stack([x, y], axis=1) * spacing, outline[::spacing]])
        points.append(both[(both[:, 1] < sitter.collar_px) == is_head].astype(np.float64))
    return np.vstack(points)


def triangulate(points: Floats, inside: Mask) -> npt.NDArray[np.uint16]:
    """Delaunay's triangles over the points, those outside left out; int (M, 3)."""
    height, width = inside.shape
    plane = cv2.Subdiv2D((0, 0, width, height))
    index_of: dict[tuple[int, int], int] = {}
    for index, (x, y) in enumerate(np.clip(points, 0, (width - 0.01, height - 0.01))):
        plane.insert((float(x), float(y)))
        index_of[round(x * 16), round(y * 16)] = index
    triangles = []
    for corners in np.asarray(plane.getTriangleList(), np.float64).reshape(-1, 3, 2):
        found = [index_of.get((round(x * 16), round(y * 16))) for x, y in corners]
        middle = corners.mean(axis=0).astype(int)
        if None not in found and inside[min(middle[1], height - 1), min(middle[0], width - 1)]:
            triangles.append(found)
    return np.array(triangles, np.uint16)


def surface_depth(
    face_px: Floats, face_cm: Floats, inside: Mask, on_face: Mask, is_head: Mask, is_body: Mask, oval: Outline
) -> Floats:
    """Depth of each pixel: the face's own along its oval, hair's edge and body behind, the smoothest way between."""
    depth = np.zeros(inside.shape)
    for index in OVAL:
        column, row = face_px[index]
        cv2.circle(depth, (round(column), round(row)), 2, float(face_cm[index, 2]), -1)
    ring = np.zeros(inside.shape, np.uint8)
    cv2.polylines(ring, [oval], True, 255, 2)
    along = harmonic(ring > 0, (depth != 0) & (ring > 0), depth)
    edge = inside & (cv2.erode(inside.astype(np.uint8), np.ones((5, 5))) == 0) & is_head
    known = (ring > 0) | edge | is_body
    values = np.where(ring > 0, along, np.where(edge, SILHOUETTE_CM, BODY_CM))
    depth = harmonic(inside, known, values)
    bulge = harmonic(inside, on_face | edge | ~is_head, np.zeros(inside.shape))
    from_edge = cv2.distanceTransform((is_head & ~edge & ~on_face).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(depth + bulge + HAIR_CM * np.clip(from_edge / 12, 0, 1), np.float64)


def regions(inside: Mask, oval: Outline, sitter: Sitter) -> tuple[Mask, Mask, Mask]:
    """Which pixels are face, head and body."""
    y, x = np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]]
    x, y = np.add(x, sitter.crop[0]), np.add(y, sitter.crop[1])
    is_head = inside & (y < sitter.head_bottom_px)
    filled = np.zeros(inside.shape, np.uint8)
    cv2.fillPoly(filled, [oval], 255)
    on_face = filled > 0
    beside = (np.abs(x - sitter.neck_x) > sitter.neck_half_width_px) & (y > sitter.body_top_px)
    is_body = inside & ((y > sitter.collar_px) | beside)
    return on_face, is_head, is_body & ~on_face


def straightened(
    around: Floats,
    depth: Floats,
    origin_px: tuple[int, int],
    rotation: Floats,
    scale: float,
    centre: Floats,
    canonical_centre: Floats,
) -> Floats:
    """Points around the face in cm: the portrait is nearly from the front, so that its roll alone turns them."""
    column, row = np.clip(around.astype(int), 0, (depth.shape[1] - 1, depth.shape[0] - 1)).T
    flat = (np.c_[np.add(around, origin_px), np.zeros(len(around))] * (1, -1, -1) - centre) * scale
    roll = np.arctan2(rotation[1, 0] - rotation[0, 1], rotation[0, 0] + rotation[1, 1])
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    return np.asarray(np.c_[flat[:, :2] @ turn.T + canonical_centre[:2], depth[row, column]], np.float64)


def triangles_of(points: Floats, inside: Mask) -> npt.NDArray[np.uint16]:
    """Triangles over all points but the irises, which lie within the eyes."""
    irises = np.arange(468, FACE_POINTS)
    triangles = triangulate(np.delete(points, irises, axis=0), inside)
    return np.where(triangles >= 468, triangles + len(irises), triangles).astype(np.uint16)


def main(name: str, path: str) -> None:
    """Fit the mesh to the portrait and write the face's data."""
    sitter = SITTERS[name]
    mesh_file, portrait_file = face_files(sitter.folder, name)
    x0, y0, x1, y1 = sitter.crop
    read = cv2.imread(path)
    assert read is not None, f"{path} cannot be read"
    bgr = cv2.resize(read, None, fx=sitter.scale, fy=sitter.scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    landmarks = fitted_face(bgr, sitter)
    rotation, scale, centre, canonical_centre = to_canonical(landmarks)
    alpha = cut_out(bgr, sitter)[y0:y1, x0:x1]
    inside = cv2.dilate(alpha, np.ones((2 * MARGIN_PX + 1,) * 2)) > 0
    face_px = landmarks[:, :2] - (x0, y0)
    oval = np.round(face_px[list(OVAL)]).astype(np.int32)
    around = surface_points(inside, oval, sitter)
    face_cm = (landmarks * (1, -1, -1) - centre) @ rotation.T * scale + canonical_centre

    on_face, is_head, is_body = regions(inside, oval, sitter)
    depth = surface_depth(face_px, face_cm, inside, on_face, is_head, is_body, oval)
    follows = harmonic(inside, is_head | is_body | on_face, np.where(is_body, 0.0, 1.0))
    column, row = np.clip(around.astype(int), 0, (inside.shape[1] - 1, inside.shape[0] - 1)).T
    head_weight = np.r_[np.ones(FACE_POINTS), follows[row, column]]
    vertices = np.vstack([face_cm, straightened(around, depth, (x0, y0), rotation, scale, centre, canonical_centre)])
    turned = (vertices - PIVOT_CM) @ rotation_of_pose(-sitter.read_as_deg[0], -sitter.read_as_deg[1], 0).T + PIVOT_CM
    vertices = vertices + head_weight[:, None] * (turned - vertices)

    points = np.vstack([face_px, around])
    mesh = Mesh(
        vertices.astype(np.float32),
        points.astype(np.float32),
        triangles_of(points, inside),
        head_weight.astype(np.float32),
        jaw_weights(vertices).astype(np.float32),
        mouth_weights(vertices).astype(np.float32),
    )
    mesh.save(mesh_file)
    soft = cv2.GaussianBlur(alpha, (3, 3), 0)
    cv2.imwrite(str(portrait_file), np.dstack([bgr[y0:y1, x0:x1], soft]))
    print(f"{len(vertices)} points, {len(mesh.triangles)} triangles")


if __name__ == "__main__":
    main(*sys.argv[1:])
