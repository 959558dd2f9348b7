"""`--code`: the shortest complete Keras program that makes a network and names its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rnnshape.report import Report
from rnnshape.views.blocks import Program
from rnnshape.views.page import Page


def blocks(report: Report, page: Page) -> Iterator[Program]:
    yield Program(report.code)


def fields(report: Report) -> dict[str, Any]:
    return {"code": report.code}


def programs(reports: Sequence[Report]) -> str:
    """The program of each report; of several, each is headed by the question."""
    if len(reports) == 1:
        return reports[0].code
    return "\n".join(f"# {report.question.network}\n{report.code}" for report in reports)
