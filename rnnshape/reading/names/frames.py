"""Tables of pandas, as far as the code says how many columns it takes of one."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import partialmethod
from types import SimpleNamespace
from typing import Any

from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.reading.names.arrays import Array, surely
from rnnshape.reading.names.dtypes import OF_NUMBERS, as_numbers, dtype_of
from rnnshape.reading.names.session import opened
from rnnshape.reading.names.sizes import differ, indexed, size_of_table
from rnnshape.reading.names.table_columns import (
    Labels,
    are_names,
    as_labels,
    check_columns,
    check_labels,
    columns_taken,
    holds_numbers,
    rows_and_columns,
)
from rnnshape.reading.python import IsOpenError, Open, StandIn, body_of, own
from rnnshape.reading.python.reached import Reached

# What NumPy's arrays have and pandas' do not: neither tables nor columns, and no tables.
OF_ARRAYS = {
    *("diagonal", "fill", "flat", "flatten", "nonzero", "partition", "put", "reshape", "resize"),
    *("sort", "toarray", "todense"),
}
OF_ONE_AXIS = {"argmax", "argmin", "argsort", "dtype", "ravel", "repeat", "tolist"}


class OfColumns(Array):
    """What a table tells of each column, as their means, by which it may be divided."""

    def to_numpy(self, *_: object, **__: object) -> Array:
        return Array(self.shape, dtype=self.own_dtype)

    values = property(to_numpy)

    def __setitem__(self, key: Any, value: object) -> None:
        self.shape = (opened(),)  # a label that it has not is one more

    def own_lacks(self, name: str) -> bool:
        return name in OF_ARRAYS


class Frame(Array):
    """Rows and columns, or one column. What it has that is not here is open, as of any data.

    Attributes:
        own_labels: of its columns; None where they are not known.
        own_others: the labels of those that may hold other things than numbers.
        own_is_handed_on: whether code that is not read was given it, which may change it.
    """

    own_what = "a table"
    own_labels: tuple[Any, ...] | None = None
    own_others: frozenset[Any] = frozenset()
    own_is_handed_on = False

    def own_handed_to(self, _: object) -> None:
        self.own_is_handed_on = True
        if not isinstance(self.shape, Open):
            self.own_of_other_rows(True)

    def own_lacks(self, name: str) -> bool:
        return name in OF_ARRAYS or (len(self.shape) > 1 and name in OF_ONE_AXIS)

    def own_reaches(self, name: str) -> bool:
        return not name.startswith(("own_", "_"))

    def __getattr__(self, name: str) -> Any:
        if not self.own_reaches(name):
            raise AttributeError(name)
        is_column = len(self.shape) > 1 and name in (self.own_labels or ())
        return self[name] if is_column else opened()

    def __iter__(self) -> Any:
        return iter(self.columns)

    def __getitem__(self, key: Any) -> Any:
        key = as_labels(key)
        if isinstance(key, tuple) and any(isinstance(part, slice) for part in key):
            raise surely(TypeError("a table has no [:, ...]: write .iloc[...]"))
        if isinstance(key, slice) and {type(key.start), type(key.stop)} & {str}:
            return self.own_of_other_rows(False)
        is_label = isinstance(key, Array) and key.own_dtype != "bool" and len(self.shape) > 1
        if isinstance(key, Array) and len(key.shape) > 1:  # what it does not keep becomes NaN
            return self.own_like(self.shape)
        if isinstance(key, slice | Array) and not is_label:
            return self.own_like((*indexed(self.shape[:1], key), *self.shape[1:]))
        if (columns := columns_taken(key)) is None:
            return opened()
        if len(self.shape) == 1:
            is_one = bool(columns) or type(key) is str  # of a row, the entry of a column
            return Frame(columns, dtype=self.own_dtype) if is_one else opened()
        self.own_check(key)
        keys = key if isinstance(key, list) else [key]
        taken = [label for one in keys for label in self.own_labels or () if label == one]
        columns = (len(taken),) if len(taken) > 1 else columns
        return self.own_with((self.shape[0], *columns), taken or keys)

    def get(self, key: Any, default: Any = None) -> Any:
        """The same, and something else where a column is not there."""
        asked = key if isinstance(key, list) else [key]
        is_there = self.own_labels is None or all(one in self.own_labels for one in asked)
        return self[key] if is_there else default

    own_entries = property(lambda table: UNKNOWN_ENTRIES if table.own_others else table.own_dtype)

    def own_with(self, shape: Sequence[Any], labels: Sequence[Any] | None) -> Frame:
        """What has columns of these labels, if they are known, which hold what they hold here."""
        return labelled(shape, labels, self.own_others, self.own_dtype)

    def own_like(self, shape: Sequence[Any]) -> Frame:
        """Other rows of the same columns."""
        return self.own_with(shape, self.own_labels)

    def own_become(self, made: Frame) -> None:
        self.shape, self.own_labels = made.shape, made.own_labels
        self.own_others, self.own_dtype = made.own_others, made.own_dtype

    def own_check(self, labels: Any) -> None:
        """As pandas, a `KeyError` where there is no such column."""
        names = [labels] if isinstance(labels, str) else labels
        if self.own_labels is not None and are_names(names) and {*names} - {*self.own_labels}:
            raise KeyError("there is no such column")

    def own_of_other_rows(self, inplace: Any) -> Any:
        """What takes some of the rows, or changes this."""
        made = self.own_like((opened("the number of rows"), *self.shape[1:]))
        return made if inplace is False else self.own_become(made)

    def own_of_columns(self, labels: Sequence[Any] | None, inplace: Any = True) -> Any:
        """What has columns of these labels, if they are known, or becomes so."""
        many = size_of_table() if labels is None else len(labels)
        made = self.own_with((self.shape[0], many), labels)
        if inplace is False:
            return made if len(self.shape) > 1 else opened()
        return self.own_become(made) if len(self.shape) > 1 else None

    def __setitem__(self, key: Any, value: object) -> None:
        rows = self.shape[0]
        if isinstance(key, str) and len(self.shape) > 1:
            check_columns([value], rows if type(rows) is int and rows > 0 else opened())
        self.own_set(key, value)

    def own_set(self, key: Any, value: object) -> None:
        """Sets all of a column or a part of it."""
        keys = as_labels([key] if isinstance(key, str) else key)
        rows = self.shape[0] if type(self.shape[0]) is int else 0
        is_new = isinstance(key, str) or (type(key) is int and not 0 <= key < rows)
        if len(self.shape) == 1 and is_new:
            self.own_of_other_rows(True)
        labels = None
        if self.own_labels is not None and are_names(keys):
            labels = [*self.own_labels, *(key for key in keys if key not in self.own_labels)]
        self.own_of_columns(labels)
        if labels is not None:
            others = self.own_others.difference(keys)
            self.own_others = others if holds_numbers(value) else others.union(keys)
        elif not holds_numbers(value):
            self.own_dtype = UNKNOWN_ENTRIES

    def assign(self, **columns: Any) -> Frame:
        made = self.copy()
        for name, value in columns.items():
            made[name] = opened() if callable(value) else value
        return made

    def insert(self, loc: Any, column: Any, value: Any, *_: Any, **__: Any) -> None:
        before, labels = self.own_labels, None
        self[column] = value
        if before is not None and column not in before and type(loc) is int:
            labels = [*before[:loc], column, *before[loc:]]
        self.own_become(self.own_with(self.shape, labels))

    def pop(self, item: Any) -> Frame:
        taken: Frame = self[item]
        self.drop(columns=item, inplace=True)
        return taken

    __delitem__ = pop

    def drop(
        self,
        labels: Any = None,
        axis: Any = 0,
        *_: object,
        columns: Any = None,
        inplace: Any = False,
        **others: object,
    ) -> Any:
        """What makes a table of other columns, or changes this."""
        if columns is None and axis in (0, "index"):
            return self.own_of_other_rows(inplace)
        keys = as_labels(labels if columns is None else columns)
        keys = [keys] if isinstance(keys, str) else keys
        known = self.own_labels if are_names(keys) and not others else None
        self.own_check(keys if known else None)
        left = None if known is None else [label for label in known if label not in keys]
        if inplace is not False and "index" in others:
            self.own_of_other_rows(inplace)
        return self.own_of_columns(left, inplace)

    def set_index(self, keys: Any, *_: object, inplace: Any = False, **others: Any) -> Any:
        return self.drop(columns=keys, inplace=inplace, **others)

    def reset_index(self, *_: object, drop: Any = False, inplace: Any = False, **__: object) -> Any:
        if drop is True:
            return None if inplace is True else self.copy()
        return self.own_of_columns(None, inplace)

    eval = reset_index

    def rename(self, *_: object, inplace: Any = False, **__: object) -> Any:
        """What changes labels, and no shape."""
        made = Frame(self.shape, dtype=self.own_entries)
        return made if inplace is False else self.own_become(made)

    def dropna(self, *_: object, axis: Any = 0, inplace: Any = False, **__: object) -> Any:
        is_of_rows = axis in (0, "index")
        return self.own_of_other_rows(inplace) if is_of_rows else self.own_of_columns(None, inplace)

    query = drop_duplicates = sample = truncate = between_time = dropna

    @property
    def columns(self) -> Any:
        known = self.own_labels
        return opened() if known is None else Labels((len(known),), known)

    @columns.setter
    def columns(self, labels: Any) -> None:
        given = as_labels(labels)
        check_labels(None if self.own_is_handed_on else given, self.shape)
        names = given if are_names(given) else None
        self.own_become(labelled(self.shape, names, dtype=self.own_entries))

    iloc = property(lambda table: Rows(table, True))
    loc = at = property(lambda table: Rows(table, False))

    def to_numpy(self, dtype: Any = None, *_: object, **__: object) -> Any:
        made = Array(self.shape, dtype=self.own_entries)
        return made if dtype is None else made.astype(dtype)

    values = property(to_numpy)
    to_list = Array.tolist

    def head(self, n: Any = 5) -> Any:
        return self[slice(n)]

    def tail(self, n: Any = 5) -> Any:
        return self[slice(-n, None) if n else slice(0)]

    def copy(self, *_: object, **__: object) -> Frame:
        return self.own_like(self.shape)

    def astype(self, dtype: Any = None, *_: object, **__: object) -> Frame:
        is_of_numbers = isinstance(dtype, dict) or dtype_of(dtype) in OF_NUMBERS
        kind = as_numbers(self.own_entries) if is_of_numbers else UNKNOWN_ENTRIES
        return labelled(self.shape, self.own_labels, dtype=kind)

    fillna = ffill = bfill = interpolate = replace = round = sort_values = copy
    diff = pct_change = clip = abs = cumsum = cumprod = sort_index = where = mask = copy

    def shift(self, periods: Any = 1, *_: object, **__: object) -> Any:
        return opened() if isinstance(periods, list | tuple | range) else self.copy()

    take = property(lambda _: opened())  # of rows, unlike NumPy's
    T = property(lambda table: Frame(table.shape[::-1], dtype=table.own_entries))

    def own_reduced(self, axis: Any = 0, *given: Any, **named: Any) -> Any:
        """Of each column, where no axis is given."""
        made = super().own_reduced(axis, *given[1:], **named)
        if not isinstance(made, Array):
            return made
        if named.get("numeric_only") not in (None, False) and axis in (0, "index"):
            made = made if self.own_entries in OF_NUMBERS else Array([opened()])
        return (OfColumns if axis in (0, "index") else Frame)(made.shape, dtype=made.own_dtype)

    mean = sum = std = var = max = min = own_reduced
    any = all = partialmethod(own_reduced, own_dtype="bool")

    def own_asked(self, *_: Any, **__: Any) -> Frame:
        """True or False for each entry."""
        return labelled(self.shape, self.own_labels, dtype="bool")

    isna = isnull = notna = notnull = isin = between = own_asked

    def own_mapped(self, function: Any = None, *more: object, **others: object) -> Any:
        """One entry for each of a column; a function may make a row of each, or change others."""
        is_more = "Series" in "".join(map(ast.unparse, body_of(function) or ()))
        is_more |= body_of(function) is not None and Reached([function], ("__call__",)).changes
        if len(self.shape) != 1 or is_more or more or others:
            return opened()
        return labelled(self.shape, self.own_labels, dtype=UNREAD_ENTRIES)

    map = apply = own_mapped

    @property
    def cat(self) -> Any:
        """`column.astype("category").cat.codes`"""
        if len(self.shape) != 1:
            raise AttributeError("cat")
        return SimpleNamespace(codes=labelled(self.shape, self.own_labels, dtype="int64"))

    def factorize(self, *_: object, **__: object) -> Any:
        return (Array(self.shape, dtype="int64"), opened()) if len(self.shape) == 1 else opened()

    def own_operated(self, other: Any, function: Any = None) -> Any:
        is_unknown = isinstance(other, Open) and not other.is_number
        if is_unknown or (isinstance(other, Frame) and differ(self.shape, other.shape)):
            return opened()  # pandas goes by the labels
        made = super().own_operated(other, function)
        if not isinstance(made, Array):
            return made
        if own(other, "own_labels", self.own_labels) != self.own_labels:
            return opened()  # pandas goes by the labels
        others = self.own_others | own(other, "own_others", frozenset())
        return labelled(made.shape, self.own_labels, others, made.own_dtype)


class Rows(StandIn):
    """`table.iloc`; or `table.loc`, in which rows go by what labels them."""

    def __init__(self, table: Frame, by_place: bool) -> None:
        self.own_table, self.own_by_place = table, by_place

    def __iter__(self) -> Any:  # else Python would ask for [0], [1], ... for ever
        raise IsOpenError(opened("the rows of a table"))

    def __getitem__(self, key: Any) -> Any:
        rows, columns = rows_and_columns(key)
        made = self.own_of_columns(as_labels(columns))
        is_mask = isinstance(rows, Array) and rows.own_dtype == "bool" and len(rows.shape) == 1
        by_place = not is_mask and (self.own_by_place or rows == slice(None))
        is_known = is_mask or isinstance(rows, slice | int if by_place else slice)
        if isinstance(made, Open) or not is_known:
            return opened()
        left = indexed(made.shape[:1], rows) if by_place else (opened("the number of rows"),)
        return made.own_like((*left, *made.shape[1:]))

    def __setitem__(self, key: Any, value: object) -> None:
        """`loc` adds what is not there."""
        rows, columns = rows_and_columns(key)
        if not self.own_by_place and not isinstance(columns, slice):
            self.own_table.own_set(columns, value)
        if not self.own_by_place and not isinstance(rows, slice | Array):
            self.own_table.own_of_other_rows(True)

    def own_of_columns(self, key: Any) -> Any:
        """The table of these columns alone, or one of them; open where it is not known which."""
        table, known = self.own_table, self.own_table.own_labels
        if key == slice(None):
            return table
        if not self.own_by_place and isinstance(key, slice):  # of labels, with the last
            if known is None or len({*known}) < len(known):
                return opened()
            first, last = (
                end if end is None else known.index(end) for end in (key.start, key.stop)
            )
            return table[[*known[first : None if last is None else last + 1 : key.step]]]
        if known is not None and not self.own_by_place:
            return table[key]
        if known is not None and (isinstance(key, slice) or columns_taken(key)):
            taken = known[key] if isinstance(key, slice) else [known[place] for place in key]
            return table.own_with((table.shape[0], len(taken)), taken)
        if (columns := columns_taken(key)) is None:
            return opened()
        return table.own_with((table.shape[0], *columns), [known[key]] if known else None)


def labelled(
    shape: Sequence[Any],
    labels: Sequence[Any] | None,
    others: frozenset[Any] = frozenset(),
    dtype: str | None = None,
) -> Frame:
    """A table of columns that have these labels, where there is one for each; the `others` may hold
    other things than numbers."""
    made = Frame(shape, dtype=dtype)
    are_labels = labels is not None and {*map(type, labels)} <= {str, int}
    if labels is not None and are_labels and made.shape[1:] == (len(labels),):
        made.own_labels, made.own_others = tuple(labels), others.intersection(labels)
    elif others.intersection(others if labels is None else labels):
        made.own_dtype = UNKNOWN_ENTRIES
    return made
