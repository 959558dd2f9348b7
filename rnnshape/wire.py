"""Plain data as JSON and back: so the child that reads is asked, and answers. Never by `pickle`, as
what it has read may be hostile; and nothing comes back that is not of the types of its fields."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any

from rnnshape.errors import IncompleteError, NotReadError, Place, Problem, QueryError
from rnnshape.expression import Call, SizeWhenRun, Unknown
from rnnshape.network import Dimensions, Input, Network, Question, Ref, Step
from rnnshape.training.data import Data, Function, TrainingCall

KINDS = (Call, Data, Dimensions, Function, IncompleteError, Input, Network, NotReadError, Problem,
         QueryError, Question, Ref, SizeWhenRun, Step, TrainingCall, Unknown)  # fmt: skip
PLAIN = {"Any": object} | {kind.__name__: kind for kind in (bool, int, object, str)}
TYPES: dict[str, Callable[..., Any]] = {kind.__name__: kind for kind in KINDS}


def as_dict(value: Any) -> dict[str, Any]:
    """What JSON holds of a dataclass or an error: its type and its fields, one level deep.

    >>> as_dict(Ref(1))
    {'type': 'Ref', 'step': 1, 'output': 0}
    """
    name = type(value).__name__
    if isinstance(value, QueryError):  # one that code could have caught is sent as what it is
        name = next(kind.__name__ for kind in type(value).__mro__ if kind in KINDS)
        named = {"message": value.message, "place": value.place, "others": value.others}
    elif TYPES.get(name) is not type(value):  # a class of the code may be called so
        raise TypeError(f"a {name} is not sent")
    else:
        named = {field.name: getattr(value, field.name) for field in fields(value)}
    return {"type": name, **named}


def from_dict(received: dict[str, Any]) -> Any:
    """The same again, or a dictionary of places; a `KeyError` for a type that is unknown, and a
    `TypeError` where a field is of another than it says.

    >>> from_dict({"type": "Ref", "step": 1, "output": 0})
    Ref(step=1, output=0)
    """
    if not isinstance(received.get("type"), str):  # an argument may be called so
        return {name: of_fields(Place, value) for name, value in received.items()}
    kind = TYPES[received.pop("type")]
    named = {name: tuples(value) for name, value in received.items()}
    if named.get("place"):
        named["place"] = of_fields(Place, named["place"])
    for name, value in named.items():
        _check(kind, name, value)
    return kind(**named)


def of_fields(kind: type[Any], values: Any) -> Any:
    """A tuple with names, of a list of its fields.

    >>> of_fields(Place, ["LSTM(3)", 0, 4, "", 0])
    Place(line='LSTM(3)', start=0, end=4, where='', cut=0)
    """
    if not isinstance(values, list | tuple):
        raise TypeError(f"these are no fields of a {kind.__name__}")
    for name, value in zip(kind._fields, values, strict=True):
        _check(kind, name, value)
    return kind(*values)


def _check(kind: Any, name: str, value: object) -> None:
    annotations = kind.__annotations__ or kind.__init__.__annotations__  # an error has no fields
    said = annotations[name]
    if not _test(getattr(said, "__forward_arg__", said), kind.__module__)(value):
        raise TypeError(f"{name} of a {kind.__name__} is something else")


@cache
def _test(annotation: str, module: str) -> Callable[[Any], bool]:
    """Whether a value is what an annotation says, by the names of a module."""
    return _test_of(ast.parse(annotation, mode="eval").body, module)


def _test_of(node: ast.expr, module: str) -> Callable[[Any], bool]:
    match node:
        case ast.BinOp(left=left, right=right):
            one, other = _test_of(left, module), _test_of(right, module)
            return lambda value: one(value) or other(value)
        case ast.Subscript(value=ast.Name("tuple"), slice=ast.Tuple([part, ast.Constant()])):
            each = _test_of(part, module)
            return lambda value: type(value) is tuple and all(map(each, value))
        case ast.Subscript(value=ast.Name("tuple"), slice=ast.Tuple(parts)):
            tests = [_test_of(part, module) for part in parts]
            return lambda value: (
                type(value) is tuple
                and len(value) == len(tests)
                and all(test(part) for test, part in zip(tests, value, strict=True))
            )
        case ast.Subscript(value=ast.Name("Mapping"), slice=ast.Tuple([_, part])):
            each = _test_of(part, module)
            return lambda value: type(value) is dict and all(map(each, value.values()))
        case ast.Subscript(slice=ast.Tuple(words)):  # a `Literal`
            allowed = [ast.literal_eval(word) for word in words]
            return lambda value: value in allowed
        case ast.Name(name):
            return _test_of_name(name, module)
    return lambda value: value is None  # of None; and a set is never sent


def _test_of_name(name: str, module: str) -> Callable[[Any], bool]:
    if name == "float":
        return lambda value: isinstance(value, int | float)
    found = PLAIN.get(name) or vars(sys.modules[module]).get(name) or TYPES[name]
    if isinstance(found, type):
        return lambda value: isinstance(value, found)
    alias = found if isinstance(found, str) else str(found)
    return lambda value: _test(alias, module)(value)  # it may hold itself


def tuples(value: Any) -> Any:
    """JSON knows lists alone, where a dataclass has tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value
