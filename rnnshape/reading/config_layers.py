"""The layers of a model's config, as a person would write them."""

from __future__ import annotations

import math
import re
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.expression import LARGEST, Call, Value, bind
from rnnshape.signatures import (
    ACTIVATIONS,
    ALIASES,
    LAYERS_INSIDE,
    REFUSED,
    module_of,
    signature,
)

__all__ = ["NO_LAYER_OF_KERAS", "UnreadLayerError", "layer_of", "plain_name", "sizes_of"]

DEEPEST = 40  # layers within each other
LONGEST_NAME = 200  # characters
# What a config has where the layer was given nothing.
FILLED_IN: dict[str, object] = {"activation": "linear", "data_format": "channels_last"}
SPELLED_OUT = {**ALIASES, "uniform": "RandomUniform"}
# Arguments that are a number for each axis, or one for all.
PER_AXIS = ("kernel_size", "strides", "dilation_rate", "pool_size")
MODELS = ("Sequential", "Functional", "Model")
NO_LAYER_OF_KERAS = "it is not a layer of Keras"


class UnreadLayerError(QueryError):
    """Why one layer of a config can't be read; the others may be."""


def layer_of(config: Any) -> Call:
    """The layer that a part of a config describes, or an `UnreadLayerError`."""
    call = _call(config, 0)
    if call is None or module_of(call.name) != "layers":
        reason = REFUSED.get(str(config["class_name"]), NO_LAYER_OF_KERAS)
        raise UnreadLayerError(reason)
    return call


def plain_name(name: str) -> str:
    """A name that can be shown, whatever the file has."""
    shown = "".join(one if one.isprintable() else "?" for one in name[: LONGEST_NAME + 1])
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}..."


def sizes_of(shape: Any) -> tuple[int | None, ...] | None:
    """A shape as a config has it, if it is one."""
    if isinstance(shape, dict) and shape.get("class_name") == "__tuple__":
        shape = shape.get("items")
    if not isinstance(shape, list) or not 1 <= len(shape) <= 10:
        return None
    for size in shape:
        if size is not None and (
            isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST
        ):
            return None
    return tuple(shape)


def _call(config: Any, depth: int) -> Call | None:
    """The call that makes an object of a config: a layer, a cell, an initializer."""
    name = str(config["class_name"])
    name = ALIASES.get(name, name)
    if module_of(name) is None or name == "Input":
        return None
    known = signature(name)
    given: dict[str, Value] = {}
    for word, value in (config.get("config") or {}).items():
        if word not in known.names:
            continue  # of another version, or nobody's argument
        argument = _argument(word, value, known.defaults.get(word), depth)
        if argument is _NOTHING and value is not None and word in LAYERS_INSIDE:
            raise UnreadLayerError("what is inside it is not a layer of Keras")
        if argument is not _NOTHING and not _is_made_up(name, word, argument):
            given[word] = argument  # type: ignore[assignment]
    missing = [word for word in known.required if word not in given]
    if missing:
        raise QueryError(f"its config has a {name} without {missing[0]}")
    return _as_written(bind(name, (), given))


_NOTHING = object()


def _argument(word: str, value: Any, default: object, depth: int) -> object:
    """An argument as plain data; `_NOTHING` where it says what holds anyway."""
    argument = _value(value, depth + 1)
    if argument is _NOTHING or argument == default:
        return _NOTHING
    if default is None and argument == FILLED_IN.get(word, _NOTHING):
        return _NOTHING
    if isinstance(default, int) and isinstance(argument, tuple) and set(argument) == {default}:
        return _NOTHING
    numbers = isinstance(default, float) and isinstance(argument, float | int)
    if numbers and math.isclose(default, argument, rel_tol=1e-6):  # type: ignore[arg-type]
        return _NOTHING  # it was a float of 32 bits
    if isinstance(default, str) and argument == Call(SPELLED_OUT.get(default, default)):
        return _NOTHING
    if word == "dtype" and argument == "float32":
        return _NOTHING
    return _for_all_axes(argument) if word in PER_AXIS else argument


def _for_all_axes(sizes: object) -> object:
    """The one number that is meant for each axis, if it is one."""
    if isinstance(sizes, tuple) and len(set(sizes)) == 1:
        return sizes[0]
    return sizes


def _value(value: Any, depth: int) -> object:
    """A value of a config as plain data or a `Call`; `_NOTHING` of all else."""
    if depth > DEEPEST:
        raise QueryError("its layers are nested too deeply to be read")
    match value:
        case None | bool():
            return value
        case str():
            if len(value) > LONGEST_NAME:
                raise QueryError("it has a text that is too long for a layer's argument")
            return value
        case int():
            if abs(value) > LARGEST:
                raise QueryError("it has a number that is too large")
            return value
        case float():
            return value if math.isfinite(value) else _NOTHING
        case list():
            if len(value) > 1_000:
                return _NOTHING
            parts = [_value(one, depth + 1) for one in value]
            return _NOTHING if _NOTHING in parts else tuple(parts)
        case {"class_name": "__tuple__", "items": list() as items}:
            return _value(items, depth + 1)
        case {"class_name": "DTypePolicy", "config": {"name": str() as name}}:
            return name
        case {"class_name": "function", "config": str() as name}:
            return name if name in ACTIVATIONS else _NOTHING
        case {"class_name": str(), "config": dict()}:
            call = _call(value, depth + 1)
            if call is None and value["class_name"] in MODELS:
                raise UnreadLayerError("what is inside it is a whole model")
            return _NOTHING if call is None else call
    return _NOTHING


def _is_made_up(name: str, word: str, value: object) -> bool:
    """Whether it is a name that Keras has given the layer, as `bidirectional_3`."""
    if word != "name" or not isinstance(value, str):
        return False
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name))
    return bool(re.fullmatch(rf"((forward|backward)_)*{snake.lower()}(_\d+)?", value))


def _as_written(call: Call) -> Call:
    """The call without what it would have anyway, given its other arguments."""
    match call.name:
        case "Bidirectional":
            return _without_derived_layer(call)
        case "RNN":
            cell = call["cell"]
            stacked = isinstance(cell, Call) and cell.name == "StackedRNNCells"
            if isinstance(cell, Call) and stacked and len(cell.without("name").arguments) == 1:
                return call.having(cell=cell["cells"])
        case name if "Pooling" in name and "strides" in call:
            strides, sizes = call["strides"], call["pool_size"]
            if strides in (sizes, _for_all_axes(sizes)):
                return call.without("strides")
    return call


def _without_derived_layer(call: Call) -> Call:
    """`Bidirectional` without the backward layer that it makes itself of the one inside."""
    layer, backward = call["layer"], call["backward_layer"]
    if not isinstance(layer, Call):
        return call
    layer = _without_side(layer)
    call = call.having(layer=layer)
    if not isinstance(backward, Call):
        return call
    backward = _without_side(backward)
    derived = layer.having(go_backwards=not layer["go_backwards"]).without("name")
    if backward.without("name") == derived:
        return call.without("backward_layer")
    return call.having(backward_layer=backward)


def _without_side(layer: Call) -> Call:
    """The layer inside as it was given: Keras puts `forward_` before its name, and sets one of
    its arguments itself."""
    layer = layer.without("zero_output_for_mask")
    name = layer["name"]
    if not isinstance(name, str) or not name.startswith(("forward_", "backward_")):
        return layer
    return layer.having(name=name.partition("_")[2])
