"""`--diagram`: a layer unrolled over time. Inputs below, cells in rows, what comes out on top.

Every timestep is a slot of fixed width; forward lines rise through its left half and backward ones
through its right half, so that no line ever runs through a box:

    ┌────┬────┐
    │ fwd│ bwd│     o at this timestep
    └─▲──┴──▲─┘
    ┌─┴──┐  │
    │LSTM│──┼──▶    forward, to the next timestep
    └─▲──┘  │
      │  ┌──┴─┐
    ◀─┼──│LSTM│     backward, to the one before
      │  └──▲─┘
      └──┬──┘
       t = 0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text

from rnnshape.render.blocks import Block, Lines, Picture
from rnnshape.render.page import NAME, QUIET, SHAPE, TITLE, Page
from rnnshape.report import Report
from rnnshape.rules import Layer
from rnnshape.spec import Cell, MergeMode

__all__ = ["diagram"]

LEFT, SLOT, PITCH, RIGHT = 9, 11, 13, 8
ELLIPSIS = 7  # columns between the slots on either side of it
FORWARD, BACKWARD = 2, 8  # where the lines rise within a slot
SHORT = {Cell.LSTM: "LSTM", Cell.GRU: "GRU", Cell.SIMPLERNN: "RNN"}
MERGING = {MergeMode.SUM: "fwd + bwd", MergeMode.MUL: "fwd * bwd", MergeMode.AVE: "mean of 2"}
PLAIN = str.maketrans("┌┐└┘├┤┬┴┼─│▲▶◀·⋮", "+++++++++-|^><.:")
STACK_AT_MOST = 4  # layers drawn; of a higher stack, the first and the last


@dataclass(frozen=True, slots=True)
class Slot:
    """A timestep that is drawn, and the column at which it begins."""

    timestep: int
    x: int


class Canvas:
    """Characters and their styles at (column, row), as sparse as the drawing."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], tuple[str, str]] = {}

    def put(self, x: int, y: int, text: str, style: str = "") -> None:
        for offset, character in enumerate(text):
            self._cells[x + offset, y] = (character, style)

    def across(self, x: int, end: int, y: int, style: str = "") -> None:
        """A line from `x` up to but without `end`; it crosses lines that stand in its way."""
        for column in range(x, end):
            crossed = self._cells.get((column, y), (" ", ""))[0] == "│"
            self.put(column, y, "┼" if crossed else "─", style)

    def up(self, x: int, y: int, end: int, style: str = "") -> None:
        """A line from row `y` up to but without row `end`."""
        for row in range(y, end, -1):
            crossed = self._cells.get((x, row), (" ", ""))[0] == "─"
            self.put(x, row, "┼" if crossed else "│", style)

    def box(self, x: int, y: int, text: str, style: str = "") -> None:
        self.put(x, y, f"┌{'─' * len(text)}┐")
        self.put(x, y + 1, "│")
        self.put(x + 1, y + 1, text, style)
        self.put(x + 1 + len(text), y + 1, "│")
        self.put(x, y + 2, f"└{'─' * len(text)}┘")

    def text(self, page: Page) -> Text:
        result = Text()
        for y in range(max(row for _, row in self._cells) + 1):
            width = max((x for x, row in self._cells if row == y), default=-1) + 1
            for x in range(width):
                character, style = self._cells.get((x, y), (" ", ""))
                if not page.unicode:
                    character = character.translate(PLAIN)
                result.append(character, style)
            result.append("\n")
        result.rstrip()
        return result


def diagram(report: Report, page: Page) -> Iterator[Block]:
    """Each layer of a report, the last on top, as data flows upwards."""
    height = len(report.layers)
    drawn = report.layers if height <= STACK_AT_MOST else report.layers[:: height - 1]
    for layer in reversed(drawn):
        if height > 1:
            yield Lines((Text(f"layer {layer.number}: {layer.expression}", style=TITLE),))
        yield Picture(_unrolled(layer, page))
        notes = tuple(_notes(layer))
        if notes:
            yield Lines(notes)
        if layer.number > 1 and len(drawn) < height:
            yield Lines((Text(f"{page.pick('⋮', ':')} {height - 2} more layers", style=QUIET),))


