"""Layers, and functions of `keras.ops`, that make one tensor of several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

from rnnshape.errors import IncompleteError
from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole_number
from rnnshape.rules.axes import broadcast, of_two, place, place_of, repeated, unequal
from rnnshape.rules.facts import Axis, Facts, Tensor, shapes_said
from rnnshape.rules.inputs import Inputs, tensors_in
from rnnshape.rules.registry import made, rule_of_inputs
from rnnshape.signatures import is_operation

MEANINGS = {
    "Add": "the sum",
    "Subtract": "the difference",
    "Multiply": "the product",
    "Average": "the mean",
    "Maximum": "the largest",
    "Minimum": "the smallest",
}
SUMS = "sums of products"
UNLIKE = {"Concatenate": "requires inputs with matching shapes except for the concatenation axis"}


@rule_of_inputs("Concatenate", "concatenate")
def concatenate(call: Call, inputs: Inputs) -> Facts:
    _check_list(call, inputs)
    first, is_layer, axis = inputs[0], call.name == "Concatenate", whole_number(call, "axis")
    rank = len(first.axes)
    takes_any = is_layer and len(inputs) == 1 and axis >= 0  # as Keras does then
    at = axis % rank if takes_any else place(call, "axis", first)
    _check_alike(call, inputs, but=at)
    axes = list(first.axes)
    axes[at] = reduce(add, (tensor.axes[at] for tensor in inputs))
    is_masked = is_layer and any(tensor.masked for tensor in inputs)
    how = "side by side" if at == rank - 1 else "one after the other"
    return made(f"{_names(inputs)} {how}", axes, mask=tuple(axes[:-1]) if is_masked else None)


@rule_of_inputs("stack")
def stack(call: Call, inputs: Inputs) -> Facts:
    _check_list(call, inputs)
    _check_alike(call, inputs)
    axes = list(inputs[0].axes)
    axes.insert(place(call, "axis", inputs[0], more=1), Axis("stack", len(inputs)))
    return made(f"{_names(inputs)} as entries of a new axis", axes)


@rule_of_inputs(*MEANINGS)
def elementwise(call: Call, inputs: Inputs) -> Facts | None:
    """What is shorter by axes after the batch, or has one entry along one, is repeated."""
    _check_list(call, inputs, 2 if call.name == "Subtract" else None)
    if not all(tensor.axes for tensor in inputs):
        raise _unlike(call, inputs, "tuple index out of range")
    batches = [tensor.axes[0] for tensor in inputs]
    written = {axis.length for axis in batches if not axis.is_open}
    if len(written) > 1 or len({axis.length for axis in batches} - {1}) > 1:
        raise call.error(
            f"{call} takes tensors of one batch size, not {[tensor.shape[0] for tensor in inputs]} "
            '(Keras: "Cannot merge tensors with different batch sizes")'
        )
    batch = max(batches, key=lambda axis: axis.length)  # one of 1 is repeated
    axes = broadcast(*(tensor.axes[1:] for tensor in inputs))
    if axes is None:
        which = unequal(*(tensor.axes[1:] for tensor in inputs))
        raise _unlike(call, inputs, "Inputs have incompatible shapes", which)
    masks = [tensor.mask for tensor in inputs if tensor.mask is not None]
    if len(masks) == len(inputs) and len(set(map(len, masks))) > 1:
        return None  # Keras joins masks from the last axis on, whatever it is
    mask = max(masks, key=len) if len(masks) == len(inputs) else None
    meaning = f"{MEANINGS[call.name]} of {_names(inputs)}"
    return made(meaning, (batch, *axes), mask=mask)


@rule_of_inputs("Dot")
def dot(call: Call, inputs: Inputs) -> Facts | None:
    _check_list(call, inputs, 2)
    places = []
    for tensor, axis in zip(inputs, numbers(call, "axes", 2), strict=True):
        at = place_of(call, "axes", axis, tensor)
        if len(tensor.axes) < 2 or at == 0:
            return None
        places.append([at])
    (first, other), (ours, theirs) = inputs, places
    summed = first.axes[ours[0]], other.axes[theirs[0]]
    if summed[0].is_open != summed[1].is_open:
        sizes = ["None" if axis.is_open else axis.length for axis in summed]
        raise call.error(
            f"{call} sums over {sizes[0]} {summed[0].label} of {first.name} and {sizes[1]} "
            f"{summed[1].label} of {other.name}: give both inputs the number, or none "
            '(Keras: "axis values")',
            "axes",
        )
    axes = _contracted(call, first, ours, other, theirs, said='(Keras: "axis values")', batch=1)
    axes += [Axis("1", 1)] * (len(axes) == 1)
    over = f"summed over the {first.axes[ours[0]].label}"
    return made(f"products of {first.name} and {other.name}, {over}", axes)


@of_two("matmul")
def matmul(call: Call, first: Tensor, other: Tensor) -> Facts | None:
    if min(len(first.axes), len(other.axes)) < 2:
        return None
    *before, row, _ = first.axes
    *behind, _, column = other.axes
    _contracted(call, first, [len(before) + 1], other, [len(behind)])
    return made(SUMS, (*repeated(call, before, behind), row, column))


@of_two("dot")
def dot_of_last(call: Call, first: Tensor, other: Tensor) -> Facts | None:
    if not (first.axes and other.axes):
        return None
    ours, theirs = len(first.axes) - 1, max(0, len(other.axes) - 2)
    return made(SUMS, _contracted(call, first, [ours], other, [theirs]))


@of_two("tensordot")
def tensordot(call: Call, first: Tensor, other: Tensor) -> Facts | None:
    match call["axes"]:
        case int(count) if 0 <= count <= min(len(first.axes), len(other.axes)):
            ours, theirs = [*range(len(first.axes))][len(first.axes) - count :], [*range(count)]
        case (tuple(left), tuple(right)) if len(left) == len(right):
            ours = [place_of(call, "axes", at, first) for at in left if isinstance(at, int)]
            theirs = [place_of(call, "axes", at, other) for at in right if isinstance(at, int)]
        case _:
            return None
    return made(SUMS, _contracted(call, first, ours, other, theirs))


def _contracted(
    call: Call,
    first: Tensor,
    ours: Sequence[int],
    other: Tensor,
    theirs: Sequence[int],
    said: str = '(Keras: "Matrix size-incompatible", "must be equal")',
    batch: int = 0,
) -> list[Axis]:
    """What is left of two tensors when it is summed over some axes of both; `batch` is how many of
    the second's first axes are the first's."""
    for axis, its in zip((first.axes[at] for at in ours), theirs, strict=False):
        lengths = axis.length, other.axes[its].length
        if lengths[0] != lengths[1]:
            shape, its_shape = shapes_said(first.axes, other.axes)
            raise call.error(
                f"{call} sums over {axis.length} {axis.label} of {first.name} {shape} and "
                f"{other.axes[its].length} {other.axes[its].label} of {other.name} {its_shape}: "
                f"these must be equally many {said}",
                "axes",
                unequal=[lengths],
            )
    left = [axis for at, axis in enumerate(first.axes) if at not in ours]
    return left + [axis for at, axis in enumerate(other.axes) if at >= batch and at not in theirs]


@rule_of_inputs("einsum")
def einsum(call: Call, inputs: Inputs) -> Facts | None:
    given, written = tensors_in(inputs.named("operands")), str(call["subscripts"])
    taken, _, out = written.partition("->")
    parts = taken.split(",")
    if not re.fullmatch(r"[a-zA-Z,.]+->[a-zA-Z.]*", written) or len(parts) != len(given):
        return None
    axes: dict[str, Axis] = {}
    left_out: list[tuple[Axis, ...]] = []
    for part, tensor in zip(parts, given, strict=True):
        before, dots, after = part.partition("...")
        more = len(tensor.axes) - len(before) - len(after)
        if more < 0 or (more and not dots):
            return None
        left_out.append(tensor.axes[len(before) : len(before) + more])
        named = (*tensor.axes[: len(before)], *tensor.axes[len(before) + more :])
        for letter, axis in zip(before + after, named, strict=True):
            if axes.setdefault(letter, axis).length != axis.length:
                raise call.error(
                    f"{call} has {letter!r} for {axes[letter].length} {axes[letter].label} and for "
                    f'{axis.length} {axis.label} (Keras: "Expected dimension")',
                    unequal=[(axes[letter].length, axis.length)],
                )
    before, dots, after = out.partition("...")
    if not set(before + after) <= set(axes) or (any(left_out) and not dots):
        return None
    middle = repeated(call, *left_out) if dots else ()
    first, last = ([axes[letter] for letter in part] for part in (before, after))
    return made(SUMS, (*first, *middle, *last))


def _names(tensors: Iterable[Tensor]) -> str:
    return ", ".join(tensor.name for tensor in tensors)


def _check_list(call: Call, inputs: Inputs, count: int | None = None) -> None:
    is_alone = isinstance(next(iter(inputs.arguments.values()), None), Tensor)
    if is_alone or not len(inputs) or (count and len(inputs) != count):
        wanted = f"a list of {count} tensors" if count else "a list of tensors"
        said = "" if is_operation(call.name) else ' (Keras: "should be called on")'
        raise call.error(
            f"{call} takes {wanted}, such as [a, b], and is called with {len(inputs)}{said}",
            kind=IncompleteError,
        )
    [first, *_] = inputs.arguments.values()
    if isinstance(first, tuple) and any(isinstance(part, tuple) for part in first):
        raise call.error(f"{call} takes a list of tensors, and is given a list within it")


def _check_alike(call: Call, inputs: Inputs, but: int | None = None) -> None:
    """Whether the tensors have the same axes, but for one."""
    shapes = {
        tuple(0 if at == but else length for at, length in enumerate(tensor.shape))
        for tensor in inputs
    }
    if len(shapes) > 1:
        ranks = {len(shape) for shape in shapes}
        columns = [{"rank"}] if len(ranks) > 1 else map(set, zip(*shapes, strict=True))
        which = [tuple(sorted(sizes)) for sizes in columns if len(sizes) > 1 or len(ranks) > 1]
        raise _unlike(call, inputs, UNLIKE.get(call.name, "must have the same shape"), which)


def _unlike(
    call: Call, inputs: Inputs, keras: str, which: Iterable[tuple[object, ...]] = ()
) -> Exception:
    pairs = zip(inputs, shapes_said(*(tensor.axes for tensor in inputs)), strict=True)
    shapes = ", ".join(f"{tensor.name} {shape}" for tensor, shape in pairs)
    along = "that differ along its axis only" if "oncat" in call.name else "of one shape"
    said = f'{call} takes tensors {along}, but is given {shapes} (Keras: "{keras}")'
    return call.error(said, unequal=which)
