"""Functions of tensors that are no layers, under the names of `keras.ops`, `tf` and `K`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnnshape.reading.names.tensors import operation

__all__ = ["OPERATIONS"]


def _named(name: str, *words: str, operands: int = 1) -> Callable[..., Any]:
    """A function of `keras.ops` of so many tensors, with these arguments after them."""

    def made(*given: Any, **named: Any) -> Any:
        values = [*given]
        for word in (
            "x",
            "x1",
            "x2",
            "inputs",
            "values",
            "a",
            "b",
            "input_tensor",
            "tensors",
            "xs",
        ):
            if word in named and len(values) < operands:
                values.append(named.pop(word))
        for old, new in SPELLINGS.items():
            if old in named:
                named[new] = named.pop(old)
        words_given = dict(zip(words, values[operands:], strict=False)) | named
        return operation(
            name,
            values[:operands],
            **{word: _plain(value) for word, value in words_given.items() if word in words},
        )

    return made


def _plain(value: Any) -> Any:
    from rnnshape.reading.names.layers import argument

    return argument(value)


SPELLINGS = {"keep_dims": "keepdims", "perm": "axes", "pattern": "axes", "reduction_indices": "axis",
             "shape": "newshape", "multiples": "repeats", "num_or_size_splits": "indices_or_sections",
             "depth": "num_classes"}  # fmt: skip
REDUCE = ("axis", "keepdims")
UNARY = ["abs", "absolute", "exp", "log", "sqrt", "square", "sin", "cos", "sign", "negative", "relu", "sigmoid", "tanh", "softplus", "elu", "gelu", "silu", "selu", "stop_gradient", "ones_like", "zeros_like", "round", "floor", "ceil", "log1p", "expm1", "rsqrt", "isnan", "logical_not", "softsign", "swish", "leaky_relu", "relu6", "hard_sigmoid", "linear", "identity"]
BINARY = ["add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum", "power", "equal", "not_equal", "greater", "less", "greater_equal", "less_equal", "logical_and", "logical_or", "matmul", "dot", "mod", "floor_divide"]
OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: _named(name) for name in UNARY},
    **{name: _named(name, operands=2) for name in BINARY},
    **{
        name: _named(name.removeprefix("reduce_"), *REDUCE)
        for name in (
            *("sum", "mean", "max", "min", "prod", "std", "var", "any", "all", "amax", "amin"),
            *("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod", "reduce_any"),
            *("reduce_all", "logsumexp"),
        )
    },
    **{name: _named(name, "axis", "keepdims") for name in ("argmax", "argmin", "norm")},
    "pow": _named("power", operands=2),
    "div": _named("divide", operands=2),
    "sub": _named("subtract", operands=2),
    "mul": _named("multiply", operands=2),
    "softmax": _named("softmax", "axis"),
    "log_softmax": _named("log_softmax", "axis"),
    "cast": _named("cast", "dtype"),
    "reshape": _named("reshape", "newshape"),
    "transpose": _named("transpose", "axes"),
    "permute_dimensions": _named("transpose", "axes"),
    "expand_dims": _named("expand_dims", "axis"),
    "squeeze": _named("squeeze", "axis"),
    "concatenate": _named("concatenate", "axis"),
    "concat": _named("concatenate", "axis"),
    "stack": _named("stack", "axis"),
    "split": _named("split", "indices_or_sections", "axis"),
    "repeat": _named("repeat", "repeats", "axis"),
    "tile": _named("tile", "repeats"),
    "flip": _named("flip", "axis"),
    "reverse": _named("flip", "axis"),
    "cumsum": _named("cumsum", "axis"),
    "swapaxes": _named("swapaxes", "axis1", "axis2"),
    "moveaxis": _named("moveaxis", "source", "destination"),
    "one_hot": _named("one_hot", "num_classes", "axis"),
    "take": _named("take", "indices", "axis"),
    "clip": _named("clip", "x_min", "x_max"),
    "where": _named("where", operands=3),
    "einsum": lambda subscripts, *given, **_: operation("einsum", [*given], subscripts=subscripts),
    "l2_normalize": _named("normalize", "axis"),
    "normalize": _named("normalize", "axis"),
}
