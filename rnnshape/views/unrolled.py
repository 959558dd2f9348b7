"""A recurrent layer, unrolled over time. Data flows downwards, as in the table:
the timesteps of the input above, the cells in rows, what comes out below.

Every timestep is a slot of fixed width. Where there are two directions, the lines of the first
fall through the slot's left half and those of the second through its right half, so that no line
ever runs through a box:

      t = 0
     ┌──┴──┐
   ┌─▼──┐  │
   │LSTM│──┼──▶    the first direction, to the next timestep
   └─┬──┘  │
     │  ┌──▼─┐
   ◀─┼──│LSTM│     the second, to the one before
     │  └──┬─┘
   ┌─▼──┬──▼─┐
   │ :U │ U: │     the output of this timestep, a half from each
   └────┴────┘
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, islice, pairwise

from rnnshape.layer import Layer
from rnnshape.rules.facts import Recurrence, flat
from rnnshape.views.text import Style, Text

LEAST_LEFT, ARROW = 9, 3  # columns for a row's label; for an arrow and a blank beside a name
SPACE, ELLIPSIS = 2, 7  # columns between slots, and where some are left out
FIRST = 2  # where the lines of the first direction fall within a slot
PLAIN = str.maketrans("┌┐└┘├┤┬┴┼─│▲▼▶◀·⋮…", "+++++++++-|^v><.:.")
BLANK = (" ", Style.PLAIN)
MERGED = {"sum": "sum", "mul": "product", "ave": "mean"}


@dataclass(frozen=True, slots=True)
class Slot:
    """A timestep that is drawn, and the column at which it begins."""

    timestep: int
    x: int


@dataclass(frozen=True, slots=True)
class CellRow:
    """One cell at every timestep: of stacked cells each has a row.

    Attributes:
        direction: the number of the pass that it belongs to.
        left, right: the names of the states at either end: those that it begins with, where the
            network gives it any, and those that it returns.
    """

    name: str
    direction: int
    starts_last: bool
    left: str
    right: str


class Plan:
    """Where everything stands: the slots from left to right, and the rows from the top."""

    def __init__(
        self, layer: Layer, recurrence: Recurrence, given: Sequence[str], width: int
    ) -> None:
        self.layer, self.recurrence = layer, recurrence
        states = [state for one_pass in recurrence.passes for state in flat(one_pass.states)]
        self.outputs = tuple(tensor for tensor in layer.outputs if tensor.role == "output")
        returned = layer.outputs[len(self.outputs) :]
        # Code may have its own names for the states that it takes.
        self.names = {state.name: part.name for state, part in zip(states, returned, strict=False)}
        self.rows = tuple(_cell_rows(recurrence, self.names, given))
        self.both = len(recurrence.passes) == 2
        self.cell_width = max(len(row.name) for row in self.rows) + 2
        self.second = self.cell_width + 2 if self.both else FIRST
        self.slot_width = self.second + 3 if self.both else max(self.cell_width, 10)
        widest = max(len(row.left) + ARROW if row.left else 0 for row in self.rows)
        self.left = max(LEAST_LEFT, widest, len(self.label) + 2)
        self.right = max(len(row.right) + 2 if row.right else 0 for row in self.rows)
        self.slots = self._slots(width)

    @property
    def joins(self) -> bool:
        """Whether lines from either end of the sequence meet in one output."""
        merges = self.both and self.recurrence.merge is not None
        return merges and not self.recurrence.returns_sequences and len(self.slots) > 1

    @property
    def first_row(self) -> int:
        return 2 if self.both else 1

    @property
    def output(self) -> int:
        """The row at which the outputs begin."""
        return self.first_row + 3 * len(self.rows) + (2 if self.joins else 0)

    @property
    def label(self) -> str:
        """What a row of outputs is called: a name, and of two directions an index."""
        if len(self.outputs) > 1 or not self.recurrence.returns_sequences:
            return ""
        indexed = self.both and not self.recurrence.passes[0].starts_last
        return f"{self.outputs[0].name}[:, t]" if indexed else self.outputs[0].name

    def column(self, direction: int) -> int:
        """Where the lines of a direction fall within a slot."""
        return FIRST if direction == 0 else self.second

    def end(self, direction: int) -> Slot:
        """The timestep at which a direction ends."""
        return self.slots[0 if self.recurrence.passes[direction].starts_last else -1]

    def ends(self, direction: int) -> tuple[Slot, ...]:
        """The timesteps at which a direction gives an output: all of them, or its last."""
        return self.slots if self.recurrence.returns_sequences else (self.end(direction),)

    def _slots(self, width: int) -> tuple[Slot, ...]:
        """All timesteps where there is room for them, else the first ones and the last."""
        timesteps, pitch = self.recurrence.timesteps, self.slot_width + SPACE
        room = max(0, width - self.left - self.slot_width - self.right)
        if (timesteps - 1) * pitch <= room:
            return tuple(Slot(t, self.left + t * pitch) for t in range(timesteps))
        first = 1 + max(0, (room - self.slot_width - ELLIPSIS) // pitch)
        begin = [Slot(t, self.left + t * pitch) for t in range(min(first, timesteps - 1))]
        return (*begin, Slot(timesteps - 1, begin[-1].x + self.slot_width + ELLIPSIS))

    @cached_property
    def marks(self) -> dict[int, str]:
        """Of each direction, the state that its last output is equal to, if that is claimed."""
        relations = self.layer.facts.relations if self.layer.facts else ()
        said = {word for relation in relations for word in re.findall(r"\w+", relation.right)}
        names = [self.names.get(one_pass.hidden.name, "") for one_pass in self.recurrence.passes]
        return {number: f"= {name}" for number, name in enumerate(names) if name in said}


def _cell_rows(
    recurrence: Recurrence, returned: Mapping[str, str], given: Sequence[str]
) -> Iterator[CellRow]:
    initial = iter(given)
    for direction, one_pass in enumerate(recurrence.passes):
        nested = one_pass.states if len(one_pass.cells) > 1 else (one_pass.states,)
        for name, part in zip(one_pass.cells, nested, strict=True):  # on top of each other
            states = [*flat(part)]
            begins = [*islice(initial, len(states))]
            ends = [returned[state.name] for state in states if state.name in returned]
            left, right = (ends, begins) if one_pass.starts_last else (begins, ends)
            yield CellRow(name, direction, one_pass.starts_last, ", ".join(left), ", ".join(right))


def unrolled(plan: Plan) -> Canvas:
    """The drawing of a layer."""
    canvas = Canvas()
    _draw_inputs(canvas, plan)
    for number, row in enumerate(plan.rows):
        _draw_cells(canvas, plan, row, plan.first_row + 3 * number)
    _draw_lines(canvas, plan)
    if plan.joins:
        _draw_joined(canvas, plan)
    else:
        _draw_outputs(canvas, plan)
    return canvas


def _draw_inputs(canvas: Canvas, plan: Plan) -> None:
    """The timesteps, and a fork where two directions read them."""
    middle = (FIRST + plan.second) // 2
    for slot in plan.slots:
        label = f"t = {slot.timestep}"
        centre = slot.x + middle
        canvas.put(max(slot.x, centre - len(label) // 2), 0, label, Style.QUIET)
        if plan.both:
            canvas.put(slot.x + FIRST, 1, "┌" + "─" * (plan.second - FIRST - 1) + "┐")
            canvas.put(centre, 1, "┴")


def _draw_cells(canvas: Canvas, plan: Plan, row: CellRow, y: int) -> None:
    """A row of cells, and the arrows that carry the states from one to the next, and out."""
    width = plan.cell_width
    indent = 0 if row.direction == 0 else plan.slot_width - width
    for slot in plan.slots:
        canvas.box(slot.x + indent, y, width, row.name, Style.SHAPE)
        canvas.put(slot.x + plan.column(row.direction), y, "▼")
        canvas.put(slot.x + plan.column(row.direction), y + 2, "┬")
    y += 1

    def arrow(start: int, end: int) -> None:
        canvas.across(start, end, y)
        canvas.put(start if row.starts_last else end - 1, y, "◀" if row.starts_last else "▶")

    for slot, following in pairwise(plan.slots):
        arrow(slot.x + indent + width, following.x + indent)
        if following.timestep - slot.timestep > 1:
            canvas.put(slot.x + plan.slot_width + 2, y, "···")
    first, last = plan.slots[0].x + indent, plan.slots[-1].x + indent + width
    edge = plan.slots[-1].x + plan.slot_width
    if row.left:
        canvas.put(0, y, row.left, Style.NAME)
        arrow(len(row.left) + 1, first)
    if row.right:
        arrow(last, edge + 1)
        canvas.put(edge + 2, y, row.right, Style.NAME)


def _draw_lines(canvas: Canvas, plan: Plan) -> None:
    """Lines from the inputs past the other direction's cells, and from the cells to the outputs."""
    for direction, one_pass in enumerate(plan.recurrence.passes):
        rows = [number for number, row in enumerate(plan.rows) if row.direction == direction]
        begin = plan.first_row + 3 * rows[0]
        end = plan.first_row + 3 * (rows[-1] + 1)
        bottom = plan.first_row + 3 * len(plan.rows)
        word = one_pass.direction or "backward" * one_pass.starts_last
        canvas.put(0, begin, word, Style.QUIET)
        for slot in plan.slots:
            x = slot.x + plan.column(direction)
            canvas.down(x, plan.first_row, begin)
            if slot in plan.ends(direction):
                canvas.down(x, end, bottom)
            else:
                canvas.put(x, end - 1, "─")


