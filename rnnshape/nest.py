"""Nests: a leaf, or a tuple of nests. So Keras nests outputs and states, and so they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeVar

Leaf = TypeVar("Leaf")
Result = TypeVar("Result")
Nest: TypeAlias = "Leaf | tuple[Nest[Leaf], ...]"


def leaves(nest: Nest[Leaf]) -> Iterator[Leaf]:
    """Every leaf, in order; a leaf is whatever is no tuple.

    >>> list(leaves((1, (2, 3))))
    [1, 2, 3]
    """
    if isinstance(nest, tuple):
        for part in nest:
            yield from leaves(part)
    else:
        yield nest


def mapped(nest: Nest[Leaf], change: Callable[[Leaf], Nest[Result]]) -> Nest[Result]:
    """The same nest with every leaf changed.

    >>> mapped((1, (2, 3)), lambda leaf: 10 * leaf)
    (10, (20, 30))
    """
    if isinstance(nest, tuple):
        return tuple(mapped(part, change) for part in nest)
    return change(nest)


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
