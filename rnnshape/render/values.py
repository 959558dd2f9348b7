"""`--values`: the arrays themselves, input first, as NumPy prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from rnnshape.render.blocks import Picture
from rnnshape.render.page import NAME, QUIET
from rnnshape.report import Report

if TYPE_CHECKING:
    from rnnshape.measurement import Array

__all__ = ["values"]


def values(report: Report) -> Iterator[Picture]:
    """The input, then each layer's outputs; nothing before they were measured."""
    if report.measurement is None:
        return
    yield _printed(report.layers[0].input.name, report.measurement.input)
    for output in report.outputs:
        if output.array:
            origin = f" of layer {output.layer}" if len(report.layers) > 1 else ""
            yield _printed(output.name, output.array, origin)


def _printed(name: str, array: Array, origin: str = "") -> Picture:
    head = Text.assemble((name, NAME), (origin, QUIET), f" {array.shape}\n")
    return Picture(head.append(array.text or ""))
