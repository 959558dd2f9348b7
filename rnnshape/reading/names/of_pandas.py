"""The functions of pandas that make tables, and what is known of a table that is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.nest import within
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import OF_NUMBERS, of_entries
from rnnshape.reading.names.frames import Frame, Rows, labelled
from rnnshape.reading.names.of_shapes import reshaped_open
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.sizes import size_of_table, sizes_given, sizes_of
from rnnshape.reading.names.table_columns import (
    are_names,
    as_labels,
    check_columns,
    check_labels,
    holds_numbers,
)
from rnnshape.reading.python import IsOpenError, Module, Open, own

GROUPING = ("groupby", "resample", "rolling", "expanding", "ewm")
# A table of a file, of which no two columns have one name; and what else is of a file.
WHOLE_TABLE, TABLE = "a whole table of a file", "a table of a file"
READING = ("read_csv", "read_fwf", "read_table")
KEEPING = (
    "add", "bfill", "clip", "copy", "diff", "div", "drop", "drop_duplicates", "dropna", "ffill",
    "fillna", "floordiv", "head", "interpolate", "mod", "mul", "pct_change", "pow", "query",
    "rename", "replace", "reset_index", "round", "sample", "set_index", "shift", "sort_index",
    "sort_values", "sub", "tail", "truediv",
)  # fmt: skip
OF_WHOLE_TABLES = (*KEEPING, *GROUPING, "get", "iloc", "loc", "pop", "to_numpy")  # not of columns
NO_TABLE = ("chunksize", "iterator", "squeeze", "**")  # arguments with which none may be read


def table(data: Any = None, index: Any = None, columns: Any = None, *_: Any, **__: Any) -> Any:
    """`pandas.DataFrame`"""
    labels = as_labels(columns)
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        data = {word: data for row in data for word in row}
    if isinstance(data, dict) and data:
        sizes = [sizes_of(one) for one in data.values() if not isinstance(one, Open)]
        rows = next((size[0] for size in sizes if size), None if sizes else opened())
        if sum(isinstance(one, Frame) for one in data.values()) > (index is None):
            rows = opened("the number of rows")  # they go by what labels them
        taken = [data[one] for one in labels if one in data] if are_names(labels) else data.values()
        check_columns(taken, rows if index is None else opened(), is_new_table=True)
        others = frozenset(word for word, one in data.items() if not holds_numbers(one))
        labels = labels or [*data]
        if rows is None or not isinstance(labels, list):
            return opened()
        return labelled((rows, len(labels)), labels, others)
    if isinstance(data, Frame) and index is columns is None:
        return data.copy() if len(data.shape) > 1 else Frame((*data.shape, 1))
    if not isinstance(data, Array | list) or isinstance(data, Frame):
        return opened()
    rows, many = (*sizes_of(data), 1)[:2]
    if type(rows) is int and rows == 0:
        return opened()
    if not any(isinstance(one, Frame) for one in within(data)) and own(data, "own_dtype") != "void":
        check_labels(labels, data.shape if isinstance(data, Array) else sizes_of(data)[:2])
    if labels is None and type(many) is int:
        labels = [*range(many)]
    if isinstance(labels, list):
        return labelled((rows, len(labels)), labels, dtype=_kind_of(data))
    return Frame((rows, many), dtype=_kind_of(data))


def _kind_of(data: Any) -> str | None:
    return None if of_entries(within([data])) in OF_NUMBERS else UNKNOWN_ENTRIES


def column(data: Any = None, *_: Any, **__: Any) -> Any:
    """`pandas.Series`"""
    if type(data) is Array:
        check_columns([data], data.shape[0], is_new_table=True)
    is_known = isinstance(data, Array | list) and len(sizes_of(data)) == 1
    kind = None if holds_numbers(data) else UNKNOWN_ENTRIES
    return Frame(sizes_of(data), dtype=kind) if is_known else opened()


def joined(objs: Any = None, axis: Any = 0, **more: Any) -> Any:
    """`pandas.concat`, of tables with labels that are known: rows go by what labels them."""
    if axis not in (0, 1, "index", "rows", "columns"):
        raise ValueError(f"No axis named {axis}")
    tables = objs if isinstance(objs, list | tuple) and not {*more} - {"ignore_index"} else ()
    labels = [own(one, "own_labels") for one in tables]
    kinds = {own(one, "own_entries") for one in tables}
    kind = kinds.pop() if len(kinds) == 1 else UNKNOWN_ENTRIES
    if axis in (1, "columns") and tables and all(isinstance(one, Frame) for one in tables):
        together = None if None in labels else [label for each in labels for label in each]
        many = sum((*one.shape, 1)[1] for one in tables)
        shape = (opened("the number of rows"), many)
        return labelled(shape, None if more else together, dtype=kind)
    if None in labels or not labels or axis in (1, "columns") or len({*labels}) > 1:
        return opened()
    rows = sum(one.shape[0] for one in tables)
    return labelled((rows, len(labels[0])), labels[0], dtype=kind)


def _has_other_tensors() -> bool:
    """Whether the code imports a library whose tensors have methods of their own."""
    labels = (one.label for one in session().evaluator.module.names.values() if type(one) is Open)
    return any(label.startswith(("jax", "mxnet", "paddle", "torch")) for label in labels)


def known_of_open(
    owner: Open, given: Sequence[Any], made: Open, named: Mapping[str, Any] | None = None
) -> object:
    """What is known of a part of something open, or of what its method makes, as what is given
    says it: `table[["a", "b"]]`, `table.iloc[:, 1:3]`, `column.reshape(-1, 1)`.

    Args:
        named: what a method is given by name; None where none is called.
    """
    first, method = as_labels(given[0]) if given else None, owner.label.rpartition(".")[2]
    is_call, named = named is not None, named or {}
    of = owner.label.removesuffix(".to_numpy") if is_call else owner.label
    is_taken = made.label.endswith(".values") if not (given or is_call) else of != owner.label
    is_whole = owner.stands_for == WHOLE_TABLE
    is_itself = is_whole and ("." not in of or of.endswith((")", "]")))
    if is_taken and is_itself:
        sizes = [size_of_table(f"{made.label}.shape[{axis}]") for axis in (0, 1)]
        return Array(sizes, dtype=UNREAD_ENTRIES)
    if not (given or is_call):
        if is_whole and made.label.rpartition(".")[2] not in OF_WHOLE_TABLES:
            made.stands_for = TABLE  # a column, or what labels the rows
        return made
    if isinstance(owner.row, Array) and not is_call and isinstance(first, int | slice):
        return owner.row if isinstance(first, int) else replace(made, row=owner.row)
    sizes = [opened(f"{made.label}.shape[{axis}]") for axis in (0, 1)]
    table = Frame(sizes, dtype=UNREAD_ENTRIES)
    found: Any = made
    is_of_table = owner.stands_for in (TABLE, WHOLE_TABLE)
    # Of several lines of labels one may be that of several columns.
    is_read = method in READING and isinstance(named.get("header"), int | str | None)
    is_read &= {*NO_TABLE}.isdisjoint(named)
    if is_call and is_read and (of_file := _table_of_file(sizes[0], named)) is not None:
        return of_file
    keeps = method in KEEPING if is_call else isinstance(first, slice)
    if (is_call and is_read) or (is_whole and keeps):
        made.stands_for = WHOLE_TABLE
    elif is_call and method.startswith(("read_", "get_dummies")):
        made.stands_for = TABLE
    elif is_of_table:
        made.stands_for = None if is_call and method == "astype" else TABLE
    takes_many, takes_one = (
        (method in ("filter", "get"), method in ("get", "pop")) if is_call else (True, is_itself)
    )
    with suppress(IsOpenError):
        if owner.reason:
            pass
        elif is_call and method in GROUPING:
            return replace(made, reason="groups of rows are not read")
        elif is_call and method == "reshape" and not _has_other_tensors():
            found = reshaped_open(sizes_given(*given), made)
            if is_of_table and isinstance(found, Array):
                found.own_dtype = UNREAD_ENTRIES
        elif isinstance(first, list) and are_names(first) and takes_many:
            found = table[first]
        elif isinstance(first, str) and is_whole and takes_one:
            found = table[first]  # none has a name twice
        elif method in ("iloc", "loc") and isinstance(first, tuple):
            found = Rows(table, method == "iloc")[first]
    return found if isinstance(found, Array) and found.shape else made  # of one number, a name


def _table_of_file(rows: Open, named: Mapping[str, Any]) -> Frame | None:
    """The columns that `usecols=[...]` or `names=[...]` takes of a file, without what labels the
    rows; None where that is not known."""
    given = as_labels(named.get("usecols", named.get("names")))
    index = named.get("index_col")
    labels = index if isinstance(index, list | tuple) else [index]
    is_sure = isinstance(given, list | tuple) and "parse_dates" not in named  # of several, one
    if not is_sure or not {*map(type, [*given, *labels])} <= {str, int, bool, type(None)}:
        return None
    of_rows = [label for label in labels if label is not None and label is not False]
    if "usecols" not in named and any(type(label) is int for label in of_rows):
        return None  # the names may be those of the other columns alone
    are_in_order = "usecols" not in named and not of_rows
    many = len({*given}) - len(of_rows)
    return labelled((rows, many), given if are_in_order else None, dtype=UNREAD_ENTRIES)


def _of_dtype(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same, of what the code says its entries are."""

    def made(*given: Any, dtype: Any = None, **named: Any) -> Any:
        found = make(*given, **named)
        return found if dtype is None or not isinstance(found, Frame) else found.astype(dtype)

    return made


def in_columns_of_kinds(data: Any = None, *_: Any, **__: Any) -> Any:
    """`pandas.get_dummies`, which makes as many columns as there are kinds."""
    if isinstance(data, Frame):
        return Frame((data.shape[0], opened("the number of columns")), dtype=UNREAD_ENTRIES)
    return replace(opened("a table"), stands_for=TABLE)


PANDAS = Module("pandas", {
    "DataFrame": _of_dtype(table), "Series": _of_dtype(column), "concat": joined,
    "get_dummies": in_columns_of_kinds,
    "factorize": lambda values, *_, **__: (
        values.factorize() if isinstance(values, Frame) else opened()),
})  # fmt: skip
