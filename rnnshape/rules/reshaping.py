"""Layers that put numbers into another order or shape, or repeat them: each drops a mask."""

from __future__ import annotations

from math import prod

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole_number
from rnnshape.rules.axes import in_shape, joined
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import SEQUENCE, axes_of_rank, made, required_axes, rule


@rule("Flatten")
def flatten(call: Call, given: Tensor) -> Facts:
    batch, *others = given.axes
    row = joined(others).named("features")
    return made("all numbers in one row", (batch, row))


@rule("Reshape")
def reshape(call: Call, given: Tensor) -> Facts:
    batch, *others = given.axes
    target = call["target_shape"]
    assert isinstance(target, tuple)
    sizes = [int(size) if isinstance(size, int) else -1 for size in target]
    total = joined(others)
    rest = prod(size for size in sizes if size != -1)
    lengths = {total.length, total.length_before_run}
    if any(n % (rest or n + 1) if -1 in sizes else n != rest for n in lengths):
        more = " or a multiple" if -1 in sizes else ""
        taken = (
            ""
            if total.static_length is None
            else f", which Keras takes for {total.static_length:,}"
        )
        raise call.error(
            f"{call} needs {rest:,} numbers{more}, and is given {total.length:,}{taken}: "
            f"{given.labels} is {given.shape} "
            '(Keras: "The total size of the tensor must be unchanged")',
            "target_shape",
        )
    axes = in_shape(total, sizes, axes_of_rank(len(sizes) + 1)[1:])
    return made("the same numbers in another shape", (batch, *axes))


def _axes_to_permute(call: Call) -> tuple[str, ...]:
    dims = call["dims"]
    return axes_of_rank(len(dims) + 1) if isinstance(dims, tuple) else SEQUENCE


@rule("Permute", takes=_axes_to_permute)
def permute(call: Call, given: Tensor) -> Facts:
    required_axes(call, given, *_axes_to_permute(call))
    order = numbers(call, "dims", len(given.axes) - 1)
    axes = (given.axes[place] for place in (0, *order))
    return made("the input with its axes in another order", axes)


@rule("RepeatVector", takes=lambda call: ("batch", "features"))
def repeat_vector(call: Call, given: Tensor) -> Facts:
    required_axes(call, given, "batch", "features")
    batch, features = given.axes
    axes = (batch, Axis("timesteps", whole_number(call, "n")), features)
    return made("the input at every timestep", axes)
