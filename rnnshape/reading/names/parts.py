"""The layers of a model, as code asks for them."""

from __future__ import annotations

from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.nest import within
from rnnshape.reading import graph
from rnnshape.reading.names.layers import Layer, stand_in_of
from rnnshape.reading.names.order import layers_in_order
from rnnshape.reading.names.other_layers import InputLayer
from rnnshape.reading.names.session import session
from rnnshape.reading.names.tensors import Tensor, name_given
from rnnshape.signatures import is_operation


def layers_of(model: Any) -> list[Any]:
    """In Keras' order: of a model with a `call` of its own, that in which it is given them."""
    if not model.own_kind:
        held = [value for name, value in vars(model).items() if not name.startswith("own_")]
        parts = (part for part in within(held) if isinstance(part, Layer))
        return [*{id(part): part for part in parts}.values()]
    takes, gives = model.own_flow()
    inputs = session().input_layers
    return [
        inputs.setdefault(one, InputLayer(one)) if isinstance(one, Tensor) else stand_in_of(one)
        for one in layers_in_order(takes, gives, model.own_calls())
        if not (isinstance(one, graph.Layer) and is_operation(one.call.name))
    ]


def layer_named(model: Any, name: Any) -> Any:
    for layer in model.layers:
        if name == (name_given(layer.output) if type(layer) is InputLayer else layer.name):
            return layer
    raise NotReadError(f"this code gives no layer of the model the name {name!r}")
