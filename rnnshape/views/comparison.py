"""`--compare`: a row per combination and a column per tensor, so that the eye sees what a flag
changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rnnshape.expression import Call
from rnnshape.layer import Layer
from rnnshape.query import Query
from rnnshape.report import Report
from rnnshape.views.blocks import GAP, Block, Grid, Heading, Lines, Row
from rnnshape.views.outputs import given, outputs, shape
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, joined, styled, whole
from rnnshape.words import FLAGS

RETURNED = ("return_sequences", "return_state")


def comparison(query: Query, reports: Sequence[Report], page: Page) -> Iterator[Block]:
    """One grid per cell, under each other."""
    weights = "weights" in query.views
    groups = [list(group) for _, group in groupby(reports, key=_name)]
    for layout in (_grid, _packed_grid):
        grids = [layout(group, query.compare, page, weights) for group in groups]
        if all(page.fits(grid.width) for grid in grids):
            for group, grid in zip(groups, grids, strict=True):
                yield _heading(group, query.compare, page)
                yield grid
            return
    for report in reports:  # too narrow for either: one after the other
        yield from outputs(report, page)
        if weights and len(report.layers) == 1:
            yield Lines((styled(page.number(report.parameters), " parameters"),))


def _name(report: Report) -> str:
    """The layers without the flags, as these stand in the columns."""
    return " -> ".join(str(_inside(layer.call).without(*RETURNED)) for layer in report.layers)


def _has(report: Report, flag: str) -> bool:
    return flag in (report.question.flags or ())


def _inside(call: Call) -> Call:
    inner = call["layer"]
    return inner if isinstance(inner, Call) else call


def _heading(group: Sequence[Report], varying: Sequence[str], page: Page) -> Heading:
    """The layers without flags, and the flags that all rows share."""
    report = group[0]
    held = [f"{flag}={_has(report, flag)}" for flag in FLAGS if flag not in varying]
    where = " where bidirectional" if "bidirectional" in varying else ""
    modes = dict.fromkeys(
        f"merge_mode={layer.call['merge_mode']!r}{where}"
        for report in group
        for layer in report.layers
        if "merge_mode" in layer.call
    )
    inputs = tuple(given(tensor, page) for tensor in report.inputs)
    return Heading(_name(report), ", ".join([*held, *modes]), inputs)


def _grid(group: Sequence[Report], varying: Sequence[str], page: Page, weights: bool) -> Grid:
    """A column per tensor."""
    columns = _columns(group)
    lead, total = _edges(group, varying, weights)
    rows = tuple(
        (*first, *(_first(shapes, names) for names in columns), *last)
        for first, shapes, last in _rows(group, varying, page, weights)
    )
    right = (len(lead) + len(columns),) if weights else ()
    return Grid((*lead, *map(" / ".join, columns), *total), rows, right=right)


def _packed_grid(
    group: Sequence[Report], varying: Sequence[str], page: Page, weights: bool
) -> Grid:
    """All tensors of a row in one column, as many beside each other as there is room for."""
    lead, total = _edges(group, varying, weights)
    rows = list(_rows(group, varying, page, weights))
    others = Grid((*lead, *total), tuple((*first, *last) for first, _, last in rows))
    room = page.width - others.width - GAP
    packed = tuple(
        (*first, *last, _packed([_named(*pair) for pair in shapes.items()], room))
        for first, shapes, last in rows
    )
    right = (len(lead),) if weights else ()
    return Grid((*lead, *total, "outputs"), packed, right=right)


def _edges(
    group: Sequence[Report], varying: Sequence[str], weights: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns on either side of the tensors."""
    number = ("layer",) if len(group[0].layers) > 1 else ()
    flags = (flag.replace("_", "_\n") for flag in varying)
    return (*number, *flags), ("parameters",) if weights else ()


def _rows(
    group: Sequence[Report], varying: Sequence[str], page: Page, weights: bool
) -> Iterator[tuple[Row, dict[str, Text], Row]]:
    """What stands before the tensors, the tensors' shapes by name, and what stands behind."""
    for report in group:
        for layer in report.layers:
            yield (
                _lead(report, layer, [_has(report, flag) for flag in varying], page),
                {output.name: shape(output, page) for output in report.outputs_of(layer)},
                (page.number(report.parameters_of(layer)),) if weights else (),
            )


def _columns(reports: Sequence[Report]) -> list[tuple[str, ...]]:
    """The names that share a column: what one direction calls `h`, two call `h1`."""
    columns: dict[str, dict[str, None]] = {}
    for report in reports:
        for output in report.outputs:
            columns.setdefault(output.name.removesuffix("1"), {})[output.name] = None
    return [tuple(names) for names in columns.values()]


def _first(shapes: Mapping[str, Text], names: Sequence[str]) -> Text:
    return next((shapes[name] for name in names if name in shapes), Text())


def _lead(report: Report, layer: Layer, flags: Sequence[bool], page: Page) -> Row:
    number = [styled((str(layer.number), Style.QUIET))] if len(report.layers) > 1 else []
    return (*number, *(styled(page.check if flag else (page.dot, Style.QUIET)) for flag in flags))


def _named(name: str, cell: Text) -> Text:
    return styled((name, Style.NAME), whole(" "), cell)


def _packed(words: Sequence[Text], room: int) -> Text:
    """Words in as few lines as there is room for, none of them broken."""
    lines = [words[0]]
    for word in words[1:]:
        if lines[-1].width + 2 + word.width <= room:
            lines[-1] = joined("  ", [lines[-1], word])
        else:
            lines.append(word)
    return joined("\n", lines)
