"""Convolutions: they slide over time or space, and drop a mask."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.dense import low_rank
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, only_input, required_axes, rule, weight
from rnnshape.rules.space import (
    arranged,
    channels_and_space,
    kernel_axes,
    slid,
    spread,
    takes_line_or_space,
)

EACH_FILTER = "each filter at every place"


@rule("Conv1D", "Conv2D", "Conv3D", takes=takes_line_or_space)
def convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, *others = required_axes(call, inputs, *takes_line_or_space(call), has_kernel=True)
    channels, space = channels_and_space(call, others)
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
    weights = [weight(call, "kernel", axes, what, trained=plain)]
    weights += _bias(call, filters)
    weights += low_rank(call, "kernel", axes[:-1], filters)
    shape = (batch, *arranged(call, slid(call, space, "kernel_size"), filters))
    return Facts((Tensor("o", shape, EACH_FILTER),), tuple(weights))


@rule("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", takes=takes_line_or_space)
def transposed_convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    names = takes_line_or_space(call)
    too_many = len(only_input(call, inputs).axes) > len(names)
    words = "tuple index out of range" if too_many else ""
    batch, *others = required_axes(call, inputs, *names, has_kernel=True, keras=words)
    channels, space = channels_and_space(call, others)
    known_length(call, channels)
    filters = Axis("filters", whole_number(call, "filters"))
    kernel = kernel_axes(call, space)
    weights = [
        weight(call, "kernel", (*kernel, filters, channels), "times each place of the input")
    ]
    weights += _bias(call, filters)
    shape = (batch, *arranged(call, spread(call, space), filters))
    return Facts((Tensor("o", shape, "each filter, added up around every place"),), tuple(weights))


@rule("DepthwiseConv1D", "DepthwiseConv2D", takes=takes_line_or_space)
def depthwise_convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, *others = required_axes(call, inputs, *takes_line_or_space(call), has_kernel=True)
    channels, space = channels_and_space(call, others)
    known_length(call, channels)
    each = Axis("depth_multiplier", whole_number(call, "depth_multiplier"))
    filters = each.length * channels
    axes = (*kernel_axes(call, space), channels, each)
    what = "times each window of one channel"
    weights = [weight(call, "kernel", axes, what, initializer="depthwise_initializer")]
    weights += _bias(call, filters)
    shape = (batch, *arranged(call, slid(call, space, "kernel_size", both=True), filters))
    return Facts((Tensor("o", shape, EACH_FILTER),), tuple(weights))


@rule("SeparableConv1D", "SeparableConv2D", takes=takes_line_or_space)
def separable_convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, *others = required_axes(call, inputs, *takes_line_or_space(call), has_kernel=True)
    channels, space = channels_and_space(call, others)
    known_length(call, channels)
    filters = Axis("filters", whole_number(call, "filters"))
    each = Axis("depth_multiplier", whole_number(call, "depth_multiplier"))
    kernel = (*kernel_axes(call, space), channels, each)
    mixed = (*(Axis("1", 1) for _ in space), each.length * channels, filters)
    weights = [
        weight(call, "depthwise_kernel", kernel, "times each window of one channel"),
        weight(call, "pointwise_kernel", mixed, "times all channels at one place"),
    ]
    weights += _bias(call, filters)
    shape = (batch, *arranged(call, slid(call, space, "kernel_size", both=True), filters))
    return Facts((Tensor("o", shape, EACH_FILTER),), tuple(weights))


def _bias(call: Call, filters: Axis) -> list[Tensor]:
    if not call["use_bias"]:
        return []
    return [weight(call, "bias", (filters,), "added to each filter")]
