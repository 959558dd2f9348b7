"""`--compare`: a row a layer and a column a tensor, so that the eye sees what a flag changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from rnnshape.inspection import FLAGS
from rnnshape.render.blocks import GAP, Block, Grid, Heading, Lines
from rnnshape.render.page import NAME, QUIET, SHAPE, Page
from rnnshape.render.table import given, shape, table
from rnnshape.report import Report
from rnnshape.rules import Layer
from rnnshape.spec import MergeMode

__all__ = ["comparison"]


def comparison(
    reports: Sequence[Report], varying: Sequence[str], page: Page, *, weights: bool
) -> Iterator[Block]:
    """One grid a cell, under each other. `varying` are the flags that become columns."""
    groups = [list(group) for _, group in groupby(reports, key=lambda one: one.spec.cell)]
    for layout in (_grid, _packed_grid):
        grids = [layout(group, varying, page, weights) for group in groups]
        if all(grid.width <= page.width for grid in grids):
            for group, grid in zip(groups, grids, strict=True):
                yield _heading(group, varying, page)
                yield grid
            return
    for report in reports:  # too narrow for either: one after the other
        yield from table(report, page)
        if weights:
            yield Lines((Text(f"{report.parameters:,} parameters"),))


def _heading(reports: Sequence[Report], varying: Sequence[str], page: Page) -> Heading:
    """The cells alone, as the flags stand in the columns; and the flags that all rows share."""
    spec = reports[0].spec
    held = [f"{flag}={getattr(spec, flag)}" for flag in FLAGS if flag not in varying]
    where = " where bidirectional" if "bidirectional" in varying else ""
    modes = {report.spec.merge_mode for report in reports} - {MergeMode.CONCAT}
    held += [f"merge_mode={mode}{where}" for mode in modes]
    cells = " -> ".join(f"{spec.cell.keras_name}({units})" for units in spec.units)
    return Heading(cells, ", ".join(held), (given(reports[0].layers[0], page),))


def _grid(reports: Sequence[Report], varying: Sequence[str], page: Page, weights: bool) -> Grid:
    """A column a tensor."""
    columns = _columns(reports)
    lead, total = _edges(reports, varying, weights)
    rows = tuple(
        (*first, *(_first(shapes, names) for names in columns), *last)
        for first, shapes, last in _rows(reports, varying, page, weights)
    )
    return Grid((*lead, *map(" / ".join, columns), *total), rows, prose=False)


def _packed_grid(
    reports: Sequence[Report], varying: Sequence[str], page: Page, weights: bool
) -> Grid:
    """All tensors of a row in one column, as many beside each other as there is room for."""
    lead, total = _edges(reports, varying, weights)
    rows = list(_rows(reports, varying, page, weights))
    others = Grid((*lead, *total), tuple((*first, *last) for first, _, last in rows))
    room = page.width - others.width - GAP
    packed = tuple(
        (*first, *last, _packed([_named(*pair) for pair in shapes.items()], room))
        for first, shapes, last in rows
    )
    return Grid((*lead, *total, "outputs"), packed, prose=False)


def _edges(
    reports: Sequence[Report], varying: Sequence[str], weights: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns on either side of the tensors."""
    number = ("layer",) if len(reports[0].layers) > 1 else ()
    flags = (flag.replace("_", "_\n") for flag in varying)
    return (*number, *flags), ("parameters",) if weights else ()


def _rows(
    reports: Sequence[Report], varying: Sequence[str], page: Page, weights: bool
) -> Iterator[tuple[tuple[Text, ...], dict[str, Text], tuple[Text, ...]]]:
    """What stands before the tensors, the tensors' shapes by name, and what stands behind."""
    for report in reports:
        for layer in report.layers:
            yield (
                _lead(report, layer, varying, page),
                {output.name: shape(output) for output in report.outputs_of(layer)},
                (_number(layer.parameters),) if weights else (),
            )


def _columns(reports: Sequence[Report]) -> list[tuple[str, ...]]:
    """The names that share a column: what one direction calls `h`, two call `h1`."""
    columns: dict[str, dict[str, None]] = {}
    for report in reports:
        for output in report.outputs:
            columns.setdefault(output.name.removesuffix("1"), {})[output.name] = None
    return [tuple(names) for names in columns.values()]


def _first(shapes: dict[str, Text], names: Sequence[str]) -> Text:
    return next((shapes[name] for name in names if name in shapes), Text())


def _lead(report: Report, layer: Layer, varying: Sequence[str], page: Page) -> tuple[Text, ...]:
    number = [Text(str(layer.number), style=QUIET)] if len(report.layers) > 1 else []
    flags = [
        Text(page.check) if getattr(report.spec, flag) else Text(page.dot, style=QUIET)
        for flag in varying
    ]
    return (*number, *flags)


def _named(name: str, cell: Text) -> Text:
    return Text.assemble((name, NAME), " ", cell)


def _packed(words: Sequence[Text], room: int) -> Text:
    """Words in as few lines as there is room for, none of them broken."""
    lines = [words[0]]
    for word in words[1:]:
        if lines[-1].cell_len + 2 + word.cell_len <= room:
            lines[-1] = Text("  ").join([lines[-1], word])
        else:
            lines.append(word)
    return Text("\n").join(lines)


def _number(number: int) -> Text:
    return Text(f"{number:,}", justify="right", style=SHAPE)
