"""Output streams that never block: what is not read in time is dropped, the rest arrives in order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.commands import outlet
from app.commands.outlet import Outlet
from tests.support.process import ROOT


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def test_written_lines_arrive_in_order() -> None:
    with pipe() as (read, write):
        with closing(Outlet(write)) as out:
            for number in range(100):
                assert out.write(f"line {number}\n") == len(f"line {number}\n")
            out.flush()
            assert not out.isatty()
        assert os.read(read, 65536).decode().splitlines() == [f"line {number}" for number in range(100)]


def test_writing_never_waits_for_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "END_S", 0.01)
    with pipe() as (_, write), closing(Outlet(write)) as out:
        for _ in range(100):
            out.write("x" * 65_000)


def test_output_of_native_code_to_the_descriptor_arrives() -> None:
    with pipe() as (read, write):
        with pipe() as (_, number), closing(Outlet(write)):
            os.dup2(write, number)
            with closing(Outlet(number, in_place=True)):
                assert not os.get_blocking(number)
                os.write(number, b"libjpeg\n")
            assert os.get_blocking(number)
        assert os.read(read, 100) == b"libjpeg\n"


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_no_file_gets_the_descriptor_of_a_closed_stream(closed: str, tmp_path: Path) -> None:
    script = """
import os, sys
from app.commands.outlet import open_standard_streams
open_standard_streams()
print("said"); print("said", file=sys.stderr)
open(sys.argv[1], "w").write(str(os.open("/dev/null", os.O_RDONLY)))
"""
    shell = f'exec "$@" {closed}'
    found = subprocess.run(
        ["/bin/sh", "-c", shell, "sh", sys.executable, "-c", script, str(tmp_path / "number")],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert int((tmp_path / "number").read_text()) >= 3
    assert (found.stdout, found.stderr) == (b"" if "1>" in closed else b"said\n", b"" if "2>" in closed else b"said\n")
