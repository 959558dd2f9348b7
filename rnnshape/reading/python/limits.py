"""How much code may make: each operation is weighed before Python does it.

These bounds give good messages. What keeps a reading within time and memory, whatever happens, is
the process that it runs in.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
import re
import types
from collections.abc import Iterator, Sequence
from typing import Any

from rnnshape.errors import NotReadError, QueryError
from rnnshape.reading.python.open import IsOpenError, Open

MOST_STEPS = 500_000  # pieces of code that are followed, and values that Python is given
STEPS_OF_STATEMENT, STEPS_OF_LOOP = 150_000, 60_000
# A loop that takes too many steps is one of unknown length; of those within others, one of more
# rounds than these.
MANY_ROUNDS = 100
MOST = 20_000  # values in a nest of lists, each counted wherever it stands
MOST_BITS = 2_048  # of a whole number
DEEPEST_CALL, DEEPEST_NEST = 40, 60
DEEPEST_OPEN = 10  # calls of a function by itself, each under one more condition that is open
OF_THE_HOST = re.compile(r" at 0x|'rnnshape\.")  # else the length of it would be a size
# A function of ours has another name than the library's; one of the code is not called by Python.
OF_OUR_SIGNATURE = re.compile(
    r"TypeError: (\S+<locals>\.)?(_\w+|<lambda>|(?<=\.)\w+)\(\) (got|missing|takes) "
)
SEARCHING = ("count", "index", "remove", "sort")
TEXT = (str, bytes)
NONE: dict[str, str] = {}
VIEWS = (type(NONE.keys()), type(NONE.values()), type(NONE.items()))
COLLECTIONS: tuple[type[Any], ...] = (list, tuple, dict, set, frozenset, range, *VIEWS)
ENDLESS = ("builtins", "itertools")  # where the iterators are from that no `Stream` bounds
CHEAP = (len, bool, type, operator.getitem)  # they do not go over what they are given
REPEATED = (str, bytes, bytearray, list, tuple)  # by a number times it
SEQUENCES, HASHED = (list, tuple, str), (dict, set, frozenset)


class TooLargeError(Exception):
    """An operation would make more than is read."""


class TooLongError(NotReadError):
    """A loop takes more steps than are followed, or calls are too deep: what such code changes is
    not known."""


TOO_MUCH = (TooLargeError, TooLongError)


class ExhaustedError(BaseException):
    """The code takes more steps than are followed."""


class ExitError(RuntimeError):
    """The code ends itself: `raise SystemExit(main())`."""


TOO_LARGE = "this is too large to be read"
NESTED = "this is nested too deeply to be read"
# Bounds of this reader, and what Keras refuses: not Python's.
BOUNDS = (ExhaustedError, *TOO_MUCH, RecursionError)
OURS = (*BOUNDS, QueryError)


def weight(value: Any, depth: int = 0, known: dict[int, int] | None = None) -> int:
    """How many values Python may meet in one; a list that stands in it twice counts twice."""
    if isinstance(value, TEXT):
        if len(value) > 16 * MOST:
            raise TooLargeError(TOO_LARGE)
        check_text(value)
        return 1 + len(value) // 16
    if isinstance(value, int):
        return 1 + value.bit_length() // 64
    if isinstance(value, types.SimpleNamespace):
        value = vars(value)
    if isinstance(value, functools.partial):
        value = [value.func, *value.args, *value.keywords.values()]
    if type(value).__module__ in ENDLESS and isinstance(value, Iterator):
        raise IsOpenError(Open("an iterator", "it may give more values than are read"))
    if not isinstance(value, COLLECTIONS):
        return 1
    known = {} if known is None else known
    if id(value) not in known:
        if depth > DEEPEST_NEST or len(value) > MOST:
            raise TooLargeError(TOO_LARGE)
        known[id(value)] = 1  # where it stands in itself
        if isinstance(value, range):
            count = len(value)
        else:
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            count = sum(weight(item, depth + 1, known) for item in inner)
        known[id(value)] = 1 + count
    if known[id(value)] > MOST:
        raise TooLargeError(TOO_LARGE)
    return known[id(value)]


def weight_of_call(function: object, parts: Sequence[Any], named: object) -> int:
    """What a call of Python's own may have to go through; raises where that is too much."""
    _foresee(function, parts)
    parts = _that_it_goes_over(function, parts)
    if getattr(function, "__name__", "") in SEARCHING:  # they go through what they are methods of
        parts = [*parts, getattr(function, "__self__", None)]
    return weight([*parts, named])


