"""Shapes of what is given as data: what NumPy makes of them, and what an index leaves; each size is
a number or open."""

from __future__ import annotations

import ast
import math
import operator
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from itertools import zip_longest
from typing import Any, ClassVar

from rnnshape.errors import Problem, where_of
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.windows import Window, is_list_of_numbers, size_of_rows
from rnnshape.reading.python import ITEM, IsOpenError, Open, StandIn, exact, opens_in, own
from rnnshape.reading.python.doubts import OF_FILES
from rnnshape.training.data import shown

MOST_ROWS = 20_000  # of an array that code goes over


# What they have as an array has it, and no number of Python's.
NAMES = """
    T all any argmax argmin argsort base byteswap choose clip compress conj copy cumprod cumsum data
    device diagonal dump dumps fill flags flat flatten getfield is_integer itemsize max mean min
    nbytes nonzero prod put ravel repeat reshape resize searchsorted setfield setflags sort squeeze
    std strides sum swapaxes take to_device tobytes tofile trace transpose var view
"""
OF_ARRAYS = frozenset(NAMES.split())


class _OfNumPy:
    """The names that numbers of NumPy have, and Python's have not."""

    _plain: ClassVar[Any]  # the same kind of Python's
    shape, ndim, size = (), 0, 1
    dtype = property(lambda _: Open("dtype"))

    def astype(self, dtype: Any = None, *_: Any, **__: Any) -> Any:
        word = getattr(dtype, "label", None) or getattr(dtype, "__name__", None) or dtype
        return NumPyNumber(self) if "int" in str(word) else NumPyFloat(self)

    def item(self) -> Any:
        return self._plain(self)

    tolist = item

    def round(self, decimals: int = 0) -> Any:
        kind: Any = type(self)
        return kind(round(self.item(), decimals))

    def __getattr__(self, name: str) -> Any:
        if name in OF_ARRAYS:
            raise IsOpenError(opened(f"{self}.{name}"))
        raise AttributeError(name)


class NumPyNumber(_OfNumPy, int):
    """A whole number that NumPy has made, or that is computed of one."""

    _plain = int
    own_not_of = (int,)  # `isinstance(n, int)` is False


class NumPyFloat(_OfNumPy, float):
    """The same of a number with a fraction."""

    _plain = float


NumPyNumber.__name__, NumPyFloat.__name__ = "numpy.int64", "numpy.float64"  # of Python's messages


def of_numpy(number: Any) -> Any:
    """A number as NumPy has it; what is none is itself."""
    if type(number) is float:
        return NumPyFloat(number)
    return NumPyNumber(number) if type(number) is int else number


def _operator(name: str, kind: Any, plain: Any) -> Callable[..., Any]:
    def computed(*numbers: Any) -> Any:
        made = getattr(plain, name)(*numbers)
        return kind(made) if type(made) is plain else made

    return computed


SIZE_OF_TABLE = "a size of a table that is not read"
OF_NUMPY = "a number of NumPy's own, which layers do not take for their units"
CLASSES = "the number of classes"  # that `to_categorical` counts: of one alone nobody tells any
OPERATIONS = "add sub mul truediv floordiv mod pow lshift rshift neg abs"
for _operation in OPERATIONS.split():
    for _name in (f"__{_operation}__", f"__r{_operation}__"):
        for _kind, _plain in ((NumPyNumber, int), (NumPyFloat, float)):
            if hasattr(_plain, _name):
                setattr(_kind, _name, _operator(_name, _kind, _plain))


def sizes_given(*given: Any) -> tuple[Any, ...]:
    """The sizes of a shape, given as numbers or as one tuple; open where nobody knows which."""
    first = given[0] if len(given) == 1 else None
    if isinstance(first, Open) and not first.is_number:
        raise IsOpenError(first)
    return tuple(first) if isinstance(first, list | tuple) else given


def place_of(axis: int, rank: int) -> int:
    """Which axis it is, counted from the first."""
    if not -rank <= axis < rank:
        words = f"axis {axis} is out of bounds for array of dimension {rank}"
        raise refused(words, IndexError)
    return axis % rank


def known_sizes(shape: Sequence[Any]) -> tuple[int | None, ...]:
    """A shape as plain data, with a None for each size that is not known."""
    return tuple(size if type(size) is int else None for size in shape)


