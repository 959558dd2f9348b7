"""What Python's own functions and methods make of values that are known: `range(3)`, `"a".upper()`.

Each returns `NOT_KNOWN` where the reader has no word on it. Nothing is done that takes long or
makes something large.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rnnshape.reading.code.values import is_scalar

__all__ = [
    "FUNCTIONS",
    "MOST_ITEMS",
    "NOT_KNOWN",
    "NUMERIC",
    "compared",
    "formatted",
    "function",
    "has_places",
    "items_of",
    "method",
    "size",
]

NOT_KNOWN = object()
MOST_ITEMS = 10_000  # of a list, or characters of a text


def size(value: object, most: int = MOST_ITEMS) -> int:
    """How many values a nest of lists and dicts holds; more than `most` where it is too many."""
    waiting, count = [value], 0
    while waiting and count <= most:
        one = waiting.pop()
        count += 1
        if isinstance(one, str):
            count += len(one) // 16
        if isinstance(one, list | tuple | dict):
            waiting += list(one.values() if isinstance(one, dict) else one)[: most + 1]
    return count


def items_of(value: object) -> list[object] | None:
    """What a loop goes over; None where that is not known, or far too much."""
    if isinstance(value, list | tuple | dict | str | range) and len(value) <= MOST_ITEMS:
        return list(value)
    return None


def has_places(container: object, key: object) -> bool:
    """Whether a list or dict has its items under such keys."""
    if isinstance(container, list):
        return isinstance(key, int | slice)
    return isinstance(container, dict) and is_scalar(key)


def _numbers(values: Sequence[object]) -> bool:
    return all(isinstance(one, int | float) for one in values)


def _least_or_most(which: Callable[..., Any]) -> Callable[..., object]:
    def chosen(*values: object) -> object:
        several = items_of(values[0]) if len(values) == 1 else list(values)
        return which(several) if several and _numbers(several) else NOT_KNOWN

    return chosen


def _list(kind: Callable[[Iterable[object]], object]) -> Callable[..., object]:
    def made(value: object = ()) -> object:
        items = items_of(value)
        return NOT_KNOWN if items is None else kind(items)

    return made


def _number(kind: Callable[[Any], object]) -> Callable[..., object]:
    def made(value: object = 0, *more: object) -> object:
        if more or not isinstance(value, int | float | str) or len(str(value)) > 40:
            return NOT_KNOWN
        return kind(value)

    return made


def _length(value: object) -> object:
    return len(value) if isinstance(value, list | tuple | dict | str | range) else NOT_KNOWN


def _range(*values: object) -> object:
    whole = all(isinstance(one, int) and abs(one) < 2**62 for one in values)
    return range(*values) if whole and 1 <= len(values) <= 3 else NOT_KNOWN  # type: ignore[call-overload]


def _sum(value: object) -> object:
    items = items_of(value)
    return sum(items) if items is not None and _numbers(items) else NOT_KNOWN  # type: ignore[arg-type]


def _zip(*values: object) -> object:
    several = [items_of(one) for one in values]
    known = [one for one in several if one is not None]
    return list(zip(*known, strict=False)) if len(known) == len(several) else NOT_KNOWN


def _enumerate(value: object, start: object = 0) -> object:
    items = items_of(value)
    if items is None or not isinstance(start, int):
        return NOT_KNOWN
    return list(enumerate(items, start))


def _sorted(value: object) -> object:
    items = items_of(value)
    return sorted(items) if items is not None and _numbers(items) else NOT_KNOWN  # type: ignore[type-var]


def _dict(*values: object, **named: object) -> object:
    if not values:
        return named
    return {**values[0], **named} if isinstance(values[0], dict) else NOT_KNOWN


FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "abs": lambda value: abs(value) if isinstance(value, int | float) else NOT_KNOWN,
    "bool": lambda value=False: bool(value) if is_scalar(value) else NOT_KNOWN,
    "dict": _dict,
    "enumerate": _enumerate,
    "float": _number(float),
    "int": _number(int),
    "len": _length,
    "list": _list(list),
    "max": _least_or_most(max),
    "min": _least_or_most(min),
    "range": _range,
    "reversed": _list(lambda items: list(items)[::-1]),
    "round": lambda value, *more: round(value, *more) if _numbers([value, *more]) else NOT_KNOWN,
    "sorted": _sorted,
    "str": lambda value="": str(value) if is_scalar(value) else NOT_KNOWN,
    "sum": _sum,
    "tuple": _list(tuple),
    "zip": _zip,
    "ceil": lambda value: math.ceil(value) if _numbers([value]) else NOT_KNOWN,
    "floor": lambda value: math.floor(value) if _numbers([value]) else NOT_KNOWN,
}


# What these make of an open number is as open as the number itself.
NUMERIC = ("abs", "float", "int", "max", "min", "round", "ceil", "floor")


def function(name: str, positional: Sequence[object], named: Mapping[str, object]) -> object:
    """What a function returns."""
    try:
        return FUNCTIONS[name](*positional, **named)
    except (ArithmeticError, TypeError, ValueError):
        return NOT_KNOWN


def method(
    value: object, name: str, positional: Sequence[object], named: Mapping[str, object]
) -> object:
    """What a method of a list, a dict or a text returns; lists and dicts are changed by theirs."""
    try:
        if isinstance(value, list) and not named:
            return _method_of_list(value, name, *positional)
        if isinstance(value, dict):
            return _method_of_dict(value, name, *positional, **named)
        if isinstance(value, str):
            return _method_of_text(value, name, positional, named)
    except (IndexError, KeyError, TypeError, ValueError):
        pass
    return NOT_KNOWN


def _method_of_list(value: list[object], name: str, *given: Any) -> object:
    if len(value) > MOST_ITEMS:
        return NOT_KNOWN
    match name:
        case "append":
            value.append(*given)
        case "extend" if (items := items_of(given[0])) is not None:
            value.extend(items)
        case "insert" if isinstance(given[0], int):
            value.insert(given[0], given[1])
        case "pop" if all(isinstance(one, int) for one in given):
            return value.pop(*given)
        case "reverse":
            value.reverse()
        case "clear":
            value.clear()
        case "sort" if not given:
            value.sort()
        case "remove" if all(map(is_scalar, (*value, *given))):
            value.remove(*given)
        case "count" | "index" if all(map(is_scalar, (*value, *given))):
            return getattr(value, name)(*given)
        case "copy":
            return list(value)
        case _:
            return NOT_KNOWN
    return None


def _method_of_dict(value: dict[object, object], name: str, *given: Any, **named: Any) -> object:
    match name:
        case "get" if is_scalar(given[0]):
            return value.get(*given)
        case "items":
            return list(value.items())
        case "keys":
            return list(value)
        case "values":
            return list(value.values())
        case "copy":
            return dict(value)
        case "update" if all(isinstance(one, dict) for one in given):
            value.update(*given, **named)
            return None
        case "pop" | "setdefault" if is_scalar(given[0]):
            return getattr(value, name)(*given)
        case "clear":
            value.clear()
            return None
    return NOT_KNOWN


def _method_of_text(
    value: str, name: str, given: Sequence[object], named: Mapping[str, object]
) -> object:
    if name == "format":
        short = len(value) < 1_000 and not re.search(r"\d{3}|\{[^}]*[{!.\[]", value)
        plain = all(map(is_scalar, (*given, *named.values())))
        return value.format(*given, **named) if short and plain else NOT_KNOWN
    if name in ("lower", "upper", "strip", "title", "capitalize") and not given:
        return getattr(value, name)()
    if name in ("startswith", "endswith") and all(isinstance(one, str) for one in given):
        return getattr(value, name)(*given)
    if name == "join" and given and (items := items_of(given[0])) is not None:
        texts = [one for one in items if isinstance(one, str)]
        if len(texts) == len(items) and len(value) * len(items) < MOST_ITEMS:
            return value.join(texts)
    return NOT_KNOWN


def formatted(value: object, specification: str = "") -> object:
    """A value as an f-string writes it."""
    if not is_scalar(value) or re.search(r"\d{3}", specification):
        return NOT_KNOWN
    try:
        return format(value, specification)
    except (TypeError, ValueError):
        return NOT_KNOWN


def compared(left: object, operation: str, right: object) -> object:
    """What a comparison says, by the name of its operation in Python's syntax tree."""
    if operation in ("Is", "IsNot"):
        same = left is right or (is_scalar(left) and is_scalar(right) and left == right)
        return same == (operation == "Is")
    if operation in ("In", "NotIn"):
        items = items_of(right)
        if items is None or not all(map(is_scalar, (left, *items))):
            return NOT_KNOWN
        inside = (
            left in right if isinstance(right, str) and isinstance(left, str) else left in items
        )
        return inside == (operation == "In")
    if not _flat(left) or not _flat(right):
        return NOT_KNOWN
    try:
        match operation:
            case "Eq":
                return left == right
            case "NotEq":
                return left != right
            case "Lt":
                return left < right  # type: ignore[operator]
            case "LtE":
                return left <= right  # type: ignore[operator]
            case "Gt":
                return left > right  # type: ignore[operator]
            case "GtE":
                return left >= right  # type: ignore[operator]
    except TypeError:
        pass
    return NOT_KNOWN


def _flat(value: object) -> bool:
    """Whether comparing it is quick: no lists in lists."""
    if isinstance(value, list | tuple):
        return len(value) <= MOST_ITEMS and all(map(is_scalar, value))
    return is_scalar(value)
