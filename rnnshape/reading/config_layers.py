"""The layers of a model's config, as a person would write them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rnnshape.errors import QueryError, printable, shortened
from rnnshape.expression import LARGEST, Call, Unknown, Value, bind
from rnnshape.reading import keras2
from rnnshape.reading.names.attributes import OF_AXES
from rnnshape.reading.names.layers import Layer, layer_class
from rnnshape.reading.names.rows import CELLS
from rnnshape.reading.names.session import session
from rnnshape.reading.python import IsOpenError
from rnnshape.reading.replay import LONGEST_NAME, plain_name
from rnnshape.rules.arguments import changes_no_shape
from rnnshape.rules.registry import makes_layers
from rnnshape.signatures import (
    ACTIVATIONS,
    ALIASES,
    INPUT_ARGUMENTS,
    LAYERS_INSIDE,
    OTHER_CLASSES,
    REFUSED,
    is_recurrent,
    module_of,
    signature,
    snake_case,
)

# What a config has where the layer was given nothing.
FILLED_IN: dict[str, object] = {"activation": "linear", "data_format": "channels_last"}
SPELLED_OUT = {**ALIASES, "uniform": "RandomUniform"}
MODELS = ("Sequential", "Functional", "Model")
NO_LAYER_OF_KERAS = "it is not a layer of Keras"
PACKAGES = ("keras", "tf_keras", "tensorflow", "builtins")

NO_NAME = re.compile(r"[^\w.>]")  # in that of a class; `package>Name` is Keras'

MakeModel = Callable[[Any], Any]


class UnreadLayerError(QueryError):
    """Why one layer of a config can't be read; the others may be. One with an activation that
    `makes_another` shape may return another than Keras says, which does not look at that."""

    makes_another = False


def layer_of(config: Any, make_model: MakeModel) -> Layer:
    """What stands for the layer that a part of a config describes, or an `UnreadLayerError`.

    `make_model` makes what stands for a model that is inside a layer.
    """
    call = _call(config, make_model)
    if call is None or module_of(call.name) != "layers":
        raise UnreadLayerError(REFUSED.get(str(config["class_name"]), NO_LAYER_OF_KERAS))
    made: Layer = layer_class(call.name)(**dict((*call.arguments, *call.left_open)))
    return made


def row_text(class_name: str, name: str) -> str:
    """How a layer is written that is not read; with its name, where a person has given it."""
    is_made_up = name in ("", class_name) or _made_up_by_keras(class_name, name)
    inside = "..." if is_made_up else f"..., name={plain_name(name)!r}"
    return f"{NO_NAME.sub('?', plain_name(class_name))}({inside})"


def _is_keras_config(config: Any) -> bool:
    """Whether Keras itself has a class, which may have the name of one of Keras."""
    module, registered = config.get("module"), str(config.get("registered_name") or "")
    if module is None:  # as HDF5 files have it of all, and others of what is not Keras' own
        return not registered
    return str(module).partition(".")[0] in PACKAGES and ">" not in registered


_NOTHING = object()


def _call(config: Any, make_model: MakeModel) -> Call | None:
    """The call that makes an object of a config: a layer, a cell, an initializer."""
    name = str(config["class_name"])
    name = ALIASES.get(name, name)
    name = next((known for known, word in OTHER_CLASSES.items() if word == name), name)
    if module_of(name) in (None, "ops") or name == "Input" or not _is_keras_config(config):
        return None
    known, words = signature(name), config.get("config") or {}
    if words.get("time_major"):
        raise UnreadLayerError("it has time_major=True, which Keras 3 has not")
    given, left_open = dict[str, Value](), list[tuple[str, Value]]()
    for word, value in words.items():
        if word not in known.names:
            _note_of_no_argument(name, word)
        else:
            argument = _argument(word, value, make_model)
            if argument is _NOTHING and word.endswith("activation"):
                left_open.append((word, Unknown(_own_activation(name, word, value))))
            elif argument is not _NOTHING and not _holds_anyway(name, word, argument):
                given[word] = argument  # type: ignore[assignment]
    missing = [word for word in known.required if word not in given]
    if missing and missing[0] in words:  # a function of the user's own, in `Activation`
        raise UnreadLayerError(f"its {missing[0]} can't be read")
    if missing:
        raise QueryError(f"its config has {name} without {missing[0]}")
    if makes_layers(name):  # which say it themselves, and of which a config has nothing
        given.pop("trainable", None)
    return _as_written(replace(bind(name, (), given), left_open=tuple(left_open)))


def _note_of_no_argument(name: str, word: str) -> None:
    """Notes an argument that keeps this Keras from loading the file."""
    today = keras2.argument(name, word)
    is_taken = today.keras3 != "refused" if today else word in INPUT_ARGUMENTS
    if not is_taken and word != "batch_input_shape":  # which it leaves out
        note = f"this Keras does not load it, as {name} takes no {printable(shortened(word))}"
        session().notes[f"{note}; tf_keras, Keras 2, may" if today else note, None] = None


def _argument(word: str, value: Any, make_model: MakeModel) -> object:
    """An argument as plain data; `_NOTHING` where it can't be, and changes no shape."""
    is_initializer = isinstance(value, dict) and word.endswith("initializer")
    if is_initializer and value.get("class_name") == "Identity":  # as a layer is called, too
        value = {**value, "class_name": "IdentityInitializer"}
    made = _value(value, make_model)
    if made is _NOTHING and word in LAYERS_INSIDE:
        raise UnreadLayerError("what is inside it is not a layer of Keras")
    if made is _NOTHING and not changes_no_shape(word):
        raise UnreadLayerError(f"its {word} can't be read")
    return _for_all_axes(made) if word in OF_AXES else made


