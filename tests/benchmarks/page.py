"""`make bench-page`: what the page costs in memory while it is used. Exit status 1 when a figure misses its limit."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.measure import alone_mb, pictures
from tests.benchmarks.ten_minutes import Figure, print_table
from tests.support.appliance import Appliance, Browser, pss_mb, running

VIEWS = ("/", "/memory", "/settings/", "/events", "/account")
POLLS = ("/status/part", "/status/part", "/status/part", "/status/part", "/memory/part")  # as an open page asks
WARM_UP, REQUESTS = 1_600, 7_500  # after the 400 before them; at 10,000 gunicorn.conf.py renews the worker
COMPRESSIBLE = ("/", "/memory", "/static/page.css", "/static/live.js")


def page_mb(appliance: Appliance) -> float:
    """PSS of gunicorn's master and worker together."""
    return sum(map(pss_mb, appliance.pids("gunicorn")))


def ask(browser: Browser, paths: tuple[str, ...], count: int) -> None:
    """Ask for the paths in turn."""
    for number in range(count):
        answer = browser.get(paths[number % len(paths)])
        assert answer.status == 200, answer.text


def in_use(appliance: Appliance) -> Browser:
    """Use the page as an owner does; returns who did."""
    owner = appliance.signed_in()
    ask(owner, VIEWS, 100)
    ask(owner, POLLS, 300)  # ten minutes of an open page
    return owner


def measured(appliance: Appliance) -> list[Figure]:
    """The figures with the limits of the issue."""
    owner = in_use(appliance)
    in_use_mb = page_mb(appliance)
    (detector,) = appliance.pids("app run")
    whole_mb, _ = alone_mb([*appliance.pids("gunicorn"), detector])
    ask(owner, VIEWS + POLLS, WARM_UP)
    before_mb, began_s = page_mb(appliance), time.monotonic()
    ask(owner, VIEWS + POLLS, REQUESTS)
    seconds = time.monotonic() - began_s
    first_view_kb = sum(len(owner.get(path).text.encode()) for path in COMPRESSIBLE) / 1000
    return [
        Figure("page in use: gunicorn's master and worker, PSS", in_use_mb, "MB", 45),
        Figure("growth from request 2,000 to 9,500", page_mb(appliance) - before_mb, "MB", 1),
        Figure("first view with its chart, not compressed", first_view_kb, "kB", 60),
        Figure("a request, mean", 1000 * seconds / REQUESTS, "ms", 50),
        Figure("page and detector, shared pages counted once", whole_mb, "MB", 120),
    ]


def main() -> int:
    """Print the table."""
    camera = str(pictures((320, 240)).absolute())  # the fake driver would share the detector's libraries
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--camera", camera) as appliance:
        results = measured(appliance)
    print(f"\n{platform.machine()}, Python {platform.python_version()}\n")
    return print_table(results)


if __name__ == "__main__":
    sys.exit(main())
