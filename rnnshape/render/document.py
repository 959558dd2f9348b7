"""Which views an answer is made of, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnnshape.inspection import Inspection, View
from rnnshape.render.blocks import Block, Heading, Program
from rnnshape.render.code import program
from rnnshape.render.comparison import comparison
from rnnshape.render.foot import foot
from rnnshape.render.page import Page
from rnnshape.render.table import table
from rnnshape.render.values import values
from rnnshape.render.weights import weights
from rnnshape.report import Report

__all__ = ["body", "ending"]


def body(ask: Inspection, reports: Sequence[Report], page: Page) -> Iterator[Block]:
    """All that the rule knows: it can be shown before anything is measured."""
    if ask.compare:
        counted = View.WEIGHTS in ask.views
        yield from comparison(reports, ask.varying, page, weights=counted)
    for report in reports:
        if not ask.compare:
            yield from table(report, page)
            if View.WEIGHTS in ask.views:
                yield weights(report, page)
        elif ask.views & {View.DIAGRAM, View.CODE}:
            yield Heading(report.expression)
        if View.DIAGRAM in ask.views:
            from rnnshape.render.diagram import diagram

            yield from diagram(report, page)
        if View.CODE in ask.views:
            yield Program(program(report))


def ending(ask: Inspection, reports: Sequence[Report], page: Page) -> Iterator[Block]:
    """What only the measurement can tell: values, relations, and that it was made at all."""
    if View.VALUES in ask.views:
        for report in reports:
            if len(reports) > 1:
                yield Heading(report.expression)
            yield from values(report)
    yield foot(reports, page, ask.varying, weights=View.WEIGHTS in ask.views)
