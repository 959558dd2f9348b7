"""Requests to the child process and its answers, as plain data and as lines of JSON.

The parent writes one `Request` per line. For each, the child writes any number of `Progress`, and a
`Measurement` or a `Failure` for every question of the request. The numbers of a `Measurement`
follow its line as bytes: text would take five times as long and ten times the memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO, TypeAlias

from rnnshape.measuring.arrays import Array
from rnnshape.network import Question
from rnnshape.wire import as_dict, from_dict, tuples

__all__ = [
    "Array",
    "Failure",
    "MeasuredLayer",
    "Measurement",
    "MeasurementError",
    "Message",
    "Progress",
    "Request",
    "decode_request",
    "encode",
    "read",
    "write",
]

Places: TypeAlias = "list[Places] | int"  # a nest of outputs, each by its place among all
BLOCK = 2**20  # bytes that are read or written at once, so that a signal is soon heard


@dataclass(frozen=True, slots=True)
class MeasuredLayer:
    """One layer, as measured.

    Attributes:
        outputs: what it returned, flat.
        nesting: how Keras nests them: `[0, [1, 2], [3, 4]]`.
        holds: for each relation of the rule, whether it is true of these arrays.
        weights: the shapes of `layer.weights`.
        parameters: `layer.count_params()`; of a layer that is called again, 0.
    """

    outputs: tuple[Array, ...]
    nesting: Places
    holds: tuple[bool, ...]
    weights: tuple[tuple[int, ...], ...]
    parameters: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """What `model.predict` returned for one network: its inputs and every layer's answer.

    `rnnshape.measure` makes one; its docstring has an example.

    Attributes:
        labels: for each call that gives data, and each of its labels: Keras' words where the loss
            or a metric refuses them, empty where these take them, None where they were not asked.
    """

    inputs: tuple[Array, ...]
    layers: tuple[MeasuredLayer, ...]
    keras: str
    tensorflow: str
    labels: tuple[tuple[str | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """Questions to be answered together, and whether all numbers are to be brought back."""

    questions: tuple[Question, ...]
    seed: int | None = None
    values: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What the child is doing, and how far it is: `done` of `total` batches, where it can tell."""

    doing: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no measurement, and what to do about it.

    Attributes:
        everything: whether no other question can be measured either.
        certain: whether it can't be the fault of what makes the imports fast.
    """

    reason: str
    remedy: str = ""
    everything: bool = False
    certain: bool = False


Message = Progress | Failure | Measurement


class MeasurementError(Exception):
    """No measurement could be made.

    Attributes:
        reason: what happened, in a line.
        remedy: what to do about it; may be empty.
        stderr_tail: the last lines that TensorFlow wrote, if its process ended unexpectedly.

    >>> str(MeasurementError("TensorFlow is not installed", "pip install tensorflow"))
    'TensorFlow is not installed; pip install tensorflow'
    """

    def __init__(self, reason: str, remedy: str = "", stderr_tail: tuple[str, ...] = ()) -> None:
        self.reason, self.remedy, self.stderr_tail = reason, remedy, stderr_tail
        super().__init__(f"{reason}; {remedy}" if remedy else reason)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.remedy, self.stderr_tail)


def encode(message: Message | Request) -> bytes:
    """One line of JSON, without the numbers of its arrays."""
    return json.dumps(message, default=_as_dict).encode("ascii") + b"\n"


def write(message: Message, send: Callable[[bytes | memoryview], object]) -> None:
    """Sends a message: its line, then the numbers of its arrays, block by block."""
    send(encode(message))
    if isinstance(message, Measurement):
        outputs = (array for layer in message.layers for array in layer.outputs)
        for array in (*message.inputs, *outputs):
            data = memoryview(array.data or b"")
            for start in range(0, len(data), BLOCK):
                send(data[start : start + BLOCK])


def read(stream: BinaryIO) -> Message | None:
    """The next message of a stream; None at its end, also in the middle of a message.

    Raises:
        ValueError: the stream holds something else.

    >>> from io import BytesIO
    >>> read(BytesIO(encode(Progress("predicting", 1, 4))))
    Progress(doing='predicting', done=1, total=4)
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    try:
        message = json.loads(line, object_hook=partial(_from_dict, stream))
    except (KeyError, TypeError, ValueError) as nonsense:
        raise ValueError(f"no message: {line[:60]!r}") from nonsense
    except EOFError:
        return None
    if not isinstance(message, Message):
        raise ValueError(f"no message: {line[:60]!r}")
    return message


def decode_request(line: bytes) -> Request:
    """The request in a line of JSON.

    >>> from rnnshape.network import chain
    >>> from rnnshape.reading import parse
    >>> request = Request((Question(chain([parse("LSTM(3)")])),), seed=7)
    >>> decode_request(encode(request)) == request
    True
    """
    request: Request = json.loads(line, object_hook=partial(_from_dict, BytesIO()))
    return request


def _as_dict(value: Any) -> dict[str, Any]:
    """What JSON holds of a dataclass: its type and its fields, one level deep."""
    named = as_dict(value)
    if isinstance(value, Array) and value.data is not None:
        named["data"] = len(value.data)
    return named


def _from_dict(stream: BinaryIO, received: dict[str, Any]) -> Any:
    """The dataclass again; an array's numbers are what comes next in the stream."""
    kind = received.get("type")
    if kind not in TYPES:
        return from_dict(received)
    received.pop("type")
    if kind == "Array" and received["data"] is not None:
        received["data"] = _bytes(stream, received["data"])
    return TYPES[kind](
        **{name: tuples(value) if name != "nesting" else value for name, value in received.items()}
    )


def _bytes(stream: BinaryIO, size: int) -> bytearray:
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        got = stream.readinto(rest[:BLOCK])  # type: ignore[attr-defined]  # a buffered stream can
        if not got:
            raise EOFError
        rest = rest[got:]
    return data


TYPES: dict[str, Callable[..., Any]] = {
    one.__name__: one for one in (Array, Failure, MeasuredLayer, Measurement, Progress, Request)
}
