"""What Keras' functions, layers and models mean to the reader of code."""

from __future__ import annotations

import ast
import builtins
import shlex
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from rnnshape.description import describe
from rnnshape.errors import Place, QueryError, did_you_mean
from rnnshape.expression import Call, Source, Value, bind
from rnnshape.network import Dimensions, Network, input_of, input_of_first_layer
from rnnshape.reading import plain
from rnnshape.reading.graph import (
    MOST_LAYERS,
    Entry,
    FromOptions,
    Given,
    Layer,
    LayerCall,
    Tensor,
    called_anew,
    calls_before,
    network_of,
    returned,
    tensors_in,
)
from rnnshape.reading.values import (
    Built,
    Cause,
    Data,
    Model,
    Named,
    Open,
    Root,
    Scope,
    Stack,
    Unread,
    causes_in,
    causes_of_unread,
)
from rnnshape.signatures import (
    ACTIVATIONS,
    ALIASES,
    ARGUMENT_OBJECTS,
    INPUT_ARGUMENTS,
    LAYERS,
    REFUSED,
    signature,
)

__all__ = ["KerasReader", "OpenNamesError", "means_keras"]

MODELS = ("Model", "Functional", "Sequential")
MOST_MODELS = 1_000
MOST_MESSAGES = 50
MOST_NAMES = 20  # that are asked for in one message
MOST_STEPS = 500_000  # pieces of code that are followed
RECURRENT_ARGUMENTS = ("initial_state", "mask", "training")  # after the first, in Keras' order
# Arguments that change no shape: where their values depend on data they are left out.
WITHOUT_SHAPE = (
    "_initializer",
    "_regularizer",
    "_constraint",
    "activation",
    "dropout",
    "seed",
    "name",
    "trainable",
    "dtype",
    "weights",
    "momentum",
    "epsilon",
    "alpha",
    "slope",
    "mask_value",
)
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
# Functions that make arrays, and whether the shape is one argument or one for each axis.
ARRAYS = {
    "empty": True,
    "normal": True,
    "ones": True,
    "rand": False,
    "randint": True,
    "randn": False,
    "random": True,
    "random_sample": True,
    "standard_normal": True,
    "uniform": True,
    "zeros": True,
}


class OpenNamesError(QueryError):
    """What code takes from data, and has to be told."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self.places: dict[str, Place] = {}
        for root in roots:
            self.places.setdefault(root.label, root.place)
        shown = list(self.places)[:MOST_NAMES]
        asked = " ".join(f"--let {_quoted(label)}" for label in shown)
        more = f" and {len(self.places) - len(shown)} more" if len(self.places) > len(shown) else ""
        one = len(self.places) == 1
        what = "a value that depends" if one else f"{len(self.places)} values that depend"
        message = f"the code has {what} on data: give {'it' if one else 'them'} by {asked}{more}"
        super().__init__(message, next(iter(self.places.values())))

    @property
    def details(self) -> tuple[str, ...]:
        """The line of each."""
        shown: list[str] = []
        for place in list(self.places.values())[:MOST_NAMES]:
            shown += ([f"{place.where}:"] if place.where else []) + list(place.shown)
        return tuple(shown)


def _quoted(label: str) -> str:
    """The option's value as a shell takes it."""
    text = f"{label}=..."
    if "'" in text and not any(mark in text for mark in '"$`\\!'):
        return f'"{text}"'
    return text if label.isidentifier() else shlex.quote(text)


def means_keras(name: Named) -> bool:
    """Whether a name is a layer or model of Keras, or a function that is one."""
    if not name.is_keras:
        return False
    if ALIASES.get(name.word, name.word) in LAYERS or name.word in (*MODELS, *REFUSED):
        return True
    return name.word in FUNCTIONS_AS_LAYERS and ".layers." in name.path


