"""The rule, asked for every layer of a network: what goes in, what comes out, and what holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from rnnshape.columns import Column, call_with_numbers, columns_of, with_numbers
from rnnshape.errors import QueryError
from rnnshape.expression import LARGEST, Call, Unknown, Value
from rnnshape.network import (
    Argument,
    Dimensions,
    Input,
    Network,
    Ref,
    Shape,
    Step,
    kind_of_axis,
)
from rnnshape.rules import axes_of_input, axes_of_rank, facts_of, rule_of
from rnnshape.rules.facts import Axis, Facts, Nested, Tensor
from rnnshape.rules.inputs import Given, called_with

__all__ = [
    "Description",
    "Layer",
    "assumptions",
    "axes_that_are_given",
    "describe",
    "is_taken",
    "names_of_axes",
    "with_given_sizes",
]

MORE = (2, 3, 4, 5, 6, 8, 12, 16, 32, 64, 256)  # times what is assumed, until Keras takes it


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network, with all that the rule knows about it.

    Attributes:
        number: its place in the network, from 1.
        call: the layer, as it is written.
        inputs: the tensors that it is called with; None for what is not known.
        facts: what the rule says; None where there is no rule, or what it needs is not known.
        same_as: the number of the earlier layer that this one is, called once more.
        known_outputs: where the rule says nothing, what is known of its outputs all the same:
            what Keras returned, once that was measured, or what was recorded of it.
        unread: why the layer itself is not read, where it is not.
        recorded: the parameters that an unread layer is known to have.
    """

    number: int
    call: Call
    inputs: tuple[Tensor | None, ...]
    facts: Facts | None
    same_as: int | None = None
    known_outputs: tuple[Tensor, ...] = ()
    unread: Unknown | None = None
    recorded: int | None = None

    def __repr__(self) -> str:
        outputs = ", ".join(f"{one.name} {one.sizes}" for one in self.outputs)
        return f"<Layer {self.number} {self.call}: {outputs or 'by Keras alone'}>"

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self.facts.outputs if self.facts else self.known_outputs

    @property
    def without_rule(self) -> str:
        """What there is no rule for: the name of the layer, or of the one inside it."""
        call = self.call
        while rule_of(call.name) and isinstance(inner := call["layer"], Call):
            call = inner
        return f"{call.name} with these arguments" if rule_of(call.name) else call.name

    @property
    def has_no_rule(self) -> bool:
        """Whether it is a layer of Keras, or one with arguments, that Keras alone can tell of."""
        if self.facts is not None or self.unread is not None:
            return False
        is_given_sizes = all(one and None not in (one.sizes or (None,)) for one in self.inputs)
        return is_given_sizes or rule_of(self.call.name) is None

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """Its own; a layer that is called again has none that were not counted before."""
        return self.facts.weights if self.facts and self.same_as is None else ()

    @property
    def parameters(self) -> int | None:
        """How many numbers its weights hold; None where that is not known."""
        if self.facts is None or any(None in (one.sizes or (None,)) for one in self.weights):
            return 0 if self.same_as is not None else self.recorded
        return sum(weight.size for weight in self.weights)


