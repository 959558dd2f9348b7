"""The configs of live layers and models, and what stands for a layer that has one."""

from __future__ import annotations

import json
from typing import Any

from rnnshape.reading.config_layers import UnreadLayerError, layer_of
from rnnshape.reading.saved_model import Config
from rnnshape.reading.symbolic import flattened, own_activation_within, own_activations


def stand_in_of(layer: Any) -> Any:
    """What stands for a live layer, or an `UnreadLayerError`."""
    if any("call" in vars(part) for part in flattened(layer)):
        raise UnreadLayerError("its call was replaced")
    config = config_of(layer, type(layer).__name__) | {"module": type(layer).__module__}
    config["config"] |= (alone := own_activations(layer))
    if name := own_activation_within(layer, alone):  # which would be read as Keras' own
        raise UnreadLayerError(f"the activation {name} in it is not Keras' own")
    try:
        return layer_of(config, lambda inner: Config("", {}).model(inner, 1))
    except (AttributeError, KeyError, TypeError):
        raise UnreadLayerError("its config can't be read") from None


def config_of(what: Any, class_name: str) -> dict[str, Any]:
    """The config as JSON has it: lists in place of tuples, and of what is no data a mark."""

    def plain(value: Any) -> Any:
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            return value.item()
        return {"class_name": "function", "config": type(value).__name__}

    try:
        config = json.dumps(what.get_config(), default=plain)
    except Exception as wrong:  # it is the user's own function, which may raise anything
        words = " ".join(str(wrong).split())[:200]
        raise UnreadLayerError(f"its config can't be read: {words}") from None
    return {"class_name": class_name, "config": json.loads(config)}
