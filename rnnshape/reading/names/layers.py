"""Layers: those of Keras by the table of signatures, and those that the code defines itself."""

from __future__ import annotations

import math
import types
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from rnnshape import signatures
from rnnshape.errors import QueryError, shortened
from rnnshape.expression import LARGEST, Call, Unknown, Value, bind, printed, unknowns_in
from rnnshape.network import input_of
from rnnshape.reading import graph, keras2
from rnnshape.reading.names.arrays import Array, size_of_tensor
from rnnshape.reading.names.session import session, unknown_of
from rnnshape.reading.names.tensors import (
    Tensor,
    plain_sizes,
    stand_ins,
    unread_step,
)
from rnnshape.reading.python import IsOpenError, Open, StandIn, hook
from rnnshape.rules.arguments import changes_no_shape

__all__ = [
    "Input",
    "Layer",
    "Setting",
    "Weight",
    "argument",
    "holds_tensors",
    "layer_class",
    "passed",
]

AFTER_THE_FIRST = ("initial_state", "mask", "training")
DEEPEST = 40  # lists and layers within each other, of an argument


class Layer(StandIn):
    """A layer. Those of Keras are its subclasses; the code may define others, whose `call` is
    followed.

    Attributes:
        keras_name: of the layer of Keras that it is; empty where it is none.
        own_layer: what stands for it in the network.
        own_weights: those that the code adds itself.
    """

    own_weights: tuple[Weight, ...]
    own_is_built: bool
    keras_name = ""
    what = "a layer"
    visible: tuple[str, ...] = (
        "call", "build", "output", "input", "get_config", "from_config", "add_weight",
        "count_params", "name", "trainable", "weights", "trainable_weights", "built",
        "compute_output_shape", "get_weights", "set_weights", "supports_masking", "dtype",
        "compute_mask", "add_loss", "add_metric", "reset_states", "reset_state", "input_shape",
        "output_shape", "losses",
    )  # fmt: skip

    def __new__(cls, *_: Any, **__: Any) -> Any:
        made = super().__new__(cls)
        made.own_weights, made.own_is_built = (), False
        return made

    def __init__(self, *values: Any, **named: Any) -> None:
        if self.keras_name:
            self.own_layer = graph.Layer(_bound(self.keras_name, values, named))
            if named.get("name") is None:
                self.own_layer.name = session().name_of(self.keras_name)
            session().unused.append(self)
        elif "name" in named and isinstance(named["name"], str):
            self.own_name = named["name"]

    def reaches(self, name: str) -> bool:
        """Whether Keras' layers have an attribute of that name: their arguments are."""
        return bool(self.keras_name) and name in signatures.signature(self.keras_name).names

    def __getattr__(self, name: str) -> Any:
        if name.startswith("own_") or not self.keras_name:
            raise AttributeError(name)
        if name in ("output", "input"):
            return self._end(name)
        call = self.own_layer.call
        if name in signatures.signature(call.name).names:
            return _as_code_has_it(call[name])
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """`layer.return_sequences = True` changes what the layer is."""
        if not name.startswith("own_") and "own_layer" in vars(self) and self.reaches(name):
            words = dict(self.own_layer.call.arguments) | {name: argument(value)}
            self.own_layer.call = bind(self.keras_name, (), words, self.own_layer.call.places)
        else:
            super().__setattr__(name, value)

    def __add__(self, other: object) -> Any:
        if isinstance(other, Layer):
            raise QueryError("two layers can't be added: put -> between them")
        return NotImplemented

    def merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        self.is_lost(because)
        return other

    def is_lost(self, because: Open) -> None:
        """Nobody knows whether the code changes it."""
        if "own_layer" in vars(self):
            self.own_layer.unread = unknown_of(because)

    def __call__(self, *given: Any, **named: Any) -> Any:
        if not self.keras_name:
            return self._followed(given, named)
        return self.call(*given, **named)

    def call(self, *given: Any, **named: Any) -> Any:
        """One call of a layer of Keras."""
        if not self.keras_name:
            given_tensors = [*_tensors(given), *_tensors(named)]
            return unread_step(self.own_text, "what it does when called is not in this code",
                               given_tensors, None)  # fmt: skip
        parts, words = list(given), dict(named)
        call = self.own_layer.call
        for word in (*signatures.signature(call.name).tensors[:1], "inputs", "sequences"):
            if not parts and word in words:
                parts.append(words.pop(word))
        inner = call["layer"] if call.name == "Bidirectional" else call
        if isinstance(inner, Call) and "return_sequences" in _names_of(inner):
            words = dict(zip(AFTER_THE_FIRST, parts[1:], strict=False)) | words
            del parts[1:]
        for word in ("mask", "training"):
            if isinstance(words.get(word), Open):  # it changes no shape
                del words[word]
        session().take(self)
        arguments = [_in_a_row(passed(part)) for part in parts]
        if not holds_tensors(arguments):
            raise QueryError(f"{call} is called with no tensor")
        step = session().step(
            self.own_layer, arguments, {word: _in_a_row(passed(words[word])) for word in words}
        )
        scores = words.get("return_attention_scores") is True
        return stand_ins(graph.returned(step, count=2 if scores else 1))

    def _followed(self, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """A call of a layer that the code defines: its rows stand under its name; where it has
        weights of its own it is one row, as long as its shape is known."""
        tensors = [passed(part) for part in given]
        words = {
            word: passed(part) if holds_tensors(part) else part for word, part in named.items()
        }
        taken = [*tensors, *words.values()]
        if not self.own_is_built:
            self.own_is_built = True
            shapes = [stand_ins(tensor).shape for tensor in graph.tensors_in(taken)]
            many = bool(taken) and isinstance(taken[0], list | tuple)
            self.build(shapes if many else next(iter(shapes), Open("a shape")))
        held = session()
        before, number = len(held.calls), held.number
        held.groups.append(self._title)
        try:
            with held.within_call():
                made = self.call(
                    *stand_ins(tensors), **{word: stand_ins(part) for word, part in words.items()}
                )
        finally:
            held.groups.pop()
        if isinstance(made, Open):
            raise IsOpenError(made)
        inner = held.calls[before:]
        if not self.own_weights and not _uses_more(inner, taken):
            return made
        shapes = [plain_sizes(stand_ins(one)) for one in graph.tensors_in(made)]
        del held.calls[before:]
        held.number = number
        return self._one_row(taken, shapes, inner)

    def _one_row(
        self, tensors: Sequence[Any], shapes: Sequence[Any], inner: Sequence[graph.LayerCall]
    ) -> Any:
        if "own_layer" not in vars(self):
            why = "it has weights of its own, which are counted as the code adds them"
            unread = unknown_of(session().evaluator.open(self.own_text, why))
            self.own_layer = graph.Layer(Call(self.own_text, places=session().places()), unread)
            self.own_layer.parameters = self._count(inner)
        step = session().step(self.own_layer, tensors, {})
        step.returns = tuple(shapes) if None not in shapes else None
        return stand_ins(graph.returned(step))

    def _count(self, inner: Sequence[graph.LayerCall]) -> int | None:
        """How many numbers its own weights hold, and those of the layers in it."""
        from rnnshape.description import describe

        own = [weight.size for weight in self.own_weights]
        if not all(isinstance(size, int) for size in own):
            return None
        outputs = [graph.Tensor(call) for call in inner]
        try:
            layers = describe(graph.network_of([], outputs, "", inner)).layers if inner else ()
        except QueryError:
            return None
        counts = [layer.parameters for layer in layers if layer.call.name != "get_item"]
        known = [count for count in counts if count is not None]
        return sum(own) + sum(known) if len(known) == len(counts) else None

    def copied(self) -> Any:
        """Another layer that is made in the same way."""
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        if "own_layer" in vars(self):
            made.own_layer = graph.Layer(self.own_layer.call, self.own_layer.unread)
        return made

    def build(self, input_shape: Any = None) -> None:
        """A layer of the code may make its weights here."""

    def add_weight(self, *values: Any, shape: Any = None, **named: Any) -> Weight:
        sizes = next(
            (v for v in values if isinstance(v, list | tuple)), () if shape is None else shape
        )
        made = Weight(tuple(sizes) if isinstance(sizes, list | tuple) else (sizes,))
        self.own_weights += (made,)
        return made

    def count_params(self) -> Open:
        return session().evaluator.open("a number of parameters")

    def compute_mask(self, *_: Any, **__: Any) -> Open:
        return session().evaluator.open("a mask")

    def get_weights(self) -> Open:
        return session().evaluator.open("weights")

    def set_weights(self, *_: Any) -> None:
        pass

    add_loss = add_metric = reset_state = reset_states = set_weights

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = tuple(size_of_tensor(size) for size in input_shape)
        made = self(Tensor(graph.InputTensor(sizes)))
        session().calls.pop()
        return made.shape

    def get_config(self) -> dict[str, Any]:
        if not self.keras_name:
            return {}
        return {word: _as_code_has_it(value) for word, value in self.own_layer.call.arguments}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        if not isinstance(config, Mapping):
            evaluator = session().evaluator
            raise IsOpenError(evaluator.open(evaluator.node, "its configuration is not known"))
        return cls(**config)

    @staticmethod
    def made_by_unknown(text: str, given: Sequence[Any], found: Open) -> Any:
        """`model.add(LSTM(4))` of a model that the code does not make: it is a `Sequential`."""
        owner, _, word = text.partition("(")[0].rpartition(".")
        evaluator = session().evaluator
        first = owner.partition(".")[0]
        for layer in given:
            session().take(layer)
        if word != "add" or not first.isidentifier() or first in evaluator.module.names:
            return found
        model = session().sequential()
        (evaluator.parts if "." in owner else evaluator.module.names)[owner] = model
        model.is_assigned(owner.rpartition(".")[2], True)
        return model.add(*given)

    def as_argument(self) -> Value:
        """The layer inside another."""
        session().take(self)
        if not self.keras_name:
            raise IsOpenError(
                session().evaluator.open(
                    self.own_text, "a layer around a layer of the code is not read"
                )
            )
        if self.own_layer.unread is not None:
            return self.own_layer.unread
        return self.own_layer.call

    def _end(self, name: str) -> Any:
        """`layer.output`, or `layer.input`, of its last call."""
        for model in session().models:
            model.call_layers_with(self)
        made = [call for call in session().calls if call.layer is self.own_layer]
        if not made:
            raise QueryError(f"{self.own_layer.call} is not called in this code")
        if name == "output":
            return stand_ins(graph.returned(made[-1]))
        return stand_ins(made[-1].arguments[0])

    @property
    def _title(self) -> str:
        """The name of its rows' group."""
        if not getattr(self, "own_name", ""):
            self.own_name = session().name_of(type(self).__name__)
        return self.own_name

    @property
    def own_text(self) -> str:
        return f"{type(self).__name__}(...)"


def _uses_more(calls: Sequence[graph.LayerCall], given: Any) -> bool:
    """Whether calls take tensors beside those that are given and what they make of them."""
    made = {id(call) for call in calls}
    known = {graph.Tensor(one.maker, one.output) for one in graph.tensors_in(given)}
    return any(
        id(tensor.maker) not in made and graph.Tensor(tensor.maker, tensor.output) not in known
        for call in calls
        for tensor in call.tensors
    )


class Weight(Array):
    """A weight that a layer of the code has."""

    what = "a weight"

    def as_operand(self) -> Any:
        sizes = tuple(size_of_tensor(size) for size in self.shape)
        return Tensor(graph.InputTensor(sizes, self.own_name or "weight"))

    def operated(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Tensor) else super().operated(other)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = operated


class LambdaLayer(Layer):
    """`Lambda(lambda x: x * 2)`: its function is followed."""

    def __init__(self, function: Any = None, output_shape: Any = None, **named: Any) -> None:
        super().__init__(**named)
        self.own_function = function
        self.own_node = session().evaluator.node

    def call(self, *given: Any, **named: Any) -> Any:
        if not callable(self.own_function):
            raise IsOpenError(
                session().evaluator.open("Lambda", "what it does is not in this code")
            )
        given_first = given[0] if given else named.get("inputs")
        return session().evaluator.really(self.own_function, given_first)

    def _followed(self, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """It is one row, as in Keras: its shape is that of what its function makes."""
        held = session()
        before, number = len(held.calls), held.number
        tensors = [passed(part) for part in given]
        try:
            with held.within_call():
                made = self.call(*stand_ins(tensors))
            shapes = [plain_sizes(stand_ins(one)) for one in graph.tensors_in(made)]
        except IsOpenError:
            shapes = [None]
        del held.calls[before:]
        held.number = number
        if "own_layer" not in vars(self):
            unread = unknown_of(
                held.evaluator.open("Lambda", "it runs code, which is not measured")
            )
            self.own_layer = graph.Layer(Call("Lambda(...)", places=held.places()), unread, 0)
        step = held.step(self.own_layer, tensors, {})
        step.returns = tuple(shapes) if shapes and None not in shapes else None
        return stand_ins(graph.returned(step))


class Setting(StandIn):
    """What a layer's argument may be, `L2(0.01)`; its name alone stands for its defaults."""

    visible = ("get_config",)

    def __init__(self, name: str, call: Call | None = None) -> None:
        self.own_name, self.own_call = name, call

    def __call__(self, *values: Any, **named: Any) -> Setting:
        plain = {word: argument(value) for word, value in named.items()}
        call = bind(self.own_name, [argument(value) for value in values], plain, session().places())
        for found in unknowns_in(call):
            raise IsOpenError(session().evaluator.open(found.name, found.reason))
        return Setting(self.own_name, call)

    def as_argument(self) -> Call:
        return self.own_call or bind(self.own_name, (), {})


def _bound(name: str, values: Sequence[Any], named: Mapping[str, Any]) -> Call:
    """A layer of Keras with its arguments as plain data."""
    known = signatures.signature(name)
    words: dict[str, Value] = {}
    for word, value in as_written_today(name, named).items():
        made = argument(value)
        optional = word not in known.required and changes_no_shape(word)
        if not (optional and next(unknowns_in(made), None) is not None):
            words[word] = made
    data_format = argument(session().data_format)
    if data_format is not None and "data_format" in known.names:
        words.setdefault("data_format", data_format)
    plain = [argument(value) for value in values]
    for place, word in enumerate(known.positional[: len(plain)]):
        if isinstance(plain[place], Unknown) and word in known.defaults and changes_no_shape(word):
            plain[place] = known.defaults[word]
    return bind(name, plain, words, session().places())


def as_written_today(name: str, named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a layer under the names of today, where they have those of Keras 1 or 2."""
    known, found = signatures.signature(name), dict[str, Any]()
    places = session().places()
    for word, value in named.items():
        today = keras2.argument(name, word) if word not in known.names else None
        if today is None:
            found[word] = value
            continue
        new = today.code.partition("=")[0]
        spelling = {"batch_input_shape": "Input(batch_shape={})", "input_shape": "Input({})"}
        code = spelling.get(word, f"{new}={{}}" if new in known.names else today.code)
        today = today._replace(code=code.format(printed(argument(value))))
        session().old_name(word, today, name, places.get(word))
        if word in signatures.INPUT_ARGUMENTS:
            found[word] = value
        elif word in ("nb_row", "nb_col") and "kernel_size" in known.names:
            found["kernel_size"] = (*found.get("kernel_size", ()), value)
        elif new in known.names:
            found.setdefault(new, value)
    return found


def argument(value: Any, depth: int = 0) -> Value:
    """A layer's argument as plain data."""
    if depth > DEEPEST:
        raise QueryError("this is nested too deeply to be read")
    if isinstance(value, Open):
        return unknown_of(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        raise QueryError(f"this number is too large: the largest is {LARGEST}")
    if isinstance(value, float) and not math.isfinite(value):
        raise QueryError("this number is too large")
    if value is None or isinstance(value, bool | int | float | str | Unknown | Call):
        return value
    if isinstance(value, list | tuple | range):
        return tuple(argument(part, depth + 1) for part in value)
    if hook(value, "as_argument") is not None:
        try:
            made: Value = value.as_argument()
        except IsOpenError as wrong:
            return unknown_of(wrong.value)
        return made
    name = getattr(value, "__name__", type(value).__name__)
    if isinstance(value, type) and issubclass(value, Layer) and value.keras_name:
        raise QueryError(f"{name} is a layer's class: make one of it, {name}(...)")
    why = "a function of the code" if isinstance(value, types.FunctionType) else f"a {name}"
    return unknown_of(session().evaluator.open(name, f"{why} as an argument is not read"))


def passed(value: Any) -> Any:
    """What a layer is called with: data becomes an input of the network."""
    if isinstance(value, dict):
        return {key: passed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(map(passed, value))
    if isinstance(value, Array) and not isinstance(value, Weight):
        return of_data(value)
    if isinstance(value, Open) and not value.reason:
        name = value.label if value.label.isidentifier() else ""
        return Tensor(session().source(value.label, value, open_shape(value), name))
    if isinstance(value, Open):
        raise IsOpenError(value)
    if value is None or isinstance(value, bool | Tensor):
        return value
    operand = hook(value, "as_operand")
    if operand is not None:
        return operand(value)
    if isinstance(value, Layer):
        raise QueryError("layers are called with tensors, not with a layer: put -> between two")
    what = getattr(type(value), "what", "") or shortened(repr(value), 40)
    raise QueryError(f"layers are called with tensors, not with {what}")


def of_data(value: Array) -> Tensor:
    """The tensor that stands for data of a shape: the same of the same data."""
    sizes = tuple(size_of_tensor(size) for size in value.shape)
    return Tensor(session().source(id(value), value, sizes, value.own_name))


def open_shape(value: Open) -> Unknown | None:
    """The shape of data that the code takes from somewhere; nothing is said of a name to which it
    gives no value."""
    return None if value.is_undefined else unknown_of(value.part(".shape"))


def _in_a_row(given: Any) -> Any:
    """What a layer of Keras is called with, without the names of a dictionary."""
    return tuple(given.values()) if isinstance(given, dict) else given


def holds_tensors(value: object) -> bool:
    return next(graph.tensors_in(value), None) is not None


def _tensors(value: Any) -> Iterator[Any]:
    yield from graph.tensors_in(value)


def _as_code_has_it(value: Value) -> Any:
    """An argument of a layer as code meets it when it asks for it."""
    if isinstance(value, Unknown):
        found = session().evaluator.open(value.name, value.reason)
        found.is_named = True
        return found
    if isinstance(value, Call):
        if signatures.module_of(value.name) == "layers":
            made = layer_class(value.name).__new__(layer_class(value.name))
            made.own_layer = graph.Layer(value)
            return made
        return Setting(value.name, value)
    return tuple(map(_as_code_has_it, value)) if isinstance(value, tuple) else value


def _names_of(call: Call) -> tuple[str, ...]:
    if signatures.module_of(call.name) is None:
        return ()
    return signatures.signature(call.name).names


@cache
def layer_class(name: str) -> type[Layer]:
    """The class that stands for a layer of Keras."""
    return type(name, (Layer,), {"keras_name": name})


def Input(*values: Any, **named: Any) -> Any:  # noqa: N802
    """`keras.Input`, and `InputLayer`."""
    if isinstance(named.get("tensor"), Tensor):
        return named["tensor"]
    known = signatures.signature("Input").names
    given = dict(zip(known, values, strict=False)) | named
    given.pop("ragged", None)  # its shape is the same
    plain = {}
    for word, value in given.items():
        made = argument(value)
        if not (isinstance(made, Unknown) and changes_no_shape(word)):
            plain[word] = made
    places = session().places()
    places |= {word: places[str(n)] for n, word in enumerate(known) if str(n) in places}
    source = input_of(bind("Input", (), plain, places))
    name = plain.get("name")
    return Tensor(
        graph.InputTensor(source.shape, "", source.dtype, name if isinstance(name, str) else "")
    )
