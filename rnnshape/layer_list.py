"""The argument `what` of `inspect`, where it is a list of layers in any form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard

from rnnshape.chains import chain
from rnnshape.description import describe
from rnnshape.errors import QueryError, of_type, shortened
from rnnshape.expression import Call, Let, bind
from rnnshape.input_shapes import shape_of
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
    *,
    is_given: bool = False,
) -> Reading:
    """A chain of layers. Where no input `is_given`, it is that for which the first was built."""
    readings: list[Reading] = []
    calls: list[Call] = []
    for at, layer in enumerate(layers):
        check_count(at)
        if let and isinstance(layer, str):
            readings.append(reading := read(layer, let, Dimensions()))
            steps = reading.networks[0].steps
            if len(steps) > 1:
                raise QueryError(f"{shortened(layer)} is not one layer: name each by itself")
            layer = steps[0].layer
        calls.append(_layer(layer, at))
    if all(call.name == "Input" for call in calls):
        raise QueryError('there is no layer in this list: give one, such as ["LSTM(64)"]')
    if not is_given and is_of_keras(layers[0]):
        from rnnshape.reading.live import input_of_built

        calls = [*input_of_built(layers[0]), *calls]
    return Reading(
        (Question(chain(calls)),),
        names_used=tuple(name for reading in readings for name in reading.names_used),
        names_open=tuple(name for reading in readings for name in reading.names_open),
    )


def check_weights(parts: Sequence[Any], question: Question) -> None:
    """A `QueryError` where a live layer among them stands there twice, or has other weights already
    than it would have there."""
    if not any(map(is_of_keras, parts)):
        return
    from rnnshape.reading.live import counted, is_model
    from rnnshape.reading.symbolic import flattened

    rows = describe(question.network, question.dimensions).layers
    layers = [layer for part in parts for layer in (part.layers if is_model(part) else [part])]
    layers = [layer if is_of_keras(layer) else None for layer in layers[-len(rows) :]]
    inner = [flattened(layer) for layer in layers]
    times = Counter(id(one) for many in inner for one in many)
    for row, layer, many in zip(rows, layers, inner, strict=False):
        title = f"layer {row.number}, {row.call},"
        if row.parameters != 0 and any(times[id(one)] > 1 for one in many):
            again = "ask for the model, as keras.Sequential([...])"
            raise QueryError(f"{title} stands here twice and has its weights once: {again}")
        if layer is None or row.parameters is None or (held := counted(layer)) is None:
            continue
        shapes = sorted(tuple(one.shape) for one in layer.weights)
        if shapes != sorted(one.shape for one in row.weights):
            has = f"has its weights already, {held:,} parameters, and here would have others,"
            raise QueryError(f"{title} {has} {row.parameters:,}: give it what it was built for")


def _layer(layer: object, number: int) -> Call:
    """A layer of a list."""
    if isinstance(layer, str):
        call = parse(layer)
    elif isinstance(layer, Call):
        call = layer
    elif isinstance(layer, type):
        raise TypeError(f"{layer.__name__} is a class: make a layer of it, {layer.__name__}(...)")
    elif is_of_keras(layer):
        from rnnshape.reading.live import call_of_layer

        call = call_of_layer(layer)
    elif number == 0 and hasattr(layer, "shape"):  # what `keras.Input(...)` returns
        call = bind("Input", (), {"batch_shape": shape_of(layer)})
    else:
        raise TypeError(
            f"layer {number + 1} is {of_type(layer)}: give Keras layers, or their expressions"
        )
    if call.name == "Input" and number:
        raise call.error("Input says what the network is given: put it first")
    return call
