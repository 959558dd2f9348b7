"""`--values`: the numbers that went in and came out, in fixed notation, so that the eye finds what
is equal: all are written with as many decimals, and stand in columns of one width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import floor, isfinite, log10, prod

from rnnshape.measuring.arrays import Array
from rnnshape.report import Report
from rnnshape.views.blocks import Picture
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled

MOST_ROWS = 40  # of one array; of more, those at its ends
ENDS = 3  # how many entries are shown at either end of an axis that is cut
DIGITS, MOST_DECIMALS = 4, 9  # decimals of numbers around 1, and of the smallest


@dataclass(frozen=True)
class NamedArray:
    """An array under a tensor's name, and a word on where it comes from."""

    name: str
    array: Array
    axes: str = ""
    origin: str = ""

    @cached_property
    def rows(self) -> list[tuple[tuple[int | None, ...], Sequence[float | str]]]:
        """What stands along the last axis at each index that is shown; None stands there for what
        is left out."""
        leading, data = self.array.shape[:-1], self.array.data
        assert data is not None
        cut = prod(leading) > MOST_ROWS
        every = product(*(_shown(size, ENDS if cut else size) for size in leading))
        # What is left out has one row, however many would be in it.
        indices = dict.fromkeys(
            index[: index.index(None) + 1] if None in index else index for index in every
        )
        whole = data if self.array.shape else data.reshape(1)
        return [(index, () if None in index else whole[index].tolist()) for index in indices]


def blocks(report: Report, page: Page) -> Iterator[Picture]:
    """The inputs, then each layer's outputs; nothing before they were measured."""
    arrays = [array for array in _arrays(report, page) if array.array.data is not None]
    if not arrays:
        return
    decimals = max(map(_decimals, arrays))  # for all as many, so that what is equal looks so
    rows = [row for array in arrays for row in array.rows]
    labels = max(len(_label(index)) for index, _ in rows)
    written = (len(_number(number, decimals)) for _, numbers in rows for number in numbers)
    width = max(written, default=1)
    for named in arrays:
        yield Picture(Text("\n").join(_lines(named, page, labels, width, decimals)))


def _arrays(report: Report, page: Page) -> Iterator[NamedArray]:
    measured = report.measurement
    if measured is None:
        return
    for tensor, array in zip(report.description.inputs, measured.inputs, strict=True):
        yield NamedArray(tensor.name, array, page.axes(tensor.axes))
    for output in report.outputs:
        if output.array:
            origin = f" of layer {output.layer}" if len(report.layers) > 1 else ""
            yield NamedArray(output.name, output.array, page.axes(output.axes), origin)


def _lines(named: NamedArray, page: Page, labels: int, width: int, decimals: int) -> Iterator[Text]:
    yield styled(
        (named.name, Style.NAME),
        (named.origin, Style.QUIET),
        f" {page.shape(named.array.shape)}",
        (f" = {named.axes}" if named.axes and page.width >= 60 else "", Style.QUIET),
    )
    dots = page.pick("…", "..")
    before: tuple[int | None, ...] = ()
    for index, numbers in named.rows:
        if before and index[:-1] != before[:-1]:
            yield Text()  # the next sample
        before = index
        label = _label(index, dots)
        if None in index:
            yield styled((label, Style.QUIET))
            continue
        room = max(1, (page.width - labels) // (width + 1))
        ends = len(numbers) if len(numbers) <= room else max(1, (room - 1) // 2)
        written = [
            dots if place is None else _number(numbers[place], decimals)
            for place in _shown(len(numbers), ends)
        ]
        row = "".join(f" {number.rjust(width)}" for number in written)
        yield styled((label.ljust(labels), Style.QUIET), row)


def _shown(size: int, ends: int) -> list[int | None]:
    """The places along an axis that are shown, and None for those between."""
    if size <= 2 * ends:
        return list(range(size))
    return [*range(ends), None, *range(size - ends, size)]


def _label(index: Sequence[int | None], dots: str = "…") -> str:
    """`[0, 4]`, as one would write it behind the name."""
    return f"[{', '.join(dots if part is None else str(part) for part in index)}]"


def _number(number: float | str, decimals: int) -> str:
    return f"{number:z.{decimals}f}" if isinstance(number, float) else str(number)


def _decimals(named: NamedArray) -> int:
    """With which the largest of its numbers has five significant digits or more."""
    sizes = (
        abs(number)
        for _, numbers in named.rows
        for number in numbers
        if isinstance(number, float) and isfinite(number)
    )
    largest = max(sizes, default=0.0)
    place = floor(log10(largest)) if largest > 0 else DIGITS
    return min(MOST_DECIMALS, max(1, DIGITS - max(place, 0) - min(place + 1, 0)))
