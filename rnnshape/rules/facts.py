"""What the rule says of a layer, as plain data: views, formats and the measurement read this."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Literal, NamedTuple, TypeAlias

from rnnshape.errors import as_tuple
from rnnshape.expression import Call
from rnnshape.nest import rebuilt, within
from rnnshape.network import MaskSet

NOTHING = frozenset[str]()
WHEN_RUN = frozenset({"what is given when it runs"})
LONG = 1_000_000  # of an axis
LONGEST_SUM = 100  # characters

Role = Literal["input", "output", "hidden state", "cell state", "weight"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a tensor.

    Attributes:
        name: what is counted along it, in Keras' terms: `"units"`.
        length: how many entries it has.
        factor: how often what is named fits into the length: 4 for the gates of an LSTM's kernel.
        follows_from: of what no text says, all that the length follows from: the kinds of sizes
            that are assumed, such as `"timesteps"`, and `WHEN_RUN`.
        is_unknown: whether the length is only a number in the place of one that is not known.
        is_assumed: whether neither the text nor an option says the length, or what it is made of.
        is_written: of an input, whether the text says it.

    >>> (2 * Axis("units", 3)).label, (2 * Axis("units", 3)).length
    ('2*units', 6)
    """

    name: str
    length: int
    factor: int = 1
    follows_from: frozenset[str] = NOTHING
    is_unknown: bool = False
    is_assumed: bool = field(default=False, compare=False)
    is_written: bool = field(default=False, compare=False)

    def __rmul__(self, times: int) -> Axis:
        return self.resized(lambda length: times * length, times * self.factor)

    def __add__(self, other: Axis) -> Axis:
        """The axis along which two are joined: `2*units`, or `units + features`."""
        alike = (self.name, self.length * other.factor) == (other.name, other.length * self.factor)
        name = self.name if self.name == other.name else f"{self.label} + {other.label}"
        return Axis(
            name if len(name) <= LONGEST_SUM else "joined",  # it doubles where that is joined again
            self.length + other.length,
            self.factor + other.factor if alike else 1,
            self.follows_from | other.follows_from,
            self.is_unknown or other.is_unknown,
        )

    @property
    def is_said(self) -> bool:
        """Whether texts say the length, or all that it follows from."""
        return not (self.is_unknown or self.is_assumed or self.follows_from)

    @property
    def is_open(self) -> bool:
        """Whether Keras knows the length only when it runs: None in an `Input`'s shape."""
        return self.follows_from >= WHEN_RUN

    def resized(self, change: Callable[[int], int], factor: int = 1) -> Axis:
        """The same axis with another number of entries."""
        length, follows_from = change(self.length), self.follows_from
        is_asked = bool(follows_from) or self.is_unknown
        is_always = is_asked and change(self.length + LONG) == length  # as the first three are
        if is_always:
            follows_from &= WHEN_RUN
        flags = (flag and not is_always for flag in (self.is_unknown, self.is_assumed))
        return Axis(self.name, length, factor, follows_from, *flags)

    @property
    def label(self) -> str:
        return self.name if self.factor == 1 else f"{self.factor}*{self.name}"

    def named(self, name: str) -> Axis:
        """The same axis, where another layer counts something else along it."""
        if (name, 1) == (self.name, self.factor):
            return self
        return Axis(name, self.length, 1, self.follows_from, self.is_unknown, self.is_assumed)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that goes into a layer, comes out of it or is one of its weights.

    Attributes:
        name: as it is unpacked.
        axes: from first to last.
        meaning: what it holds, in words.
        role: what it is to its layer.
        mask: the axes of the mask that may come with it and skip some timesteps; None if none can.
        mask_runs: whether that mask is on the tensor when the model runs; layers with an argument
            `mask` know of it even where it is not. None where that is not known.
        source: the layer that returns it; None of what a network is given.
        has_rank: whether it is known how many axes it has.
        is_trained: of a weight, whether training changes it.
        itemsize: of a weight, the bytes that each of its numbers takes; 0 if that is not known.

    >>> bias = Tensor("bias", (Axis("2", 2), 3 * Axis("units", 64)), "added", "weight")
    >>> bias.shape, bias.size
    ((2, 192), 384)
    """

    name: str
    axes: tuple[Axis, ...]
    meaning: str = ""
    role: Role = "output"
    mask: tuple[Axis, ...] | None = None
    mask_runs: bool | None = True
    source: Call | None = None
    has_rank: bool = True
    is_trained: bool = True
    itemsize: int = 4

    def __repr__(self) -> str:
        return f"<Tensor {self.name} {self.shape} = {self.labels}>"

    @property
    def sizes(self) -> tuple[int | None, ...] | None:
        """Its shape, with None for what is not known; None where not even the rank is."""
        if not self.has_rank:
            return None
        return tuple([None if axis.is_unknown else axis.length for axis in self.axes])

    @property
    def masked(self) -> bool:
        """Whether a mask may come with it."""
        return self.mask is not None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple([axis.length for axis in self.axes])

    @property
    def size(self) -> int:
        """How many numbers it holds: a weight's parameters."""
        return prod(self.shape)

    @property
    def known_size(self) -> int | None:
        """The same; None where a part of its shape is not known."""
        sizes = self.sizes
        return None if sizes is None or None in sizes else self.size

    @property
    def labels(self) -> str:
        """`(batch, timesteps, 2*units)`"""
        return as_tuple(axis.label for axis in self.axes)


