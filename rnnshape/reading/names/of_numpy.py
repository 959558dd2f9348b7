"""What NumPy's own functions make of arrays of which at most the shape is known."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from rnnshape.reading.names.arrays import MOST_VALUES, Array
from rnnshape.reading.names.session import opened
from rnnshape.reading.python import IsOpenError, Open, opens_in

__all__ = ["METHODS", "NAMES", "of_numpy"]

NAMES = (
    "append", "argsort", "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "average",
    "bincount", "block", "broadcast_to", "column_stack", "count_nonzero", "cumprod", "cumsum",
    "delete", "diag", "diagonal", "diff", "digitize", "dot", "dsplit", "dstack", "einsum", "flip",
    "fliplr", "flipud", "flatnonzero", "gradient", "histogram", "hsplit", "inner", "insert",
    "interp", "isin", "kron", "matmul", "meshgrid", "moveaxis", "nonzero", "outer", "pad",
    "percentile", "quantile", "repeat", "resize", "roll", "rollaxis", "rot90", "searchsorted",
    "setdiff1d", "sort", "split", "swapaxes", "take", "tensordot", "tile", "trace", "tril", "triu",
    "unique", "vsplit", "where",
)  # fmt: skip
METHODS = ("argsort", "clip", "cumsum", "diagonal", "dot", "nonzero", "prod", "repeat", "round",
           "swapaxes", "take", "var")  # fmt: skip
MOST_NUMBERS = 20_000_000  # of a call, each a byte
# In the place of what is not known: a size, and the numbers of an array.
RUNS = ((13, (0,)), (17, (1, 2, 0)))


def of_numpy(name: str) -> Callable[..., Any]:
    """The function of a name, for arrays of which not all is known.

    It is called twice, with other sizes and numbers in the place of what is not known: what then
    differs follows from that, and is not known either.
    """

    def made(*given: Any, **named: Any) -> Any:
        named.pop("dtype", None)
        parts = [*given, *named.values()]
        for found in opens_in(parts):
            raise IsOpenError(found)
        _check_is_small([*_leaves(parts)])
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # more can't be started here
        import numpy

        function = attrgetter(name)(numpy)
        arrays = [leaf for leaf in _leaves(parts) if isinstance(leaf, Array)]
        is_known = all(array.own_values for array in arrays)
        results = []
        for run in RUNS[is_known:]:
            try:
                results.append(function(*_filled(given, run), **_filled(named, run)))
            except (ValueError, TypeError, IndexError, MemoryError):
                sizes = [*opens_in([array.shape for array in arrays])]
                if sizes or results:
                    raise IsOpenError(sizes[0] if sizes else opened("data")) from None
                raise
        return _kept(results[0]) if is_known else _what_both_say(*results)

    return made


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    else:
        yield value


def _check_is_small(leaves: list[Any]) -> None:
    """Raises where a call may make more than is worth its while."""
    most = RUNS[-1][0]
    shapes = [leaf.shape for leaf in leaves if isinstance(leaf, Array)]
    numbers = sum(math.prod(most if isinstance(size, Open) else size for size in shape)
                  for shape in shapes)  # fmt: skip
    largest = max((abs(leaf) for leaf in leaves if isinstance(leaf, int)), default=1)
    if max(numbers, len(leaves)) * max(1, largest) > MOST_NUMBERS:
        raise IsOpenError(opened("data", "it is too large to be read"))


def _filled(value: Any, run: tuple[int, tuple[int, ...]]) -> Any:
    """The same with arrays of NumPy."""
    import numpy

    if isinstance(value, dict):
        return {word: _filled(part, run) for word, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_filled(part, run) for part in value)
    if not isinstance(value, Array):
        return value
    if value.own_values:
        return numpy.array(value.own_values).reshape(value.shape)
    size, numbers = run
    shape = [size if isinstance(one, Open) else one for one in value.shape]
    return numpy.resize(numpy.array(numbers, "i1"), shape)


def _kept(result: Any) -> Any:
    """A result that is known, with its numbers where they are few."""
    if isinstance(result, list | tuple):
        return [_kept(one) for one in result]
    if not getattr(result, "ndim", 0):
        return result.item() if hasattr(result, "item") else result
    is_small = result.dtype.kind in "iuf" and result.size <= MOST_VALUES
    return Array(result.shape, tuple(result.ravel().tolist()) if is_small else ())


def _what_both_say(one: Any, other: Any) -> Any:
    """The shapes that two results have in common; open where they have none."""
    if isinstance(one, list | tuple):
        if len(one) != len(other):
            return opened("data")
        return [_what_both_say(*pair) for pair in zip(one, other, strict=True)]
    if not getattr(one, "ndim", 0) or one.ndim != getattr(other, "ndim", 0):
        return opened("a number from data")
    sizes = zip(one.shape, other.shape, strict=True)
    return Array([size if size == also else opened("a length") for size, also in sizes])
