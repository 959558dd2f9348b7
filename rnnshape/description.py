"""The rule, asked for every layer of a network: what goes in, what comes out, and what holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rnnshape.expression import LARGEST, Call
from rnnshape.network import Dimensions, Input, Network, Ref, Step, refs_in
from rnnshape.rules import axes_of_input, rule_of
from rnnshape.rules.facts import Axis, Facts, Tensor

__all__ = ["Description", "Layer", "describe"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network, with all that the rule knows about it.

    Attributes:
        number: its place in the network, from 1.
        call: the layer, as it is written.
        inputs: the tensors that it is called with; None for what only Keras can tell.
        facts: what the rule says; None where it has no word on it.
        same_as: the number of the earlier layer that this one is, called once more.
    """

    number: int
    call: Call
    inputs: tuple[Tensor | None, ...]
    facts: Facts | None
    same_as: int | None = None

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self.facts.outputs if self.facts else ()

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """Its own; a layer that is called again has none that were not counted before."""
        return self.facts.weights if self.facts and self.same_as is None else ()

    @property
    def parameters(self) -> int | None:
        """How many numbers its weights hold; None where only Keras can tell."""
        return sum(weight.size for weight in self.weights) if self.facts else None


@dataclass(frozen=True)
class Description:
    """What the rule says of a network.

    Attributes:
        inputs: what the network is given, its open dimensions filled in.
        layers: first to last, one for each step of the network.
        inputs_below: of every input, what its whole numbers stay below; None where it takes any
            numbers.
    """

    inputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    inputs_below: tuple[int | None, ...] = ()

    @cached_property
    def is_complete(self) -> bool:
        """Whether the rule has a word on every layer."""
        return all(layer.facts for layer in self.layers)

    def tensor(self, ref: Ref) -> Tensor | None:
        """The tensor of a reference; None where only Keras can tell."""
        return _tensor(ref, self.inputs, self.layers)


def describe(network: Network, dimensions: Dimensions | None = None) -> Description:
    """What the rule says of a network, or a `QueryError` if Keras would refuse it.

    Pure and instant: neither NumPy nor TensorFlow is imported.

    Args:
        network: what is asked.
        dimensions: the sizes of what its inputs leave open.

    >>> from rnnshape.expression import parse
    >>> from rnnshape.network import chain
    >>> [layer] = describe(chain([parse("GRU(3, return_state=True)")])).layers
    >>> [(output.name, output.shape) for output in layer.outputs]
    [('o', (2, 3)), ('h', (2, 3))]
    """
    sizes = dimensions or Dimensions()
    inputs = tuple(
        _described_input(network, number, one, sizes) for number, one in enumerate(network.inputs)
    )
    layers: list[Layer] = []
    for number, step in enumerate(network.steps, start=1):
        given = tuple(_tensor(ref, inputs, layers) for ref in step.refs)
        if network.is_chain and layers:
            _check_one_tensor(layers[-1], step)
        layers.append(Layer(number, step.layer, given, _facts(step, given), step.same_as))
    return Description(inputs, tuple(layers), tuple(_inputs_below(network, layers)))


def _tensor(ref: Ref, inputs: Sequence[Tensor], layers: Sequence[Layer]) -> Tensor | None:
    if ref.step == 0:
        return inputs[ref.output]
    outputs = layers[ref.step - 1].outputs
    return outputs[ref.output] if ref.output < len(outputs) else None


def _facts(step: Step, given: tuple[Tensor | None, ...]) -> Facts | None:
    rule = rule_of(step.layer.name)
    known = [tensor for tensor in given if tensor is not None]
    if rule is None or len(known) < len(given):
        return None
    facts = rule(step.layer, known[: len(list(refs_in(step.arguments)))])
    _check_size(step.layer, facts)
    returns = facts.renamed(step.names) if step.names else facts
    return returns.returned_by(step.layer)


def _check_size(layer: Call, facts: Facts) -> None:
    for tensor in facts.outputs:
        for axis in tensor.axes:
            if axis.length > LARGEST:
                raise layer.error(
                    f"{layer} makes {tensor.name} with {axis.length} {axis.label}: the largest "
                    f"that a tensor can have is {LARGEST}"
                )


def _check_one_tensor(before: Layer, step: Step) -> None:
    if len(before.outputs) > 1:
        names = ", ".join(tensor.name for tensor in before.outputs)
        raise before.call.error(
            f"inside a chain a layer returns one tensor, for {step.layer} to take, but "
            f"{before.call} returns {names}"
        )


def _described_input(network: Network, number: int, one: Input, sizes: Dimensions) -> Tensor:
    """An input with every dimension filled in, its axes named as the first layer names them."""
    user = next((step for step in network.steps if Ref(0, number) in step.refs), None)
    rank = len(one.shape) if one.shape else None
    names = axes_of_input(user.layer, rank) if user else axes_of_input(Call("Dense"), rank)
    lengths = one.shape or (None,) * len(names)
    axes = tuple(
        Axis(name, length or sizes[name], is_open=one.shape is not None and length is None)
        for name, length in zip(names, lengths, strict=True)
    )
    return Tensor(one.name, axes, "what the network is given", "input")


def _inputs_below(network: Network, layers: Sequence[Layer]) -> Iterator[int | None]:
    for number in range(len(network.inputs)):
        limits = [
            layer.facts.whole_numbers_below
            for step, layer in zip(network.steps, layers, strict=True)
            if layer.facts and layer.facts.whole_numbers_below and Ref(0, number) in step.refs
        ]
        yield min(limits, default=None)
