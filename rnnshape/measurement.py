"""What Keras answered, as plain data, and the lines of JSON it travels in between processes.

The child writes one JSON object a line: any number of `Progress`, then an `Answer` or a `Failure`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

from rnnshape.spec import LayerSpec

__all__ = [
    "Answer",
    "Array",
    "Failure",
    "MeasuredLayer",
    "Measurement",
    "MeasurementError",
    "Progress",
    "Request",
]

Nested = list[Any] | float  # an array's numbers, as nested lists


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor that Keras returned: its shape, its dtype and, where asked for, its numbers.

    `text` is how NumPy prints them, long arrays elided; `values` holds them all.

    >>> Array((2, 3), "float32").shape
    (2, 3)
    """

    shape: tuple[int, ...]
    dtype: str
    text: str | None = None
    values: Nested | None = None


@dataclass(frozen=True, slots=True)
class MeasuredLayer:
    """One layer, as measured: `outputs` of `predict`, `holds` for each relation of the rule,
    the shapes of `layer.weights` and `layer.count_params()`.

    >>> MeasuredLayer((Array((2, 3), "float32"),), (), ((1, 12), (3, 12), (12,)), 60).parameters
    60
    """

    outputs: tuple[Array, ...]
    holds: tuple[bool, ...]
    weights: tuple[tuple[int, ...], ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """What `model.predict` returned for one `LayerSpec`: the input and every layer's answer.

    `rnnshape.measure` makes one; its docstring has an example.
    """

    input: Array
    layers: tuple[MeasuredLayer, ...]
    keras: str
    tensorflow: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the child is asked: layers that share one input shape, and which parts of each `Array`
    to bring back beside its shape."""

    specs: tuple[LayerSpec, ...]
    seed: int | None = None
    text: bool = False
    values: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What the child is doing, and how far it is: `done` of `total` batches, where it can tell."""

    doing: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no measurement could be made, and what to do about it."""

    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The input that all layers were given, and the layers of each spec in the request's order."""

    input: Array
    stacks: tuple[tuple[MeasuredLayer, ...], ...]
    keras: str
    tensorflow: str

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """One for each spec of the request, in its order."""
        return tuple(
            Measurement(self.input, stack, self.keras, self.tensorflow) for stack in self.stacks
        )


Message = Progress | Failure | Answer


class MeasurementError(Exception):
    """No measurement could be made.

    Attributes:
        reason: what happened, in a line.
        remedy: what to do about it; may be empty.
        last_words: the last lines that TensorFlow wrote, if it went down.

    >>> str(MeasurementError("TensorFlow is not installed", "pip install tensorflow"))
    'TensorFlow is not installed; pip install tensorflow'
    """

    def __init__(self, reason: str, remedy: str = "", last_words: tuple[str, ...] = ()) -> None:
        self.reason, self.remedy, self.last_words = reason, remedy, last_words
        super().__init__(f"{reason}; {remedy}" if remedy else reason)


def encode(message: Message | Request) -> bytes:
    """One line of JSON, to be read back by `decode` or `decode_request`."""
    line = json.dumps({"type": type(message).__name__, **_fields(message)}, default=_fields)
    return line.encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """The message in a line of JSON; a `ValueError` when the line holds none.

    >>> decode(encode(Progress("predicting", 1, 4)))
    Progress(doing='predicting', done=1, total=4)
    """
    try:
        received = json.loads(line)
        match received.pop("type"):
            case "Progress":
                return Progress(**received)
            case "Failure":
                return Failure(**received)
            case "Answer":
                return _answer(**received)
            case other:
                raise ValueError(other)
    except (AttributeError, KeyError, TypeError, ValueError) as nonsense:
        raise ValueError(f"no message: {line[:60]!r}") from nonsense


def decode_request(line: str) -> Request:
    """The request in a line of JSON."""
    received = json.loads(line)
    specs = tuple(LayerSpec(**one) for one in received["specs"])
    return Request(specs, received["seed"], received["text"], received["values"])


def _fields(message: Any) -> dict[str, Any]:
    """Of a dataclass, one level deep: the numbers of an array are not copied."""
    return {field.name: getattr(message, field.name) for field in fields(message)}


def _answer(input: Any, stacks: Any, keras: str, tensorflow: str) -> Answer:
    read = tuple(tuple(_measured_layer(**one) for one in stack) for stack in stacks)
    return Answer(_array(**input), read, keras, tensorflow)


def _measured_layer(outputs: Any, holds: Any, weights: Any, parameters: int) -> MeasuredLayer:
    return MeasuredLayer(
        tuple(_array(**one) for one in outputs),
        tuple(holds),
        tuple(tuple(shape) for shape in weights),
        parameters,
    )


def _array(shape: Any, dtype: str, text: str | None, values: Nested | None) -> Array:
    return Array(tuple(shape), dtype, text, values)
