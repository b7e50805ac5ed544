"""README.md is short; links, paths, targets, commands and settings in all documents exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.read import OLDER_KEYS
from config.settings import DECLARATIONS, SECTIONS

ROOT = Path(__file__).parents[1]
ROOMS = ("admin", "app", "config", "snap", "tests")
README_LINES_MAX = 150
DOCUMENTS = sorted([ROOT / "README.md", *(path for room in ROOMS for path in (ROOT / room).rglob("*.md"))])
GENERATED = sorted([ROOT / "config/SETTINGS.md", *(ROOT / "tests").glob("*/tables/*")])
CODE = re.compile(r"^```.*?^```|`[^`]+`", re.MULTILINE | re.DOTALL)
PRESSED = re.compile(r'[Pp]ress\s+"([^"]+)"')  # as the text names buttons
LINK = re.compile(r"\[[^]]*\]\(\s*([^)\s]+)\s*\)")
WRITE_TABLE = ROOT / "tests/tools/write_table.sh"

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
each_generated = pytest.mark.parametrize("document", GENERATED, ids=lambda path: str(path.relative_to(ROOT)))


def code_in(document: Path) -> str:
    """The text between backticks, one piece a line, without the comments of commands."""
    return re.sub(r"\s#.*", "", "\n".join(CODE.findall(document.read_text())))


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def targets() -> set[str]:
    """The Makefile's targets."""
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def dead_links(document: Path) -> list[str]:
    dead = []
    for link in LINK.findall(document.read_text()):
        path, _, anchor = link.partition("#")
        if link.startswith("https://"):
            continue
        linked = document.parent / path if path else document
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            dead.append(link)
    return dead


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES_MAX


@each_document
def test_every_link_has_a_target(document: Path) -> None:
    assert dead_links(document) == []


def test_every_readme_is_linked_from_the_main_one() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in LINK.findall((ROOT / "README.md").read_text())}
    assert {path for path in DOCUMENTS if path.name == "README.md" and path.parent != ROOT} <= linked


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("# A heading, here\n[a](#a-heading-here) [b](#gone) [c](gone.md)\n[d](https://example.com)\n")
    assert dead_links(document) == ["#gone", "gone.md"]


@each_document
def test_every_path_target_module_and_setting_exists(document: Path) -> None:
    code = code_in(document)
    paths = re.findall(rf"(?<![\w./-])(?:\.ci|{'|'.join(ROOMS)})/[\w./-]*\w", code)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert set(re.findall(r"(?<!install )\bmake(?: -s)? ([a-z][a-z0-9-]*)", code)) - targets() == set()
    modules = [ROOT / name.replace(".", "/") for name in re.findall(r"-m ((?:app|config|tests)[\w.]*)", code)]
    assert [one for one in modules if not (one / "__main__.py").exists() and not one.with_suffix(".py").exists()] == []
    settings = set(re.findall(rf"(?<![\w./])(?:{'|'.join(SECTIONS)})\.[a-z]\w*", code))
    assert settings - {*DECLARATIONS, *OLDER_KEYS} == set()


@pytest.mark.parametrize("program", ["app", "config"])
def test_every_command_exists(program: str) -> None:
    code = "\n".join(map(code_in, DOCUMENTS))
    named = set(re.findall(rf"-m {program} ([a-z-]+)", code))
    assert named
    said = subprocess.run(
        [sys.executable, "-m", program, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert named - set(re.findall(r"^ +([a-z-]+)", said.stdout, re.MULTILINE)) == set()


def test_every_button_that_a_document_names_is_on_the_page() -> None:
    page = "".join(path.read_text() for path in (ROOT / "admin/templates").glob("*.html"))
    named = {(path.name, name) for path in DOCUMENTS for name in PRESSED.findall(path.read_text())}
    assert named
    assert [one for one in sorted(named) if one[1] not in page] == []


@each_generated
def test_every_table_names_the_command_that_writes_it(document: Path) -> None:
    first = document.read_text().splitlines()[0]
    if "of release" not in first:
        assert first.startswith("Written by `")
        assert "make config" in first or f" {document.relative_to(ROOT)} " in first
    assert set(re.findall(r"\bmake(?: -s)? ([a-z][a-z0-9-]*)", first)) & targets()


def test_every_table_is_linked() -> None:
    linked = {
        (document.parent / link.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(document.read_text())
    }
    assert set(GENERATED) <= linked


def test_a_table_is_written_with_its_command_on_top(tmp_path: Path) -> None:
    table = tmp_path / "table.md"
    command = ["sh", "-c", "echo '| a |'; exit 3"]
    done = subprocess.run([WRITE_TABLE, table, *command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 3
    head, empty, *rest = table.read_text().splitlines()
    assert head.startswith(f"Written by `tests/tools/write_table.sh {table} sh -c ")
    assert (empty, rest) == ("", ["| a |"])
    assert list(tmp_path.iterdir()) == [table]


def test_table_is_kept_if_nothing_is_printed(tmp_path: Path) -> None:
    table = tmp_path / "table.md"
    table.write_text("as before\n")
    assert subprocess.run([WRITE_TABLE, table, "false"], cwd=ROOT).returncode == 1
    assert table.read_text() == "as before\n"


def test_table_is_taken_from_a_new_report_without_its_charts(tmp_path: Path) -> None:
    table, report = tmp_path / "table.md", tmp_path / "report.md"
    report.write_text("of an earlier run\n")
    writing = f"echo progress; printf '# a\\n![chart](a.svg)\\n| b |\\n' > {report}"
    for command in (["sh", "-c", writing], ["true"]):  # the second writes no report, so the table stays
        env = {"PATH": "/usr/bin:/bin", "REPORT": str(report)}
        subprocess.run([WRITE_TABLE, table, *command], cwd=ROOT, env=env)
        assert table.read_text().splitlines()[2:] == ["# a", "| b |"]
