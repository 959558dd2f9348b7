"""The rule, asked for every layer of a network: what goes in, what comes out, and what holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from rnnshape.columns import (
    RANKS,
    Column,
    any_shape,
    call_with_numbers,
    columns_of,
    inputs_without_rank,
    merged,
    merged_facts,
    of_any_shape,
    ranks_of,
    with_numbers,
)
from rnnshape.errors import QueryError
from rnnshape.expression import LARGEST, MOST_AXES, Call, calls_within
from rnnshape.layer import Layer, check_same_weights, layer_of_unknown, masks_taken
from rnnshape.nest import rebuilt
from rnnshape.network import Dimensions, Network, Question, Ref, Step, check_names, kind_of_axis
from rnnshape.network_inputs import described_input, mend_by_data, other_sizes, with_assumed_as_open
from rnnshape.rules import axes_of_rank, facts_of, has_rule
from rnnshape.rules.facts import NOTHING, WHEN_RUN, Axis, Facts, Tensor
from rnnshape.rules.inputs import Given, called_with
from rnnshape.signatures import is_operation, is_recurrent

Measured: TypeAlias = "Sequence[Sequence[tuple[int, ...]]]"


@dataclass(frozen=True)
class Description:
    """What the rule says of a network.

    Attributes:
        inputs: what the network is given, with sizes for its open dimensions.
        layers: first to last, one for each step of the network.
        inputs_below: of every input, what its whole numbers stay below; None where it takes any
            numbers.
    """

    inputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    inputs_below: tuple[int | None, ...] = ()

    @cached_property
    def assumed_kinds(self) -> list[str]:
        """The kinds of sizes that no text says: `["batch", "timesteps"]`."""
        return _assumed_kinds(self.inputs)

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
    measured: Measured = (),
) -> Description:
    """What the rule says of a network, or a `QueryError` if Keras would refuse it.

    Pure and instant: neither NumPy nor TensorFlow is imported.

    Args:
        network: what is asked.
        dimensions: the sizes of what its inputs leave open.
        measured: of each layer, the shapes that Keras returned: from these the rule goes on after
            a layer that there is no rule for.

    >>> from rnnshape.chains import chain
    >>> from rnnshape.reading import parse
    >>> [layer] = describe(chain([parse("GRU(3, return_state=True)")])).layers
    >>> [(output.name, output.shape) for output in layer.outputs]
    [('o', (2, 3)), ('h', (2, 3))]
    """
    sizes = dimensions or Dimensions()
    check_names(network)
    runs = [_Run(network, sizes, column, measured) for column in columns_of(network)]
    passed, without_rank = runs, inputs_without_rank(network)
    for number, step in enumerate(network.steps, start=1):
        if number in runs[0].of_any_shape or number in without_rank.values():
            passed = [
                run.with_rank(rank, [one for one in without_rank if without_rank[one] == number])
                for place, run in enumerate(passed)
                for rank in ranks_of(place, len(passed))
            ]
        passed = _described(step, number, passed)
    layers, inputs = passed[0].layers, passed[0].inputs
    if len(runs) > 1:
        # Of what only unread layers take, a run that is refused further on says nothing.
        read = {ref for step in network.steps if step.unread is None for ref in step.refs}
        others = [run.with_rank(rank, without_rank) for run in runs for rank in RANKS]
        inputs = tuple(
            merged(*(run.inputs[place] for run in (passed if Ref(0, place) in read else others)))
            for place in range(len(inputs))
        )
        layers = [
            _merged_layer(several) for several in zip(*(r.layers for r in passed), strict=True)
        ]
    return Description(inputs, tuple(layers), tuple(_inputs_below(network, layers)))


def description_of(network: Network, dimensions: Dimensions | None = None) -> Description | None:
    """What the rule says of a network; None where Keras would refuse it."""
    with suppress(QueryError):
        return describe(network, dimensions)
    return None


def is_taken(network: Network, dimensions: Dimensions | None = None) -> bool:
    """Whether the rule refuses nothing of a network."""
    return description_of(network, dimensions) is not None


def describe_what_fits(question: Question, measured: Measured = ()) -> tuple[Description, Question]:
    """What the rule says of a network, and the question with sizes that Keras takes: where it would
    refuse the usual ones, more of what is assumed, as nobody has said that there are but 5
    timesteps; or, of code that none of these fits, none."""
    network, sizes = question.network, question.dimensions
    try:
        return describe(network, sizes, measured), question
    except QueryError as wrong:
        refusals = {wrong.message}
        assumed = _assumed_kinds(_Run(network, sizes, columns_of(network)[0], measured).inputs)
        for other in other_sizes(network, sizes, assumed):
            try:
                described = describe(network, other, measured)
            except QueryError as again:
                refusals.add(again.message)
                continue
            return described, replace(question, dimensions=other)
        if question.is_of_code and len(refusals) > 1:  # it depends on what is assumed
            unsaid = with_assumed_as_open(network, sizes)
            with suppress(QueryError):
                return describe(unsaid, sizes, measured), replace(question, network=unsaid)
        mend_by_data(wrong, question, is_taken)
        raise


def _assumed_kinds(inputs: Iterable[Tensor]) -> list[str]:
    axes = (axis for tensor in inputs for axis in tensor.axes if axis.is_assumed)
    return [*dict.fromkeys(kind_of_axis(axis.name) for axis in axes)]


class _Run:
    """The rule's way through a network with the numbers of one column."""

    def __init__(
        self, network: Network, sizes: Dimensions, column: Column, measured: Measured
    ) -> None:
        self.network, self.sizes, self.column, self.measured = network, sizes, column, measured
        self.masks_taken, self.of_any_shape = masks_taken(network), of_any_shape(network)
        self.inputs = tuple(
            described_input(network, number, tensor, sizes, column)
            for number, tensor in enumerate(network.inputs)
        )
        self.layers: list[Layer] = []

    def with_rank(self, rank: int, places: Collection[int]) -> _Run:
        """The same so far, with a rank for some inputs, and for what comes next and is not read."""
        other = copy(self)
        other.column, other.layers = self.column._replace(rank=rank), [*self.layers]
        given = enumerate(zip(self.network.inputs, self.inputs, strict=True))
        other.inputs = tuple(
            described_input(self.network, place, source, self.sizes, other.column)
            if place in places
            else tensor
            for place, (source, tensor) in given
        )
        return other

    def tensor(self, ref: Ref) -> Tensor | None:
        return _tensor(ref, self.inputs, self.layers)

    def given_to(self, step: Step, number: int) -> dict[Ref, Tensor | None]:
        """What a step is called with, which layers return it, and whether its masks are still there
        when it runs."""
        given = {ref: self.tensor(ref) for ref in step.refs}
        for ref, tensor in given.items():
            if tensor is None:
                continue
            source = self.network.steps[ref.step - 1] if ref.step else None
            changed: dict[str, Any] = {"source": self.shaped_by(ref.step)} if source else {}
            if ref in self.masks_taken.get(number, ()) or tensor.mask_runs is False:
                # An inner model is handed the masks of what it is called with, and no other layer.
                group = source.group if source else step.group
                changed["mask_runs"] = False if step.group in ("", group) else None
            given[ref] = replace(tensor, **changed) if changed else tensor
        return given

    def shaped_by(self, number: int) -> Call:
        """The layer that gives what a step returns its shape: Dropout hands on one before it."""
        call, layer = self.network.steps[number - 1].layer, self.layers[number - 1]
        before, *others = layer.inputs or (None,)
        is_same = before and not others and [before.axes] == [made.axes for made in layer.outputs]
        if not is_same or any(is_recurrent(inner.name) for inner in calls_within(call)):
            return call
        return (before and before.source) or call

    def layer(self, step: Step, number: int) -> Layer:
        """What the rule says of one step."""
        call = call_with_numbers(step.layer, self.column)
        given = self.given_to(step, number)
        if self.network.is_chain and self.layers and self.network.kind != "Functional":
            _check_one_tensor(self.layers[-1], step)
        known, facts = {ref: tensor for ref, tensor in given.items() if tensor is not None}, None
        if len(known) == len(given) and step.unread is None:
            try:
                facts = _facts(replace(step, layer=call) if call != step.layer else step, known)
            except QueryError:
                # Of what Keras returned the rule knows the shapes alone, and Keras has run this.
                if not (self.measured and any(layer.facts is None for layer in self.layers)):
                    raise
        if facts is not None and isinstance(step.masked_by, tuple):
            facts = facts.with_mask_of([*filter(None, map(self.tensor, step.masked_by))])
        if facts is not None and step.same_as is not None:
            check_same_weights(step, facts, self.layers[step.same_as - 1], self.network)
        shapes: Sequence[tuple[Any, ...]] = ()
        if facts is None and self.measured and step.unread is None:
            shapes = self.measured[number - 1]
        elif number in self.of_any_shape:
            unknown = self.of_any_shape[number]
            shapes = [any_shape(unknown, self.column.rank, self.column)]
        elif step.returns is not None and None not in step.returns:
            shapes = [with_numbers(shape or (), self.column.numbers) for shape in step.returns]
        outputs = tuple(_tensors_of_shapes(step, shapes, [*known.values()])) if shapes else ()
        return Layer(number, step, tuple(given.values()), facts, outputs)


