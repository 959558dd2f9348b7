"""Convolutions and poolings: they slide over time or space, and drop a mask."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, only_input, required_axes, rule, weight
from rnnshape.rules.space import arranged, channels_and_space, kernel_axes, names_of_axes, slid

POOLED = {"Max": "the largest", "Average": "the mean"}


def _takes(call: Call) -> tuple[str, ...]:
    last = "features" if call.name.endswith("1D") else "channels"
    return ("batch", *names_of_axes(call, "timesteps", last))


@rule("Conv1D", "Conv2D", "Conv3D", takes=_takes)
def convolution(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, *others = required_axes(call, inputs, *_takes(call), has_kernel=True)
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
    weights = [weight(call, "kernel", axes, "times each window of the input")]
    if call["use_bias"]:
        weights.append(weight(call, "bias", (filters,), "added to each filter"))
    shape = (batch, *arranged(call, slid(call, space, "kernel_size"), filters))
    return Facts((Tensor("o", shape, "each filter at every place"),), tuple(weights))


@rule(
    *(f"{kind}Pooling{count}D" for kind in POOLED for count in (1, 2, 3)),
    takes=_takes,
)
def pooling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    required_axes(call, inputs, *_takes(call))
    batch, *others = given.axes
    channels, space = channels_and_space(call, others)
    shape = (batch, *arranged(call, slid(call, space, "pool_size"), channels))
    kind = call.name.partition("Pooling")[0]
    return Facts((Tensor("o", shape, f"{POOLED[kind]} of each window"),))


@rule("GlobalMaxPooling1D", "GlobalAveragePooling1D", takes=_takes)
def global_pooling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    required_axes(call, inputs, *_takes(call))
    batch, *others = given.axes
    features, [timesteps] = channels_and_space(call, others)
    averages = call.name == "GlobalAveragePooling1D"
    if averages and given.mask is not None:
        _check_mask(call, given.mask, timesteps)
    kind = "Average" if averages else "Max"
    once = Axis(timesteps.name, 1)
    kept = arranged(call, (once,), features) if call["keepdims"] else (features,)
    return Facts((Tensor("o", (batch, *kept), f"{POOLED[kind]} over all timesteps"),))


def _check_mask(call: Call, mask: tuple[Axis, ...], timesteps: Axis) -> None:
    """The mask leaves timesteps out of the mean; Keras takes it for one of the axis averaged."""
    sizes = {mask[-1].length, timesteps.length} - {1}
    if len(mask) != 2 or len(sizes) > 1:
        shown = ", ".join(axis.label for axis in mask)
        raise call.error(
            f"{call} is given a mask of ({shown}), which does not fit its "
            f'{timesteps.length} {timesteps.name} (Keras: "must be broadcastable")'
        )
