"""Which whole numbers an array may hold, and which of random ones it surely holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from rnnshape.reading.names.sizes import product
from rnnshape.reading.python import Open, own

NEVER = 1e-4  # how likely what is said of random numbers may be wrong


def drawn_from(number: Any, low: Any, high: Any) -> Any:
    """A number drawn at random, which knows its bounds where they are known."""
    are_known = isinstance(number, Open) and type(low) is int and type(high) is int
    return replace(number, stands_for=range(low, high), start=None) if are_known else number


def known_range(array: Any) -> tuple[int | None, int | None, int]:
    """The smallest of its whole numbers, one more than the largest, and of random ones how many
    could be drawn from 0: of many, some are surely that small and that large; of few, the first
    two are None."""
    values = array.own_values
    if values and all(type(number) is int for number in values):
        return min(values), max(values) + 1, 0
    if array.own_range is not None and not array.own_is_written:
        return cast(tuple[int | None, int | None, int], array.own_range)
    low, high = array.own_random
    is_part = array.own_is_written or array.own_is_part
    many = product(array.shape)
    if type(low) is not int or type(high) is not int or (type(many) is int and not many):
        return None, None, 0
    if type(many) is not int:
        return None, None, high
    reach = 0 if is_part else int((high - low) * NEVER ** (1 / many))
    least, most = high - 1 - reach, low + reach
    is_sure = reach and least <= most
    return (least, most + 1, high) if is_sure else (None, None, high)


def moved(values: Sequence[Any], made: Any) -> Any:
    """An array of numbers of others: where some are random each may be there, and none is surely.

    Args:
        values: those that it has its numbers of: arrays, and numbers.
    """
    ranges = [known_range(one) for one in values if own(one, "own_random") is not None]
    ends = [max(below or 0, drawn) for _, below, drawn in ranges]
    ends += [one + 1 for one in values if type(one) is int]
    if any(drawn for *_, drawn in ranges) and made.own_dtype != "bool":
        made.own_random, made.own_is_part = (0, max(ends)), True
    return made


def range_of(numbers: Sequence[Any]) -> tuple[int, int]:
    """The bounds of whole numbers that are each there once; (0, 0) of others."""
    if not numbers or any(type(number) is not int for number in numbers):
        return 0, 0
    least, below = min(numbers), max(numbers) + 1
    return (least, below) if sorted(numbers) == [*range(least, least + len(numbers))] else (0, 0)
