"""The functions of `keras.ops` that rearrange axes, join tensors, or multiply matrices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from math import prod
from operator import add

from rnnshape.expression import Call, printed
from rnnshape.rules.arguments import wholes
from rnnshape.rules.axes import in_shape, joined, place, place_of, places
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import Inputs, tensors_in
from rnnshape.rules.operands import of_two, repeated
from rnnshape.rules.registry import axes_of_rank, made, rule, rule_of_inputs

SAME_NUMBERS = "the same numbers in another shape"


@rule("reshape")
def reshape(call: Call, given: Tensor) -> Facts:
    shape = call["newshape"]
    if isinstance(shape, tuple) and None in shape:
        raise call.error(
            f"{call.name} takes -1, not None, for the size that follows from the others "
            '(Keras: "Attempt to convert a value (None) with an unsupported type")',
            "newshape",
        )
    sizes = wholes(call, "newshape")
    total = joined(given.axes)
    rest = prod(size for size in sizes if size != -1)
    fits = total.length % rest == 0 if -1 in sizes and rest else total.length == rest
    if min(sizes, default=0) < -1 or sizes.count(-1) > 1 or not fits:
        raise call.error(
            f"{call} is given {total.length:,} numbers, as {given.labels} is {given.shape}: give a "
            "shape of as many, in which one size may be -1 "
            '(Keras: "Input to reshape is a tensor with", '
            '"There must be at most one unknown dimension (-1)")',
            "newshape",
        )
    names = axes_of_rank(len(sizes)) if sizes else ()
    return made(SAME_NUMBERS, in_shape(total, sizes, names))


@rule("ravel")
def ravel(call: Call, given: Tensor) -> Facts:
    return made("all numbers in one row", (joined(given.axes),))


@rule("transpose")
def transpose(call: Call, given: Tensor) -> Facts:
    rank = len(given.axes)
    order = places(call, "axes", given) if call["axes"] is not None else range(rank)[::-1]
    if len(order) != rank:
        raise call.error(
            f"{call} takes each axis of {given.labels} once "
            '(Keras: "axis must be a list of the same length as the input shape")',
            "axes",
        )
    return made("the input with its axes in another order", [given.axes[at] for at in order])


@rule("swapaxes")
def swapaxes(call: Call, given: Tensor) -> Facts:
    axes = list(given.axes)
    first, other = place(call, "axis1", given), place(call, "axis2", given)
    axes[first], axes[other] = axes[other], axes[first]
    return made("the input with two axes exchanged", axes)


@rule("moveaxis")
def moveaxis(call: Call, given: Tensor) -> Facts:
    taken, put = places(call, "source", given), places(call, "destination", given)
    if len(taken) != len(put):
        raise call.error(
            f"{call} takes a destination for each source "
            '(Keras: "`source` and `destination` arguments must have the same number")',
            "destination",
        )
    order = [at for at in range(len(given.axes)) if at not in taken]
    for where, at in sorted(zip(put, taken, strict=True)):
        order.insert(where, at)
    return made("the input with its axes in another order", [given.axes[at] for at in order])


@rule("expand_dims")
def expand_dims(call: Call, given: Tensor) -> Facts:
    new = places(call, "axis", given, more=len(wholes(call, "axis")))
    axes = list(given.axes)
    for at in sorted(new):
        axes.insert(at, Axis("1", 1))
    return made(SAME_NUMBERS, axes)


@rule("squeeze")
def squeeze(call: Call, given: Tensor) -> Facts:
    if call["axis"] is None:
        return made(SAME_NUMBERS, [axis for axis in given.axes if axis.length != 1 or axis.is_open])
    gone = places(call, "axis", given)
    for at in gone:
        if given.shape[at] != 1:
            raise call.error(
                f"{call} takes an axis with one entry away, and {given.axes[at].label} has "
                f'{given.shape[at]} (Keras: "because the dimension is not 1")',
                "axis",
            )
    return made(SAME_NUMBERS, [axis for at, axis in enumerate(given.axes) if at not in gone])


@rule("broadcast_to")
def broadcast_to(call: Call, given: Tensor) -> Facts:
    wanted = [Axis("1", size) for size in wholes(call, "shape")]
    axes = repeated(call, given.axes, wanted)
    if [axis.length for axis in axes] != [axis.length for axis in wanted]:
        raise call.error(
            f"{call} can't make {given.shape} of this shape "
            '(Keras: "Incompatible shapes", "Cannot broadcast shape")',
            "shape",
        )
    return made("the input, repeated where it has one entry", axes)


def _listed(call: Call, inputs: Inputs) -> tuple[Tensor, ...]:
    [name] = inputs.arguments
    if isinstance(inputs.named(name), Tensor):
        raise call.error(f"{call.name} takes a list of tensors: {call.name}([a, b])")
    return tensors_in(inputs.named(name))


@rule_of_inputs("concatenate")
def concatenate(call: Call, inputs: Inputs) -> Facts:
    given = _listed(call, inputs)
    at = place(call, "axis", given[0])
    _check_alike(call, given, but=at)
    axes = list(given[0].axes)
    axes[at] = reduce(add, (tensor.axes[at] for tensor in given))
    names = ", ".join(tensor.name for tensor in given)
    return made(f"{names} one after the other", axes)


@rule_of_inputs("stack")
def stack(call: Call, inputs: Inputs) -> Facts:
    given = _listed(call, inputs)
    _check_alike(call, given)
    at = place(call, "axis", given[0], more=1)
    axes = list(given[0].axes)
    axes.insert(at, Axis("stack", len(given)))
    names = ", ".join(tensor.name for tensor in given)
    return made(f"{names} as entries of a new axis", axes)


def _check_alike(call: Call, given: tuple[Tensor, ...], but: int | None = None) -> None:
    shapes = [[n for at, n in enumerate(tensor.shape) if at != but] for tensor in given]
    ranks = {len(tensor.axes) for tensor in given}
    if len(ranks) > 1 or any(shape != shapes[0] for shape in shapes):
        listed = ", ".join(f"{tensor.name} {tensor.shape}" for tensor in given)
        apart = "" if but is None else " but for that axis"
        raise call.error(
            f"{call} takes tensors of one shape{apart}, but is given {listed} "
            '(Keras: "must have the same shape")'
        )


@of_two("matmul")
def matmul(call: Call, first: Tensor, second: Tensor) -> Facts | None:
    if min(len(first.axes), len(second.axes)) < 2:
        return None
    _check_sums(call, first, first.axes[-1], second, second.axes[-2])
    lead = repeated(call, first.axes[:-2], second.axes[:-2])
    return made("sums of products", (*lead, first.axes[-2], second.axes[-1]))


@of_two("dot")
def dot(call: Call, first: Tensor, second: Tensor) -> Facts | None:
    if not first.axes or not second.axes:
        return None
    return _contracted(call, first, [len(first.axes) - 1], second, [max(0, len(second.axes) - 2)])


@of_two("tensordot")
def tensordot(call: Call, first: Tensor, second: Tensor) -> Facts | None:
    match call["axes"]:
        case int(count) if 0 <= count <= min(len(first.axes), len(second.axes)):
            ours = list(range(len(first.axes) - count, len(first.axes)))
            theirs = list(range(count))
        case (tuple(left), tuple(right)) if len(left) == len(right):
            ours = [place_of(call, "axes", at, first) for at in left if isinstance(at, int)]
            theirs = [place_of(call, "axes", at, second) for at in right if isinstance(at, int)]
        case _:
            return None
    return _contracted(call, first, ours, second, theirs)


def _contracted(
    call: Call, first: Tensor, ours: Sequence[int], second: Tensor, theirs: Sequence[int]
) -> Facts:
    """What is left of two tensors when it is summed over some axes of both."""
    for our, other in zip(ours, theirs, strict=False):
        _check_sums(call, first, first.axes[our], second, second.axes[other])
    kept = [axis for at, axis in enumerate(first.axes) if at not in ours]
    kept += [axis for at, axis in enumerate(second.axes) if at not in theirs]
    return made("sums of products", kept)


def _check_sums(call: Call, first: Tensor, axis: Axis, second: Tensor, other: Axis) -> None:
    if axis.length != other.length:
        raise call.error(
            f"{call.name} sums over {axis.length} {axis.label} of {first.name} {first.shape} and "
            f"{other.length} {other.label} of {second.name} {second.shape}: these must be equally "
            'many (Keras: "Matrix size-incompatible", "must be equal")'
        )


@of_two("outer")
def outer(call: Call, first: Tensor, second: Tensor) -> Facts:
    return made("all products of two", (joined(first.axes), joined(second.axes)))


@rule_of_inputs("einsum")
def einsum(call: Call, inputs: Inputs) -> Facts | None:
    given, written = tensors_in(inputs.named("operands")), str(call["subscripts"])
    if not re.fullmatch(r"[a-zA-Z,.]+->[a-zA-Z.]*", written):
        return None
    taken, _, out = written.partition("->")
    parts = taken.split(",")
    if len(parts) != len(given):
        raise call.error(
            f"{printed(written)} is for {len(parts)} tensors, not {len(given)} "
            '(Keras: "Number of operands")'
        )
    axes: dict[str, Axis] = {}
    left_out: list[tuple[Axis, ...]] = []
    for part, tensor in zip(parts, given, strict=True):
        before, dots, after = part.partition("...")
        more = len(tensor.axes) - len(before) - len(after)
        if more < 0 or (more and not dots):
            raise call.error(
                f"{call} has {part!r} for {tensor.name}, which is {tensor.labels} "
                '(Keras: "Number of dimensions in the subscript does not match")'
            )
        left_out.append(tensor.axes[len(before) : len(before) + more])
        named = (*tensor.axes[: len(before)], *tensor.axes[len(before) + more :])
        for letter, axis in zip(before + after, named, strict=True):
            if axes.setdefault(letter, axis).length != axis.length:
                raise call.error(
                    f"{call} has {letter!r} for {axes[letter].length} {axes[letter].label} and for "
                    f'{axis.length} {axis.label} (Keras: "Expected dimension")'
                )
    before, dots, after = out.partition("...")
    if "." in before + after or not set(before + after) <= set(axes):
        return None
    middle = repeated(call, *left_out) if dots else ()
    if any(left_out) and not dots:
        return None
    first, last = ([axes[letter] for letter in part] for part in (before, after))
    return made("sums of products", (*first, *middle, *last))
