"""What code can name without a library: builtins and modules, each of them listed."""

from __future__ import annotations

import ast
import bisect
import builtins
import collections
import contextlib
import dataclasses
import enum
import functools
import heapq
import itertools
import json
import math
import operator
import re
import string
import types
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import getattr_static
from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.nest import within
from rnnshape.reading.python import progress
from rnnshape.reading.python.objects import (
    copy_of,
    deep_copy,
    delete_attribute,
    is_instance,
    is_of_unknown_class,
    known,
    maker_of,
    setter_of,
    vars_of,
)
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.stand_in import StandIn, exact, hook, is_free, is_of_code, stored_name
from rnnshape.reading.python.streams import Stream, managed


def formatted(text: Any, /, *values: object, **named: object) -> str:
    """`str.format`, which would reach what is in a value, and whatever width a value says."""
    if re.search(r"\{[^{}:!]*[.\[]|\{[^{}]*:[^{}]*(\{|\d{4})", text):
        raise IsOpenError(Open("a format", "this format is not read"))
    return str.format(text, *values, **named)


def unchanged(*values: object, **_: object) -> object:
    """A decorator that leaves a function what it is, with arguments of its own or without."""
    first = next(iter(values), None)
    return first if callable(first) else unchanged


def wraps(function: Any, *_: object, **__: object) -> Any:
    """What gives a function of the code the name of another."""

    def named(inner: Any) -> Any:
        if body_of(inner) is not None and body_of(function) is not None:
            inner.__name__ = inner.__qualname__ = function.__name__
        return inner

    return named


OF_MANY = (len, max, min, sum, set, sorted, list, tuple, dict)  # of things that are not numbers


def is_of_many(node: ast.AST, function: object) -> bool:
    """Whether it is `len(words)`, `max(sizes)` or the like: of something that is no number."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1):
        return False
    return function in OF_MANY and node.func.id == getattr(function, "__name__", "")


def is_of_numbers(parts: Sequence[object], row: object) -> bool:
    """Whether `max` and `min` go over numbers, as far as it is known, and not over pairs."""
    values = parts[0] if len(parts) == 1 and isinstance(parts[0], list | tuple) else [row]
    return not any(isinstance(value, list | tuple) for value in values)


def singledispatch(_: object) -> Any:
    raise IsOpenError(Open("a function", "what singledispatch makes of it is not read"))


def total_ordering(kind: Any) -> Any:
    """Python's own, for classes of the code."""
    return functools.total_ordering(kind) if is_of_code(kind) else kind


class Abstract:
    """`abc.ABC`: nothing is made of a class while a method of it is abstract."""

    def __init_subclass__(cls, **named: object) -> None:
        super().__init_subclass__(**named)
        found = {name: getattr(cls, name, None) for name in dir(cls)}
        abstract = {word for word in found if getattr(found[word], "__isabstractmethod__", False)}
        cls.__abstractmethods__ = frozenset(abstract)  # type: ignore[attr-defined]


def _abstract(method: Any) -> Any:
    """`abc.abstractmethod`: it marks the code's own functions, and nothing else."""
    if body_of(method) is not None:
        method.__isabstractmethod__ = True
    return method


def dataclass(kind: Any = None, *, slots: bool = False, **options: Any) -> Any:
    """Python's own, for classes of the code. It runs a text that has the fields' names in it.
    Without a docstring it would write the defaults into one, and with slots it would make another
    class."""
    if kind is None:
        return functools.partial(dataclass, **options)
    if not is_of_code(kind):
        raise TypeError("this is no class of the code")
    for base in kind.__mro__:
        annotated = vars(base).get("__annotations__", {})
        if type(annotated) is not dict or not all(map(_is_identifier, annotated)):
            raise TypeError("the names of fields must be identifiers")
        if not all(is_free(kind, name) and stored_name(kind, name) == name for name in annotated):
            raise TypeError("these names of fields are not read")
    # code may change its own while it is gone over
    kind.__annotations__ = {**vars(kind).get("__annotations__", {})}
    kind.__doc__ = kind.__doc__ or "a dataclass"
    return dataclasses.dataclass(kind, **options)


def field(name: str, annotation: ast.expr) -> dict[str, object]:
    """What an annotation of a class makes of a name, as far as a dataclass asks for it."""
    text = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
    word = str(text).partition("[")[0].rpartition(".")[2]
    known = {"InitVar": dataclasses.InitVar(object), "KW_ONLY": dataclasses.KW_ONLY}
    return {} if word == "ClassVar" else {name: known.get(word)}


def _is_identifier(name: object) -> bool:
    """Whether a field or member may be called so; others lead to what Python keeps of an object."""
    return type(name) is str and name.isidentifier() and not name.startswith("__")


