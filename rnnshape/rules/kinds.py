"""Kinds of arguments: what Keras takes, and how that is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from rnnshape.expression import Call, Value
from rnnshape.signatures import module_of

__all__ = [
    "FLOATS",
    "NEED_ARGUMENTS",
    "NUMBER",
    "NUMBERS",
    "POSITIVE",
    "POSITIVE_NOT_BOOL",
    "WHOLE",
    "Kind",
    "axes",
    "between",
    "both_ends",
    "each",
    "is_dtype",
    "is_int",
    "is_order",
    "is_target",
    "is_whole",
    "named",
    "number_from",
    "one_of",
    "or_none",
    "sizes",
]

NEED_ARGUMENTS = ("constant", "threshold")  # functions that their names alone don't stand for
FLOATS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")

Takes: TypeAlias = Callable[[Value], bool]


class Kind(NamedTuple):
    """What an argument may be.

    Attributes:
        allowed: in words.
        takes: whether Keras takes a value.
        words: texts that it may be, for a hint where one is misspelt.
        keras: what Keras says of other values.
        said_of: the types of those that it says this of; empty where of all.
    """

    allowed: str
    takes: Takes
    words: tuple[str, ...] = ()
    keras: str = ""
    said_of: tuple[type, ...] = ()

    def quote(self, value: Value) -> str:
        """Keras' words of a value; empty where it stumbles over it somewhere, in others."""
        is_said = not self.said_of or type(value) in self.said_of
        known = value in (*NEED_ARGUMENTS, *(name.capitalize() for name in NEED_ARGUMENTS))
        return f' (Keras: "{self.keras}")' if self.keras and is_said and not known else ""

    @property
    def or_none(self) -> Kind:
        """The same, and None."""
        return self._replace(allowed=f"{self.allowed}, or None", takes=or_none(self.takes))


# What a value may be


def is_int(value: Value) -> bool:
    return isinstance(value, int)


def is_whole(value: Value, least: int = 1) -> bool:
    """Whether a value is a whole number that is large enough. Keras counts True as 1."""
    return isinstance(value, int) and value >= least


def is_number(value: Value) -> bool:
    return isinstance(value, int | float)


def is_numbers(value: Value) -> bool:
    """A number, or an array of them."""
    return each(is_numbers)(value) if isinstance(value, tuple) else is_number(value)


def or_none(takes: Takes) -> Takes:
    return lambda value: value is None or takes(value)


def each(takes: Takes, count: int = 0, *, alone: bool = True) -> Takes:
    """A tuple of such values, of so many where a count is given; `alone`, also one of them."""

    def takes_each(value: Value) -> bool:
        if isinstance(value, tuple):
            return (not count or len(value) == count) and all(map(takes, value))
        return alone and takes(value)

    return takes_each


def between(least: float, most: float) -> Takes:
    return lambda value: isinstance(value, int | float) and least <= value <= most


def is_target(value: Value) -> bool:
    """Whether a tensor can be given this shape: at most one of its sizes is left open."""
    if not isinstance(value, tuple):
        return False
    sizes = [-1 if part is None else part for part in value]
    return all(is_whole(size, -1) for size in sizes) and sizes.count(-1) <= 1


def is_order(value: Value) -> bool:
    if not isinstance(value, tuple):
        return False
    places = [part for part in value if isinstance(part, int)]
    return len(places) == len(value) and sorted(places) == list(range(1, len(value) + 1))


def is_dtype(value: Value) -> bool:
    """Whether it is a float, or the name of a policy that Keras alone can tell about."""
    return value in FLOATS or (
        isinstance(value, str)
        and (
            value.startswith(("int", "uint", "float8")) or value in ("bool", "string", "complex64")
        )
    )


# Kinds


WHOLE = Kind(
    "a whole number, 1 or more", is_whole, keras="expected a positive integer", said_of=(int,)
)
POSITIVE = WHOLE._replace(keras="be a positive integer")
POSITIVE_NOT_BOOL = POSITIVE._replace(
    takes=lambda value: is_whole(value) and not isinstance(value, bool)
)
NUMBER = Kind("a number", is_number)
NUMBERS = Kind("a number, or several of them", is_numbers)


def number_from(least: float) -> Kind:
    allowed = f"a number, {least:g} or more"
    takes = between(least, float("inf"))
    return Kind(allowed, takes, keras="cannot be None or", said_of=(int, float))


def one_of(*words: str, none: bool = False, any_case: bool = False) -> Kind:
    def takes(value: Value) -> bool:
        if isinstance(value, str):
            return (value.lower() if any_case else value) in words
        return none and value is None

    shown = [repr(word) for word in words] + ["None"] * none
    return Kind(f"one of {', '.join(shown)}", takes, words)


def named(what: str, words: tuple[str, ...], module: str = "") -> Kind:
    """The name of a function of Keras, or what Keras makes of it; anything callable, but for
    initializers, which are called at once."""

    def takes(value: Value) -> bool:
        if isinstance(value, Call):
            return not module or module_of(value.name) == module
        return value is None or (isinstance(value, str) and value in words)

    keras = f"Could not interpret {what} identifier"
    return Kind(f"the name of one of Keras' {what.split()[0]}s", takes, words, keras, (str,))


def sizes(count: int, least: int = 1) -> Kind:
    """A size, or one for each of several axes."""
    several = f", or {count} of them" if count > 1 else ""
    return Kind(
        f"a whole number, {least} or more{several}",
        each(lambda value: is_whole(value, least), count),
        keras=f"must be a tuple of {count} integers",
        said_of=(int, tuple),
    )


def both_ends(count: int) -> Kind:
    """What is added before and after each of several axes."""
    return Kind(
        f"a whole number, 0 or more, or {count} of them or of pairs",
        each(sizes(2, least=0).takes, count),
    )


def axes(*, several: bool = True) -> Kind:
    words = "the number of an axis" + (", or several of them" if several else "")
    return Kind(words, each(is_int) if several else is_int)
