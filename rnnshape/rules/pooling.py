"""Poolings: windows of time or space become one number each. They drop a mask."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import rule
from rnnshape.rules.space import arranged, axes_over_space, slid, takes_line_or_space

POOLED = {"Max": "the largest", "Average": "the mean"}


@rule(
    *(f"{kind}Pooling{count}D" for kind in POOLED for count in (1, 2, 3)),
    takes=takes_line_or_space,
)
def pooling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, channels, space = axes_over_space(call, inputs)
    shape = (batch, *arranged(call, slid(call, space, "pool_size"), channels))
    kind = call.name.partition("Pooling")[0]
    return Facts((Tensor("o", shape, f"{POOLED[kind]} of each window"),))


@rule(
    *(f"Adaptive{kind}Pooling{count}D" for kind in POOLED for count in (1, 2, 3)),
    takes=takes_line_or_space,
)
def adaptive_pooling(call: Call, inputs: Sequence[Tensor]) -> Facts | None:
    batch, channels, space = axes_over_space(call, inputs)
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
    kind = "Max" if "Max" in call.name else "Average"
    return Facts(
        (Tensor("o", (batch, *arranged(call, made, channels)), f"{POOLED[kind]} of each part"),)
    )


@rule(
    *(f"Global{kind}Pooling{count}D" for kind in POOLED for count in (1, 2, 3)),
    takes=takes_line_or_space,
)
def global_pooling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, channels, space = axes_over_space(call, inputs)
    mask = inputs[0].mask
    takes_mask = call.name == "GlobalAveragePooling1D"
    if takes_mask and mask is not None:
        _check_mask(call, mask, space[0])
    kind = "Max" if "Max" in call.name else "Average"
    once = tuple(Axis(axis.name, 1) for axis in space)
    kept = arranged(call, once, channels) if call["keepdims"] else (channels,)
    over = "timesteps" if call.name.endswith("1D") else "places"
    counts_all = mask is not None and not takes_mask
    warnings = (f"{call.name} takes no mask: what is padded counts, too",) if counts_all else ()
    made = Tensor("o", (batch, *kept), f"{POOLED[kind]} over all {over}")
    return Facts((made,), warnings=warnings, uses_mask=takes_mask)


def _check_mask(call: Call, mask: tuple[Axis, ...], timesteps: Axis) -> None:
    """The mask leaves timesteps out of the mean; Keras takes it for one of the axis averaged."""
    sizes = {mask[-1].length, timesteps.length} - {1}
    if len(mask) != 2 or len(sizes) > 1:
        shown = ", ".join(axis.label for axis in mask)
        raise call.error(
            f"{call} is given a mask of ({shown}), which does not fit its "
            f'{timesteps.length} {timesteps.name} (Keras: "must be broadcastable")'
        )