class KerasReader:
    """The layers, tensors and models that code makes.

    Attributes:
        module: the names of the code and their values.
        models: those that were made, in order.
        calls: of layers.
        messages: what could not be read.
    """

    def __init__(self, let: Mapping[str, Value], dimensions: Dimensions) -> None:
        self.let, self.dimensions = dict(let), dimensions
        self.long_names = {name for name in self.let if not name.isidentifier()}
        self.names_used: set[str] = set()
        self.module = Scope()
        self.models: list[Model] = []
        self.calls: list[LayerCall] = []
        self.layers: dict[int, Layer] = {}  # those that no other layer or model has taken
        self.messages: list[QueryError] = []
        self.asked: dict[int, Root] = {}
        self.missed: list[Cause] = []  # why layers were not read
        self.functions: list[Root] = []  # those that are being called
        self.source = Source("")
        self.steps, self.most_steps = 0, MOST_STEPS
        self.number = 0
        self._told: set[tuple[str, Place | None]] = set()
        self._hints: dict[str, str] = {}
        self._entries: dict[object, Entry] = {}
        self._flows: dict[tuple[int, int], tuple[Tensor, object]] = {}

    def count(self, steps: int = 1) -> None:
        raise NotImplementedError

    # What is not known

    def tell(self, wrong: QueryError) -> QueryError:
        if (wrong.message, wrong.place) not in self._told and len(self._told) < MOST_MESSAGES:
            self._told.add((wrong.message, wrong.place))
            self.messages.append(wrong)
        return wrong

    def ask(self, causes: Sequence[Cause]) -> None:
        """Notes what must be known, or why it can't be."""
        for cause in causes:
            if isinstance(cause, QueryError):
                self.tell(cause)
            else:
                self.asked[id(cause)] = cause

    def open(self, node: ast.expr | ast.stmt, *because_of: object) -> Open | Unread:
        """A value that depends on data: on that of others, where these are open themselves."""
        if causes := causes_of_unread(because_of):
            return Unread(causes)
        roots = [one for one in causes_in(because_of) if isinstance(one, Root)]
        return Open(tuple(roots) or (Root(self.source, node),))

    def or_open(self, node: ast.expr | ast.stmt, known: object, *because_of: object) -> object:
        return self.open(node, *because_of) if known is plain.NOT_KNOWN else known

    def let_value(self, name: str) -> object:
        self.names_used.add(name)
        return self.let[name]

    # Attributes and methods

    def attribute(self, node: ast.expr, owner: object, name: str) -> object:
        match owner:
            case Named(path=path, is_imported=is_imported):
                return Named(f"{path}.{name}", is_imported)
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
                tensors = self._flow(owner)
                return tensors if isinstance(tensors, Unread) else tensors[name.startswith("out")]
            case Layer() | Entry() if name == "output":
                if isinstance(owner, Entry):
                    return Tensor(owner)
                for model in self.models:
                    if isinstance(model, Stack) and owner in model.items:
                        self._flow(model)
                made = [call for call in self.calls if call.layer is owner]
                return returned(made[-1]) if made else self.open(node)
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
                self._add(node, owner, positional[0])
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
                return self._array(node, sizes)
            case Tensor() if name == "get_shape" or (name == "as_list"):
                return self._shape(node, owner)
            case tuple() if name == "as_list":
                return list(owner)
            case Layer() if name in ("compute_mask", "get_weights", "set_weights"):
                return Open((Root(self.source, node),))
        known = plain.method(owner, name, positional, named)
        if known is plain.NOT_KNOWN:
            return self._unknown_result(node, name, owner, *positional, *named.values())
        self.count(plain.size(known))
        return known

    def _unknown_result(self, node: ast.expr | ast.stmt, name: str, *given: object) -> object:
        """What something returns that nothing is known about."""
        if causes := causes_of_unread(given):
            return Unread(causes)
        if any(tensors_in(list(given))):
            return self._missed(node, f"{name} is not known: what it makes of a tensor is not read")
        return Open((Root(self.source, node),))

    def _missed(self, node: ast.expr | ast.stmt, message: str) -> Unread:
        """A layer that is not read. Where no model is made of layers, each of them counts."""
        where = node.func if isinstance(node, ast.Call) else node
        wrong = self.source.error(where, message)
        self.missed.append(wrong)
        return Unread((wrong,))

    def _shape(self, node: ast.expr | ast.stmt, tensor: Tensor) -> object:
        """The sizes of a tensor as Keras has them before it runs: the batch is None."""
        if isinstance(tensor.maker, Entry):
            shape = tensor.maker.shape
            return shape if shape is not None else self.open(node)
        try:
            calls = calls_before([tensor], [])
            self.count(20 * len(calls))
            network = network_of([], [tensor], "", self.dimensions, calls)
            layer = describe(network, self.dimensions).layers[-1]
        except QueryError:
            return self.open(node)
        if tensor.output >= len(layer.outputs):
            return self.open(node)
        _, *axes = layer.outputs[tensor.output].axes
        return (None, *(None if axis.is_open else axis.length for axis in axes))

    def _layer_of(self, node: ast.expr, model: Model, given: Sequence[object]) -> object:
        layers = self.attribute(node, model, "layers")
        for one in layers if isinstance(layers, list) else []:
            if isinstance(one, Layer) and one.call["name"] in given:
                return one
        return self.open(node)

    # Calls

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
                return self._layer_called(function, node, positional, named)
            case Model():
                return self._model_called(function, node, positional, named)
            case Unread():
                return Unread(causes_of_unread([function, *positional, *named.values()]))
            case Named(path=path, is_imported=False, word="add") if "." in path and positional:
                stack = self._sequential(node, (), {})
                self._add(node, stack, positional[0])
                stack.variable, stack.is_of_module = path.removesuffix(".add"), True
                self.module.names[stack.variable] = stack
                return None
            case Named() if function.is_keras:
                return self._named_called(function, node, positional, named)
            case Named() if function.root == "numpy" and function.word in ARRAYS:
                return self._array_made(node, function.word, positional, named)
            case Named():
                return self._foreign(function, node, positional, named)
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else "this"
        return self._unknown_result(node, name, function, *positional, *named.values())

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
            return self._missed(node, f"this {word} is not Keras' own: it is from {module}")
        return self._unknown_result(node, word, *positional, *named.values())

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
            return self._sequential(node, positional, named)
        if word in MODELS:
            return self._model(node, positional, named)
        if word in ("Input", "InputLayer"):
            return self._input(node, positional, named)
        if name in LAYERS or _is_argument_object(function):
            return self._layer(node, name, positional, named)
        if word in REFUSED:
            reason = REFUSED[word]
            return self._missed(node, f"{word} is not answered: {reason}")
        if causes := causes_of_unread([*positional, *named.values()]):
            return Unread(causes)
        if any(tensors_in([*positional, *named.values()])):
            return self._function_of_tensors(node, word, positional, named)
        if word == "int_shape" and positional and isinstance(positional[0], Data):
            return positional[0].shape
        if word in ARRAYS and function.root == "tensorflow":
            return self._array_made(node, word, positional, named)
        if ".layers." in f".{function.path}" or not function.is_imported:
            hint = self._hint(word)
            if hint or ".layers." in f".{function.path}":
                return self._missed(node, f"Keras has no layer {word}{hint}")
            if word[:1].isupper() and not hasattr(builtins, word):
                self._missed(node, f"Keras has no layer {word}")
        return self._unknown_result(node, word, *positional, *named.values())

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
        if word in ("int_shape", "shape") and isinstance(positional[0], Tensor):
            return self._shape(node, positional[0]) if word == "int_shape" else self.open(node)
        if word in ACTIVATIONS and len(positional) == 1 and isinstance(positional[0], Tensor):
            return self._applied("Activation", (word,), {}, node, positional[0])
        layer = FUNCTIONS_AS_LAYERS.get(word)
        if layer is not None:
            several = positional[0] if isinstance(positional[0], list | tuple) else positional[:2]
            axis = {name: value for name, value in named.items() if name in ("axis", "axes")}
            if isinstance(positional[0], list | tuple) and len(positional) > 1:
                axis["axes" if layer == "Dot" else "axis"] = positional[1]
            if all(isinstance(one, Tensor) for one in several):
                return self._applied(layer, (), axis, node, list(several))
        return self._unknown_result(node, word, *positional, *named.values())

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
        layer = self._layer(node, name, positional, named)
        return self._layer_called(layer, node, [given], {}) if isinstance(layer, Layer) else layer

    # Layers

    def _layer(
        self,
        node: ast.expr | ast.stmt,
        name: str,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """A layer, or what a layer's argument may be, such as an initializer."""
        known = signature(name)
        words = [*known.positional[: len(positional)]]
        values: list[Value] = []
        keywords: dict[str, Value] = {}
        causes: list[Cause] = []
        for index, (word, value) in enumerate([*zip_longest(words, positional), *named.items()]):
            of_input = word in INPUT_ARGUMENTS and word not in known.names
            if of_input and isinstance(value, Open) and word.endswith("shape"):
                continue  # not even the number of axes is known
            argument = self._argument(value, _written(node, index, word), of_input=of_input)
            if isinstance(argument, Open | Unread):
                left_out = word and word.endswith(WITHOUT_SHAPE) and word not in known.required
                if not left_out:
                    causes += argument.roots if isinstance(argument, Open) else argument.causes
                    continue
                argument = known.defaults.get(word)
            if index < len(positional):
                values.append(argument)
            else:
                keywords[word] = argument
        if causes:
            self.missed += causes
            return Unread(tuple(causes))
        try:
            call = bind(name, values, keywords, _places(self.source, node))
        except QueryError as wrong:
            return Unread((self.tell(wrong),))
        if name not in LAYERS:
            return call
        layer = Layer(call)
        self.layers[id(layer)] = layer
        return layer

    def _argument(
        self, value: object, node: ast.expr | ast.stmt, *, of_input: bool = False
    ) -> Value | Open | Unread:
        """A layer's argument as plain data."""
        match value:
            case None | bool() | int() | float() | str() | Call():
                return value
            case Layer(call=call):
                self.layers.pop(id(value), None)
                return call
            case list() | tuple():
                parts = [self._argument(one, node, of_input=of_input) for one in value]
                if causes := causes_in(parts):
                    roots = tuple(one for one in causes if isinstance(one, Root))
                    return Open(roots) if len(roots) == len(causes) else Unread(causes)
                return tuple(parts)  # type: ignore[arg-type]
            case Open() if of_input:
                return FromOptions(1)
            case Open() | Unread():
                return value
            case Named(path=path, word=word):
                if word in ACTIVATIONS or word.rstrip("0123456789") in ("float", "int", "bfloat"):
                    return word
                if _is_argument_object(value):
                    return bind(word, (), {})
                return FromOptions(1) if of_input else Open((Root(self.source, node, path),))
            case Model():
                return Unread((self.source.error(node, "a layer around a model is not read"),))
        return self.open(node)

    def _input(
        self,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        words = signature("Input").names
        given = dict(zip(words, positional, strict=False)) | dict(named)
        values: dict[str, Value] = {}
        for word, value in given.items():
            shape = word in ("shape", "batch_shape", "batch_size", *INPUT_ARGUMENTS)
            known = self._argument(value, node, of_input=shape)
            if isinstance(known, Unread):
                return known
            if word == "tensor" and isinstance(value, Tensor):
                return value
            if isinstance(known, Open) or (isinstance(value, Open) and word.endswith("shape")):
                continue  # not even the number of axes is known
            values[word] = known
        try:
            call = bind("Input", (), values, _places(self.source, node))
            source = input_of(call)
        except QueryError as wrong:
            return Unread((self.tell(wrong),))
        return Tensor(Entry(source.shape, "", source.dtype))

    def _layer_called(
        self,
        layer: Layer,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        self.count(5)
        given, words = list(positional), dict(named)
        for word in ("inputs", "sequences"):
            if not given and word in words:
                given.append(words.pop(word))
        if "return_sequences" in signature(_inner(layer.call).name).names:
            words = dict(zip(RECURRENT_ARGUMENTS, given[1:], strict=False)) | words
            given = given[:1]
        arguments = [self._given(one, node) for one in given]
        keywords = {word: self._given(one, node, word) for word, one in words.items()}
        for word in ("mask", "training"):
            if isinstance(keywords.get(word), Unread):  # it changes no shape
                del keywords[word]
        if causes := causes_in([*arguments, *keywords.values()]):
            return Unread(causes)
        if not any(tensors_in(arguments)):
            wrong = self.source.error(node, f"{layer.call} is called with no tensor")
            return Unread((self.tell(wrong),))
        self.number += 1
        call = LayerCall(
            self.number,
            layer,
            tuple(arguments),  # type: ignore[arg-type]
            tuple(keywords.items()),  # type: ignore[arg-type]
        )
        self.calls.append(call)
        scores = words.get("return_attention_scores") is True
        return returned(call, count=2 if scores else 1)

    def _given(self, value: object, node: ast.expr | ast.stmt, word: str = "") -> Given | Unread:
        """What a layer is called with: data becomes an input of the network."""
        match value:
            case Tensor() | bool() | None:
                return value
            case Unread():
                return value
            case list() | tuple():
                parts = [self._given(one, node, word) for one in value]
                causes = causes_in(parts)
                return Unread(causes) if causes else tuple(parts)  # type: ignore[arg-type]
            case dict():
                return self._given(list(value.values()), node, word)
            case Data(shape=shape, name=name):
                sizes = tuple(one if isinstance(one, int) else FromOptions(1) for one in shape)
                return self._entry(value, sizes, name)
            case Open(roots=roots) if word:
                return Unread(roots)
            case Open(roots=roots):
                return self._entry(roots[0].label, None, roots[0].name)
            case Named(path=path, is_imported=False) if not word and "." not in path:
                return self._entry(path, None, path)
        return Unread((self.source.error(node, "a layer is called with something unknown"),))

    def _entry(self, key: object, shape: tuple[int, ...] | None, name: str) -> Tensor:
        return Tensor(self._entries.setdefault(key, Entry(shape, name)))

    def _array(self, node: ast.expr | ast.stmt, sizes: object) -> object:
        several = list(sizes) if isinstance(sizes, list | tuple) else [sizes]
        known = [one if isinstance(one, int) and one > 0 else None for one in several]
        if None in known:
            return Open((Root(self.source, node),))
        return Data(tuple(known))

    def _array_made(
        self,
        node: ast.expr | ast.stmt,
        word: str,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """`np.random.randn(2, 5, 1)`, `np.zeros((2, 5))`, `tf.random.normal([32, 10, 8])`"""
        sizes = named.get("size", named.get("shape"))
        if sizes is None and positional:
            sizes = positional[0] if ARRAYS[word] else list(positional)
        if sizes is None or (ARRAYS[word] and not isinstance(sizes, list | tuple)):
            return Open((Root(self.source, node),))
        return self._array(node, sizes)

    # Models

    def _add_model(self, model: Model, named: Mapping[str, object]) -> None:
        if len(self.models) >= MOST_MODELS:
            raise QueryError(f"this makes too many models: at most {MOST_MODELS:,} are read")
        name = named.get("name")
        model.given_name = name if isinstance(name, str) else ""
        model.made_in = self.functions[0] if self.functions else None
        self.models.append(model)

    def _sequential(
        self,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> Stack:
        stack = Stack()
        self._add_model(stack, named)
        layers = positional[0] if positional else named.get("layers")
        if isinstance(layers, Open | Unread):
            stack.causes += causes_in([layers])
        for one in layers if isinstance(layers, list | tuple) else ():
            self._add(node, stack, one)
        return stack

    def _add(self, node: ast.expr | ast.stmt, stack: Stack, item: object) -> None:
        match item:
            case Layer() | Model():
                self.layers.pop(id(item), None)
                stack.items.append(item)
            case Tensor(maker=Entry()):
                stack.items.append(item)
            case Open() | Unread():
                stack.causes += causes_in([item])
            case list() | tuple():
                for one in item:
                    self._add(node, stack, one)
            case _:
                stack.causes.append(self.source.error(node, "this is not a layer that is known"))

    def _model(
        self,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        names = ("inputs", "outputs", "name")
        given = dict(zip(names, positional, strict=False)) | dict(named)
        inputs = given.get("inputs", given.get("input"))
        outputs = given.get("outputs", given.get("output"))
        model = Built(inputs=tuple(tensors_in(inputs)), outputs=tuple(tensors_in(outputs)))
        self._add_model(model, given)
        model.causes += causes_in([inputs, outputs])
        if not model.causes and not (model.inputs and model.outputs):
            what = "inputs" if not model.inputs else "outputs"
            model.causes.append(
                self.source.error(node, f"what this model's {what} are is not known")
            )
        if not model.causes:
            calls = calls_before(model.outputs, model.inputs)
            self.count(len(calls))
            loose = [
                one.maker.name or "one"
                for tensors in (model.outputs, *(call.tensors for call in calls))
                for one in tensors
                if isinstance(one.maker, Entry) and one not in model.inputs
            ]
            if loose:
                message = f"this model needs an input that it does not name: {loose[0]}"
                model.causes.append(self.source.error(node, message))
        return model

    def _model_called(
        self,
        model: Model,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """A model that is called like a layer: its layers are called once more."""
        inputs = positional[0] if positional else named.get("inputs")
        given = self._given(inputs, node)
        if isinstance(given, Unread) or model.causes:
            return Unread(causes_in([given, Unread(tuple(model.causes))]))
        name = model.given_name or model.variable
        tensors = list(tensors_in(given))
        if isinstance(model, Stack):
            flow = self._flow(model, tensors[0] if tensors else None, name)
            return flow if isinstance(flow, Unread) else flow[1]
        assert isinstance(model, Built)
        calls = calls_before(model.outputs, model.inputs)
        self._check_number(calls)
        if len(tensors) != len(model.inputs):
            wrong = self.source.error(
                node, f"{name or 'the model'} takes {len(model.inputs)} tensors, not {len(tensors)}"
            )
            return Unread((self.tell(wrong),))
        instead = dict(zip(model.inputs, tensors, strict=True))
        anew, stands_for = called_anew(calls, instead, self.number + 1, name)
        self.number += len(anew)
        self.calls += anew
        outputs = [_in_place_of(tensor, stands_for) for tensor in model.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _check_number(self, calls: Sequence[LayerCall]) -> None:
        self.count(len(calls))
        if len(calls) > MOST_LAYERS:
            raise QueryError(f"these are too many layers: at most {MOST_LAYERS:,} are read")

    def _flow(
        self, stack: Stack, tensor: Tensor | None = None, group: str = ""
    ) -> Unread | tuple[Tensor, object]:
        """What goes into a `Sequential` and what comes out of it: its layers are called."""
        key = (id(stack), len(stack.items))
        if tensor is None and key in self._flows:
            return self._flows[key]
        first = tensor or Tensor(self._entry_of(stack))
        known: object = first
        for item in stack.items:
            before = len(self.calls)
            if isinstance(item, Layer):
                known = self._layer_called(item, NOWHERE_NODE, [known], {})
            elif isinstance(item, Model):
                known = self._model_called(item, NOWHERE_NODE, [known], {})
            for call in self.calls[before:]:
                if group:
                    call.group = f"{group}/{call.group}" if call.group else group
            if isinstance(known, Unread):
                return known
        if len(self.calls) > 10 * MOST_LAYERS:
            raise QueryError(f"these are too many layers: at most {MOST_LAYERS:,} are read")
        if tensor is None:
            self._flows[key] = (first, known)
        return first, known

    def _entry_of(self, stack: Stack, depth: int = 0) -> Entry:
        """What a `Sequential` is given: its own `Input`, or what its first layer says."""
        [first, *_] = stack.items or [None]
        match first:
            case Tensor(maker=Entry() as entry):
                return entry
            case Layer(call=call):
                source = input_of_first_layer(call)
                return Entry(source.shape, "", source.dtype)
            case Stack() if depth < 20:
                return self._entry_of(first, depth + 1)
            case Built(inputs=[Tensor(maker=Entry() as entry), *_]):
                return Entry(entry.shape, entry.name, entry.dtype)
        return Entry(None)

    def finished(self) -> list[Network]:
        """The networks of the models that were made; of all layers where there is no model."""
        calls = list(self.calls)
        networks = []
        for model in self.models:
            try:
                network = self._network(model)
            except QueryError as wrong:
                self.tell(wrong)
            except RecursionError:
                self.tell(
                    QueryError(f"{model.variable or 'a model'} is nested too deeply to be read")
                )
            else:
                networks += [network] if network else []
        if not self.models:
            self.ask(self.missed)
        if not self.models and calls:
            used = {tensor.maker for call in calls for tensor in call.tensors}
            last = [call for call in calls if call not in used]
            outputs = [one for call in last for one in tensors_in(returned(call))]
            networks.append(network_of([], outputs, "", self.dimensions, calls))
        elif not self.models:
            for layer in self.layers.values():
                entry = input_of_first_layer(layer.call)
                tensor = Tensor(Entry(entry.shape, "", entry.dtype))
                alone = LayerCall(1, layer, (tensor,))
                outputs = list(tensors_in(returned(alone)))
                networks.append(network_of([tensor], outputs, "", self.dimensions, [alone]))
        if self.asked:
            self.messages.append(OpenNamesError(list(self.asked.values())))
        return networks

    def _network(self, model: Model) -> Network | None:
        if model.causes:
            self.ask(model.causes)
            return None
        if isinstance(model, Built):
            inputs, outputs = list(model.inputs), list(model.outputs)
        elif isinstance(model, Stack):
            if all(isinstance(one, Tensor) for one in model.items):
                return None
            tensors = self._flow(model)
            if isinstance(tensors, Unread):
                self.ask(tensors.causes)
                return None
            inputs, outputs = list(tensors_in(tensors[0])), list(tensors_in(tensors[1]))
        calls = calls_before(outputs, inputs)
        self._check_number(calls)
        if not calls:  # it returns what it is given
            return None
        return network_of(inputs, outputs, self._name(model), self.dimensions)

    def _name(self, model: Model) -> str:
        """What the code calls a model, or the function call that makes it."""
        if model.made_in is None or model.is_of_module:
            return model.variable or model.given_name
        made_in = _shortened(model.made_in.label)
        several = [one for one in self.models if one.made_in is model.made_in]
        name = model.variable or model.given_name
        return f"{name} in {made_in}" if len(several) > 1 and name else made_in


def _inner(call: Call) -> Call:
    layer = call["layer"] if call.name == "Bidirectional" else None
    return layer if isinstance(layer, Call) else call


def _in_place_of(tensor: Tensor, stands_for: Mapping[Tensor, Tensor]) -> Tensor:
    found = stands_for.get(tensor)
    if found is None and isinstance(tensor.maker, LayerCall):
        first = stands_for.get(Tensor(tensor.maker))
        found = Tensor(first.maker, tensor.output) if first else tensor
    return found or tensor


def _is_argument_object(name: Named) -> bool:
    word = ALIASES.get(name.word, name.word)
    for module, names in ARGUMENT_OBJECTS.items():
        if word in names and name.is_keras:
            return f".{module}." in f".{name.path}" or "." not in name.path
    return False


def _written(node: ast.expr | ast.stmt, index: int, word: str) -> ast.expr | ast.stmt:
    """The piece of a call that an argument is written with, as far as it can be told."""
    if not isinstance(node, ast.Call):
        return node
    if index < len(node.args):
        return node.args[index]
    return next((one.value for one in node.keywords if one.arg == word), node)


def _places(source: Source, node: ast.expr | ast.stmt) -> dict[str, Place]:
    """Where a call and its arguments stand."""
    places = {"": source.place(node)}
    if isinstance(node, ast.Call):
        places[""] = source.place(node.func)
        for keyword in node.keywords:
            if keyword.arg is not None:
                places[keyword.arg] = source.place_of_keyword(keyword)
    return places


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


NOWHERE_NODE = ast.Name("model", lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
