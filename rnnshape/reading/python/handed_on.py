"""What code hands to something that nobody knows, which may fill it: an empty list, a method that
changes a list; and which methods and functions change what they are of, or are given."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.stand_in import is_of_code

CHANGING = {  # methods that change what a list, set or dictionary holds
    "add", "clear", "difference_update", "discard", "extend", "insert",
    "intersection_update", "pop", "popitem", "remove", "reverse", "rotate", "setdefault", "sort",
    "subtract", "symmetric_difference_update", "update",
}  # fmt: skip
FILLING = {*CHANGING, "append"}
HELD = (list, set, dict)
CHANGE_THE_FIRST = {  # functions that change the array that they are given
    "__iadd__", "__setitem__", "at", "copyto", "fill", "fill_diagonal", "iadd", "nditer", "place",
    "put", "put_along_axis", "putmask", "setitem", "shuffle",
}  # fmt: skip
KEEPING_ORDER = ("heap", "insort")  # how functions begin that add to a list, or take from it


def filled_in(given: Iterable[object]) -> Iterator[object]:
    """The lists, sets and dictionaries that may be filled where they are handed on."""
    for value in given:
        if isinstance(value, HELD) and not is_of_code(type(value)):
            if not value:
                yield value
        elif isinstance(value, BuiltinMethodType) and value.__name__ in FILLING:
            yield value.__self__


def owner_of(called: Any) -> list[object]:
    """The list, set or dictionary that a method of it changes: no more than one."""
    is_method = isinstance(called, BuiltinMethodType | MethodType) and body_of(called) is None
    owner = called.__self__ if is_method and called.__name__ in CHANGING else None
    return [owner] if isinstance(owner, HELD) else []


def functions_of(value: object) -> list[object]:
    """The methods of an object of the code, as it has them."""
    kinds = [kind for kind in type(value).__mro__ if is_of_code(kind)]
    methods = (part for kind in kinds for part in vars(kind).values())
    return [MethodType(part, value) for part in methods if isinstance(part, FunctionType)]


def methods_named(value: object, names: Iterable[ast.expr]) -> list[Any]:
    """Those whose names may be what a text is worth: that of `"build_" + kind` begins so."""
    begins = ""
    for name in names:
        match name:
            case ast.BinOp(left=ast.Constant(str(text))):
                begins = text
            case ast.JoinedStr(values=[ast.Constant(str(text)), *_]):
                begins = text
    kinds = value.__mro__ if isinstance(value, type) else ()
    methods: list[Any] = functions_of(value)
    methods += [one for kind in kinds for one in vars(kind).values() if body_of(one) is not None]
    found = [method for method in methods if method.__name__.startswith(begins)]
    return [method for method in found if method.__name__[:2] != "__" or begins]


def changed_in(node: ast.AST) -> ast.expr | None:
    """What a piece of code changes: `words` of `words.add(one)` and of `words[one] = 2`."""
    match node:
        case ast.Call(func=ast.Attribute(value=held, attr=word)) if word in FILLING:
            return held
        case ast.Subscript(value=held, ctx=ast.Store() | ast.Del()):
            return held
        case ast.Attribute(ctx=ast.Store()):
            return node
    return None