def asdict(value: Any) -> Any:
    if isinstance(value, list | tuple):
        made = map(asdict, value)
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    if isinstance(value, dict):
        return {key: asdict(one) for key, one in value.items()}
    kind = type(value)  # what is open is a dataclass, too
    is_one = is_of_code(kind) and dataclasses.is_dataclass(kind)
    names = [one.name for one in dataclasses.fields(kind)] if is_one else []
    return {name: asdict(getattr(value, name)) for name in names} if is_one else value


def replaced(value: Any, **changes: Any) -> Any:
    if not is_of_code(type(value)) or "__dataclass_fields__" in vars(value):  # which it trusts
        raise TypeError("replace() should be called on dataclass instances")
    return dataclasses.replace(value, **changes)


def namedtuple(name: str, fields: Any, **more: Any) -> type:
    """Python's own, which takes nothing but names, as a class of the code."""
    return collections.namedtuple(name, fields, **{**more, "module": "__main__"})


class EnumMeta(enum.EnumMeta):
    """The class of an `Enum`, which makes another of nothing but names, and members of nothing but
    values: Python sets what it says of a member, whatever `__new__` of the code gives for it."""

    def __new__(cls, name: str, bases: Any, names: Any, **more: Any) -> Any:
        if "__new__" in names or any(body_of(base.__new__) is not None for base in bases):
            raise IsOpenError(Open(name, "an Enum with __new__ is not read"))
        return super().__new__(cls, name, bases, names, **more)

    def __call__(cls, value: Any, names: Any = None, *more: Any, **_: Any) -> Any:
        if names is None:
            return super().__call__(value)
        words = names.replace(",", " ").split() if type(names) is str else names
        is_list = type(words) is list and not more
        if not is_list or not all(map(_is_identifier, words)) or "__" in str(words):
            raise TypeError("the names of an Enum must be identifiers")
        return super().__call__(value, [*words], module="__main__")


class Enum(enum.Enum, metaclass=EnumMeta):
    """`enum.Enum`"""


class IntEnum(enum.IntEnum, metaclass=EnumMeta):
    """`enum.IntEnum`"""


class Generic:
    """`typing.Generic` and `typing.Protocol`: a base that has nothing, whatever it is of."""

    def __class_getitem__(cls, _: object) -> Any:
        return cls


class NamedTuple:
    """`typing.NamedTuple`: a class of the code is made by `namedtuple` where it is the base."""


def enumerated(values: Iterable[object], start: int = 0) -> Iterable[object]:
    """`enumerate`, also of what is known but for how many there are."""
    try:
        return enumerate(values, start)
    except IsOpenError as wrong:
        if wrong.value.row is None:
            raise
        found = dataclasses.replace(wrong.value)
        found.row = Open("a number", is_number=True), found.row
        found.first = None if found.first is None else (start, found.first)
        raise IsOpenError(found) from None


def is_callable(value: object) -> bool:
    if isinstance(value, Open):  # it may be None
        raise IsOpenError(value)
    return callable(value)


GO_OVER = (iter, list, tuple, enumerated)
OF_MATH = (function for name, function in vars(math).items() if name not in ("frexp", "modf"))
NUMBERS = (len, int, float, round, max, min, *filter(callable, OF_MATH))


def grouped(values: Iterable[object], key: Any = None) -> Iterable[object]:
    """`itertools.groupby`, whose groups are gone where the next one is asked for."""
    return [(word, Stream([*group])) for word, group in itertools.groupby(values, key)]


def searched(name: str) -> Callable[..., object]:
    """A function of `re`, of patterns that do not try a text again and again."""

    def search(pattern: str, *given: object, **named: object) -> object:
        plain = re.sub(r"\[[^\]]*\]", "", re.sub(r"\\.", "", pattern))
        texts = (part for part in (*given, *named.values()) if isinstance(part, str))
        longest = max(map(len, texts), default=0)
        sides = len(re.findall(r"(?<!\()[?|]", plain))  # of each, one after the other is tried
        tries = longest ** len(re.findall(r"[*+{]", plain)) << sides
        kinds = {*map(type, given), *map(type, named.values())}
        if tries > 10**7 or re.search(r"\)[*+{]", plain) or not kinds <= {str, int}:
            raise IsOpenError(Open("a search", "what this finds is not read"))
        with warnings.catch_warnings(action="ignore"):
            return getattr(re, name)(pattern, *given, **named)

    return search


