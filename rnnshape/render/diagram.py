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
PARTS = {"": "   ", "forward": "fwd", "backward": "bwd"}
SHORT = {Cell.LSTM: "LSTM", Cell.GRU: "GRU", Cell.SIMPLERNN: "RNN"}
MERGING = {MergeMode.SUM: "fwd + bwd", MergeMode.MUL: "fwd * bwd", MergeMode.AVE: "mean of 2"}
PLAIN = str.maketrans("┌┐└┘├┤┬┴┼─│▲▶◀·⋮", "+++++++++-|^><.:")
STACK_AT_MOST = 4  # layers drawn; of a higher stack, the first and the last


@dataclass(frozen=True, slots=True)
class Slot:
    """A timestep that is drawn, and the column at which it begins."""

    timestep: int
    x: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything stands: the slots from left to right, and the rows from the top."""

    layer: Layer
    slots: tuple[Slot, ...]

    @property
    def both(self) -> bool:
        return len(self.layer.directions) == 2

    @property
    def joins(self) -> bool:
        """Whether lines from either end of the sequence meet in one output."""
        return self.both and not self.layer.return_sequences and len(self.slots) > 1

    @property
    def output(self) -> int:
        return 1

    @property
    def forward(self) -> int:
        return self.output + (5 if self.joins else 3)

    @property
    def backward(self) -> int:
        return self.forward + 3

    @property
    def input(self) -> int:
        return self.backward + (4 if self.both else 0)

    @property
    def width(self) -> int:
        return self.slots[-1].x + SLOT + RIGHT

    def ends(self, slot: Slot, way: int) -> bool:
        """Whether this is the timestep at which a direction ends."""
        return slot is self.slots[self.layer.directions[way].index]


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
        plan = Plan(layer, _slots(layer.input.axes[1].size, page.width))
        if plan.width > page.width:
            yield Lines((Text(f"(the diagram needs {plan.width} columns)", style=QUIET),))
        else:
            yield Picture(_unrolled(plan, page))
            notes = tuple(_notes(layer))
            yield from [Lines(notes)] if notes else []
        if layer.number > 1 and len(drawn) < height:
            yield Lines((Text(f"{page.pick('⋮', ':')} {height - 2} more layers", style=QUIET),))


def _unrolled(plan: Plan, page: Page) -> Text:
    canvas = Canvas()
    _inputs(canvas, plan)
    if plan.both:
        _cells(canvas, plan, plan.backward, BACKWARD)
    if plan.joins:
        _joined(canvas, plan)
    else:
        for slot in plan.slots if plan.layer.return_sequences else plan.slots[-1:]:
            _output(canvas, plan, slot.x, slot)
            if plan.both:
                canvas.up(slot.x + BACKWARD, plan.backward - 1, plan.output + 2)
    _cells(canvas, plan, plan.forward, FORWARD)
    _labels(canvas, plan)
    return canvas.text(page)


def _slots(timesteps: int, width: int) -> tuple[Slot, ...]:
    """All timesteps where there is room for them, else the first ones and the last."""
    room = max(0, width - LEFT - SLOT - RIGHT)
    if (timesteps - 1) * PITCH <= room:
        return tuple(Slot(t, LEFT + t * PITCH) for t in range(timesteps))
    first = 1 + max(0, (room - SLOT - ELLIPSIS) // PITCH)
    begin = [Slot(t, LEFT + t * PITCH) for t in range(min(first, timesteps - 1))]
    return (*begin, Slot(timesteps - 1, begin[-1].x + SLOT + ELLIPSIS))


def _inputs(canvas: Canvas, plan: Plan) -> None:
    """A line from below into every cell, which forks where there are two."""
    for slot in plan.slots:
        label, centre = f"t = {slot.timestep}", slot.x + FORWARD
        if plan.both:
            centre = slot.x + (FORWARD + BACKWARD) // 2
            canvas.put(slot.x + FORWARD, plan.input - 1, "└──┬──┘")
            canvas.up(slot.x + FORWARD, plan.input - 2, plan.forward + 2)
        canvas.put(centre - len(label) // 2, plan.input, label, QUIET)


def _cells(canvas: Canvas, plan: Plan, y: int, at: int) -> None:
    """A row of cells, and the arrows that carry the state from one to the next, and out."""
    name, ahead = SHORT[plan.layer.cell], at == FORWARD
    width = len(name) + 2
    starts = [slot.x if ahead else slot.x + SLOT - width for slot in plan.slots]
    for slot, start in zip(plan.slots, starts, strict=True):
        canvas.box(start, y, name, SHAPE)
        canvas.put(slot.x + at, y + 2, "▲")
    for (one, left), (two, right) in pairwise(zip(plan.slots, starts, strict=True)):
        canvas.across(left + width, right, y + 1)
        canvas.put(right - 1 if ahead else left + width, y + 1, "▶" if ahead else "◀")
        if two.timestep - one.timestep > 1:
            canvas.put(one.x + SLOT + 2, y + 1, "···")
    if not plan.layer.return_state:
        return
    names = ", ".join(state.name for state in plan.layer.states[0 if ahead else 1])
    if ahead:
        end = plan.slots[-1].x + SLOT
        canvas.across(starts[-1] + width, end, y + 1)
        canvas.put(end, y + 1, "▶")
        canvas.put(end + 2, y + 1, names, NAME)
    else:
        canvas.put(0, y + 1, names, NAME)
        canvas.put(len(names) + 1, y + 1, "◀")
        canvas.across(len(names) + 2, starts[0], y + 1)


def _output(canvas: Canvas, plan: Plan, x: int, slot: Slot | None) -> None:
    """A box for what comes out at one slot, or at all slots' ends, and the arrows into it."""
    y = plan.output
    match plan.layer.merge_mode:
        case None:
            canvas.box(x, y, *_part(plan, 0, slot))
        case MergeMode.NONE:
            canvas.box(x, y, *_part(plan, 0, slot))
            canvas.box(x + 6, y, *_part(plan, 1, slot))
        case MergeMode.CONCAT:
            canvas.box(x, y, " " * 9)
            canvas.put(x + 1, y + 1, *_part(plan, 0, slot))
            canvas.put(x + 7, y + 1, *_part(plan, 1, slot))
            for row, wall in enumerate("┬│┴"):
                canvas.put(x + 5, y + row, wall)
        case merge_mode:
            canvas.box(x, y, MERGING[merge_mode])
    for at in (FORWARD, BACKWARD) if plan.both else (FORWARD,):
        canvas.put(x + at, y + 2, "▲")


