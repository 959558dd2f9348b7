"""The sizes of a tensor as TensorFlow has them: in a tensor of their own."""

from __future__ import annotations

import operator
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import int32
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.python import IsOpenError, Open


class SizesInTensor(tuple[Any, ...]):
    """`tf.shape(x)`: operators go over its numbers, one by one."""

    __module__ = "__main__"

    own_seen_as, own_not_of = None, (tuple, list)

    def __getitem__(self, index: Any) -> Any:
        made = super().__getitem__(index)
        return SizesInTensor(made) if isinstance(index, slice) else made

    def _is_open(self, *_: Any) -> Any:
        """What else TensorFlow has of a tensor."""
        raise IsOpenError(opened("a tensor"))

    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _is_open
    __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __abs__ = _is_open

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._is_open()


def _over_sizes(function: Callable[[Any, Any], Any], is_turned: bool) -> Callable[..., Any]:
    def size(one: Any, other: Any) -> Any:
        if isinstance(one, Open) or isinstance(other, Open) or session().is_traced():
            return opened("", "it is known when the model runs")  # a graph computes none before
        with suppress(ArithmeticError):
            return int32(function(other, one) if is_turned else function(one, other))
        raise IsOpenError(opened("a size"))

    def made(sizes: SizesInTensor, other: Any) -> Any:
        values = other.own_values if isinstance(other, Array) else other
        several = [*values] if isinstance(values, list | tuple) else [values]
        if not several or not all(isinstance(part, int | Open) for part in several):
            raise IsOpenError(opened("data"))
        many = max(len(sizes), len(several))
        if {len(sizes), len(several)} - {1, many}:
            raise refused("Incompatible shapes")
        first, second = (row * (many if len(row) == 1 else 1) for row in ([*sizes], several))
        return SizesInTensor(map(size, first, second))

    return made


for _function in (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod):
    for _word in ("", "r"):
        _name = f"__{_word}{_function.__name__}__"
        setattr(SizesInTensor, _name, _over_sizes(_function, bool(_word)))
