"""The rule: what comes out of a recurrent layer, in which order and with which shape.

Everything the project says about a layer before Keras has spoken is derived here, from a
`LayerSpec` alone: its inputs and outputs, its weights, what holds between the tensors, and the
Keras expression that makes it. Each view and the measurement start from these facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import prod

from rnnshape.spec import Cell, LayerSpec, MergeMode

__all__ = ["Axis", "Layer", "Relation", "Tensor", "layers"]

STATES = {Cell.LSTM: ("h", "c"), Cell.GRU: ("h",), Cell.SIMPLERNN: ("h",)}
STATE_WORDS = {"h": "hidden state", "c": "cell state"}
GATES = {  # in the order of the kernel's columns
    Cell.LSTM: ("input", "forget", "cell", "output"),
    Cell.GRU: ("update", "reset", "hidden"),
    Cell.SIMPLERNN: ("hidden",),
}
MERGED = {
    MergeMode.CONCAT: "concatenated",
    MergeMode.SUM: "summed",
    MergeMode.MUL: "multiplied",
    MergeMode.AVE: "averaged",
}
MERGE = {
    MergeMode.CONCAT: "concat(h1, h2)",
    MergeMode.SUM: "h1 + h2",
    MergeMode.MUL: "h1 * h2",
    MergeMode.AVE: "(h1 + h2) / 2",
}


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a tensor: its name in Keras' terms, and its length.

    >>> 2 * Axis("units", 3)
    Axis(name='2*units', size=6)
    """

    name: str
    size: int

    def __rmul__(self, times: int) -> Axis:
        return self if times == 1 else Axis(f"{times}*{self.name}", times * self.size)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that goes into a layer, comes out of it or is one of its weights.

    >>> bias = Tensor("bias", (Axis("2", 2), 3 * Axis("units", 64)), "added")
    >>> bias.shape, bias.size
    ((2, 192), 384)
    """

    name: str
    axes: tuple[Axis, ...]
    meaning: str

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(axis.size for axis in self.axes)

    @property
    def size(self) -> int:
        """How many numbers it holds: a weight's parameters."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Relation:
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

    @property
    def names_units(self) -> bool:
        return "U" in self.claim


@dataclass(frozen=True, slots=True)
class Direction:
    """A pass over the sequence, the ending of its tensors' names, and the timestep it ends at."""

    word: str
    suffix: str
    index: int

    @property
    def end(self) -> str:
        return "after the last timestep" if self.index == -1 else "after the first timestep"


ONE_WAY = (Direction("", "", -1),)
BOTH_WAYS = (Direction("forward", "1", -1), Direction("backward", "2", 0))


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a `LayerSpec`, with all that the rule knows about it.

    Attributes:
        number: its place in the stack, from 1.
        cell, units: as in the spec.
        merge_mode: None for a layer of one direction.
        return_sequences, return_state: this layer's own flags, as the stack needs them.
        directions: one, or forward and backward.
        input: the tensor it is given, `(batch, timesteps, features)`.
        results: `o`, or what the two directions return unmerged, `o1` and `o2`.
        states: of each direction, the states it returns; empty if it returns none.
        weights: kernel, recurrent kernel and bias of each direction, in Keras' order.
        relations: what holds between its outputs.

    >>> [layer] = layers(LayerSpec(Cell.GRU, features=8, units=(64,), bidirectional=True))
    >>> layer.expression, layer.names, layer.outputs[0].shape, layer.parameters
    ('Bidirectional(GRU(64))', 'o', (2, 128), 28416)
    """

    number: int
    cell: Cell
    units: Axis
    merge_mode: MergeMode | None
    return_sequences: bool
    return_state: bool
    directions: tuple[Direction, ...]
    input: Tensor
    results: tuple[Tensor, ...]
    states: tuple[tuple[Tensor, ...], ...]
    weights: tuple[Tensor, ...]
    relations: tuple[Relation, ...]

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """What it returns, in Keras' order."""
        return (*self.results, *chain.from_iterable(self.states))

    @property
    def parameters(self) -> int:
        """What Keras' `layer.count_params()` returns."""
        return sum(weight.size for weight in self.weights)

    @property
    def arguments(self) -> dict[str, bool]:
        """The cell's keyword arguments, where they differ from Keras' defaults."""
        flags = {"return_sequences": self.return_sequences, "return_state": self.return_state}
        return {name: value for name, value in flags.items() if value}

    @property
    def wrapper_arguments(self) -> dict[str, str | None]:
        """`Bidirectional`'s keyword arguments, where they differ from Keras' defaults."""
        if self.merge_mode in (None, MergeMode.CONCAT):
            return {}
        return {"merge_mode": None if self.merge_mode is MergeMode.NONE else str(self.merge_mode)}

    @property
    def expression(self) -> str:
        """The Keras expression that makes it: `Bidirectional(LSTM(3, return_state=True))`."""
        call = _call(self.cell.keras_name, str(self.units.size), self.arguments)
        if self.merge_mode is None:
            return call
        return _call("Bidirectional", call, self.wrapper_arguments)

    @property
    def names(self) -> str:
        """The names of its outputs, as they are unpacked: `o, h1, c1, h2, c2`."""
        return ", ".join(tensor.name for tensor in self.outputs)


