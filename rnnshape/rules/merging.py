"""Layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import zip_longest
from operator import add

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.elementwise import no_such_axis
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import rule

MEANINGS = {"Add": "the sum", "Multiply": "the product", "Average": "the mean"}


@rule("Concatenate")
def concatenate(call: Call, inputs: Sequence[Tensor]) -> Facts:
    first, *others = inputs
    rank, axis = len(first.axes), whole_number(call, "axis")
    if any(len(one.axes) != rank for one in others):
        raise _unlike(call, inputs)
    if not -rank <= axis < rank:
        raise no_such_axis(call, "axis", axis, first)
    place = axis % rank
    for one in others:
        pairs = enumerate(zip(first.axes, one.axes, strict=True))
        if any(number != place and not _fits(*pair) for number, pair in pairs):
            raise _unlike(call, inputs)
    axes = list(first.axes)
    axes[place] = reduce(add, (one.axes[place] for one in inputs))
    masked = any(one.masked for one in inputs)
    joined = ", ".join(one.name for one in inputs)
    return Facts(
        (
            Tensor(
                "o",
                tuple(axes),
                f"{joined} side by side" if place == rank - 1 else f"{joined} one after the other",
                mask=tuple(axes[:-1]) if masked else None,
            ),
        )
    )


@rule("Add", "Multiply", "Average")
def elementwise(call: Call, inputs: Sequence[Tensor]) -> Facts:
    """What is shorter by axes after the batch, or has one entry along one, is repeated."""
    batch = inputs[0].axes[0]
    columns = zip_longest(*(one.axes[:0:-1] for one in inputs))
    axes = [_common(call, inputs, [axis for axis in column if axis]) for column in columns]
    masks = [one.mask for one in inputs if one.mask is not None]
    mask = max(masks, key=len) if len(masks) == len(inputs) else None
    meaning = f"{MEANINGS[call.name]} of {', '.join(one.name for one in inputs)}"
    return Facts((Tensor("o", (batch, *reversed(axes)), meaning, mask=mask),))


def _common(call: Call, inputs: Sequence[Tensor], column: Sequence[Axis]) -> Axis:
    longest = max(column, key=lambda axis: axis.length)
    for axis in column:
        alike = {axis.length, longest.length}, {axis.believed_length, longest.believed_length}
        if any(len(lengths | {1}) > 2 for lengths in alike):
            raise _unlike(call, inputs)
    return longest


def _fits(one: Axis, other: Axis) -> bool:
    believed = one.believed_length == other.believed_length
    return one.length == other.length and (believed or one.is_open or other.is_open)


def _unlike(call: Call, inputs: Sequence[Tensor]) -> Exception:
    shapes = ", ".join(f"{one.name} {one.shape}" for one in inputs)
    if call.name == "Concatenate":
        rule_of_shapes = "tensors that differ along its axis only"
        keras = "requires inputs with matching shapes except for the concatenation axis"
    else:
        rule_of_shapes = "tensors of one shape"
        keras = "Inputs have incompatible shapes"
    return call.error(f'{call} takes {rule_of_shapes}, but is given {shapes} (Keras: "{keras}")')