def _unrolled(layer: Layer, page: Page) -> Text:
    slots = _slots(layer.input.axes[1].size, page.width)
    if slots[-1].x + SLOT + RIGHT > page.width:
        return Text(f"(the diagram needs {slots[-1].x + SLOT + RIGHT} columns)", style=QUIET)
    canvas, both = Canvas(), layer.merge_mode is not None
    # Rows, from the top: what comes out, the forward cells, the backward cells, the input.
    top = 1
    forward = top + (3 if layer.return_sequences or len(slots) == 1 or not both else 5)
    backward = forward + 3
    bottom = backward + (4 if both else 0)

    _inputs(canvas, layer, slots, forward, backward, bottom)
    if both:
        _cells(canvas, layer, slots, backward, BACKWARD)
    if layer.return_sequences or len(slots) == 1:
        for slot in slots:
            _output(canvas, layer, slots, slot, slot.x, top)
            _rise(canvas, layer, slot, forward, backward, top + 2)
    elif both:
        _joined(canvas, layer, slots, forward, backward, top)
    else:
        _output(canvas, layer, slots, slots[-1], slots[-1].x, top)
        _rise(canvas, layer, slots[-1], forward, backward, top + 2)
    _cells(canvas, layer, slots, forward, FORWARD)
    _labels(canvas, layer, backward, bottom)
    if both:
        canvas.put(0, forward, "forward", QUIET)
        canvas.put(0, backward, "backward", QUIET)
    return canvas.text(page)


def _slots(timesteps: int, width: int) -> list[Slot]:
    """All timesteps where they are few, else the first ones and the last."""
    if timesteps <= 3 and LEFT + timesteps * PITCH + RIGHT <= max(width, LEFT + 2 * PITCH):
        return [Slot(t, LEFT + t * PITCH) for t in range(timesteps)]
    first = 2 if width >= LEFT + PITCH + 2 * SLOT + ELLIPSIS + RIGHT else 1
    begin = [Slot(t, LEFT + t * PITCH) for t in range(first)]
    return [*begin, Slot(timesteps - 1, begin[-1].x + SLOT + ELLIPSIS)]


