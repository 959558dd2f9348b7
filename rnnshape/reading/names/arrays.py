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
    "ARRAYS",
    "BATCH",
    "NUMPY",
    "Array",
    "array_of_shape",
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
    """

    visible = ("shape", "ndim", "size", "dtype", "T", "reshape", "astype", "transpose", "flatten",
               "ravel", "squeeze", "copy", "numpy", "mean", "sum", "max", "min", "std", "values",
               "argmax", "argmin", "any", "all", "repeat", "tolist", "get_shape")  # fmt: skip
    what = "an array"

    def __init__(self, shape: Sequence[Any], values: tuple[Any, ...] = ()) -> None:
        self.shape, self.own_name, self.own_values = tuple(shape), "", values

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
        return array_of_shape(indexed(self.shape, index))

    def __setitem__(self, index: object, value: object) -> None:
        pass

    def reshape(self, *sizes: Any, **_: Any) -> Array:
        several = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else sizes
        return Array(reshaped(self.shape, several), self.own_values)

    def astype(self, *_: object, **__: object) -> Array:
        return Array(self.shape)

    copy = numpy = astype

    def transpose(self, *order: Any) -> Array:
        axes = order[0] if order and isinstance(order[0], list | tuple) else order
        return Array(tuple(self.shape[axis] for axis in axes or range(len(self.shape))[::-1]))

    def flatten(self, *_: object) -> Array:
        return Array((_product(self.shape),))

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

    def tolist(self) -> Open:
        return session().evaluator.open("data")

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
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = operated
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = operated
    __hash__ = StandIn.__hash__

    def __neg__(self) -> Array:
        return Array(self.shape)

    __invert__ = __neg__


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


def sizes_of(value: Any) -> Any:
    """The shape of an array or tensor, or of nested lists."""
    for found in opens_in(value):
        raise IsOpenError(found)
    if isinstance(value, StandIn) and hasattr(value, "shape"):
        return value.shape
    shape, inner = [], value
    while isinstance(inner, list | tuple):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if isinstance(inner, StandIn) and hasattr(inner, "shape"):
        return (*shape, *inner.shape)
    return tuple(shape)


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
            length = part.shape if isinstance(part, Array) else (len(part),)
            # Of numbers that are known it is known that they are no mask.
            is_mask = isinstance(part, Array) and not part.own_values
            is_mask = is_mask or (isinstance(part, list) and bool in map(type, part))
            made += (
                [session().evaluator.open("the number of chosen samples")] if is_mask else length
            )
        elif isinstance(size, int) and not -size <= operator.index(part) < size:  # type: ignore[arg-type]
            raise IndexError(f"index {part} is out of bounds for axis with size {size}")
    return (*made, *sizes)


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
        first = values[0] if is_one and values else list(values)
        sizes = named.get("size", named.get("shape", first))
        if is_one and isinstance(sizes, int):
            sizes = (sizes,)
        if isinstance(sizes, list | tuple) and sizes:
            return Array(sizes)
        return session().evaluator.open("data")

    return made


def _of_size(*_: Any, size: Any = None, **__: Any) -> Any:
    """`np.random.normal(0, 1, size=(5, 2))`, also with the shape in its third place."""
    sizes = size if size is not None else _[2] if len(_) > 2 else None
    if isinstance(sizes, int):
        sizes = (sizes,)
    if isinstance(sizes, list | tuple):
        return Array(sizes)
    return session().evaluator.open("data")


def _normal(*values: Any, **named: Any) -> Any:
    """`tf.random.normal((5, 2))` and `np.random.normal(0, 1, (5, 2))`"""
    if values and isinstance(values[0], list | tuple):
        return Array(values[0])
    return Array(named["shape"]) if "shape" in named else _of_size(*values, **named)


def _array(value: Any, *_: Any, **__: Any) -> Any:
    """`np.array([[1, 2], [3, 4]])`"""
    if isinstance(value, Open) and value.row is not None:  # rows of one shape, as NumPy has them
        inner = () if isinstance(value.row, Open) and value.row.is_number else sizes_of(value.row)
        return Array((session().evaluator.open("the number of rows"), *inner))
    if isinstance(value, Open):
        return session().evaluator.derived(value)
    if isinstance(value, Array):
        return Array(value.shape, value.own_values)
    shape, values = sizes_of(value), tuple(_numbers(value))
    if not shape:
        return session().evaluator.open("a number from data")
    is_whole = values and len(values) == _product(shape) and len(values) <= MOST_VALUES
    return Array(shape, values if is_whole else ())


def _numbers(value: Any) -> Iterator[int | float]:
    """The numbers in nested lists."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from _numbers(part)
    elif isinstance(value, int | float):
        yield value


def _arange(*values: Any, **_: Any) -> Any:
    ends = [value for value in values if isinstance(value, int)]
    if len(ends) < len(values) or not values:
        return session().evaluator.open("data")
    numbers = range(*ends)
    return Array((len(numbers),), tuple(numbers) if len(numbers) <= MOST_VALUES else ())


def _expanded(value: Any, axis: int = -1) -> Any:
    sizes = list(sizes_of(value))
    sizes.insert(axis if axis >= 0 else len(sizes) + axis + 1, 1)
    return Array(sizes)


def _joined(values: Any, axis: int = 0, **_: Any) -> Any:
    shapes = [sizes_of(value) for value in values]
    sizes = list(shapes[0])
    sizes[axis] = sum(shape[axis] for shape in shapes)
    return Array(sizes)


def _stacked(values: Any, axis: int = 0, **_: Any) -> Any:
    sizes = list(sizes_of(values[0]))
    sizes.insert(axis if axis >= 0 else len(sizes) + axis + 1, len(values))
    return Array(sizes)


ARRAYS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        ("empty", "ones", "random", "random_sample", "standard_normal", "zeros", "full"),
        _shaped(is_one=True),
    ),
    **dict.fromkeys(("rand", "randn"), _shaped(is_one=False)),
    **dict.fromkeys(("randint", "choice"), _of_size),
    **dict.fromkeys(("normal", "uniform", "random_normal", "random_uniform"), _normal),
}
_GENERATOR: Module = Module("numpy.random", {**ARRAYS, "integers": _of_size})
NUMPY: dict[str, Any] = {
    **ARRAYS,
    **dict.fromkeys(("array", "asarray"), _array),
    **dict.fromkeys(
        ("zeros_like", "ones_like", "empty_like", "full_like"),
        lambda value, *_, **__: Array(sizes_of(value)),
    ),
    "arange": _arange,
    "linspace": lambda start, stop, num=50, **_: Array((num,)),
    "expand_dims": _expanded,
    "reshape": lambda value, sizes, **_: Array(sizes_of(value)).reshape(sizes),
    "concatenate": _joined,
    "stack": _stacked,
    "newaxis": None,
    "prod": lambda value, **_: _product(value) if isinstance(value, list | tuple) else value.size,
    "random": Module("numpy.random", {**ARRAYS, "default_rng": lambda *_: _GENERATOR}),
}
