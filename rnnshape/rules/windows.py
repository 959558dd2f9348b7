"""Layers that go over time or space: convolutions, poolings, paddings, croppings, upsamplings; and
what becomes of the axes that a window slides over.

Each drops a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import add, mul
from typing import TypeVar

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole, whole_number
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import axes_of_rank, known_length, made, required_axes, rule, weight
from rnnshape.signatures import signature

SHORTER_THAN_LINE = "must be smaller than the input length"
SHORTER_THAN_SPACE = "smaller than the corresponding spatial dimension"
T = TypeVar("T")


def space_rank(call: Call) -> int:
    """How many axes a layer slides over: 2 of a `Conv2D` and of a `Conv2DTranspose`."""
    return int(next(letter for letter in call.name if letter.isdigit()))


def takes_line_or_space(call: Call) -> tuple[str, ...]:
    """The axes of what a layer takes that slides over time, or over space."""
    batch, *space, channels = axes_of_rank(space_rank(call) + 2)
    return (batch, *arranged(call, space, channels))


def channels_first(call: Call) -> bool:
    return str(call["data_format"]).lower() == "channels_first"


def arranged(call: Call, space: Sequence[T], channels: T) -> tuple[T, ...]:
    return (channels, *space) if channels_first(call) else (*space, channels)


def channels_and_space(call: Call, axes: Sequence[Axis]) -> tuple[Axis, list[Axis]]:
    """The axis of channels, and those that a layer slides over, out of those after the batch."""
    if channels_first(call):
        return axes[0], list(axes[1:])
    return axes[-1], list(axes[:-1])


def axes_over_space(call: Call, given: Tensor) -> tuple[Axis, Axis, list[Axis]]:
    """The batch, the channels, and the axes of time or space of what a layer is given; a
    `QueryError` where there are others. Where the layer has a kernel they have its own names for
    them, and it needs to know how many channels there are."""
    names, words = takes_line_or_space(call), ""
    has_kernel = "kernel_size" in signature(call.name).names
    if has_kernel:  # Keras checks the least first, and then compares with the kernel
        words = f"expected min_ndim={len(names)}, found ndim={len(given.axes)}"
        if len(given.axes) > len(names):
            words = "Kernel shape must have the same length"
            words = "tuple index out of range" if "Transpose" in call.name else words
    known = required_axes(call, given, *names, keras=words)
    batch, *others = known if has_kernel else given.axes
    channels, space = channels_and_space(call, others)
    return batch, known_length(call, channels) if has_kernel else channels, space


def kernel_axes(call: Call, space: Sequence[Axis]) -> tuple[Axis, ...]:
    sizes = numbers(call, "kernel_size", len(space))
    return tuple(Axis(f"kernel {axis.name}", size) for axis, size in zip(space, sizes, strict=True))


def slid(call: Call, space: Sequence[Axis], window: str, *, both: bool = False) -> tuple[Axis, ...]:
    """The axes once a window has gone over them; `window` is the argument that has its sizes, and
    `both` says whether strides and dilation_rate may be larger than 1 at once."""
    count = len(space)
    sizes = numbers(call, window, count)
    steps = sizes if call["strides"] is None else numbers(call, "strides", count)
    apart = (1,) * count
    if window == "kernel_size":
        apart = numbers(call, "dilation_rate", count)
        if not both:
            _check_steps(call, steps, apart)
    only_inside = str(call["padding"]).lower() == "valid"

    def resized(axis: Axis, size: int, step: int, gap: int) -> Axis:
        covered = gap * (size - 1) + 1 if only_inside else 1
        result = axis.resized(lambda length: (length - covered) // step + 1)
        if result.length < 1:
            raise call.error(
                f"{call} has nothing left: it needs {covered} {axis.name}, and is given "
                f"{axis.length}. Give it more {axis.name}, a smaller {window}, or padding='same' "
                '(Keras: "Computed output size would be zero or negative")',
                window,
            )
        return result

    return tuple(map(resized, space, sizes, steps, apart))


def spread(call: Call, space: Sequence[Axis]) -> tuple[Axis, ...] | None:
    """The axes once a window was laid down at each of their places: what `slid` takes back. None
    where Keras can't run it."""
    count = len(space)
    sizes, steps = numbers(call, "kernel_size", count), numbers(call, "strides", count)
    apart = numbers(call, "dilation_rate", count)
    _check_steps(call, steps, apart)
    more = None if call["output_padding"] is None else numbers(call, "output_padding", count)
    if any(extra >= step for extra, step in zip(more or (), steps, strict=False)):
        raise call.error(
            f"{call.name} takes an output_padding below its strides, and not {more} of {steps} "
            '(Keras: "`output_padding` must be strictly less than `strides`")',
            "output_padding",
        )
    only_inside = str(call["padding"]).lower() == "valid"

    def resized(axis: Axis, size: int, step: int, gap: int, extra: int | None) -> Axis | None:
        covered = gap * (size - 1) + 1
        if extra is None:
            ends = max(covered, step) if only_inside else step
        else:
            ends = extra + (covered if only_inside else covered % 2)
        # A convolution would not come back to so many places from these.
        if not only_inside and ends < 1 < axis.length:
            return None
        return axis.resized(lambda length: (length - 1) * step + ends)

    found = [*filter(None, map(resized, space, sizes, steps, apart, more or (None,) * count))]
    return tuple(found) if len(found) == count else None