Nested: TypeAlias = "Tensor | tuple[Nested, ...]"
flat: Callable[[Nested], Iterator[Tensor]] = within  # every tensor, in order


class Relation(NamedTuple):
    """Two expressions over a layer's outputs that are equal for any input.

    `U` stands for the layer's units, and `concat` joins along the last axis.

    >>> Relation("o[:, -1, :U]", "h1").claim
    'o[:, -1, :U] == h1'
    """

    left: str
    right: str

    @property
    def claim(self) -> str:
        return f"{self.left} == {self.right}"


class Pass(NamedTuple):
    """A recurrent layer's way through the timesteps, in one direction.

    Attributes:
        cells: the names of those on top of each other: `("LSTM",)`.
        starts_last: whether it begins at the last timestep and ends at the first.
        output: the axes of what it returns for one timestep, the batch first.
        states: what it carries from one timestep to the next, nested as Keras nests them.
        weights: in Keras' order.
        bars_cudnn: the arguments that keep Keras from the fast cuDNN kernel; None of a layer that
            has no such kernel, or where it depends on what is open.
        direction: `"forward"`, `"backward"`, or empty where there is only one.
    """

    cells: tuple[str, ...]
    starts_last: bool
    output: tuple[Axis, ...]
    states: tuple[Nested, ...]
    weights: tuple[Tensor, ...]
    bars_cudnn: tuple[str, ...] | None = None
    direction: str = ""

    @property
    def hidden(self) -> Tensor:
        """The state that is also its last output: of cells on top of each other, the last one's."""
        return [state for state in flat(self.states) if state.role == "hidden state"][-1]

    @property
    def end(self) -> str:
        return "after the first timestep" if self.starts_last else "after the last timestep"


class Recurrence(NamedTuple):
    """How a recurrent layer goes through time, for who wants to draw it.

    Attributes:
        passes: one, or forward and backward.
        merge: the `merge_mode` by which two passes become one; None where they do not.
        timesteps: how many there are.
        returns_sequences: whether there is an output at every timestep.
    """

    passes: tuple[Pass, ...]
    merge: str | None
    timesteps: int
    returns_sequences: bool

    @property
    def units(self) -> Axis:
        """The last axis of what the first pass returns: `U` in relations."""
        return self.passes[0].output[-1]


