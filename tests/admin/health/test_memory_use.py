"""The memory table of detector and page."""

from __future__ import annotations

from admin.health.memory_use import Row, summary, table, total_mb
from app.part_status import Usage

DETECTOR = Row("detector", 7, Usage(rss_mb=71.0, pss_mb=59.0, anonymous_mb=40.0, file_mb=31.0, peak_mb=90.0))
MASTER = Row("master", 8, Usage(rss_mb=30.0, pss_mb=12.0))
WORKER = Row("worker", 9, Usage(rss_mb=40.0, pss_mb=25.0))


def test_the_page_is_one_row_and_the_total_counts_shared_memory_once() -> None:
    detector, page = table(DETECTOR, (MASTER, WORKER))
    assert (detector.name, detector.hint, detector.usage) == ("Detector", "process 7", DETECTOR.usage)
    assert page.usage is not None
    assert (page.name, page.usage.pss_mb, page.usage.rss_mb) == ("Web page (2 processes)", 37.0, 70.0)
    assert total_mb((detector, page)) == 96.0


def test_the_total_is_none_where_a_part_is_unknown() -> None:
    unknown = Row("worker", 9, Usage(rss_mb=40.0))
    assert total_mb(table(DETECTOR, (MASTER, unknown))) is None
    assert total_mb(table(Row("detector", None, None), (Row("master", 8, None),))) is None


def test_the_total_leaves_out_a_detector_that_does_not_run() -> None:
    assert total_mb(table(Row("detector", None, None), (MASTER, WORKER))) == 37.0


def test_the_summary_is_one_line() -> None:
    assert summary(96.2, 4000.0, 160.0) == "96 MB of 4,000, the detector's budget 160"
    assert summary(None, 4000.0, 0.0) == "not known of 4,000"