def is_in(item: object, many: Any) -> bool:
    if type(many) is dict and isinstance(value := many.get(item), Open) and value.may_lack:
        raise IsOpenError(value)
    is_arguments = type(many) is types.SimpleNamespace  # which stands for `argparse.Namespace`
    return item in (vars(many) if is_arguments else many)


def is_not_in(item: object, many: Any) -> bool:
    return not is_in(item, many)


def _that_it_goes_over(function: object, parts: Sequence[Any]) -> Sequence[Any]:
    """What of its parts takes longer where it is large."""
    first, second = (*parts, None, None)[:2]
    if function in (is_in, is_not_in):
        return parts[:1] if type(second) in HASHED else parts
    if function is operator.getitem and type(second) is slice:
        ends = {type(end) for end in (second.start, second.stop, second.step)}
        is_plain = type(first) in SEQUENCES and ends <= {int, type(None)}
        return [range(len(first))[second]] if is_plain else parts
    is_cheap = function in CHEAP and type(first) in (*SEQUENCES, dict)
    is_range = function in (*CHEAP, operator.eq, operator.ne) and isinstance(first, range)
    return parts[1:] if is_cheap or is_range else parts


def check_text(made: object) -> None:
    """Raises where a text is none that Python would write where the code runs."""
    if isinstance(made, str) and OF_THE_HOST.search(str.__str__(made)):
        raise IsOpenError(Open("text", "what Python would write here is not known"))


def check_result(made: object) -> None:
    """Raises where what was made is too large."""
    if not isinstance(made, range):
        weight(made)
    if isinstance(made, int) and made.bit_length() > MOST_BITS:
        raise TooLargeError("this number is too large")


def _foresee(function: object, parts: Sequence[Any]) -> None:
    """Stops what would make something large of little."""
    size = 0
    match function, parts:
        case ((operator.mul | operator.imul), [one, other]):
            for many, times in (one, other), (other, one):
                if isinstance(many, REPEATED) and isinstance(times, int):
                    size = len(many) * times
        case ((operator.pow | builtins.pow | operator.ipow), [int() as base, int() as power, *_]):
            size = base.bit_length() * abs(power) * MOST // MOST_BITS
        case ((operator.lshift | operator.ilshift), [int() as base, int() as power]):
            size = (base.bit_length() + power) * MOST // MOST_BITS
        case ((operator.mod | operator.imod), [str() | bytes() as text, _]):
            size = 2 * MOST * bool(re.search(r"%[^%a-zA-Z]{0,20}(\d{4}|\*)", str(text)[:MOST]))
        case builtins.format, [_, str() as text]:
            size = 2 * MOST * bool(re.search(r"\d{4}", text[:MOST]))
        case builtins.sum, [list() | tuple() as many, list() | tuple()]:  # each sum is a copy
            size = len(many) ** 2 // 50
        case builtins.round, [_, int() as digits]:
            size = abs(digits) * 50
        case ((math.factorial | math.comb | math.perm), [int() as number, *_]):
            size = number * 100
        case types.BuiltinMethodType(__self__=str() | bytes() | int()), _:  # "x".ljust(n)
            size = max((part for part in parts if isinstance(part, int)), default=0)
    if size > MOST:
        raise TooLargeError("this would be too large to be read")


def is_of_our_signature(wrong: Exception) -> bool:
    """Whether a function of ours does not take what the library's own may take."""
    return isinstance(wrong, TypeError) and OF_OUR_SIGNATURE.match(words_of(wrong)) is not None


def words_of(wrong: BaseException) -> str:
    """What Python would say of an exception, if that can be told."""
    if isinstance(wrong, OURS):
        return NESTED if isinstance(wrong, RecursionError) else str(wrong)
    try:
        words = str.__str__(str(wrong))[:200]
    except (Exception, ExhaustedError):  # its class may be the code's
        words = "its text is not known"
    return f"{type(wrong).__name__}: {words}" if words else type(wrong).__name__
