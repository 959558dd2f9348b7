"""The rule, run through a network with the numbers of one column, one layer at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import product
from typing import Any, TypeAlias

from rnnshape.columns import BLANK, Column, of_any_shape
from rnnshape.errors import QueryError, as_tuple
from rnnshape.expression import LARGEST, MOST_AXES, Call, calls_within
from rnnshape.layer import Layer, check_same_weights, masks_taken
from rnnshape.nest import rebuilt
from rnnshape.network import Dimensions, Network, Ref, Shape, Step, without_states
from rnnshape.network_inputs import check_entries, described_input
from rnnshape.rules.facts import NOTHING, WHEN_RUN, Axis, Facts, Tensor
from rnnshape.rules.inputs import Given, called_with
from rnnshape.rules.registry import axes_of_rank, facts_of, has_rule
from rnnshape.signatures import is_operation, is_recurrent

Measured: TypeAlias = "Sequence[Sequence[tuple[int, ...]]]"


class RuleRun:
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

    def with_rank(self, rank: int, places: Collection[int]) -> RuleRun:
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

    def with_other(self, choice: object) -> RuleRun:
        """The same so far, with another value for a word or flag that no layer has had."""
        other = copy(self)
        changed = self.column.changed | {choice}
        other.column, other.layers = self.column._replace(changed=changed), [*self.layers]
        return other

    def tensor(self, ref: Ref) -> Tensor | None:
        return tensor_of(ref, self.inputs, self.layers)

    def given(self, step: Step) -> tuple[Tensor | None, ...]:
        return tuple(map(self.tensor, step.refs))

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
        call = self.column.layer(step.layer)
        given = self.given_to(step, number)
        if self.network.is_chain and self.layers and self.network.kind != "Functional":
            _check_one_tensor(self.layers[-1], step)
        known = {ref: tensor for ref, tensor in given.items() if tensor and tensor.has_rank}
        for ref, shape, name in step.checked:
            _check_fits(name, shape, known.get(ref), call)
        check_entries(self.network, step)
        facts: Facts | None = None
        asked = step if len(known) == len(given) else without_states(call, step)
        if known.keys() >= {*asked.refs} and step.unread is None:
            try:
                facts = _facts(
                    replace(asked, layer=call) if call is not step.layer else asked, known
                )
            except QueryError:
                # Of what Keras returned the rule knows the shapes alone, and Keras has run this.
                if not (self.measured and any(layer.facts is None for layer in self.layers)):
                    raise
        if facts is not None and step.mask is not None and step.mask != "none":
            source = self.tensor(step.mask_of) if step.mask_of is not None else None
            facts = facts.with_mask(source, step.mask)
        if facts is not None and step.same_as is not None:
            check_same_weights(step, facts, self.layers[step.same_as - 1], self.network)
        shapes: Sequence[tuple[Any, ...] | None] = ()
        if facts is None and self.measured and step.unread is None:
            shapes = self.measured[number - 1]
        elif number in self.of_any_shape:
            unknown = self.of_any_shape[number]
            first = next((tensor for tensor in known.values() if tensor.axes), BLANK)
            shapes = [self.column.returned(unknown, step.layer, first)]
        elif step.returns is not None and any(shape is not None for shape in step.returns):
            shapes = [shape and self.column.sizes(shape) for shape in step.returns]
        outputs = tuple(_tensors_of_shapes(step, shapes, [*known.values()])) if shapes else ()
        return Layer(number, step, tuple(given.values()), facts, outputs)


def _check_fits(model: str, takes: Shape, given: Tensor | None, begins: Call) -> None:
    """A nested model of inputs and outputs takes what it was made for, but for a last axis of 1."""
    if given is None or len(given.axes) != len(takes):
        return
    last = -1 if 1 in (takes[-1], given.shape[-1]) else None
    pairs = [*zip(takes, given.axes, strict=True)][1:last]
    if any(
        type(size) is int and size != axis.length and not axis.is_unknown for size, axis in pairs
    ):
        taken = as_tuple(
            ["batch", *(str(size) if type(size) is int else "any" for size in takes[1:])]
        )
        came = as_tuple(["batch", *map(str, given.shape[1:])])
        raise begins.error(
            f"{model or 'a model'} takes {taken}, and is called with {came} "
            '(Keras: "is incompatible with the layer: expected shape")'
        )


def tensor_of(ref: Ref, inputs: Sequence[Tensor], layers: Sequence[Layer]) -> Tensor | None:
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
        raise refused[-1]  # whether a mask comes or not
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
    step: Step, all_shapes: Sequence[tuple[Any, ...] | None], given: Sequence[Tensor]
) -> Iterator[Tensor]:
    """The outputs of a layer of which the shapes alone are known: those that Keras has measured,
    or those that are recorded, with a None for the batch and for the first other size that what it
    is given leaves open. What the rule does not know drops masks, and of what is not read nobody
    knows."""
    shapes = [shape for shape in all_shapes if shape is not None]
    nothing = Axis("batch", 1, is_unknown=True)
    batch = next((tensor.axes[0] for tensor in given if tensor.axes), nothing)
    others = [axis for tensor in given for axis in tensor.axes[1:] if axis.is_open]
    others = others or _as_data_has_it(shapes, given)
    if not others and any(size is None for shape in shapes for size in shape[1:]):
        return
    left_open = (others or [batch])[0]
    every = (axis.follows_from for tensor in given for axis in tensor.axes)
    unsaid = NOTHING.union(*every) - WHEN_RUN
    may_mask = (step.unread and step.mask != "none") or has_rule(step.layer.name)
    masked = may_mask and (step.mask == "any" or any(tensor.masked for tensor in given))
    for number, shape in enumerate(all_shapes):
        usual = "o" if len(all_shapes) == 1 else f"o{number + 1}"
        word = step.names[number] if number < len(step.names) else usual
        if shape is None:
            yield Tensor(word, (), has_rank=False)
            continue
        names = axes_of_rank(len(shape)) if shape else ()
        if isinstance(size := next(iter(shape), None), int) and size != batch.length:
            names = ("axis 0", *names[1:])
        axes = tuple(
            Axis(name, size, follows_from=unsaid)
            if isinstance(size, int)
            else replace(batch, name=name, follows_from=unsaid | batch.follows_from)
            if not place
            else Axis(name, size.size, follows_from=unsaid | WHEN_RUN)
            if size
            else Axis(name, left_open.length, follows_from=unsaid | left_open.follows_from)
            for place, (name, size) in enumerate(zip(names, shape, strict=True))
        )
        yield Tensor(word, axes, mask=axes[:2] if masked else None, mask_runs=None)


def _as_data_has_it(shapes: Sequence[tuple[Any, ...]], given: Sequence[Tensor]) -> list[Axis]:
    """The axis that a model leaves open and data does not: that of the same place, if no size that
    is made is that of it besides; none where there are several."""
    if [len(tensor.axes) for tensor in given] == [2]:  # no other could be left open
        return [given[0].axes[1]]
    found: list[Axis] = []
    for shape, tensor in product(shapes, given):
        if len(shape) != len(tensor.axes):
            return []
        left = [axis.length for axis in tensor.axes[1:]]
        for size in shape[1:]:
            if size in left:
                left.remove(size)
        places = zip(shape[1:], tensor.axes[1:], strict=True)
        at_places = [axis for size, axis in places if size is None]
        if not at_places or {axis.length for axis in at_places} != {*left}:
            return []
        found += at_places
    return found if len({axis.length for axis in found}) == 1 else []


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