@dataclass(frozen=True)
class Facts:
    """All that the rule knows of a layer that is given certain tensors.

    Attributes:
        returns: its outputs, nested as Keras returns them.
        weights: in Keras' order.
        relations: what holds between its outputs, whatever it is given.
        warnings: what is likely not what was meant, a sentence each.
        notes: why the answer may surprise, a sentence each.
        recurrence: of a recurrent layer, its way through time.
        whole_numbers_below: of a layer that takes whole numbers, what they stay below.
        mask_arrives: whether a mask comes with one of the tensors that it is given; None where that
            is not known.
        uses_mask: whether it leaves out what such a mask marks.
        cudnn: whether its arguments allow the fast cuDNN kernel; None of a layer that has none,
            or where that is open.
    """

    returns: tuple[Nested, ...]
    weights: tuple[Tensor, ...] = ()
    relations: tuple[Relation, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    recurrence: Recurrence | None = None
    whole_numbers_below: int | None = None
    mask_arrives: bool | None = False
    uses_mask: bool = False
    cudnn: bool | None = None

    @cached_property
    def outputs(self) -> tuple[Tensor, ...]:
        """Its outputs in Keras' order, flat."""
        return tuple(flat(self.returns))

    def with_mask(self, source: Tensor | None, is_set: MaskSet) -> Facts:
        """The same with the mask that a layer of the code sets where an output has none: on the
        first that of `source`, on each where it may be any; or another than its own."""
        first = self.outputs[0]

        def masked(tensor: Tensor) -> Tensor:
            has_one = tensor.masked and tensor.mask_runs is not False and is_set != "other"
            if has_one or (is_set == "first" and tensor is not first):
                return tensor
            if source is None:
                return replace(tensor, mask=tensor.axes[:2], mask_runs=None)
            runs = None if is_set == "perhaps" and source.mask_runs else source.mask_runs
            return replace(tensor, mask=source.mask, mask_runs=runs)

        return replace(self, returns=rebuilt(self.returns, masked))

    def or_without(self, other: Facts) -> Facts:
        """The same where nobody knows whether masks come: `other` is what holds without them."""
        masked = {tensor.name for tensor in other.outputs if tensor.masked}

        def unless_masked(tensor: Tensor) -> Tensor:
            runs = tensor.mask_runs if tensor.name in masked else tensor.mask_runs and None
            return replace(tensor, mask_runs=runs)

        arrives = self.mask_arrives if self.mask_arrives == other.mask_arrives else None
        return replace(self, returns=rebuilt(self.returns, unless_masked), mask_arrives=arrives)

    def renamed(self, names: Sequence[str]) -> Facts:
        """The same with other names for its outputs, in order; fewer names rename the first."""
        new = dict(zip((tensor.name for tensor in self.outputs), names, strict=False))
        if any(not name.isidentifier() or name in ("U", "concat") for name in new.values()):
            return self

        def said(side: str) -> str:
            return re.sub(r"\b[a-zA-Z]\w*", lambda word: new.get(word[0], word[0]), side)

        relations = (Relation(said(left), said(right)) for left, right in self.relations)
        returns = rebuilt(
            self.returns, lambda tensor: replace(tensor, name=new.get(tensor.name, tensor.name))
        )
        return replace(self, returns=returns, relations=tuple(relations))


def shapes_said(*shapes: Sequence[Axis]) -> list[str]:
    """Shapes as messages have them: what nobody has said has a name, unless one name
    would stand for several lengths.

    >>> shapes_said((Axis("batch", 2, is_assumed=True), Axis("units", 4)))
    ['(batch, 4)']
    """
    assumed = [axis for axes in shapes for axis in axes if axis.is_assumed]
    is_clear = len({axis.label for axis in assumed}) == len({(a.label, a.length) for a in assumed})
    return [
        as_tuple(axis.label if axis.is_assumed and is_clear else str(axis.length) for axis in axes)
        for axes in shapes
    ]
