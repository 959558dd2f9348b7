"""Plain data as JSON and back: so the child that reads is asked, and answers. Never by `pickle`, as
what it has read may be hostile; and nothing comes back that is not of the types of its fields."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from types import SimpleNamespace, UnionType
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints

from rnnshape.errors import IncompleteError, NotReadError, Place, Problem, QueryError
from rnnshape.expression import Call, SizeWhenRun, Unknown
from rnnshape.network import Dimensions, Input, Network, Question, Ref, Step
from rnnshape.training.data import Data, Function, TrainingCall

KINDS = (Call, Data, Dimensions, Function, IncompleteError, Input, Network, NotReadError, Problem,
         QueryError, Question, Ref, SizeWhenRun, Step, TrainingCall, Unknown)  # fmt: skip
TYPES: dict[str, Callable[..., Any]] = {kind.__name__: kind for kind in KINDS}


def as_dict(value: Any) -> dict[str, Any]:
    """What JSON holds of a dataclass or an error: its type and its fields, one level deep, but for
    those that are what they are where nothing is said.

    >>> as_dict(Ref(1))
    {'type': 'Ref', 'step': 1}
    """
    name = type(value).__name__
    if isinstance(value, QueryError):  # one that code could have caught is sent as what it is
        name = next(kind.__name__ for kind in type(value).__mro__ if kind in KINDS)
        named = {"message": value.message, "place": value.place, "others": value.others}
    elif TYPES.get(name) is not type(value):  # a class of the code may be called so
        raise TypeError(f"a {name} is not sent")
    else:
        named = {
            field.name: held
            for field in fields(value)
            if (held := getattr(value, field.name)) is not field.default
        }
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
    if not _test(annotations[name], kind.__module__)(value):
        raise TypeError(f"{name} of a {kind.__name__} is something else")


@cache
def _test(said: Any, module: str) -> Callable[[Any], bool]:
    """Whether a value is what an annotation says, by the names of a module."""
    if isinstance(said, str):
        holder = SimpleNamespace(__annotations__={"said": said})
        found = get_type_hints(holder, vars(sys.modules[module]), TYPES)["said"]
        return _test(found, module)
    if isinstance(said, ForwardRef):  # of a type that holds itself
        return lambda value: _test(said.__forward_arg__, module)(value)
    origin, parts = get_origin(said), get_args(said)
    if origin is Literal:
        return parts.__contains__
    if origin in (Union, UnionType):
        some = [_test(part, module) for part in parts]
        return lambda value: any(test(value) for test in some)
    if origin is Mapping:
        each = _test(parts[1], module)
        return lambda value: type(value) is dict and all(map(each, value.values()))
    if origin is tuple and parts[-1] is ...:
        each = _test(parts[0], module)
        return lambda value: type(value) is tuple and all(map(each, value))
    if origin is tuple:
        tests = [_test(part, module) for part in parts]
        return lambda value: (
            type(value) is tuple
            and len(value) == len(tests)
            and all(test(part) for test, part in zip(tests, value, strict=True))
        )
    kinds: Any = {Any: object, float: (int, float)}.get(said, origin or said)
    return lambda value: isinstance(value, kinds)


def tuples(value: Any) -> Any:
    """JSON knows lists alone, where a dataclass has tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value
