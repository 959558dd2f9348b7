"""The functions of NumPy, for arrays of which at most the shape is known: those that code calls
most, and of the others NumPy's own."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.nest import rebuilt, within
from rnnshape.reading.names.arrays import MOST_VALUES, Array, array_of_shape
from rnnshape.reading.names.by_numpy import MOST_NUMBERS, OUT_FROM, TOO_LARGE, by_numpy, note_out
from rnnshape.reading.names.dtypes import (
    TEXTS,
    are_whole,
    dtype_of,
    is_small,
    of_dtype,
    of_entries,
)
from rnnshape.reading.names.of_shapes import (
    ARRAYS,
    GENERATOR,
    arange,
    as_large_as,
    joined,
    multiplied,
    of_shape,
    reshaped_open,
    with_axis,
    with_entries,
)
from rnnshape.reading.names.ranges import end_of, moved
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.sizes import (
    broadcast,
    broadcast_of,
    of_numpy,
    product,
    sizes_given,
    sizes_of,
)
from rnnshape.reading.python import IsOpenError, Module, Open, opens_in, own

NAMES = """
    append argpartition argsort argwhere array_split atleast_1d atleast_2d atleast_3d average
    bincount block broadcast_arrays column_stack convolve count_nonzero cov cross cumprod cumsum
    delete diag diagonal diff digitize dsplit dstack flatnonzero flip fliplr flipud
    geomspace gradient hamming hanning histogram histogram2d hsplit insert interp isin kron logspace
    meshgrid moveaxis nanmax nanmean nanmedian nanmin nanpercentile nanstd nansum nonzero
    outer pad percentile ptp quantile repeat resize roll rollaxis rot90 searchsorted setdiff1d
    sort split swapaxes take take_along_axis tensordot tile trace trapezoid tril triu unique
    vsplit where
