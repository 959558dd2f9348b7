"""Configs of saved models, made by hand for what the files of Keras rarely have: `tests/tables/
made_configs.txt` makes them of the functions here."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import titled

__all__ = ["GRU", "MADE", "X", "functional", "given", "model_of", "tensor"]


def model_of(*layers: str, **more: Any) -> str:
    """A `Sequential` of layers as configs have them."""
    held = [json.loads(one) for one in layers]
    return json.dumps({"class_name": "Sequential", "config": {"layers": held, **more}})


def layer(class_name: str, module: str = "keras.layers", /, **config: Any) -> str:
    return json.dumps({"module": module, "class_name": class_name, "config": config})


def tuple_of(*items: Any) -> Any:
    return {"class_name": "__tuple__", "items": items}


def policy(name: str) -> Any:
    return {"class_name": "DTypePolicy", "config": {"name": name}}


def inner(name: str, /, **config: Any) -> Any:
    return {"module": "keras.layers", "class_name": name, "config": config}


def tensor(name: str, node: float = 0, place: int = 0, shape: Any = (None, 5, 2)) -> Any:
    config = {"shape": shape, "dtype": "float32", "keras_history": [name, node, place]}
    return {"class_name": "__keras_tensor__", "config": config}


def called(name: str, made: str, *arguments: Any, **keywords: Any) -> Any:
    """A layer of a functional model, called once."""
    nodes = [{"args": arguments, "kwargs": keywords}]
    return {"name": name, "inbound_nodes": nodes, **json.loads(made)}


def given(name: str, *sizes: int | None) -> Any:
    shape = {"batch_shape": [None, *sizes], "name": name}
    return {"name": name, "class_name": "InputLayer", "config": shape, "inbound_nodes": []}


def functional(inputs: Any, outputs: Any, /, *layers: Any, **more: Any) -> str:
    config = {"layers": layers, "input_layers": inputs, "output_layers": outputs, **more}
    return json.dumps({"class_name": "Functional", "config": config})


def nested(value: Any, depth: int) -> Any:
    """A value in lists within each other."""
    return nested([value], depth - 1) if depth else value


def within(layer: Any, depth: int) -> Any:
    """A layer in `TimeDistributed`s around each other."""
    return within(inner("TimeDistributed", layer=layer), depth - 1) if depth else layer


GRU = layer("GRU", units=3)


def nested_models(depth: int) -> str:
    """A layer in `Sequential`s within each other, one more than `depth`."""
    return model_of(nested_models(depth - 1) if depth else GRU)


LSTM = layer("LSTM", units=3, return_state=True)
X, Y, OPERATION = given("x", 5, 2), given("y", 5, 2), "keras.src.ops.numpy"
MADE: dict[str, str] = {name: eval(made) for name, made in titled("made_configs.txt").items()}
