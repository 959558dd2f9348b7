"""`--values`: the numbers that went in and came out, as NumPy prints arrays, all with as many
decimals, so that the eye finds what is equal."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, inf, log10
from typing import TYPE_CHECKING, Any

from rnnshape.report import Report
from rnnshape.views.blocks import Picture
from rnnshape.views.page import Page
from rnnshape.views.text import Style, styled

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_NUMBERS = 200  # of one array; of more, those at the ends of its axes
DIGITS, MOST_DECIMALS = 4, 9  # decimals of numbers around 1, and of the smallest


def blocks(report: Report, page: Page) -> Iterator[Picture]:
    """The inputs, then each layer's outputs; nothing before they were measured."""
    measured = report.measurement
    if measured is None or any(array.data is None for array in measured.inputs):
        return
    import numpy  # by now it is there: the numbers came as its own

    named = [
        (tensor.name, tensor.axes, numpy.asarray(array))
        for tensor, array in zip(report.description.inputs, measured.inputs, strict=True)
    ]
    for output in report.outputs:
        origin = f" of layer {output.layer}" if len(report.layers) > 1 else ""
        if output.array:
            named.append((f"{output.name}{origin}", output.axes, numpy.asarray(output.array)))
    decimals = max(_decimals(numbers) for *_, numbers in named)
    for name, axes, numbers in named:
        text = numpy.array2string(
            numbers,
            max_line_width=page.width,
            threshold=MOST_NUMBERS,
            precision=decimals,
            floatmode="fixed",
            suppress_small=True,
        )
        of_axes = f" = {page.axes(axes)}" if axes and page.width >= 60 else ""
        head = styled((name, Style.NAME), f" {page.shape(numbers.shape)}", (of_axes, Style.QUIET))
        yield Picture(head + styled(f"\n{text}"))


def _decimals(numbers: NDArray[Any]) -> int:
    """With which the largest of them has five significant digits or more."""
    if numbers.dtype.kind != "f":
        return 0
    sizes = abs(numbers)
    largest = float(sizes[sizes < inf].max(initial=0))  # what is no number is left out
    place = floor(log10(largest)) if largest > 0 else DIGITS
    return min(MOST_DECIMALS, max(1, DIGITS - max(place, 0) - min(place + 1, 0)))