"""
MOST_ROWS = 1_000  # of what indices are made of
CONVERTING = ("float32", "cast", "convert_to_tensor", "constant")
ELEMENTWISE = (
    "abs", "absolute", "ceil", "clip", "cos", "exp", "floor", "log", "log10", "log1p", "log2",
    "nan_to_num", "round", "sign", "sin", "sqrt", "square", "tanh", "add", "subtract",
    "multiply", "divide", "power", "maximum", "minimum", "isnan", "isfinite", "logical_and",
    "logical_or", "logical_not", "arctan2", "mod", "sinh", "tan", "deg2rad", "radians", "copy",
    "expm1", "negative", "isclose", "isinf", "reciprocal", "rint", "cosh", "exp2",
    *CONVERTING)  # fmt: skip
KEEPING_WHOLE = {"abs", "absolute", "clip", "sign", "square", "copy", "negative", "mod",
                 "add", "subtract", "multiply", "maximum", "minimum"}  # fmt: skip
NOT_ABOVE: dict[str, Callable[[list[Any]], list[Any]]] = {  # those that what is made is not above
    "clip": lambda parts: parts[1:], "copy": lambda parts: parts,
    "minimum": lambda parts: [min(parts, key=end_of)],
}  # fmt: skip
METHODS = ("argsort", "clip", "cumsum", "diagonal", "nonzero", "prod", "repeat", "round",
           "swapaxes", "take", "var")  # fmt: skip
OF_ALL = ("max", "mean", "min", "std")


# Those that code calls most


def _array(value: Any, dtype: Any = None, *, ndmin: int = 0, copy: Any = False, **_: Any) -> Any:
    """`np.array([[1, 2], [3, 4]])`"""
    if ndmin:
        made = _array(value, dtype, copy=copy)
        return made.reshape((1,) * (min(ndmin, 64) - len(sizes_of(made))) + made.shape)
    if isinstance(value, Open) and value.row is not None:  # rows of one shape, as NumPy has them
        inner = () if isinstance(value.row, Open) and value.row.is_number else sizes_of(value.row)
        return Array((opened("the number of rows"), *inner), dtype=of_entries(within([value.row])))
    if isinstance(value, Open):
        found = session().evaluator.derived(value)
        found.stands_for = value.stands_for if dtype is None else None  # a table's entries stay
        return found
    kind = dtype_of(dtype)
    if isinstance(value, Array):
        value = value.values  # of a table, its numbers
        made = value.copy() if copy else value.own_view(value.shape, value.own_values)
        return made if dtype is None else made.astype(dtype, copy=False)
    numbers = rebuilt(value, lambda leaf: leaf.own_values if isinstance(leaf, Array) else leaf)
    shape, values = _sizes(value, kind), tuple(within(numbers))
    if not shape:
        return opened("a number from data")
    if kind == "void":  # a row is one entry
        raise IsOpenError(opened("data"))
    entries = of_entries(within(value))
    if entries is not None:
        made = Array(shape, (), entries if dtype is None else of_dtype((), dtype, entries)[1])
        are_texts = [*map(type, values)] == [str] * len(values) and len(shape) == 1
        made.own_texts = values if are_texts else ()
        return made
    is_known = not [*opens_in(shape)] and len(values) == product(shape)
    is_whole = is_known and len(values) <= MOST_VALUES and kind != "object"
    if is_whole and all(isinstance(number, int | float) for number in values):
        made = Array(shape, values, kind)
        made.own_is_small = is_small(dtype)
        return made
    return Array(shape, (), "int64" if dtype is None and are_whole(within(value)) else kind)


def _sizes(value: Any, kind: Any = None) -> Any:
    """The shape of what NumPy makes an array of; of lists that differ it makes one of objects."""
    try:
        return sizes_of(value)
    except ValueError as wrong:
        if kind != "object":
            raise refused(str(wrong)) from None
        lengths = {len(part) if isinstance(part, list | tuple) else -1 for part in value}
        if len(lengths) > 1 and -1 not in lengths:
            return (len(value),)
        raise IsOpenError(opened("objects")) from None


def _expanded(value: Any, axis: Any = -1) -> Any:
    if isinstance(axis, list | tuple):
        return by_numpy("expand_dims")(value, tuple(axis))
    made = with_axis(1, sizes_of(value), axis)
    return value.own_like(made.shape) if type(value) is Array else made


def _product(value: Any, *more: Any, **named: Any) -> Any:
    """`np.prod(x.shape[1:])`, also where a size is not known."""
    is_nested = not isinstance(value, list | tuple) or any(isinstance(n, Array) for n in value)
    if more or named or is_nested:
        return by_numpy("prod")(value, *more, **named)
    return of_numpy(product(value))


def _linspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, retstep: Any = False,
    dtype: Any = None, axis: Any = 0,
) -> Any:  # fmt: skip
    made = with_axis(num, broadcast(sizes_of(start), sizes_of(stop)), axis)
    return (made, opened("a number from data")) if retstep is True else made


def _linspace_of_numpy(start: Any, stop: Any, num: Any = 50, *given: Any, **named: Any) -> Any:
    """Its numbers, where these are known."""
    is_known = {type(start), type(stop)} <= {int, float} and type(num) is int
    if not is_known or num > MOST_VALUES or given[1:] or named.keys() - {"endpoint", "dtype"}:
        return _linspace(start, stop, num, *given, **named)
    made = by_numpy("linspace")(start, stop, num, *given, **named)
    return made.astype(named["dtype"]) if named.get("dtype") else made


def _eye(*sizes: Any, dtype: Any = None, **named: Any) -> Array:
    """`np.eye(3)`; of TensorFlow's the third argument may be the shape of a batch."""
    rows, columns, third, *_ = [*sizes, None, None, None]
    if "batch_shape" in named or isinstance(third, list | tuple):
        raise IsOpenError(opened("data"))
    rows = named.get("N", named.get("num_rows", rows))
    columns = named.get("M", named.get("num_columns", columns))
    return Array((rows, rows if columns is None else columns), dtype=dtype_of(dtype))


def _reshaped(value: Any, shape: Any = None, *_: Any, newshape: Any = None, **__: Any) -> object:
    """`np.reshape(rows, (n, 100, 1))`, also where nobody knows what the rows are."""
    sizes = sizes_given(newshape if shape is None else shape)
    if all(found.is_number for found in opens_in(value)):
        return _array(value).reshape(*sizes)
    return reshaped_open(sizes, opened())


