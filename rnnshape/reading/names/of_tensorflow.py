"""Functions of TensorFlow and of `keras.backend` that are not as NumPy or `keras.ops` have them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from rnnshape.nest import within
from rnnshape.reading.names.arrays import Array, sizes_of
from rnnshape.reading.names.of_numpy import NUMPY, OF_NUMPY_ALONE
from rnnshape.reading.names.of_shapes import ARRAYS, of_shape
from rnnshape.reading.names.session import opened
from rnnshape.reading.names.sizes import sizes_given
from rnnshape.reading.names.tensors import is_batch
from rnnshape.reading.python import IsOpenError

# The axis where none is given, of TensorFlow and of `keras.backend`.
USUAL_AXES = {"argmax": (0, -1), "argmin": (0, -1), "concatenate": (0, -1), "cumprod": (0, 0),
              "cumsum": (0, 0), "expand_dims": (-1, -1)}  # fmt: skip


def is_of_tensorflow(path: str) -> bool:
    """Whether a module is TensorFlow's, and none of the Keras in it."""
    return path.startswith("tensorflow") and "keras" not in path


class TopK(list[Any]):
    """What `tf.math.top_k` returns: two tensors that have names."""

    values = property(lambda both: both[0])
    indices = property(lambda both: both[1])


def as_of_tensorflow(function: Any, made: Any) -> Any:
    """What a function of `keras.ops` makes, as TensorFlow's own returns it."""
    is_named = function.own_name == "top_k" and is_of_tensorflow(function.own_path)
    return TopK(made) if is_named else made


def as_of_ops(name: str, path: str, given: Any, named: dict[str, Any]) -> Any:
    """What a function of TensorFlow, or of `keras.backend`, is given, as `keras.ops` takes it."""
    is_own, is_of_backend = is_of_tensorflow(path), path.endswith("backend")
    named = {**named}
    for word in ("values", "value", "input_tensor", "input"):  # as `tf.concat(axis=1, values=...)`
        if is_own and not given and word in named:
            given = [named.pop(word)]
    if name in USUAL_AXES and len(given) + len(named) == 1 and (is_own or is_of_backend):
        named["axis"] = USUAL_AXES[name][is_of_backend]
    if name == "repeat" and is_of_backend and given[1:]:  # which is another
        given, named["n"] = [*given[:1], *given[2:]], given[1]
    if name == "one_hot" and is_own:  # values for on and off come before the axis
        axis = next(iter(given[4:]), named.get("axis"))
        given, named["axis"] = given[:2], -1 if axis is None else axis
    if name == "split" and is_own:
        sizes = given[1] if given[1:] else named.pop("num_or_size_splits", None)
        if isinstance(sizes, Array):
            sizes = sizes.own_values or [opened("lengths")]
        if isinstance(sizes, list | tuple):  # they are lengths, and no places
            if not all(type(size) is int and size >= 0 for size in sizes):
                raise IsOpenError(opened("split(...)"))
            sizes = [*accumulate(sizes)][:-1]
        given, named["indices_or_sections"] = [*given[:1], *given[2:]], sizes
    return given, named


def sizes_joined(given: Sequence[Any]) -> tuple[Any, ...]:
    """`tf.concat([tf.shape(x)[:1], [12]], 0)`: the sizes, where the batch is among them."""
    leaves = [*within([*given[:1]])]
    sizes = [part for leaf in leaves for part in (leaf if isinstance(leaf, Array) else [leaf])]
    return tuple(sizes) if any(map(is_batch, sizes)) else ()


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, int | float) for one in within(value))


# The names

OF_TENSORFLOW = {  # as NumPy has them, but for these
    **NUMPY,
    "constant": lambda value, dtype=None, shape=None, **_: (
        Array(sizes_given(shape)) if shape is not None
        else NUMPY["array" if _are_numbers(value) else "constant"](value)),
    "eye": lambda num_rows, num_columns=None, batch_shape=None, *_, **__: Array(
        (*(batch_shape or ()), num_rows, num_rows if num_columns is None else num_columns)),
    "split": lambda value, axis=0, num=None, *, indices_or_sections: (
        OF_NUMPY_ALONE["split"](value, indices_or_sections, axis)),
    "where": lambda *given, **named: (
        NUMPY["where"](*given, **named) if len(given) + len(named) > 1 else opened("where(...)")),
}  # fmt: skip
# As TensorFlow and Keras have them, which take the shape first.
RANDOM_TENSORS = {
    **ARRAYS,
    **dict.fromkeys(("binomial", "gamma", "normal", "poisson", "randint", "uniform"), of_shape(0)),
    "shuffle": lambda x, *_, **__: Array(sizes_of(x)),
    "categorical": lambda logits, num, *_, **__: Array((sizes_of(logits)[0], num), dtype="int64"),
}
