"""`--weights`: kernel, recurrent kernel and bias of every layer, and what each adds up to."""

from __future__ import annotations

from rich.text import Text

from rnnshape.render.blocks import Grid
from rnnshape.render.page import NAME, QUIET, SHAPE, Page
from rnnshape.report import Report

__all__ = ["weights"]


def weights(report: Report, page: Page) -> Grid:
    """A row a weight, and the total. The axes are in each layer's own `features` and `units`."""
    stacked = len(report.layers) > 1
    rows = [
        (
            Text.assemble((f"{layer.number} " if stacked else "", QUIET), (weight.name, NAME)),
            Text(f"{weight.size:,}", justify="right"),
            Text(str(weight.shape), style=SHAPE),
            Text(page.axes(weight.axes), style=QUIET),
            Text(weight.meaning),
        )
        for layer in report.layers
        for weight in layer.weights
    ]
    total = Text(f"{report.parameters:,}", style=SHAPE, justify="right")
    rows.append((Text("in total", style=QUIET), total, Text(), Text(), Text()))
    return Grid(("Weight", "Parameters", "Shape", "Axes", "What it does"), tuple(rows))
