"""`make bench`: every measurement in one report: build/bench/report.md, report.json, and charts beside them.

Exit status 1 when a figure misses its limit.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timezone

from config.declaration import PROFILES
from config.settings import settings_from
from tests.benchmarks import alternatives, charts, rates, shrinking
from tests.benchmarks.figure import Figure, print_table, show
from tests.benchmarks.growth import FIRST_FACE
from tests.benchmarks.measure import FOLDER, FULL, PYTHON, QUICK, Effort, Section, machine, pictures, repeated
from tests.benchmarks.steps import TRIP

SIZES = ((320, 240), (160, 120), (480, 360), (640, 480), (1280, 960))


def growth_section(effort: Effort, profile: str) -> Section:
    """What each step of the start adds to memory, and the CPU time it takes."""
    settings = settings_from({"profile": profile})
    frames = pictures((settings.camera.width, settings.camera.height))
    command = (*PYTHON, "tests.benchmarks.growth", frames, settings.vision.model)
    steps = repeated(effort, command)
    rows: list[tuple[str | float, ...]] = []
    drawn = []
    before = (0.0, 0.0, 0.0)
    for step in steps:
        usage, cpu_s = step.usage, step.figures["cpu_s"]
        added = usage.anonymous_mb - before[0], usage.file_mb - before[1]
        rows.append((step.name, sum(added), *added, usage.rss_mb, 1000 * (cpu_s - before[2])))
        drawn.append((step.name, added))
        before = usage.anonymous_mb, usage.file_mb, cpu_s
    return Section(
        "growth",
        "Where each megabyte goes, and the start-up by stages",
        f"One process that does step by step what the detector does at its start, model {settings.vision.model}.",
        ("step", "adds, MB RSS", "private (anonymous)", "of files", "RSS so far", "CPU, ms"),
        tuple(rows),
        charts.bars("What each step adds", ("anonymous", "of files"), drawn),
    )


def time_sections(effort: Effort) -> Iterator[Section]:
    """CPU time of each stage, by resolution and by length of the history."""
    sizes = SIZES if effort is FULL else SIZES[:2]
    folders = [pictures(size, 120 if effort is FULL else 40) for size in sizes]
    steps = repeated(effort, (*PYTHON, "tests.benchmarks.timing", *folders))
    stages = [step for step in steps if step.name not in ("resolution", "history")]
    rows: list[tuple[str | float, ...]] = [(step.name, step.figures["ms"]) for step in stages]
    rows.append(("the pipeline could sustain", f"{1000 / stages[-1].figures['ms']:.0f} frames a second"))
    about = "Model standard, 320 x 240, medians. CPU time, so that other programs do not count."
    yield Section("time", "Time of each stage", about, ("stage", "CPU, ms"), tuple(rows))
    across = sorted((step.figures["width_px"], step.figures["ms"]) for step in steps if step.name == "resolution")
    over = [(step.figures["window_s"], step.figures["ms"]) for step in steps if step.name == "history"]
    yield _curve("resolution", "Cost against resolution", "frame to verdict", "width, px", across)
    yield _curve("history", "Cost against history", "one verdict with a full history", "history, s", over)


def _curve(name: str, title: str, what: str, across: str, points: Sequence[tuple[float, float]]) -> Section:
    chart = charts.lines(f"{title}: {what}", across, {what: points}, "ms")
    return Section(name, title, "", (across, f"{what}, CPU ms"), tuple((f"{x:g}", y) for x, y in points), chart)


def start_figure(growth: Section) -> Figure:
    """CPU time until the first face is found."""
    first = next(number for number, row in enumerate(growth.rows, 1) if row[0] == FIRST_FACE)
    until_ms = sum(float(row[-1]) for row in growth.rows[:first])
    return Figure("CPU time from start to the first face", until_ms / 1000, "s", 3)


def latency_figure(stages: Section) -> Figure:
    """Mean CPU time from frame to verdict."""
    (mean_ms,) = (float(row[1]) for row in stages.rows if row[0] == TRIP)
    return Figure("CPU time from frame to verdict, mean", mean_ms, "ms", 50)


def cpu_figure(by_rate: Section) -> Figure:
    """CPU share of the default profile."""
    share_pct = next(row[2] for row in by_rate.rows if row[:2] == ("320 x 240", "1"))
    return Figure("CPU of one core at 1 frame a second", float(share_pct), "%", 2)


def cell(value: str | float) -> str:
    """A figure with three significant digits."""
    if isinstance(value, str):
        return value
    return f"{value:.1f}" if abs(value) >= 10 or value == 0 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def markdown(head: str, results: Sequence[Figure], note: str, sections: Iterable[Section]) -> str:
    """The report as Markdown."""
    parts = [
        f"# What drivewatch costs\n\n{head}\n",
        "## In short\n\n| figure | measured | limit | holds |\n|---|---|---|---|",
    ]
    parts += [*map(str, results), f"\n{note}", tables(sections)]
    return "\n".join(parts) + "\n"


def tables(sections: Iterable[Section]) -> str:
    """Sections as Markdown."""
    parts = []
    for section in sections:
        parts.append(f"\n## {section.title}\n\n{section.about}\n")
        if section.chart:
            parts.append(f"![{section.title}]({section.name}.svg)\n")
        parts.append(f"| {' | '.join(section.head)} |\n|{'---|' * len(section.head)}")
        parts += (f"| {' | '.join(map(cell, row))} |" for row in section.rows)
    return "\n".join(parts)


def write(head: str, results: Sequence[Figure], note: str, sections: Sequence[Section]) -> None:
    """Write report.md, report.json and the charts."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.md").write_text(markdown(head, results, note, sections))
    for section in sections:
        if section.chart:
            (FOLDER / f"{section.name}.svg").write_text(section.chart)
    document = {
        "machine": machine(),
        "figures": [{**asdict(figure), "holds": figure.holds} for figure in results],
        "note": note,
        "sections": [
            {"name": one.name, "title": one.title, "about": one.about, "head": one.head, "rows": one.rows}
            for one in sections
        ],
    }
    (FOLDER / "report.json").write_text(json.dumps(document, indent=1) + "\n")


