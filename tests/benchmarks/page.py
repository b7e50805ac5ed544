"""`make bench-page`: memory and time of the page in use. Exit status 1 when a figure misses its limit."""

from __future__ import annotations

import platform
import re
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.benchmarks.figure import Figure, print_table
from tests.benchmarks.measure import alone_mb, pictures
from tests.support.appliance import Answer, Appliance, Browser, pss_mb, running

VIEWS = ("/", "/memory", "/settings/", "/trips", "/events", "/health", "/aim", "/account")
POLLS = ("/status/verdict", "/status/verdict", "/status/part", "/banner/part", "/memory/part")  # as open pages ask
WARM_UP, REQUESTS = 1_600, 7_500  # after the 400 before them; at 10,000 gunicorn.conf.py renews the worker
LOADED = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')
RENEWED = re.compile(r'data-refresh="([^"]+)" data-every-s="([^"]+)"')
WATCHED_S = 60.0
HOMES = 500


def page_mb(appliance: Appliance) -> float:
    """PSS of gunicorn's master and worker together."""
    return sum(map(pss_mb, appliance.pids("gunicorn")))


def ask(browser: Browser, paths: tuple[str, ...], count: int) -> None:
    """Request the paths in turn, `count` requests in all."""
    for number in range(count):
        answer = browser.get(paths[number % len(paths)])
        assert answer.status == 200, answer.text


def in_use(appliance: Appliance) -> Browser:
    """The browser of an owner who has used the page for a while."""
    owner = appliance.signed_in()
    ask(owner, VIEWS, 100)
    ask(owner, POLLS, 300)  # ten minutes of an open page
    return owner


def bytes_of(answer: Answer) -> int:
    """Bytes of an answer and its headers."""
    return len(answer.text.encode()) + sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())


def first_view_kb(browser: Browser) -> float:
    """Size of Home with all that it loads into an empty browser cache; in units of 1,000 bytes."""
    home = browser.get("/")
    return (bytes_of(home) + sum(bytes_of(browser.get(path)) for path in LOADED.findall(home.text))) / 1000


def ms_each(browser: Browser, path: str, count: int) -> float:
    """The mean time of a request in milliseconds."""
    began_s = time.monotonic()
    ask(browser, (path,), count)
    return 1000 * (time.monotonic() - began_s) / count


def cpu_s(appliance: Appliance) -> float:
    """CPU seconds of the page's processes so far."""
    times = (psutil.Process(pid).cpu_times() for pid in appliance.pids("gunicorn"))
    return float(sum(each.user + each.system for each in times))


def polling_percent(appliance: Appliance, browser: Browser) -> float:
    """The share of a core that the page takes while an open Home polls its parts."""
    parts = [(path, float(every_s)) for path, every_s in RENEWED.findall(browser.get("/").text)]
    began_s, began_cpu_s = time.monotonic(), cpu_s(appliance)
    due_s = dict.fromkeys(parts, began_s)
    while time.monotonic() < began_s + WATCHED_S:
        part = min(due_s, key=due_s.__getitem__)
        time.sleep(max(0.0, due_s[part] - time.monotonic()))
        ask(browser, part[:1], 1)
        due_s[part] += part[1]
    return 100 * (cpu_s(appliance) - began_cpu_s) / (time.monotonic() - began_s)


def measured(appliance: Appliance) -> list[Figure]:
    """The figures and their limits."""
    owner = in_use(appliance)
    in_use_mb = page_mb(appliance)
    (detector,) = appliance.pids("app run")
    whole_mb, _ = alone_mb([*appliance.pids("gunicorn"), detector])
    ask(owner, VIEWS + POLLS, WARM_UP)
    before_mb, began_s = page_mb(appliance), time.monotonic()
    ask(owner, VIEWS + POLLS, REQUESTS)
    seconds = time.monotonic() - began_s
    return [
        Figure("page in use: gunicorn's master and worker, PSS", in_use_mb, "MB", 45),
        Figure("growth from request 2,000 to 9,500", page_mb(appliance) - before_mb, "MB", 1),
        Figure("first view: home with its strips, styles and scripts", first_view_kb(owner), "kB", 60),
        Figure("a request, mean", 1000 * seconds / REQUESTS, "ms", 50),
        Figure("home, mean", ms_each(owner, "/", HOMES), "ms", 50),
        Figure("home kept current, of a core", polling_percent(appliance, owner), "%", 3),
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
