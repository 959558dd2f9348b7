"""Convolutions: they slide over time or space, and drop a mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.dense import low_rank
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, only_input, rule, weight
from rnnshape.rules.space import (
    arranged,
    axes_over_space,
    kernel_axes,
    slid,
    spread,
    takes_line_or_space,
)

EACH_FILTER = "each filter at every place"


@rule("Conv1D", "Conv2D", "Conv3D", takes=takes_line_or_space)
def convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, channels, space = axes_over_space(call, inputs, has_kernel=True)
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
    what, plain = "times each window of the input", not call["lora_rank"]
    kernel = weight(call, "kernel", axes, what, trained=plain)
    more = low_rank(call, "kernel", axes[:-1], filters)
    made = slid(call, space, "kernel_size")
    return _filtered(call, (batch, *arranged(call, made, filters)), filters, [kernel], more)


@rule("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", takes=takes_line_or_space)
def transposed_convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    too_many = len(only_input(call, inputs).axes) > len(takes_line_or_space(call))
    words = "tuple index out of range" if too_many else ""
    batch, channels, space = axes_over_space(call, inputs, has_kernel=True, keras=words)
    known_length(call, channels)
    filters = Axis("filters", whole_number(call, "filters"))
    axes = (*kernel_axes(call, space), filters, channels)
    kernel = weight(call, "kernel", axes, "times each place of the input")
    shape = (batch, *arranged(call, spread(call, space), filters))
    return _filtered(
        call, shape, filters, [kernel], meaning="each filter, added up around every place"
    )


@rule("DepthwiseConv1D", "DepthwiseConv2D", takes=takes_line_or_space)
@rule("SeparableConv1D", "SeparableConv2D", takes=takes_line_or_space)
def depthwise_convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    """Each channel by itself; a separable one then mixes what comes of them."""
    batch, channels, space = axes_over_space(call, inputs, has_kernel=True)
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
    more: Iterable[Tensor] = (),
    meaning: str = EACH_FILTER,
) -> Facts:
    bias = [weight(call, "bias", (filters,), "added to each filter")] if call["use_bias"] else []
    return Facts((Tensor("o", shape, meaning),), (*kernels, *bias, *more))
