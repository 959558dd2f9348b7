"""One layer of a network, with all that is known about it; and the masks between layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rnnshape.columns import Column
from rnnshape.expression import Call, Unknown, unknowns_in
from rnnshape.network import Network, Ref, Step, refs_in
from rnnshape.rules.facts import Facts, Tensor
from rnnshape.rules.registry import has_rule
from rnnshape.signatures import is_operation

# It takes masks off the very tensors that it is given.
TAKES_MASKS = "MultiHeadAttention"


NOT_KEPT = (
    "this layer is no attribute of what calls it: Keras neither counts nor trains its weights; "
    "make it in __init__, as self.NAME"
)


class Mask(NamedTuple):
    """What a layer does with the mask of what it is given: which timesteps are padding.

    Attributes:
        arrives: whether one comes in; None where that is not known.
        leaves: whether one goes out with what it returns; None where that is not known.
        is_used: whether it leaves out what the mask marks.
    """

    arrives: bool | None
    leaves: bool | None
    is_used: bool = False

    @property
    def is_lost(self) -> bool:
        return self.arrives is True and self.leaves is False and not self.is_used


@dataclass(frozen=True)
class Layer:
    """One layer of a network, with all that the rule knows about it.

    Attributes:
        number: its place in the network, from 1.
        step: the call of it in the network.
        inputs: the tensors that it is called with; None for what is not known.
        facts: what the rule says; None where there is no rule, or what it needs is not known.
        known_outputs: where the rule says nothing, what is known of its outputs all the same:
            what Keras returned, once that was measured, or what was recorded of it.
    """

    number: int
    step: Step
    inputs: tuple[Tensor | None, ...]
    facts: Facts | None
    known_outputs: tuple[Tensor, ...] = ()

    def __repr__(self) -> str:
        outputs = ", ".join(f"{output.name} {output.sizes}" for output in self.outputs)
        return f"<Layer {self.number} {self.call}: {outputs or 'by Keras alone'}>"

    @property
    def call(self) -> Call:
        """The layer, as it is written."""
        return self.step.layer

    @property
    def same_as(self) -> int | None:
        """The number of the earlier layer that this one is, called once more."""
        return self.step.same_as

    @property
    def unread(self) -> Unknown | None:
        """Why the layer itself is not read, where it is not."""
        return self.step.unread

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self.facts.outputs if self.facts else self.known_outputs

    @property
    def without_rule(self) -> str:
        """What there is no rule for: the name of the layer, or of the one inside it."""
        call = self.call
        while has_rule(call.name) and isinstance(inner := call["layer"], Call):
            call = inner
        return f"{call.name} with these arguments" if has_rule(call.name) else call.name

    @property
    def has_no_rule(self) -> bool:
        """Whether it is a layer of Keras, or one with arguments, that Keras alone can tell of."""
        is_known = self.facts is not None or self.unread is not None
        if is_known or (has_rule(self.call.name) and next(unknowns_in(self.call), None)):
            return False
        is_given_sizes = all(tensor and tensor.known_size is not None for tensor in self.inputs)
        return is_given_sizes or not has_rule(self.call.name)

    @cached_property
    def mask(self) -> Mask | None:
        """Which masks come and go; None where there is none."""
        arrives, leaves = _masked(self.inputs), _masked(self.outputs)
        if self.facts is None:
            is_unknown = arrives is None or self.unread or has_rule(self.call.name)
            leaves = None if is_unknown else False
            return None if arrives is False else Mask(arrives, leaves)
        arrives = self.facts.mask_arrives
        is_none = arrives is False and leaves is False
        return None if is_none else Mask(arrives, leaves, self.facts.uses_mask)

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """Its own; a layer that is called again has none that were not counted before."""
        return self.facts.weights if self.facts and self.has_weights else ()

    @property
    def has_weights(self) -> bool:
        """Whether Keras counts weights here: it does so once, and only of layers that are kept."""
        return self.same_as is None and self.step.parameters != 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is likely not what was meant, a sentence each."""
        of_facts = self.facts.warnings if self.facts else ()
        is_lost = self.step.parameters == 0 and self.facts and self.facts.weights
        return (*of_facts, NOT_KEPT) if is_lost else of_facts

    @cached_property
    def parameters(self) -> int | None:
        """How many numbers its weights hold; None where that is not known."""
        sizes = [weight.known_size for weight in self.weights]
        known = [size for size in sizes if size is not None]
        if self.facts is None or len(known) < len(sizes):
            is_none = self.same_as is not None or is_operation(self.step.layer.name)
            return 0 if is_none else self.step.parameters
        is_had = self.step.is_sure or not any(known)  # or it may never be called, and have none
        return sum(known) if is_had else None


