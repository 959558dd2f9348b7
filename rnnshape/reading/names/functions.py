"""Functions of Keras and TensorFlow: of tensors, or activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from rnnshape import signatures
from rnnshape.errors import QueryError
from rnnshape.nest import within
from rnnshape.reading.names.arguments import holds_tensors
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.layers import layer_class
from rnnshape.reading.names.missing import by_name, check_arguments
from rnnshape.reading.names.of_numpy import NUMPY
from rnnshape.reading.names.of_tensorflow import (
    OF_TENSORFLOW,
    as_of_ops,
    as_of_tensorflow,
    as_tensor,
    is_of_tensorflow,
    sizes_joined,
)
from rnnshape.reading.names.predictions import made_of_data
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.symbolic_tensors import are_computed
from rnnshape.reading.names.tensors import (
    argument,
    called,
    is_operation,
    operation_of_keras,
    tensors_of,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import Open, StandIn
from rnnshape.rules.inputs import OF_A_LIST

FUNCTIONS_AS_LAYERS = {name.lower(): name for name in OF_A_LIST}


class Function(StandIn):
    """A function of Keras or TensorFlow."""

    def __init__(self, name: str, path: str) -> None:
        self.own_name, self.own_path = name, path

    def own_as_argument(self) -> Any:
        """`activation=tf.nn.relu`; another, as `ops.sin`, is what a function of the code is."""
        is_other = is_operation(self.own_name) and self.own_name not in signatures.ACTIVATIONS
        return argument(opened(self.own_name)) if is_other else self.own_name

    def __call__(self, *given: Any, **named: Any) -> Any:
        check_arguments(self.own_path, self.own_name, given, named)
        name = named.pop("name", None)
        is_of_tensors = holds_tensors([*given, *named.values()])
        if is_of_tensors:
            given, named = by_name(self.own_path, self.own_name, given, named)
        given, named = as_of_ops(self.own_name, self.own_path, given, named)
        if not is_of_tensors:
            return self._of_data(given, named)
        if self.own_name == "linear":
            return given[0]
        if ".layers" in self.own_path and self.own_name in FUNCTIONS_AS_LAYERS:
            return self._as_layer(given, named | ({} if name is None else {"name": name}))
        if self.own_path == "tensorflow.keras.backend" or is_of_tensorflow(self.own_path):
            self._refused_outside_of_layers([*given, *named.values()])
        if is_operation(self.own_name):
            return as_of_tensorflow(self, called(self.own_name, given, named))
        _, is_of_ops, module = self.own_path.partition("keras.ops")
        name = f"ops{module}.{self.own_name}" if is_of_ops else self.own_name
        found = opened(f"{name}(...)", f"what {name} makes of a tensor is not known")
        parts = [*within([*given, *named.values()])]
        calls = any(callable(part) and not isinstance(part, Array | Open) for part in parts)
        layer = unread_layer(f"{name}(...)", found, None if calls else 0)  # it has no weights
        return unread_step(layer, tensors_of(parts))

    def _refused_outside_of_layers(self, given: Any) -> None:
        if session().groups or are_computed(tensors_of(given)):
            return
        path = self.own_path.replace("tensorflow", "tf", 1)
        code = operation_of_keras(self.own_name)
        mend = f"write {code}, or call it within a layer" if code else "call it within a layer"
        message = f"{path}.{self.own_name} takes no symbolic tensor in this Keras: {mend}"
        session().problem(message, *filter(None, [code]))

    def _as_layer(self, given: Any, named: dict[str, Any]) -> Any:
        """`layers.concatenate([x, y])`"""
        first, *more = given or [named.pop("inputs")]
        first = first if isinstance(first, list | tuple) else [first]
        if holds_tensors(more):
            raise QueryError(f"{self.own_name} takes its tensors in one list, as [a, b]")
        if more:
            named["axes" if self.own_name == "dot" else "axis"] = more[0]
        return layer_class(FUNCTIONS_AS_LAYERS[self.own_name])(**named)(list(first))

    def _of_data(self, given: Any, named: dict[str, Any]) -> Any:
        is_given = bool(given) or any(isinstance(name, Array | Open) for name in named.values())
        if is_operation(self.own_name) and not is_given:
            raise QueryError(
                f"{self.own_name} is a function of tensors, and no layer: write "
                f"x = Input(...); {operation_of_keras(self.own_name)}(x, ...)"
            )
        functions = NUMPY if ".ops" in self.own_path else OF_TENSORFLOW
        if self.own_name in ("concat", "stack") and (sizes := sizes_joined(given)):
            return sizes
        if self.own_name in functions:
            made = functions[self.own_name](*given, **named)
            return as_tensor(made, self._is_float32(given, named))
        if is_operation(self.own_name):
            return made_of_data(called, self.own_name, given, named)
        return opened(f"{self.own_name}(...)")

    def _is_float32(self, given: Sequence[Any], named: Mapping[str, Any]) -> bool:
        """Whether what it makes surely is of that dtype, which is the usual one."""
        if self.own_name == "cast":
            return getattr(named.get("dtype", given[-1]), "label", "").endswith(".float32")
        return self.own_name in ("ones", "zeros", "one_hot") and "dtype" not in named


@cache
def function_of(name: str, path: str) -> Function:
    """The same each time: code may ask whether `layer.activation is keras.activations.relu`."""
    return Function(name, path.replace("tensorflow.keras.activ", "keras.activ"))


def activation(identifier: Any) -> Any:
    """`keras.activations.get("relu")`: the function of that name; of a function, itself."""
    identifier = "linear" if identifier is None else identifier
    return (
        function_of(identifier, "keras.activations") if isinstance(identifier, str) else identifier
    )
