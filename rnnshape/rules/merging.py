"""Layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole_number
from rnnshape.rules.axes import broadcast, place, place_of
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import Inputs
from rnnshape.rules.registry import made, rule_of_inputs

MEANINGS = {
    "Add": "the sum",
    "Subtract": "the difference",
    "Multiply": "the product",
    "Average": "the mean",
    "Maximum": "the largest",
    "Minimum": "the smallest",
}


@rule_of_inputs("Concatenate")
def concatenate(call: Call, inputs: Inputs) -> Facts:
    _check_list(call, inputs)
    first, *others = inputs
    rank = len(first.axes)
    if any(len(other.axes) != rank for other in others):
        raise _unlike(call, inputs)
    axis = whole_number(call, "axis")
    at = place(call, "axis", first) if others or axis < 0 else axis % rank  # Keras takes any then
    for other in others:
        pairs = enumerate(zip(first.axes, other.axes, strict=True))
        if any(number != at and not _fits(*pair) for number, pair in pairs):
            raise _unlike(call, inputs)
    axes = list(first.axes)
    axes[at] = reduce(add, (tensor.axes[at] for tensor in inputs))
    mask = tuple(axes[:-1]) if any(tensor.masked for tensor in inputs) else None
    how = "side by side" if at == rank - 1 else "one after the other"
    return made(f"{', '.join(tensor.name for tensor in inputs)} {how}", axes, mask=mask)


@rule_of_inputs(*MEANINGS)
def elementwise(call: Call, inputs: Inputs) -> Facts | None:
    """What is shorter by axes after the batch, or has one entry along one, is repeated."""
    _check_list(call, inputs, 2 if call.name == "Subtract" else None)
    if len({tensor.axes[0].length for tensor in inputs}) > 1:
        raise call.error(
            f"{call} takes tensors of one batch size, not {[tensor.shape[0] for tensor in inputs]} "
            '(Keras: "Cannot merge tensors with different batch sizes")'
        )
    batch = inputs[0].axes[0]
    axes = broadcast(*(tensor.axes[1:] for tensor in inputs))
    if axes is None:
        raise _unlike(call, inputs)
    masks = [tensor.mask for tensor in inputs if tensor.mask is not None]
    if len(masks) == len(inputs) and len(set(map(len, masks))) > 1:
        return None  # Keras joins masks from the last axis on, whatever it is
    mask = max(masks, key=len) if len(masks) == len(inputs) else None
    meaning = f"{MEANINGS[call.name]} of {', '.join(tensor.name for tensor in inputs)}"
    return made(meaning, (batch, *axes), mask=mask)


@rule_of_inputs("Dot")
def dot(call: Call, inputs: Inputs) -> Facts:
    _check_list(call, inputs, 2)
    places = []
    for tensor, axis in zip(inputs, numbers(call, "axes", 2), strict=True):
        at = place_of(call, "axes", axis, tensor)
        if len(tensor.axes) < 2 or at == 0:
            raise call.error(
                f"{call} can't sum over the batch of {tensor.name} "
                '(Keras: "Cannot perform batch_dot over axis 0")',
                "axes",
            )
        places.append(at)
    first, second = inputs
    summed, other = (tensor.axes[place] for tensor, place in zip(inputs, places, strict=True))
    if not _fits(summed, other):
        raise call.error(
            f"{call} sums over {summed.length} {summed.label} of {first.name} and {other.length} "
            f'{other.label} of {second.name}: these must be equally many (Keras: "axis values")',
            "axes",
        )
    axes = [axis for place, axis in enumerate(first.axes) if place != places[0]]
    axes += [axis for place, axis in enumerate(second.axes) if place not in (0, places[1])]
    axes += [Axis("1", 1)] * (len(axes) == 1)
    meaning = f"products of {first.name} and {second.name}, summed over the {summed.label}"
    return made(meaning, axes)


def _check_list(call: Call, inputs: Inputs, count: int | None = None) -> None:
    if isinstance(inputs.named("inputs"), Tensor) or (count and len(inputs) != count):
        wanted = f"a list of {count} tensors" if count else "a list of tensors"
        raise call.error(
            f"{call} takes {wanted}, such as {call}([a, b]), and is called with "
            f'{len(inputs)} (Keras: "should be called on")'
        )


def _fits(axis: Axis, other: Axis) -> bool:
    are_alike = axis.length_before_run == other.length_before_run
    return axis.length == other.length and (are_alike or axis.is_open or other.is_open)


def _unlike(call: Call, inputs: Sequence[Tensor]) -> Exception:
    shapes = ", ".join(f"{tensor.name} {tensor.shape}" for tensor in inputs)
    if call.name == "Concatenate":
        rule_of_shapes = "tensors that differ along its axis only"
        keras = "requires inputs with matching shapes except for the concatenation axis"
    else:
        rule_of_shapes = "tensors of one shape"
        keras = "Inputs have incompatible shapes"
    return call.error(f'{call} takes {rule_of_shapes}, but is given {shapes} (Keras: "{keras}")')