@dataclass(frozen=True)
class Description:
    """What the rule says of a network.

    Attributes:
        inputs: what the network is given, with sizes for its open dimensions.
        layers: first to last, one for each step of the network.
        inputs_below: of every input, what its whole numbers stay below; None where it takes any
            numbers.
        assumed: of every input, the axes of which no text says the size.
    """

    inputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    inputs_below: tuple[int | None, ...] = ()
    assumed: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def is_complete(self) -> bool:
        """Whether the rule says something of every layer."""
        return all(layer.facts for layer in self.layers)

    def tensor(self, ref: Ref) -> Tensor | None:
        """The tensor of a reference; None where it is not known."""
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

    >>> from rnnshape.network import chain
    >>> from rnnshape.reading import parse
    >>> [layer] = describe(chain([parse("GRU(3, return_state=True)")])).layers
    >>> [(output.name, output.shape) for output in layer.outputs]
    [('o', (2, 3)), ('h', (2, 3))]
    """
    sizes = dimensions or Dimensions()
    _check_names(network)
    runs = [_Run(network, sizes, column) for column in columns_of(network)]
    passed = runs
    for number, step in enumerate(network.steps, start=1):
        shapes = measured[number - 1] if measured else None
        passed = _described(step, number, passed, network, shapes)
    first = passed[0]
    layers = first.layers
    inputs = first.inputs
    if len(runs) > 1:
        inputs = tuple(map(_merged, *(run.inputs for run in passed)))
        layers = [
            _merged_layer(several) for several in zip(*(r.layers for r in passed), strict=True)
        ]
        below: tuple[int | None, ...] = (None,) * len(inputs)
    else:
        below = tuple(_inputs_below(network, layers))
    assumed = tuple(
        _assumed_axes(tensor, one, sizes)
        for tensor, one in zip(inputs, network.inputs, strict=True)
    )
    return Description(inputs, tuple(layers), below, assumed)


def is_taken(network: Network, dimensions: Dimensions | None = None) -> bool:
    """Whether the rule refuses nothing of a network."""
    try:
        describe(network, dimensions)
    except QueryError:
        return False
    return True


def sizes_that_fit(network: Network, sizes: Dimensions) -> Dimensions | None:
    """Sizes with more in the place of what is assumed, where Keras would refuse the usual: nobody
    has said that there are but 5 timesteps. None where it refuses more too."""
    for kind in ("timesteps", "space", "features"):
        for times in MORE if sizes.given(kind) is None else ():
            larger = replace(sizes, times=((kind, times),))
            with suppress(QueryError):
                assumed = describe(network, larger).assumed
                if any(kind_of_axis(axis) == kind for axes in assumed for axis in axes):
                    return larger
    return None


def assumptions(
    network: Network, sizes: Dimensions, description: Description
) -> tuple[tuple[str, ...], ...]:
    """Of each layer, the assumed axes that its parameters follow from: with another size, there
    are others."""
    kinds = dict.fromkeys(kind_of_axis(axis) for axes in description.assumed for axis in axes)
    kinds.pop("batch", None)  # Keras makes no weight of a batch that is not written
    found: list[list[str]] = [[] for _ in description.layers]
    for kind in kinds:
        for more in (7, 96):
            try:
                other = describe(network, replace(sizes, **{kind: sizes[kind] + more}))
            except QueryError:
                continue
            for place, (layer, changed) in enumerate(
                zip(description.layers, other.layers, strict=True)
            ):
                if layer.parameters != changed.parameters and kind not in found[place]:
                    found[place].append(kind)
            break
    return tuple(map(tuple, found))


def axes_that_are_given(network: Network, sizes: Dimensions) -> Iterator[str]:
    """The axes of a network's inputs that have a size from outside the text."""
    for number, one in enumerate(network.inputs):
        rank = len(one.shape) if isinstance(one.shape, tuple) else None
        names = names_of_axes(network, number, rank)
        lengths = one.shape if isinstance(one.shape, tuple) else (None,) * len(names)
        for name, length in zip(names, lengths, strict=True):
            if length is None or length == sizes.given(name):
                yield name


def with_given_sizes(network: Network, sizes: Dimensions) -> Network:
    """The same network, with the sizes that are given for what is open in its inputs."""

    def filled(number: int, one: Input) -> Input:
        if (
            one.shape is None
            or isinstance(one.shape, Unknown)
            or not any(isinstance(size, Unknown) for size in one.shape)
        ):
            return one
        names = names_of_axes(network, number, len(one.shape))
        shape = tuple(
            (sizes.given(name) or size) if isinstance(size, Unknown) else size
            for name, size in zip(names, one.shape, strict=True)
        )
        return replace(one, shape=shape)

    inputs = tuple(filled(number, one) for number, one in enumerate(network.inputs))
    return replace(network, inputs=inputs)


def names_of_axes(network: Network, number: int, rank: int | None) -> tuple[str, ...]:
    """The names of the axes of an input, as the first layer that takes it names them."""
    user = next((step for step in network.steps if Ref(0, number) in step.refs), None)
    return axes_of_input(user.layer if user else Call("Dense"), rank)


class _Run:
    """The rule's way through a network with the numbers of one column."""

    def __init__(self, network: Network, sizes: Dimensions, column: Column) -> None:
        self.column = column
        self.inputs = tuple(
            _described_input(network, number, one, sizes, column)
            for number, one in enumerate(network.inputs)
        )
        self.layers: list[Layer] = []


