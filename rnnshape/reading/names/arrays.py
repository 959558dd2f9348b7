"""`Array`: data of which at most the shape is known, and the functions of NumPy that make it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from operator import floordiv, mod
from typing import Any

from rnnshape.reading import graph
from rnnshape.reading.names.session import session, unknown_of
from rnnshape.reading.python import IsOpenError, Module, Open, StandIn, opens_in

BATCH = "the number of samples"  # that `ops.shape(x)[0]` is when the model runs
MOST = 20_000  # rows of an array that code goes over

__all__ = [
    "BATCH",
    "MOST_VALUES",
    "NUMPY",
    "RANDOM_TENSORS",
    "Array",
    "array_of_shape",
    "differ",
    "dtype_of",
    "indexed",
    "size_of_tensor",
    "sizes_of",
]


MOST_VALUES = 1_000  # numbers of an array that are kept


class Array(StandIn):
    """Data of a shape.

    Attributes:
        shape: its sizes, each a number or open.
        own_name: of the variable that holds it.
        own_values: its numbers, where the code writes a few of them.
        own_dtype: `"<U"` of text, `"object"` of objects, `"bool"` of masks, `"int64"` of indices;
            `"list"` of lists; None of other numbers, or where it is not known.
    """

    visible = ("shape", "ndim", "size", "dtype", "T", "reshape", "astype", "transpose", "flatten",
               "ravel", "squeeze", "copy", "numpy", "mean", "sum", "max", "min", "std", "values",
               "argmax", "argmin", "any", "all", "tolist", "get_shape", "toarray", "todense",
               "argsort", "clip", "cumsum", "diagonal", "dot", "nonzero", "prod", "repeat", "round",
               "swapaxes", "take", "var")  # fmt: skip
    what = "an array"

    def __init__(
        self, shape: Sequence[Any], values: tuple[Any, ...] = (), dtype: str | None = None
    ) -> None:
        self.shape, self.own_name = tuple(shape), ""
        self.own_values, self.own_dtype = values, dtype

    def is_assigned(self, name: str, in_module: bool) -> None:
        self.own_name = self.own_name or name

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Any:
        return _product(self.shape)

    @property
    def dtype(self) -> Open:
        return Open("dtype")

    @property
    def T(self) -> Array:  # noqa: N802
        return Array(self.shape[::-1])

    @property
    def values(self) -> Array:
        return self

    def get_shape(self) -> tuple[Any, ...]:
        return self.shape

    def as_operand(self) -> graph.Tensor:
        """What stands for it where it is operated on with a tensor."""
        sizes = tuple(map(size_of_tensor, self.shape))
        return graph.Tensor(session().source(id(self), self, sizes, self.own_name))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return operator.index(self.shape[0])

    def __iter__(self) -> Any:
        if len(self.shape) == 1 and self.own_values:
            return iter(self.own_values)
        many = operator.index(self.shape[0])
        if many > MOST:
            raise IsOpenError(session().evaluator.open("data", "it has more rows than are read"))
        return iter([Array(self.shape[1:]) for _ in range(many)])

    def __bool__(self) -> bool:
        raise IsOpenError(session().evaluator.open("data"))

    def __getitem__(self, index: object) -> Any:
        if self.own_values and len(self.shape) == 1 and isinstance(index, int | slice):
            part = self.own_values[index]
            return Array((len(part),), part) if isinstance(part, tuple) else part
        made = array_of_shape(indexed(self.shape, index))
        if isinstance(made, Array) and (self.own_dtype != "list" or isinstance(index, slice)):
            made.own_dtype = self.own_dtype
        return made

    def __setitem__(self, index: object, value: object) -> None:
        self.own_values = ()

    def reshape(self, *sizes: Any, **_: Any) -> Array:
        several = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else sizes
        return Array(reshaped(self.shape, several), self.own_values, self.own_dtype)

    def astype(self, dtype: object = None, *_: object, **__: object) -> Array:
        are_kept = dtype in (int, float) or str(dtype).startswith(("int", "float"))
        return Array(self.shape, self.own_values if are_kept else (), dtype_of(dtype))

    def copy(self, *_: object) -> Array:
        return Array(self.shape, self.own_values, self.own_dtype)

    numpy = toarray = todense = copy

    def transpose(self, *order: Any) -> Array:
        axes = order[0] if order and isinstance(order[0], list | tuple) else order
        axes = tuple(axes) or tuple(range(len(self.shape)))[::-1]
        if len(axes) != len(self.shape):
            raise ValueError("axes don't match array")
        return Array(tuple(self.shape[axis] for axis in axes))

    def flatten(self, *_: object) -> Array:
        return Array((_product(self.shape),), self.own_values, self.own_dtype)

    ravel = flatten

    def squeeze(self, axis: int | None = None) -> Array:
        if axis is None:
            return Array(tuple(size for size in self.shape if size != 1))
        sizes = list(self.shape)
        del sizes[axis]
        return Array(sizes)

    def reduced(self, axis: Any = None, keepdims: bool = False, **_: object) -> Any:
        """What a sum or mean over axes leaves."""
        rank = len(self.shape)
        axes = range(rank) if axis is None else axis if isinstance(axis, list | tuple) else [axis]
        places = {one % rank for one in axes}
        return array_of_shape(
            tuple(
                1 if place in places else size
                for place, size in enumerate(self.shape)
                if keepdims or place not in places
            )
        )

    mean = sum = std = argmax = argmin = any = all = reduced

    def max(self, axis: Any = None, **named: Any) -> Any:
        known = self.own_values and axis is None
        return max(self.own_values) if known else self.reduced(axis, **named)

    def min(self, axis: Any = None, **named: Any) -> Any:
        known = self.own_values and axis is None
        return min(self.own_values) if known else self.reduced(axis, **named)

    def tolist(self) -> Any:
        """Nested lists, which know their shape alone where the numbers are not known."""
        if self.own_values and len(self.shape) == 1:
            return list(self.own_values)
        return Array(self.shape, self.own_values, "list")

    def operated(self, other: Any) -> Any:
        if isinstance(other, graph.Tensor):
            return NotImplemented
        if isinstance(other, Array):
            return Array(broadcast(self.shape, other.shape))
        if isinstance(other, int | float | Open):
            return Array(self.shape)
        return NotImplemented

    def _each(self, other: Any, function: Callable[[Any, Any], Any]) -> Any:
        """The same with the numbers, where whole ones are operated on with another."""
        made = self.operated(other)
        is_whole = type(other) is int and all(type(one) is int for one in self.own_values)
        if isinstance(made, Array) and is_whole and (other or function not in (floordiv, mod)):
            made.own_values = tuple(function(one, other) for one in self.own_values)
        return made

    def __add__(self, other: Any) -> Any:
        return self._each(other, operator.add)

    def __sub__(self, other: Any) -> Any:
        return self._each(other, operator.sub)

    def __mod__(self, other: Any) -> Any:
        return self._each(other, mod)

    def __floordiv__(self, other: Any) -> Any:
        return self._each(other, floordiv)

    __radd__ = __add__
    __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = operated
    __hash__ = StandIn.__hash__

    def _mask(self, other: Any) -> Any:
        made = self.operated(other)
        if isinstance(made, Array):
            made.own_dtype = "bool"
        return made

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _mask

    def _both(self, other: Any) -> Any:
        made = self.operated(other)
        if isinstance(made, Array):
            made.own_dtype = self.own_dtype
        return made

    __and__ = __rand__ = __or__ = __ror__ = __xor__ = _both

    def __neg__(self) -> Array:
        return Array(self.shape)

    def __invert__(self) -> Array:
        return Array(self.shape, dtype=self.own_dtype)


def array_of_shape(shape: Any) -> Any:
    """Data of a shape; a number of data where the shape is empty."""
    if isinstance(shape, Open):
        return shape
    if len(shape):
        return Array(shape)
    number: Open = session().evaluator.open("a number from data")
    number.is_number = True
    return number


def size_of_tensor(size: Any) -> Any:
    """A size of an array as one of a tensor: a number, None for the batch, or unknown."""
    if isinstance(size, Open):
        return None if size.stands_for == BATCH else unknown_of(size)
    return size if size is None or isinstance(size, int) else int(size)


DTYPES: dict[object, str] = {
    **dict.fromkeys((str, "str"), "<U"),
    **dict.fromkeys((object, "object", "O"), "object"),
    **dict.fromkeys((bool, "bool"), "bool"),
    **dict.fromkeys((int, "int", "int32", "int64", "uint8"), "int64"),
}


def dtype_of(dtype: object) -> str | None:
    """What a dtype is called, where that matters here; None of others."""
    if isinstance(dtype, str) and dtype.startswith("datetime64"):
        return "datetime64"
    return DTYPES.get(dtype) if isinstance(dtype, str | type) else None


def sizes_of(value: Any) -> Any:
    """The shape of an array or tensor, or of nested lists; a `ValueError` of lists that differ."""
    for found in opens_in(value):
        raise IsOpenError(found)
    if isinstance(value, StandIn) and hasattr(value, "shape"):
        return value.shape
    if not isinstance(value, list | tuple):
        return ()
    inner = [sizes_of(part) for part in value]
    first = inner[0] if inner else ()
    if any(differ(one, first) for one in inner):
        raise ValueError("the requested array has an inhomogeneous shape")
    return (len(inner), *first)


def differ(one: Sequence[Any], other: Sequence[Any]) -> bool:
    pairs = zip(one, other, strict=False)
    return len(one) != len(other) or any(type(a) is type(b) is int and a != b for a, b in pairs)


def indexed(shape: Sequence[Any], index: object) -> Any:
    """What `x[index]` leaves of a shape."""
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(part is Ellipsis for part in parts):
        place = next(number for number, part in enumerate(parts) if part is Ellipsis)
        missing = len(shape) - sum(part is not None for part in parts) + 1
        parts[place : place + 1] = [slice(None)] * missing
    sizes, made = list(shape), list[Any]()
    for part in parts:
        if part is None:
            made.append(1)
            continue
        if not sizes:
            raise IndexError("too many indices for array")
        size = sizes.pop(0)
        if isinstance(part, slice):
            made.append(_sliced(size, part))
        elif isinstance(part, Open) and part.is_number:
            continue
        elif isinstance(part, Open):
            raise IsOpenError(part)
        elif isinstance(part, bool):
            raise IsOpenError(session().evaluator.open("data"))
        elif isinstance(part, list | Array):
            made += _chosen(part, size, sizes)
        elif isinstance(size, int) and not -size <= operator.index(part) < size:  # type: ignore[arg-type]
            raise IndexError(f"index {part} is out of bounds for axis with size {size}")
    return (*made, *sizes)


def _chosen(part: Any, size: Any, sizes: list[Any]) -> Sequence[Any]:
    """What a mask or indices leave of an axis; a mask of more axes takes those after it, too."""
    array = part if isinstance(part, Array) else _array(part)
    kind = "int64" if array.own_values and bool not in map(type, array.own_values) else None
    kind = kind or array.own_dtype
    if kind == "int64":
        if isinstance(size, int) and any(not -size <= one < size for one in array.own_values):
            raise IndexError("index is out of bounds")
        return array.shape
    taken = [size, *sizes[: len(array.shape) - 1]]
    if kind is None and len(taken) > 1:  # indices, or a mask
        raise IsOpenError(session().evaluator.open("data"))
    if kind == "bool" and (len(taken) < len(array.shape) or differ(taken, array.shape)):
        raise IndexError("boolean index did not match indexed array")
    del sizes[: len(taken) - 1]
    return [session().evaluator.open("the number of chosen samples")]


def _sliced(size: Any, part: slice) -> Any:
    start, stop = part.start, part.stop
    if isinstance(start, Open) and isinstance(stop, Open) and start.start is stop.start:
        distance = range(max(0, stop.offset - start.offset))  # `x[i : i + 3]`
        return (
            len(distance)
            if part.step is None
            else _sliced(len(distance), slice(0, None, part.step))
        )
    if start is stop is part.step is None:
        return size
    for end in opens_in((size, part.start, part.stop, part.step)):
        return session().evaluator.derived(end)
    return len(range(size)[part])


def reshaped(shape: Sequence[Any], sizes: Sequence[Any]) -> tuple[Any, ...]:
    """A shape after `reshape`; -1 is what is left."""
    rest = [size for size in sizes if isinstance(size, Open) or size != -1]
    if not [*opens_in([*shape, *rest])]:
        left = _product(shape) / max(1, _product(rest))
        if left % 1 or (len(rest) == len(sizes) and left != 1):
            raise ValueError(f"cannot reshape array of shape {shape} into {sizes}")
    if len(rest) == len(sizes):
        return tuple(sizes)
    for found in opens_in([*shape, *rest]):
        return tuple(found if not isinstance(one, Open) and one == -1 else one for one in sizes)
    many = _product(shape) // max(1, _product(rest))
    return tuple(many if size == -1 else size for size in sizes)


def broadcast(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    """The shape of an operation on arrays of two shapes."""
    rank = max(len(one), len(other))
    pairs = zip((1,) * (rank - len(one)) + tuple(one), (1,) * (rank - len(other)) + tuple(other),
                strict=True)  # fmt: skip
    made = []
    for first, second in pairs:
        if not isinstance(first, Open) and not isinstance(second, Open):
            if first != second and 1 not in (first, second):
                raise ValueError("operands could not be broadcast together")
            made.append(max(first, second) if 0 not in (first, second) else 0)
        else:
            made.append(second if not isinstance(first, Open) and first == 1 else first)
    return tuple(made)


def _product(sizes: Sequence[Any]) -> Any:
    for found in opens_in(list(sizes)):
        return found
    return math.prod(sizes)


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
    return session().evaluator.open("a number from data")


def _array(value: Any, dtype: Any = None, **_: Any) -> Any:
    """`np.array([[1, 2], [3, 4]])`"""
    if isinstance(value, Open) and value.row is not None:  # rows of one shape, as NumPy has them
        inner = () if isinstance(value.row, Open) and value.row.is_number else sizes_of(value.row)
        return Array((session().evaluator.open("the number of rows"), *inner))
    if isinstance(value, Open):
        return session().evaluator.derived(value)
    kind = dtype_of(dtype)
    if isinstance(value, Array):
        before = None if value.own_dtype == "list" else value.own_dtype
        return Array(value.shape, value.own_values, kind or before)
    shape, values = sizes_of(value), tuple(_leaves(value))
    if not shape:
        return session().evaluator.open("a number from data")
    if any(isinstance(one, str) for one in values):
        return Array(shape, (), "<U" if dtype is None else kind)
    is_whole = len(values) == _product(shape) and len(values) <= MOST_VALUES
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
        return session().evaluator.open("data")
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
    "prod": lambda value, **_: _product(value) if isinstance(value, list | tuple) else value.size,
    "random": Module("numpy.random", {**ARRAYS, "default_rng": lambda *_: GENERATOR}),
}
