"""Shapes that were answered beside those that Keras has: when they agree."""

from __future__ import annotations

from typing import Any


def agree_all(
    shapes: list[Any], others: list[Any], opens: bool = True, batch_aside: bool = False
) -> bool:
    """Whether shapes are equal; `opens`, where one that is open agrees with all."""
    if opens and (not shapes or None in shapes):
        return True
    return len(shapes) == len(others) and all(
        agree(one, other, opens, batch_aside) for one, other in zip(shapes, others, strict=True)
    )


def agree(one: Any, other: Any, opens: bool, batch_aside: bool) -> bool:
    if one is None:
        return opens
    return len(one) == len(other) and all(
        size == of or of == "any" or (opens and size is None) or (batch_aside and axis == 0)
        for axis, (size, of) in enumerate(zip(one, other, strict=True))
    )


def free(shapes: list[Any]) -> list[Any]:
    """What Keras leaves open may be of any size."""
    return [["any" if size is None else size for size in shape] for shape in shapes]


def batch(shapes: list[Any], run: dict[str, Any]) -> tuple[int, int]:
    """The batch that was answered, and the one that was run."""
    if not shapes or not shapes[0] or shapes[0][0] is None:
        return 1, 1
    return shapes[0][0], run["inputs"][0][0]


def with_batch(shape: Any, batch: tuple[int, int]) -> Any:
    answered, run = batch
    if not shape or answered == run or shape[0] is None or shape[0] % answered:
        return shape
    return [shape[0] // answered * run, *shape[1:]]
