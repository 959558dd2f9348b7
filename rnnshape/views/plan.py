"""Where everything of a drawing stands: the timesteps from left to right, the rows from above."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rnnshape.layer import Layer
from rnnshape.rules.facts import Pass, Tensor, Timeline, flat

LEAST_LEFT, ARROW = 9, 3  # columns for a row's label; for an arrow and a blank beside a name
SPACE, ELLIPSIS = 2, 7  # columns between slots, and where some are left out
FIRST = 2  # where the lines of the first direction fall within a slot


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

    def __init__(self, layer: Layer, timeline: Timeline, given: Sequence[str], width: int) -> None:
        self.layer, self.timeline = layer, timeline
        states = [state for one_pass in timeline.passes for state in flat(one_pass.states)]
        self.outputs = tuple(tensor for tensor in layer.outputs if tensor.role == "output")
        returned = layer.outputs[len(self.outputs) :]
        # Code may have its own names for the states that it takes.
        self.names = {state.name: part.name for state, part in zip(states, returned, strict=False)}
        self.rows = tuple(_cell_rows(timeline, self.names, given))
        self.both = len(timeline.passes) == 2
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
        merges = self.both and self.timeline.merge is not None
        return merges and not self.timeline.returns_sequences and len(self.slots) > 1

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
        if len(self.outputs) > 1 or not self.timeline.returns_sequences:
            return ""
        indexed = self.both and not self.timeline.passes[0].starts_last
        return f"{self.outputs[0].name}[:, t]" if indexed else self.outputs[0].name

    def column(self, direction: int) -> int:
        """Where the lines of a direction fall within a slot."""
        return FIRST if direction == 0 else self.second

    def end(self, direction: int) -> Slot:
        """The timestep at which a direction ends."""
        return self.slots[0 if self.timeline.passes[direction].starts_last else -1]

    def ends(self, direction: int) -> tuple[Slot, ...]:
        """The timesteps at which a direction gives an output: all of them, or its last."""
        return self.slots if self.timeline.returns_sequences else (self.end(direction),)

    def _slots(self, width: int) -> tuple[Slot, ...]:
        """All timesteps where there is room for them, else the first ones and the last."""
        timesteps, pitch = self.timeline.timesteps, self.slot_width + SPACE
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
        names = [self.names.get(one_pass.hidden.name, "") for one_pass in self.timeline.passes]
        return {number: f"= {name}" for number, name in enumerate(names) if name in said}


def _cell_rows(
    timeline: Timeline, returned: Mapping[str, str], given: Sequence[str]
) -> Iterator[CellRow]:
    initial = list(given)
    for direction, one_pass in enumerate(timeline.passes):
        for name, states in _cells(one_pass):
            begins, initial = initial[: len(states)], initial[len(states) :]
            ends = [returned[state.name] for state in states if state.name in returned]
            left, right = (ends, begins) if one_pass.starts_last else (begins, ends)
            yield CellRow(name, direction, one_pass.starts_last, ", ".join(left), ", ".join(right))


def _cells(one_pass: Pass) -> list[tuple[str, tuple[Tensor, ...]]]:
    """The cells of a pass on top of each other: their names and states."""
    states = one_pass.states if len(one_pass.cells) > 1 else (one_pass.states,)
    pairs = zip(one_pass.cells, states, strict=True)
    return [(name, tuple(flat(part))) for name, part in pairs]
