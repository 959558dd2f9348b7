"""Models: of inputs and outputs, `Sequential`, and those of the code with a `call` of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.description import describe
from rnnshape.errors import Place, QueryError
from rnnshape.expression import Call, Unknown
from rnnshape.fitting import names_of_outputs
from rnnshape.network import (
    MOST_LAYERS,
    Input,
    Network,
    Shape,
    chain,
    input_of_first_layer,
    too_many_layers,
    without_input_arguments,
)
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array, array_of_shape
from rnnshape.reading.names.layers import Layer, holds_tensors, open_shape, passed
from rnnshape.reading.names.session import session, unknown_of
from rnnshape.reading.names.tensors import Tensor, plain_sizes, stand_ins, unread_step
from rnnshape.reading.names.training import Compiled, call_of, given_to
from rnnshape.reading.python import IsOpenError, Open, opens_in
from rnnshape.training import TrainingCall

__all__ = ["Model", "Sequential"]

MOST_MODELS = 1_000
OWN_TRAINING = ("train_step", "test_step", "predict_step", "compute_loss")


class Model(Layer):
    """A model of inputs and outputs; or one of the code, whose `call` is followed.

    Attributes:
        own_takes, own_gives: its inputs and outputs.
        own_open: what is not known of it, where it can't be answered.
        own_name, own_variable: the name that it is given, and that of the variable that holds it.
        own_conditions: those, not known, under which it is made.
        own_compiled: its losses and metrics; None where it is not compiled.
    """

    own_takes: list[Tensor]
    own_gives: list[Tensor]
    own_open: Open | None
    own_items: tuple[Any, ...]
    own_is_of_module: bool
    own_shape: Any
    own_flow: Any
    own_compiled: Compiled | None

    what = "a model"
    visible: tuple[str, ...] = (
        *Layer.visible, "fit", "evaluate", "predict", "train_on_batch", "test_on_batch",
        "predict_on_batch", "fit_generator", "compile", "summary", "save", "save_weights",
        "load_weights", "to_json", "layers", "get_layer", "inputs", "outputs", "name",
        "trainable_variables", "variables", "optimizer", "predict_classes", "stop_training",
    )  # fmt: skip

    def __new__(cls, *_: Any, **__: Any) -> Any:
        made = super().__new__(cls)
        held = session()
        if len(held.models) >= MOST_MODELS:
            raise QueryError(f"this makes too many models: at most {MOST_MODELS:,} are read")
        made.own_takes, made.own_gives, made.own_open = [], [], None
        made.own_name, made.own_variable, made.own_is_of_module = "", "", False
        made.own_conditions = tuple(held.evaluator.conditions)
        made.own_made_in = held.evaluator.outermost_call()
        made.own_node = (held.evaluator.source, held.evaluator.node)
        made.own_items, made.own_shape, made.own_flow = (), None, None
        made.own_compiled = None
        held.models.append(made)
        return made

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: Any = None, **more: Any
    ) -> None:
        self.own_takes = _flat(more.get("input", inputs))
        self.own_gives = _flat(more.get("output", outputs))
        self.own_name = name if isinstance(name, str) else ""
        self.own_open = next(opens_in([inputs, outputs]), None)
        if (inputs is not None or outputs is not None) and self.own_open is None:
            self._check_ends()

    def _check_ends(self) -> None:
        """Keras refuses a model whose outputs need other inputs than those that it names."""
        if not (self.own_takes and self.own_gives):
            which = "outputs" if self.own_takes else "inputs"
            raise self._refused(f"what this model's {which} are is not known", None)
        given = {graph.Tensor(one.maker, one.output) for one in self.own_takes}
        names = [name for tensor in given if (name := getattr(tensor.maker, "given_name", ""))]
        for name in names:
            if names.count(name) > 1:
                message = f"two inputs have the name {name!r}: give each its own"
                words = '(Keras: "All operation names should be unique")'
                raise self._refused(f"{message} {words}", None)
        calls = graph.calls_before(self.own_gives, self.own_takes)
        data = {id(maker) for _, maker in session().sources.values()}  # Keras takes it as it is
        for tensor in (one for call in calls for one in call.tensors):
            maker = tensor.maker
            if isinstance(maker, graph.InputTensor) and graph.Tensor(maker) not in given:
                if maker.name == "weight" or maker.shape is None or id(maker) in data:
                    continue
                name = maker.name or maker.given_name
                which = f": {name}" if name else ""
                message = f"this model needs an input that it does not name{which}"
                raise self._refused(message, None)

    def _refused(self, message: str, place: Place | None) -> QueryError:
        self.own_open = session().evaluator.open(self.title or "a model", message)
        return QueryError(message, place)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def is_assigned(self, name: str, in_module: bool) -> None:
        if not self.own_is_of_module:
            self.own_variable, self.own_is_of_module = name, in_module

    def is_lost(self, because: Open) -> None:
        if self.own_open is None:
            self.own_open = because

    def merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        if name in ("own_variable", "own_name", "own_is_of_module", "own_is_built"):
            return other
        if name == "own_compiled":
            return None
        self.is_lost(because)
        return other

    @staticmethod
    def chosen_over(mine: Model, other: object, because: Open) -> object:
        """Of a model and something unread, the model; of two models, each is answered."""
        if isinstance(other, Model):
            found = because.part("")
            found.alternatives = (mine, other)
            return found
        return mine if other is None or isinstance(other, Open) else because

    def as_argument(self) -> Any:
        """A model within a layer, as in `TimeDistributed(model)`: its layers, where they follow
        each other."""
        if not self.title:
            session().models[:] = [one for one in session().models if one is not self]
        calls = self._calls()
        for before, call in zip([None, *calls], calls, strict=False):
            tensors = [*call.tensors]
            first = (
                graph.Tensor(self.own_takes[0].maker, self.own_takes[0].output)
                if self.own_takes
                else None
            )
            expected = graph.Tensor(before) if before else first
            if tensors != [expected] or call.keywords or call.layer.unread:
                why = "a layer around a model of this form is not read"
                raise IsOpenError(session().evaluator.open(self.title, why))
        layers = tuple(without_input_arguments(call.layer.call) for call in calls)
        return Call("Sequential", (("layers", layers),))

    def _calls(self) -> list[graph.LayerCall]:
        takes, gives = self.flow()
        self.own_takes = self.own_takes or takes
        return graph.calls_before(gives, takes)

    def call_layers_with(self, layer: Layer) -> None:
        """Calls the layers, where nothing else has and this one is among them."""

    def call(self, inputs: Any = None, *_: Any, **__: Any) -> Any:
        if self.own_open is not None:
            raise IsOpenError(self.own_open)
        if not self.own_takes:
            why = "what it does when called is not in this code"
            raise IsOpenError(session().evaluator.open(self.title or "a model", why))
        held, given = session(), _flat(self._in_order(passed(inputs)))
        if len(given) != len(self.own_takes):
            takes = _counted(len(self.own_takes), "tensor")
            raise QueryError(f"{self.title or 'this model'} takes {takes}, not {len(given)}")
        for one, two in zip(self.own_takes, given, strict=True):
            _check_fits(self.title, plain_sizes(stand_ins(one)), plain_sizes(stand_ins(two)))
        group = "/".join(filter(None, [*held.groups, self.title]))
        calls = graph.calls_before(self.own_gives, self.own_takes)
        if len(calls) > MOST_LAYERS:
            raise too_many_layers()
        pairs = zip(self.own_takes, given, strict=True)
        instead = {
            graph.Tensor(one.maker, one.output): graph.Tensor(two.maker, two.output)
            for one, two in pairs
        }
        anew, stands_for = graph.called_anew(calls, instead, held.number + 1, group)
        held.number += len(anew)
        held.calls += anew
        made = [stand_ins(graph.in_place_of(one, stands_for)) for one in self.own_gives]
        return made[0] if len(made) == 1 else made

    def _in_order(self, given: Any) -> Any:
        """What it is called with; of a dictionary, each input is given what has its name."""
        names = [getattr(tensor.maker, "given_name", "") for tensor in self.own_takes]
        is_named = isinstance(given, dict) and all(name in given for name in names)
        return [given[name] for name in names] if is_named else given

    def __call__(self, *given: Any, **named: Any) -> Any:
        if not given and "inputs" in named:
            given = (named.pop("inputs"),)
        first = given[0] if given else session().evaluator.open("inputs")
        is_data = not holds_tensors(first)
        if isinstance(first, Array):
            is_described = self.is_described
            self._trained("__call__", [first], {})
            if is_described:
                return self._result(self.flow()[1])
        if is_data and isinstance(first, Open) and first.reason:
            self._built_by(first)
            raise IsOpenError(first)
        if not self.own_takes:  # it becomes what it is with its first call
            start = stand_ins(passed(first))
            made = self._called_anew(start, given[1:], named)
            if isinstance(made, Open):
                made = self._unread_result(made)
            if holds_tensors(made):
                self.own_takes, self.own_gives = _flat(start), _flat(made)
            if not is_data and holds_tensors(made):
                return self.call(first)
            return self._result(made) if is_data else made
        if is_data:
            return self._result(self.own_gives)
        return self.call(first)

    def _unread_result(self, made: Open) -> Any:
        """What stands for what a model returns, where that is not known: its layers are, so far."""
        calls = [call for call in session().calls if call.layer.unread is None]
        used = {id(tensor.maker) for call in calls for tensor in call.tensors}
        last = [graph.Tensor(call) for call in calls if id(call) not in used]
        return unread_step(made.label, made.reason, last, None, made)

    def _called_anew(self, start: Any, more: Sequence[Any], named: Any) -> Any:
        held = session()
        held_groups, held.groups = held.groups, []
        try:
            if not self.own_is_built:
                self.own_is_built = True
                own = getattr(type(self), "build", None)
                if own is not None and own.__module__ == "__main__" and isinstance(start, Tensor):
                    self.build(start.shape)
            with held.within_call():
                return self.call(start, *more, **named)
        finally:
            held.groups = held_groups

    def _result(self, made: Any) -> Any:
        """What a call with data returns: data, of the shapes of the outputs."""
        tensors = _flat(made)
        if not tensors:
            return session().evaluator.open("predictions")
        if len(tensors) == 1:
            return array_of_shape(tensors[0].shape)
        return [array_of_shape(tensor.shape) for tensor in tensors]

    def build(self, input_shape: Any = None, **_: Any) -> None:
        if isinstance(input_shape, list | tuple) and not self.own_takes:
            self(Tensor(graph.InputTensor(_sizes(input_shape), "inputs")))

    def fit(self, *given: Any, **named: Any) -> Open:
        return self._trained("fit", given, named)

    def evaluate(self, *given: Any, **named: Any) -> Open:
        return self._trained("evaluate", given, named)

    def train_on_batch(self, *given: Any, **named: Any) -> Open:
        return self._trained("train_on_batch", given, named)

    def test_on_batch(self, *given: Any, **named: Any) -> Open:
        return self._trained("test_on_batch", given, named)

    def fit_generator(self, *_: Any, **__: Any) -> Open:
        return session().evaluator.open("history")

    @property
    def is_described(self) -> bool:
        """Whether it has an input of its own, whatever it is called with."""
        return bool(self.own_takes)

    def _trained(self, method: str, given: Sequence[Any], named: dict[str, Any]) -> Open:
        """A call that gives data to the model."""
        call = given_to(method, given, named, self.own_compiled)  # before its layers are followed
        self._built_by(given[0] if given else named.get("x"))
        if not any(hasattr(type(self), name) for name in OWN_TRAINING):
            session().train(self, self.own_items or self.own_gives, call)
        return session().evaluator.open("history")

    def training_calls(self, network: Network) -> Iterator[TrainingCall]:
        """The calls that give it data as it is in the end."""
        takes, gives = self.flow()
        inputs = [_name_of_input(tensor) for tensor in takes]
        outputs = [name for name, _ in names_of_outputs(network, len(gives))]
        for model, layers, given in session().trained:
            if model is self and (layers is self.own_items or layers is self.own_gives):
                yield call_of(given, inputs, outputs)

    def predict(self, *given: Any, **named: Any) -> Any:
        self._trained("predict", given, named)
        return self.predict_on_batch()

    predict_classes = predict

    def predict_on_batch(self, x: Any = None) -> Any:
        self._built_by(x)
        if self.own_open is None and self.own_takes:
            return self._result(self.own_gives)
        return session().evaluator.open("predictions")

    def _built_by(self, x: Any) -> None:
        """Data of a shape that is known says what a model takes that has not been built."""
        if isinstance(x, Array) and not self.own_takes and self.own_open is None:
            self.build((None, *x.shape[1:]))

    def compile(self, *given: Any, **named: Any) -> None:
        words = dict(zip(("optimizer", "loss"), given, strict=False)) | named
        self.own_compiled = Compiled(words.get("loss"), words.get("metrics"))

    def summary(self, *_: Any, **__: Any) -> None:
        pass

    save = save_weights = load_weights = summary

    def to_json(self) -> Open:
        return session().evaluator.open("a text")

    @property
    def layers(self) -> list[Any]:
        calls = self._calls()
        entries = [_InputLayer(one) for one in self.own_takes]
        return [*entries, *map(_made_of, dict.fromkeys(call.layer for call in calls))]

    def get_layer(self, name: Any = None, index: Any = None) -> Any:
        if index is not None:
            return self.layers[index]
        for layer in self.layers:
            if _name_of(layer) == name:
                return layer
        raise QueryError(f"this code gives no layer of the model the name {name!r}")

    def reaches(self, name: str) -> bool:
        return name in ("input", "output", "inputs", "outputs", "input_shape", "output_shape")

    def __getattr__(self, name: str) -> Any:
        if name in ("input_shape", "output_shape"):
            return getattr(self, name.removesuffix("_shape")).shape
        if name not in ("input", "inputs", "output", "outputs"):
            raise AttributeError(name)
        if self.own_open is not None:
            raise IsOpenError(self.own_open)
        takes, gives = self.flow()
        several = gives if name.startswith("out") else takes
        return several[0] if len(several) == 1 and not name.endswith("s") else several

    @property
    def title(self) -> str:
        return self.own_name or self.own_variable or ""

    @property
    def name(self) -> str:
        return self.title

    @property
    def _title(self) -> str:
        return self.title

    def flow(self) -> tuple[list[Tensor], list[Tensor]]:
        """What goes in and comes out; a model of the code that nobody calls is called here."""
        if not self.own_takes and self.own_open is None and type(self) is not Model:
            _tried(self, Tensor(graph.InputTensor(None, "inputs")))
        return self.own_takes, self.own_gives


def _tried(call: Any, *given: Any) -> Any:
    """What a call makes that the code does not have; open where Python refuses it."""
    try:
        return call(*given)
    except (IsOpenError, QueryError, RecursionError, MemoryError):
        raise
    except Exception as wrong:
        why = f"nothing calls it, and called with one tensor it ends with {wrong}"
        raise IsOpenError(session().evaluator.open(session().evaluator.node, why)) from None


def _check_fits(title: str, takes: Shape | None, given: Shape | None) -> None:
    """A model is called on tensors of the sizes that it was described or built with."""
    if takes is None or given is None or len(takes) != len(given):
        return
    last = len(takes) - 1
    for place, (size, other) in enumerate(zip(takes, given, strict=True)):
        are_known = type(size) is int and type(other) is int
        if are_known and size != other and not (place == last and size == 1):
            shown = [str(shape).replace("None", "batch", 1) for shape in (takes, given)]
            raise QueryError(
                f"{title or 'this model'} takes {shown[0]}, and is called with {shown[1]} "
                '(Keras: "is incompatible with the layer: expected shape")'
            )


class Sequential(Model):
    """Layers, one after the other.

    Attributes:
        own_items: its layers and models, first perhaps an `Input`.
        own_shape: what it is given, as `build` or data says it.
    """

    visible: tuple[str, ...] = (*Model.visible, "add", "pop")

    def __init__(
        self, layers: Any = None, trainable: Any = True, name: Any = None, **more: Any
    ) -> None:
        super().__init__(name=trainable if isinstance(trainable, str) else name)
        places = session().places()
        for word in more:
            message = "Sequential takes layers, name and trainable"
            raise self._refused(message, places.get(word))
        if isinstance(trainable, list | tuple):
            raise self._refused("Sequential takes its layers in one list", places.get("1"))
        if isinstance(layers, Open):
            self.own_open = layers
        elif isinstance(layers, Layer | Tensor):
            self._add(layers, places.get("0"))
        else:
            for index, item in enumerate(layers or ()):
                self._add(item, places.get(f"0.{index}") or places.get(f"layers.{index}"))

    def add(self, layer: Any, *_: Any, **__: Any) -> None:
        self._add(layer, session().places().get("0"))

    def _add(self, item: Any, place: Place | None) -> None:
        if isinstance(item, list | tuple):
            for part in item:
                self._add(part, place)
        elif isinstance(item, Open):
            if not (item.reason or item.roots):  # a value that is given can't be a layer
                why = "what it is, is not in this code"
                item = Open(item.label, why, item.source, item.node)
            self.own_items += (_UnreadLayer(item),)
        elif isinstance(item, Tensor) and self.own_items:
            message = "Input says what the network is given: put it first"
            raise self._refused(message, place)
        elif isinstance(item, Layer | Tensor):
            if any(item is one for one in self.own_items):
                message = (
                    "this layer stands in the model already: make another "
                    '(Keras: "All layers added to a Sequential model should have unique names")'
                )
                raise self._refused(message, place)
            session().take(item)
            self.own_items += (item,)
        elif isinstance(item, type) and issubclass(item, Layer) and item.keras_name:
            name = item.keras_name
            message = f"{name} is a layer's class: make one of it, {name}(...)"
            raise self._refused(message, place)
        else:
            raise self._refused("this is not a Keras layer", place)
        if self.own_gives:  # it was built before: it is another from here on
            self.own_takes, self.own_gives = [], []

    def pop(self, *_: Any) -> None:
        self.own_items = self.own_items[:-1]
        self.own_takes, self.own_gives = [], []

    def merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        """Layers that are added under a condition that is not known stand as one unread layer."""
        if name != "own_items":
            return super().merged(name, one, other, because)
        same = 0
        while same < min(len(one), len(other)) and one[same] is other[same]:
            same += 1
        return (*one[:same], _UnreadLayer(because, f"depends on {because.label}"))

    def call(self, inputs: Any = None, *_: Any, **__: Any) -> Any:
        if self.own_open is not None:
            raise IsOpenError(self.own_open)
        held, made = session(), inputs
        first = next(graph.tensors_in(inputs), None)
        if self.own_shape is None and first is not None:
            sizes = plain_sizes(stand_ins(first))
            self.own_shape = sizes or Unknown("a shape", (), "what it is given is not known")
        takes = self.first().shape
        if isinstance(takes, tuple) and first is not None:
            _check_fits(self.title, takes, plain_sizes(stand_ins(first)))
        held.groups.append(self.title)
        try:
            for item in self.own_items:
                made = item(made) if isinstance(item, Layer) else made
        finally:
            held.groups.pop()
        return made

    def _called_anew(self, start: Any, more: Sequence[Any], named: Any) -> Any:
        held = session()
        held_groups, held.groups = held.groups, []
        title = self.own_name, self.own_variable
        self.own_name = self.own_variable = ""
        try:
            return self.call(start)
        finally:
            held.groups = held_groups
            self.own_name, self.own_variable = title

    def build(self, input_shape: Any = None, **_: Any) -> None:
        if isinstance(input_shape, Open):
            self.own_shape = self.own_shape or unknown_of(input_shape)
        elif isinstance(input_shape, list | tuple):
            self.own_shape = self.own_shape or _sizes(input_shape)

    def _built_by(self, x: Any) -> None:
        if isinstance(x, Array):
            shape = _sizes((None, *x.shape[1:]))
            if self.own_shape is None and (self._takes(shape) or not self._takes(None)):
                self.own_shape = shape
        elif isinstance(x, Open) and not x.is_undefined:
            self.own_shape = self.own_shape or open_shape(x)

    def _takes(self, shape: Any) -> bool:
        """Whether the rule takes the layers with an input of a shape, or says nothing of them."""
        layers = [vars(item).get("own_layer") for item in self.own_items]
        if not layers or not all(isinstance(one, graph.Layer) for one in layers):
            return True
        try:
            network = chain([one.call for one in layers if one])
            described = network.inputs if network.inputs[0].shape else (Input(shape),)
            describe(replace(network, inputs=described))
        except QueryError:
            return False
        return True

    @property
    def layers(self) -> list[Any]:
        return [item for item in self.own_items if isinstance(item, Layer)]

    def call_layers_with(self, layer: Layer) -> None:
        if any(item is layer for item in self.own_items):
            self.flow()

    @property
    def is_described(self) -> bool:
        return self.own_open is None and self.first().shape is not None

    def first(self, depth: int = 0) -> graph.InputTensor:
        """What it is given: its own `Input`, or what its first layer says."""
        item = self.own_items[0] if self.own_items else None
        if isinstance(item, Tensor) and isinstance(item.maker, graph.InputTensor):
            return item.maker
        if isinstance(item, Sequential) and depth < 20:
            inner = item.first(depth + 1)
            if inner.shape is not None or self.own_shape is None:
                return graph.InputTensor(inner.shape, "", inner.dtype, inner.given_name)
        if isinstance(item, Model) and item.own_takes:
            entry = item.own_takes[0].maker
            if isinstance(entry, graph.InputTensor):
                return graph.InputTensor(entry.shape, entry.name, entry.dtype, entry.given_name)
        if isinstance(item, Layer) and item.keras_name and "own_layer" in vars(item):
            source = input_of_first_layer(item.own_layer.call)
            if source.shape is not None or self.own_shape is None:
                return graph.InputTensor(source.shape, "", source.dtype)
        return graph.InputTensor(self.own_shape)

    def flow(self) -> tuple[list[Tensor], list[Tensor]]:
        if self.own_gives or self.own_open is not None:
            return self.own_takes, self.own_gives
        if not any(isinstance(item, Layer) for item in self.own_items):
            return [], []
        if self.own_flow is None or self.own_flow[0] != self.own_items:
            start = Tensor(self.first())
            made = _tried(self._called_anew, start, (), {})
            self.own_flow = self.own_items, ([start], _flat(made))
        return self.own_flow[1]  # type: ignore[no-any-return]


class _UnreadLayer(Layer):
    """Something that stands where a layer would, and that is not known."""

    def __init__(self, found: Open, text: str = "") -> None:
        super().__init__()
        self.own_layer = graph.Layer(Call(text or found.label), unknown_of(found))

    def __call__(self, *given: Any, **named: Any) -> Any:
        tensors = [passed(part) for part in given]
        return stand_ins(graph.returned(session().step(self.own_layer, tensors, {})))


class _InputLayer(Layer):
    """An input among `model.layers`."""

    visible: tuple[str, ...] = ("output", "input", "name")

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.output = self.input = tensor


def _name_of_input(tensor: Tensor) -> str:
    maker = tensor.maker
    return getattr(maker, "given_name", "") or getattr(maker, "name", "")


def _name_of(layer: Any) -> object:
    if isinstance(layer, Model):
        return layer.title
    if "own_layer" in vars(layer):
        call = layer.own_layer.call
        return layer.own_layer.name or (call["name"] if layer.keras_name else call.name)
    return None


def _flat(given: Any) -> list[Tensor]:
    return [stand_ins(tensor) for tensor in graph.tensors_in(given)]


def _sizes(shape: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(unknown_of(size) if isinstance(size, Open) else size for size in shape)


def _made_of(layer: graph.Layer) -> Layer:
    """What stands for a layer of the network that code asks a model for."""
    made: Layer = Layer.__new__(type("Layer", (Layer,), {"keras_name": layer.call.name}))
    made.own_is_built, made.own_layer = True, layer
    return made


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