SEARCHES = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")
FLAGS = ("A", "ASCII", "I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "X", "VERBOSE")


class Pattern(StandIn):
    """`re.compile(pattern)`"""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        for name in SEARCHES:
            setattr(self, name, functools.partial(searched(name), exact(pattern), flags=flags))


def next_of(stream: Any, *default: object) -> object:
    row = None
    if isinstance(stream, Open):
        row = stream.row if stream.first is None else stream.first
    is_data = all(isinstance(part, Open) or hook(part, "own_is_data") for part in within(row))
    return row if is_data else next(stream, *default)


def type_of(value: object, *more: object) -> type:
    if more:
        raise IsOpenError(Open("a class", "a class that `type` makes is not read"))
    is_of_unknown_class(known(value))
    kind: Any = getattr_static(type(value), "own_seen_as", type(value))
    is_named = kind in NAMED or hook(value, "own_has_class")
    if isinstance(kind, type) and (is_named or is_of_code(kind)):
        return kind
    raise IsOpenError(Open("a type", "the type of this is not read"))


type_of.own_class = type  # type: ignore[attr-defined]


def _exec(*_: object) -> None:
    raise NotReadError("what exec runs is not read: it may change any name")


# functions of Python, as attributes
ASKED: dict[str, Callable[..., Any]] = {
    "__class__": type_of, "__dict__": vars_of, "__setattr__": setter_of, "__new__": maker_of
}  # fmt: skip


def _of(module: Any, names: str) -> dict[str, object]:
    return {name: getattr(module, name) for name in names.split()}


NAMES_OF_PYTHON = """
    abs all any bin bool callable chr classmethod complex dict divmod filter float frozenset hex
    int iter len list map max min object oct ord pow property range repr reversed round set slice
    sorted staticmethod str sum super tuple zip
"""
EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException) and kind is not MemoryError
}  # that of memory ends the reading
BUILTINS: dict[str, object] = {
    **_of(builtins, NAMES_OF_PYTHON),
    **EXCEPTIONS,
    "isinstance": is_instance,
    "issubclass": lambda value, kinds: issubclass(known(value), known(kinds)),
    "type": type_of,
    "callable": is_callable,
    "enumerate": enumerated,
    "next": next_of,
    "vars": vars_of,
    "delattr": delete_attribute,
    "print": lambda *_, **__: None,
    "exec": _exec,
    "__name__": "__main__",
    "__debug__": True,
}
MODULES: dict[str, Mapping[str, object]] = {
    "json": _of(json, "dumps loads"),
    "math": _of(
        math,
        "ceil comb cos e exp factorial floor gcd hypot inf isclose isfinite isqrt lcm log log10"
        " log2 nan perm pi pow prod sin sqrt tan tanh trunc",
    ),
    "functools": {
        **_of(functools, "partial reduce cache lru_cache"),
        "cached_property": lambda function: functools.cached_property(function),
        "wraps": wraps,
        "singledispatch": singledispatch,
        "singledispatchmethod": singledispatch,
        "total_ordering": total_ordering,
    },
    "itertools": {
        "groupby": grouped,
        **_of(
            itertools,
            "accumulate chain combinations compress count cycle dropwhile islice pairwise"
            " permutations product repeat starmap takewhile zip_longest",
        ),
    },
    "heapq": _of(heapq, "heapify heappop heappush heappushpop heapreplace nlargest nsmallest"),
    "bisect": _of(bisect, "bisect bisect_left bisect_right insort insort_left insort_right"),
    "collections": _of(collections, "Counter OrderedDict defaultdict") | {"namedtuple": namedtuple},
    "contextlib": _of(contextlib, "closing suppress nullcontext") | {"contextmanager": managed},
    "dataclasses": {
        "dataclass": dataclass,
        "field": dataclasses.field,
        "asdict": asdict,
        "replace": replaced,
    },
    "re": {
        "escape": lambda text: re.escape(exact(text)),
        "compile": Pattern,
        **{name: searched(name) for name in SEARCHES},
        **{name: int(getattr(re, name)) for name in FLAGS},
    },
    "string": _of(
        string,
        "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable"
        " punctuation whitespace",
    ),
    "types": {"SimpleNamespace": types.SimpleNamespace},
    "enum": {"Enum": Enum, "IntEnum": IntEnum, "auto": enum.auto},
    "abc": {"ABC": Abstract, "ABCMeta": unchanged, "abstractmethod": _abstract},
    "operator": _of(
        operator,
        "add sub mul floordiv truediv mod neg eq ne lt le gt ge itemgetter iadd concat or_ and_"
        " getitem setitem delitem",
    ),
    "copy": {"copy": copy_of, "deepcopy": deep_copy},
    "typing": {
        "cast": lambda _, value: value,
        "TYPE_CHECKING": False,
        "NamedTuple": NamedTuple,
        "TypedDict": dict,
        "Generic": Generic,
        "Protocol": Generic,
    },
    "__future__": {"annotations": None},
    **progress.MODULES,
}
# The types that code has a name for, and two more: `type` of a value is one of them, or the code's.
NAMED = {bytes, type(None)} | {
    kind
    for names in (BUILTINS, *MODULES.values())
    for kind in names.values()
    if isinstance(kind, type)
}