def _stacked(values: Any, axis: int = 0, **_: Any) -> Any:
    if isinstance(values, Array) and len(values.shape) == 1 and not values.own_values:
        return opened("data")  # nobody stacks numbers: each entry is an array
    return with_axis(len(values), _sizes([*values])[1:], axis) if axis else _array(values)


def _einsum(subscripts: Any, *several: Any, **named: Any) -> Any:
    """Small sizes stand for large ones: what it makes has those that it is given."""
    numpys = by_numpy("einsum")
    are_open = all(isinstance(one, Array) and not one.own_values for one in several)
    if not (are_open and isinstance(subscripts, str)):
        return numpys(subscripts, *several, **named)
    sizes = sorted({n for one in several for n in one.shape if type(n) is int and n > 1})
    small = {size: least for least, size in enumerate(sizes, 2)}
    if (2 + len(small)) ** len({*subscripts} - {*"-> ,."}) > MOST_NUMBERS:
        raise IsOpenError(opened("data", TOO_LARGE))
    arrays = [Array(_renamed(one.shape, small), dtype=one.own_dtype) for one in several]
    try:
        made = numpys(subscripts, *arrays, **named)
    except (QueryError, ValueError):
        return numpys(subscripts, *several, **named)  # which says the sizes that do not fit
    large = {least: size for size, least in small.items()}
    return made.own_like(_renamed(made.shape, large)) if isinstance(made, Array) else made


def _renamed(shape: Sequence[Any], names: Mapping[int, int]) -> list[Any]:
    return [names.get(size, size) if type(size) is int else size for size in shape]


def _elementwise(name: str) -> Callable[..., Any]:
    """As large as the arrays that are operated on, broadcast; of numbers it is NumPy's own."""

    def made(first: Any, *others: Any, **_: Any) -> Any:
        if name in CONVERTING and isinstance(first, int | float):
            return first
        if all(isinstance(part, int | float) for part in (first, *others)):
            return by_numpy(name)(first, *others)
        kind = "bool" if name.startswith(("is", "logical")) else None
        if name in KEEPING_WHOLE and are_whole((first, *others)):
            kind = "int64"
        made = array_of_shape(broadcast_of((first, *others)), kind)
        if name in NOT_ABOVE and kind and isinstance(made, Array):
            moved(NOT_ABOVE[name]([first, *others]), made)
        is_table = own(first, "own_labels", ()) != () and name not in CONVERTING
        if is_table and made.shape == first.shape:
            return first.own_like(made.shape)
        entries = of_entries([first])
        if isinstance(made, Array) and made.own_dtype is None and entries is not None:
            is_text = name in CONVERTING and entries in TEXTS
            kept = entries if entries == UNREAD_ENTRIES else UNKNOWN_ENTRIES
            made.own_dtype = "string" if is_text else kept
        return made

    return made


def _of_numpy_itself(name: str) -> Callable[..., Any]:
    """The same where NumPy makes it: its numbers are no Python's."""

    def made(*given: Any, **named: Any) -> Any:
        arrays = [one for one in given if isinstance(one, Array)]
        are_known = arrays and all(one.own_values and not one.own_is_small for one in arrays)
        is_out = len(given) > OUT_FROM.get(name, 1)
        if are_known and not named and not is_out and name not in CONVERTING:
            return by_numpy(name)(*given)
        found = NUMPY[name](*given, **named)
        note_out(given, OUT_FROM.get(name, 1))
        return of_numpy(float(found) if name == "float32" and type(found) is int else found)

    return made


def _of_method(name: str) -> Callable[..., Any]:
    """The function of an array that is a method of it, too; of all numbers some make one."""

    def made(value: Any, *given: Any, **named: Any) -> Any:
        is_of_all = isinstance(value, Open) and not (given or named) and name in OF_ALL
        array = value if isinstance(value, Open) else _array(value)
        return array_of_shape(()) if is_of_all else getattr(array, name)(*given, **named)

    return made


def _of_few(name: str) -> Callable[..., Any]:
    """A function that makes as many numbers as those that it is given say, times each other."""

    def made(*numbers: Any, **named: Any) -> Any:
        are_few = all(-MOST_ROWS < n < MOST_ROWS for n in (*numbers, *named.values()) if n)
        return by_numpy(name)(*numbers, **named) if are_few else opened("indices")

    return made