def _own_activation(name: str, word: str, value: Any) -> str:
    """What a function is called that is not Keras' own. It may make another shape, but within the
    loop of a recurrent layer."""
    given = value.get("config") if isinstance(value, dict) else value
    function = plain_name(given) if isinstance(given, str) else "a function"
    keeps_shape = isinstance(value, dict) and value.get("keeps_shape")
    if not (keeps_shape or is_recurrent(name) or name in CELLS):
        wrong = UnreadLayerError(f"its {word}, {function}, is not Keras' own")
        wrong.makes_another = True
        raise wrong
    return function


def _value(value: Any, make_model: MakeModel) -> object:
    """A value of a config as plain data or a `Call`; `_NOTHING` of all else."""
    match value:
        case str() if len(value) > LONGEST_NAME:
            raise QueryError("it has a text that is too long for a layer's argument")
        case int() if abs(value) > LARGEST:
            raise QueryError("it has a number that is too large")
        case None | str() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case list() if len(value) <= 1_000:
            parts = [_value(part, make_model) for part in value]
            return _NOTHING if _NOTHING in parts else tuple(parts)
        case {"class_name": "__tuple__", "items": list() as items}:
            return _value(items, make_model)
        case {"class_name": "DTypePolicy", "config": {"name": str() as name}}:
            return name
        case {"class_name": "function", "config": str() as name}:
            return name if name in ACTIVATIONS else _NOTHING
        case {"class_name": str(), "config": dict()}:
            if value["class_name"] in MODELS and _is_keras_config(value):
                try:
                    return make_model(value).own_as_argument()
                except IsOpenError as wrong:
                    raise UnreadLayerError(wrong.value.reason) from None
            call = _call(value, make_model)
            return _NOTHING if call is None else call
    return _NOTHING


def _holds_anyway(name: str, word: str, argument: object) -> bool:
    """Whether an argument says what holds anyway, without it."""
    default = signature(name).defaults.get(word)
    if argument in (default, _for_all_axes(default)):
        return True
    if default is None and argument == FILLED_IN.get(word, _NOTHING):
        return True
    if isinstance(default, float) and isinstance(argument, float | int):
        return math.isclose(default, argument, rel_tol=1e-6)  # it was a float of 32 bits
    if isinstance(default, str) and argument == Call(SPELLED_OUT.get(default, default)):
        return True
    if word == "dtype" and argument == "float32":
        return True
    return word == "name" and isinstance(argument, str) and _made_up_by_keras(name, argument)


def _for_all_axes(sizes: object) -> object:
    """The one number that is meant for each axis, if it is one."""
    if isinstance(sizes, tuple) and len(set(sizes)) == 1:
        return sizes[0]
    return sizes


def _made_up_by_keras(class_name: str, name: str) -> bool:
    """Whether it is a name that Keras has given a layer, as `bidirectional_3`."""
    return bool(re.fullmatch(rf"((forward|backward)_)*{snake_case(class_name)}(_\d+)?", name))


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
        case "BatchNormalization" if isinstance(axis := call["axis"], tuple) and len(axis) == 1:
            return call.having(axis=axis[0])  # as Keras 2 writes it
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
