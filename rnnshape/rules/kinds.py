"""Kinds of arguments: what Keras takes, and how that is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rnnshape.expression import Call, Value
from rnnshape.signatures import module_of

__all__ = [
    "FLOATS",
    "NEED_ARGUMENTS",
    "Kind",
    "axes",
    "between",
    "both_ends",
    "is_dtype",
    "is_noise_shape",
    "is_number",
    "is_numbers",
    "is_one_or_two",
    "is_order",
    "is_shape",
    "is_target",
    "is_whole",
    "is_word",
    "named",
    "number_from",
    "one_of",
    "or_none",
    "sizes",
    "sizes_not_bool",
    "sizes_of_any_count",
]

NEED_ARGUMENTS = ("constant", "threshold")  # functions that their names alone don't stand for
FLOATS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")


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
    takes: Callable[[Value], bool]
    words: tuple[str, ...] = ()
    keras: str = ""
    said_of: tuple[type, ...] = ()

    def quote(self, value: Value) -> str:
        """Keras' words of a value; empty where it stumbles over it somewhere, in others."""
        is_said = not self.said_of or type(value) in self.said_of
        known = value in (*NEED_ARGUMENTS, *(name.capitalize() for name in NEED_ARGUMENTS))
        return f' (Keras: "{self.keras}")' if self.keras and is_said and not known else ""


def is_whole(value: Value, least: int = 1) -> bool:
    """Whether a value is a whole number that is large enough. Keras counts True as 1."""
    return isinstance(value, int) and value >= least


def is_number(value: Value) -> bool:
    return isinstance(value, int | float)


def is_numbers(value: Value) -> bool:
    return all(map(is_numbers, value)) if isinstance(value, tuple) else is_number(value)


def is_word(value: Value) -> bool:
    return isinstance(value, str) and value.isalpha()


def is_one_or_two(value: Value) -> bool:
    several = value if isinstance(value, tuple) else (value, value)
    return len(several) == 2 and all(isinstance(one, int) for one in several)


def is_shape(value: Value) -> bool:
    """Whether a value is a size, or several of which some are left open."""
    several = value if isinstance(value, tuple) else (value,)
    return all(is_whole(one) or (one is None and value is not None) for one in several)


def or_none(takes: Callable[[Value], bool]) -> Callable[[Value], bool]:
    return lambda value: value is None or takes(value)


def between(least: float, most: float) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, int | float) and least <= value <= most


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


def sizes(count: int, least: int = 1, none: bool = False) -> Kind:
    def takes(value: Value) -> bool:
        if isinstance(value, tuple):
            return len(value) == count and all(is_whole(one, least) for one in value)
        return is_whole(value, least) or (none and value is None)

    several = f", or {count} of them" if count > 1 else ""
    allowed = f"a whole number, {least} or more{several}"
    words = f"must be a tuple of {count} integers"
    return Kind(allowed, takes, keras=words, said_of=(int, tuple))


def sizes_not_bool(count: int) -> Kind:
    kind = sizes(count)

    def takes(value: Value) -> bool:
        given = value if isinstance(value, tuple) else (value,)
        return kind.takes(value) and not any(isinstance(size, bool) for size in given)

    return kind._replace(takes=takes, keras="")


def both_ends(count: int) -> Kind:
    """What is added before and after each of several axes."""
    ends = sizes(2, least=0)

    def takes(value: Value) -> bool:
        if isinstance(value, tuple):
            return len(value) == count and all(map(ends.takes, value))
        return is_whole(value, 0)

    allowed = f"a whole number, 0 or more, or {count} of them or of pairs"
    return Kind(allowed, takes)


def sizes_of_any_count(least: int = 1, none: bool = False) -> Kind:
    def takes(value: Value) -> bool:
        several = value if isinstance(value, tuple) else (value,)
        return (none and not value) or all(is_whole(size, least) for size in several)

    return Kind(f"a whole number, {least} or more, or several of them", takes)


def axes(*, one: bool = True, several: bool = True, none: bool = False) -> Kind:
    def takes(value: Value) -> bool:
        if isinstance(value, tuple):
            return several and all(isinstance(axis, int) for axis in value)
        return (one and isinstance(value, int)) or (none and value is None)

    words = "the number of an axis" + (", or several of them" if several else "")
    return Kind(words + (", or None" if none else ""), takes)


def is_target(value: Value) -> bool:
    """Whether a tensor can be given this shape: at most one of its sizes is left open."""
    if not isinstance(value, tuple):
        return False
    sizes = [-1 if one is None else one for one in value]
    return all(is_whole(one, -1) for one in sizes) and sizes.count(-1) <= 1


def is_order(value: Value) -> bool:
    if not isinstance(value, tuple):
        return False
    places = [one for one in value if isinstance(one, int)]
    return len(places) == len(value) and sorted(places) == list(range(1, len(value) + 1))


def is_noise_shape(value: Value) -> bool:
    return isinstance(value, tuple) and all(one is None or is_whole(one) for one in value)


def is_dtype(value: Value) -> bool:
    """Whether it is a float, or the name of a policy that Keras alone can tell about."""
    return value in FLOATS or (
        isinstance(value, str)
        and (
            value.startswith(("int", "uint", "float8")) or value in ("bool", "string", "complex64")
        )
    )
