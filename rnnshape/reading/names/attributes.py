"""What Keras' layers have under which names, where code asks for that."""

from __future__ import annotations

from functools import cache
from typing import Any

from rnnshape.reading import keras2
from rnnshape.signatures import LAYERS, is_recurrent, signature

WEIGHTS = ("kernel", "recurrent_kernel", "bias", "embeddings", "gamma", "beta")  # that code takes
STATES = ("reset_state", "reset_states")
OF_MODELS = ("layers", "get_layer", "add", "inputs", "outputs", "optimizer")
BIDIRECTIONAL = "Bidirectional"  # it has names of the layers in it, and not its argument


def keeps(layer: str, name: str) -> bool:
    """Whether a layer has an argument under its name."""
    is_gone = name == "weights" or (layer, name) == (BIDIRECTIONAL, "layer")
    return not is_gone and name in signature(layer).names


def methods(layer: str) -> tuple[str, ...]:
    """Those that only some layers have."""
    return STATES if is_recurrent(layer) or layer == BIDIRECTIONAL else ()


def may_have(layer: str, name: str) -> bool:
    """Whether a layer may have what is neither an argument of it nor of another."""
    return layer == BIDIRECTIONAL or name in ("cell", "weights") or name not in _known()


def dtype(said: Any) -> Any:
    """That of its weights."""
    return said if isinstance(said, str) and not said.startswith("mixed") else "float32"


@cache
def _known() -> set[str]:
    names = {name for layer in LAYERS for name in signature(layer).names}
    return names.union(WEIGHTS, STATES, OF_MODELS, keras2.ATTRIBUTES["layer"])
