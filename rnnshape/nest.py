"""Nests: a leaf, or a tuple of nests. So Keras nests outputs and states, and so they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

Leaf = TypeVar("Leaf")
Result = TypeVar("Result")
Nest: TypeAlias = "Leaf | tuple[Nest[Leaf], ...]"


def leaves(nest: Nest[Leaf]) -> Iterator[Leaf]:
    """Every leaf, in order; a leaf is whatever is no tuple.

    >>> list(leaves((1, (2, 3))))
    [1, 2, 3]
    """
    for part in nest if isinstance(nest, tuple) else (nest,):
        if isinstance(part, tuple):
            inner: Iterator[Leaf] = leaves(part)
            yield from inner
        else:
            yield part


def folded(
    nest: Nest[Leaf], leaf: Callable[[Leaf], Result], branch: Callable[[list[Result]], Result]
) -> Result:
    """What `leaf` makes of every leaf, in order, and `branch` of what stands together.

    >>> folded((1, (2, 3)), str, lambda parts: f"[{', '.join(parts)}]")
    '[1, [2, 3]]'
    """
    if isinstance(nest, tuple):
        return branch([folded(part, leaf, branch) for part in nest])
    return leaf(nest)


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


def within(value: Any) -> Iterator[Any]:
    """Whatever stands in Python's dictionaries, lists and tuples, in order; a dictionary is in
    that of its keys, as Keras has it.

    >>> list(within([1, {"b": (2, 3), "a": 4}]))
    [1, 4, 2, 3]
    """
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        for part in value:
            yield from within(part)
    else:
        yield value
