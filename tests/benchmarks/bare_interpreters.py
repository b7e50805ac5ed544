"""The floor: only LiteRT's bare interpreters on the same model files; runs in a separate virtual environment.

`python -m tests.benchmarks.bare_interpreters default|plain MODEL...`: default uses XNNPACK; plain uses the
kernels that drivewatch uses; camera-default imports OpenCV too; default-unmapped releases its file-backed pages.
"""

from __future__ import annotations

import sys
import time

from tests.benchmarks.steps import release_file_pages, step


def main(kernels: str, *models: str) -> None:
    """Run each model ten times."""
    if kernels.startswith("camera"):
        import cv2  # any program with a camera needs it

        cv2.setNumThreads(1)
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType  # type: ignore[import-not-found]

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if "plain" in kernels else OpResolverType.AUTO
    interpreters = [Interpreter(path, num_threads=1, experimental_op_resolver_type=resolver) for path in models]
    for interpreter in interpreters:
        interpreter.allocate_tensors()
        for taken in interpreter.get_input_details():
            interpreter.set_tensor(taken["index"], np.full(taken["shape"], 0.5, np.float32))
        interpreter.invoke()
    if "unmapped" in kernels:
        release_file_pages()
    began_s = time.perf_counter()
    for _ in range(10):
        for interpreter in interpreters:
            interpreter.invoke()
    step("bare interpreters", all_ms=(time.perf_counter() - began_s) * 100)


if __name__ == "__main__":
    main(*sys.argv[1:])
