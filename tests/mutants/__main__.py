"""Changes one thing at a time in a folder of the code, and prints the changes that the tests do not notice.

cosmic-ray makes the changes. Its own runner starts Python for each change and edits the source file in place; this one
forks a process that has loaded the libraries, and changes the source while it is imported. mutmut 3 was tried first: it
changes neither constants nor properties, where half of the rules are.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from math import inf
from pathlib import Path
from types import CodeType

import cv2  # noqa: F401  loaded once for all forks, as are the following
import hypothesis  # noqa: F401
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

import app.camera.capture  # noqa: F401

ROOT = Path(__file__).parents[2]
CHANGES = (
    "AddNot",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_LtE_Gt",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceFalseWithTrue",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    "ZeroIterationForLoop",
)
CPU_TIMES_MAX, CPU_LEAST_S = 3, 20  # CPU limit, times that of the unchanged code, plus: a mutant may loop for ever
MEMORY_MAX_BYTES = 2**31


@dataclass(frozen=True)
class Mutant:
    """A source with one change."""

    path: Path
    line: int
    before: str
    after: str
    code: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.before}  ->  {self.after}"


class Order:
    """Sorts the tests by duration, so that most changes are noticed quickly."""

    def __init__(self, seconds: dict[str, float], longest_s: float = inf) -> None:
        self.seconds = seconds
        self._longest_s = longest_s

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.seconds.get(item.nodeid, 0.0) <= self._longest_s]
        items.sort(key=lambda item: self.seconds.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All mutants of a source; decorators such as @dataclass(frozen=True) are not changed."""
    source = path.read_text(encoding="utf-8")
    nodes, lines = list(ast_nodes(get_ast(source))), source.splitlines()
    for name in CHANGES:
        operator = get_operator(f"core/{name}")()
        places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for number, (line, _) in enumerate(places):
            code = mutate_code(source, operator, number)
            before, after = lines[line - 1].strip(), code.splitlines()[line - 1].strip()
            if not before.startswith("@") and before != after:
                yield Mutant(path, line, before, after, code)


def load_instead(mutant: Mutant) -> None:
    """Let this process import the changed source."""
    real = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        is_changed = self.path == str(mutant.path)
        return compile(mutant.code, self.path, "exec") if is_changed else real(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]


def run_tests(tests: str, order: Order) -> int:
    """pytest's exit code; it stops at the first failure and prints nothing."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    return pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", tests], plugins=[order])


def measured(tests: str) -> tuple[dict[str, float], float]:
    """Seconds of each test with the unchanged code, and CPU seconds of all tests."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        order = Order({})
        code = run_tests(tests, order)
        with os.fdopen(writer, "w") as told:
            json.dump(order.seconds, told)
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as told:
        seconds = json.load(told)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"the tests fail without any change: run `python -m pytest {tests}`")
    return seconds, usage.ru_utime + usage.ru_stime


def begun(mutant: Mutant, tests: str, order: Order, cpu_max_s: int) -> int:
    """The pid of a process that tests this mutant."""
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_max_s, cpu_max_s))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
        load_instead(mutant)
        os._exit(run_tests(tests, order))
    return pid


def survivors(mutants: list[Mutant], tests: str, processes: int, longest_s: float) -> list[Mutant]:
    """The mutants that no test notices."""
    seconds, cpu_s = measured(tests)
    order = Order(seconds, longest_s)
    cpu_max_s = CPU_LEAST_S + int(CPU_TIMES_MAX * cpu_s)
    running: dict[int, Mutant] = {}
    found = []
    waiting = mutants[::-1]
    while running or waiting:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            running[begun(mutant, tests, order, cpu_max_s)] = mutant
        pid, status = os.wait()
        mutant = running.pop(pid)
        if status == 0:
            found.append(mutant)
            print(f"survives: {mutant}", flush=True)
        done = len(mutants) - len(waiting) - len(running)
        if done % 100 == 0:
            print(f"{done} of {len(mutants)} tried, {len(found)} survive", file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-mutants", description=__doc__)
    parser.add_argument("folder", nargs="?", default="app/attention")
    parser.add_argument("--tests", default="tests/attention")
    parser.add_argument("--only", default="", help="changes of lines that hold these words")
    parser.add_argument("--max-percent", type=float, default=100.0, help="fails where more survive")
    parser.add_argument("--longest", type=float, default=inf, help="leave out tests that take more seconds")
    parser.add_argument("-n", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    began_s = time.monotonic()
    paths = sorted((ROOT / options.folder).rglob("*.py"))
    mutants = [mutant for path in paths for mutant in mutants_of(path) if options.only in mutant.before]
    random.Random(0).shuffle(mutants)  # the surviving share of the first hundreds predicts that of all
    found = survivors(mutants, options.tests, options.n, options.longest)
    percent = 100 * len(found) / max(1, len(mutants))
    minutes = (time.monotonic() - began_s) / 60
    print(f"{len(found)} of {len(mutants)} changes survive: {percent:.1f} %, in {minutes:.0f} minutes")
    return int(percent > options.max_percent)


if __name__ == "__main__":
    sys.exit(main())