def _draw_outputs(canvas: Canvas, plan: Plan) -> None:
    """A box for what comes out of every timestep, or where each direction ends; under it, the
    state that it is equal to."""
    canvas.put(0, plan.output + 1, plan.label, Style.NAME)
    for direction in range(len(plan.recurrence.passes)):
        for slot in plan.ends(direction):
            if plan.recurrence.merge is None:
                _draw_output(canvas, plan, slot, direction)
            else:
                _draw_merged(canvas, plan, slot.x)
        if equal := plan.marks.get(direction):
            x = plan.end(direction).x
            start = x if direction == 0 else x + plan.slot_width - len(equal)
            canvas.put(start, plan.output + 3, equal, Style.NAME)


def _draw_output(canvas: Canvas, plan: Plan, slot: Slot, direction: int) -> None:
    """What one direction gives at a timestep, with the arrow into it."""
    name = plan.outputs[direction].name
    if plan.both:
        name = name if len(name) <= 2 else f"o{direction + 1}"
        x, width = slot.x + (0 if direction == 0 else plan.slot_width - 4), 4
    else:
        name = f"[:, {_index(plan, slot)}]" if plan.recurrence.returns_sequences else name
        x, width = slot.x, max(plan.cell_width, len(name) + 2)
    canvas.box(x, plan.output, width, name)
    canvas.put(slot.x + plan.column(direction), plan.output, "▼")


