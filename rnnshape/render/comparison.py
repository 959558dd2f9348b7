"""`--compare`: a row a layer and a column a tensor, so that the eye sees what a flag changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from rnnshape.inspection import FLAGS
from rnnshape.render.blocks import Block, Grid, Heading
from rnnshape.render.page import NAME, QUIET, SHAPE, TITLE, Page
from rnnshape.render.table import given, shape
from rnnshape.report import Report
from rnnshape.rules import Layer
from rnnshape.spec import MergeMode

__all__ = ["comparison"]

NARROW = 50  # columns; below it three flags and a tensor no longer stand side by side


def comparison(
    reports: Sequence[Report], varying: Sequence[str], page: Page, *, weights: bool
) -> Iterator[Block]:
    """One grid a cell, under each other. `varying` are the flags that become columns."""
    for _, group in groupby(reports, key=lambda report: report.spec.cell):
        rows = list(group)
        yield _heading(rows, varying, page)
        if page.width < NARROW:
            yield from (_listed(report) for report in rows)
        else:
            yield _grid(rows, varying, page, weights)


def _heading(reports: Sequence[Report], varying: Sequence[str], page: Page) -> Heading:
    """The cells alone, as the flags stand in the columns; and the flags that all rows share."""
    spec = reports[0].spec
    held = [f"{flag}={getattr(spec, flag)}" for flag in FLAGS if flag not in varying]
    modes = {report.spec.merge_mode for report in reports} - {MergeMode.CONCAT}
    held += [f"merge_mode={mode} where bidirectional" for mode in modes]
    cells = " -> ".join(f"{spec.cell.keras_name}({units})" for units in spec.units)
    title = Text.assemble((page.expression(cells), TITLE))
    if held:
        title.append(f"   {', '.join(held)}", QUIET)
    return Heading(title, (given(reports[0].layers[0], page),))


def _grid(reports: Sequence[Report], varying: Sequence[str], page: Page, weights: bool) -> Grid:
    """A column a tensor, or all of them in one where the page is too narrow for that."""
    columns = _columns(reports)
    stacked = len(reports[0].layers) > 1
    lead = (*(["layer"] if stacked else []), *(flag.replace("_", "_\n") for flag in varying))
    total = ("parameters",) if weights else ()
    rows = [
        (
            _lead(report, layer, varying, page, stacked),
            {output.name: shape(output) for output in report.outputs_of(layer)},
            (_number(layer.parameters),) if weights else (),
        )
        for report in reports
        for layer in report.layers
    ]
    wide = Grid(
        (*lead, *(" / ".join(names) for names in columns), *total),
        tuple(
            (*first, *(_first(shapes, names) for names in columns), *last)
            for first, shapes, last in rows
        ),
        prose=False,
    )
    if wide.width <= page.width:
        return wide
    narrow = (*lead, *total, "outputs")
    others = Grid(narrow, tuple((*one, *last, Text()) for one, _, last in rows))
    room = page.width - others.width + others.widths[-1]
    return Grid(
        narrow,
        tuple(
            (*first, *last, _packed([_named(*pair) for pair in shapes.items()], room))
            for first, shapes, last in rows
        ),
    )


def _listed(report: Report) -> Heading:
    """What a row says, where there is no room for a row."""
    named = (_named(output.name, shape(output)) for output in report.outputs)
    return Heading(Text(report.expression), tuple(named))


def _columns(reports: Sequence[Report]) -> list[tuple[str, ...]]:
    """The names that share a column: what one direction calls `h`, two call `h1`."""
    columns: dict[str, dict[str, None]] = {}
    for report in reports:
        for output in report.outputs:
            columns.setdefault(output.name.removesuffix("1"), {})[output.name] = None
    return [tuple(names) for names in columns.values()]


def _first(shapes: dict[str, Text], names: Sequence[str]) -> Text:
    return next((shapes[name] for name in names if name in shapes), Text())


def _lead(
    report: Report, layer: Layer, varying: Sequence[str], page: Page, stacked: bool
) -> tuple[Text, ...]:
    number = [Text(str(layer.number), style=QUIET)] if stacked else []
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
