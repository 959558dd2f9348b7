"""Layers that go over time or space: convolutions, poolings, paddings, croppings, upsamplings.

Each drops a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import add, mul

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole, whole_number
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import made, rule, weight
from rnnshape.rules.space import (
    arranged,
    axes_over_space,
    kernel_axes,
    slid,
    space_rank,
    spread,
    takes_line_or_space,
)

SHORTER_THAN_LINE = "must be smaller than the input length"
SHORTER_THAN_SPACE = "smaller than the corresponding spatial dimension"


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