def _index(plan: Plan, slot: Slot) -> int:
    """Where the output of a timestep stands: in the order in which the cells made them."""
    if plan.recurrence.passes[0].starts_last:
        return 0 if slot.timestep == plan.recurrence.timesteps - 1 > 0 else -1 - slot.timestep
    return -1 if slot.timestep == plan.recurrence.timesteps - 1 else slot.timestep


def _draw_merged(canvas: Canvas, plan: Plan, x: int) -> None:
    """The output that two directions make, with the arrows into it."""
    y, merge = plan.output, plan.recurrence.merge
    canvas.box(x, y, plan.slot_width, MERGED.get(merge or "", ""))
    if merge == "concat":
        wall = (plan.slot_width - 1) // 2
        canvas.put(x + 1, y + 1, ":U".center(wall - 1))
        canvas.put(x + wall + 1, y + 1, "U:".center(plan.slot_width - wall - 2))
        for row, part in enumerate("┬│┴"):
            canvas.put(x + wall, y + row, part)
    for direction in (0, 1):
        canvas.put(x + plan.column(direction), y, "▼")


def _draw_joined(canvas: Canvas, plan: Plan) -> None:
    """The last outputs of both directions, from either end of the sequence, in one output."""
    first, last, y = plan.slots[0].x, plan.slots[-1].x, plan.output
    x = (first + last) // 2
    _draw_merged(canvas, plan, x)
    name = plan.outputs[0].name
    fits = len(name) < x
    canvas.put(x - len(name) - 1 if fits else x + plan.slot_width + 1, y + 1, name, Style.NAME)
    # Whatever ends at the left is led to the box above what ends at the right.
    ends = [first if one_pass.starts_last else last for one_pass in plan.recurrence.passes]
    order = sorted((0, 1), key=lambda direction: ends[direction])
    for level, direction in enumerate(order):
        source = ends[direction] + plan.column(direction)
        target = x + plan.column(direction)
        row = y - 2 + level
        canvas.down(source, y - 2, row)
        canvas.down(target, row + 1, y)
        canvas.across(min(source, target) + 1, max(source, target), row)
        canvas.put(source, row, "└" if source < target else "┘")
        canvas.put(target, row, "┐" if source < target else "┌")
    relations = plan.layer.facts.relations if plan.layer.facts else ()
    if relations:
        canvas.put(x, y + 3, f"= {relations[0].right}", Style.NAME)


