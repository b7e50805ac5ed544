"""Converts a model for LiteRT's bare interpreter: `python -m tests.benchmarks.litert_model FROM TO`.

The attention mesh has MediaPipe's own operations. Each is left out and its output becomes an input, so that all
weights and all other operations stay. Runs in the floor's virtual environment.
"""

from __future__ import annotations

import sys
from pathlib import Path

import flatbuffers  # type: ignore[import-not-found]
from ai_edge_litert import schema_py_generated as schema  # type: ignore[import-not-found]


def main(source: str, target: str) -> None:
    """Write the converted model."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(Path(source).read_bytes(), 0))
    for graph in model.subgraphs:
        own = [one for one in graph.operators if model.operatorCodes[one.opcodeIndex].customCode]
        graph.operators = [one for one in graph.operators if one not in own]
        used = {tensor for one in graph.operators for tensor in one.inputs}
        given = [tensor for one in own for tensor in one.outputs]
        graph.inputs = [*graph.inputs, *(tensor for tensor in given if tensor in used)]
        graph.outputs = [tensor for tensor in graph.outputs if tensor not in given]
    builder = flatbuffers.Builder(1 << 22)
    builder.Finish(model.Pack(builder), b"TFL3")
    Path(target).write_bytes(builder.Output())


if __name__ == "__main__":
    main(*sys.argv[1:])