def _described(step: Step, number: int, runs: list[_Run]) -> list[_Run]:
    """Adds the layer of a step to each run; returns those in which the rule takes the numbers."""
    made: list[tuple[_Run, Layer]] = []
    refused: list[QueryError] = []
    for run in runs:
        try:
            made.append((run, run.layer(step, number)))
        except QueryError as wrong:
            refused.append(wrong)
    if len(made) < min(2, len(runs)):
        if len(runs) == 1 or not _depends_on_open(step, runs):
            raise refused[0]
        given = [(run, tuple(map(run.tensor, step.refs))) for run in runs]
        made = [(run, layer_of_unknown(number, step, run.column, now)) for run, now in given]
    for run, layer in made:
        run.layers.append(layer)
    return [run for run, _ in made]


def _depends_on_open(step: Step, runs: Sequence[_Run]) -> bool:
    """Whether what a layer is, or what it is given, differs between the columns; of one that is
    called again, also what it was built for."""
    built = runs[0].network.steps[step.same_as - 1].refs if step.same_as is not None else ()

    def asked(run: _Run) -> tuple[object, ...]:
        given = map(run.tensor, (*step.refs, *built))
        shapes = [tensor.shape if tensor else run.column.place for tensor in given]
        return (str(call_with_numbers(step.layer, run.column)), *shapes)

    return len(set(map(asked, runs))) > 1