def differ(one: Sequence[Any], other: Sequence[Any]) -> bool:
    pairs = zip(one, other, strict=False)
    return len(one) != len(other) or any(type(a) is type(b) is int and a != b for a, b in pairs)


def reshaped(shape: Sequence[Any], sizes: Sequence[Any]) -> tuple[Any, ...]:
    """A shape after `reshape`; -1 is what is left."""
    rest = [size for size in sizes if isinstance(size, Open) or size != -1]
    if len(rest) < len(sizes) - 1:
        raise refused("can only specify one unknown dimension")
    alike = [size for size in rest if isinstance(size, Open) and any(size is n for n in shape)]
    of, into = ([n for n in part if all(n is not one for one in alike)] for part in (shape, rest))
    left = next(opens_in([*of, *into]), None)
    if left is None:
        whole, known = product(of), product(into)
        left, more = divmod(whole, known or 1)
        if more or (len(rest) == len(sizes) and whole != known):
            text = str((*sizes,)).replace(" ", "").replace("-1", "newaxis")
            words = f"cannot reshape array of size {whole} into shape {text}"
            words = f"cannot reshape rows of {whole} into rows of {known}" if alike else words
            raise ValueError(words) if min(rest, default=0) < 0 else refused(words)
    return tuple(left if not isinstance(size, Open) and size == -1 else size for size in sizes)


def squeezed(shape: Sequence[Any], axis: Any) -> list[Any]:
    """A shape without its axes of 1, or without some of these; an open size may be 1, but that data
    has a single sample is not expected."""
    if axis is None and (unknown := next(opens_in(shape[1:]), None)) is not None:
        raise IsOpenError(unknown)
    ones = [place for place, size in enumerate(shape) if type(size) is int and size == 1]
    places = ones if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {place_of(place, len(shape)) for place in places}
    if any(type(shape[place]) is int and place not in ones for place in gone):
        raise refused("cannot select an axis to squeeze out which has size not equal to one")
    return [size for place, size in enumerate(shape) if place not in gone]


