"""Layers that change numbers and no shape: activations, dropouts, `Masking`, normalizations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number, wholes
from rnnshape.rules.axes import no_such_axis, places, places_of
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, output, required_axes, rule, weight
from rnnshape.rules.space import names_of_axes

ACTIVATED = "the activation of each number"
AS_IT_CAME = "the input as it came: only in training some of it is changed"
UNCHANGED = {
    **dict.fromkeys(("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout"), AS_IT_CAME),
    **dict.fromkeys(("ActivityRegularization", "Identity"), "the input as it came"),
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU"), ACTIVATED),
}


@rule(*UNCHANGED)
def of_each_number(call: Call, given: Tensor) -> Facts:
    return Facts((output(given, UNCHANGED[call.name]),))


def _takes_space(call: Call) -> tuple[str, ...]:
    if call.name.endswith("1D"):
        return ("batch", "timesteps", "features")
    return ("batch", *names_of_axes(call, "rows", "channels"))


@rule("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", takes=_takes_space)
def spatial_dropout(call: Call, given: Tensor) -> Facts:
    required_axes(call, given, *_takes_space(call))
    return Facts((output(given, AS_IT_CAME),))


@rule("Rescaling")
def rescaling(call: Call, given: Tensor) -> Facts | None:
    if isinstance(call["scale"], tuple) or isinstance(call["offset"], tuple):
        return None
    return Facts((output(given, "the input times scale, plus offset"),))


@rule("Softmax")
def softmax(call: Call, given: Tensor) -> Facts:
    if not places(call, "axis", given):
        raise call.error(f"{call} needs an axis at least", "axis")
    pairs = zip(reversed(given.mask or ()), reversed(given.axes), strict=False)
    if any(mask.length not in (1, axis.length) for mask, axis in pairs):
        raise call.error(
            f"{call} takes no mask of timesteps: put it where no mask comes in, or take "
            "Activation('softmax') (Keras: \"The `mask` must be broadcastable to `inputs`\")"
        )
    return Facts((output(given, "shares that add up to 1"),))


@rule("PReLU")
def prelu(call: Call, given: Tensor) -> Facts:
    axes = list(given.axes[1:])
    shared = call["shared_axes"]
    for number in shared if isinstance(shared, tuple) else (shared,):
        if not isinstance(number, int):
            continue
        if not -len(axes) <= number - 1 < len(axes):
            raise no_such_axis(call, "shared_axes", number, given)
        axes[number - 1] = Axis("1", 1)
    sizes = tuple(known_length(call, axis) for axis in axes)
    alpha = weight(call, "alpha", sizes, "the slope below zero")
    return Facts((output(given, ACTIVATED),), (alpha,))


@rule("Masking")
def masking(call: Call, given: Tensor) -> Facts:
    value = call["mask_value"]
    if isinstance(value, tuple) and len(value) not in (1, given.shape[-1]):
        raise call.error(f"{call} takes one mask_value, or {given.shape[-1]} of them", "mask_value")
    kept = output(given, "the input, zero where a timestep is masked")
    return Facts((replace(kept, mask=given.axes[:-1]),))


@rule("LayerNormalization")
def layer_normalization(call: Call, given: Tensor) -> Facts:
    weighted = bool(call["scale"] or call["center"] or call["rms_scaling"])
    axes = _chosen_axes(call, given, weighted=weighted)
    made = output(given, "the input with mean 0 and variance 1")
    return Facts((made,), tuple(_scale(call, axes)))


@rule("GroupNormalization")
def group_normalization(call: Call, given: Tensor) -> Facts:
    axes = _chosen_axes(call, given, weighted=True)
    length, groups = axes[0].length, whole_number(call, "groups")
    if groups != -1 and length % groups:
        raise call.error(
            f"{call} makes {groups} groups of {length} {axes[0].label}: give a number that "
            f'divides {length} (Keras: "Number of groups ({groups})")',
            "groups",
        )
    meaning = "the input, each group of its entries with mean 0 and variance 1"
    return Facts((output(given, meaning),), tuple(_scale(call, axes)))


@rule("RMSNormalization")
def rms_normalization(call: Call, given: Tensor) -> Facts:
    axes = _chosen_axes(call, given, weighted=True)
    pairs = zip(reversed(axes), reversed(given.axes), strict=False)
    if any(axis.length not in (1, other.length) for axis, other in pairs):
        raise call.error(
            f"{call} takes axes that are the last, in order: such as axis=-1 "
            '(Keras: "Incompatible shapes")',
            "axis",
        )
    scale = weight(call, "scale", axes, "times the result")
    return Facts((Tensor("o", given.axes, "the input with a mean square of 1"),), (scale,))


@rule("UnitNormalization")
def unit_normalization(call: Call, given: Tensor) -> Facts:
    _chosen_axes(call, given, weighted=False)
    return Facts((output(given, "the input with a length of 1"),))


@rule("Normalization")
def normalization(call: Call, given: Tensor) -> Facts | None:
    if (call["mean"] is None) != (call["variance"] is None):
        raise call.error(
            f"{call} takes mean and variance, or neither "
            '(Keras: "both `mean` and `variance` must be set")',
            "mean" if "mean" in call else "variance",
        )
    axes = _chosen_axes(call, given, weighted=True)
    if isinstance(call["mean"], tuple) or isinstance(call["variance"], tuple):
        return None
    meaning = "the input, shifted and scaled by statistics of the data"
    if call["mean"] is not None:
        return Facts((output(given, meaning),))
    in_order = tuple(axis for axis in given.axes if axis in axes)
    weights = (
        weight(call, "mean", in_order, "what is subtracted", trained=False),
        weight(call, "variance", in_order, "what is divided by, squared", trained=False),
        replace(weight(call, "count", (), "how many numbers were seen", trained=False), itemsize=4),
    )
    note = "mean and variance are not trained, but count as parameters: adapt() computes them"
    return Facts((output(given, meaning),), weights, notes=(note,))


@rule("BatchNormalization")
def batch_normalization(call: Call, given: Tensor) -> Facts:
    axes = _chosen_axes(call, given, weighted=True)
    weights = [*_scale(call, axes)]
    # The moving statistics are not trained, and Keras counts them all the same.
    statistics = {
        "moving_mean": "what is subtracted",
        "moving_variance": "what is divided by, squared",
    }
    if call["renorm"]:
        names = ("moving_stddev", "renorm_mean", "renorm_stddev")
        statistics |= dict.fromkeys(names, "used in training only")
    weights += [
        weight(call, name, axes, meaning, trained=False) for name, meaning in statistics.items()
    ]
    note = "the moving mean and variance are not trained, but count as parameters"
    meaning = "the input, shifted and scaled by statistics of the training"
    return Facts((output(given, meaning),), tuple(weights), notes=(note,))


def _scale(call: Call, axes: tuple[Axis, ...]) -> Iterator[Tensor]:
    if call["scale"] or call["rms_scaling"]:
        yield weight(call, "gamma", axes, "times the result")
    if call["center"] and not call["rms_scaling"]:
        yield weight(call, "beta", axes, "added to the result")


def _chosen_axes(call: Call, given: Tensor, *, weighted: bool) -> tuple[Axis, ...]:
    """Those that are normalized, in Keras' order. Where there are weights along them they are
    known, and none is the batch."""
    numbers = () if call["axis"] is None else sorted(wholes(call, "axis"))
    found = places_of(call, "axis", numbers, given)
    if weighted and 0 in found:
        raise call.error(
            f"{call} can't keep a weight for each entry of a batch: choose another axis "
            '(Keras: "Shapes used to initialize variables must be fully-defined", '
            '"must have a known shape")',
            "axis",
        )
    axes = (given.axes[place] for place in found)
    return tuple(known_length(call, axis) if weighted else axis for axis in axes)