def _inputs(
    canvas: Canvas, layer: Layer, slots: list[Slot], forward: int, backward: int, bottom: int
) -> None:
    for slot in slots:
        label = f"t = {slot.timestep}"
        if layer.merge_mode is None:
            centre = slot.x + FORWARD
        else:
            centre = slot.x + (FORWARD + BACKWARD) // 2
            canvas.put(slot.x + FORWARD, bottom - 1, "└──┬──┘")
            canvas.up(slot.x + FORWARD, bottom - 2, forward + 2)
        canvas.put(max(0, centre - len(label) // 2), bottom, label, QUIET)


def _cells(canvas: Canvas, layer: Layer, slots: list[Slot], y: int, at: int) -> None:
    """A row of cells, and the arrows that carry the state from one to the next, and out."""
    name = SHORT[layer.cell]
    width = len(name) + 2
    ahead = at == FORWARD
    starts = [slot.x if ahead else slot.x + SLOT - width for slot in slots]
    for slot, start in zip(slots, starts, strict=True):
        canvas.box(start, y, name, SHAPE)
        canvas.put(slot.x + at, y + 2, "▲")
    for (one, left), (two, right) in pairwise(zip(slots, starts, strict=True)):
        canvas.across(left + width, right, y + 1)
        if ahead:
            canvas.put(right - 1, y + 1, "▶")
        else:
            canvas.put(left + width, y + 1, "◀")
        if two.timestep - one.timestep > 1:
            canvas.put(one.x + SLOT + 2, y + 1, "···")
    if layer.return_state:
        states = _states(layer, "1" if ahead else "2")
        if ahead:
            canvas.across(starts[-1] + width, slots[-1].x + SLOT, y + 1)
            canvas.put(slots[-1].x + SLOT, y + 1, "▶ ")
            canvas.put(slots[-1].x + SLOT + 2, y + 1, states, NAME)
        else:
            canvas.put(0, y + 1, states, NAME)
            canvas.put(len(states) + 1, y + 1, "◀")
            canvas.across(len(states) + 2, starts[0], y + 1)


def _rise(canvas: Canvas, layer: Layer, slot: Slot, forward: int, backward: int, end: int) -> None:
    """The arrows from a slot's cells into its output."""
    canvas.put(slot.x + FORWARD, end, "▲")
    if layer.merge_mode is not None:
        canvas.put(slot.x + BACKWARD, end, "▲")
        canvas.up(slot.x + BACKWARD, backward - 1, end)


def _output(canvas: Canvas, layer: Layer, slots: list[Slot], slot: Slot, x: int, y: int) -> None:
    """A box for what one timestep puts out, marked where it is the same as a returned state."""
    last, first = slot is slots[-1], slot is slots[0]
    match layer.merge_mode:
        case None:
            canvas.box(x, y, *_mark(layer, "", last, "   "))
        case MergeMode.NONE:
            canvas.box(x, y, *_mark(layer, "1", last, "fwd"))
            canvas.box(x + 6, y, *_mark(layer, "2", first, "bwd"))
        case MergeMode.CONCAT:
            canvas.box(x, y, " " * 9)
            canvas.put(x + 1, y + 1, *_mark(layer, "1", last, "fwd"))
            canvas.put(x + 7, y + 1, *_mark(layer, "2", first, "bwd"))
            for row, wall in enumerate("┬│┴"):
                canvas.put(x + 5, y + row, wall)
        case merge_mode:
            canvas.box(x, y, MERGING[merge_mode])


def _mark(layer: Layer, suffix: str, ends: bool, word: str) -> tuple[str, str]:
    return (f"=h{suffix}".ljust(3), NAME) if layer.return_state and ends else (word, "")


def _joined(
    canvas: Canvas, layer: Layer, slots: list[Slot], forward: int, backward: int, y: int
) -> None:
    """The last outputs of both directions, from either end of the sequence, in one output."""
    first, last = slots[0], slots[-1]
    x = (first.x + last.x) // 2
    ends = [Slot(0, x)]
    _output(canvas, layer, ends, ends[0], x, y)
    canvas.put(x + FORWARD, y + 2, "▲")
    canvas.put(x + BACKWARD, y + 2, "▲")
    canvas.put(x + FORWARD, y + 3, "└")
    canvas.across(x + FORWARD + 1, last.x + FORWARD, y + 3)
    canvas.put(last.x + FORWARD, y + 3, "┐")
    canvas.up(last.x + FORWARD, forward - 1, y + 3)
    canvas.put(first.x + BACKWARD, y + 4, "┌")
    canvas.across(first.x + BACKWARD + 1, x + BACKWARD, y + 4)
    canvas.put(x + BACKWARD, y + 4, "┘")
    canvas.up(x + BACKWARD, y + 3, y + 2)
    canvas.up(first.x + BACKWARD, backward - 1, y + 4)


def _states(layer: Layer, suffix: str) -> str:
    """The names of the states that one direction returns: `h1, c1`."""
    suffix = suffix if layer.merge_mode else ""
    states = [one.name for one in layer.outputs if one.name[0] in "hc"]
    return ", ".join(name for name in states if name[1:] == suffix)


def _labels(canvas: Canvas, layer: Layer, backward: int, bottom: int) -> None:
    """Names and shapes: of the outputs on top, of the states beside them, of the input below."""
    x = 0
    for tensor in layer.outputs[: 2 if layer.merge_mode is MergeMode.NONE else 1]:
        canvas.put(x, 0, tensor.name, NAME)
        canvas.put(x + len(tensor.name) + 1, 0, str(tensor.shape), SHAPE)
        x += len(f"{tensor.name} {tensor.shape}   ")
    canvas.put(0, bottom, layer.input.name, NAME)
    canvas.put(0, bottom + 1, str(layer.input.shape), SHAPE)


def _notes(layer: Layer) -> Iterator[Text]:
    """The shape of the states that leave at the sides, and what the marks in the boxes mean."""
    if not layer.return_state:
        return
    states = layer.outputs[2 if layer.merge_mode is MergeMode.NONE else 1 :]
    names = ", ".join(state.name for state in states)
    yield Text.assemble((names, NAME), " ", (str(states[0].shape), SHAPE))
    if layer.relations and layer.merge_mode not in MERGING:
        claims = ", ".join(relation.claim for relation in layer.relations)
        yield Text(f"= marks what is equal: {claims}", style=QUIET)
