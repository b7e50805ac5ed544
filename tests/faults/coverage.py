"""The properties of properties.py with coverage-guided inputs, by atheris where this Python and machine have its wheel.

libFuzzer ends the process when it is done, so each target runs in its own process: `python -m tests.faults.coverage
loader 5000 FOLDER`.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.faults.scratch import in_memory
from tests.faults.tally import Row

RUNS, LONG_RUNS = 4_000, 70_000  # of each target
INPUT_MAX_BYTES = 2_000
SEED = 1
ROOT = Path(__file__).parents[2]
TARGETS = ("loader", "patcher", "form")


def rows(is_long: bool) -> Iterator[Row]:
    """A row for each target."""
    faults = [f"inputs led by coverage: the {name}" for name in TARGETS]
    if importlib.util.find_spec("atheris") is None:
        reason = "no atheris for this Python and machine (PyPI has wheels for x86-64 and Python 3.11 to 3.13)"
        yield from (Row(fault, not_tried=reason) for fault in faults)
        return
    for fault, target in zip(faults, TARGETS, strict=True):
        yield _row(fault, target, LONG_RUNS if is_long else RUNS)


def _row(fault: str, target: str, runs: int) -> Row:
    with in_memory() as place:
        command = [sys.executable, "-m", "tests.faults.coverage", target, str(runs), place]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    tried = int(("0", *re.findall(r"^#(\d+)\t", done.stderr, re.M))[-1])
    if done.returncode == 0:
        return Row(fault, runs, runs) if f"Done {runs} runs" in done.stderr else Row(fault, wrong="it did not run")
    said = re.search(r"Uncaught Python exception: ===\s+(.*)", done.stderr)
    return Row(fault, tried + 1, tried, 1, wrong=said[1] if said else done.stderr[-300:])


def _fuzz(target: str, runs: int, folder: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["config", "admin.settings.forms", "yaml"], enable_loader_override=False):
        from config.reference import config_yaml
        from config.settings import DECLARATIONS
        from tests.faults import properties

    def patcher(data: bytes) -> None:
        """The first bytes choose keys and values, the rest is the file."""
        given = atheris.FuzzedDataProvider(data)
        wanted = {}
        for _ in range(given.ConsumeIntInRange(1, 3)):
            declaration = given.PickValueInList([*DECLARATIONS.values()])
            wanted[declaration.key] = given.PickValueInList([declaration.default, *_edges(declaration.kind)])
        wanted = {key: value for key, value in wanted.items() if _is_allowed(DECLARATIONS, key, value)}
        if wanted:
            properties.patches(given.ConsumeUnicodeNoSurrogates(INPUT_MAX_BYTES), wanted)

    def form(data: bytes) -> None:
        given = atheris.FuzzedDataProvider(data)
        names = [*DECLARATIONS, "resolution", "back"]
        sent = [
            (given.PickValueInList(names), given.ConsumeUnicode(given.ConsumeIntInRange(0, 40)))
            for _ in range(given.ConsumeIntInRange(0, 6))
        ]
        properties.is_typed(sent, "profile: balanced\ncamera: {width: 480}\n")

    targets: Mapping[str, Callable[[bytes], None]] = {"loader": properties.loads, "patcher": patcher, "form": form}
    for number, text in enumerate((config_yaml(), config_yaml().replace("#", "")[:INPUT_MAX_BYTES])):
        (folder / f"seed-{number}").write_text(text)
    options = [f"-runs={runs}", f"-seed={SEED}", f"-max_len={INPUT_MAX_BYTES}", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, str(folder)], targets[target])
    atheris.Fuzz()


def _edges(kind: type) -> list[object]:
    """Values of a kind at its edges, and None, which removes a key."""
    by_kind: Mapping[type, list[object]] = {bool: [True, False], int: [1, 64, 27], float: [0.5, 2.0, 3.25]}
    return [None, *by_kind.get(kind, ["auto", "0", "a: b #c", "'x'"])]


def _is_allowed(declarations: Mapping[str, object], key: str, value: object) -> bool:
    from config.check import accept
    from config.declaration import Declaration

    declaration = declarations[key]
    assert isinstance(declaration, Declaration)
    try:
        return value is None or accept(declaration, value) == value
    except ValueError:
        return False


if __name__ == "__main__":
    _fuzz(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
