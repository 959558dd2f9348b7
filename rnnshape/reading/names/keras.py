"""Where code finds all of it: the modules of Keras, TensorFlow and NumPy, and their names."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import version
from inspect import isfunction
from typing import Any

from rnnshape import signatures
from rnnshape.errors import NotReadError, did_you_mean
from rnnshape.nest import rebuilt, within
from rnnshape.reading import graph, keras2
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.compiling import Optimizer, loss_or_metric, optimizer_of
from rnnshape.reading.names.copies import check_loss_of_h5, keep_saved, no_copy, saved_as
from rnnshape.reading.names.data import KERAS_DATA, MODULES_OF_DATA
from rnnshape.reading.names.defaults import SETTING, DTypePolicy, of_backend
from rnnshape.reading.names.functions import (
    FUNCTIONS_AS_LAYERS,
    OF_TENSORS,
    Function,
    activation,
    check_name,
    function_of,
    is_operation,
    no_layer,
)
from rnnshape.reading.names.inputs import Input
from rnnshape.reading.names.layers import Layer, layer_class
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.of_numpy import NUMPY
from rnnshape.reading.names.of_tensorflow import IMAGES, OF_IMAGES, RANDOM_TENSORS
from rnnshape.reading.names.other_layers import (
    InputLayer,
    IntegerLookup,
    Lambda,
    StringLookup,
    TextVectorization,
    UnreadModel,
)
from rnnshape.reading.names.sequential import Sequential
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.settings import Setting
from rnnshape.reading.names.sizes import sizes_of
from rnnshape.reading.names.symbolic_tensors import shape_of_tensorflow, sizes_at_run_time
from rnnshape.reading.names.tensors import Tensor
from rnnshape.reading.names.weights import check_ending, variable, variable_of_tensorflow
from rnnshape.reading.names.wrappers import Wrapper
from rnnshape.reading.python import Doubt, Module, Open, StandIn
from rnnshape.reading.python.allowed import unchanged
from rnnshape.training import losses, metrics

# Modules that code which lacks its imports may name.
USUAL = {
    "np": "numpy", "numpy": "numpy", "tf": "tensorflow", "tensorflow": "tensorflow",
    "keras": "keras", "K": "tensorflow.keras.backend",
    **{name: f"keras.{name}" for name in ("layers", "models", "regularizers", "initializers",
                                          "constraints", "activations", "ops")},
}  # fmt: skip
SUBMODULES = {part for path in keras2.MODULES for part in path.split(".")} | {
    "activations", "api", "applications", "backend", "callbacks", "compat", "config",
    "constraints", "contrib", "datasets", "dtype_policies", "experimental", "initializers",
    "layers", "legacy", "linalg", "losses", "math", "metrics", "mixed_precision", "models", "nn",
    "ops", "optimizers", "preprocessing", "python", "random", "regularizers", "saving", "sequence",
    "train", "utils", "v1", "v2",
}  # fmt: skip
# Gone modules whose names went to several places: each is told of by itself.
PACKAGES = ("keras.engine", "keras.engine.training", "keras.layers.experimental")


def name_of_keras(name: str, path: str = "keras") -> Any:
    """What Keras or TensorFlow has under a name, in any of its modules."""
    if "keras.ops" in path and (absent := check_name(path, name)) is not None:
        return absent
    name = "IdentityInitializer" if name == "Identity" and "initializers" in path else name
    if path == "tensorflow" and name.endswith("_initializer"):  # `tf.zeros_initializer`
        name = name.removesuffix("_initializer").title().replace("_", "")
        path = "keras.initializers"
    of_settings = any(word in path for word in signatures.ARGUMENT_OBJECTS)
    known = signatures.ALIASES.get(name, name)
    module = signatures.module_of(known)
    if (function := loss_or_metric(name, path)) is not None:
        return function
    if name == "shape" and "keras.ops" not in path:
        return shape_of_tensorflow
    if name in CLASSES or name in FUNCTIONS:
        return CLASSES.get(name) or FUNCTIONS[name]
    if name == "get" and (get := GET.get(path.rpartition(".")[2])) is not None:
        return get
    if module == "layers" and not of_settings:
        return layer_class(known)
    if module and module != "layers" and (of_settings or path == "keras"):
        return Setting(known)
    gone = keras2.name(f"keras.layers.{name}")
    if gone is not None and signatures.module_of(gone.code.rpartition(".")[2]) == "layers":
        if session().is_ready_for_none:
            return Open(name, f"this Keras has no {name}")
        session().old_name(name, gone)
        return layer_class(gone.code.rpartition(".")[2])
    if name in signatures.OPTIMIZERS:
        return Optimizer(name, path.endswith("optimizers.legacy"))
    if name in signatures.CALLBACKS:
        return _arguments_are_checked(name)
    if name in signatures.REFUSED:
        why = f"{name} is not answered: {signatures.REFUSED[name]}"
        return Open(name, why, stands_for=name)
    if path.endswith("random") and name in RANDOM_TENSORS:
        return RANDOM_TENSORS[name]
    if name in FUNCTIONS_AS_LAYERS or name in signatures.ACTIVATIONS or is_operation(name):
        return _function(name, path)
    if re.fullmatch(r"(float|int|bfloat|uint)\d+", name):  # a dtype
        return name
    if name in NUMPY and not path.endswith("layers"):
        made = NUMPY[name] if name != "random" else module_of_keras(f"{path}.random")
        return _function(name, path) if isfunction(made) else made
    if ".applications" in path and name[:1].isupper():
        return lambda *_, **named: UnreadModel(f"{name}(...)", **named)
    if ".ops" in path and not name.startswith("_"):
        return function_of(name, path)
    if path.endswith("layers"):
        return no_layer(path, name)
    raise KeyError(name)


def _function(name: str, path: str) -> Function | Open:
    absent = check_name(path, name) if path in OF_TENSORS else None
    return function_of(name, path) if absent is None else absent


class Callback(StandIn):
    """What callbacks of the code derive from."""

    def __init__(self) -> None: ...

    def own_may_have(self, _: str) -> bool:
        return True  # the model that it is given to, and what Keras sets


def _arguments_are_checked(name: str) -> Any:
    """A callback: it changes no shape, and may be given what is gone."""

    def made(filepath: Any = None, *_: Any, **named: Any) -> Open:
        session().check_arguments(name, named)
        if name == "ModelCheckpoint":
            weights = named.get("save_weights_only") is True
            endings = (".weights.h5",) if weights else (".keras", ".h5")
            check_ending(name, filepath, endings)
            keep_saved(None, None if weights else filepath)
        return opened(f"{name}(...)")

    made.__name__ = name
    return made


def _without_gradient(function: Any) -> Any:
    """`@tf.custom_gradient`: the function returns a tensor, and beside it that of its gradient."""

    def made(*given: Any, **named: Any) -> Any:
        both = session().evaluator.really(function, *given, **named)
        return both[0] if isinstance(both, tuple) else both

    return made


def _is_tensor(is_symbolic: bool, x: Any) -> Any:
    """Whether it is a tensor of a model, or one of TensorFlow's, as it may be within a call."""
    if isinstance(x, Tensor):
        return opened() if session().groups else is_symbolic
    return opened() if isinstance(x, Array | Open) else False


