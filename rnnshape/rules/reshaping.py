"""Layers that move numbers about, repeat or leave them out: each drops a mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole_number
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import SEQUENCE, axes_of_rank, only_input, required_axes, rule
from rnnshape.rules.space import arranged, axes_over_space, space_rank, takes_line_or_space

SHORTER_THAN_LINE = "must be smaller than the input length"
SHORTER_THAN_SPACE = "smaller than the corresponding spatial dimension"


def _product(name: str, axes: Sequence[Axis]) -> Axis:
    """One axis in place of several."""
    known = any(axis.static_length is not None for axis in axes)
    return Axis(
        name,
        prod(axis.length for axis in axes),
        is_open=any(axis.is_open for axis in axes),
        static_length=prod(axis.length_before_run for axis in axes) if known else None,
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


@rule("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", takes=takes_line_or_space)
def zero_padding(call: Call, inputs: Sequence[Tensor]) -> Facts:
    added = _at_both_ends(call, "padding")
    made = _changed_space(call, inputs, lambda place, length: length + sum(added[place]))
    return Facts((Tensor("o", made, "the input with zeros before and after"),))


@rule("Cropping1D", "Cropping2D", "Cropping3D", takes=takes_line_or_space)
def cropping(call: Call, inputs: Sequence[Tensor]) -> Facts:
    removed = _at_both_ends(call, "cropping")
    _, _, space = axes_over_space(call, inputs)
    for axis, ends in zip(space, removed, strict=True):
        if sum(ends) >= min(axis.length, axis.length_before_run):
            line = call.name.endswith("1D")
            raise call.error(
                f"{call} takes away {sum(ends)} of {axis.length} {axis.name}: nothing is left "
                f'(Keras: "{SHORTER_THAN_LINE if line else SHORTER_THAN_SPACE}")',
                "cropping",
            )
    made = _changed_space(call, inputs, lambda place, length: length - sum(removed[place]))
    return Facts((Tensor("o", made, "the input without its ends"),))


@rule("UpSampling1D", "UpSampling2D", "UpSampling3D", takes=takes_line_or_space)
def up_sampling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    times = numbers(call, "size", space_rank(call))
    made = _changed_space(call, inputs, lambda place, length: length * times[place])
    what = "timestep" if call.name.endswith("1D") else "place"
    return Facts((Tensor("o", made, f"each {what} several times"),))


def _at_both_ends(call: Call, argument: str) -> tuple[tuple[int, int], ...]:
    """What is added or taken away before and after each axis: `1`, `(1, 2)` or `((1, 1), 2)`. Of
    one axis a pair is its two ends; of several there is an entry for each."""
    count, value = space_rank(call), call[argument]
    entries = value if isinstance(value, tuple) and count > 1 else (value,) * count
    pairs = (entry if isinstance(entry, tuple) else (entry, entry) for entry in entries)
    return tuple((_whole(before), _whole(after)) for before, after in pairs)


def _changed_space(
    call: Call, inputs: Sequence[Tensor], change: Callable[[int, int], int]
) -> tuple[Axis, ...]:
    """The axes, those over space with other lengths: `change` is told the place and the length."""
    batch, channels, space = axes_over_space(call, inputs)
    made = tuple(axis.resized(partial(change, place)) for place, axis in enumerate(space))
    return (batch, *arranged(call, made, channels))
