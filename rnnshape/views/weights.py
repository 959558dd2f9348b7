"""`--weights`: the weights of every layer, and the formula by which their parameters add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, groupby
from math import prod
from typing import Any

from rnnshape.layer import Layer
from rnnshape.report import Report
from rnnshape.rules.facts import Axis, Tensor
from rnnshape.views.blocks import Grid, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, whole


def blocks(report: Report, page: Page) -> Iterator[Grid]:
    """A row per weight; under those of a layer, how their parameters are counted."""
    several = len(report.layers) > 1
    rows: list[Row | Section] = []
    for layer in report.layers:
        if several:
            rows += [Section(Text())] if rows else []
            rows.append(_heading(layer))
        rows += _rows(report, layer, page)
    if several:
        total = styled(page.number(report.parameters), " parameters in total")
        rows += [Section(Text()), Section(total)]
    columns = ("Weight", "Parameters", "Shape", "Axes", "What it does")
    yield Grid(columns, tuple(rows), folds=4, right=(1,))


def fields(report: Report) -> dict[str, Any]:
    return {
        "weights": [
            {
                "name": weight.name,
                "layer": layer.number,
                "shape": weight.sizes,
                "axes": [axis.label for axis in weight.axes],
                "parameters": weight.known_size,
            }
            for layer in report.layers
            for weight in layer.weights
        ],
        "parameters": report.parameters,
    }


def _heading(layer: Layer) -> Section:
    title = styled((f"{layer.number}  ", Style.QUIET), (str(layer.call), Style.TITLE))
    if layer.same_as is not None:
        note = f"the weights of layer {layer.same_as}"
    elif not layer.facts:
        note = "not read" if layer.unread else "by Keras alone"
    else:
        note = "" if layer.weights else "no weights"
    return Section(title + styled((f"  {note}" if note else "", Style.QUIET)), indent=4)


def _rows(report: Report, layer: Layer, page: Page) -> Iterator[Row | Section]:
    if layer.facts is None:
        yield from _measured_rows(report, layer, page)
        return
    for weight in layer.weights:
        yield (
            styled((weight.name, Style.NAME)),
            page.number(weight.known_size),
            styled((page.shape(weight.sizes), Style.SHAPE)),
            styled((page.axes(weight.axes), Style.QUIET)),
            styled(weight.meaning),
        )
    if layer.weights:
        yield Section(_sum(layer, page), indent=2)


def _measured_rows(report: Report, layer: Layer, page: Page) -> Iterator[Row | Section]:
    """Of a layer that there is no rule for: shapes, once Keras has been asked."""
    shapes = report.measurement.layers[layer.number - 1].weights if report.measurement else ()
    for shape in shapes:
        size = styled(f"{prod(shape):,}")
        yield Text(), size, styled((page.shape(shape), Style.SHAPE)), Text(), Text()
    yield Section(styled(page.number(report.parameters_of(layer)), " parameters"))


def _sum(layer: Layer, page: Page) -> Text:
    names, numbers = formula(layer.weights, page)
    total = page.number(layer.parameters)
    in_names = f"{names} = " if names != numbers else ""
    in_numbers = f"{numbers} = " if numbers != total.plain else ""
    return styled((in_names, Style.QUIET), whole(in_numbers), total)


def formula(weights: Sequence[Tensor], page: Page) -> tuple[str, str]:
    """How parameters are counted, in the axes' names and in numbers.

    What all of some weights have as a factor, as the gates of a cell and both directions, stands
    before their sum.

    >>> from rnnshape.rules.facts import Axis
    >>> from rnnshape.views.text import NO_BREAK
    >>> kernel = Tensor("kernel", (Axis("features", 16), 4 * Axis("units", 64)))
    >>> bias = Tensor("bias", (4 * Axis("units", 64),))
    >>> for text in formula([kernel, bias, kernel, bias], Page()):
    ...     print(text.replace(NO_BREAK, " "))
    2 · 4 · (features·units + units)
    2 · 4 · (16·64 + 64)
    """
    return _written(weights, page, lambda axis: axis.name), _written(weights, page, _number)


def _number(axis: Axis) -> str:
    return "?" if axis.is_unknown else str(axis.length // axis.factor)


def _written(weights: Sequence[Tensor], page: Page, written: Callable[[Axis], str]) -> str:
    """`2 · 4 · (16·64 + 64)`"""
    sums = []
    for factor, group in groupby(weights, lambda each: prod(axis.factor for axis in each.axes)):
        products = [page.times.join(map(written, weight.axes)) or "1" for weight in group]
        own = next(n for n in count(1) if products[:n] * (len(products) // n) == products)
        factors = [times for times in (len(products) // own, factor) if times > 1]
        inside = " + ".join(products[:own])
        inside = f"({inside})" if factors and own > 1 else inside
        sums.append(whole(f" {page.times} ".join([*map(str, factors), inside])))
    return " + ".join(sums)
