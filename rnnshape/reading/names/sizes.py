"""Sizes of shapes, as NumPy makes one shape of another; each is a number or open."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, ClassVar

from rnnshape.reading.names.session import refused
from rnnshape.reading.python import IsOpenError, Open, opens_in


class _OfNumPy:
    """The names that numbers of NumPy have, and Python's have not."""

    _plain: ClassVar[Any]  # the same kind of Python's
    shape, ndim, size = (), 0, 1
    dtype = property(lambda _: Open("dtype"))

    def astype(self, dtype: Any = None, *_: Any, **__: Any) -> Any:
        word = getattr(dtype, "label", None) or getattr(dtype, "__name__", None) or dtype
        return NumPyNumber(self) if "int" in str(word) else NumPyFloat(self)  # type: ignore[call-overload, arg-type]

    def item(self) -> Any:
        return self._plain(self)

    tolist = item

    def round(self, decimals: int = 0) -> Any:
        kind: Any = type(self)
        return kind(round(self.item(), decimals))


class NumPyNumber(_OfNumPy, int):
    """A whole number that NumPy has made, or that is computed of one."""

    _plain = int


class NumPyFloat(_OfNumPy, float):
    """The same of a number with a fraction."""

    _plain = float


def _operator(name: str, kind: Any, plain: Any) -> Callable[..., Any]:
    def computed(*numbers: Any) -> Any:
        made = getattr(plain, name)(*numbers)
        return kind(made) if type(made) is plain else made

    return computed


OPERATIONS = "add sub mul truediv floordiv mod pow lshift rshift neg abs"
for _operation in OPERATIONS.split():
    for _name in (f"__{_operation}__", f"__r{_operation}__"):
        for _kind, _plain in ((NumPyNumber, int), (NumPyFloat, float)):
            if hasattr(_plain, _name):
                setattr(_kind, _name, _operator(_name, _kind, _plain))


def sizes_given(*given: Any) -> tuple[Any, ...]:
    """The sizes of a shape, given as numbers or as one tuple; open where nobody knows which."""
    first = given[0] if len(given) == 1 else None
    if isinstance(first, Open) and not first.is_number:
        raise IsOpenError(first)
    return tuple(first) if isinstance(first, list | tuple) else given


def place_of(axis: int, rank: int) -> int:
    """Which axis it is, counted from the first."""
    if not -rank <= axis < rank:
        words = f"axis {axis} is out of bounds for array of dimension {rank}"
        raise refused(words, IndexError)
    return axis % rank


def known_sizes(shape: Sequence[Any]) -> tuple[int | None, ...]:
    """A shape as plain data, with a None for each size that is not known."""
    return tuple(size if type(size) is int else None for size in shape)


def differ(one: Sequence[Any], other: Sequence[Any]) -> bool:
    pairs = zip(one, other, strict=False)
    return len(one) != len(other) or any(type(a) is type(b) is int and a != b for a, b in pairs)


def reshaped(shape: Sequence[Any], sizes: Sequence[Any]) -> tuple[Any, ...]:
    """A shape after `reshape`; -1 is what is left."""
    rest = [size for size in sizes if isinstance(size, Open) or size != -1]
    left = next(opens_in([*shape, *rest]), None)
    if left is None:
        whole, known = product(shape), product(rest)
        left, more = divmod(whole, known or 1)
        if more or (len(rest) == len(sizes) and whole != known):
            into = str((*sizes,)).replace(" ", "").replace("-1", "newaxis")
            words = f"cannot reshape array of size {whole} into shape {into}"
            raise ValueError(words) if min(rest, default=0) < 0 else refused(words)
    return tuple(left if not isinstance(size, Open) and size == -1 else size for size in sizes)


def broadcast(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    """The shape of an operation on arrays of two shapes."""
    made = []
    for pair in zip_longest(reversed(one), reversed(other), fillvalue=1):
        larger = [size for size in pair if isinstance(size, Open) or size != 1]
        if all(isinstance(size, int) for size in pair) and len({*larger}) > 1:
            raise refused("operands could not be broadcast together")
        made.append(larger[0] if larger else 1)
    return tuple(reversed(made))


def product(sizes: Sequence[Any]) -> Any:
    for found in opens_in(list(sizes)):
        return found
    return math.prod(sizes)