def measured(effort: Effort, profile: str) -> tuple[list[Section], list[Figure], str]:
    """All sections and figures, and a note; the slow sections only with full effort."""
    show("memory")
    usages = alternatives.memory_of(effort)
    results = alternatives.memory_figures(usages)
    show("the appliance")
    appliance, found = alternatives.appliance(effort)
    show("growth")
    growth = growth_section(effort, profile)
    results += [*found, start_figure(growth)]
    show("times")
    times = [*time_sections(effort)]
    results.append(latency_figure(times[0]))
    sections = [alternatives.memory_section(usages), appliance, growth, *times]
    if effort is FULL:
        show("what each step saves")
        sections.append(shrinking.section(effort))
        show("rates")
        by_rate = rates.sections(effort)
        results.append(cpu_figure(by_rate[0]))
        sections += by_rate
    show("")
    return sections, results, alternatives.like_for_like(usages)


def main() -> int:
    """Measure, write, and print what counts most."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.report", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default=PROFILES[0], help="of the growth")
    parser.add_argument("--quick", action="store_true", help="everything once, in one to three minutes")
    asked = parser.parse_args()
    effort = QUICK if asked.quick else FULL
    began_s = time.monotonic()
    sections, results, note = measured(effort, asked.profile)
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    run = "each measured once" if asked.quick else f"medians of {effort.repeats} unless a table says otherwise"
    took_min = (time.monotonic() - began_s) / 60
    head = f"{now}, {machine()}. Profile {asked.profile}; {run}; took {took_min:.1f} minutes."
    write(head, results, note, sections)
    print(f"{head}\n\nThe report: {FOLDER}/report.md\n")
    status = print_table(results)
    print(f"\n{note}")
    return status


if __name__ == "__main__":
    sys.exit(main())
