"""Tables of pandas, as far as the code says how many columns it takes of one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from rnnshape.reading.names.arrays import Array, indexed, sizes_given, sizes_of
from rnnshape.reading.names.session import opened
from rnnshape.reading.python import IsOpenError, Module, Open, StandIn


class Frame(Array):
    """Rows and columns, or one column. What it has that is not here is open, as of any data."""

    own_what = "a table"

    def own_reaches(self, name: str) -> bool:
        return not name.startswith(("own_", "_"))

    def __getattr__(self, name: str) -> Open:
        if not self.own_reaches(name):
            raise AttributeError(name)
        return opened()

    def __iter__(self) -> Any:
        raise IsOpenError(opened("data"))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice | Array):
            return Frame((*indexed(self.shape[:1], key), *self.shape[1:]))
        columns = _columns(key)
        return opened() if columns is None else Frame((self.shape[0], *columns))

    def insert(self, *_: object, **__: object) -> Open:
        """What changes how many columns there are."""
        if len(self.shape) > 1:
            self.shape = (self.shape[0], opened("the number of columns"))
        return opened()

    pop = __setitem__ = __delitem__ = insert  # type: ignore[assignment]

    def drop(self, *_: object, inplace: Any = False, **__: object) -> Open:
        """What makes a table of other columns, or changes this."""
        return opened() if inplace is False else self.insert()

    set_index = reset_index = drop

    def dropna(self, *_: object, axis: Any = 0, inplace: Any = False, **__: object) -> Any:
        if axis not in (0, "index"):
            return self.drop(inplace=inplace)
        made = Frame((opened("the number of rows"), *self.shape[1:]))
        self.shape = self.shape if inplace is False else made.shape
        return made

    query = dropna

    @property
    def values(self) -> Array:
        return Array(self.shape, dtype=self.own_dtype)

    def to_numpy(self, *_: object, **__: object) -> Array:
        return self.values

    @property
    def iloc(self) -> Rows:
        return Rows(self.shape, True)

    @property
    def loc(self) -> Rows:
        return Rows(self.shape, False)

    def copy(self, *_: object, **__: object) -> Frame:
        return Frame(self.shape)

    astype = fillna = ffill = bfill = interpolate = round = sort_values = copy

    def own_operated(self, other: Any, function: Any = None) -> Any:
        made = super().own_operated(other, function)
        return Frame(made.shape, (), made.own_dtype) if isinstance(made, Array) else made


class Rows(StandIn):
    """`table.iloc`; or `table.loc`, in which rows go by what labels them."""

    def __init__(self, shape: Sequence[Any], by_place: bool) -> None:
        self.own_shape, self.own_by_place = shape, by_place

    def __getitem__(self, key: Any) -> Any:
        rows, columns = key if isinstance(key, tuple) and len(key) == 2 else (key, slice(None))
        sizes = self.own_shape[1:] if columns == slice(None) else _columns(columns)
        if sizes is None or not isinstance(rows, slice | int):
            return opened()
        if self.own_by_place or rows == slice(None):
            return Frame((*indexed(self.own_shape[:1], rows), *sizes))
        return (
            Frame((opened("the number of rows"), *sizes)) if isinstance(rows, slice) else opened()
        )


def table(data: Any = None, index: Any = None, columns: Any = None, *_: Any, **__: Any) -> Any:
    """`pandas.DataFrame`"""
    if isinstance(data, dict) and data:
        rows = sizes_of(next(iter(data.values())))
        return Frame((*rows[:1], len(data))) if rows else opened()
    if not isinstance(data, Array | list) or isinstance(data, Frame):
        return opened()
    shape = sizes_of(data)
    return Frame((*shape, 1) if len(shape) == 1 else shape)


def column(data: Any = None, *_: Any, **__: Any) -> Any:
    """`pandas.Series`"""
    is_known = isinstance(data, Array | list) and len(sizes_of(data)) == 1
    return Frame(sizes_of(data)) if is_known else opened()


def known_of_open(owner: Open, given: Sequence[Any], made: Open, is_call: bool) -> object:
    """What is known of a part of something open, or of what its method makes, as what is given
    says it: `table[["a", "b"]]`, `table.iloc[:, 1:3]`, `column.reshape(-1, 1)`."""
    first, method = given[0] if given else None, owner.label.rpartition(".")[2]
    columns: Any = None
    if owner.reason:
        return made
    if is_call and method == "reshape":
        with suppress(IsOpenError):
            return _reshaped(sizes_given(*given), made)
        return made
    are_names = isinstance(first, list) and all(isinstance(name, str) for name in first)
    if are_names and (method == "filter" or not is_call):
        columns = _columns(first)
    elif method in ("iloc", "loc") and isinstance(first, tuple) and len(first) == 2:
        columns = _columns(first[1]) if isinstance(first[0], slice) else None
    return made if columns is None else Frame((opened(f"{made.label}.shape[0]"), *columns))


def _reshaped(sizes: Sequence[Any], made: Open) -> object:
    if not sizes or not all(type(size) is int or isinstance(size, Open) for size in sizes):
        return made
    known = [None if type(size) is int and size == -1 else size for size in sizes]
    return Array(
        [
            opened(f"{made.label}.shape[{place}]") if size is None else size
            for place, size in enumerate(known)
        ]
    )


def _columns(key: Any) -> tuple[int, ...] | None:
    """How many columns are taken, of however many: of `[0, 2]`, `["a", "b"]` and `1:3` two, as an
    axis; of one alone no axis is left. None where that is not known."""
    if isinstance(key, str | int):
        return ()
    if isinstance(key, list) and key and {*map(type, key)} <= {str, int}:
        return (len(key),)
    if not isinstance(key, slice) or key.step is not None:
        return None
    start, stop = key.start or 0, key.stop
    if type(start) is int and start < 0 and stop is None:
        return (-start,)
    if not (type(start) is int and type(stop) is int and (start < 0) == (stop < 0)):
        return None
    return (max(0, stop - start),)


PANDAS = Module("pandas", {"DataFrame": table, "Series": column})
