"""In which order Python goes over a set: that of texts is another one in each run."""

from __future__ import annotations

import functools
import itertools
import operator
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from types import BuiltinMethodType, FunctionType
from typing import Any

from rnnshape.reading.python.allowed import enumerated

GOING_OVER = (
    Counter, deque, enumerate, enumerated, filter, functools.reduce, iter, list, map, tuple, zip,
)  # fmt: skip
METHODS = ("extend", "fromkeys", "join")  # of lists, `dict` and texts: they go over what is given
BY_KEY = (max, min, sorted)  # of those that are equal by a key the first is the first


class SetOrder:
    """The order of sets, where code comes to it.

    Attributes:
        is_used: whether code has gone over a set whose order is another one in each run.
        is_turned: whether it is gone over in another order than usual: what is then made otherwise
            follows from the order.
    """

    def __init__(self) -> None:
        self.is_used = self.is_turned = False

    def listed(self, held: Collection[Any]) -> list[Any]:
        """What is in a set, or in a dictionary, in the order in which code goes over it."""
        items = [*held]
        is_hashed = isinstance(held, set | frozenset) and len(items) > 1
        if not is_hashed or all(map(_is_same_in_each_run, items)):
            return items
        self.is_used = True
        items.sort(key=lambda item: item if type(item) is str else type(item).__name__)
        return items[1:] + items[:1] if self.is_turned else items

    def called(
        self, function: Callable[..., Any], parts: Sequence[Any], named: Mapping[str, Any]
    ) -> tuple[Callable[..., Any], Sequence[Any]]:
        """A function of Python's own, and what it is given, with lists in the place of the sets
        that it goes over."""
        if not isinstance(function, BuiltinMethodType | FunctionType | type):
            return function, parts
        owner = getattr(function, "__self__", None)
        if type(owner) is set and function.__name__ == "pop":
            return functools.partial(self._popped, owner), parts
        if any(map(_is_set, parts)) and _goes_over(function, owner, parts, named):
            return function, [self.listed(part) if _is_set(part) else part for part in parts]
        return function, parts

    def _popped(self, held: set[Any]) -> Any:
        if not held:
            return held.pop()  # which raises
        item = self.listed(held)[0]
        held.remove(item)
        return item


def _is_set(part: object) -> bool:
    return type(part) in (set, frozenset)


def _goes_over(
    function: Callable[..., Any], owner: object, parts: Sequence[Any], named: Mapping[str, Any]
) -> bool:
    """Whether what a function makes may follow from the order of its parts."""
    name = getattr(function, "__name__", "")
    if function is operator.iadd:
        return type(parts[0]) is list
    if function is operator.setitem:
        return type(parts[0]) is list and type(parts[1]) is slice
    if name in METHODS and type(owner) in (str, list, deque, type):
        return True
    if any(function is one for one in BY_KEY):
        return bool(named)
    return any(function is one for one in GOING_OVER) or getattr(itertools, name, None) is function


def _is_same_in_each_run(item: object) -> bool:
    """Whether the place of an item in a set is: that of numbers, and of tuples of these."""
    is_number = isinstance(item, bool | int | float | None)
    return is_number or (type(item) is tuple and all(map(_is_same_in_each_run, item)))