def _is_symbolic(x: Any) -> Any:
    """`tf.is_symbolic_tensor(x)`: one of a graph of TensorFlow's own."""
    if isinstance(x, Open):
        return opened()
    if not isinstance(x, Tensor) or graph.are_computed([x]):
        return False
    return session().is_traced() or opened()


def loaded(
    path: Any = None, custom_objects: Any = None, compile: Any = True, *_: Any, **__: Any
) -> Any:
    """A model that a file holds; the one that the code itself has saved there, if it has."""
    with suppress(NotReadError):
        if (saved := saved_as(path, compile is not False)) is not None:
            check_loss_of_h5(path, saved)
            return saved
    file = f"rnnshape {path} reads it" if isinstance(path, str) else "rnnshape reads such a file"
    found = opened("", f"it is loaded from a file: {file}")
    session().loaded.append(found)
    if session().evaluator.trying:
        session().evaluator.doubted.append(Doubt(found, OSError))
    return found


def cloned(model: Any, *more: Any, **named: Any) -> Any:
    """A model of layers that are made in the same way."""
    if more or named or not isinstance(model, Model):
        raise no_copy()
    return model.own_copied()


@cache
def why_unknown(name: str) -> str:
    """Why a name is not known that code calls and defines nowhere; it may be one of Python's."""
    if hasattr(builtins, name):
        return ""
    hint = near_layer(name)
    return f"Keras has no layer {name}{hint}" if hint or name[:1].isupper() else ""


