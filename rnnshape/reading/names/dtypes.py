"""Of which kind the numbers of arrays are, as far as that matters for a shape, and what operators
make of whole ones."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from rnnshape.input_shapes import NO_NUMBERS
from rnnshape.reading.names.sizes import NumPyNumber
from rnnshape.reading.python import Open, own

DTYPES: dict[object, str] = {
    **dict.fromkeys((str, "str"), "<U"),
    **dict.fromkeys((bytes, "bytes"), "bytes"),
    **dict.fromkeys((object, "object"), "object"),
    **dict.fromkeys((bool, "bool"), "bool"),
    **dict.fromkeys((int, "int", "int32", "int64", "uint8"), "int64"),
}


def _in_words(dtype: object) -> object:
    """`np.str_`, `bytes` and `np.int32` are open: what they are called says which."""
    if not isinstance(dtype, Open):
        return dtype
    return dtype.label.removeprefix("numpy.").removesuffix("_")


def of_dtype(values: Sequence[Any], dtype: object) -> tuple[tuple[Any, ...], str | None]:
    """The numbers, made floats or whole ones, and what the dtype is called; none of others."""
    word = _in_words(dtype)
    is_float = word is float or str(word).startswith("float")
    is_kept = is_float or word is int or str(word).startswith("int")
    return tuple(map(float if is_float else int, values if is_kept else ())), dtype_of(word)


def dtype_of(dtype: object) -> str | None:
    """What a dtype is called, where that matters here; None of others."""
    dtype = _in_words(dtype)
    if isinstance(dtype, str) and (kind := re.match(r"[<>|=]?([OSUV]|[mM]8)(\d|\[|$)", dtype)):
        return NO_NUMBERS[kind[1][0]]
    if isinstance(dtype, str) and dtype.startswith(("datetime64", "timedelta64")):
        return dtype.partition("[")[0]
    return DTYPES.get(dtype) if isinstance(dtype, str | type) else None


COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
LOGICAL = (operator.and_, operator.or_, operator.xor)
WITH_NUMBERS = (operator.add, operator.sub, operator.mul, operator.mod, operator.floordiv)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, or an array of them."""
    kinds = {*map(type, own(value, "own_values", ()))}
    of_array = kinds == {int} if kinds else "int" in (own(value, "own_dtype") or "")
    return type(value) in (int, NumPyNumber) or of_array


def int64(number: Any) -> int:
    """The number, where NumPy has it as Python does."""
    if type(number) is not int or number.bit_length() > 63:
        raise OverflowError
    return NumPyNumber(number)


def _power(base: int, exponent: int) -> int:
    if not 0 <= exponent <= 63:
        raise OverflowError
    return int(operator.pow(base, exponent))


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    **{op.__name__.strip("_"): op for op in (*COMPARISONS, *LOGICAL, *WITH_NUMBERS)},
    "radd": operator.add,
    "rmul": operator.mul,
    "rsub": lambda value, number: number - value,
    "pow": _power,
    "rpow": lambda value, base: _power(base, value),
}