class ByIndex(Module):
    """`np.c_`, or `np.r_`: a function that is called by an index."""

    def __getitem__(self, *arrays: Any) -> Any:
        if isinstance(arrays[0], str):  # NumPy takes it for names of whoever calls it
            raise IsOpenError(opened("data"))
        return by_numpy(f"{self.path}.__getitem__")(*arrays)


# The names

_TRICKS = Module("numpy.lib.stride_tricks", {
    "sliding_window_view": by_numpy("lib.stride_tricks.sliding_window_view"),
    "as_strided": lambda x, shape=None, *_, **__: Array(sizes_given(shape or sizes_of(x))),
})  # fmt: skip
NUMPY: dict[str, Any] = {
    **ARRAYS,
    "array": functools.partial(_array, copy=True), "asarray": _array,
    "empty_like": as_large_as(0),
    "ones_like": as_large_as(0, value=1),
    "zeros_like": as_large_as(0, value=0),
    "full_like": as_large_as(1),
    **dict.fromkeys(("random_normal", "random_uniform"), of_shape(0)), "arange": arange,
    "linspace": _linspace,
    "expand_dims": with_entries(_expanded, whole=True),
    "reshape": with_entries(
        lambda value, newshape, **_: Array(sizes_of(value)).reshape(newshape), whole=True),
    "concatenate": with_entries(joined, whole=True),
    "stack": with_entries(_stacked, whole=True),
    "newaxis": None,
    "prod": _product,
    "random": Module("numpy.random", {
        **ARRAYS, "default_rng": lambda *_, **__: GENERATOR,
        "RandomState": lambda *_, **__: Module("numpy.random", ARRAYS)}),
    **{name: _elementwise(name) for name in ELEMENTWISE},
    **{name: _of_method(name) for name in (
        "all", "any", "argmax", "argmin", "max", "mean", "min", "ravel", "squeeze", "std", "sum",
        "transpose")},
    **{name: _of_method(method) for name, method in (
        ("amax", "max"), ("median", "mean"), ("reduce_mean", "mean"), ("reduce_sum", "sum"),
        ("var", "std"))},
    "concat": with_entries(joined, whole=True), "range": arange,
    "one_hot": lambda indices, depth=None, axis=-1, *_, num_classes=None, **__: with_axis(
        depth if num_classes is None else num_classes, sizes_of(indices), axis),
    "identity": lambda n, *_, **__: Array((n, n)),
    "eye": _eye,
    **{name: by_numpy(name) for name in (
        "broadcast_to", "cumsum", "hstack", "repeat", "roll", "swapaxes", "vstack", "where")},
    "tile": lambda value, repeats, **_: by_numpy("tile")(value, repeats),
}  # fmt: skip
# Those that TensorFlow and Keras have under other names, or not at all.
OF_NUMPY_ALONE: dict[str, Any] = {
    **{word: getattr(math, word) for word in ("e", "inf", "nan", "pi")},
    "reshape": _reshaped,
    **{name: _of_numpy_itself(name) for name in ELEMENTWISE},
    **dict.fromkeys(("asanyarray", "ascontiguousarray", "asfortranarray"), _array),
    **{name: by_numpy(name) for name in NAMES.split()},
    **{name: _of_few(name) for name in ("diag_indices", "tril_indices", "triu_indices")},
    "einsum": _einsum,
    "linspace": _linspace_of_numpy,
    **{name: ByIndex(name, {}) for name in ("c_", "r_")},
    "dot": multiplied,
    "matmul": multiplied,
    "lib": Module("numpy.lib", {"stride_tricks": _TRICKS}),
    "linalg": Module("numpy.linalg", {"norm": by_numpy("linalg.norm")}),
    "fft": Module("numpy.fft", {word: by_numpy(f"fft.{word}") for word in ("fft", "ifft", "rfft")}),
}
for _word in (*METHODS, "dot", "__matmul__"):  # a method is the function of the array
    setattr(Array, _word, by_numpy(_word) if _word in METHODS else multiplied)
Array.own_picked = by_numpy("ndarray.__getitem__")
