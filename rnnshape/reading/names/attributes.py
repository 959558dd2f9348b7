"""What Keras' layers have under which names, where code asks for that."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

from rnnshape.expression import Call, Unknown, calls_within
from rnnshape.nest import rebuilt
from rnnshape.network import Network
from rnnshape.reading import keras2
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.python import Open, own
from rnnshape.reading.python.stand_in import is_of_code
from rnnshape.signatures import ATTRIBUTES_OF, LAYERS, LAYERS_INSIDE, is_recurrent, signature

WEIGHTS = ("kernel", "recurrent_kernel", "bias", "embeddings", "gamma", "beta")  # that code takes
OF_WEIGHTS = ("filters", "kernel_size", "output_dim", "units")
STATES = ("reset_state", "reset_states")
OF_AXES = ("kernel_size", "strides", "dilation_rate", "pool_size")  # a number for each, or for all
OF_MODELS = ("layers", "get_layer", "add", "inputs", "outputs", "optimizer")
BASES = {  # what a layer is a kind of
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), "RNN"),
    **{f"ConvLSTM{rank}D": "RNN" for rank in (1, 2, 3)},
    **{f"SpatialDropout{rank}D": "Dropout" for rank in (1, 2, 3)},
    "AdditiveAttention": "Attention",
    "ReversibleEmbedding": "Embedding",
}
BIDIRECTIONAL = "Bidirectional"  # it has names of the layers in it, and not its argument


READ_ONLY = {  # of every layer and model
    *("input", "output", "losses", "metrics", "dtype", "compute_dtype", "variable_dtype", "path"),
    *("variables", "trainable_variables", "non_trainable_variables", "metrics_variables"),
    *("weights", "trainable_weights", "non_trainable_weights", "input_dtype"),
}


def as_attribute(owner: object, name: str, value: Any) -> Any:
    """What a layer or model keeps of what code gives it under a name."""
    _check_writable(owner, name)
    return value if name.startswith("own_") else as_tracked(value)


def _check_writable(owner: object, name: str) -> None:
    """Raises Python's error where code sets what Keras only computes."""
    if name not in READ_ONLY:  # as nearly all that is set
        return
    of_code = [kind for kind in type(owner).__mro__ if is_of_code(kind)]
    if of_code and not any(name in vars(kind) for kind in of_code):
        kind = type(owner).__name__
        raise AttributeError(f"property {name!r} of {kind!r} object has no setter")


def as_tracked(value: Any) -> Any:
    """What Keras keeps of a list, dictionary or set: a copy, in which it finds layers; what code
    does with its own later is not seen. Of a `defaultdict` it is a plain dictionary."""
    kind = type(value)
    if kind is tuple or kind is list:
        return kind(map(as_tracked, value))
    if isinstance(value, dict) and not is_of_code(kind):
        made = {key: as_tracked(part) for key, part in value.items()}
        return OrderedDict(made) if kind is OrderedDict else made
    return set(value) if kind is set else value


def keeps(layer: str, name: str) -> bool:
    """Whether a layer has an argument under its name; that of the layer itself it may be given."""
    is_gone = name in ("weights", "name") or (layer, name) == (BIDIRECTIONAL, "layer")
    return not is_gone and name in signature(layer).names


def check_settable(made: Any, name: str) -> None:
    """A layer that is made keeps the arguments of its cell, and a cell the size of its state; one
    that has weights keeps them."""
    layer = made.own_keras_name
    cell, message = f"{layer}Cell", f"{name} of {layer} can't be set once the layer is made: "
    if name in OF_WEIGHTS and session().first_call(made):
        because = opened(f"{layer}.{name}", f"its {name} is changed when it has its weights")
        made.own_layer.unread = unknown_of(because)
    if cell in LAYERS and name != "seed" and name in signature(cell).positional:
        session().problem(f"{message}give it as it is made", words="object has no setter")
    elif layer.endswith("Cell") and name == "units":
        session().problem(f"{message}its state has the size that it was made with")


def methods(layer: str) -> tuple[str, ...]:
    """Those that only some layers have."""
    return STATES if is_recurrent(layer) or layer == BIDIRECTIONAL else ()


def may_have(layer: str, name: str, *, is_model: bool) -> bool:
    """Whether a model, or a layer, of Keras where its name is given, may have what is neither an
    argument of it nor of another."""
    kinds = ("layer", "model")[: 1 + is_model]
    if any(name in ATTRIBUTES_OF[kind] for kind in kinds):
        return True
    is_of_cell = layer.endswith(("Cell", "Cells")) and name == "output_size"
    is_scale = layer.endswith("Normalization") and name in ("gamma", "beta")
    is_of_any = layer == BIDIRECTIONAL or name in ("cell", "weights") or name not in _known()
    return bool(layer) and (is_of_cell or is_scale or is_of_any)