def near_layer(name: str) -> str:
    """Which layer of Keras a name may stand for, as a hint; empty where none is like it.

    >>> near_layer("BiLSTM"), near_layer("Dence")
    ('; did you mean Bidirectional(LSTM(...))?', '; did you mean Dense?')
    """
    recurrent = {
        f"bi{layer}".lower(): layer for layer in filter(signatures.is_recurrent, signatures.LAYERS)
    }
    if (inner := recurrent.get(name.lower().replace("_", ""))) is not None:
        return f"; did you mean Bidirectional({inner}(...))?"
    return did_you_mean(name, (*signatures.LAYERS, "Input", "Sequential"))


CLASSES: dict[str, Any] = {
    "Model": Model,
    "Functional": Model,
    "Sequential": Sequential,
    "Layer": Layer,
    "Input": Input,
    **dict.fromkeys(("DTypePolicy", "Policy"), DTypePolicy),
    **{
        kind.__name__: kind
        for kind in (
            *(Callback, InputLayer, Lambda, Wrapper),
            *(StringLookup, IntegerLookup, TextVectorization),
        )
    },
}
FUNCTIONS_OF_MODELS: dict[str, Any] = {
    "load_model": loaded,
    "clone_model": cloned,
    "model_from_json": Model.from_config,
}
FUNCTIONS: dict[str, Any] = {
    **KERAS_DATA,
    "int_shape": lambda x: sizes_of(x),
    "shape": sizes_at_run_time,
    "executing_eagerly": lambda: False if session().is_traced() else opened(),
    "is_symbolic_tensor": _is_symbolic,
    "is_tensor": partial(_is_tensor, False),
    "is_keras_tensor": partial(_is_tensor, True),
    "get_source_inputs": lambda tensor, *_: graph.sources_of([tensor]),
    **FUNCTIONS_OF_MODELS,
    "custom_gradient": _without_gradient,
    **dict.fromkeys(("function", "register_keras_serializable"), unchanged),
    **SETTING,
}


# What `from keras.layers import *` and the like give.
LISTED: dict[str, Collection[str]] = {
    "keras": [
        "activations", "applications", "backend", "callbacks", "datasets", "initializers", "layers",
        "losses", "metrics", "models", "ops", "optimizers", "preprocessing", "random", "utils",
        "Input", "Layer", "Loss", "Metric", "Model", "Sequential", "Variable",
    ],
    "layers": (
        *signatures.LAYERS,
        *(name for name, of in signatures.ALIASES.items() if of in signatures.LAYERS),
        *CLASSES,
    ),
    "losses": [losses.CLASSES[name] for name in losses.LOSSES],
    "metrics": [
        name for name in metrics.NAMES if name[0].isupper() and name.lower() not in losses.SHORT
    ],
    "models": ("Functional", "Model", "Sequential", *FUNCTIONS_OF_MODELS),
    "utils": KERAS_DATA,
    "sequence": KERAS_DATA,
}  # fmt: skip
GET = {"activations": activation, "optimizers": optimizer_of}


