"""The table: a layer's outputs, in order, with shape, axes and meaning."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from rnnshape.render.blocks import Block, Grid, Heading, Lines
from rnnshape.render.page import BAD, NAME, QUIET, SHAPE, Page
from rnnshape.report import Output, Report
from rnnshape.rules import Layer

__all__ = ["given", "shape", "table"]


def table(report: Report, page: Page) -> Iterator[Block]:
    """Of every layer: its heading, its outputs and how they are unpacked."""
    every = tuple(_row(output, page) for output in report.outputs)
    for layer in report.layers:
        yield Heading(layer.expression, report.place(layer), (given(layer, page),))
        rows = tuple(_row(output, page) for output in report.outputs_of(layer))
        yield Grid(("Output", "Shape", "Axes", "What it is"), rows, aligned=every)
        number = str(layer.number) if len(report.layers) > 1 else ""
        yield Lines((Text(f"{layer.names} = layer{number}({layer.input.name})"),))


def given(layer: Layer, page: Page) -> Text:
    """What a layer is given: `inputs (2, 5, 1) = (batch, timesteps, features)`."""
    source = layer.input
    return Text.assemble(
        (source.name, NAME),
        ("" if layer.number == 1 else f" of layer {layer.number - 1}", QUIET),
        f" {source.shape} ",
        (f"= {page.axes(source.axes)}", QUIET),
    )


def shape(output: Output) -> Text:
    """A shape; both of them where Keras and the rule disagree."""
    if output.agreed:
        return Text(str(output.shape), style=SHAPE)
    return Text(f"Keras {output.keras}\nrule  {output.rule}", style=BAD)


def _row(output: Output, page: Page) -> tuple[Text, ...]:
    return (
        Text(output.name, style=NAME),
        shape(output),
        Text(page.axes(output.axes), style=QUIET),
        Text(output.meaning),
    )
