"""Which columns of a table an index takes, and whether a column holds numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from rnnshape.errors import counted
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import OF_NUMBERS, of_entries
from rnnshape.reading.names.session import opened, refused
from rnnshape.reading.names.sizes import differ, known_sizes, size_of_table
from rnnshape.reading.python import Open
from rnnshape.training.data import shown

# What a column that is not known may be made by, where pandas gives numbers or fails.
GIVING_NUMBERS = (
    "codes", "count", "cumsum", "day", "dayofweek", "dayofyear", "diff", "hour", "len", "mean",
    "median", "minute", "month", "nunique", "pct_change", "quarter", "rank", "second", "std", "sum",
    "to_numeric", "value_counts", "var", "weekday", "year",
)  # fmt: skip


class Labels(Array):
    """`table.columns`, and those of some places. What it has that is not here is open."""

    def __getitem__(self, key: Any) -> Any:
        if not (isinstance(key, list) and {*map(type, key)} == {int}):
            return super().__getitem__(key)
        return Labels((len(key),), tuple(self.own_values[place] for place in key))

    def get_loc(self, key: Any) -> int:
        if key not in self.own_values:
            raise KeyError("there is no such column")
        return [*self.own_values].index(key)

    def drop(self, labels: Any) -> Any:
        """The others; a `KeyError` where one is not there."""
        for one in taken if are_names(taken := _listed(labels)) else ():
            self.get_loc(one)
        return self._without(taken)

    def difference(self, other: Any, sort: Any = None) -> Any:
        """The others in their own order; each is there once."""
        return opened() if sort is not None else self._without(_listed(other), ordered=True)

    def _without(self, labels: Any, *, ordered: bool = False) -> Any:
        if not are_names(labels) or not are_names([*self.own_values]):
            return opened()
        left = [name for name in self.own_values if name not in labels]
        left = sorted({*left}) if ordered else left
        return Labels((len(left),), tuple(left))


def _listed(labels: Any) -> Any:
    return [labels] if isinstance(labels, str) else as_labels(labels)


def holds_numbers(value: Any) -> bool:
    """Whether a column that pandas makes of a value surely holds numbers alone; not True and False,
    which are objects beside numbers."""
    if isinstance(value, Array):
        is_of_numbers = value.own_entries in OF_NUMBERS and value.own_kind() != "bool"
        return len(value.shape) == 1 and is_of_numbers
    if isinstance(value, Open) and not value.is_number:
        last = re.search(r"\.(\w+)(\([^()]*\))?$", value.label)
        return bool(last and last[1] in GIVING_NUMBERS)
    parts = value if isinstance(value, list | tuple) else [value]
    is_open = any(isinstance(part, Open) and not part.is_number for part in parts)
    is_other = is_open or any(isinstance(part, Array) for part in parts)
    return not is_other and of_entries(parts) is None and bool not in map(type, parts)


def check_columns(values: Iterable[Any], rows: Any, *, is_new_table: bool = False) -> None:
    """Refuses what pandas makes no column of a table of: arrays of several axes, and another number
    of entries than its rows. What has labels goes by these."""
    for value in values:
        if type(value) not in (Array, list, tuple, range):
            continue
        sizes = value.shape if type(value) is Array else (len(value),)
        if len(sizes) > 1 and (is_new_table or (len(sizes) == 2 and differ(sizes[1:], (1,)))):
            words = "Per-column arrays must each be 1-dimensional"
            raise refused(f"{words}, and one is {shown(known_sizes(sizes))}")
        if differ(sizes[:1], (rows,)):
            words = "Length of values ({}) does not match length of index ({})"
            raise refused(words.format(sizes[0], rows))


def check_labels(labels: Any, sizes: Sequence[Any]) -> None:
    """Refuses labels of another number than there are columns in data of these sizes; lists of
    labels are several levels of them."""
    if len(sizes) > 2:
        raise refused(f"Must pass 2-d input. shape={shown(known_sizes(sizes))}")
    is_one_level = isinstance(labels, list) and all(isinstance(one, str | int) for one in labels)
    if is_one_level and differ((*sizes[1:], 1)[:1], (len(labels),)):
        columns, names = counted((*sizes[1:], 1)[0], "column"), counted(len(labels), "name")
        raise refused(f"pandas is given {names} for data of {columns}")


def as_labels(key: Any) -> Any:
    """`table.columns[1:]`, and a list of names, as a list."""
    is_of_columns = isinstance(key, Array) and key.own_values and are_names([*key.own_values])
    return [*key.own_values] if is_of_columns else key


def are_names(key: Any) -> bool:
    return isinstance(key, list) and all(isinstance(name, str) for name in key)


def columns_taken(key: Any) -> tuple[Any, ...] | None:
    """How many columns are taken, of however many: of `[0, 2]`, `["a", "b"]` and `1:3` two, as an
    axis; of one alone no axis is left. None where that is not known."""
    if isinstance(key, str | int) and not isinstance(key, bool):
        return ()
    if isinstance(key, list) and key and {*map(type, key)} <= {str, int}:
        return (len(key),)
    if not isinstance(key, slice):
        return None
    start, stop = key.start or 0, key.stop
    is_known = key.step is None and type(start) is int
    if is_known and start < 0 and stop is None:
        return (-start,)
    is_known = is_known and type(stop) is int and (start < 0) == (stop < 0)
    return (max(0, stop - start) if is_known else size_of_table(),)


def rows_and_columns(key: Any) -> Any:
    return key if isinstance(key, tuple) and len(key) == 2 else (key, slice(None))
