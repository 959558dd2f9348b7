"""`Array`: data of which at most the shape is known."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial, partialmethod
from typing import Any

from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.nest import nested, within
from rnnshape.reading import graph
from rnnshape.reading.names.dtypes import (
    COMPARISONS,
    LOGICAL,
    OF_NUMBERS,
    OPERATORS,
    TEXTS,
    as_numbers,
    is_small,
    is_whole,
    of_dtype,
    together,
    with_operators,
)
from rnnshape.reading.names.ranges import Reordered, Sorted, is_filled, is_part, moved, operated
from rnnshape.reading.names.session import opened, refused, session, unknown_of
from rnnshape.reading.names.sizes import (
    MOST_ROWS,
    OF_NUMPY,
    beside,
    broadcast,
    check_predictions,
    differ,
    indexed,
    of_numpy,
    picked,
    place_of,
    product,
    reshaped,
    rows_of,
    set_shape,
    sizes_given,
    sizes_of,
    squeezed,
    with_let,
)
from rnnshape.reading.names.windows import of_array
from rnnshape.reading.python import IsOpenError, Open, StandIn, exact, own
from rnnshape.reading.python.scope import Log

BATCH = "the number of samples"  # that `ops.shape(x)[0]` is when the model runs
OF_OTHERS = {"assign", "columns", "drop", "dropna", "get_shape", "head", "iloc", "items", "keys",
             "loc", "numpy", "set_shape", "tail", "to_numpy", "values"}  # fmt: skip
OTHERS = {*dir(list)} - {*dir(tuple), "copy", "insert", "sort"} | OF_OTHERS
COMPARED_BY_PLACE = [OPERATORS[word] for word in ("sub", "rsub", "eq", "ne")]
MOST_VALUES = 1_000  # numbers of an array that are kept
# What shows the memory of an array, or changes it, in a way that is not read.
SHOWING = ("byteswap", "ctypes", "data", "imag", "real", "setfield", "view")


@with_operators
class Array(StandIn):
    """Data of a shape.

    Attributes:
        shape, own_name: its sizes, each a number or open, and the variable that holds it.
        own_values: its numbers, where the code writes a few of them, and changes none of them.
        own_written: each change of its numbers; all arrays that show the same share it.
        own_seen: how many of these changes had been made when its numbers were noted.
        own_dtype: the kind of its entries; None of numbers of no further kind.
        own_range: as of `known_range`, where it is known; own_bounds: what its whole numbers are
            not below, and below.
        own_may_lack: whether some between these are perhaps not there.
        own_is_small: whether what is made of its numbers may be too large for their dtype.
        own_texts: what an array of texts holds, as `own_values` of numbers.
        own_coded: of numbers that stand for labels, the kind of these.
        own_is_predicted: whether a model has made it, of one entry for each sample.
    """

    own_what = "an array"
    own_range: tuple[int | None, int | None, int] | None = None
    own_texts: tuple[str, ...] = ()
    own_coded: str | None = None
    own_bounds = (0, 0)
    own_is_data = True
    own_is_small = own_is_predicted = own_may_lack = False
    own_returned_by = ""  # the method of a model that returns it alone
    own_picked: Callable[..., Any]  # `x[[0, 1], 2]`
    own_of_either: Callable[..., Any]

    def __init__(
        self, shape: Sequence[Any], values: tuple[Any, ...] = (), dtype: str | None = None
    ) -> None:
        self.shape, self.own_name = tuple(shape), ""
        self.own_numbers, self.own_dtype = tuple(map(exact, values)), dtype
        self.own_written: list[object] = Log()
        self.own_seen: Any = 0

    own_values = property(lambda array: () if array.own_is_written else array.own_numbers)
    own_entries = property(lambda array: array.own_dtype)  # the same, of a table of all columns

    shape = property(lambda array: vars(array)["shape"], set_shape)
    values = property(lambda array: array)
    ndim = property(lambda array: len(array.shape))
    size = property(lambda array: product(array.shape))
    dtype = property(lambda _: Open("dtype"))
    T = property(lambda array: array.own_like(array.shape[::-1]))

    @property
    def own_is_written(self) -> bool:
        """Whether its numbers are others than those that were noted."""
        return type(self.own_seen) is not int or self.own_seen != len(self.own_written)

    def own_merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        """What an operator has changed on one side of a condition alone is not known."""
        return None if name == "own_seen" else super().own_merged(name, one, other, because)

    def own_is_assigned(self, name: str, in_module: bool) -> None:
        self.own_name = self.own_name or name
        self.shape, is_said = with_let(name, self.shape)
        if is_said and self.own_dtype == UNREAD_ENTRIES:
            self.own_dtype = None

    def own_miscounted(self, several: Any) -> str:
        """`out, h = model.predict(X)` of a model of one output: its samples are shared out."""
        made, many = self.own_returned_by, len(several)
        if made and many > 1 and any(one is self for one in several):
            return f"these are {many} arrays, as many as the model has outputs"
        return f"{made} returns one array, as the model has one output" * bool(made)

    def own_lacks(self, name: str) -> bool:
        return type(self) is Array and name in OTHERS

    def own_kind(self) -> str:
        """`"bool"` of a mask, other words of indices; `""` where it is not known which."""
        is_mask = bool in map(type, self.own_values)
        known = "" if self.own_dtype in (UNKNOWN_ENTRIES, UNREAD_ENTRIES) else self.own_dtype
        return "bool" if is_mask else known or "int64" * bool(self.own_values)

    def own_as_operand(self) -> graph.Tensor:
        """What stands for it where it is operated on with a tensor."""
        sizes = tuple(map(size_of_tensor, self.shape))
        return graph.Tensor(session().source(id(self), self, sizes, self.own_name))

    def __len__(self) -> int:
        return operator.index(self.shape[0])

    def __iter__(self) -> Any:
        if len(self.shape) == 1 and self.own_values:
            return iter([*map(self._entry, self.own_values)])
        if self.shape and isinstance(many := self.shape[0], Open):
            raise IsOpenError(replace(many, row=array_of_shape(self.shape[1:], self.own_dtype)))
        is_of_rows = type(self) is Array and len(self.shape) > 1
        row = self.own_row if is_of_rows else partial(array_of_shape, dtype=self.own_dtype)
        return iter([row(self.shape[1:]) for _ in range(rows_of(self.shape))])

    def own_row(self, shape: Sequence[Any]) -> Array:
        row = self.own_like(shape)
        row.own_is_predicted = False  # it has no samples
        return row

    def __bool__(self) -> bool:
        raise IsOpenError(opened("data"))

    def __hash__(self) -> int:
        raise surely(TypeError(f"unhashable type: {self.own_what}"))

    def __getitem__(self, index: object) -> Any:
        parts = index if isinstance(index, tuple) else ()
        picks = [type(part) for part in parts if isinstance(part, int | list | tuple | Array)]
        if len(picks) > picks.count(int) and len(picks) > 1:  # they are gone over together
            if any(isinstance(part, Array) and not part.own_kind() for part in parts):
                raise IsOpenError(opened("data"))  # indices, or a mask
            return self.own_picked(index)
        shape = of_array(indexed(self.shape, index), self)
        if self.own_values and (values := picked(self.own_values, self.shape, parts or (index,))):
            return self.own_view(shape, values) if shape else self._entry(values[0])
        made = array_of_shape(shape, self.own_dtype)
        is_value = any(isinstance(one, Array) for one in within(index))  # it may pick by values
        if not type(made) is type(self) is Array:
            return made
        if not is_value:
            return self.own_like(made.shape)
        is_mask = isinstance(index, Array) and index.own_kind() == "bool"  # it may pass over some
        return made if is_mask else moved([self], self.own_like(made.shape).copy())

    def _entry(self, number: Any) -> Any:
        if self.own_is_small:  # what is made of it may be too large for its dtype
            return replace(opened("a number from data"), is_number=True)
        is_of_numpy = type(self) is Array and self.own_dtype != "object"
        return of_numpy(number) if is_of_numpy else number

    def own_view(self, shape: Sequence[Any], values: tuple[Any, ...]) -> Array:
        """What shows these numbers of it, and changes with it."""
        made = Array(shape, values, self.own_dtype)
        made.own_show(self)
        return made

    def own_show(self, other: Array) -> None:
        """Shares the memory of another array: what changes one changes both."""
        self.own_may_lack = is_part(other)
        self.own_bounds = (0, 0) if is_filled(other) else other.own_bounds
        self.own_written, self.own_seen = other.own_written, len(other.own_written)
        self.own_is_predicted, self.own_is_small = other.own_is_predicted, other.own_is_small
        if self.own_bounds == (0, 0):
            moved([other], self)

    def __setitem__(self, index: object, value: object) -> None:
        self.fill()
        with suppress(IsOpenError):
            taken = indexed(self.shape, index)
            if isinstance(value, Array) and self.own_dtype != "object":
                more, given = value.shape[: -len(taken) or None], value.shape[-len(taken) or None :]
                if differ(more, (1,) * len(more)) or differ(broadcast(taken, given), taken):
                    raise refused("could not broadcast input array into what it is given to")

    def fill(self, *_: object, **__: object) -> None:
        self.own_written.append(object())  # one of its own: a log keeps each object once

    put = fill

    def own_reorder(self, *_: object, **__: object) -> None:
        self.own_written.append(Reordered())

    def sort(self, *_: object, **__: object) -> None:
        self.own_written.append(Sorted())

    partition = sort

    def own_reaches(self, name: str) -> bool:
        return name in SHOWING

    def __getattr__(self, name: str) -> Any:
        if name not in SHOWING:
            raise AttributeError(name)
        self.fill()
        return opened("data")

    def resize(self, *sizes: Any, **_: object) -> None:
        self.shape, self.own_numbers = sizes_given(*sizes), ()

    def reshape(self, *sizes: Any, **named: Any) -> Array:
        made = reshaped(self.shape, sizes_given(*(sizes or [named["shape"]])))
        return self.own_view(made, self.own_values)

    def astype(self, dtype: object = None, *_: object, copy: Any = True, **__: object) -> Array:
        made = Array(self.shape, *of_dtype(self.own_values, dtype, self.own_dtype))
        made.own_is_predicted = self.own_is_predicted
        if copy is not True:
            made.own_show(self)
        made.own_is_small = is_small(dtype)
        return made if made.own_is_small else moved([self], made)

    def copy(self, *_: object) -> Array:
        made = self.own_view(self.shape, self.own_values)
        made.own_written, made.own_seen = Log(), 0
        return made

    toarray = todense = copy

    def __copy__(self) -> Array:
        return self.copy()

    own_copied = __copy__

    def transpose(self, *order: Any, axes: Any = ()) -> Array:
        given = sizes_given(*order) if order != (None,) else ()
        places = tuple(given or axes or range(len(self.shape))[::-1])
        if len(places) != len(self.shape):
            raise refused("axes don't match array")
        known = [place % len(places) for place in places if type(place) is int]
        if len({*known}) < len(known):
            raise refused("repeated axis in transpose")
        return self.own_like(tuple(self.shape[place] for place in places))

    def flatten(self, order: object = "C") -> Array:
        return self.ravel(order).copy()

    def ravel(self, order: object = "C") -> Array:
        return self.own_view((product(self.shape),), self.own_values if order == "C" else ())

    flat = property(ravel, fill)

    def squeeze(self, axis: Any = None) -> Array:
        return self.own_like(squeezed(self.shape, axis))

    def own_reduced(
        self, axis: Any = None, keepdims: bool = False, *, own_dtype: Any = None, **_: object
    ) -> Any:
        """What a sum or mean over axes leaves. Where `keepdims` stands, NumPy takes the dtype."""
        keepdims = keepdims if isinstance(keepdims, int | Open) else False
        rank = len(self.shape)
        axes = range(rank) if axis is None else axis if isinstance(axis, list | tuple) else [axis]
        gone = {place_of(place, rank) for place in axes}
        sizes = enumerate(self.shape)
        left = [1 if at in gone else size for at, size in sizes if keepdims or at not in gone]
        kind = own_dtype or together([self.own_entries])
        made = array_of_shape(left, kind if left else as_numbers(kind))
        return made if left or kind not in OF_NUMBERS else replace(made, stands_for=OF_NUMPY)

    mean = sum = std = own_reduced

    def argmax(self, axis: Any = None, *more: Any, **named: Any) -> Any:
        made = self.own_reduced(axis, *more, own_dtype="int64", **named)
        return moved([self.shape[axis] - 1], made) if type(axis) is int else made

    argmin = argmax
    any = all = partialmethod(own_reduced, own_dtype="bool")

    def max(self, axis: Any = None, find: Any = max, **named: Any) -> Any:
        known = self.own_values and axis is None and not named.get("keepdims")
        return self._entry(find(self.own_values)) if known else self.own_reduced(axis, **named)

    min = partialmethod(max, find=min)

    def tolist(self) -> Any:
        """Lists of Python's own; of many numbers, and of what may be none, what has such rows."""
        many, kind = product(self.shape), self.own_entries
        if isinstance(many, Open) or many > MOST_ROWS or kind not in OF_NUMBERS:
            is_unknown = len(self.shape) < 2 or kind == UNKNOWN_ENTRIES  # each may be a list
            row = None if is_unknown else Array(self.shape[1:], dtype=kind)
            return replace(opened("data"), row=row)
        return nested(self.shape, iter(self.own_values or [array_of_shape(())] * many))

    def own_like(self, shape: Sequence[Any]) -> Array:
        """Other rows of the same, in its memory."""
        made = self.own_view(shape, ())
        made.own_coded = self.own_coded
        return made

    def own_operated(self, other: Any, function: Callable[[Any, Any], Any] | None = None) -> Any:
        """What an operator makes; its numbers too, of whole ones and another."""
        is_compared = function in COMPARISONS and isinstance(other, str | None)
        if is_compared or isinstance(other, Array | int | float | list | tuple | range):
            if function in COMPARED_BY_PLACE:
                check_predictions(self, other)
            made = Array(broadcast(self.shape, sizes_of(other)))
            made.own_is_predicted = self.own_is_predicted
        elif isinstance(other, Open):
            made = Array(beside(self.shape, other))
        elif function in COMPARISONS:  # else Python would say whether they are one object
            raise IsOpenError(opened("data"))
        else:
            return NotImplemented
        made.own_dtype = together((self.own_dtype, own(other, "own_dtype")))
        if function is None and made.own_dtype == UNREAD_ENTRIES:  # what is divided are numbers
            made.own_dtype = None
        if function in COMPARISONS:
            made.own_dtype = "bool"
        elif function in LOGICAL:
            made.own_dtype = self.own_dtype
        elif made.own_dtype is None and function and is_whole(self) and is_whole(other):
            made.own_dtype = "int64"
            if type(other) is int and not self.own_is_small:
                operated(self, other, function, made)
        return made

    def own_changed(self, other: Any, function: Callable[[Any, Any], Any] | None = None) -> Any:
        made = Array(self.shape) if isinstance(other, Open) else self.own_operated(other, function)
        if isinstance(made, Array) and made.shape == self.shape:  # `array += other`
            self.fill()
            self.own_numbers, self.own_seen = made.own_numbers, len(self.own_written)
            self.own_bounds, self.own_may_lack = made.own_bounds, made.own_may_lack
            self.own_range = None
            return self
        return made

    def __neg__(self) -> Array:
        made = self.own_like(self.shape)
        made.own_bounds, made.own_written, made.own_seen = (0, 0), Log(), 0
        return made

    __pos__ = __invert__ = __abs__ = __neg__


def surely(wrong: Exception) -> Exception:
    """What Python raises here whatever is not known."""
    session().evaluator.certain = wrong
    return wrong


def array_of_shape(shape: Any, dtype: str | None = None) -> Any:
    """Data of a shape; a number of data where the shape is empty."""
    if isinstance(shape, Open):
        return shape
    if len(shape):
        return Array([opened("a size") if n is None else n for n in shape], dtype=dtype)
    kind = None if dtype in OF_NUMBERS else dtype if dtype in TEXTS else UNKNOWN_ENTRIES
    return replace(opened("a number from data"), is_number=True, stands_for=kind)


def size_of_tensor(size: Any) -> Any:
    """A size of an array as one of a tensor: a number, None for the batch, or unknown."""
    if isinstance(size, Open):
        return None if size.stands_for == BATCH else unknown_of(size)
    return size if size is None or isinstance(size, int) else int(size)
