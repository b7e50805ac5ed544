"""Known vulnerabilities of the wheels that are in the snap: `make audit` asks PyPI's data and OSV's with pip-audit.

Exit status: 0 each wheel was asked for and nothing is known, 1 something is known, 2 not tried for some wheel at least
(make itself ends with 2 in both cases). pip-audit alone says "No known vulnerabilities found" with status 0 where a
database does not know the wheels at all, as behind a mirror of PyPI without such data; so its report is read here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from snap.local.stage import requirements

PYTHON = "3.12"  # of core24, the snap's base
SERVICES = {"pypi": "PyPI", "osv": "OSV"}
PIP_AUDIT = (sys.executable, "-m", "pip_audit")
LIMIT_S = 300.0  # a wheel is answered in less than a second
REASON_LENGTH_MAX = 200
NOTHING_KNOWN, KNOWN, NOT_TRIED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What a database said: names of the wheels it answered for, what it knows of them, why it answered for no more."""

    answered: frozenset[str]
    known: tuple[str, ...] = ()
    reason: str = ""


def main(pip_audit: Sequence[str] = PIP_AUDIT) -> int:
    """Ask each database, print what it says, and return the exit status."""
    wheels = {requirement.partition("==")[0] for requirement, _ in requirements(PYTHON)}
    answers = {name: ask(pip_audit, service) for service, name in SERVICES.items()}
    for name, answer in answers.items():
        print(f"{name}: {told(answer, wheels)}")
    for line in sorted({line for answer in answers.values() for line in answer.known}):
        print(f"  {line}")
    print("not asked: the libraries inside the wheels, which sbom.cdx.json in the snap lists, and the base snap")
    if any(answer.known for answer in answers.values()):
        return KNOWN
    left = sorted(wheels.difference(*(answer.answered for answer in answers.values())))
    if left:
        print(f"not tried: no database answered for {', '.join(left)}")
    return NOT_TRIED if left else NOTHING_KNOWN


def told(answer: Answer, wheels: set[str]) -> str:
    """In one line, how far a database was asked and what it knows."""
    if not answer.answered:
        return f"not tried: {answer.reason}"
    known = f"{len(answer.known)} known" if answer.known else "nothing known"
    left = wheels - answer.answered
    return f"{len(answer.answered)} of {len(wheels)} wheels, {known}" + (
        f"; not tried: {answer.reason}" if left else ""
    )


def ask(pip_audit: Sequence[str], service: str) -> Answer:
    """What one database says of the wheels of the lock."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock:
        lock.writelines(f"{requirement} \\\n{hashes}\n" for requirement, hashes in requirements(PYTHON))
        lock.flush()
        options = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json")
        command = [*pip_audit, *options, "--vulnerability-service", service, "--requirement", lock.name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            return Answer(frozenset(), reason=str(error))
    return read(done.stdout, done.stderr)


def read(report: str, errors: str) -> Answer:
    """pip-audit's JSON, which is empty when it failed; its last line on stderr says why then."""
    try:
        wheels = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = errors.strip() or "pip-audit says nothing"
        return Answer(frozenset(), reason=said.splitlines()[-1][:REASON_LENGTH_MAX])
    skipped = [str(wheel["skip_reason"]) for wheel in wheels if "skip_reason" in wheel]
    return Answer(
        frozenset(wheel["name"] for wheel in wheels if "skip_reason" not in wheel),
        tuple(line(wheel, known) for wheel in wheels for known in wheel.get("vulns", ())),
        f"{skipped[0]}, and {len(skipped) - 1} more" if len(skipped) > 1 else "".join(skipped),
    )


def line(wheel: dict[str, str], known: dict[str, list[str]]) -> str:
    """A vulnerability by its names, with the releases that are without it."""
    names = ", ".join([str(known["id"]), *known.get("aliases", ())])
    fixed = ", ".join(known.get("fix_versions", ())) or "no release"
    return f"{wheel['name']} {wheel['version']}: {names}; fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
