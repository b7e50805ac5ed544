"""`make audit`: its output and exit status for the reports of pip-audit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from snap.local.audit import KNOWN, NOT_TRIED, NOTHING_KNOWN, PYTHON, main
from tests.support.payload import versions

WHEELS = versions(PYTHON)
CLEAN = [{"name": name, "version": version, "vulns": []} for name, version in WHEELS.items()]
# Output of pip-audit 2.10.1 with a mirror of PyPI without such data; its exit status is 0
SKIPPED = [
    {"name": name, "skip_reason": f"Dependency not found on PyPI and could not be audited: {name} ({version})"}
    for name, version in WHEELS.items()
]
FLAW = {"id": "PYSEC-1", "fix_versions": ["3.1.9"], "aliases": ["CVE-1"], "description": ""}
FLAWED = [{**one, "vulns": [FLAW]} if one["name"] == "flask" else one for one in CLEAN]
UNREACHABLE = "Traceback\nConnectionError: Failed to resolve 'osv'"


def pip_audit(folder: Path, **reports: object) -> list[str]:
    """A pip-audit with these reports by database; a text makes it fail with this message."""
    program = folder / "pip_audit.py"
    program.write_text(
        "import json, pathlib, sys\n"
        "arguments = dict(zip(sys.argv, sys.argv[1:]))\n"
        "asked = pathlib.Path(arguments['--requirement']).read_text()\n"
        f"assert all(f'{{name}}==' in asked for name in {list(WHEELS)!r}), asked\n"
        f"report = json.loads({json.dumps(json.dumps(reports))})[arguments['--vulnerability-service']]\n"
        "sys.exit(report) if isinstance(report, str) else print(json.dumps({'dependencies': report, 'fixes': []}))\n"
    )
    return [sys.executable, str(program)]


@pytest.mark.parametrize(
    ("pypi", "osv", "status", "said"),
    [
        (CLEAN, CLEAN, NOTHING_KNOWN, f"OSV: {len(WHEELS)} of {len(WHEELS)} wheels, nothing known"),
        (CLEAN, UNREACHABLE, NOTHING_KNOWN, "OSV: not tried: ConnectionError: Failed to resolve 'osv'"),
        (SKIPPED, CLEAN, NOTHING_KNOWN, "PyPI: not tried: Dependency not found on PyPI"),
        (CLEAN, FLAWED, KNOWN, f"  flask {WHEELS['flask']}: PYSEC-1, CVE-1; fixed in 3.1.9"),
        (FLAWED, UNREACHABLE, KNOWN, f"PyPI: {len(WHEELS)} of {len(WHEELS)} wheels, 1 known"),
        (FLAWED, FLAWED, KNOWN, "fixed in 3.1.9\nnot asked: "),  # listed once
        (SKIPPED, UNREACHABLE, NOT_TRIED, "not tried: no database answered for blinker, click,"),
        ("", "", NOT_TRIED, "PyPI: not tried: pip-audit says nothing"),
        (CLEAN[1:] + SKIPPED[:1], UNREACHABLE, NOT_TRIED, f"not tried: no database answered for {CLEAN[0]['name']}\n"),
        (
            CLEAN[1:] + SKIPPED[:1],
            CLEAN,
            NOTHING_KNOWN,
            f"PyPI: {len(WHEELS) - 1} of {len(WHEELS)} wheels, nothing known; not tried: ",
        ),
    ],
)
def test_exit_status_and_output_distinguish_clean_flawed_and_not_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pypi: object, osv: object, status: int, said: str
) -> None:
    assert main(pip_audit(tmp_path, pypi=pypi, osv=osv)) == status
    assert said in capsys.readouterr().out


def test_the_output_names_what_is_not_looked_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(pip_audit(tmp_path, pypi=CLEAN, osv=CLEAN))
    assert "not asked: the libraries inside the wheels" in capsys.readouterr().out


def test_without_pip_audit_the_status_is_not_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == NOT_TRIED
    assert "not tried: [Errno 2]" in capsys.readouterr().out
