"""Tables of pandas, as far as the code says how many columns it takes of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partialmethod
from typing import Any

from rnnshape.input_shapes import UNKNOWN_ENTRIES
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import OF_NUMBERS, as_numbers, dtype_of
from rnnshape.reading.names.indexing import indexed
from rnnshape.reading.names.labels import (
    LABELS,
    NESTED,
    OF_PANDAS,
    are_names,
    as_labels,
    columns_taken,
    entries_of,
    label_of,
    labelled_as,
    of_columns,
    of_values,
    rows_and_columns,
)
from rnnshape.reading.names.session import opened
from rnnshape.reading.names.sizes import differ
from rnnshape.reading.python import IsOpenError, Open, StandIn, own

CHANGING = ("replace", "where", "mask", "update")  # that may put numbers in place of texts


class Frame(Array):
    """Rows and columns, or one column. What it has that is not here is open, as of any data.

    Attributes:
        own_labels: of its columns; None where they are not known.
    """

    own_what = "a table"
    own_labels: tuple[Any, ...] | None = None

    def own_reaches(self, name: str) -> bool:
        return not name.startswith(("own_", "_"))

    def __getattr__(self, name: str) -> Any:
        if not self.own_reaches(name):
            raise AttributeError(name)
        if name in CHANGING:
            self.own_written.append(True)
        is_column = len(self.shape) > 1 and name in (self.own_labels or ())
        return self[name] if is_column else opened()

    def __iter__(self) -> Any:
        return iter(self.columns)

    def __getitem__(self, key: Any) -> Any:
        key = as_labels(key)
        if isinstance(key, slice) and {type(key.start), type(key.stop)} & {str}:
            return self.own_of_other_rows(False)
        is_label = isinstance(key, Array) and key.own_dtype != "bool" and len(self.shape) > 1
        if isinstance(key, slice | Array) and not is_label:
            return self.own_like((*indexed(self.shape[:1], key), *self.shape[1:]))
        columns = columns_taken(key)
        if columns is None:
            return opened()
        if len(self.shape) == 1:
            return Frame(columns) if columns else opened()
        self.own_check(key)
        taken = self.own_taken(key)
        columns = (len(taken),) if len(taken) > 1 else columns
        made = labelled((self.shape[0], *columns), taken or key if columns else None)
        made.own_may_nest = not columns and (not taken or entries_of(taken[0]) == NESTED)
        if not columns and taken:
            made.own_dtype = self.own_kind_of(key)
        made.own_written = self.own_written
        return made

    @property
    def own_entries(self) -> str | None:
        """Of all columns; not known where some that are no numbers may be numbers by now."""
        kinds = self.own_kinds()
        kind = self.own_dtype if kinds == {self.own_dtype} else of_columns(kinds)
        return UNKNOWN_ENTRIES if self.own_written and kind not in OF_NUMBERS else kind

    def own_kinds(self) -> set[str | None]:
        """The kinds of entries of its columns."""
        is_one = len(self.shape) == 1 or self.own_labels is None or self.own_dtype is not None
        return {self.own_dtype} if is_one else {*map(entries_of, self.own_labels or ())}

    def own_taken(self, key: Any) -> list[Any]:
        """The labels of all columns that have one of these, where they are known."""
        keys = key if isinstance(key, list) else [key]
        return [label for one in keys for label in self.own_labels or () if label == one]

    def own_like(self, shape: Sequence[Any]) -> Frame:
        """Other rows of the same columns."""
        made = labelled(shape, self.own_labels)
        made.own_may_nest, made.own_dtype = self.own_may_nest, self.own_dtype
        made.own_written = [*self.own_written]
        return made

    def own_kind_of(self, label: Any = None) -> str | None:
        """The kind of entries in one of the columns; `UNKNOWN_ENTRIES` where it is not known which
        that is, and others than numbers are among them."""
        kinds = {*map(entries_of, self.own_taken(label))} or self.own_kinds()
        kind = next(iter(kinds)) if len(kinds) == 1 else None if kinds <= {*OF_NUMBERS} else NESTED
        return UNKNOWN_ENTRIES if kind == NESTED else kind

    def own_check(self, labels: Any) -> None:
        """As pandas, a `KeyError` where there is no such column."""
        names = [labels] if isinstance(labels, str) else labels
        if self.own_labels is not None and are_names(names) and {*names} - {*self.own_labels}:
            raise KeyError("there is no such column")

    def own_of_other_rows(self, inplace: Any) -> Any:
        """What takes some of the rows, or changes this."""
        made = self.own_like((opened("the number of rows"), *self.shape[1:]))
        if inplace is False:
            return made
        self.shape = made.shape
        return None

    def own_of_columns(self, labels: Sequence[Any] | None, inplace: Any = True) -> Any:
        """What has columns of these labels, if they are known, or becomes so."""
        if inplace is False:
            return opened() if labels is None else labelled((self.shape[0], len(labels)), labels)
        if len(self.shape) > 1:
            many = opened("the number of columns") if labels is None else len(labels)
            self.shape = (self.shape[0], many)
            self.own_labels = None if labels is None else tuple(labels)
        return None

    def __setitem__(self, key: Any, value: object) -> None:
        keys = as_labels([key] if isinstance(key, str) else key)
        rows = self.shape[0] if type(self.shape[0]) is int else 0
        is_new = isinstance(key, str) or (type(key) is int and not 0 <= key < rows)
        if len(self.shape) == 1 and is_new:
            self.own_of_other_rows(True)
        if self.own_labels is None or not are_names(keys):
            self.own_of_columns(None)
        else:
            new = [key for key in dict.fromkeys(keys) if key not in self.own_labels]
            labels = [*self.own_labels, *new]
            self.own_of_columns(
                [label_of(str(label), value) if label in keys else label for label in labels]
            )

    def assign(self, **columns: Any) -> Frame:
        made = self.copy()
        for name, value in columns.items():
            made[name] = opened() if callable(value) else value
        return made

    def insert(self, loc: Any, column: Any, value: Any, *_: Any, **__: Any) -> None:
        self[column] = value

    def pop(self, item: Any) -> Frame:
        taken: Frame = self[item]
        self.drop(columns=item, inplace=True)
        return taken

    __delitem__ = pop

    def drop(
        self,
        labels: Any = None,
        *_: object,
        axis: Any = 0,
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
        if inplace is False:
            return Frame(self.shape)
        self.own_labels = None
        return None

    def dropna(self, *_: object, axis: Any = 0, inplace: Any = False, **__: object) -> Any:
        is_of_rows = axis in (0, "index")
        return self.own_of_other_rows(inplace) if is_of_rows else self.own_of_columns(None, inplace)

    query = drop_duplicates = dropna

    @property
    def columns(self) -> Any:
        known = self.own_labels
        return opened() if known is None else Labels((len(known),), known)

    @columns.setter
    def columns(self, labels: Any) -> None:
        given = as_labels(labels)
        self.own_labels = labelled(self.shape, given if are_names(given) else None).own_labels

    iloc = property(lambda table: Rows(table, True))
    loc = at = property(lambda table: Rows(table, False))

    def to_numpy(self, *_: object, **__: object) -> Any:
        kind = of_values(self.own_kinds())
        kind = UNKNOWN_ENTRIES if self.own_written and kind is not None else kind
        made = Array(self.shape, dtype=kind)
        made.own_may_nest = self.own_may_nest
        return made

    values = property(to_numpy)
    to_list = Array.tolist

    def head(self, n: Any = 5) -> Any:
        return self[slice(n)]

    def tail(self, n: Any = 5) -> Any:
        return self[slice(-n, None) if n else slice(0)]

    def copy(self, *_: object, **__: object) -> Frame:
        return self.own_like(self.shape)

    def astype(self, dtype: Any = None, *_: object, **__: object) -> Frame:
        made = self.copy()
        kinds = {self.own_dtype, *map(entries_of, self.own_labels or ())}
        before = next(filter(None, map(as_numbers, kinds)), None)
        kind = before if isinstance(dtype, dict) else dtype_of(dtype)
        kind = before if kind in OF_NUMBERS else OF_PANDAS.get(kind, kind)
        labels = tuple(labelled_as(label, kind) for label in self.own_labels or ())
        made.own_labels = self.own_labels and labels
        made.own_dtype = kind
        return made

    fillna = ffill = bfill = interpolate = round = sort_values = copy
    diff = pct_change = clip = abs = cumsum = cumprod = copy

    def shift(self, periods: Any = 1, *_: object, **__: object) -> Any:
        return opened() if isinstance(periods, list | tuple | range) else self.copy()

    take = property(lambda _: opened())  # of rows, unlike NumPy's
    T = property(lambda table: Frame(table.shape[::-1], dtype=table.own_kind_of()))

    def own_reduced(self, axis: Any = 0, *given: Any, **named: Any) -> Any:
        """Of each column, where no axis is given."""
        made = super().own_reduced(axis, *given[1:], **named)
        if not isinstance(made, Array) or axis in (0, "index"):  # by which a table is divided
            return made
        return Frame(made.shape, dtype=made.own_dtype)

    mean = sum = std = var = max = min = own_reduced
    any = all = partialmethod(own_reduced, own_dtype="bool")

    def own_asked(self, *_: Any, **__: Any) -> Frame:
        """True or False for each entry."""
        made = self.own_like(self.shape)
        made.own_may_nest, made.own_dtype = False, "bool"
        return made

    isna = isnull = notna = notnull = isin = between = own_asked

    def own_operated(self, other: Any, function: Any = None) -> Any:
        is_unknown = isinstance(other, Open) and not other.is_number
        if is_unknown or (isinstance(other, Frame) and differ(self.shape, other.shape)):
            return opened()  # pandas goes by the labels
        made = super().own_operated(other, function)
        if not isinstance(made, Array):
            return made
        if own(other, "own_labels", self.own_labels) != self.own_labels:
            return opened()  # pandas goes by the labels
        labels = self.own_labels
        if labels and function is None:  # what is divided are numbers
            labels = tuple(labelled_as(label, as_numbers(entries_of(label))) for label in labels)
        like = labelled(made.shape, labels)
        like.own_dtype = made.own_dtype
        return like


class Labels(Array):
    """`table.columns`"""

    def get_loc(self, key: Any) -> Any:
        if self.own_values.count(key) != 1:
            raise KeyError("there is no such column")
        return self.own_values.index(key)

    def difference(self, other: Any, *_: object, **__: object) -> Array:
        left = [label for label in self.own_values if label not in [*other]]
        return Array((len(left),), tuple(sorted({*left})))


class Groups(Frame):
    """Columns of `table.groupby("a")`: what is made of a group is a row."""

    def own_reduced(self, *_: Any, **__: Any) -> Frame:
        return Frame((opened("the number of rows"), *self.shape[1:]))

    mean = sum = std = var = max = min = any = all = own_reduced


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
        taken = made.own_like((*left, *made.shape[1:]))
        if taken.own_labels is None:
            taken.own_dtype = made.own_kind_of()
        return taken

    def __setitem__(self, key: Any, value: object) -> None:
        """`loc` adds what is not there."""
        rows, columns = rows_and_columns(key)
        if not self.own_by_place and not isinstance(columns, slice):
            self.own_table[columns] = value
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
            return labelled((table.shape[0], len(taken)), taken)
        if (columns := columns_taken(key)) is None:
            return opened()
        kind = table.own_kind_of(known[key] if known else key)
        return Frame((table.shape[0], *columns), dtype=kind)


def labelled(shape: Sequence[Any], labels: Sequence[Any] | None) -> Frame:
    """A table of columns that have these labels, where there is one for each."""
    made = Frame(shape)
    if len(made.shape) > 1 and labels is not None and {*map(type, labels)} <= LABELS:
        made.own_labels = tuple(labels) if made.shape[1] == len(labels) else None
    return made
