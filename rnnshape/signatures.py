"""The arguments of every Keras layer that can be asked about: their names, order and defaults.

`signatures.txt` is written from Keras by `tests/tools/make_signatures.py`. It is the allow-list:
what is not in it is never built. The tests compare it with `inspect.signature` of the oldest and
the newest Keras that is supported.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Any


def sections(path: str) -> dict[str, dict[str, str]]:
    """The names of every section of a table, and the text that stands behind each of them."""
    found: dict[str, dict[str, str]] = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("["):
                section = found[line[1:-2]] = {}
            elif not line.startswith(("#", "\n")):
                name, _, rest = line[:-1].partition(" ")
                section[name] = rest
    return found


_SECTIONS = sections(os.path.join(os.path.dirname(__file__), "signatures.txt"))

LAYERS = _SECTIONS["layers"]
# The functions of `keras.ops`.
OPERATIONS = _SECTIONS["ops"]
# What else is in `keras.ops`: functions that run others or take no tensors first, and modules.
OTHER_FUNCTIONS = _SECTIONS["functions"]
# Functions of TensorFlow that have names like those.
OF_TENSORFLOW = _SECTIONS["tensorflow"]
# Functions of two tensors that Python has a sign for: its method, the sign, and the function. `==`
# is none, as it compares the variables.
OPERATORS = {
    "add": ("+", "add"), "sub": ("-", "subtract"), "mul": ("*", "multiply"), "pow": ("**", "power"),
    "truediv": ("/", "true_divide"), "floordiv": ("//", "floor_divide"), "mod": ("%", "mod"),
    "matmul": ("@", "matmul"), "and": ("&", "logical_and"), "or": ("|", "logical_or"),
    "xor": ("^", "logical_xor"), "lt": ("<", "less"), "le": ("<=", "less_equal"),
    "gt": (">", "greater"), "ge": (">=", "greater_equal"), "ne": ("!=", "not_equal"),
}  # fmt: skip
# What a layer's argument may be, beside plain data: `LSTM(3, kernel_regularizer=L2(0.01))`.
ARGUMENT_OBJECTS = {
    module: _SECTIONS[module] for module in ("initializers", "regularizers", "constraints")
}
# The methods of a model that train it or give it data.
METHODS = _SECTIONS["methods"]
# The names of what any layer, model or tensor has, arguments or not.
ATTRIBUTES_OF = {kind: _SECTIONS[f"attributes of {kind}"] for kind in ("layer", "model", "tensor")}
# Other names that Keras has for the same things.
ALIASES = _SECTIONS["aliases"]
# How Keras' functions are named where a layer takes one: `activation=tf.nn.relu` is 'relu'.
ACTIVATIONS = tuple(_SECTIONS["activations"])
OPTIMIZERS, CALLBACKS = _SECTIONS["optimizers"], _SECTIONS["callbacks"]
CHECKED = (*METHODS, *OPTIMIZERS, *CALLBACKS)  # of what code calls, beside layers

# Arguments that are layers, without which nothing is known of the layer around them.
LAYERS_INSIDE = ("layer", "backward_layer", "cell", "cells")
# Keras 2 said of the first layer what it is given: Keras 3 has `Input` for that.
INPUT_ARGUMENTS = ("input_shape", "batch_input_shape", "input_dim", "input_length")

# Layers that take data that is no tensor: lists and text, too.
OF_PLAIN_DATA = ("CategoryEncoding", "Discretization", "HashedCrossing", "Hashing", "Normalization",
                 "Rescaling")  # fmt: skip

# Layers that are never built, and why.
REFUSED = {
    "Lambda": "it runs code",
    "TFSMLayer": "it reads files and runs what they hold",
    "TorchModuleWrapper": "it runs code of another framework",
    "JaxLayer": "it runs code of another framework",
    "FlaxLayer": "it runs code of another framework",
    "StringLookup": "what it makes depends on its vocabulary",
    "IntegerLookup": "what it makes depends on its vocabulary",
    "TextVectorization": "what it makes depends on its vocabulary",
    "Pipeline": "it holds layers that are not recurrent ones",
    "CuDNNLSTM": "Keras 3 has no such layer: LSTM is the same",
    "CuDNNGRU": "Keras 3 has no such layer: GRU is the same",
}


@dataclass(frozen=True)
class Signature:
    """The arguments of one name, in Keras' order.

    Attributes:
        positional: those that may be given without their names.
        required: those that have no default.
        defaults: of all others, what Keras takes where nothing is given.
        tensors: what a layer is called with, or an operation takes, in order: `("query", "value",
            "key", ...)`. A star stands before what may be any number of them.
    """

    positional: tuple[str, ...]
    required: tuple[str, ...]
    defaults: Mapping[str, Any]
    tensors: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return (*self.required, *self.defaults)


@cache
def module_of(name: str) -> str | None:
    """The module of Keras that has a name: `"layers"`, `"initializers"`, ...; None if none has.

    >>> module_of("LSTM"), module_of("L2"), module_of("sum"), module_of("Lambda")
    ('layers', 'regularizers', 'ops', None)
    """
    if name in LAYERS or name == "Input":
        return "layers"
    if name in OPERATIONS:
        return "ops"
    if name == "Sequential":  # which may stand in a layer
        return "models"
    return next((module for module, names in ARGUMENT_OBJECTS.items() if name in names), None)


# Layers whose class has another name than that by which Keras exports it.
OTHER_CLASSES = {"GroupQueryAttention": "GroupedQueryAttention"}


@lru_cache(maxsize=256)
def snake_case(name: str) -> str:
    """How Keras makes the name of a function, or that of a layer, of the name of its class.

    >>> snake_case("KLDivergence"), snake_case("ConvLSTM2D")
    ('kl_divergence', 'conv_lstm2d')
    """
    word = re.sub(r"\W.*", "", OTHER_CLASSES.get(name, name))
    word = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", word)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", word).lower()


def is_operation(name: str) -> bool:
    """Whether a name is that of a function of `keras.ops`."""
    return module_of(name) == "ops"


def is_recurrent(name: str) -> bool:
    """Whether a name is that of a layer that goes through timesteps in one direction.

    >>> is_recurrent("LSTM"), is_recurrent("Bidirectional"), is_recurrent("LSTMCell")
    (True, False, False)
    """
    return module_of(name) == "layers" and "return_sequences" in signature(name).names


@cache
def signature(name: str) -> Signature:
    """The signature of a name that `module_of` knows, or of a method of a model.

    What an operation takes may be a number too, so that its tensors are among its arguments.

    >>> signature("Dropout").positional, signature("Dropout").required
    (('rate', 'noise_shape', 'seed'), ('rate',))
    >>> signature("multiply").tensors, signature("multiply").defaults
    (('x1', 'x2'), {'x1': None, 'x2': None})
    """
    if name == "Sequential":
        return Signature(("layers",), ("layers",), {}, ("inputs",))
    others = (*ARGUMENT_OBJECTS.values(), METHODS, OPTIMIZERS, CALLBACKS)
    tables = (_SECTIONS["inputs"], LAYERS, OPERATIONS, *others)
    takes, _, called = next(table[name] for table in tables if name in table).partition(" -> ")
    tensors = tuple(called[1:-1].split(", ")) if called else ()
    known = replace(_arguments(takes), tensors=tensors)
    if name not in OPERATIONS:
        return known
    numbers = {tensor: None for tensor in tensors if not tensor.startswith("*")}
    return replace(known, defaults={**known.defaults, **numbers})


@cache
def arguments_of(module: str, name: str) -> Signature | None:
    """The arguments of a loss or a metric, by the name of its class; None of any other name.

    >>> arguments_of("losses", "Huber").positional, arguments_of("losses", "huber")
    (('delta', 'reduction', 'name', 'dtype'), None)
    """
    text = _SECTIONS.get(module, {}).get(name)
    return _arguments(text) if text else None


@cache
def names_in(module: str) -> Mapping[str, str]:
    """The classes of losses or metrics by the names that `compile` finds them by.

    >>> names_in("metrics")["binary_accuracy"]
    'BinaryAccuracy'
    """
    return {spelt: name for name in _SECTIONS[module] for spelt in (name, snake_case(name))}


@cache
def defaults_of(name: str) -> Mapping[str, Any]:
    """What Keras takes where an argument is not given; of a name that it does not know, none."""
    return signature(name).defaults if module_of(name) else {}


def _arguments(text: str) -> Signature:
    """The signature that is written in Python's syntax: `(rate, seed=None, **layer)`."""
    parsed = ast.parse(f"def signature{text}: ...").body[0]
    assert isinstance(parsed, ast.FunctionDef)
    given = parsed.args
    positional = tuple(argument.arg for argument in given.args)
    required = positional[: len(positional) - len(given.defaults)]
    optional = (*positional[len(required) :], *(argument.arg for argument in given.kwonlyargs))
    values = (
        ast.literal_eval(default) for default in (*given.defaults, *given.kw_defaults) if default
    )
    defaults = dict(zip(optional, values, strict=True))
    if given.kwarg:  # what every layer takes
        shared = _arguments(_SECTIONS["inputs"]["layer"]).defaults
        defaults |= {name: value for name, value in shared.items() if name not in defaults}
    return Signature(positional, required, defaults)
