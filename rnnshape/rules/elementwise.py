"""Layers that change numbers and no shape: activations, dropouts, `Masking`, normalizations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number, wholes
from rnnshape.rules.axes import places, places_of
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import axes_of_rank, known_length, made, required_axes, rule, weight
from rnnshape.rules.windows import takes_line_or_space

ACTIVATED = "the activation of each number"
AS_IT_CAME = "the input as it came: only in training some of it is changed"
SUBTRACTED, DIVIDED_BY = "what is subtracted", "what is divided by, squared"
UNCHANGED = {
    **dict.fromkeys(("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout"), AS_IT_CAME),
    **dict.fromkeys(("ActivityRegularization", "Identity"), "the input as it came"),
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU"), ACTIVATED),
}
CHANGE_IMAGES = (
    *("RandomFlip", "RandomRotation", "RandomContrast", "RandomBrightness"),
    *("RandomZoom", "RandomTranslation"),
)
USUAL = {"factor", "height_factor", "width_factor", "mode", "name", "seed"}  # of their arguments
FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")


@rule(*UNCHANGED)
def of_each_number(call: Call, given: Tensor) -> Facts:
    return made(UNCHANGED[call.name], given.axes, mask=given.mask)


@rule("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", takes=takes_line_or_space)
def spatial_dropout(call: Call, given: Tensor) -> Facts:
    required_axes(call, given, *takes_line_or_space(call))
    return made(AS_IT_CAME, given.axes, mask=given.mask)


@rule(*CHANGE_IMAGES, takes=lambda _: axes_of_rank(4))
def changed_image(call: Call, given: Tensor) -> Facts | None:
    """An image that is changed in training alone; of other arguments only Keras can tell."""
    is_usual = all(_is_factor(value) for name, value in call.arguments if "factor" in name)
    is_known = is_usual and {name for name, _ in call.arguments} <= USUAL
    if not is_known or len(given.axes) != 4 or given.mask or call["mode"] not in (None, *FLIPS):
        return None
    return made(AS_IT_CAME, given.axes)


def _is_factor(value: Any) -> bool:
    parts = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    return all(type(part) in (int, float) and -1 <= part <= 1 for part in parts)


@rule("Rescaling")
def rescaling(call: Call, given: Tensor) -> Facts | None:
    if isinstance(call["scale"], tuple) or isinstance(call["offset"], tuple):
        return None
    return made("the input times scale, plus offset", given.axes, mask=given.mask)


@rule("Softmax")
def softmax(call: Call, given: Tensor) -> Facts | None:
    if not places(call, "axis", given):
        return None
    pairs = zip(reversed(given.mask or ()), reversed(given.axes), strict=False)
    if any(mask.length not in (1, axis.length) for mask, axis in pairs):
        raise call.error(
            f"{call} takes no mask of timesteps: put it where no mask comes in, or take "
            "Activation('softmax') (Keras: \"The `mask` must be broadcastable to `inputs`\")"
        )
    return made("shares that add up to 1", given.axes, mask=given.mask)


@rule("PReLU")
def prelu(call: Call, given: Tensor) -> Facts | None:
    axes = list(given.axes[1:])
    for number in () if call["shared_axes"] is None else wholes(call, "shared_axes"):
        if not -len(axes) <= number - 1 < len(axes):
            return None
        axes[number - 1] = Axis("1", 1)
    sizes = tuple(known_length(call, axis) for axis in axes)
    alpha = weight(call, "alpha", sizes, "the slope below zero")
    return made(ACTIVATED, given.axes, [alpha], given.mask)


@rule("Masking")
def masking(call: Call, given: Tensor) -> Facts | None:
    value = call["mask_value"]
    if value is None:
        words = '(Keras: "None values not supported")'
        raise call.error(f"{call} compares with no number: write 0.0 {words}", "mask_value")
    if isinstance(value, tuple) and len(value) not in (1, given.shape[-1]):
        return None
    return made("the input, zero where a timestep is masked", given.axes, mask=given.axes[:-1])


@rule("LayerNormalization", "UnitNormalization")
def layer_normalization(call: Call, given: Tensor) -> Facts:
    weighted = bool(call["scale"] or call["center"] or call["rms_scaling"])
    axes = _chosen_axes(call, given, weighted=weighted)
    what = "a length of 1" if call.name == "UnitNormalization" else "mean 0 and variance 1"
    return made(f"the input with {what}", given.axes, _scale(call, axes), given.mask)


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
    return made(meaning, given.axes, _scale(call, axes), given.mask)


@rule("RMSNormalization")
def rms_normalization(call: Call, given: Tensor) -> Facts | None:
    axes = _chosen_axes(call, given, weighted=True)
    pairs = zip(reversed(axes), reversed(given.axes), strict=False)
    if any(axis.length not in (1, other.length) for axis, other in pairs):
        return None
    scale = weight(call, "scale", axes, "times the result")
    return made("the input with a mean square of 1", given.axes, [scale])


@rule("Normalization")
def normalization(call: Call, given: Tensor) -> Facts | None:
    axes = _chosen_axes(call, given, weighted=True)
    given_data = call["mean"], call["variance"]
    if given_data.count(None) == 1 or any(isinstance(numbers, tuple) for numbers in given_data):
        return None
    meaning = "the input, shifted and scaled by statistics of the data"
    if call["mean"] is not None:
        return made(meaning, given.axes, mask=given.mask)
    in_order = tuple(axis for axis in given.axes if axis in axes)
    weights = (
        weight(call, "mean", in_order, SUBTRACTED, trained=False),
        weight(call, "variance", in_order, DIVIDED_BY, trained=False),
        replace(weight(call, "count", (), "how many numbers were seen", trained=False), itemsize=8),
    )
    note = "mean and variance are not trained, but count as parameters: adapt() computes them"
    return replace(made(meaning, given.axes, weights, given.mask), notes=(note,))


@rule("BatchNormalization")
def batch_normalization(call: Call, given: Tensor) -> Facts:
    axes = _chosen_axes(call, given, weighted=True)
    statistics = {"moving_mean": SUBTRACTED, "moving_variance": DIVIDED_BY}
    if call["renorm"]:
        names = ("moving_stddev", "renorm_mean", "renorm_stddev")
        statistics |= dict.fromkeys(names, "used in training only")
    moving = (weight(call, name, axes, what, trained=False) for name, what in statistics.items())
    note = "the moving mean and variance are not trained, but count as parameters"
    meaning = "the input, shifted and scaled by statistics of the training"
    weights = (*_scale(call, axes), *moving)
    return replace(made(meaning, given.axes, weights, given.mask), notes=(note,))


def _scale(call: Call, axes: tuple[Axis, ...]) -> Iterator[Tensor]:
    if call["scale"] or call["rms_scaling"]:
        yield weight(call, "gamma", axes, "times the result")
    if call["center"] and not call["rms_scaling"]:
        yield weight(call, "beta", axes, "added to the result")


def _chosen_axes(call: Call, given: Tensor, *, weighted: bool) -> tuple[Axis, ...]:
    """Those that are normalized, in Keras' order. Where there are weights along them they are
    known, and the batch is written."""
    numbers = () if call["axis"] is None else sorted(wholes(call, "axis"))
    found = places_of(call, "axis", numbers, given)
    if weighted and 0 in found and not given.axes[0].is_written:
        raise call.error(
            f"{call} can't keep a weight for each entry of a batch: choose another axis "
            '(Keras: "Shapes used to initialize variables must be fully-defined", '
            '"must have a known shape")',
            "axis",
        )
    axes = (given.axes[place] for place in found)
    return tuple(known_length(call, axis) if weighted else axis for axis in axes)