def _merged_layer(layers: Sequence[Layer]) -> Layer:
    """What is the same in all columns; what differs is not known."""
    first = layers[0]
    inputs = tuple(
        merged(*(tensor for tensor in tensors if tensor)) if all(tensors) else None
        for tensors in zip(*(layer.inputs for layer in layers), strict=True)
    )
    facts = [layer.facts for layer in layers if layer.facts]
    known = merged_facts(facts) if len(facts) == len(layers) else None
    outputs: tuple[Tensor, ...] = ()
    if len({len(layer.known_outputs) for layer in layers}) == 1:
        outputs = tuple(
            merged(*tensors)
            for tensors in zip(*(layer.known_outputs for layer in layers), strict=True)
        )
    return replace(first, inputs=inputs, facts=known, known_outputs=outputs)


def _tensor(ref: Ref, inputs: Sequence[Tensor], layers: Sequence[Layer]) -> Tensor | None:
    if ref.step == 0:
        return inputs[ref.output]
    outputs = layers[ref.step - 1].outputs
    return outputs[ref.output] if ref.output < len(outputs) else None


def _facts(step: Step, tensors: Mapping[Ref, Tensor]) -> Facts | None:
    """What the rule says of a call with these tensors; None where Keras alone can tell. Where
    nobody knows whether masks come, it is what holds with them and without."""
    unknown = [ref for ref, tensor in tensors.items() if tensor.masked and tensor.mask_runs is None]
    if not unknown:
        return _facts_with_masks(step, tensors)
    made: list[Facts | None] = []
    refused: list[QueryError] = []
    for change in ({"mask_runs": True}, {"mask": None}):
        seen = {ref: replace(tensors[ref], **change) for ref in unknown}
        try:
            made.append(_facts_with_masks(step, {**tensors, **seen}))
        except QueryError as wrong:
            refused.append(wrong)
    if not made:
        raise refused[0]
    one, other = made[0], made[-1]
    return one and other and one.or_without(other)


