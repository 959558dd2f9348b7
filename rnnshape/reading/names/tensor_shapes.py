"""A tensor's shape as code meets it: a tuple, or what TensorFlow has for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnshape.reading.names.defaults import of_backend
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.symbolic_tensors import of_tensorflow
from rnnshape.reading.python import IsOpenError


def rank_named(name: str) -> Any:
    """A name that only TensorFlow's shapes have for how many axes there are."""

    def rank(sizes: Any) -> int:
        if session().is_ready_for_none:
            raise AttributeError(name)
        of_tensorflow(sizes.own_tensor, name, "len")
        return len(sizes)

    return property(rank)


class Sizes(tuple[Any, ...]):
    """A shape as code meets it."""

    __module__ = "__main__"

    own_seen_as: Any = tuple
    own_tensor: Any = None  # that has the shape
    rank, ndims = map(rank_named, ("rank", "ndims"))

    def as_list(self) -> list[Any]:
        of_tensorflow(self.own_tensor, "as_list", "list")
        return list(self)


class SizesOfTensorFlow(Sizes):
    """The same of a tensor of TensorFlow, as Keras has them within a layer."""

    __module__ = "__main__"

    own_seen_as, own_not_of = None, (tuple, list)

    def __getitem__(self, index: Any) -> Any:
        made = super().__getitem__(index)
        return SizesOfTensorFlow(made) if isinstance(index, slice) else made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise IsOpenError(opened("a shape"))

    rank = ndims = property(len)

    def as_list(self) -> list[Any]:
        return list(self)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = Sizes.__hash__

    def __add__(self, other: Any) -> Any:
        return _joined((*self, *other))

    def __radd__(self, other: Any) -> Any:
        return _joined((*other, *self))


def _joined(sizes: Sequence[Any]) -> SizesOfTensorFlow:
    is_below = any(type(size) is int and size < 0 for size in sizes)
    if is_below and session().evaluator.is_sure and of_backend() == "tensorflow":
        message = "x.shape is TensorFlow's here, and is joined to no -1: write "
        words, write = "Dimension -1 must be >= 0", "(-1, *x.shape[1:])"
        session().problem(f"{message}{write}", write, words=words)
    return SizesOfTensorFlow(sizes)
