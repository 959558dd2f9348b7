"""Nests: tuples, lists and dictionaries of what is none of these, as Keras nests tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

NESTS = (dict, list, tuple)


def rebuilt(value: Any, change: Callable[[Any], Any], several: type | None = None) -> Any:
    """The same dictionaries, lists and tuples of Python's with whatever else is in them changed;
    lists and tuples become `several`, or stay what they are.

    >>> rebuilt([1, {"a": (2, 3)}], str, list)
    ['1', {'a': ['2', '3']}]
    """
    if isinstance(value, dict):
        return {word: rebuilt(part, change, several) for word, part in value.items()}
    if isinstance(value, list | tuple):
        kind = several or type(value)
        return kind([rebuilt(part, change, several) for part in value])
    return change(value)


def numbered(value: Any) -> Any:
    """The same in lists, with its number among all in place of each leaf.

    >>> numbered(("o", ["h", "c"]))
    [0, [1, 2]]
    """
    numbers = count()
    return rebuilt(value, lambda _: next(numbers), list)


def as_lists(value: Any) -> Any:
    """The same with a list for each list and tuple, as Keras gives them to code."""
    return rebuilt(value, lambda leaf: leaf, list)


def within(value: Any) -> Iterator[Any]:
    """Whatever stands in Python's dictionaries, lists and tuples, in order; a dictionary is in
    that of its keys, as Keras has it.

    >>> list(within([1, {"b": (2, 3), "a": 4}]))
    [1, 4, 2, 3]
    """
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=str)]
    elif not isinstance(value, NESTS):
        value = (value,)
    for part in value:
        if isinstance(part, NESTS):
            yield from within(part)
        else:
            yield part


def flattened(value: Any, kind: type) -> Any:
    """What stands in lists within a list, in one list, where all is of a kind: Keras takes nested
    arrays for as many inputs.

    >>> flattened([1, (2, 3)], int), flattened([1, ("a", 3)], int), flattened(1, int)
    ([1, 2, 3], [1, ('a', 3)], 1)
    """
    is_nested = isinstance(value, list | tuple) and any(isinstance(one, NESTS) for one in value)
    leaves = [*within(value)] if is_nested else []
    return leaves if leaves and all(isinstance(one, kind) for one in leaves) else value


def nested(shape: Sequence[int], leaves: Iterator[Any]) -> Any:
    """Lists within lists of a shape, of what comes next each time.

    >>> nested((2, 3), iter("abcdef"))
    [['a', 'b', 'c'], ['d', 'e', 'f']]
    """
    return [nested(shape[1:], leaves) for _ in range(shape[0])] if shape else next(leaves)
