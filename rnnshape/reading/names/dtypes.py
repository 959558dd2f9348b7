"""Of which kind the entries of arrays are, as far as that matters for a shape or for Keras, and
what operators make of whole numbers."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from rnnshape.input_shapes import (
    NO_NUMBERS,
    OF_OTHERS,
    UNKNOWN_ENTRIES,
    UNREAD_ENTRIES,
    dtype_written,
)
from rnnshape.nest import within
from rnnshape.reading.names.session import refused
from rnnshape.reading.names.sizes import NumPyNumber
from rnnshape.reading.python import IsOpenError, Open, own

Kind = TypeVar("Kind")

TEXTS = ("<U", "str", "bytes", "string")
OF_NUMBERS = (None, "bool", "int64")
SMALL = ("int8", "int16", "uint8")  # what operators make of a few of these may not go in
WHOLE = (int, "int", "int32", "int64", *SMALL)
FLOATS = (float, "float", "float16", "float32", "float64", "double", "single", "half")
OF_OTHER_LIBRARIES = (
    "bfloat16", "boolean", "category", "int4", "interval", "period", "qint8", "qint16", "qint32",
    "quint8", "quint16", "resource", "sparse", "string", "uint4", "variant",
)  # fmt: skip
CODES = {"bool": "?", **{dtype: code for code, dtype in NO_NUMBERS.items()}, "<U": "U1",
         "bytes": "S1", "datetime64": "M8[s]", "timedelta64": "m8[s]", "string": "O",
         UNKNOWN_ENTRIES: "O", UNREAD_ENTRIES: "O"}  # fmt: skip


def _in_words(dtype: object) -> object:
    """`np.str_`, `bytes` and `tf.int32` are open: what they are called says which."""
    if not isinstance(dtype, Open):
        return dtype
    return dtype.label.rpartition(".")[2].removesuffix("_")


def of_dtype(
    values: Sequence[Any], dtype: object, before: str | None = None
) -> tuple[tuple[Any, ...], str | None]:
    """The numbers of an array, made floats or whole ones, and the kind that all its entries are."""
    word = _in_words(dtype)
    kind = dtype_of(dtype)
    if kind in OF_NUMBERS and not values and as_numbers(before):
        return (), UNKNOWN_ENTRIES
    is_kept = word in (*WHOLE, *FLOATS)
    return tuple(map(float if word in FLOATS else int, values if is_kept else ())), kind


def is_small(dtype: object) -> bool:
    return _in_words(dtype) in SMALL


def as_numbers(before: str | None) -> str | None:
    """The kind of entries that were of another kind, where they are made numbers: those that are
    known to be others may be refused."""
    return None if before in (*OF_NUMBERS, UNREAD_ENTRIES) else UNKNOWN_ENTRIES


def dtype_of(dtype: object) -> str | None:
    """The kind of entries that a dtype is of; None of numbers, and of what is not known."""
    word = _in_words(dtype)
    if isinstance(word, list) or (isinstance(word, str) and "," in word):
        return NO_NUMBERS["V"]
    if word is None or not isinstance(word, str | type) or word in FLOATS:
        return None
    if word in WHOLE or word in (bool, "bool"):
        return "int64" if word in WHOLE else "bool"
    import numpy  # few programs name others

    try:
        code = numpy.dtype(word).str
    except (TypeError, ValueError) as wrong:
        is_plain = type(dtype) is str and dtype.isalnum() and dtype.islower()
        if is_plain and dtype not in OF_OTHER_LIBRARIES:
            raise refused(str(wrong), TypeError) from None
        return next((kind for kind in OF_OTHERS if str(word).startswith(kind)), None)
    return "bool" if code == "|b1" else dtype_written(code)


def of_entries(values: Iterable[Any]) -> str | None:
    """The kind of entries of an array that NumPy makes of these.

    >>> of_entries([1, 2.5]), of_entries([1, "a"]), of_entries([1, None]), of_entries([2**64])
    (None, '<U', 'object', 'object')
    """
    kinds = set[str | None]()
    for value in values:
        if isinstance(value, int):
            kinds.add(None if -(2**63) <= value < 2**64 else NO_NUMBERS["O"])
        elif isinstance(value, float | complex | range):
            kinds.add(None)
        elif isinstance(value, Open):  # perhaps an entry of an array
            kinds.add(value.stands_for if value.stands_for in (*CODES,) else None)
        elif isinstance(value, deque):
            kinds.add(of_entries(within([*value])))
        elif isinstance(value, str | bytes):
            kinds.add(NO_NUMBERS["U" if isinstance(value, str) else "S"])
        elif value is None:
            kinds.add(NO_NUMBERS["O"])
        else:
            kinds.add(own(value, "own_entries", UNKNOWN_ENTRIES))
    return together(kinds)


def together(kinds: Iterable[str | None]) -> str | None:
    """The kind of entries where arrays of these kinds become one."""
    others = {kind for kind in kinds if kind not in OF_NUMBERS}
    for kind in (UNKNOWN_ENTRIES, NO_NUMBERS["O"], NO_NUMBERS["U"], NO_NUMBERS["S"]):
        if kind in others:
            return kind
    return others.pop() if len(others) == 1 else UNKNOWN_ENTRIES if others else None


COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
LOGICAL = (operator.and_, operator.or_, operator.xor)
WITH_NUMBERS = (operator.add, operator.sub, operator.mul, operator.mod, operator.floordiv)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, or an array of them."""
    kinds = {*map(type, own(value, "own_values", ()))}
    of_array = kinds == {int} if kinds else "int" in (own(value, "own_dtype") or "")
    return type(value) in (int, NumPyNumber) or of_array


def are_whole(values: Iterable[Any], *, or_flags: bool = False) -> bool:
    """Whether NumPy is given whole numbers alone, and words that say what to do with them."""

    def fits(value: Any) -> bool:
        is_array = own(value, "own_is_data", False)
        if type(value) is bool or (is_array and value.own_kind() == "bool"):
            return or_flags
        return isinstance(value, int | str | None) or is_whole(value)

    return all(map(fits, values))


def int64(number: Any) -> int:
    """The number, where NumPy has it as Python does."""
    if type(number) is not int or number.bit_length() > 63:
        raise OverflowError
    return NumPyNumber(number)


def int32(number: Any) -> int:
    """The number, where an array has it as Python does, also one of 32 bits."""
    if number.bit_length() > 31:
        raise OverflowError
    return int(int64(number))


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


def with_operators(kind: type[Kind]) -> type[Kind]:
    """The class, whose `own_operated` makes what its operators make, and `own_changed` what those
    make that assign."""
    for word in (*OPERATORS, "truediv", "rtruediv", "rand", "ror"):
        operator_of = _operator("own_operated", OPERATORS.get(word), is_behind=word[0] == "r")
        setattr(kind, f"__{word}__", operator_of)
    for word in ("add", "sub", "mul", "mod", "floordiv", "truediv", "pow"):
        setattr(kind, f"__i{word}__", _operator("own_changed", OPERATORS.get(word)))
    return kind


def _operator(
    name: str, function: Callable[[Any, Any], Any] | None, is_behind: bool = False
) -> Callable[..., Any]:
    def made(array: Any, other: Any) -> Any:
        if is_behind and isinstance(other, Open) and not other.is_number:
            raise IsOpenError(other)  # which may have more axes
        of_both = own(other, "own_beside", lambda made: made)
        return of_both(getattr(array, name)(other, function))

    return made
