"""Shapes of two arrays that meet in a loss, and what follows where a size is not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations, product, zip_longest
from math import prod
from typing import Any, NamedTuple, TypeAlias

from rnnshape.training.data import Sizes

Shape: TypeAlias = tuple[int, ...]
MOST_AXES = 5  # of which all orders are tried
MOST_CASES = 100  # of sizes that are tried in the place of those that are not known
SAMPLES, OTHER = 7919, 7907  # sizes that no tensor in sight has
STAND_INS = re.compile(rf"\b({SAMPLES}|{OTHER})\b")


class Refusal(Exception):  # noqa: N818  # Keras refuses; nothing went wrong here
    """Keras raises, in these words."""


class Outcome(NamedTuple):
    """What Keras makes of y and an output.

    Attributes:
        values: the shape of the single losses, before their mean.
        silent: what Keras does instead of what was meant, where it says nothing; else empty.
        refused: Keras' own words, where it raises; else empty.
    """

    values: Shape = ()
    silent: str = ""
    refused: str = ""

    @property
    def fits(self) -> bool:
        return not (self.silent or self.refused)


Judge: TypeAlias = Callable[[Shape, Shape], Outcome]  # of y and an output; raises `Refusal`


def aligned(y: Shape, output: Shape) -> tuple[Shape, Shape]:
    """The two after Keras has dropped or added a last axis of 1.

    >>> aligned((16,), (16, 1)), aligned((16, 7, 1), (16, 7)), aligned((16,), (16, 3))
    (((16, 1), (16, 1)), ((16, 7), (16, 7)), ((16,), (16, 3)))
    """
    if len(y) == len(output) + 1 and y[-1] == 1:
        return (y, (*output, 1)) if len(output) == 1 else (y[:-1], output)
    if len(output) == len(y) + 1 and output[-1] == 1:
        return ((*y, 1), output) if len(y) == 1 else (y, output[:-1])
    return y, output


def broadcast(first: Shape, other: Shape) -> Shape:
    """The shape of both together; raises `Refusal` in TensorFlow's words.

    >>> broadcast((16,), (16, 1))
    (16, 16)
    """
    sizes = [*zip_longest(first[::-1], other[::-1], fillvalue=1)]
    wrong = [axis for axis, pair in enumerate(sizes, 1) if len({*pair} - {1}) > 1]
    if wrong:
        # The batch's size is known only when the graph runs; the others when it is built.
        at_run = {*wrong} <= {len(first), len(other)}
        raise Refusal("Incompatible shapes" if at_run else "Dimensions must be equal")
    return tuple(b if a == 1 else a for a, b in reversed(sizes))


def repeats(first: Shape, other: Shape, both: Shape) -> bool:
    """Whether an entry of one of two is used more than once in both together."""
    return not prod(first) == prod(other) == prod(both)


def certain_outcome(
    y: Sizes, output: Sizes, judge: Judge, several: tuple[bool, bool] = (False, False)
) -> Outcome | None:
    """What is true whatever the sizes that are not known; None where some of them may fit. Of both
    `several` says whether the last one is surely not 1.

    The number of samples, where it is not known, is taken for none of the other sizes.
    """
    first = likely_outcome(y, output, judge)
    if first.fits:
        return None
    pair = [_with_samples(y), _with_samples(output)]
    # A size only matters if it is 1, or that of the other tensor.
    choices = [
        [size] if size is not None else [size for size in {1, OTHER, *other} if size is not None]
        for shape, other in (pair, pair[::-1])
        for size in shape
    ]
    for shape, last, is_several in zip((y, output), (len(y) - 1, -1), several, strict=True):
        if is_several and shape[1:] and shape[-1] is None:
            choices[last].remove(1)
    if prod(map(len, choices)) > MOST_CASES:
        return None
    for sizes in product(*choices):
        found = _outcome(sizes[: len(y)], sizes[len(y) :], judge)
        if found.fits:
            return None
        first = first if first.silent or found.refused else found  # it is not sure to be refused
    return first


def likely_outcome(y: Sizes, output: Sizes, judge: Judge) -> Outcome:
    """What is true where each size that is not known is another than those that are."""
    given, made = (
        tuple(OTHER if size is None else size for size in _with_samples(shape))
        for shape in (y, output)
    )
    return _outcome(given, made, judge)


def _outcome(y: Shape, output: Shape, judge: Judge) -> Outcome:
    try:
        found = judge(y, output)
        return found._replace(silent=STAND_INS.sub("?", found.silent))
    except Refusal as refusal:
        return Outcome(refused=str(refusal))


def _with_samples(shape: Sizes) -> Sizes:
    return (SAMPLES, *shape[1:]) if shape[:1] == (None,) else shape


def of_rank(shape: Sequence[Any], written: Sequence[Any]) -> tuple[Any, ...]:
    """What Keras makes of the shape of X, which it gives a last axis of size 1 or takes that.

    >>> of_rank((8, 5), (None, 5, 1)), of_rank((8, 5, 1), (None, 5)), of_rank((8, 5), (None, 5, 2))
    ((8, 5, 1), (8, 5), (8, 5))
    """
    if len(shape) == len(written) - 1 and written[-1] == 1:
        return (*shape, 1)
    is_longer = len(shape) == len(written) + 1 and shape[-1] == 1
    return tuple(shape[:-1] if is_longer else shape)


def _agreeing(shape: Sizes, wanted: Sizes) -> int:
    """How many sizes are those that are wanted."""
    pairs = zip(shape[1:], wanted[1:], strict=True)
    return sum(size == other is not None for size, other in pairs)


def rearranged(name: str, shape: Sizes, wanted: Sizes) -> Iterator[tuple[str, Sizes]]:
    """Code that orders an array's axes otherwise, or reshapes it, and the shape it then has.

    >>> list(rearranged("X", (16, 15), (None, 5, 3)))
    [('X = X.reshape(-1, 5, 3)', (16, 5, 3))]
    """
    is_turned = False
    if 2 < len(shape) == len(wanted) <= MOST_AXES:
        for order in list(permutations(range(1, len(shape))))[1:]:
            turned = (shape[0], *(shape[axis] for axis in order))
            is_turned |= turned[1:] == wanted[1:]
            if _agreeing(turned, wanted) > _agreeing(shape, wanted):
                yield f"{name} = {name}.transpose{(0, *order)}", turned
    old, new = ([size or 0 for size in sizes[1:]] for sizes in (shape, wanted))
    if prod(old) == prod(new) > 0 and old != new != [1] and not is_turned:  # it would mix them
        yield f"{name} = {name}.reshape(-1, {', '.join(map(str, new))})", (shape[0], *new)
