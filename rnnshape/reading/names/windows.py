"""What indexes an array of which nobody knows how long it is: slices, and the rows that they are of
another one; lists of numbers."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rnnshape.reading.python import Open


@dataclass(frozen=True, eq=False)
class Window:
    """The places that a slice takes of a size that is open: it has as many entries, or fewer; and
    the array that it is of, once that is known."""

    places: range
    of: object = None


def of_array(shape: Sequence[Any], array: object) -> tuple[Any, ...]:
    """The shape of a part of an array, with that for its slices."""

    def told(size: Any) -> Any:
        window = size.stands_for if isinstance(size, Open) else None
        if not isinstance(window, Window) or window.of is not None:
            return size
        return replace(size, stands_for=Window(window.places, array))

    return tuple(map(told, shape))


def size_of_rows(sizes: Sequence[Any]) -> Any:
    """The size of each of some rows, which NumPy takes only where they are alike: slices of one
    array that begin at several places then have as many entries as are written."""
    known = next((size for size in sizes if not isinstance(size, Open)), None)
    if known is not None:
        return known
    parts: list[Any] = [size.stands_for for size in sizes]
    windows = [part for part in parts if isinstance(part, Window)]
    lengths, starts = {len(one.places) for one in windows}, {one.places[0] for one in windows}
    are_of_one = len({id(one.of) for one in windows if one.of is not None}) == 1
    are_all = are_of_one and len(windows) == len(sizes) and len(lengths) == 1 < len(starts)
    return lengths.pop() if are_all else sizes[0]


def is_list_of_numbers(value: Open) -> bool:
    """Whether it is a list of numbers, of which nobody knows how many; a tuple as an index has one
    for each axis."""
    match value.node:
        case ast.Call(func=ast.Name("tuple")):
            return False
    return isinstance(value.row, Open) and value.row.is_number