def _facts_with_masks(step: Step, tensors: Mapping[Ref, Tensor]) -> Facts | None:
    """The same where it is known of each tensor whether a mask comes with it."""

    def given(leaf: object) -> Given:
        return tensors[leaf] if isinstance(leaf, Ref) else leaf if isinstance(leaf, bool) else None

    keywords = {name: rebuilt(keyword, given) for name, keyword in step.keywords}
    arguments = [rebuilt(argument, given) for argument in step.arguments]
    _check_size(step.layer, "takes", tensors.values())
    inputs = called_with(step.layer, arguments, keywords)
    facts = facts_of(step.layer, inputs)
    if facts is None:
        return None
    _check_size(step.layer, "makes", facts.outputs)
    return facts.renamed(step.names) if step.names else facts


def _tensors_of_shapes(
    step: Step, shapes: Sequence[tuple[Any, ...]], given: Sequence[Tensor]
) -> Iterator[Tensor]:
    """The outputs of a layer of which the shapes alone are known: those that Keras has measured,
    or those that are recorded, with a None for the batch and for the first other size that what it
    is given leaves open. What the rule does not know drops masks, and of what is not read nobody
    knows."""
    batch = next((tensor.axes[0] for tensor in given if tensor.axes), Axis("batch", 1))
    others = [axis.length for tensor in given for axis in tensor.axes[1:] if axis.is_open]
    left_open = others[0] if others else batch.length
    every = (axis.follows_from for tensor in given for axis in tensor.axes)
    unsaid = NOTHING.union(*every) - WHEN_RUN
    may_mask = (step.unread and step.masked_by is not False) or has_rule(step.layer.name)
    masked = may_mask and any(tensor.masked for tensor in given)
    for number, shape in enumerate(shapes):
        names = axes_of_rank(len(shape)) if shape else ()
        if isinstance(size := next(iter(shape), None), int) and size != batch.length:
            names = ("axis 0", *names[1:])
        axes = tuple(
            Axis(name, size, follows_from=unsaid)
            if isinstance(size, int)
            else Axis(name, size.size if size else left_open, follows_from=unsaid | WHEN_RUN)
            if place
            else Axis(name, batch.length, follows_from=unsaid | batch.follows_from)
            for place, (name, size) in enumerate(zip(names, shape, strict=True))
        )
        usual = "o" if len(shapes) == 1 else f"o{number + 1}"
        name = step.names[number] if number < len(step.names) else usual
        yield Tensor(name, axes, mask=axes[:2] if masked else None, mask_runs=None)


def _check_size(layer: Call, does: str, tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        large = next((axis.label for axis in tensor.axes if axis.length > LARGEST), None)
        too_many, most = (large, LARGEST) if large else ("axes", MOST_AXES)
        if large or len(tensor.axes) > MOST_AXES:
            raise layer.error(
                f"{layer} {does} {tensor.name} with too many {too_many}: the most that a tensor "
                f"can have is {most}"
            )


def _check_one_tensor(before: Layer, step: Step) -> None:
    if len(before.outputs) > 1 and not is_operation(before.call.name):  # code may take one of them
        names = ", ".join(tensor.name for tensor in before.outputs)
        raise before.call.error(
            f"inside a chain a layer returns one tensor, for {step.layer} to take, but "
            f"{before.call} returns {names}"
        )


def _inputs_below(network: Network, layers: Sequence[Layer]) -> Iterator[int | None]:
    """What comes to an `Embedding` by way of other layers, such as `Reshape`, counts too."""
    limits: dict[Ref, int] = {}
    for number in range(len(layers), 0, -1):
        step, facts = network.steps[number - 1], layers[number - 1].facts
        below = facts.whole_numbers_below if facts else None
        passed_on = (limit for ref, limit in limits.items() if ref.step == number)
        limit = min((limit for limit in (below, *passed_on) if limit), default=None)
        for ref in step.refs if limit else ():
            limits[ref] = min(limit or 0, limits.get(ref, limit or 0))
    for number in range(len(network.inputs)):
        yield limits.get(Ref(0, number))
