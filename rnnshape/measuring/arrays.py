"""`Array`: a tensor that Keras returned, its numbers as the bytes that NumPy has them in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pickle import PickleBuffer
from typing import Any, TypeAlias

__all__ = ["TEXTS", "Array", "Numbers"]

Numbers: TypeAlias = "list[Numbers] | float | str"  # an array's entries, as nested lists

PIECE = 10_000  # numbers that are turned into objects at once, so that a signal is soon heard
TEXTS = "json"  # the format of what has no numbers


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor that Keras returned: its shape, its dtype and, where asked for, its numbers.

    Attributes:
        data: the numbers as bytes, last axis fastest; None where they were not asked for. A buffer
            arrives in another process as a `bytearray`.
        format: what one number is, as the module `struct` has it; `"json"` where they are texts.

    >>> Array((2, 3), "float32").shape
    (2, 3)
    """

    shape: tuple[int, ...]
    dtype: str
    data: bytes | bytearray | PickleBuffer | None = field(default=None, repr=False)
    format: str = "f"

    @property
    def values(self) -> Numbers | None:
        """The numbers as nested lists, made anew at each look; None where not asked for.

        >>> import struct
        >>> Array((2, 1), "float32", struct.pack("2f", 0.5, 2)).values
        [[0.5], [2.0]]
        """
        if self.data is None:
            return None
        if self.format == TEXTS:
            texts: Numbers = json.loads(bytes(self.data))
            return texts
        numbers: Numbers = _nested(_flat(self.data, self.format), self.shape)
        return numbers

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """The numbers as NumPy has them, for `numpy.asarray`.

        Raises:
            ValueError: they were not asked for.
        """
        import numpy  # whoever asks has it

        if self.data is None:
            raise ValueError("the numbers were not asked for: measure(values=True)")
        return numpy.array(self.values, dtype or self.dtype).reshape(self.shape)

    def json_pieces(self) -> Iterator[str]:
        """The text of `values` in JSON, piece by piece; what is no number in JSON is null.

        >>> import struct
        >>> "".join(Array((2, 1), "float32", struct.pack("2f", 0.5, float("nan"))).json_pieces())
        '[[0.5], [null]]'
        """
        if self.data is None:
            yield "null"
        elif self.format == TEXTS:
            yield bytes(self.data).decode("ascii")
        else:
            yield from _pieces(_flat(self.data, self.format), self.shape)


def _flat(
    data: bytes | bytearray | memoryview | PickleBuffer, format_: str, *shape: tuple[int, ...]
) -> memoryview:
    return memoryview(data).cast("B").cast(format_, *shape)  # type: ignore[call-overload,no-any-return]


def _nested(flat: memoryview, shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    if 0 < len(flat) <= PIECE:
        return _flat(flat, flat.format, shape).tolist()
    return [_nested(part, shape[1:]) for part in _parts(flat, shape)]


def _pieces(flat: memoryview, shape: tuple[int, ...]) -> Iterator[str]:
    if len(flat) <= PIECE:
        text = json.dumps(_nested(flat, shape))
        yield re.sub("-?Infinity|NaN", "null", text) if "N" in text or "I" in text else text
        return
    separator = "["
    for part in _parts(flat, shape):
        yield separator
        yield from _pieces(part, shape[1:])
        separator = ", "
    yield "]"


def _parts(flat: memoryview, shape: tuple[int, ...]) -> Iterator[memoryview]:
    """What lies along the first axis; of a long last axis, its numbers one by one."""
    step = prod(shape[1:])
    for start in range(0, step * shape[0], step or 1):
        yield flat[start : start + step]
    if not step:
        yield from [flat] * shape[0]
