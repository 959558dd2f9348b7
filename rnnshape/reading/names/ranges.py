"""Which whole numbers an array may hold, and which of them it surely holds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from rnnshape.reading.names.dtypes import int32
from rnnshape.reading.names.sizes import product
from rnnshape.reading.python import Open, own

NEVER = 1e-4  # how likely what is said of random numbers may be wrong


class Reordered:
    """A change that puts the numbers of an array in another order, which is not known."""


class Sorted(Reordered):
    """A change after which a part of an array holds the smallest, or the largest."""


def drawn_from(number: Any, low: Any, high: Any) -> Any:
    """A number drawn at random, which knows its bounds where they are known."""
    are_known = isinstance(number, Open) and type(low) is int and type(high) is int
    return replace(number, stands_for=range(low, high), start=None) if are_known else number


def is_filled(array: Any) -> bool:
    """Whether it may hold other numbers than before, and not only in another order."""
    is_known = all(isinstance(one, Reordered) for one in _changes(array))
    return array.own_is_written and not is_known


def is_part(array: Any) -> bool:
    """Whether not all numbers within its bounds may be there, or some several times."""
    return array.own_may_lack or any(isinstance(one, Sorted) for one in _changes(array))


def _changes(array: Any) -> list[object]:
    """What has changed it since its numbers were noted."""
    seen = array.own_seen if type(array.own_seen) is int else 0
    return [*array.own_written[seen:]]


def known_range(array: Any) -> tuple[int | None, int | None, int]:
    """The smallest of its whole numbers, one more than the largest, and one more than the largest
    that it may hold, where that is another: of many random numbers, some are surely that small and
    that large; of few, the first two are None. Of numbers that nobody knows the last is 0."""
    values = array.own_values
    if {*map(type, values)} == {int}:
        return min(values), max(values) + 1, 0
    if is_filled(array):
        return None, None, 0
    if array.own_range is not None:
        return cast(tuple[int | None, int | None, int], array.own_range)
    low, high = array.own_bounds
    if (low, high) == (0, 0) and array.own_dtype == "bool":
        return None, None, 2
    many = product(array.shape)
    if type(low) is not int or type(high) is not int or (type(many) is int and not many):
        return None, None, 0
    may_be = high if low >= 0 else 0
    if type(many) is not int:
        return None, None, may_be
    reach = 0 if is_part(array) else int((high - low) * NEVER ** (1 / many))
    least, most = high - 1 - reach, low + reach
    is_sure = reach and least <= most and (low >= 0 or least < 0)
    return (least, most + 1, high) if is_sure else (None, None, may_be)


def all_of(value: Any, made: Any) -> Any:
    """An array that holds nothing but one number, until something changes it, perhaps unseen."""
    return moved([value], made) if own(made, "own_bounds") is not None else made


def moved(values: Sequence[Any], made: Any) -> Any:
    """An array of numbers of others: each may be there, and none is surely.

    Args:
        values: those that it has its numbers of: arrays, and numbers.
    """
    ends = [end_of(one) for one in values] if made.own_dtype != "bool" else []
    if ends and min(ends) > 0 and not made.own_values:
        made.own_bounds, made.own_may_lack = (0, max(ends)), True
    return made


def operated(array: Any, number: int, function: Callable[[Any, Any], Any], made: Any) -> None:
    """The numbers of what an operator makes of an array of whole numbers and another."""
    with suppress(ArithmeticError):
        made.own_numbers = tuple(int32(function(value, number)) for value in array.own_values)
    if function is operator.mod and number > 0:
        moved([number - 1], made)
    elif function in (operator.add, operator.sub) and end_of(array):
        has_bounds = array.own_bounds != (0, 0)
        low, high = array.own_bounds if has_bounds else (0, end_of(array))
        if function(low, number) >= 0:  # unsigned ones begin anew
            made.own_bounds = function(low, number), function(high, number)
            made.own_may_lack = is_part(array) or not has_bounds


def end_of(value: Any) -> int:
    """One more than the largest whole number that an array holds, or a number is; 0 of others, and
    where one is negative."""
    if own(value, "own_bounds") is None:
        return value + 1 if type(value) is int else 0
    least, below, drawn = known_range(value)
    return 0 if (least or 0) < 0 else max(below or 0, drawn)


def range_of(numbers: Sequence[Any]) -> tuple[int, int]:
    """The bounds of whole numbers that are each there once; (0, 0) of others."""
    if not numbers or any(type(number) is not int for number in numbers):
        return 0, 0
    least, below = min(numbers), max(numbers) + 1
    return (least, below) if sorted(numbers) == [*range(least, least + len(numbers))] else (0, 0)
