"""Networks as JSON and back, for what is said between processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from rnnshape.errors import Place
from rnnshape.expression import Call, Unknown
from rnnshape.network import Dimensions, Input, Network, Question, Ref, Step
from rnnshape.problem import Problem

__all__ = ["as_dict", "from_dict", "tuples"]

TYPES: dict[str, Callable[..., Any]] = {
    kind.__name__: kind
    for kind in (Call, Dimensions, Input, Network, Problem, Question, Ref, Step, Unknown)
}


def as_dict(value: Any) -> dict[str, Any]:
    """What JSON holds of a dataclass: its type and its fields, one level deep.

    >>> as_dict(Ref(1))
    {'type': 'Ref', 'step': 1, 'output': 0}
    """
    named = {one.name: getattr(value, one.name) for one in fields(value)}
    return {"type": type(value).__name__, **named}


def from_dict(received: dict[str, Any]) -> Any:
    """The dataclass again, or a dictionary of other data; a `KeyError` for a type that is unknown.

    >>> from_dict({"type": "Ref", "step": 1, "output": 0})
    Ref(step=1, output=0)
    """
    if "type" not in received:
        return {name: Place(*value) for name, value in received.items()}
    kind = _kind(received.pop("type"))
    return kind(**{name: tuples(value) for name, value in received.items()})


def _kind(name: str) -> Callable[..., Any]:
    if name not in TYPES:  # most questions come without data
        from rnnshape.training.data import Data, Function, TrainingCall, Validation

        TYPES.update({kind.__name__: kind for kind in (Data, Function, TrainingCall, Validation)})
    return TYPES[name]


def tuples(value: Any) -> Any:
    """JSON knows lists alone, where a dataclass has tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value
