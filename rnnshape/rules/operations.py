"""The functions of `keras.ops` that work on each number, or along an axis."""

from __future__ import annotations

from rnnshape.expression import Call
from rnnshape.rules.arguments import whole_number
from rnnshape.rules.axes import joined, operands, place, places, repeated_operands
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import Inputs
from rnnshape.rules.registry import made, rule, rule_of_inputs

OF_EACH_NUMBER = (
    *("abs", "absolute", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh"),
    *("array", "cast", "conjugate", "convert_to_tensor", "i0", "imag", "isneginf", "isposinf"),
    *("isreal", "real", "signbit", "sinc"),
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
    *("fmod", "isclose", "logaddexp2", "nextafter"),
    *("greater", "greater_equal", "less", "less_equal", "logaddexp", "logical_and", "logical_or"),
    *("logical_xor", "maximum", "minimum", "mod", "multiply", "not_equal", "power", "subtract"),
    "true_divide",
)
OF_MANY = (
    *("all", "amax", "amin", "any", "count_nonzero", "logsumexp", "max", "mean", "median", "min"),
    *("nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar", "prod", "ptp"),
    *("std", "sum", "var"),
)


@rule(*OF_EACH_NUMBER)
def of_each_number(call: Call, given: Tensor) -> Facts:
    return made(f"{call.name} of each number", given.axes)


@rule_of_inputs(*OF_PAIRS)
def of_pairs(call: Call, inputs: Inputs) -> Facts | None:
    given = operands(call, inputs)
    if given is None:
        return None
    meaning = f"{call.name} of {' and '.join(tensor.name for tensor in given)}"
    return made(meaning, repeated_operands(call, given))


@rule(*OF_MANY, "argmax", "argmin", "norm")
def of_many(call: Call, given: Tensor) -> Facts | None:
    if call.name == "norm" and not isinstance(call["axis"], int):  # of a matrix, or of all
        return None
    if call.name.startswith("arg") and call["axis"] is not None:
        whole_number(call, "axis")  # these take one axis or all
    return _reduced(call, given, places(call, "axis", given))


@rule("tril", "triu")
def triangle(call: Call, given: Tensor) -> Facts | None:
    if len(given.axes) < 2:
        return None
    return made("the input with zeros on one side of the diagonal", given.axes)


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


@rule("normalize", "sort", "cumsum", "cumprod", "argsort")
def along_axis(call: Call, given: Tensor) -> Facts | None:
    if call["axis"] is None and call.name not in ("normalize", "sort"):
        return made(f"{call.name} of all numbers in one row", (joined(given.axes),))
    if call.name == "sort" and call["axis"] is None:  # of which two ways of Keras differ
        return None
    if call.name == "normalize" and not given.axes:  # it is taken as one in a row
        return None
    place(call, "axis", given)
    return made(f"{call.name} along the axis", given.axes)
