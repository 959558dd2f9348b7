"""`--diagram`: every recurrent layer, unrolled over time; the others in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rnnshape.layer import Layer
from rnnshape.network import refs_in
from rnnshape.report import Report
from rnnshape.views.blocks import Block, Lines, Picture
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, whole
from rnnshape.views.unrolled import Plan, unrolled

LEGEND = "inputs above, outputs below; time runs from left to right"


def blocks(report: Report, page: Page) -> Iterator[Block]:
    """Each layer of a report, the first on top: drawn, or in a line where it has no timesteps."""
    is_any_drawn = False
    for has_time, layers in groupby(report.layers, key=_has_timesteps):
        if has_time:
            for layer in layers:
                picture = list(_drawn(report, layer, page))
                is_any_drawn |= any(isinstance(line, Picture) for line in picture)
                yield from picture
        else:
            titles = [
                (_title(layer, Style.PLAIN), _results(report, layer, page)) for layer in layers
            ]
            yield Lines(tuple(Text("  ").join(title) for title in titles), indent=2)
    if is_any_drawn:
        yield _quiet(LEGEND)


def _has_timesteps(layer: Layer) -> bool:
    recurrence = layer.facts.recurrence if layer.facts else None
    return bool(recurrence and recurrence.timesteps)


def _quiet(words: str) -> Lines:
    return Lines((styled((words, Style.QUIET)),))


def _title(layer: Layer, style: Style) -> Text:
    return styled((f"layer {layer.number}: ", Style.QUIET), (str(layer.call), style))


def _drawn(report: Report, layer: Layer, page: Page) -> Iterator[Block]:
    recurrence = layer.facts.recurrence if layer.facts else None
    assert recurrence is not None
    plan = Plan(layer, recurrence, _initial_states(report, layer), page.width)
    drawing = unrolled(plan)
    if len(report.layers) > 1:
        yield Lines((_title(layer, Style.TITLE),), indent=2)
    if drawing.width > page.width:
        yield _quiet(f"(the diagram needs {drawing.width} columns)")
        return
    [given, *_] = layer.inputs
    above = _with_shape([given.name], given.sizes, page) if given else Text()
    picture = Text("\n").join([above, drawing.text(unicode=page.unicode)])
    yield Picture(picture, f"{layer.call}, unrolled over time")
    notes = [_results(report, layer, page)]
    if recurrence.merge == "concat":
        notes.append(styled((f"where U is {recurrence.units.name}", Style.QUIET)))
    yield Lines(tuple(notes))


def _results(report: Report, layer: Layer, page: Page) -> Text:
    """What comes out, with shapes: `o (2, 5, 6)   h1, c1, h2, c2 (2, 3)`."""
    names: dict[Sequence[int | None] | None, list[str]] = {}
    for output in report.outputs_of(layer):
        names.setdefault(output.shape, []).append(output.name)
    return Text("   ").join([_with_shape(group, shape, page) for shape, group in names.items()])


def _with_shape(names: Sequence[str], shape: Sequence[int | None] | None, page: Page) -> Text:
    return styled((", ".join(names), Style.NAME), whole(" "), (page.shape(shape), Style.SHAPE))


def _initial_states(report: Report, layer: Layer) -> list[str]:
    """The names of the states that a layer begins with, where the network gives it any."""
    named = (value for name, value in layer.step.keywords if name == "initial_state")
    tensors = map(report.description.tensor, refs_in((*layer.step.arguments[1:], *named)))
    return [tensor.name if tensor else "?" for tensor in tensors]
