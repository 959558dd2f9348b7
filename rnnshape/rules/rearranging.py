"""Layers, and functions of `keras.ops`, that put numbers into another order or shape, or repeat
them: each drops a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf, prod
from operator import add

from rnnshape.expression import KEPT, Call, SizeWhenRun, Value
from rnnshape.rules.arguments import numbers, whole_number, wholes
from rnnshape.rules.axes import exchanged, joined, place, places, repeated
from rnnshape.rules.facts import NOTHING, WHEN_RUN, Axis, Facts, Tensor, shapes_said
from rnnshape.rules.registry import SEQUENCE, axes_of_rank, made, required_axes, rule

SAME_NUMBERS = "the same numbers in another shape"
OTHER_ORDER = "the input with its axes in another order"
ONE_ROW = "all numbers in one row"


@rule("Flatten")
def flatten(call: Call, given: Tensor) -> Facts:
    if not given.axes:
        raise call.error(f'{call} takes a batch, but is given () (Keras: "expected min_ndim=1")')
    batch, *others = given.axes
    return made(ONE_ROW, (batch, joined(others).named("features")))


@rule("ravel")
def ravel(call: Call, given: Tensor) -> Facts:
    return made(ONE_ROW, (joined(given.axes),))


@rule("Reshape", "reshape")
def reshape(call: Call, given: Tensor) -> Facts:
    """The layer keeps the batch; the function has a size for it, too."""
    kept, argument, target = _target(call)
    is_layer = call.name == "Reshape"
    said = (
        '(Keras: "The total size of the tensor must be unchanged")'
        if is_layer
        else '(Keras: "Input to reshape is a tensor with", '
        '"There must be at most one unknown dimension (-1)")'
    )
    if not is_layer and not all(isinstance(size, int | SizeWhenRun) for size in target):
        raise call.error(
            f"{call.name} takes -1, not None, for the size that follows from the others "
            '(Keras: "Attempt to convert a value (None)", "Failed to convert elements of")',
            argument,
        )
    sizes = _sizes(target)
    total = joined(given.axes[kept:])
    rest = prod(size for size in sizes if size != -1)
    fits = total.length % rest == 0 if -1 in sizes and rest else total.length == rest
    if min(sizes, default=0) < -1 or sizes.count(-1) > 1 or not fits:
        is_assumed = any(axis.is_assumed for axis in given.axes[kept:])  # then they follow from it
        shape = given.shape if is_assumed else shapes_said(given.axes)[0]
        raise call.error(
            f"{call} is given {total.length:,} numbers, as {given.labels} is "
            f"{shape}: give a shape of as many, in which one size may be -1 {said}",
            argument,
        )
    return _reshaped(given, kept, target, total.resized(lambda length: length // (rest or 1)))


def reshape_of_unknown(call: Call, given: Tensor) -> Facts:
    """What it makes of a tensor of which nobody knows the sizes: as it says, whether the numbers
    are as many or not; -1 differs where any of them does."""
    kept, _, target = _target(call)
    sizes = _sizes(target)
    total = joined(given.axes[kept:])
    return _reshaped(given, kept, target, total.resized(lambda length: length + sum(sizes)))


def _target(call: Call) -> tuple[int, str, tuple[Value, ...]]:
    """How many axes stay as they are, and the argument that says all others, as a tuple."""
    if (sizes := sizes_of_sample(call)) is not None:
        return 1, "newshape", sizes
    kept, argument = (1, "target_shape") if call.name == "Reshape" else (0, "newshape")
    value = call[argument]
    return kept, argument, value if isinstance(value, tuple) else (value,)


def sizes_of_sample(call: Call) -> tuple[Value, ...] | None:
    """`(-1, 8)` of `reshape(x, (ops.shape(x)[0], -1, 8))`; None where the batch is not kept."""
    sizes = dict(call.arguments).get("newshape")
    return sizes[1:] if isinstance(sizes, tuple) and sizes[:1] == (KEPT,) else None


def _sizes(target: Sequence[Value]) -> list[int]:
    sizes = (size.size if isinstance(size, SizeWhenRun) else size for size in target)
    return [size if isinstance(size, int) else -1 for size in sizes]


def _reshaped(given: Tensor, kept: int, target: Sequence[Value], left_open: Axis) -> Facts:
    names = axes_of_rank(kept + len(target))[kept:] if target else ()
    axes = []
    for name, size, written in zip(names, _sizes(target), target, strict=True):
        is_said = isinstance(written, int)  # Keras keeps the None of a layer
        known = left_open.named(name) if size == -1 else Axis(name, size)
        follows_from = known.follows_from | (NOTHING if is_said else WHEN_RUN)
        axes.append(replace(known, follows_from=follows_from))
    first = [axis.length for axis in given.axes[:1]]
    if not kept and axes and [axes[0].length] != first:  # it is no longer the batch
        axes[0] = axes[0].named("axis 0")
    return made(SAME_NUMBERS, (*given.axes[:kept], *axes))


def _axes_to_permute(call: Call) -> tuple[str, ...]:
    dims = call["dims"]
    return axes_of_rank(len(dims) + 1) if isinstance(dims, tuple) else SEQUENCE


@rule("Permute", takes=_axes_to_permute)
def permute(call: Call, given: Tensor) -> Facts:
    required_axes(call, given, *_axes_to_permute(call))
    order = numbers(call, "dims", len(given.axes) - 1)
    return made(OTHER_ORDER, [given.axes[place] for place in (0, *order)])


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
    return made(OTHER_ORDER, [given.axes[at] for at in order])


@rule("swapaxes")
def swapaxes(call: Call, given: Tensor) -> Facts:
    axes = list(given.axes)
    first, other = place(call, "axis1", given), place(call, "axis2", given)
    axes[first], axes[other] = axes[other], axes[first]
    return made("the input with two axes exchanged", axes)


@rule("moveaxis")
def moveaxis(call: Call, given: Tensor) -> Facts | None:
    taken, put = places(call, "source", given), places(call, "destination", given)
    if len(taken) != len(put):
        return None
    axes = [axis for at, axis in enumerate(given.axes) if at not in taken]
    for to, at in sorted(zip(put, taken, strict=True)):
        axes.insert(to, given.axes[at])
    return made(OTHER_ORDER, axes)


@rule("expand_dims")
def expand_dims(call: Call, given: Tensor) -> Facts:
    axes = list(given.axes)
    for at in sorted(places(call, "axis", given, more=len(wholes(call, "axis")))):
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


@rule("RepeatVector", takes=lambda call: ("batch", "features"))
def repeat_vector(call: Call, given: Tensor) -> Facts:
    required_axes(call, given, "batch", "features")
    batch, features = given.axes
    axes = (batch, Axis("timesteps", whole_number(call, "n")), features)
    return made("the input at every timestep", axes)


@rule("broadcast_to")
def broadcast_to(call: Call, given: Tensor) -> Facts | None:
    wanted = [Axis("1", size) for size in wholes(call, "shape")]
    axes = repeated(call, given.axes, wanted)
    if [axis.length for axis in axes] != [axis.length for axis in wanted]:
        return None
    return made("the input, repeated where it has one entry", axes)


@rule("repeat")
def repeat(call: Call, given: Tensor) -> Facts | None:
    times = wholes(call, "repeats")
    at = None if call["axis"] is None else place(call, "axis", given)
    axis = joined(given.axes) if at is None else given.axes[at]
    if min(times) < 0 or len(times) not in (1, axis.length):
        return None
    one_for_all = len(times) == 1
    longer = axis.resized(lambda length: length * times[0] if one_for_all else sum(times))
    axes = (longer,) if at is None else exchanged(given, at, longer)
    return made("each entry several times", axes)


@rule("tile")
def tile(call: Call, given: Tensor) -> Facts | None:
    times = wholes(call, "repeats")
    if min(times, default=0) < 0:
        return None
    more = len(times) - len(given.axes)  # the shorter of both has ones before it
    pairs = zip([Axis("1", 1)] * more + [*given.axes], [1] * -more + [*times], strict=True)
    return made("the input several times", [n * axis if n != 1 else axis for axis, n in pairs])


@rule("one_hot")
def one_hot(call: Call, given: Tensor) -> Facts | None:
    count, at, rank = whole_number(call, "num_classes"), whole_number(call, "axis"), len(given.axes)
    if count < 0 or not -1 <= at < rank:
        return None
    at %= rank + 1
    axes = (*given.axes[:at], Axis("num_classes", count), *given.axes[at:])
    return made("1 at the place of each whole number", axes)


@rule("flip", "roll")
def moved_along(call: Call, given: Tensor) -> Facts:
    places(call, "axis", given)
    return made("the same numbers in another order", given.axes)


@rule("pad")
def pad(call: Call, given: Tensor) -> Facts | None:
    ends = call["pad_width"]  # TensorFlow takes no fewer pairs than axes, though Keras has it so
    if not isinstance(ends, tuple) or len(ends) != len(given.axes):
        return None
    pairs = [pair for pair in ends if isinstance(pair, tuple) and len(pair) == 2]
    if len(pairs) < len(ends):  # Keras fails as it runs
        return None
    more = {"constant": inf, "reflect": -1, "symmetric": 0}.get(str(call["mode"]).lower())
    axes = []
    for axis, pair in zip(given.axes, pairs, strict=True):
        before, after = (size if isinstance(size, int) else -1 for size in pair)
        if more is None or min(before, after) < 0 or max(before, after) > axis.length + more:
            return None
        axes.append(axis.resized(partial(add, before + after)) if before or after else axis)
    return made("the input with more before and after", axes)
