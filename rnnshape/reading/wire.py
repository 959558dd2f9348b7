"""A `Reading` as two lines of JSON and back: never by `pickle`, as what was read is hostile."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from rnnshape.errors import NotReadError, Place, QueryError
from rnnshape.expression import Call, Unknown
from rnnshape.network import Dimensions, Input, Network, Question, Ref, Step
from rnnshape.problem import Problem
from rnnshape.reading.found import Reading

__all__ = ["as_dict", "decoded", "encoded", "from_dict", "tuples"]

TYPES: dict[str, Callable[..., Any]] = {
    kind.__name__: kind
    for kind in (Call, Dimensions, Input, Network, Problem, Question, Ref, Step, Unknown)
}


def encoded(said: Reading | QueryError) -> bytes:
    """The lines that places are of, each once, in a line; and what was read in another."""
    lines: dict[str, int] = {}  # a place holds its whole line, and many stand in one

    def of_place(place: Place) -> list[Any]:
        line, *others = place
        return [lines.setdefault(line, len(lines)), *others]

    def of_error(wrong: QueryError) -> dict[str, Any]:
        return {
            "message": wrong.message,
            "place": wrong.place and of_place(wrong.place),
            "is_not_read": isinstance(wrong, NotReadError),
            "others": [of_error(other) for other in wrong.others],
        }

    def of_dataclass(value: Any) -> dict[str, Any]:
        named = as_dict(value)
        if isinstance(value, Call):
            named["places"] = [[word, *of_place(place)] for word, place in value.places.items()]
        return named

    if isinstance(said, QueryError):
        answer: dict[str, Any] = {"error": of_error(said)}
    else:
        answer = {
            "networks": said.networks,
            "messages": [of_error(message) for message in said.messages],
            "refusals": [of_error(message) for message in said.refusals],
            "notes": said.notes,
            "names_used": sorted(said.names_used),
            "names_open": said.names_open,
            "calls": said.calls,
        }
    text = json.dumps(answer, default=of_dataclass)
    return f"{json.dumps([*lines])}\n{text}\n".encode("ascii")


def decoded(first: bytes, second: bytes) -> Reading:
    """What was read, or the `QueryError` that was raised; a `RuntimeError` where it was a bug."""
    lines = json.loads(first)

    def typed(received: dict[str, Any]) -> Any:
        if received.get("type") == "Call":
            places = received["places"]
            received["places"] = {word: _place(place, lines) for word, *place in places}
        return from_dict(received) if "type" in received else received

    answer = json.loads(second, object_hook=typed)
    if "bug" in answer:
        raise RuntimeError(answer["bug"])
    if "error" in answer:
        raise _error(answer["error"], lines)
    return Reading(
        tuple(answer["networks"]),
        tuple(_error(message, lines) for message in answer["messages"]),
        tuples(answer["notes"]),
        frozenset(answer["names_used"]),
        tuple(answer["names_open"]),
        tuple(_error(message, lines) for message in answer["refusals"]),
        tuples(answer["calls"]),
    )


def _error(received: dict[str, Any], lines: Sequence[str]) -> QueryError:
    kind = NotReadError if received["is_not_read"] else QueryError
    place = received["place"]
    wrong = kind(received["message"], place and _place(place, lines))
    wrong.others = tuple(_error(other, lines) for other in received["others"])
    return wrong


def _place(received: Sequence[Any], lines: Sequence[str]) -> Place:
    number, *others = received
    return Place(lines[number], *others)


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
