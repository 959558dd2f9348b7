"""The functions of `keras.ops` that work on each number, or along an axis."""

from __future__ import annotations

from functools import partial
from operator import add

from rnnshape.expression import Call, printed
from rnnshape.rules.arguments import whole_number, wholes
from rnnshape.rules.axes import exchanged, joined, place, places
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.operands import of_two, repeated
from rnnshape.rules.registry import made, rule

OF_EACH_NUMBER = (
    *("abs", "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cast"),
    *("cbrt", "ceil", "celu", "clip", "conj", "copy", "cos", "cosh", "deg2rad", "elu"),
    *("empty_like", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "fabs", "floor"),
    *("full_like", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh"),
    *("isfinite", "isinf", "isnan", "leaky_relu", "log", "log10", "log1p", "log2"),
    *("log_sigmoid", "logical_not", "nan_to_num", "negative", "ones_like", "rad2deg"),
    *("reciprocal", "relu", "relu6", "round", "rsqrt", "saturate_cast", "selu", "sigmoid", "sign"),
    *("silu", "sin", "sinh", "soft_shrink", "softplus", "softsign", "sparse_plus"),
    *("sparse_sigmoid", "sqrt", "square", "squareplus", "stop_gradient", "swish", "tan", "tanh"),
    *("tanh_shrink", "threshold", "trunc", "zeros_like"),
)
OF_PAIRS = (
    *("add", "arctan2", "divide", "divide_no_nan", "equal", "floor_divide", "fmax", "fmin"),
    *("greater", "greater_equal", "less", "less_equal", "logaddexp", "logical_and", "logical_or"),
    *("logical_xor", "maximum", "minimum", "mod", "multiply", "not_equal", "power", "subtract"),
    "true_divide",
)
OF_MANY = (
    *("all", "amax", "amin", "any", "count_nonzero", "logsumexp", "max", "mean", "median", "min"),
    *("nanmax", "nanmean", "nanmin", "nansum", "prod", "ptp", "std", "sum", "var"),
)


@rule(*OF_EACH_NUMBER)
def of_each_number(call: Call, given: Tensor) -> Facts:
    return made(f"{call.name} of each number", given.axes)


@of_two(*OF_PAIRS)
def of_pairs(call: Call, first: Tensor, second: Tensor) -> Facts:
    meaning = f"{call.name} of {first.name} and {second.name}"
    return made(meaning, repeated(call, first.axes, second.axes))


@rule(*OF_MANY, "argmax", "argmin")
def of_many(call: Call, given: Tensor) -> Facts:
    if call.name.startswith("arg") and call["axis"] is not None:
        whole_number(call, "axis")  # these take one axis or all
    return _reduced(call, given, places(call, "axis", given))


@rule("norm")
def norm(call: Call, given: Tensor) -> Facts:
    over = places(call, "axis", given)
    if not 1 <= len(over) <= 2:
        raise call.error(
            f"{call} takes one axis or two, and is given {given.labels}: choose by axis "
            '(Keras: "Invalid axis values")',
            "axis",
        )
    return _reduced(call, given, over)


@rule("moments")
def moments(call: Call, given: Tensor) -> Facts:
    [mean] = _reduced(call, given, places(call, "axes", given)).outputs
    variance = Tensor("variance", mean.axes, "the mean square of the distances from it")
    return Facts((Tensor("mean", mean.axes, "the mean"), variance))


def _reduced(call: Call, given: Tensor, over: tuple[int, ...]) -> Facts:
    names = ", ".join(given.axes[at].label for at in sorted(over))
    kept = (
        Axis(axis.name, 1) if at in over else axis
        for at, axis in enumerate(given.axes)
        if at not in over or call["keepdims"]
    )
    return made(f"{call.name} over {names}" if names else "the input as it came", tuple(kept))


@rule("softmax", "log_softmax")
def softmax(call: Call, given: Tensor) -> Facts | None:
    if isinstance(call["axis"], tuple):  # which Keras takes of arrays, and of no symbolic tensors
        return None
    places(call, "axis", given)
    return made(f"{call.name} along the axis", given.axes)


@rule("flip", "roll")
def moved_along(call: Call, given: Tensor) -> Facts:
    places(call, "axis", given)
    return made("the same numbers in another order", given.axes)


@rule("normalize", "sort", "cumsum", "cumprod", "argsort")
def along_axis(call: Call, given: Tensor) -> Facts:
    if call["axis"] is None and call.name not in ("normalize", "sort"):
        return made(f"{call.name} of all numbers in one row", (joined(given.axes),))
    place(call, "axis", given)
    return made(f"{call.name} along the axis", given.axes)


@rule("diff")
def diff(call: Call, given: Tensor) -> Facts:
    times = whole_number(call, "n")
    at = place(call, "axis", given)
    less = given.axes[at].resized(lambda length: max(0, length - times))
    return made("each number less the one before", exchanged(given, at, less))


@rule("glu")
def glu(call: Call, given: Tensor) -> Facts:
    at = place(call, "axis", given)
    if given.shape[at] % 2:
        raise call.error(
            f"{call} cuts {given.shape[at]} {given.axes[at].label} into two equal parts: give it "
            'an even number (Keras: "axis size must be divisible by 2")',
            "axis",
        )
    half = given.axes[at].resized(lambda length: length // 2)
    return made("half of them, as far as the others let them", exchanged(given, at, half))


@rule("one_hot")
def one_hot(call: Call, given: Tensor) -> Facts:
    count = whole_number(call, "num_classes")
    if count < 0:
        raise call.error(
            f"{call.name} takes num_classes, 0 or more, not {count} "
            '(Keras: "Negative dimensions are not allowed")',
            "num_classes",
        )
    at, rank = whole_number(call, "axis"), len(given.axes)
    if not -1 <= at < rank:
        raise call.error(
            f"{call} takes axis from 0 to {rank - 1}, or -1 for the last, not {at} "
            '(Keras: "axis must be -1 or between [0,")',
            "axis",
        )
    at %= rank + 1
    axes = (*given.axes[:at], Axis("num_classes", count), *given.axes[at:])
    return made("1 at the place of each whole number", axes)


@rule("repeat")
def repeat(call: Call, given: Tensor) -> Facts:
    times = wholes(call, "repeats")
    at = None if call["axis"] is None else place(call, "axis", given)
    axis = joined(given.axes) if at is None else given.axes[at]
    if min(times) < 0 or len(times) not in (1, axis.length):
        raise call.error(
            f"{call} takes a number, or one for each of {axis.length} {axis.label} "
            '(Keras: "Size of `repeats` and dimensions of `axis")',
            "repeats",
        )
    one_for_all = len(times) == 1
    longer = axis.resized(lambda length: length * times[0] if one_for_all else sum(times))
    axes = (longer,) if at is None else exchanged(given, at, longer)
    return made("each entry several times", axes)


@rule("tile")
def tile(call: Call, given: Tensor) -> Facts:
    times = wholes(call, "repeats")
    if min(times, default=0) < 0:
        raise call.error(
            f"{call.name} takes repeats of 0 or more, not {printed(call['repeats'])} "
            '(Keras: "Negative dimensions are not allowed")',
            "repeats",
        )
    more = len(times) - len(given.axes)  # the shorter of both has ones before it
    pairs = zip([Axis("1", 1)] * more + [*given.axes], [1] * -more + [*times], strict=True)
    return made("the input several times", [n * axis if n != 1 else axis for axis, n in pairs])


@rule("pad")
def pad(call: Call, given: Tensor) -> Facts:
    mode = call["mode"]
    ends = _ends(call, given)
    if mode not in ("constant", "reflect", "symmetric") or (
        mode != "constant" and call["constant_values"] is not None
    ):
        raise call.error(
            f"{call.name} takes mode as 'constant', 'reflect' or 'symmetric', and constant_values "
            'with the first only (Keras: "Value of argument `mode` expected to be one of", '
            '"Argument `constant_values` can only be provided when")',
            "mode",
        )
    for axis, both in zip(given.axes, ends, strict=True):
        if mode != "constant" and max(both) > axis.length - (mode == "reflect"):
            raise call.error(
                f"{call} repeats more than there is of {axis.length} {axis.label} "
                '(Keras: "paddings must be")',
                "pad_width",
            )
    pairs = zip(given.axes, map(sum, ends), strict=True)
    axes = [axis.resized(partial(add, more)) if more else axis for axis, more in pairs]
    return made("the input with more at its ends", axes)


def _ends(call: Call, given: Tensor) -> list[tuple[int, ...]]:
    """How much is added before and after each axis."""
    widths = call["pad_width"]
    pairs = widths if isinstance(widths, tuple) else ()
    ends = [
        tuple(int(end) for end in pair if isinstance(end, int) and end >= 0)
        for pair in pairs
        if isinstance(pair, tuple) and len(pair) == 2
    ]
    if len(pairs) != len(given.axes) or [len(both) for both in ends] != [2] * len(pairs):
        raise call.error(
            f"{call} takes two whole numbers, 0 or more, for each axis of {given.labels} "
            '(Keras: "`pad_width` must have the same length as `x.shape`", '
            '"Paddings must be non-negative", "paddings must be the rank of inputs")',
            "pad_width",
        )
    return ends
