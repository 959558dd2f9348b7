"""Layers that go over time or space: convolutions, poolings, paddings, croppings, upsamplings.

Each drops a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers, whole, whole_number
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, rule, weight
from rnnshape.rules.space import (
    arranged,
    axes_over_space,
    kernel_axes,
    slid,
    space_rank,
    spread,
    takes_line_or_space,
)

EACH_FILTER = "each filter at every place"
POOLED = {"Max": "the largest", "Average": "the mean"}
SHORTER_THAN_LINE = "must be smaller than the input length"
SHORTER_THAN_SPACE = "smaller than the corresponding spatial dimension"


@rule("Conv1D", "Conv2D", "Conv3D", takes=takes_line_or_space)
def convolution(call: Call, given: Tensor) -> Facts:
    batch, channels, space = axes_over_space(call, given, has_kernel=True)
    known_length(call, channels)
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
    made = slid(call, space, "kernel_size")
    return _filtered(call, (batch, *arranged(call, made, filters)), filters, [kernel])


@rule("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", takes=takes_line_or_space)
def transposed_convolution(call: Call, given: Tensor) -> Facts:
    too_many = len(given.axes) > len(takes_line_or_space(call))
    words = "tuple index out of range" if too_many else ""
    batch, channels, space = axes_over_space(call, given, has_kernel=True, keras=words)
    known_length(call, channels)
    filters = Axis("filters", whole_number(call, "filters"))
    axes = (*kernel_axes(call, space), filters, channels)
    kernel = weight(call, "kernel", axes, "times each place of the input")
    shape = (batch, *arranged(call, spread(call, space), filters))
    return _filtered(
        call, shape, filters, [kernel], meaning="each filter, added up around every place"
    )


@rule(
    *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
    takes=takes_line_or_space,
)
def depthwise_convolution(call: Call, given: Tensor) -> Facts:
    """Each channel by itself; a separable one then mixes what comes of them."""
    batch, channels, space = axes_over_space(call, given, has_kernel=True)
    known_length(call, channels)
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
    made = slid(call, space, "kernel_size", both=True)
    return _filtered(call, (batch, *arranged(call, made, filters)), filters, kernels)


def _filtered(
    call: Call,
    shape: tuple[Axis, ...],
    filters: Axis,
    kernels: Sequence[Tensor],
    meaning: str = EACH_FILTER,
) -> Facts:
    bias = [weight(call, "bias", (filters,), "added to each filter")] if call["use_bias"] else []
    return Facts((Tensor("o", shape, meaning),), (*kernels, *bias))


def _names(before: str) -> list[str]:
    return [f"{before}{kind}Pooling{count}D" for kind in POOLED for count in (1, 2, 3)]


def _pooled(call: Call, batch: Axis, axes: Sequence[Axis], of_what: str) -> Tensor:
    kind = "Max" if "Max" in call.name else "Average"
    return Tensor("o", (batch, *axes), f"{POOLED[kind]} {of_what}")


@rule(*_names(""), takes=takes_line_or_space)
def pooling(call: Call, given: Tensor) -> Facts:
    batch, channels, space = axes_over_space(call, given)
    made = arranged(call, slid(call, space, "pool_size"), channels)
    return Facts((_pooled(call, batch, made, "of each window"),))


@rule(*_names("Adaptive"), takes=takes_line_or_space)
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
    made = tuple(Axis(axis.name, size) for axis, size in zip(space, sizes, strict=True))
    return Facts((_pooled(call, batch, arranged(call, made, channels), "of each part"),))


@rule(*_names("Global"), takes=takes_line_or_space)
def global_pooling(call: Call, given: Tensor) -> Facts:
    batch, channels, space = axes_over_space(call, given)
    mask, takes_mask = given.mask, call.name == "GlobalAveragePooling1D"
    warnings: tuple[str, ...] = ()
    if mask is not None and takes_mask:
        _check_mask(call, mask, space[0])
    elif mask is not None:
        warnings = (f"{call.name} takes no mask: what is padded counts, too",)
    once = tuple(Axis(axis.name, 1) for axis in space)
    kept = arranged(call, once, channels) if call["keepdims"] else (channels,)
    over = "over all timesteps" if call.name.endswith("1D") else "over all places"
    return Facts((_pooled(call, batch, kept, over),), warnings=warnings, uses_mask=takes_mask)


def _check_mask(call: Call, mask: tuple[Axis, ...], timesteps: Axis) -> None:
    """The mask leaves timesteps out of the mean; Keras takes it for one of the axis averaged."""
    sizes = {mask[-1].length, timesteps.length} - {1}
    if len(mask) != 2 or len(sizes) > 1:
        shown = ", ".join(axis.label for axis in mask)
        raise call.error(
            f"{call} is given a mask of ({shown}), which does not fit its "
            f'{timesteps.length} {timesteps.name} (Keras: "must be broadcastable")'
        )


@rule("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", takes=takes_line_or_space)
def zero_padding(call: Call, given: Tensor) -> Facts:
    added = _at_both_ends(call, "padding")
    made = _changed_space(call, given, lambda place, length: length + sum(added[place]))
    return Facts((Tensor("o", made, "the input with zeros before and after"),))


@rule("Cropping1D", "Cropping2D", "Cropping3D", takes=takes_line_or_space)
def cropping(call: Call, given: Tensor) -> Facts:
    removed = _at_both_ends(call, "cropping")
    _, _, space = axes_over_space(call, given)
    for axis, ends in zip(space, removed, strict=True):
        if sum(ends) >= min(axis.length, axis.length_before_run):
            line = call.name.endswith("1D")
            raise call.error(
                f"{call} takes away {sum(ends)} of {axis.length} {axis.name}: nothing is left "
                f'(Keras: "{SHORTER_THAN_LINE if line else SHORTER_THAN_SPACE}")',
                "cropping",
            )
    made = _changed_space(call, given, lambda place, length: length - sum(removed[place]))
    return Facts((Tensor("o", made, "the input without its ends"),))


@rule("UpSampling1D", "UpSampling2D", "UpSampling3D", takes=takes_line_or_space)
def up_sampling(call: Call, given: Tensor) -> Facts:
    times = numbers(call, "size", space_rank(call))
    made = _changed_space(call, given, lambda place, length: length * times[place])
    what = "timestep" if call.name.endswith("1D") else "place"
    return Facts((Tensor("o", made, f"each {what} several times"),))


def _at_both_ends(call: Call, argument: str) -> tuple[tuple[int, int], ...]:
    """What is added or taken away before and after each axis: `1`, `(1, 2)` or `((1, 1), 2)`. Of
    one axis a pair is its two ends; of several there is an entry for each."""
    count, value = space_rank(call), call[argument]
    entries = value if isinstance(value, tuple) and count > 1 else (value,) * count
    pairs = (entry if isinstance(entry, tuple) else (entry, entry) for entry in entries)
    return tuple((whole(before), whole(after)) for before, after in pairs)


def _changed_space(
    call: Call, given: Tensor, change: Callable[[int, int], int]
) -> tuple[Axis, ...]:
    """The axes, those over space with other lengths: `change` is told the place and the length."""
    batch, channels, space = axes_over_space(call, given)
    made = tuple(axis.resized(partial(change, place)) for place, axis in enumerate(space))
    return (batch, *arranged(call, made, channels))
