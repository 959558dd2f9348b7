"""The functions of NumPy that make arrays, and those of their shapes that code calls most."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from rnnshape.reading.names.arrays import MOST_VALUES, Array, differ, dtype_of, product, sizes_of
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.python import Module, Open

__all__ = ["NUMPY", "RANDOM_TENSORS"]


def _shaped(*, is_one: bool) -> Callable[..., Any]:
    """A function that makes an array, of a shape that is one argument or one for each axis."""

    def made(*values: Any, **named: Any) -> Any:
        first = values[0] if is_one and values else list(values) or None
        dtype = named.get("dtype", values[1] if is_one and len(values) > 1 else None)
        return _of_sizes(named.get("size", named.get("shape", first)), dtype_of(dtype))

    return made


def _of_size(place: int, dtype: str | None = None) -> Callable[..., Any]:
    """`np.random.normal(0, 1, size=(5, 2))`, also with the size at its place."""

    def made(*values: Any, size: Any = None, **_: Any) -> Any:
        return _of_sizes(values[place] if size is None and len(values) > place else size, dtype)

    return made


def _of_sizes(sizes: Any, dtype: str | None = None) -> Any:
    if isinstance(sizes, int | Open):
        sizes = (sizes,)
    if isinstance(sizes, list | tuple):
        return Array(sizes, dtype=dtype)
    return opened("a number from data")


def _array(value: Any, dtype: Any = None, **_: Any) -> Any:
    """`np.array([[1, 2], [3, 4]])`"""
    if isinstance(value, Open) and value.row is not None:  # rows of one shape, as NumPy has them
        inner = () if isinstance(value.row, Open) and value.row.is_number else sizes_of(value.row)
        return Array((opened("the number of rows"), *inner))
    if isinstance(value, Open):
        return session().evaluator.derived(value)
    kind = dtype_of(dtype)
    if isinstance(value, Array):
        before = None if value.own_dtype == "list" else value.own_dtype
        return Array(value.shape, value.own_values, kind or before)
    shape, values = sizes_of(value), tuple(_leaves(value))
    if not shape:
        return opened("a number from data")
    if any(isinstance(one, str) for one in values):
        return Array(shape, (), "<U" if dtype is None else kind)
    is_whole = len(values) == product(shape) and len(values) <= MOST_VALUES
    is_known = is_whole and all(isinstance(one, int | float) for one in values)
    return Array(shape, values if is_known else (), kind)


def _leaves(value: Any) -> Iterator[Any]:
    """What stands in nested lists; of an array its numbers."""
    parts = value.own_values if isinstance(value, Array) else value
    if isinstance(parts, list | tuple):
        for part in parts:
            yield from _leaves(part)
    else:
        yield value


def _arange(*values: Any, **_: Any) -> Any:
    if not values or not all(isinstance(value, int | float) for value in values):
        return opened("data")
    if all(isinstance(value, int) for value in values):
        numbers = range(*values)
        return Array((len(numbers),), tuple(numbers) if len(numbers) <= MOST_VALUES else ())
    start, stop, step = (0, *values, 1) if len(values) == 1 else (*values, 1)[:3]
    return Array((max(0, math.ceil((stop - start) / step)),))


def _expanded(value: Any, axis: int = -1) -> Any:
    sizes = list(sizes_of(value))
    sizes.insert(axis if axis >= 0 else len(sizes) + axis + 1, 1)
    return Array(sizes)


def _joined(values: Any, axis: int = 0, **_: Any) -> Any:
    shapes = [list(sizes_of(value)) for value in values]
    lengths = [shape.pop(axis) for shape in shapes]
    if any(differ(shape, shapes[0]) for shape in shapes):
        raise ValueError("all the input array dimensions must match exactly")
    sizes = shapes[0]
    sizes.insert(axis if axis >= 0 else len(sizes) + axis + 1, sum(lengths))
    return Array(sizes)


def _stacked(values: Any, axis: int = 0, **_: Any) -> Any:
    sizes = list(sizes_of(list(values))[1:])
    sizes.insert(axis if axis >= 0 else len(sizes) + axis + 1, len(values))
    return Array(sizes)


ARRAYS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        ("empty", "ones", "random", "random_sample", "standard_normal", "zeros", "full"),
        _shaped(is_one=True),
    ),
    **dict.fromkeys(("rand", "randn"), _shaped(is_one=False)),
    **dict.fromkeys(("beta", "binomial", "gamma", "lognormal", "normal", "uniform"), _of_size(2)),
    **dict.fromkeys(("integers", "randint"), _of_size(2, "int64")),
    **dict.fromkeys(("choice", "exponential", "poisson"), _of_size(1)),
    "shuffle": lambda value: value.fill(),
    "permutation": lambda value: (
        Array((value,), dtype="int64") if isinstance(value, int) else Array(sizes_of(value))
    ),
}  # fmt: skip
GENERATOR = Module("numpy.random", ARRAYS)
# As TensorFlow and Keras have them, which take the shape first.
RANDOM_TENSORS = {**ARRAYS, **dict.fromkeys(("normal", "uniform"), _shaped(is_one=True))}
NUMPY: dict[str, Any] = {
    **ARRAYS,
    **dict.fromkeys(("array", "asarray"), _array),
    **dict.fromkeys(
        ("zeros_like", "ones_like", "empty_like", "full_like"),
        lambda value, *_, **__: Array(sizes_of(value)),
    ),
    **dict.fromkeys(("random_normal", "random_uniform"), _shaped(is_one=True)),
    "arange": _arange,
    "linspace": lambda start, stop, num=50, **_: Array((num,)),
    "expand_dims": _expanded,
    "reshape": lambda value, sizes, **_: Array(sizes_of(value)).reshape(sizes),
    "concatenate": _joined,
    "stack": _stacked,
    "newaxis": None,
    "prod": lambda value, **_: product(value) if isinstance(value, list | tuple) else value.size,
    "random": Module("numpy.random", {**ARRAYS, "default_rng": lambda *_: GENERATOR}),
}
