"""The rule, asked for every layer of a network: what goes in, what comes out, and what holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rnnshape.errors import QueryError
from rnnshape.expression import LARGEST, Call, Value
from rnnshape.nest import mapped
from rnnshape.network import Argument, Dimensions, Input, Network, Ref, Step, refs_in
from rnnshape.rules import axes_of_input, axes_of_rank, facts_of, rule_of, started
from rnnshape.rules.facts import Axis, Facts, Nested, Tensor

__all__ = ["Description", "Layer", "describe"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network, with all that the rule knows about it.

    Attributes:
        number: its place in the network, from 1.
        call: the layer, as it is written.
        inputs: the tensors that it is called with; None for what only Keras can tell.
        facts: what the rule says; None where there is no rule for it.
        same_as: the number of the earlier layer that this one is, called once more.
        by_keras: where there is no rule for it, what Keras returned, once that was measured.
    """

    number: int
    call: Call
    inputs: tuple[Tensor | None, ...]
    facts: Facts | None
    same_as: int | None = None
    by_keras: tuple[Tensor, ...] = ()

    def __repr__(self) -> str:
        outputs = ", ".join(f"{one.name} {one.shape}" for one in self.outputs)
        return f"<Layer {self.number} {self.call}: {outputs or 'by Keras alone'}>"

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self.facts.outputs if self.facts else self.by_keras

    @property
    def without_rule(self) -> str:
        """Of a layer that there is no rule for, its name, or that of the layer inside it."""
        call = self.call
        while rule_of(call.name) and isinstance(inner := call["layer"], Call):
            call = inner
        return call.name

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


def describe(
    network: Network,
    dimensions: Dimensions | None = None,
    measured: Sequence[Sequence[tuple[int, ...]]] = (),
) -> Description:
    """What the rule says of a network, or a `QueryError` if Keras would refuse it.

    Pure and instant: neither NumPy nor TensorFlow is imported.

    Args:
        network: what is asked.
        dimensions: the sizes of what its inputs leave open.
        measured: of each layer, the shapes that Keras returned: from these the rule goes on after
            a layer that there is no rule for.

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
    _check_names(network)
    layers: list[Layer] = []
    for number, step in enumerate(network.steps, start=1):
        given = {ref: _tensor(ref, inputs, layers) for ref in step.refs}
        if network.is_chain and layers:
            _check_one_tensor(layers[-1], step)
        known = {ref: tensor for ref, tensor in given.items() if tensor is not None}
        try:
            facts = _facts(step, known) if len(known) == len(given) else None
        except QueryError:
            # Of what Keras returned the rule knows the shapes alone, and Keras has run this.
            if not (measured and any(layer.facts is None for layer in layers)):
                raise
            facts = None
        shapes = measured[number - 1] if measured and facts is None else ()
        masked = any(tensor.masked for tensor in known.values())
        by_keras = tuple(_returned_by_keras(step, shapes, masked=masked))
        inputs_of = tuple(given.values())
        layers.append(Layer(number, step.layer, inputs_of, facts, step.same_as, by_keras))
    return Description(inputs, tuple(layers), tuple(_inputs_below(network, layers)))


def _tensor(ref: Ref, inputs: Sequence[Tensor], layers: Sequence[Layer]) -> Tensor | None:
    if ref.step == 0:
        return inputs[ref.output]
    outputs = layers[ref.step - 1].outputs
    return outputs[ref.output] if ref.output < len(outputs) else None


def _facts(step: Step, tensors: Mapping[Ref, Tensor]) -> Facts | None:
    """What the rule says of a call with these tensors; None where Keras alone can tell."""
    first, *others = step.arguments
    keywords = dict(step.keywords)
    given = [tensors[ref] for ref in refs_in(first)]
    mask = next((tensors[ref].axes for ref in refs_in(keywords.get("mask"))), None)
    if mask is not None:
        given = [replace(tensor, mask=mask) for tensor in given]
    facts = facts_of(step.layer, given)
    if facts is None:
        return None
    state = keywords.get("initial_state")
    if others and facts.timeline is not None:  # after its sequence a recurrent layer takes states
        state = others[0]
    elif others:
        facts = facts_of(step.layer, [tensors[ref] for ref in refs_in(step.arguments)]) or facts
    if state is not None:
        masked = any(tensor.masked for tensor in given)
        facts = started(step.layer, facts, _nested(state, tensors), masked=masked)
    _check_size(step.layer, facts)
    renamed = facts.renamed(step.names) if step.names else facts
    return renamed.returned_by(step.layer)


def _nested(argument: Argument, tensors: Mapping[Ref, Tensor]) -> Nested:
    """The tensors of an argument, nested as they are given."""

    def tensor(one: Ref | bool | None) -> Nested:
        return tensors[one] if isinstance(one, Ref) else ()

    return mapped(argument, tensor)


def _returned_by_keras(
    step: Step, shapes: Sequence[tuple[int, ...]], *, masked: bool
) -> Iterator[Tensor]:
    """The outputs of a layer that there is no rule for, as Keras has measured them."""
    for number, shape in enumerate(shapes):
        names = axes_of_rank(len(shape)) if shape else ()
        axes = tuple(Axis(name, length) for name, length in zip(names, shape, strict=True))
        usual = "o" if len(shapes) == 1 else f"o{number + 1}"
        name = step.names[number] if number < len(step.names) else usual
        yield Tensor(name, axes, mask=axes[:2] if masked else None, source=step.layer)


def _check_size(layer: Call, facts: Facts) -> None:
    for tensor in facts.outputs:
        for axis in tensor.axes:
            if axis.length > LARGEST:
                raise layer.error(
                    f"{layer} makes {tensor.name} with {axis.length} {axis.label}: the largest "
                    f"that a tensor can have is {LARGEST}"
                )


def _check_names(network: Network) -> None:
    named: dict[Value, Call] = {}
    for step in network.steps:
        name = step.layer["name"]
        if (
            name is not None
            and step.same_as is None
            and named.setdefault(name, step.layer) is not step.layer
        ):
            raise step.layer.error(
                f"two layers have the name {name!r}: give each its own "
                '(Keras: "all layers should have unique names")',
                "name",
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
    """What comes to an `Embedding` by way of other layers, such as `Reshape`, counts too."""
    limits: dict[Ref, int] = {}
    for number in range(len(layers), 0, -1):
        step, facts = network.steps[number - 1], layers[number - 1].facts
        below = facts.whole_numbers_below if facts else None
        passed_on = (limit for ref, limit in limits.items() if ref.step == number)
        limit = min((one for one in (below, *passed_on) if one), default=None)
        for ref in step.refs if limit else ():
            limits[ref] = min(limit or 0, limits.get(ref, limit or 0))
    for number in range(len(network.inputs)):
        yield limits.get(Ref(0, number))
