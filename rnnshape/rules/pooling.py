"""Poolings: windows of time or space become one number each. They drop a mask."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.expression import Call
from rnnshape.rules.arguments import numbers
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import rule
from rnnshape.rules.space import arranged, axes_over_space, slid, takes_line_or_space

POOLED = {"Max": "the largest", "Average": "the mean"}


def _names(before: str) -> list[str]:
    return [f"{before}{kind}Pooling{count}D" for kind in POOLED for count in (1, 2, 3)]


def _pooled(call: Call, batch: Axis, axes: Sequence[Axis], of_what: str) -> Tensor:
    kind = "Max" if "Max" in call.name else "Average"
    return Tensor("o", (batch, *axes), f"{POOLED[kind]} {of_what}")


@rule(*_names(""), takes=takes_line_or_space)
def pooling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, channels, space = axes_over_space(call, inputs)
    made = arranged(call, slid(call, space, "pool_size"), channels)
    return Facts((_pooled(call, batch, made, "of each window"),))


@rule(*_names("Adaptive"), takes=takes_line_or_space)
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
    return Facts((_pooled(call, batch, arranged(call, made, channels), "of each part"),))


@rule(*_names("Global"), takes=takes_line_or_space)
def global_pooling(call: Call, inputs: Sequence[Tensor]) -> Facts:
    batch, channels, space = axes_over_space(call, inputs)
    mask, takes_mask = inputs[0].mask, call.name == "GlobalAveragePooling1D"
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