class KerasModule(Module):
    """`keras`, or any module in it. All of them have all of Keras' names."""

    def __init__(self, path: str) -> None:
        super().__init__(path, self._named)
        self.listed = LISTED.get(path.rpartition(".")[2], ())

    def __call__(self, *_: Any, **__: Any) -> Any:
        """`merge([a, b], mode="concat")`: in Keras 1 some modules were functions."""
        if self.path.endswith((".backend.backend", ".config.backend")):
            return of_backend()
        return opened("", "functions of Keras 1 are not read")

    def _named(self, name: str) -> Any:
        if name == "__version__":
            return version("keras" if "keras" in self.path else "tensorflow")
        if name == "Variable":
            return variable if "keras" in self.path else variable_of_tensorflow
        dotted = f"{self.path}.{name}"
        if name in ("src", "_tf_keras"):
            return module_of_keras(dotted)
        if self.path.endswith("_tf_keras"):
            return module_of_keras("tensorflow.keras")
        if ".src" in self.path:
            return self._of_inner(name)
        if dotted in MODULES:
            return MODULES[dotted]
        module = None if self.path in PACKAGES else keras2.MODULES.get(self.path)
        is_layer = signatures.module_of(name) == "layers" or name.startswith("CuDNN")
        if not (is_layer or dotted in PACKAGES):
            gone = keras2.name(dotted)  # of `merge`, too, that was a function, and is a module here
            is_from = getattr(session().evaluator.node, "module", "") == dotted
            if dotted in keras2.MODULES and (is_from or gone is None):
                gone = keras2.Today(keras2.MODULES[dotted])
            if gone is not None and gone.code != f"{module}.{name}":  # the module is noted, too
                if gone.keras3 == "refused" and session().is_ready_for_none:
                    return Open(dotted, f"this Keras has no {dotted}")
                session().old_name(dotted, gone)
        of_ops = self.path.endswith("keras.ops") and name in ("image", "linalg", "numpy")
        is_package = self.path.endswith("applications") and name.islower()
        if name in SUBMODULES or of_ops or is_package:
            return module_of_keras(f"{self.path}.{name}")
        return name_of_keras(name, self.path)

    def _of_inner(self, name: str) -> Any:
        """What `keras.src.layers.rnn.lstm` has under a name: what `keras.layers` has, a module in
        it, or what is no part of Keras' API, which is open."""
        dotted = f"{self.path}.{name}"
        part, *further = self.path.partition(".src")[2].split(".")[1:] or [""]
        is_folder = part == "layers" and len(further) == 1  # `layers.merging.concatenate`
        if name in SUBMODULES or (is_folder and name.islower()):
            return module_of_keras(dotted)
        is_gone = f"keras.{part}" in (*keras2.MODULES, *PACKAGES)
        public = f"keras.{part}" if part in SUBMODULES and not is_gone else "keras"
        found: Any = Open(dotted)
        if part in ("backend", "ops"):
            found = function_of(name, "keras.ops") if is_operation(name) else found
        elif not any(keras2.name(f"{path}.{name}") for path in (public, "keras.layers")):
            path = public.replace("keras.layers", "keras.api.layers")  # which may have private ones
            found = module_of_keras(path).under(name)
        return module_of_keras(dotted) if isinstance(found, Open) and name.islower() else found


NESTS = Module("keras.tree", {
    "flatten": lambda nest: list(within(nest)),
    "map_structure": lambda change, nest: rebuilt(nest, change),
})  # fmt: skip


@cache
def module_of_keras(path: str) -> KerasModule:
    return KerasModule(path)


def module_named(path: str) -> object:
    return MODULES[path] if path in MODULES else module_of_keras(path)


class Names(dict[str, Any]):
    """All that code may use without importing it: code that is pasted lacks its imports."""

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True

    def __missing__(self, name: str) -> Any:
        if name in USUAL:
            return module_named(USUAL[name])
        if name in FUNCTIONS_AS_LAYERS:
            return function_of(name, "keras.layers")
        if not (name[:1].isupper() or name in ("l1", "l2", "l1_l2")):
            raise KeyError(name)
        return name_of_keras(name)


MODULES: dict[str, object] = {
    **{
        path: module_of_keras(path)
        for path in ("keras", "tensorflow", "tf_keras", "tensorflow.keras.backend")
    },
    "keras_core": module_of_keras("keras"),  # its name before it was released as Keras 3
    "six.moves": Module("six.moves", {"range": range, "xrange": range, "zip": zip, "map": map}),
    **dict.fromkeys(("keras.tree", "tensorflow.nest"), NESTS),
    OF_IMAGES: Module(OF_IMAGES, {name: function_of(name, OF_IMAGES) for name in IMAGES}),
    **MODULES_OF_DATA,
}
NAMES = Names()
