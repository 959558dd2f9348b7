"""Layers that shift and scale numbers. They change no shape and pass a mask on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.elementwise import no_such_axis
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.registry import known_length, only_input, output, rule, weight


@rule("LayerNormalization")
def layer_normalization(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    scaled = bool(call["scale"] or call["rms_scaling"])
    centered = bool(call["center"] and not call["rms_scaling"])
    axes = _chosen_axes(call, given, weighted=scaled or centered)
    weights = tuple(_scale(call, axes, scaled, centered))
    return Facts((output(given, "the input with mean 0 and variance 1"),), weights)


@rule("GroupNormalization")
def group_normalization(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    axes = _chosen_axes(call, given, weighted=True)
    length, groups = axes[0].length, whole_number(call, "groups")
    if groups != -1 and length % groups:
        raise call.error(
            f"{call} makes {groups} groups of {length} {axes[0].label}: give a number that "
            f'divides {length} (Keras: "Number of groups ({groups})")',
            "groups",
        )
    weights = _scale(call, axes, bool(call["scale"]), bool(call["center"]))
    meaning = "the input, each group of its entries with mean 0 and variance 1"
    return Facts((output(given, meaning),), tuple(weights))


@rule("RMSNormalization")
def rms_normalization(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
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
def unit_normalization(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    _chosen_axes(call, given, weighted=False)
    return Facts((output(given, "the input with a length of 1"),))


@rule("Normalization")
def normalization(call: Call, inputs: Sequence[Tensor]) -> Facts | None:
    given = only_input(call, inputs)
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
def batch_normalization(call: Call, inputs: Sequence[Tensor]) -> Facts:
    given = only_input(call, inputs)
    axes = _chosen_axes(call, given, weighted=True)
    weights = [*_scale(call, axes, bool(call["scale"]), bool(call["center"]))]
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


def _scale(call: Call, axes: tuple[Axis, ...], scaled: bool, centered: bool) -> Iterator[Tensor]:
    if scaled:
        yield weight(call, "gamma", axes, "times the result")
    if centered:
        yield weight(call, "beta", axes, "added to the result")


def _chosen_axes(call: Call, given: Tensor, *, weighted: bool) -> tuple[Axis, ...]:
    """Those that are normalized, in Keras' order. Where there are weights along them they are
    known, and none is the batch."""
    value, rank = call["axis"], len(given.axes)
    places = value if isinstance(value, tuple) else (value,)
    numbers = sorted(int(place) for place in places if isinstance(place, int))
    for number in numbers:
        if not -rank <= number < rank:
            raise no_such_axis(call, "axis", number, given)
        if weighted and number % rank == 0:
            raise call.error(
                f"{call} can't keep a weight for each entry of a batch: choose another axis "
                '(Keras: "Shapes used to initialize variables must be fully-defined", '
                '"must have a known shape")',
                "axis",
            )
    if len({number % rank for number in numbers}) < len(numbers):
        raise call.error(f'{call} names an axis twice (Keras: "duplicate")', "axis")
    axes = (given.axes[number] for number in numbers)
    return tuple(known_length(call, axis) if weighted else axis for axis in axes)
