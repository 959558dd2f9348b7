"""Layers that change numbers and no shape: activations, dropouts, `Masking`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnnshape.expression import Call
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import (
    known_length,
    only_input,
    output,
    required_axes,
    rule,
    weight,
)
from rnnshape.rules.space import names_of_axes

ACTIVATED = "the activation of each number"
AS_IT_CAME = "the input as it came: only in training some of it is changed"


UNCHANGED = {
    **dict.fromkeys(("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout"), AS_IT_CAME),
    **dict.fromkeys(("ActivityRegularization", "Identity"), "the input as it came"),
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU"), ACTIVATED),
}


@rule(*UNCHANGED)
def of_each_number(call: Call, inputs: Sequence[Tensor]) -> Facts:
    return Facts((output(only_input(call, inputs), UNCHANGED[call.name]),))


def _takes_space(call: Call) -> tuple[str, ...]:
    if call.name.endswith("1D"):
        return ("batch", "timesteps", "features")
    return ("batch", *names_of_axes(call, "rows", "channels"))


@rule("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", takes=_takes_space)
def spatial_dropout(call: Call, inputs: Sequence[Tensor]) -> Facts:
    required_axes(call, inputs, *_takes_space(call))
    return Facts((output(only_input(call, inputs), AS_IT_CAME),))


@rule("Rescaling")
def rescaling(call: Call, inputs: Sequence[Tensor]) -> Facts | None:
    if isinstance(call["scale"], tuple) or isinstance(call["offset"], tuple):
        return None
    return Facts((output(only_input(call, inputs), "the input times scale, plus offset"),))


@rule("Softmax")
def softmax(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    rank, axis = len(given.axes), call["axis"]
    chosen = axis if isinstance(axis, tuple) else (axis,)
    for part in chosen:
        if isinstance(part, int) and not -rank <= part < rank:
            raise no_such_axis(call, "axis", part, given)
    if not chosen:
        raise call.error(f"{call} needs an axis at least", "axis")
    pairs = zip(reversed(given.mask or ()), reversed(given.axes), strict=False)
    if any(mask.length not in (1, axis.length) for mask, axis in pairs):
        raise call.error(
            f"{call} takes no mask of timesteps: put it where no mask comes in, or take "
            "Activation('softmax') (Keras: \"The `mask` must be broadcastable to `inputs`\")"
        )
    return Facts((output(given, "shares that add up to 1"),))


@rule("PReLU")
def prelu(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    axes = list(given.axes[1:])
    shared = call["shared_axes"]
    for one in shared if isinstance(shared, tuple) else (shared,):
        if not isinstance(one, int):
            continue
        if not -len(axes) <= one - 1 < len(axes):
            raise no_such_axis(call, "shared_axes", one, given)
        axes[one - 1] = Axis("1", 1)
    sizes = tuple(known_length(call, axis) for axis in axes)
    alpha = weight(call, "alpha", sizes, "the slope below zero")
    return Facts((output(given, ACTIVATED),), (alpha,))


@rule("Masking")
def masking(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    value = call["mask_value"]
    if isinstance(value, tuple) and len(value) not in (1, given.shape[-1]):
        raise call.error(f"{call} takes one mask_value, or {given.shape[-1]} of them", "mask_value")
    kept = output(given, "the input, zero where a timestep is masked")
    return Facts((replace(kept, mask=given.axes[:-1]),))


def no_such_axis(call: Call, argument: str, number: int, given: Tensor) -> Exception:
    """What is wrong with the number of an axis that a tensor does not have."""
    words = '"out of range", "out of bounds", "must be in the range"'
    if call.name == "Normalization":
        words = '"All `axis` values must be in the range"'
    return call.error(
        f"{call} is given {given.labels}, which has no axis {number} (Keras: {words})",
        argument,
    )
