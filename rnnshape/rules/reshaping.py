"""Layers that move numbers about, repeat or leave them out: each drops a mask."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole_number
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import SEQUENCE, axes_of_rank, only_input, required_axes, rule
from rnnshape.rules.space import arranged, channels_and_space


def _product(name: str, axes: Sequence[Axis]) -> Axis:
    """One axis in place of several."""
    known = any(axis.believed is not None for axis in axes)
    return Axis(
        name,
        prod(axis.length for axis in axes),
        is_open=any(axis.is_open for axis in axes),
        believed=prod(axis.believed_length for axis in axes) if known else None,
    )


@rule("Flatten")
def flatten(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, *others = only_input(call, inputs).axes
    all_of_them = _product("features", others)
    return Facts((Tensor("o", (batch, all_of_them), "all numbers in one row"),))


@rule("Reshape")
def reshape(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    batch, *others = given.axes
    target = call["target_shape"]
    assert isinstance(target, tuple)
    sizes = [-1 if size is None else _whole(size) for size in target]
    total = _product("features", others)
    rest = prod(size for size in sizes if size != -1)
    lengths = {total.length, total.believed_length}
    if any(n % (rest or n + 1) if -1 in sizes else n != rest for n in lengths):
        more = " or a multiple" if -1 in sizes else ""
        taken = "" if total.believed is None else f", which Keras takes for {total.believed:,}"
        raise call.error(
            f"{call} needs {rest:,} numbers{more}, and is given {total.length:,}{taken}: "
            f"{given.labels} is {given.shape} "
            '(Keras: "The total size of the tensor must be unchanged")',
            "target_shape",
        )
    names = axes_of_rank(len(sizes) + 1)[1:]
    left_open = total.resized(lambda length: length // (rest or 1))
    axes = tuple(
        left_open.named(name) if size == -1 else Axis(name, size)
        for name, size in zip(names, sizes, strict=True)
    )
    return Facts((Tensor("o", (batch, *axes), "the same numbers in another shape"),))


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return int(value)


def _axes_to_permute(call: Call) -> tuple[str, ...]:
    dims = call["dims"]
    return axes_of_rank(len(dims) + 1) if isinstance(dims, tuple) else SEQUENCE


@rule("Permute", takes=_axes_to_permute)
def permute(call: Call, inputs: Sequence[Tensor]) -> Facts:
    required_axes(call, inputs, *_axes_to_permute(call))
    [given] = inputs
    order = numbers(call, "dims", len(given.axes) - 1)
    axes = (given.axes[0], *(given.axes[place] for place in order))
    return Facts((Tensor("o", axes, "the input with its axes in another order"),))


@rule("RepeatVector", takes=lambda call: ("batch", "features"))
def repeat_vector(call: Call, inputs: Sequence[Tensor]) -> Facts:
    required_axes(call, inputs, "batch", "features")
    [given] = inputs
    batch, features = given.axes
    axes = (batch, Axis("timesteps", whole_number(call, "n")), features)
    return Facts((Tensor("o", axes, "the input at every timestep"),))


def _takes_line(call: Call) -> tuple[str, ...]:
    return ("batch", *arranged(call, ("timesteps",), "features"))


@rule("ZeroPadding1D", takes=_takes_line)
def zero_padding(call: Call, inputs: Sequence[Tensor]) -> Facts:
    required_axes(call, inputs, *_takes_line(call))
    batch, *others = inputs[0].axes
    features, [timesteps] = channels_and_space(call, others)
    added = sum(numbers(call, "padding", 2))
    longer = timesteps.resized(lambda length: length + added)
    axes = (batch, *arranged(call, (longer,), features))
    return Facts((Tensor("o", axes, "the input with zeros before and after"),))


@rule("Cropping1D")
def cropping(call: Call, inputs: Sequence[Tensor]) -> Facts:
    required_axes(call, inputs, *SEQUENCE)
    batch, timesteps, features = inputs[0].axes
    removed = sum(numbers(call, "cropping", 2))
    if removed >= min(timesteps.length, timesteps.believed_length):
        raise call.error(
            f"{call} takes away {removed} of {timesteps.length} {timesteps.name}: nothing is left "
            '(Keras: "must be smaller than the input length")',
            "cropping",
        )
    shorter = timesteps.resized(lambda length: length - removed)
    return Facts((Tensor("o", (batch, shorter, features), "the input without its ends"),))


@rule("UpSampling1D")
def up_sampling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    required_axes(call, inputs, *SEQUENCE)
    batch, timesteps, features = inputs[0].axes
    longer = timesteps.resized(lambda length: length * whole_number(call, "size"))
    return Facts((Tensor("o", (batch, longer, features), "each timestep several times"),))
