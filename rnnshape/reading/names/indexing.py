"""Shapes of what is given as data, and what an index leaves of them, as NumPy has it."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Sequence
from typing import Any

from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.sizes import differ
from rnnshape.reading.python import IsOpenError, Open, StandIn, opens_in
from rnnshape.reading.python.stand_in import hook


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
    return (len(inner), *first)


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
        if isinstance(part, bool):
            raise IsOpenError(opened("data"))
        if not sizes:
            raise refused("too many indices for array", IndexError)
        size = sizes.pop(0)
        if isinstance(part, slice):
            made.append(_sliced(size, part))
        elif isinstance(part, Open) and part.is_number:
            continue
        elif isinstance(part, Open):
            raise IsOpenError(part)
        elif isinstance(part, list | tuple | range) or is_array(part):
            made += _chosen(part, size, sizes)
        elif isinstance(size, int) and not -size <= operator.index(part) < size:  # type: ignore[arg-type]
            words = f"index {part} is out of bounds for axis with size {size}"
            raise refused(words, IndexError)
    return (*made, *sizes)


def is_array(part: object) -> bool:
    return hook(part, "own_kind") is not None


def _axes_of(part: Any) -> int:
    """How many axes a part of an index is of: a mask is of as many as it has."""
    is_mask = is_array(part) and part.own_kind() != "int64"
    return len(part.shape) if is_mask else int(part is not None)


def _chosen(part: Any, size: Any, sizes: list[Any]) -> Sequence[Any]:
    """What a mask or indices leave of an axis; a mask of more axes takes those after it, too."""
    shape, values, kind = sizes_of(part), part, "int64"
    if is_array(part):
        values, kind = part.own_values, part.own_kind()
    elif bool in map(type, part):
        kind = "bool"
    if kind == "int64":
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
    if isinstance(start, Open) and isinstance(stop, Open) and start.start is stop.start:
        size = max(0, stop.offset - start.offset)  # `x[i : i + 3]`
        part = slice(None, None, part.step)
    if part.start is part.stop is part.step is None:
        return size
    for end in opens_in((size, part.start, part.stop, part.step)):
        return session().evaluator.derived(end)
    return len(range(size)[part])
