"""Labels of the columns of a table, which say what these hold."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from rnnshape.input_shapes import OF_PANDAS_ALONE, UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.nest import NESTS
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import OF_NUMBERS, TEXTS, of_entries
from rnnshape.reading.python import Open, own

# What a column that is not known may be made by, where pandas gives numbers or fails.
GIVING_NUMBERS = (
    "codes", "count", "cumsum", "day", "dayofweek", "dayofyear", "diff", "hour", "len", "mean",
    "median", "minute", "month", "nunique", "pct_change", "quarter", "rank", "second", "std", "sum",
    "to_numeric", "value_counts", "var", "weekday", "year",
)  # fmt: skip
NESTED = "nested"
NOT_OF_NUMPY = (NESTED, UNKNOWN_ENTRIES, "category", "period")
# What pandas makes of NumPy's kinds of entries.
OF_PANDAS: dict[str | None, str | None] = {"<U": "str", "int64": None, "list": None}


class Label(str):
    """The label of a column that may hold other than numbers.

    Attributes:
        entries: their kind, as an array has it; `NESTED` where each may be an array or a list.
    """

    entries: str | None = None


LABELS = {str, int, Label}


def entries_of(label: Any) -> str | None:
    """The kind of entries of a column; None of numbers."""
    return label.entries if isinstance(label, Label) else None


def label_of(key: Any, value: Any) -> Any:
    """The label of a column, which says what it holds."""
    return labelled_as(key, entries_made_of(value))


def labelled_as(key: Any, entries: str | None) -> Any:
    """The label of a column of these entries."""
    if not isinstance(key, str):
        return key
    label = Label(key)
    label.entries = entries
    return label if entries else str(key)


def entries_made_of(value: Any) -> str | None:
    """The kind of entries of a column that pandas makes of a value."""
    parts = value if isinstance(value, list | tuple) else [value]
    if isinstance(value, Array):
        may_nest, kind = len(value.shape) > 1 or value.own_may_nest, value.own_entries
        return NESTED if may_nest else OF_PANDAS.get(kind, kind)
    if any(isinstance(part, Open) and not part.is_number for part in parts):
        last = isinstance(value, Open) and re.search(r"\.(\w+)(\([^()]*\))?$", value.label)
        return None if last and last[1] in GIVING_NUMBERS else NESTED
    if any(isinstance(part, NESTS) or own(part, "own_is_data") for part in parts):
        return NESTED
    if parts and all(isinstance(part, bool) for part in parts):
        return "bool"
    if {*map(type, parts)} == {type(None)}:
        return "object"
    kind = of_entries(part for part in parts if part is not None)
    return OF_PANDAS.get(kind, kind)


def of_columns(kinds: Set[str | None]) -> str | None:
    """What Keras makes of a table with columns of these kinds; `UNKNOWN_ENTRIES` where that may be
    numbers."""
    others = kinds - {*OF_NUMBERS}
    if others == {UNREAD_ENTRIES}:
        return UNREAD_ENTRIES
    if len(kinds) == 1 and not {NESTED, "str", "object"} & kinds:
        return next(iter(kinds))
    if own_kind := next((kind for kind in others if str(kind).startswith(OF_PANDAS_ALONE)), None):
        return own_kind
    if {"datetime64", "timedelta64"} & others:
        return "mixed"
    return UNKNOWN_ENTRIES if others else None


def of_values(kinds: Set[str | None]) -> str | None:
    """The kind of entries of the array that pandas makes of columns of these kinds."""
    if kinds - {*OF_NUMBERS} == {UNREAD_ENTRIES}:
        return UNREAD_ENTRIES
    if any(str(kind).startswith((*NOT_OF_NUMPY, *OF_PANDAS_ALONE)) for kind in kinds):
        return UNKNOWN_ENTRIES
    if {*TEXTS} & kinds:
        return "string"
    return next(iter(kinds)) if len(kinds) == 1 else "object" if kinds - {None} else None


def as_labels(key: Any) -> Any:
    """`table.columns[1:]`, and a list of names, as a list."""
    is_of_columns = isinstance(key, Array) and key.own_values and are_names([*key.own_values])
    return [*key.own_values] if is_of_columns else key


def are_names(key: Any) -> bool:
    return isinstance(key, list) and all(isinstance(name, str) for name in key)


def columns_taken(key: Any) -> tuple[int, ...] | None:
    """How many columns are taken, of however many: of `[0, 2]`, `["a", "b"]` and `1:3` two, as an
    axis; of one alone no axis is left. None where that is not known."""
    if isinstance(key, str | int) and not isinstance(key, bool):
        return ()
    if isinstance(key, list) and key and {*map(type, key)} <= LABELS:
        return (len(key),)
    if not isinstance(key, slice) or key.step is not None:
        return None
    start, stop = key.start or 0, key.stop
    if type(start) is int and start < 0 and stop is None:
        return (-start,)
    if not (type(start) is int and type(stop) is int and (start < 0) == (stop < 0)):
        return None
    return (max(0, stop - start),)


def rows_and_columns(key: Any) -> Any:
    return key if isinstance(key, tuple) and len(key) == 2 else (key, slice(None))
