"""What NumPy makes of a shape, most of it at random: arrays of which the numbers are not known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from rnnshape.nest import within
from rnnshape.reading.names.arrays import MOST_VALUES, Array, array_of_shape
from rnnshape.reading.names.dtypes import (
    are_whole,
    dtype_of,
    is_small,
    is_whole,
    of_entries,
    together,
)
from rnnshape.reading.names.ranges import all_of, drawn_from, moved, range_of
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.sizes import differ, place_of, product, sizes_given, sizes_of
from rnnshape.reading.python import IsOpenError, Module, Open, own
from rnnshape.reading.python.contents import items_in
from rnnshape.reading.python.in_common import are_same


def of_shape(
    place: int, usual: str | None = None, *, is_of_numpy: bool = False, value: int | None = None
) -> Callable[..., Any]:
    """A function that makes an array of a shape, which has its name or its place, as in
    `np.zeros((5, 2))` and `np.random.normal(0, 1, (5, 2))`; NumPy's take no number behind it.
    `value` is what it holds, where that is known."""

    def made(*values: Any, **named: Any) -> Any:
        sizes = next(iter(values[place:]), None)
        if is_of_numpy and any(type(one) is int for one in values[place + 1 :]):
            words = f"the sizes are one tuple: write ({', '.join(map(str, values[place:]))})"
            raise refused(f'{words} (NumPy: "Cannot interpret as a data type")', TypeError)
        dtype = named.get("dtype", values[1] if place == 0 and len(values) > 1 else usual)
        sizes = named.get("size", named.get("shape", sizes))
        return all_of(value, _of_sizes(sizes, dtype))

    return made


def _of_sizes(sizes: Any, dtype: object = None) -> Any:
    if isinstance(sizes, int | Open | list | tuple):
        made = sizes_given(sizes)
        if any(type(size) is int and size < 0 for size in made):
            raise refused("negative dimensions are not allowed")
        if any(size is None for size in made) and not session().groups:
            raise refused('None is no size (Keras: "Attempt to convert a value (None)")')
        found = Array(made, dtype=dtype_of(dtype))
        found.own_is_small = is_small(dtype)
        return found
    return array_of_shape(()) if sizes is None else opened("a number from data")


def reshaped_open(sizes: Sequence[Any], made: Open) -> object:
    """What is open, reshaped: an array of the sizes that are given."""
    if not sizes or not all(type(size) is int or isinstance(size, Open) for size in sizes):
        return made
    rest = (opened(f"{made.label}.shape[{place}]") for place in range(len(sizes)))
    pairs = zip(sizes, rest, strict=True)
    return Array([rest if type(size) is int and size == -1 else size for size, rest in pairs])


def _full(shape: Any = (), fill_value: Any = 0.0, dtype: Any = None, **_: Any) -> Any:
    """`np.full((8, 1), 3)`: all of it is known."""
    made = all_of(fill_value, _of_sizes(shape, dtype))
    if dtype is not None or not isinstance(made, Array):
        return made
    made.own_dtype = of_entries([fill_value])
    many = product(made.shape)
    is_kept = type(fill_value) is int and isinstance(many, int) and many <= MOST_VALUES
    return Array(made.shape, (fill_value,) * many) if is_kept else made


def _drawn(low: Any, high: Any = None, size: Any = None, *more: Any, **named: Any) -> Any:
    """Whole numbers at random, from 0 where only one bound is given."""
    made = of_shape(2, "int64")(low, high, size, *more, **named)
    low, high = (0, low) if high is None else (low, high)
    if named.get("endpoint") is True and type(high) is int:
        high += 1
    if isinstance(named.get("endpoint", False), bool):
        if not isinstance(made, Array):
            return drawn_from(made, low, high)
        made.own_bounds = low, high
    return made


def with_entries(function: Callable[..., Any], *, whole: bool = False) -> Callable[..., Any]:
    """The same function, whose array has entries as those have of which it is made; `whole` says
    that of whole numbers it makes such."""

    def made(*given: Any, **named: Any) -> Any:
        found, parts = function(*given, **named), [*within([*given[:1]])]
        kind = of_entries(parts) or ("int64" if whole and are_whole(parts) else None)
        if kind is not None and isinstance(found, Array) and found.own_dtype is None:
            found.own_dtype = kind
        return moved(parts, found) if whole and isinstance(found, Array) else found

    return made


def as_large_as(place: int, value: int | None = None) -> Callable[..., Any]:
    """`np.zeros_like(x)`, of the kind that x has unless a dtype stands in a place behind it."""

    def made(like: Any, *more: Any, shape: Any = None, dtype: Any = None, **_: Any) -> Array:
        dtype = next(iter(more[place:]), dtype)
        kind = "int64" if dtype is None and is_whole(like) else dtype_of(dtype)
        sizes = sizes_of(like) if shape is None else sizes_given(shape)
        found = Array(sizes, dtype=kind)
        found.own_is_small = own(like, "own_is_small", False) if dtype is None else is_small(dtype)
        return cast(Array, all_of(value, found))

    return with_entries(made)


def _chosen(a: Any, *more: Any, **named: Any) -> Any:
    """Some of the entries of one axis."""
    if isinstance(a, Array) and len(sizes_of(a)) > 1:
        raise refused("a must be 1-dimensional")
    return _some_of(a, *more, **named)


def _chosen_rows(a: Any, *more: Any, **named: Any) -> Any:
    """The same of a `Generator`, which takes an array of any axes."""
    if isinstance(a, Open) and not a.is_number:
        raise IsOpenError(opened("data"))
    return _some_of(a, *more, **named)


def _some_of(a: Any, size: Any = None, *more: Any, axis: int = 0, **named: Any) -> Any:
    """Some of the entries; of an array of several axes, of its rows."""
    sizes = sizes_of(a) if isinstance(a, Array) else ()
    made = of_shape(1)(a, size, *more, **named)
    if isinstance(made, Array):
        parts = [*within([a])]
        is_below = isinstance(a, Open) and a.is_number
        are_numbers = is_below or are_whole(parts)
        made.own_dtype = together([of_entries(parts)]) or ("int64" if are_numbers else None)
        if "p" not in named and len(more) < 2:
            made.own_bounds = (0, a) if type(a) is int else range_of(own(a, "own_values", parts))
        if made.own_bounds == (0, 0):
            moved([a], made)
    elif isinstance(made, Open):
        made = replace(made, among=items_in([a]))
    if len(sizes) < 2:
        return made
    picked = made.shape if isinstance(made, Array) else ()
    axis = place_of(axis, len(sizes))
    return moved([a], a.own_like((*sizes[:axis], *picked, *sizes[axis + 1 :])))


def arange(
    *values: Any, start: Any = 0, stop: Any = None, limit: Any = None, step: Any = 1, **more: Any
) -> Any:
    end, step = limit if stop is None else stop, more.get("delta", step)
    ends = values if end is None else (values[0] if values else start, end)
    values = (start, *ends, step) if len(ends) == 1 else (*ends, step)[:3]
    dtype = dtype_of(more.get("dtype", int))
    if any(isinstance(value, Open) for value in values):
        known = [value for value in values if not isinstance(value, Open)]
        is_whole = all(type(value) is int for value in known)
        many = values[1] if isinstance(values[1], Open) and known == [0, 1] else opened()
        return Array((many,), dtype=dtype if is_whole else None)
    if not ends or not all(isinstance(value, int | float) for value in values):
        return opened("data")
    if all(isinstance(value, int) for value in values):
        numbers = range(*values)
        kept = tuple(numbers) if len(numbers) <= MOST_VALUES else ()
        return Array((len(numbers),), kept, dtype)
    return Array((max(0, math.ceil((values[1] - values[0]) / values[2])),))


def with_axis(size: Any, sizes: Any, axis: int) -> Array:
    """An array that has one axis more."""
    place = place_of(axis, len(sizes) + 1)
    return Array([*sizes[:place], size, *sizes[place:]])


def joined(values: Any, axis: Any = 0, **_: Any) -> Any:
    if axis is None:
        return with_axis(sum(product(sizes_of(value)) for value in values), (), 0)
    if isinstance(values, Open) and values.row is not None:  # as many as nobody knows
        many, row = opened("the number of rows"), cast(Any, values.row)
        is_list = isinstance(row, Open) and row.row is not None
        sizes = [many, *sizes_of(row.row)] if is_list else [*sizes_of(row)]
        return with_axis(many, sizes[:axis] + sizes[axis:][1:], axis)
    shapes = [list(sizes_of(value)) for value in values]
    lengths = [shape.pop(axis) for shape in shapes]
    if any(differ(shape, shapes[0]) for shape in shapes):
        words = "all the input array dimensions except for the concatenation axis must match"
        raise refused(f"{words} exactly")
    return with_axis(sum(lengths), shapes[0], axis)


def _of_either(one: Array, other: Array, because: Open) -> Array | None:
    """What is known of one of two arrays of as many axes: the sizes that both have, and of their
    numbers what is known of both."""
    if type(one) is not Array or len(one.shape) != len(other.shape) or not one.shape:
        return None
    shape = because.part(".shape")
    sizes = [
        size if are_same(size, another) else shape.part(f"[{place}]")
        for place, (size, another) in enumerate(zip(one.shape, other.shape, strict=True))
    ]
    made = Array(sizes, dtype=together([one.own_entries, other.own_entries]))
    for word in KNOWN_OF_NUMBERS:
        if are_same(known := getattr(one, word), getattr(other, word)):
            setattr(made, word, known)
    if because.is_named:
        made.own_is_assigned(because.label, in_module=True)
    return made


KNOWN_OF_NUMBERS = (
    "own_coded", "own_may_lack", "own_is_predicted", "own_is_small", "own_bounds", "own_range"
)  # fmt: skip
Array.own_of_either = _of_either


def multiplied(one: Any, other: Any) -> Any:
    """`a @ b`, and `np.dot(a, b)`, of which the other is a matrix or a row of numbers."""
    first, second = (tuple(sizes_of(part)) for part in (one, other))
    if not first or len(second) not in (1, 2):
        raise IsOpenError(opened("data"))
    if differ(first[-1:], second[:1]):
        words = "mismatch in its core dimension"
        raise refused(f"matmul: {words} (size {second[0]} is different from {first[-1]})")
    return array_of_shape((*first[:-1], *second[1:]))


def _permuted(x: Any) -> Any:
    """The entries of an array, or the numbers below one, in another order."""
    sizes = sizes_of(x)
    made = Array(sizes or (x,), dtype=of_entries(within([x])) if sizes else "int64")
    made = x.values.own_like(sizes).copy() if isinstance(x, Array) else made
    values = own(x, "own_values", ())
    if type(made) is Array and (values or not isinstance(x, Array)):
        made.own_bounds = (0, x) if type(x) is int else range_of(values)
    return made


def shuffle(x: Any) -> Any:
    """In another order, which is not known."""
    return opened("data") if isinstance(x, list) else x.own_reorder()


ARRAYS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("empty", "random", "random_sample", "standard_normal"),
                    of_shape(0, is_of_numpy=True)),
    "ones": of_shape(0, is_of_numpy=True, value=1),
    "zeros": of_shape(0, is_of_numpy=True, value=0),
    **dict.fromkeys(("rand", "randn"), lambda *sizes: _of_sizes(sizes or None)),
    **dict.fromkeys(("beta", "binomial", "gamma", "laplace", "lognormal", "normal",
                     "uniform"), of_shape(2, is_of_numpy=True)),
    **dict.fromkeys(("integers", "randint"), _drawn),
    **dict.fromkeys(("exponential", "poisson"), of_shape(1)),
    "full": _full,
    "choice": _chosen,
    "shuffle": shuffle,
    "permutation": _permuted,
}  # fmt: skip
GENERATOR = Module("numpy.random", {**ARRAYS, "choice": _chosen_rows})
