"""Which blocks an answer is made of, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from rnnshape.query import Query
from rnnshape.report import Report
from rnnshape.views import VIEWS
from rnnshape.views.blocks import Block, Heading
from rnnshape.views.outputs import notes, outputs
from rnnshape.views.page import Page
from rnnshape.views.summary import summary


def whole(
    query: Query, reports: Sequence[Report], page: Page, *, pending: bool = False
) -> Iterator[Block]:
    """All of an answer; `pending`, without what the measurement will tell."""
    yield from body(query, reports, page)
    yield from ending(query, reports, page, pending=pending)


def body(query: Query, reports: Sequence[Report], page: Page) -> Iterator[Block]:
    """All that the rule knows of outputs and in views: it can be shown before anything else."""
    views = [view for view in VIEWS if view.name in query.views and not view.needs_measurement]
    if query.compare:
        from rnnshape.views.comparison import comparison

        yield from comparison(query, reports, page)
        # What is to be said of a single row would be unclear under all of them.
        yield from notes(reports, page, of_questions_alone=True)
        views = [view for view in views if view.name != "weights"]  # they have a column
    for _, alike in groupby(reports, key=_what_is_alike):
        report, *others = alike
        if not query.compare:
            yield from outputs(report, page, made=1 + len(others))
            yield from notes([report], page)
        elif views or report.question.calls:
            yield Heading(str(report.question.network))
        if report.question.calls:
            from rnnshape.views.data import data  # most questions come without

            yield from data(report, page)
        for view in views:
            yield from view.blocks(report, page)


def _what_is_alike(report: Report) -> object:
    """A loop may make many models that are alike; each question of a command line is its own."""
    return report.question if report.question.network.name else id(report)


def ending(
    query: Query, reports: Sequence[Report], page: Page, *, pending: bool = False
) -> Iterator[Block]:
    """What the measurement tells: values, relations, and whether it was made at all.

    With `pending` the last is not said yet.
    """
    for view in VIEWS:
        if view.name in query.views and view.needs_measurement:
            for report in reports:
                if len(reports) > 1 and report.measurement:
                    yield Heading(str(report.question.network))
                yield from view.blocks(report, page)
    yield from summary(query, reports, page, pending=pending)


def report_blocks(report: Report, views: Collection[str], page: Page) -> Iterator[Block]:
    """A single report, for who has no command line: a notebook."""
    return whole(Query((report.question,), views=frozenset(views)), [report], page)