def _part(plan: Plan, way: int, slot: Slot | None) -> tuple[str, str]:
    """What a direction contributes to an output: marked where it is the same as its state."""
    if plan.layer.return_state and (slot is None or plan.ends(slot, way)):
        return f"={plan.layer.states[way][0].name}".ljust(3), NAME
    return PARTS[plan.layer.directions[way].word], ""


def _joined(canvas: Canvas, plan: Plan) -> None:
    """The last outputs of both directions, from either end of the sequence, in one output."""
    first, last, y = plan.slots[0].x + BACKWARD, plan.slots[-1].x + FORWARD, plan.output
    x = (plan.slots[0].x + plan.slots[-1].x) // 2
    _output(canvas, plan, x, None)
    canvas.put(x + FORWARD, y + 3, "└")
    canvas.across(x + FORWARD + 1, last, y + 3)
    canvas.put(last, y + 3, "┐")
    canvas.up(last, plan.forward - 1, y + 3)
    canvas.put(first, y + 4, "┌")
    canvas.across(first + 1, x + BACKWARD, y + 4)
    canvas.put(x + BACKWARD, y + 4, "┘")
    canvas.up(x + BACKWARD, y + 3, y + 2)
    canvas.up(first, plan.backward - 1, y + 4)


def _labels(canvas: Canvas, plan: Plan) -> None:
    """Names and shapes: of what comes out on top, of the input below; and the rows' directions."""
    x = 0
    for tensor in plan.layer.results:
        canvas.put(x, 0, tensor.name, NAME)
        canvas.put(x + len(tensor.name) + 1, 0, str(tensor.shape), SHAPE)
        x += len(f"{tensor.name} {tensor.shape}   ")
    canvas.put(0, plan.input, plan.layer.input.name, NAME)
    canvas.put(0, plan.input + 1, str(plan.layer.input.shape), SHAPE)
    for y, way in zip((plan.forward, plan.backward), plan.layer.directions, strict=False):
        canvas.put(0, y, way.word, QUIET)


def _notes(layer: Layer) -> Iterator[Text]:
    """The shape of the states that leave at the sides, and what the words in the boxes mean."""
    if layer.return_state:
        states = [state for way in layer.states for state in way]
        names = ", ".join(state.name for state in states)
        yield Text.assemble((names, NAME), " ", (str(states[0].shape), SHAPE))
    if layer.merge_mode is MergeMode.CONCAT:
        yield Text("fwd is o[..., :U] and bwd o[..., U:], where U is units", style=QUIET)
    if layer.relations and layer.merge_mode not in MERGING:
        claims = ", ".join(relation.claim for relation in layer.relations)
        yield Text(f"= marks what is equal: {claims}", style=QUIET)