def broadcast(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    """The shape of an operation on arrays of two shapes."""
    made = []
    for pair in zip_longest(reversed(one), reversed(other), fillvalue=1):
        larger = [size for size in pair if isinstance(size, Open) or size != 1]
        if all(isinstance(size, int) for size in pair) and len({*larger}) > 1:
            raise refused("operands could not be broadcast together")
        made.append(larger[0] if larger else 1)
    return tuple(reversed(made))


def check_repeated(predictions: Any, labels: Any, name: str) -> None:
    """`y - model.predict(X)`: of labels (n,) and predictions (n, 1) each is taken with each."""
    column, row = predictions.shape, labels.shape
    is_a_column = len(column) == 2 and not differ(column[1:], (1,))
    if len(row) != 1 or not is_a_column or labels.own_what == "a table":  # pandas refuses it
        return
    rows, many = known_sizes((*row, *column[:1]))
    if rows == 1 or rows != many:  # or only one is known
        return
    y, p = labels.own_name or "labels", name or "predictions"
    shapes = (shown(known_sizes(shape)) for shape in (row, column, (*row, *row)))
    words = "{y} {} and {p} {} make {}, each of {y} with each of {p}"
    write = f"{p}[:, 0]" if p != "predictions" else f"{y}[:, None]" if y != "labels" else ""
    message = words.format(*shapes, y=y, p=p) + f": write {write}" * bool(write)
    held, remedies = session(), tuple(filter(None, [write]))
    if all(message != problem.message for problem in held.problems):  # once is enough
        where = where_of(held.evaluator.place)
        held.problems.append(
            Problem("labels", message, None, *where, remedies=remedies, silent=True)
        )


def check_predictions(one: Any, other: Any) -> None:
    """What is subtracted or compared, if one is a model's predictions and the other is not."""
    pair = [own(part, "own_is_predicted") for part in (one, other)]
    if pair in ([True, False], [False, True]):
        predictions, labels = (one, other) if pair[0] else (other, one)
        check_repeated(predictions, labels, predictions.own_name)


def rows_of(shape: Sequence[Any]) -> int:
    """How many rows code goes over."""
    many = operator.index(shape[0])
    if many > MOST_ROWS:
        raise IsOpenError(opened("data", "it has more rows than are read"))
    return many


def beside(shape: Sequence[Any], other: Open) -> tuple[Any, ...]:
    """The sizes of what is made of an array and something open: what may be an array repeats what
    is one alone; beside one axis, or where it is all of a file, it may have more."""
    many = session().evaluator.derived(other)
    if not other.is_number and (len(shape) == 1 or is_all_of_file(other)):
        raise IsOpenError(many)
    alone = () if other.is_number else (1,)
    return tuple(many if type(n) is int and n in alone else n for n in shape)


def is_all_of_file(data: Open) -> bool:
    """`np.load("x.npy")`, and not a part or a mean of it."""
    function = data.node.func if isinstance(data.node, ast.Call) else None
    is_part = not data.label.isidentifier() and data.label != ast.unparse(data.node or ast.Pass())
    return bool(OF_FILES.fullmatch(getattr(function, "attr", ""))) and not is_part


def broadcast_of(parts: Sequence[Any]) -> tuple[Any, ...]:
    """The sizes of what is made of the entries of several arrays, of which some may be open."""
    if isinstance(first := parts[0], Open) and not first.is_number:
        raise IsOpenError(first)  # which may have more axes
    opens = [part for part in parts if isinstance(part, Open)]
    shapes = [tuple(sizes_of(part)) for part in parts if not isinstance(part, Open)]
    return reduce(beside, opens, reduce(broadcast, shapes))


def set_shape(array: Any, shape: Any) -> None:
    """The sizes as NumPy may be given them: numbers of Python's own, or open."""
    given = (shape,) if isinstance(shape, int | Open) else shape
    sizes = tuple(_as_size(exact(one)) for one in given)
    if not all(isinstance(size, int | Open | None) for size in sizes):
        raise TypeError("a size is no whole number")
    if any(size == -1 for size in sizes if type(size) is int):  # the code gives it another
        sizes = reshaped(array.shape, sizes)
    vars(array)["shape"] = shape if isinstance(shape, Open) else sizes


def _as_size(size: Any) -> Any:
    """A number of NumPy's own is one of Python's as the size of an array."""
    is_of_numpy = isinstance(size, Open) and size.start.stands_for == OF_NUMPY
    return replace(size, stands_for=None, start=None, offset=0) if is_of_numpy else size


def product(sizes: Sequence[Any]) -> Any:
    for found in opens_in(list(sizes)):
        return found
    return math.prod(sizes)


def sizes_of(value: Any) -> Any:
    """The shape of an array or tensor, or of nested lists; a `ValueError` of lists that differ."""
    for found in opens_in(value):
        if not found.is_number:
            raise IsOpenError(found)
    if isinstance(value, StandIn) and hasattr(value, "shape"):
        return value.shape
    if isinstance(value, range):
        return (len(value),)
    if not isinstance(value, list | tuple | deque):
        return ()
    inner = [sizes_of(part) for part in value]
    first = inner[0] if inner else ()
    if any(differ(shape, first) for shape in inner):
        raise ValueError("the requested array has an inhomogeneous shape")
    return (len(inner), *(map(size_of_rows, zip(*inner, strict=True))))


def indexed(shape: Sequence[Any], index: object) -> Any:
    """What `x[index]` leaves of a shape."""
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(part is Ellipsis for part in parts):
        place = next(number for number, part in enumerate(parts) if part is Ellipsis)
        missing = len(shape) - sum(map(_axes_of, parts)) + 1
        parts[place : place + 1] = [slice(None)] * missing
    sizes, made = list(shape), list[Any]()
    for part in parts:
        if part is None:
            made.append(1)
            continue
        texts = isinstance(part, list) and any(isinstance(one, str) for one in part)
        if isinstance(part, bool | str) or texts:
            raise IsOpenError(opened("data"))
        if not sizes:
            raise refused("too many indices for array", IndexError)
        size = sizes.pop(0)
        if isinstance(part, slice):
            made.append(_sliced(size, part))
        elif isinstance(part, Open) and part.is_number:
            continue
        elif isinstance(part, Open) and is_list_of_numbers(part):
            made.append(opened("the number of chosen samples"))
        elif isinstance(part, Open):
            raise IsOpenError(part)
        elif isinstance(part, list | tuple | range) or own(part, "own_is_data"):
            made += _chosen(part, size, sizes)
        elif isinstance(size, int) and not -size <= operator.index(part) < size:  # type: ignore[arg-type]
            words = f"index {part} is out of bounds for axis with size {size}"
            raise refused(words, IndexError)
    return (*made, *sizes)


def picked(values: tuple[Any, ...], shape: Sequence[Any], parts: Sequence[Any]) -> tuple[Any, ...]:
    """The numbers that an index of whole numbers and slices leaves; none of another index."""
    if not parts:
        return values
    part, *others = parts
    ends = (part.start, part.stop, part.step) if isinstance(part, slice) else (part,)
    if any(type(end) is not int and (end is not None or end is part) for end in ends):
        return ()
    each = len(values) // shape[0]
    rows = [values[start : start + each] for start in range(0, len(values), each)][part]
    taken = [rows] if type(part) is int else rows
    return tuple(number for row in taken for number in picked(row, shape[1:], others))


def _axes_of(part: Any) -> int:
    """How many axes a part of an index is of: a mask is of as many as it has."""
    is_mask = own(part, "own_is_data") and part.own_kind() != "int64"
    return len(part.shape) if is_mask else int(part is not None)


def _chosen(part: Any, size: Any, sizes: list[Any]) -> Sequence[Any]:
    """What a mask or indices leave of an axis; a mask of more axes takes those after it, too."""
    shape, values, kind = sizes_of(part), part, "int64"
    if own(part, "own_is_data"):
        values, kind = part.own_values, part.own_kind()
    elif bool in map(type, part):
        kind = "bool"
    if kind == "int64" or (not kind and len(shape) > 1 + len(sizes)):  # too many axes for a mask
        if isinstance(size, int) and any(not -size <= value < size for value in values):
            raise IndexError("index is out of bounds")
        return tuple(shape)
    taken = [size, *sizes[: len(shape) - 1]]
    if not kind and len(taken) > 1:  # indices, or a mask
        raise IsOpenError(opened("data"))
    if kind == "bool" and differ(taken, shape):
        raise refused("boolean index did not match indexed array", IndexError)
    del sizes[: len(taken) - 1]
    if kind == "bool" and values:
        return (sum(values),)
    return [opened("the number of chosen samples")]


def _sliced(size: Any, part: slice) -> Any:
    start, stop = part.start, part.stop
    if isinstance(start, Open) and isinstance(stop, Open) and _is_within(size, start, stop):
        size = max(0, stop.offset - start.offset)  # `x[i : i + 3]`
        part = slice(None, None, part.step)
    if part.start is part.stop is part.step is None:
        return size
    for end in opens_in((size, part.start, part.stop, part.step)):
        left = session().evaluator.derived(end)
        left.stands_for = None if left.stands_for == CLASSES else left.stands_for  # may be one
        first = 0 if start is None else start
        if part.step is None and {type(first), type(stop)} == {int} and 0 <= first < stop:
            left = replace(left, stands_for=Window(range(first, stop)))
        return left
    return len(range(size)[part])


def _is_within(size: Any, start: Open, stop: Open) -> bool:
    """Whether a slice is of a known length and ends before the axis does, where nobody knows its
    begin: that of a loop is meant to, and of a number drawn at random the bounds may be known."""
    first = start.start
    if stop.start is not first or isinstance(size, Open) or ITEM in first.label:
        return stop.start is first
    drawn = first.stands_for if isinstance(first.stands_for, range) else range(0)
    return bool(drawn) and drawn[0] + start.offset >= 0 and drawn[-1] + stop.offset <= size


def with_let(name: str, shape: tuple[Any, ...]) -> tuple[tuple[Any, ...], bool]:
    """The shape with what `--let X.shape=100,5` and `--let 'X.shape[1]=5'` say of what is open, and
    whether they say all of it."""
    evaluator = session().evaluator
    whole = evaluator.let.get(f"{name}.shape")
    if isinstance(whole, tuple) and not differ(whole, shape):
        evaluator.let_used.add(f"{name}.shape")
        return whole, True
    sizes = list[Any]()
    for place, size in enumerate(shape):
        label = f"{name}.shape[{place}]"
        size = evaluator.named_by_let(size, label)
        is_of_table = isinstance(size, Open) and size.stands_for == SIZE_OF_TABLE
        sizes.append(replace(size, label=label) if is_of_table else size)
    return tuple(sizes), False


def size_of_table(label: str = "the number of columns") -> Open:
    """A size of a table of a file, which is called as the code calls the table."""
    return replace(opened(label), stands_for=SIZE_OF_TABLE)