def _check_steps(call: Call, steps: Sequence[int], apart: Sequence[int]) -> None:
    if max(steps) > 1 and max(apart) > 1:
        raise call.error(
            f"{call.name} takes strides or dilation_rate, not both, larger than 1 "
            '(Keras: "`strides > 1` not supported in conjunction with `dilation_rate > 1`")',
            "dilation_rate",
        )


@rule("Conv1D", "Conv2D", "Conv3D", takes=takes_line_or_space)
def convolution(call: Call, given: Tensor) -> Facts:
    batch, channels, space = axes_over_space(call, given)
    filters = Axis("filters", whole_number(call, "filters"))
    groups = whole_number(call, "groups")
    for what, axis in (("filters", filters), (channels.name, channels)):
        if axis.length % groups:
            raise call.error(
                f"{call} can't share {axis.length} {what} out among {groups} groups "
                '(Keras: "must be evenly divisible by the number of groups")',
                "groups",
                unequal=[(axis.length, groups)],
            )
    axes = (*kernel_axes(call, space), channels.resized(lambda n: n // groups), filters)
    kernel = weight(call, "kernel", axes, "times each window of the input")
    return _filtered(call, batch, slid(call, space, "kernel_size"), filters, [kernel])


@rule("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", takes=takes_line_or_space)
def transposed_convolution(call: Call, given: Tensor) -> Facts | None:
    batch, channels, space = axes_over_space(call, given)
    filters = Axis("filters", whole_number(call, "filters"))
    axes = (*kernel_axes(call, space), filters, channels)
    kernel = weight(call, "kernel", axes, "times each place of the input")
    meaning, spaced = "each filter, added up around every place", spread(call, space)
    return _filtered(call, batch, spaced, filters, [kernel], meaning) if spaced else None


@rule(
    *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    takes=takes_line_or_space,
)
def depthwise_convolution(call: Call, given: Tensor) -> Facts:
    """Each channel by itself; a separable one then mixes what comes of them."""
    batch, channels, space = axes_over_space(call, given)
    separable = call.name.startswith("Separable")
    each = Axis("depth_multiplier", whole_number(call, "depth_multiplier"))
    filters = wide = each.length * channels
    axes = (*kernel_axes(call, space), channels, each)
    name = "depthwise_kernel" if separable else "kernel"
    what = "times each window of one channel"
    kernels = [weight(call, name, axes, what, initializer="depthwise_initializer")]
    if separable:
        filters = Axis("filters", whole_number(call, "filters"))
        mixed = (*(Axis("1", 1) for _ in space), wide, filters)
        kernels.append(weight(call, "pointwise_kernel", mixed, "times all channels at one place"))
    return _filtered(call, batch, slid(call, space, "kernel_size", both=True), filters, kernels)


def _filtered(
    call: Call,
    batch: Axis,
    space: Sequence[Axis],
    filters: Axis,
    kernels: Sequence[Tensor],
    meaning: str = "each filter at every place",
) -> Facts:
    bias = [weight(call, "bias", (filters,), "added to each filter")] if call["use_bias"] else []
    return made(meaning, (batch, *arranged(call, space, filters)), [*kernels, *bias])


def _of_rank_1_to_3(*names: str) -> list[str]:
    return [f"{name}{count}D" for name in names for count in (1, 2, 3)]


@rule(*_of_rank_1_to_3("MaxPooling", "AveragePooling"), takes=takes_line_or_space)
def pooling(call: Call, given: Tensor) -> Facts:
    batch, channels, space = axes_over_space(call, given)
    axes = arranged(call, slid(call, space, "pool_size"), channels)
    return made(f"{_pooled(call)} of each window", (batch, *axes))


@rule(*_of_rank_1_to_3("AdaptiveMaxPooling", "AdaptiveAveragePooling"), takes=takes_line_or_space)
def adaptive_pooling(call: Call, given: Tensor) -> Facts | None:
    batch, channels, space = axes_over_space(call, given)
    sizes = numbers(call, "output_size", len(space))
    if any(axis.is_open for axis in space):
        return None
    if "Max" in call.name and sizes[-1] == 1:
        raise call.error(
            f"{call} can't run: TensorFlow ends with a floating point exception where the last "
            f"size is 1. Take {call.name.replace('Adaptive', 'Global')}(keepdims=True)",
            "output_size",
        )
    parts = [Axis(axis.name, size) for axis, size in zip(space, sizes, strict=True)]
    return made(f"{_pooled(call)} of each part", (batch, *arranged(call, parts, channels)))


@rule(*_of_rank_1_to_3("GlobalMaxPooling", "GlobalAveragePooling"), takes=takes_line_or_space)
def global_pooling(call: Call, given: Tensor) -> Facts | None:
    batch, channels, space = axes_over_space(call, given)
    once = [Axis(axis.name, 1) for axis in space]
    kept = arranged(call, once, channels) if call["keepdims"] else (channels,)
    over = "timesteps" if call.name.endswith("1D") else "places"
    facts = made(f"{_pooled(call)} over all {over}", (batch, *kept))
    if call.name == "GlobalAveragePooling1D":
        # Keras takes the last axis of the mask for the one that is averaged.
        sizes = {given.mask[-1].length, space[0].length} - {1} if given.mask else ()
        is_unfit = given.mask and (len(given.mask) != 2 or len(sizes) > 1)
        return None if is_unfit else replace(facts, uses_mask=True)
    warning = f"{call.name} takes no mask: what is padded counts, too"
    return replace(facts, warnings=(warning,) if given.masked else ())


def _pooled(call: Call) -> str:
    return "the largest" if "Max" in call.name else "the mean"


@rule(*_of_rank_1_to_3("ZeroPadding"), takes=takes_line_or_space)
def zero_padding(call: Call, given: Tensor) -> Facts:
    added = _at_both_ends(call, "padding")
    return _resized(call, given, add, added, "the input with zeros before and after")


@rule(*_of_rank_1_to_3("Cropping"), takes=takes_line_or_space)
def cropping(call: Call, given: Tensor) -> Facts:
    removed = _at_both_ends(call, "cropping")
    _, _, space = axes_over_space(call, given)
    for axis, count in zip(space, removed, strict=True):
        if count >= axis.length:
            line = call.name.endswith("1D")
            raise call.error(
                f"{call} takes away {count} of {axis.length} {axis.name}: nothing is left "
                f'(Keras: "{SHORTER_THAN_LINE if line else SHORTER_THAN_SPACE}")',
                "cropping",
            )
    return _resized(call, given, add, [-count for count in removed], "the input without its ends")


@rule(*_of_rank_1_to_3("UpSampling"), takes=takes_line_or_space)
def up_sampling(call: Call, given: Tensor) -> Facts:
    what = "timestep" if call.name.endswith("1D") else "place"
    times = numbers(call, "size", space_rank(call))
    return _resized(call, given, mul, times, f"each {what} several times")


def _at_both_ends(call: Call, argument: str) -> list[int]:
    """How much is added to each axis, or taken away, before and after it: of `1`, `(1, 2)` or
    `((1, 1), 2)`. Of one axis a pair is its two ends; of several there is an entry for each."""
    count, value = space_rank(call), call[argument]
    entries = value if isinstance(value, tuple) and count > 1 else (value,) * count
    pairs = (entry if isinstance(entry, tuple) else (entry, entry) for entry in entries)
    return [whole(before) + whole(after) for before, after in pairs]


def _resized(
    call: Call,
    given: Tensor,
    change: Callable[[int, int], int],
    amounts: Sequence[int],
    meaning: str,
) -> Facts:
    """Each axis over time or space with another length: what `change` makes of an amount and it."""
    batch, channels, space = axes_over_space(call, given)
    pairs = zip(space, amounts, strict=True)
    axes = [axis.resized(partial(change, amount)) for axis, amount in pairs]
    return made(meaning, (batch, *arranged(call, axes, channels)))