def layers(spec: LayerSpec) -> tuple[Layer, ...]:
    """The layers of a spec, first to last: one, or as many as it has `units`.

    Pure and instant: neither NumPy nor TensorFlow is imported.

    >>> from rnnshape import Cell, LayerSpec, layers
    >>> [layer] = layers(LayerSpec(Cell.GRU, bidirectional=True, return_state=True))
    >>> [(tensor.name, tensor.shape) for tensor in layer.outputs]
    [('o', (2, 6)), ('h1', (2, 3)), ('h2', (2, 3))]
    """
    return tuple(_stack(spec))


def _stack(spec: LayerSpec) -> Iterator[Layer]:
    batch, timesteps = Axis("batch", spec.batch), Axis("timesteps", spec.timesteps)
    name, width = "inputs", spec.features
    for number, size in enumerate(spec.units, start=1):
        last = number == len(spec.units)
        layer = _layer(
            number,
            spec,
            Tensor(name, (batch, timesteps, Axis("features", width)), "what the layer is given"),
            Axis("units", size),
            # Only a sequence can feed the next layer, and only the last layer's states are asked.
            return_sequences=spec.return_sequences or not last,
            return_state=spec.return_state and last,
        )
        yield layer
        output = layer.results[0]
        name, width = output.name, output.axes[-1].size


def _layer(
    number: int,
    spec: LayerSpec,
    source: Tensor,
    units: Axis,
    *,
    return_sequences: bool,
    return_state: bool,
) -> Layer:
    batch, timesteps, features = source.axes
    merge_mode = spec.merge_mode if spec.bidirectional else None
    directions = BOTH_WAYS if spec.bidirectional else ONE_WAY
    lead = (batch, timesteps) if return_sequences else (batch,)
    returning = directions if return_state else ()
    return Layer(
        number,
        spec.cell,
        units,
        merge_mode,
        return_sequences,
        return_state,
        directions,
        source,
        tuple(_results(merge_mode, directions, lead, units)),
        tuple(tuple(_states(spec.cell, way, (batch, units))) for way in returning),
        tuple(_weights(spec.cell, directions, features, units)),
        tuple(_relations(merge_mode, directions, return_sequences)) if return_state else (),
    )


def _results(
    merge_mode: MergeMode | None,
    directions: tuple[Direction, ...],
    lead: tuple[Axis, ...],
    units: Axis,
) -> Iterator[Tensor]:
    sequence = len(lead) == 2
    if merge_mode is None or merge_mode is MergeMode.NONE:
        for way in directions:
            when = "" if sequence else f", {way.end}"
            meaning = f"{_output_of(way.word, sequence)}{when}"
            yield Tensor(f"o{way.suffix}", (*lead, units), meaning)
    else:
        width = 2 * units if merge_mode is MergeMode.CONCAT else units
        both = " and ".join(way.word for way in directions)
        meaning = f"{_output_of('', sequence)}, {both} {MERGED[merge_mode]}"
        yield Tensor("o", (*lead, width), meaning)


def _output_of(way: str, sequence: bool) -> str:
    words = (way, "output at every timestep") if sequence else ("last", way, "output")
    return " ".join(filter(None, words))


def _states(cell: Cell, way: Direction, axes: tuple[Axis, ...]) -> Iterator[Tensor]:
    for state in STATES[cell]:
        meaning = f"{way.word} {STATE_WORDS[state]} {way.end}".lstrip()
        yield Tensor(f"{state}{way.suffix}", axes, meaning)


def _weights(
    cell: Cell, directions: tuple[Direction, ...], features: Axis, units: Axis
) -> Iterator[Tensor]:
    gates = GATES[cell]
    wide = len(gates) * units
    columns = f", columns for {', '.join(gates)}" if len(gates) > 1 else ""
    # Keras' GRU resets after the product (reset_after=True), so that either product has its bias.
    pair = (Axis("2", 2),) if cell is Cell.GRU else ()
    bias = "one for the kernel, one for the recurrent kernel" if pair else "added to their sum"
    for way in directions:
        prefix = f"{way.word}_" if way.word else ""
        yield Tensor(f"{prefix}kernel", (features, wide), f"times the input{columns}")
        yield Tensor(f"{prefix}recurrent_kernel", (units, wide), "times the hidden state before")
        yield Tensor(f"{prefix}bias", (*pair, wide), bias)


def _relations(
    merge_mode: MergeMode | None, directions: tuple[Direction, ...], return_sequences: bool
) -> Iterator[Relation]:
    """What holds for any input, once the states are returned beside the outputs."""
    if merge_mode is None or merge_mode is MergeMode.NONE:
        for way in directions:
            at_end = f"[:, {way.index}]" if return_sequences else ""
            yield Relation(f"o{way.suffix}{at_end}", f"h{way.suffix}")
    elif not return_sequences:
        yield Relation("o", MERGE[merge_mode])
    elif merge_mode is MergeMode.CONCAT:
        # The backward layer reads the sequence from its end, and so ends at the first timestep.
        for way, half in zip(directions, (":U", "U:"), strict=True):
            yield Relation(f"o[:, {way.index}, {half}]", f"h{way.suffix}")


def _call(name: str, argument: str, keywords: dict[str, bool] | dict[str, str | None]) -> str:
    return f"{name}({', '.join([argument, *(f'{k}={v!r}' for k, v in keywords.items())])})"
