"""`--diagram`: every recurrent layer, unrolled over time; the others in a line.

A column is a timestep, and a row a cell; arrows lead to the next timestep, or to the one before.
Under them stands what comes out of each timestep:

              t = 0     t = 1
    forward   LSTM ──▶  LSTM
    backward  LSTM ◀──  LSTM
    o[:, t]   :U U:     :U U:    a half from each direction
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rnnshape.layer import Layer
from rnnshape.network import refs_in
from rnnshape.report import Report
from rnnshape.rules.facts import Recurrence, Tensor, flat
from rnnshape.views.blocks import Block, Grid, Lines, Row
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, whole

LEGEND = "inputs above, outputs below; time runs from left to right"
PARTS = {"concat": (":U", "U:"), "sum": ("sum",) * 2, "mul": ("product",) * 2, "ave": ("mean",) * 2}
NARROWEST = 5  # columns that a timestep takes: "t = 0"


def blocks(report: Report, page: Page) -> Iterator[Block]:
    """Each layer of a report, the first on top: drawn, or in a line where it has no timesteps."""
    is_any_drawn = False
    for has_time, layers in groupby(report.layers, key=_has_timesteps):
        if has_time:
            for layer in layers:
                drawn = list(_drawn(report, layer, page))
                is_any_drawn |= any(isinstance(block, Grid) for block in drawn)
                yield from drawn
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
    if len(report.layers) > 1:
        yield Lines((_title(layer, Style.TITLE),), indent=2)
    names, last = _initial_states(report, layer), recurrence.timesteps - 1
    for first in range(min(last, page.width // NARROWEST), min(1, last) - 1, -1):
        grid = _unrolled(layer, recurrence, names, [*range(first), last], page)
        if grid.width <= page.width:
            break
    else:
        yield _quiet(f"(the diagram needs {grid.width} columns)")
        return
    [given, *_] = layer.inputs
    if given:
        yield Lines((_with_shape([given.name], given.sizes, page),))
    yield grid
    notes = [_results(report, layer, page)]
    if recurrence.merge == "concat":
        notes.append(styled((f"where U is {recurrence.units.name}", Style.QUIET)))
    yield Lines(tuple(notes))


def _unrolled(
    layer: Layer, recurrence: Recurrence, given: Sequence[str], shown: Sequence[int], page: Page
) -> Grid:
    """A column for each timestep that is shown, and for the names of the states at either end."""
    states = [state for one_pass in recurrence.passes for state in flat(one_pass.states)]
    outputs = [tensor for tensor in layer.outputs if tensor.role == "output"]
    # Code may have its own names for the states that it takes.
    returned = zip(states, layer.outputs[len(outputs) :], strict=False)
    names = {state.name: part.name for state, part in returned}
    rows = [*_rows_of_cells(recurrence, names, given, len(shown), page)]
    rows += _rows_of_outputs(layer, recurrence, names, outputs, shown)
    heads = ["", "", *(f"t = {timestep}" for timestep in shown), ""]
    if len(shown) < recurrence.timesteps:
        heads.insert(-2, page.pick("···", "..."))
        rows = [(*row[:-2], Text(), *row[-2:]) for row in rows]
    used = [n for n, head in enumerate(heads) if head or any(row[n] for row in rows)]
    cells = tuple(tuple(row[n] for n in used) for row in rows)
    return Grid(tuple(heads[n] for n in used), cells, right=(used.index(1),) if 1 in used else ())


def _rows_of_cells(
    recurrence: Recurrence,
    returned: Mapping[str, str],
    given: Sequence[str],
    timesteps: int,
    page: Page,
) -> Iterator[Row]:
    """Of stacked cells each has a row. At its ends stand the states that it begins with, where the
    network gives it any, and those that it returns."""
    initial = list(given)
    for one_pass in recurrence.passes:
        arrow = page.pick(" ◀──", " <--") if one_pass.starts_last else page.pick(" ──▶", " -->")
        label = one_pass.direction or "backward" * one_pass.starts_last
        states = one_pass.states if len(one_pass.cells) > 1 else (one_pass.states,)
        for name, nest in zip(one_pass.cells, states, strict=True):
            own = [*flat(nest)]
            begins, initial = ", ".join(initial[: len(own)]), initial[len(own) :]
            ends = ", ".join(returned[state.name] for state in own if state.name in returned)
            left, right = (ends, begins) if one_pass.starts_last else (begins, ends)
            yield (
                styled((label, Style.QUIET)),
                styled((left, Style.NAME), arrow) if left else Text(),
                *[styled((name, Style.SHAPE), arrow)] * (timesteps - 1),
                styled((name, Style.SHAPE), arrow if right else ""),
                styled((right, Style.NAME)),
            )
            label = ""


def _rows_of_outputs(
    layer: Layer,
    recurrence: Recurrence,
    names: Mapping[str, str],
    outputs: Sequence[Tensor],
    shown: Sequence[int],
) -> Iterator[Row]:
    """Of each output, what comes from each timestep; and where a pass ends, the state that this is
    equal to, if that is claimed."""
    passes, merge, timesteps, sequences = recurrence
    relations = layer.facts.relations if layer.facts else ()
    said = {word for relation in relations for word in re.findall(r"\w+", relation.right)}
    ends = [0 if one_pass.starts_last else timesteps - 1 for one_pass in passes]
    for number, output in enumerate(outputs):
        cells = []
        for timestep in shown:
            parts, equal = dict[str, None](), ""
            for direction in range(len(passes)) if merge else [number]:
                is_end = timestep == ends[direction]
                if not (sequences or is_end):
                    continue
                half = PARTS[merge][direction] if merge else ""
                index = f"[:, {_index(recurrence, timestep)}]"
                parts[half or (index if sequences else output.name)] = None
                state = names.get(passes[direction].hidden.name)
                if is_end and state in said and merge in (None, "concat"):
                    equal += f"\n{f'{half} = {state}'.strip()}"
            cells.append(styled(" ".join(parts), (equal, Style.NAME)))
        is_in_order = merge and sequences and not passes[0].starts_last
        label = f"{output.name}[:, t]" if is_in_order else output.name
        shows_label = merge or sequences  # else it is in the cell
        yield styled((label if shows_label else "", Style.NAME)), Text(), *cells, Text()


def _index(recurrence: Recurrence, timestep: int) -> int:
    """Where the output of a timestep stands: in the order in which the cells made them."""
    last = recurrence.timesteps - 1
    if recurrence.passes[0].starts_last:
        return 0 if timestep == last > 0 else -1 - timestep
    return -1 if timestep == last else timestep


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
