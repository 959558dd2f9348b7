"""What Keras' names mean: its functions, and the attributes and methods of layers and models."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping, Sequence

from rnnshape.errors import did_you_mean
from rnnshape.reading.code.layers import ARRAYS, is_argument_object
from rnnshape.reading.code.models import Models
from rnnshape.reading.code.values import (
    Built,
    Data,
    Model,
    Named,
    Open,
    Root,
    Stack,
    Unread,
    causes_in,
    causes_of_unread,
)
from rnnshape.reading.graph import (
    Entry,
    Layer,
    Tensor,
    calls_before,
    returned,
    shape_of,
    tensors_in,
)
from rnnshape.signatures import ACTIVATIONS, ALIASES, LAYERS, REFUSED, signature

__all__ = ["Functions", "means_keras"]

MODELS = ("Model", "Functional", "Sequential")
# Functions of tensors that are what a layer does. `x + y` is one of them.
FUNCTIONS_AS_LAYERS = {
    "add": "Add",
    "average": "Average",
    "concat": "Concatenate",
    "concatenate": "Concatenate",
    "dot": "Dot",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "multiply": "Multiply",
    "subtract": "Subtract",
}
OPERATORS = {ast.Add: "Add", ast.Sub: "Subtract", ast.Mult: "Multiply"}


def means_keras(name: Named) -> bool:
    """Whether a name is a layer or model of Keras, or a function that is one."""
    if not name.is_keras:
        return False
    if ALIASES.get(name.word, name.word) in LAYERS or name.word in (*MODELS, *REFUSED):
        return True
    return name.word in FUNCTIONS_AS_LAYERS and _is_of_layers(name)


def _is_of_layers(name: Named) -> bool:
    return ".layers." in f".{name.path}"


class Functions(Models):
    """Calls whatever has a name in Keras."""

    def attribute(self, node: ast.expr, owner: object, name: str) -> object:
        match owner:
            case Unread():
                return owner
            case Model(causes=[_, *_] as causes):
                return Unread(tuple(causes))
            case Tensor() if name == "shape":
                return self._shape(node, owner)
            case Data(shape=shape) if name == "shape":
                return shape
            case Built(inputs=inputs) if name in ("input", "inputs"):
                return inputs[0] if len(inputs) == 1 and name == "input" else list(inputs)
            case Built(outputs=outputs) if name in ("output", "outputs"):
                return outputs[0] if len(outputs) == 1 and name == "output" else list(outputs)
            case Built() if name == "layers":
                calls = calls_before(owner.outputs, owner.inputs)
                entries = [one.maker for one in owner.inputs]
                return [*entries, *dict.fromkeys(call.layer for call in calls)]
            case Stack(items=items) if name == "layers":
                return [one for one in items if isinstance(one, Layer | Model)]
            case Stack() if name in ("input", "inputs", "output", "outputs"):
                tensors = self.flow(owner)
                return tensors if isinstance(tensors, Unread) else tensors[name.startswith("out")]
            case Layer() | Entry() if name == "output":
                if isinstance(owner, Entry):
                    return Tensor(owner)
                for model in self.models:
                    if isinstance(model, Stack) and owner in model.items:
                        self.flow(model)
                made = [call for call in self.calls if call.layer is owner]
                if not made:
                    return self.not_read(node, f"{owner.call} is not called in this code")
                return returned(made[-1])
            case Layer(call=call) if name in signature(call.name).names:
                return call[name]
        return self.open(node)

    def method(
        self,
        node: ast.Call,
        owner: object,
        name: str,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        match owner:
            case Stack() if name == "add" and positional:
                self.add_to(node, owner, positional[0])
                return None
            case Stack() if name == "pop" and owner.items:
                owner.items.pop()
                return None
            case Stack() | Built() if name == "get_layer" and owner.causes:
                return Unread(tuple(owner.causes))
            case Stack() | Built() if name == "get_layer":
                return self._layer_of(node, owner, [*positional, *named.values()])
            case Data() if name == "reshape":
                sizes = positional[0] if len(positional) == 1 else list(positional)
                return self.array(node, sizes)
            case Tensor() if name == "get_shape":
                return self._shape(node, owner)
            case tuple() if name == "as_list":
                return list(owner)
            case Layer() if name == "compute_mask":  # it changes no shape
                return Open((Root(self.source, node),))
        return self.unknown_result(node, name, owner, *positional, *named.values())

    def _shape(self, node: ast.expr | ast.stmt, tensor: Tensor) -> object:
        self.count_making([tensor])
        shape = shape_of(tensor, self.dimensions)
        return shape if shape is not None else self.open(node)

    def _layer_of(self, node: ast.expr, model: Model, given: Sequence[object]) -> object:
        layers = self.attribute(node, model, "layers")
        for one in layers if isinstance(layers, list) else []:
            if isinstance(one, Layer) and one.call["name"] in given:
                return one
        if not all(isinstance(one, str) for one in given):
            return self.open(node, *given)
        names = ", ".join(map(repr, given))
        return self.not_read(node, f"this code gives no layer of the model the name {names}")

    def keras_called(
        self,
        function: object,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """What a call of something of Keras returns, or of something that is not known."""
        match function:
            case Layer():
                return self.layer_called(function, node, positional, named)
            case Model():
                return self.model_called(function, node, positional, named)
            case Unread():
                return Unread(causes_of_unread([function, *positional, *named.values()]))
            case Named(path=path) if path in self.settings and not (positional or named):
                return function
            case Named() if means_keras(function):
                return self._named_called(function, node, positional, named)
            case Named(path=path, is_imported=False, word="add") if "." in path and positional:
                stack = self.make_sequential(node, (), {})
                self.add_to(node, stack, positional[0])
                stack.variable, stack.is_of_module = path.removesuffix(".add"), True
                self.module.names[stack.variable] = stack
                return None
            case Named() if function.is_keras:
                return self._named_called(function, node, positional, named)
            case Named() if function.root == "numpy" and function.word in ARRAYS:
                return self.make_array(node, function.word, positional, named)
            case Named():
                return self._foreign(function, node, positional, named)
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else "this"
        return self.unknown_result(node, name, function, *positional, *named.values())

    def _foreign(
        self,
        function: Named,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        word = function.word
        if ALIASES.get(word, word) in LAYERS or word in MODELS:
            module = function.path.rpartition(".")[0]
            return self.not_read(node, f"this {word} is not Keras' own: it is from {module}")
        return self.unknown_result(node, word, *positional, *named.values())

    def _named_called(
        self,
        function: Named,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        word = function.word
        name = ALIASES.get(word, word)
        if word == "Sequential":
            return self.make_sequential(node, positional, named)
        if word in MODELS:
            return self.make_model(node, positional, named)
        if word in ("Input", "InputLayer"):
            return self.make_input(node, positional, named)
        if name in LAYERS or is_argument_object(function):
            return self.make_layer(node, name, positional, named)
        if word in REFUSED:
            reason = REFUSED[word]
            return self.not_read(node, f"{word} is not answered: {reason}")
        if causes := causes_of_unread([*positional, *named.values()]):
            return Unread(causes)
        if any(tensors_in([*positional, *named.values()])):
            return self._function_of_tensors(node, word, positional, named)
        if word == "int_shape" and positional and isinstance(positional[0], Data):
            return positional[0].shape
        if word in ARRAYS and function.root == "tensorflow":
            return self.make_array(node, word, positional, named)
        if _is_of_layers(function) or not function.is_imported:
            hint = self._hint(word)
            if hint or _is_of_layers(function):
                return self.not_read(node, f"Keras has no layer {word}{hint}")
            if word[:1].isupper() and not hasattr(builtins, word):
                self.not_read(node, f"Keras has no layer {word}")
        return self.unknown_result(node, word, *positional, *named.values())

    def _hint(self, word: str) -> str:
        if word not in self._hints:
            self.count(400)  # it takes its time
            self._hints[word] = did_you_mean(word, LAYERS)
        return self._hints[word]

    def _function_of_tensors(
        self,
        node: ast.expr | ast.stmt,
        word: str,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        axis = {name: value for name, value in named.items() if name in ("axis", "axes")}
        others = [value for name, value in named.items() if name not in (*axis, "name", "**")]
        first, *more = [*positional, *others] or [None]  # `concat(values=[x, y], axis=1)`
        if word in ("int_shape", "shape") and isinstance(first, Tensor):
            return self._shape(node, first) if word == "int_shape" else self.open(node)
        if word in ACTIVATIONS and not more and isinstance(first, Tensor):
            return self._applied("Activation", (word,), {}, node, first)
        layer = FUNCTIONS_AS_LAYERS.get(word)
        if layer is not None:
            several = first if isinstance(first, list | tuple) else [first, *more[:1]]
            if isinstance(first, list | tuple) and more:
                axis["axes" if layer == "Dot" else "axis"] = more[0]
            if all(isinstance(one, Tensor) for one in several):
                return self._applied(layer, (), axis, node, list(several))
        return self.unknown_result(node, word, *positional, *named.values())

    def tensors_operated(
        self, node: ast.expr, left: object, op: ast.operator, right: object
    ) -> object:
        """`x + y`, and what else is written with an operator, as the layer that does the same."""
        if isinstance(left, Tensor) and isinstance(right, Tensor) and type(op) in OPERATORS:
            return self._applied(OPERATORS[type(op)], (), {}, node, [left, right])
        tensor, number = (left, right) if isinstance(left, Tensor) else (right, left)
        if isinstance(number, int | float) and not isinstance(number, bool):
            scale: dict[str, object] | None = None
            match op:
                case ast.Add():
                    scale = {"scale": 1.0, "offset": number}
                case ast.Sub() if tensor is left:
                    scale = {"scale": 1.0, "offset": -number}
                case ast.Sub():
                    scale = {"scale": -1.0, "offset": number}
                case ast.Mult():
                    scale = {"scale": number}
                case ast.Div() if tensor is left and number:
                    scale = {"scale": 1 / number}
            if scale is not None:
                return self._applied("Rescaling", (), scale, node, tensor)
        others = [one for one in (left, right) if not isinstance(one, Tensor)]
        if causes := causes_in(others):
            return Unread(causes)
        return Unread((self.source.error(node, "this operation on tensors is not read"),))

    def _applied(
        self,
        name: str,
        positional: Sequence[object],
        named: Mapping[str, object],
        node: ast.expr | ast.stmt,
        given: object,
    ) -> object:
        layer = self.make_layer(node, name, positional, named)
        return self.layer_called(layer, node, [given], {}) if isinstance(layer, Layer) else layer
