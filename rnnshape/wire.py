"""Plain data as JSON and back: so the child that reads is asked, and answers. Never by `pickle`, as
what it has read may be hostile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from rnnshape.errors import IncompleteError, NotReadError, Place, Problem, QueryError
from rnnshape.expression import Call, Unknown
from rnnshape.network import Dimensions, Input, Network, Question, Ref, Step

KINDS = (Call, Dimensions, IncompleteError, Input, Network, NotReadError, QueryError, Question, Ref,
         Step, Unknown)  # fmt: skip
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
    elif _kind(name) is not type(value):  # a class of the code may be called so
        raise TypeError(f"a {name} is not sent")
    else:
        named = {field.name: getattr(value, field.name) for field in fields(value)}
    return {"type": name, **named}


def from_dict(received: dict[str, Any]) -> Any:
    """The same again, or a dictionary of places; a `KeyError` for a type that is unknown.

    >>> from_dict({"type": "Ref", "step": 1, "output": 0})
    Ref(step=1, output=0)
    """
    if not isinstance(received.get("type"), str):  # an argument may be called so
        return {name: Place(*value) for name, value in received.items()}
    kind = _kind(received.pop("type"))
    named = {name: tuples(value) for name, value in received.items()}
    if named.get("place"):
        named["place"] = Place(*named["place"])
    return kind(**named)


def _kind(name: str) -> Callable[..., Any]:
    if name not in TYPES:  # most questions come without data
        from rnnshape.training.data import Data, Function, TrainingCall, Validation

        kinds = (Data, Function, Problem, TrainingCall, Validation)
        TYPES.update({kind.__name__: kind for kind in kinds})
    return TYPES[name]


def tuples(value: Any) -> Any:
    """JSON knows lists alone, where a dataclass has tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value