def check_same_weights(step: Step, facts: Facts, first: Layer, network: Network) -> None:
    """A layer that is called again has the weights that it was built with; of what is assumed, or
    known only when it runs, these may be the same."""
    if first.facts is None or any(isinstance(one.shape, Unknown) for one in network.inputs):
        return
    for weight, built in zip(facts.weights, first.facts.weights, strict=False):
        is_known = not any(axis.follows_from for axis in (*weight.axes, *built.axes))
        if is_known and weight.sizes != built.sizes:
            is_given = step.group not in ("", first.step.group)  # a model that was built before
            remedy = f"give {step.group} as many features" if is_given else "make a layer for each"
            raise step.layer.error(
                f"{step.layer} was built with {built.name} {built.sizes}, and is called again with "
                f'what needs {weight.sizes}: {remedy} (Keras: "is incompatible with the layer", '
                '"Matrix size-incompatible")',
                unequal=(
                    pair
                    for pair in zip(weight.shape, built.shape, strict=False)
                    if pair[0] != pair[1]
                ),
            )


def layer_of_unknown(
    number: int, step: Step, column: Column, given: tuple[Tensor | None, ...]
) -> Layer:
    """A layer that is given what no known sizes stand for."""
    facts = None
    if step.layer.name in ("Reshape", "reshape") and given and given[0]:  # which says its own
        from rnnshape.rules.rearranging import reshape_of_unknown

        facts = reshape_of_unknown(column.layer(step.layer), given[0])
    return Layer(number, step, given, facts and facts.renamed(step.names))


def _masked(tensors: Sequence[Tensor | None]) -> bool | None:
    """Whether a mask is on one of these when the model runs; None where that is not known."""
    runs = {tensor.mask_runs for tensor in tensors if tensor and tensor.masked}
    return True if True in runs else None if None in runs else False


def masks_taken(network: Network) -> Mapping[int, frozenset[Ref]]:
    """Of each step, by its number, the tensors whose masks are gone when it runs. In which order
    Keras runs steps is certain of those alone that need what attention returns."""
    if all(step.layer.name != TAKES_MASKS for step in network.steps):
        return {}
    found: dict[int, frozenset[Ref]] = {}
    takers: dict[Ref, set[int]] = {}
    needed: dict[int, set[int]] = {0: set()}
    for number, step in enumerate(network.steps, start=1):
        before = needed[number] = set().union(*({r.step} | needed[r.step] for r in step.refs))
        if gone := [ref for ref in step.refs if not before.isdisjoint(takers.get(ref, ()))]:
            found[number] = frozenset(gone)
        for ref in _attended(step) if step.layer.name == TAKES_MASKS else ():
            takers.setdefault(ref, set()).add(number)
    return found


def _attended(step: Step) -> Iterator[Ref]:
    """The query, the value and the key."""
    named = (keyword for name, keyword in step.keywords if name in ("query", "value", "key"))
    return refs_in((*step.arguments[:3], *named))


def lost_masks(network: Network, layers: Sequence[Layer]) -> Iterator[tuple[int, str]]:
    """The number of each layer that loses one, and what follows from it.

    >>> from rnnshape.description import describe
    >>> from rnnshape.chains import chain
    >>> from rnnshape.reading import parse
    >>> texts = ["Embedding(9, 4, mask_zero=True)", "Conv1D(8, 3)", "LSTM(2)"]
    >>> network = chain([parse(text) for text in texts])
    >>> [*lost_masks(network, describe(network).layers)]
    [(2, 'the mask is lost here: LSTM (layer 3) takes padding for data')]
    """
    taken = masks_taken(network)
    for layer in layers:
        if layer.mask and layer.mask.is_lost:
            user = _would_use(layers, layer)
            if user:
                name = f"{user.call.name} (layer {user.number})"
                why = f", as {TAKES_MASKS} has taken it off an input" * (layer.number in taken)
                yield layer.number, f"the mask is lost here{why}: {name} takes padding for data"


def _would_use(layers: Sequence[Layer], lost: Layer) -> Layer | None:
    """The first layer that leaves out what a mask marks, and is given what goes on from there
    with its timesteps as they were."""
    reached = _with_time(lost)
    for layer in layers[lost.number :]:
        if reached.isdisjoint(layer.step.refs):
            continue
        if layer.facts and layer.facts.uses_mask and layer.facts.mask_arrives is False:
            return layer
        reached |= _with_time(layer)
    return None


def _with_time(layer: Layer) -> set[Ref]:
    """Those of its outputs that still have timesteps."""
    names = [[axis.name for axis in output.axes[1:-1]] for output in layer.outputs]
    return {Ref(layer.number, n) for n, name in enumerate(names) if name[:1] == ["timesteps"]}
