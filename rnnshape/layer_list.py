"""The argument `what` of `inspect`, where it is a list of layers in any form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeGuard

from rnnshape.chains import chain
from rnnshape.errors import QueryError, of_type, shortened
from rnnshape.expression import Call, Let, bind
from rnnshape.input_shapes import Shape, shape_of
from rnnshape.network import Dimensions, Question, check_count
from rnnshape.reading import parse
from rnnshape.reading.found import Reading


class HasConfig(Protocol):
    """A Keras layer or model."""

    def get_config(self) -> dict[str, Any]: ...


def is_of_keras(what: object) -> TypeGuard[HasConfig]:
    return callable(getattr(what, "get_config", None))


def reading_of_layers(
    layers: Sequence[object],
    let: Let,
    read: Callable[[str, Let, Dimensions], Reading],
    shapes: Sequence[Shape] | Mapping[str, Shape] = (),
) -> Reading:
    """A chain of layers, given an input of these `shapes`, if there is one."""
    readings: list[Reading] = []
    chained: list[Call | HasConfig] = []
    for at, layer in enumerate(layers):
        check_count(at)
        if let and isinstance(layer, str):
            readings.append(reading := read(layer, let, Dimensions()))
            steps = reading.networks[0].steps
            if len(steps) > 1:
                raise QueryError(f"{shortened(layer)} is not one layer: name each by itself")
            layer = steps[0].layer
        chained.append(_layer(layer, at))
    calls = [layer for layer in chained if isinstance(layer, Call)]
    if all(call.name == "Input" for call in calls) and len(calls) == len(chained):
        raise QueryError('there is no layer in this list: give one, such as ["LSTM(64)"]')
    if len(calls) == len(chained):
        reading = Reading((Question(chain(calls)),))
    else:
        from rnnshape.reading.live import read_object

        given = [*shapes.values()] if isinstance(shapes, Mapping) else shapes
        reading = read_object(chained, given)
    return reading._replace(
        names_used=tuple(name for reading in readings for name in reading.names_used),
        names_open=tuple(name for reading in readings for name in reading.names_open),
    )


def _layer(layer: object, number: int) -> Call | HasConfig:
    """A layer of a list; one of Keras is read as it is."""
    if isinstance(layer, str):
        call = parse(layer)
    elif isinstance(layer, Call):
        call = layer
    elif isinstance(layer, type):
        raise TypeError(f"{layer.__name__} is a class: make a layer of it, {layer.__name__}(...)")
    elif type(layer).__name__ == "InputLayer":
        call = bind("Input", (), {"batch_shape": layer.batch_shape})  # type: ignore[attr-defined]
    elif is_of_keras(layer):
        return layer
    elif number == 0 and hasattr(layer, "shape"):  # what `keras.Input(...)` returns
        call = bind("Input", (), {"batch_shape": shape_of(layer)})
    else:
        raise TypeError(
            f"layer {number + 1} is {of_type(layer)}: give Keras layers, or their expressions"
        )
    if call.name == "Input" and number:
        raise call.error("Input says what the network is given: put it first")
    return call
