"""`--compare`: a row per combination, with the tensors that it returns, so that the eye sees what a
flag changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rnnshape.expression import Call
from rnnshape.query import Query
from rnnshape.report import Report
from rnnshape.views.blocks import GAP, Block, Grid, Heading, Lines, Row
from rnnshape.views.outputs import given, outputs, shape
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, whole, width_of
from rnnshape.words import FLAGS

RETURNED = ("return_sequences", "return_state")


def comparison(query: Query, reports: Sequence[Report], page: Page) -> Iterator[Block]:
    """One grid per cell, under each other."""
    weights = "weights" in query.views
    groups = [list(group) for _, group in groupby(reports, key=_name)]
    grids = [_grid(group, query, page) for group in groups]
    if all(page.fits(grid.width) for grid in grids):
        for group, grid in zip(groups, grids, strict=True):
            yield _heading(group, query.compare, page)
            yield grid
        return
    for report in reports:  # too narrow: one after the other
        yield from outputs(report, page)
        if weights and len(report.layers) == 1:
            yield Lines((styled(page.number(report.parameters), " parameters"),))


def _name(report: Report) -> str:
    """The layers without the flags, as these stand in the columns."""
    calls = (
        inner if isinstance(inner := layer.call["layer"], Call) else layer.call
        for layer in report.layers
    )
    return " -> ".join(str(call.without(*RETURNED)) for call in calls)


def _heading(group: Sequence[Report], varying: Sequence[str], page: Page) -> Heading:
    """The layers without flags, and the flags that all rows share."""
    report, flags = group[0], group[0].question.flags or ()
    held = [f"{flag}={flag in flags}" for flag in FLAGS if flag not in varying]
    where = " where bidirectional" if "bidirectional" in varying else ""
    modes = dict.fromkeys(
        f"merge_mode={layer.call['merge_mode']!r}{where}"
        for report in group
        for layer in report.layers
        if "merge_mode" in layer.call
    )
    inputs = tuple(given(tensor, page) for tensor in report.inputs)
    return Heading(_name(report), ", ".join([*held, *modes]), inputs)


def _grid(group: Sequence[Report], query: Query, page: Page) -> Grid:
    """All tensors of a row in one column, as many beside each other as there is room for."""
    number = ("layer",) if len(group[0].layers) > 1 else ()
    lead = (*number, *(flag.replace("_", "_\n") for flag in query.compare))
    total = ("parameters",) if "weights" in query.views else ()
    rows = list(_rows(group, query, page))
    others = Grid((*lead, *total), tuple((*first, *last) for first, _, last in rows))
    room = page.width - others.width - GAP
    cells = tuple((*first, *last, _packed(shapes, room)) for first, shapes, last in rows)
    right = tuple(range(len(lead), len(lead) + len(total)))
    return Grid((*lead, *total, "outputs"), cells, right=right)


def _rows(
    group: Sequence[Report], query: Query, page: Page
) -> Iterator[tuple[Row, dict[str, Text], Row]]:
    """What stands before the tensors, the tensors' shapes by name, and what stands behind."""
    for report in group:
        flags = report.question.flags or ()
        marks = [
            styled(page.check if flag in flags else (page.dot, Style.QUIET))
            for flag in query.compare
        ]
        for layer in report.layers:
            number = [styled((str(layer.number), Style.QUIET))] if len(report.layers) > 1 else []
            yield (
                (*number, *marks),
                {output.name: shape(output, page) for output in report.outputs_of(layer)},
                (page.number(report.parameters_of(layer)),) if "weights" in query.views else (),
            )


def _packed(shapes: Mapping[str, Text], room: int) -> Text:
    """Names and shapes in as few lines as there is room for, none of them broken."""
    words = [styled((name, Style.NAME), whole(" "), cell) for name, cell in shapes.items()]
    lines = [words[0]]
    for word in words[1:]:
        if width_of(lines[-1]) + 2 + width_of(word) <= room:
            lines[-1] = Text("  ").join([lines[-1], word])
        else:
            lines.append(word)
    return Text("\n").join(lines)