def _described(
    step: Step,
    number: int,
    runs: list[_Run],
    network: Network,
    measured: Sequence[tuple[int, ...]] | None,
) -> list[_Run]:
    """Adds the layer of a step to each run; returns those in which the rule takes the numbers."""
    made: list[Layer | QueryError] = []
    for run in runs:
        try:
            made.append(_layer(step, number, run, network, measured))
        except QueryError as wrong:
            made.append(wrong)
    taken = [run for run, layer in zip(runs, made, strict=True) if isinstance(layer, Layer)]
    if len(taken) < min(2, len(runs)):
        refused = next(one for one in made if isinstance(one, QueryError))
        if len(runs) == 1 or not _depends_on_open(step, runs):
            raise refused
        for run in runs:
            given = tuple(_tensor(ref, run.inputs, run.layers) for ref in step.refs)
            run.layers.append(Layer(number, step.layer, given, None, step.same_as))
        return runs
    for run, layer in zip(runs, made, strict=True):
        if isinstance(layer, Layer):
            run.layers.append(layer)
    return taken


def _depends_on_open(step: Step, runs: Sequence[_Run]) -> bool:
    """Whether what a layer is, or what it is given, differs between the columns."""
    if len({str(call_with_numbers(step.layer, run.column)) for run in runs}) > 1:
        return True
    for ref in step.refs:
        tensors = [_tensor(ref, run.inputs, run.layers) for run in runs]
        if None in tensors or len({tensor.shape for tensor in tensors if tensor}) > 1:
            return True
    return False


def _layer(
    step: Step,
    number: int,
    run: _Run,
    network: Network,
    measured: Sequence[tuple[int, ...]] | None,
) -> Layer:
    """What the rule says of one step with the numbers of one column."""
    call = call_with_numbers(step.layer, run.column)
    given = {ref: _tensor(ref, run.inputs, run.layers) for ref in step.refs}
    if network.is_chain and run.layers:
        _check_one_tensor(run.layers[-1], step)
    known = {ref: tensor for ref, tensor in given.items() if tensor is not None}
    facts = None
    if len(known) == len(given) and step.unread is None:
        try:
            facts = _facts(replace(step, layer=call) if call != step.layer else step, known)
        except QueryError:
            # Of what Keras returned the rule knows the shapes alone, and Keras has run this.
            if not (measured is not None and any(layer.facts is None for layer in run.layers)):
                raise
    if facts is not None and step.same_as is not None:
        _check_same_weights(step, facts, run.layers[step.same_as - 1], network)
    shapes: Sequence[tuple[int | None, ...]] = ()
    if facts is None and measured is not None and step.unread is None:
        shapes = measured
    elif step.returns is not None and None not in step.returns:
        shapes = [with_numbers(shape, run.column.numbers) for shape in step.returns if shape]
    batch = next((tensor.axes[0] for tensor in known.values() if tensor.axes), None)
    masked = any(tensor.masked for tensor in known.values())
    outputs = tuple(_tensors_of_shapes(step, shapes, batch, masked=masked))
    return Layer(
        number,
        step.layer,
        tuple(given.values()),
        facts,
        step.same_as,
        outputs,
        step.unread,
        step.parameters,
    )


def _check_same_weights(step: Step, facts: Facts, first: Layer, network: Network) -> None:
    """A layer that is called again has the weights that it was built with."""
    shapes = [one.shape for one in network.inputs]
    if first.facts is None or any(not isinstance(one, tuple) or None in one[1:] for one in shapes):
        return
    for weight, built in zip(facts.weights, first.facts.weights, strict=False):
        if weight.sizes != built.sizes:
            raise step.layer.error(
                f"{step.layer} was built with {built.name} {built.sizes}, and is called again with "
                f'what needs {weight.sizes}: make a layer for each (Keras: "is incompatible with '
                'the layer", "Matrix size-incompatible")'
            )


def _merged_layer(layers: Sequence[Layer]) -> Layer:
    """What is the same in all columns; what differs is not known."""
    first = layers[0]
    inputs = tuple(
        _merged(*(tensor for tensor in tensors if tensor)) if all(tensors) else None
        for tensors in zip(*(layer.inputs for layer in layers), strict=True)
    )
    facts = [layer.facts for layer in layers]
    known = None
    if all(facts):
        known = _merged_facts([one for one in facts if one])
    outputs: tuple[Tensor, ...] = ()
    if len({len(layer.known_outputs) for layer in layers}) == 1:
        outputs = tuple(
            _merged(*tensors)
            for tensors in zip(*(layer.known_outputs for layer in layers), strict=True)
        )
    return replace(first, inputs=inputs, facts=known, known_outputs=outputs)