def as_kept(layer: str, name: str, said: Any) -> Any:
    """What a layer makes of an argument: the dtype of its weights, a size for each of its axes, of
    what it computes from data nobody knows what."""
    if layer == "Normalization" and name in ("mean", "variance"):
        return opened(f"{layer}.{name}", f"its {name} comes from data")
    if name == "backward_layer" and said is None:  # Keras makes one of what is not read
        return opened(f"{layer}.{name}", "what it is made of is not read")
    if name == "data_format" and said is None:
        return session().defaults.get(name) or "channels_last"
    if name == "dtype":
        return said if isinstance(said, str) and not said.startswith("mixed") else "float32"
    rank = re.search(r"\d(?=D)", layer)
    return (said,) * int(rank[0]) if rank and name in OF_AXES and type(said) is int else said


def parts(layer: Call | None) -> dict[str, Call]:
    """The layers that Keras makes within one of it, under the names that it has for them."""
    if layer is None:  # it is not made yet
        return {}
    kind = f"{layer.name}Cell"
    if layer.name == BIDIRECTIONAL and isinstance(forward := layer["layer"], Call):
        turned = (("go_backwards", not forward["go_backwards"]),)
        backward = replace(forward, arguments=forward.without("go_backwards").arguments + turned)
        given: Any = layer["backward_layer"] or backward
        return {
            "forward_layer": _half(forward, "forward_"),
            "backward_layer": _half(given, "backward_"),
        }
    if kind in LAYERS:
        others = [word for word, _ in layer.arguments if word not in signature(kind).names]
        return {"cell": replace(layer.without("name", *others), name=kind)}
    return {}


def with_trained(layer: Call, value: Any) -> Call:
    """The same layer, of which it is set whether it is trained: also of those that it is given."""

    def changed(part: Any) -> Any:
        return with_trained(part, value) if isinstance(part, Call) else part

    words = {
        word: rebuilt(part, changed, tuple) if word in (*LAYERS_INSIDE, "layers") else part
        for word, part in layer.arguments
    }
    if layer.name in LAYERS and keeps(layer.name, "trainable"):
        words["trainable"] = value
    made = replace(layer, arguments=tuple(words.items()))
    return made.without("trainable") if value is True else made


def trained_as(layer: Call, value: Any, why: Unknown | None = None) -> Call:
    """The same; where it is open, because of `why` or as the value is, so is the argument alone:
    no shape depends on it."""
    given = value if why is None else replace(why, name="...")
    if not isinstance(given, Unknown):
        return with_trained(layer, given)
    others = (pair for pair in layer.left_open if pair[0] != "trainable")
    return replace(layer.without("trainable"), left_open=(*others, ("trainable", given)))


def may_be_trained(model: Any, name: str, why: Open) -> None:
    """`for layer in model.layers[:n]: layer.trainable = False`, of which nobody knows how many."""
    for layer in (own(part, "own_layer") for part in model.own_layers if name == "trainable"):
        if layer is not None and layer.unread is None:
            layer.call = trained_as(layer.call, None, unknown_of(why))


def may_be_set(layer: Any, names: Collection[str], because: Open) -> None:
    """Arguments of a layer may be others by now: whether it is trained, no shape depends on."""
    made = own(layer, "own_layer")
    for name in names if made is not None and made.unread is None else ():
        if name == "trainable":
            made.call = trained_as(made.call, None, unknown_of(because))
        elif layer.own_keras_name and keeps(layer.own_keras_name, name):
            made.unread = unknown_of(because)


def frozen(network: Network) -> Network:
    """What a model is that is not trained itself, whatever its layers are."""
    steps = (replace(step, layer=with_trained(step.layer, False)) for step in network.steps)
    return replace(network, steps=tuple(steps))


def trained_within(layer: Any) -> list[Any]:
    """What is said of each layer in one whether it is trained."""
    return [call["trainable"] for call in calls_within(layer) if call.name != "Input"]


def _half(layer: Call, word: str) -> Call:
    """What Keras calls the halves of a layer that the code gives a name."""
    if not isinstance(name := layer["name"], str):
        return layer
    named = (("name", word + name.removeprefix(word)),)
    return replace(layer, arguments=layer.without("name").arguments + named)


@cache
def _known() -> set[str]:
    names = {name for layer in LAYERS for name in signature(layer).names}
    return names.union(WEIGHTS, STATES, OF_MODELS, keras2.ATTRIBUTES["layer"])