class Canvas:
    """Characters and their styles at (column, row), as sparse as the drawing."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], tuple[str, Style]] = {}

    @property
    def width(self) -> int:
        return max((x + 1 for x, _ in self._cells), default=0)

    def put(self, x: int, y: int, text: str, style: Style = Style.PLAIN) -> None:
        for offset, character in enumerate(text):
            self._cells[x + offset, y] = (character, style)

    def across(self, x: int, end: int, y: int) -> None:
        """A line from `x` up to but without `end`; it crosses lines that stand in its way."""
        for column in range(x, end):
            crossed = self._cells.get((column, y), BLANK)[0] in "│┼"
            self.put(column, y, "┼" if crossed else "─")

    def down(self, x: int, y: int, end: int) -> None:
        """A line from row `y` down to but without row `end`; it crosses lines in its way."""
        for row in range(y, end):
            crossed = self._cells.get((x, row), BLANK)[0] in "─┼"
            self.put(x, row, "┼" if crossed else "│")

    def box(self, x: int, y: int, width: int, text: str, style: Style = Style.PLAIN) -> None:
        """A box that is `width` wide with its walls, with a text in its middle."""
        inside = width - 2
        self.put(x, y, f"┌{'─' * inside}┐")
        self.put(x, y + 1, "│")
        self.put(x + 1, y + 1, text.center(inside), style)
        self.put(x + width - 1, y + 1, "│")
        self.put(x, y + 2, f"└{'─' * inside}┘")

    def text(self, *, unicode: bool) -> Text:
        """The drawing, in ASCII if it must be."""
        ends: dict[int, int] = {}
        for x, y in self._cells:
            ends[y] = max(x + 1, ends.get(y, 0))
        letters = {} if unicode else PLAIN
        lines = []
        for y in range(max(ends, default=-1) + 1):
            row = [self._cells.get((x, y), BLANK) for x in range(ends.get(y, 0))]
            pieces = (
                ("".join(character for character, _ in run).translate(letters), style)
                for style, run in groupby(row, key=lambda cell: cell[1])
            )
            lines.append(Text.assemble(*pieces))
        return Text("\n").join(lines)