def _merged_facts(facts: Sequence[Facts]) -> Facts | None:
    """The same of the facts; None where even the number of tensors differs."""
    first, *others = facts
    if any(_form(one.returns) != _form(first.returns) for one in others) or any(
        len(one.weights) != len(first.weights) for one in others
    ):
        return None
    places = iter(zip(*(one.outputs for one in facts), strict=True))

    def nested(one: Nested) -> Nested:
        return _merged(*next(places)) if isinstance(one, Tensor) else tuple(map(nested, one))

    same_below = len({one.whole_numbers_below for one in facts}) == 1
    return replace(
        first,
        returns=tuple(map(nested, first.returns)),
        weights=tuple(
            _merged(*several) for several in zip(*(f.weights for f in facts), strict=True)
        ),
        relations=tuple(one for one in first.relations if all(one in f.relations for f in others)),
        notes=tuple(one for one in first.notes if all(one in f.notes for f in others)),
        timeline=first.timeline if all(f.timeline == first.timeline for f in others) else None,
        whole_numbers_below=first.whole_numbers_below if same_below else None,
    )


def _form(nested: Nested) -> object:
    return None if isinstance(nested, Tensor) else tuple(map(_form, nested))


def _merged(*tensors: Tensor) -> Tensor:
    """A tensor with the axes that are the same in all columns, and the others not known."""
    first = tensors[0]
    if len({len(one.axes) for one in tensors}) > 1:
        return replace(first, axes=(), has_rank=False)
    axes = tuple(
        replace(axis, is_unknown=len({one.length for one in several}) > 1)
        for axis, several in zip(
            first.axes, zip(*(one.axes for one in tensors), strict=True), strict=True
        )
    )
    return replace(first, axes=axes)


def _tensor(ref: Ref, inputs: Sequence[Tensor], layers: Sequence[Layer]) -> Tensor | None:
    if ref.step == 0:
        return inputs[ref.output]
    outputs = layers[ref.step - 1].outputs
    return outputs[ref.output] if ref.output < len(outputs) else None


def _facts(step: Step, tensors: Mapping[Ref, Tensor]) -> Facts | None:
    """What the rule says of a call with these tensors; None where Keras alone can tell."""

    def given(argument: Argument) -> Given:
        if isinstance(argument, Ref):
            return tensors[argument]
        if isinstance(argument, tuple):
            return tuple(map(given, argument))
        return argument if isinstance(argument, bool) else None

    keywords = {name: given(one) for name, one in step.keywords}
    inputs = called_with(step.layer, [given(one) for one in step.arguments], keywords)
    facts = facts_of(step.layer, inputs)
    if facts is None:
        return None
    _check_size(step.layer, facts)
    renamed = facts.renamed(step.names) if step.names else facts
    return renamed.returned_by(step.layer)


def _tensors_of_shapes(
    step: Step, shapes: Sequence[tuple[int | None, ...]], batch: Axis | None, *, masked: bool
) -> Iterator[Tensor]:
    """The outputs of a layer of which the shapes alone are known: those that Keras has measured,
    or those that are recorded, with a None for the batch."""
    for number, shape in enumerate(shapes):
        names = axes_of_rank(len(shape)) if shape else ()
        axes = tuple(
            Axis(name, length if length is not None else batch.length if batch else 1)
            for name, length in zip(names, shape, strict=True)
        )
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
            and not step.group  # a model within it has names of its own
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


def _described_input(
    network: Network, number: int, one: Input, sizes: Dimensions, column: Column
) -> Tensor:
    """An input with every dimension filled in, its axes named as the first layer names them."""
    shape: tuple[int | None, ...] | None = None
    if isinstance(one.shape, Unknown):
        lengths = [column.numbers[one.shape] + 3 * place for place in range(column.rank - 1)]
        shape = (None, *lengths)
    elif one.shape is not None:
        shape = with_numbers(one.shape, column.numbers)
    rank = len(shape) if shape else None
    names = names_of_axes(network, number, rank)
    axes = tuple(
        Axis(name, length or sizes[name], is_open=one.shape is not None and length is None)
        for name, length in zip(names, shape or (None,) * len(names), strict=True)
    )
    return Tensor(one.name, axes, "what the network is given", "input")


def _assumed_axes(tensor: Tensor, one: Input, sizes: Dimensions) -> tuple[str, ...]:
    """The axes of an input of which neither the text nor an option says the size."""
    if isinstance(one.shape, Unknown):
        return ()
    lengths: Shape = one.shape or (None,) * len(tensor.axes)
    return tuple(
        axis.name
        for axis, length in zip(tensor.axes, lengths, strict=True)
        if length is None and sizes.given(axis.name) is None
    )


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
