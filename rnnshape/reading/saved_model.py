"""The config of a saved model, as `model.to_json()` returns it.

Nothing that it names is imported. The layers are made and called once more, through the objects
that stand for Keras in code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from rnnshape.description import describe
from rnnshape.errors import NotReadError, QueryError, shortened
from rnnshape.layer_names import names_of_outputs
from rnnshape.nest import rebuilt, within
from rnnshape.network import MOST_LAYERS, Network, Question, check_count
from rnnshape.reading import graph, replay
from rnnshape.reading.config_layers import MODELS, UnreadLayerError, layer_of, row_text
from rnnshape.reading.files import json_value
from rnnshape.reading.found import Reading
from rnnshape.reading.names.attributes import BIDIRECTIONAL, frozen
from rnnshape.reading.names.compiling import Compiled, functions_of
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.sequential import Sequential
from rnnshape.reading.names.session import session
from rnnshape.reading.names.sizes import sizes_of
from rnnshape.reading.python import IsOpenError
from rnnshape.reading.replay import RecordedLayer, RecordedShape, plain_name
from rnnshape.signatures import LAYERS, OPERATIONS, is_recurrent, signature, snake_case
from rnnshape.training.data import Function

OF_TENSORFLOW = ("TFOpLambda", "SlicingOpLambda")  # layers that Keras 2 makes of its functions
OLD = re.compile(r"1\.|2\.[01]\.\d+$")  # before `reset_after`
DEEPEST = 50  # lists and dictionaries within each other

CallOfLayer: TypeAlias = "tuple[str, int]"  # the layer's name, and which of its calls


def read_config(
    text: str, where: str, parameters: Mapping[str, int] | None = None, compiled: str = "null"
) -> Reading:
    """The network that a model's config describes, or a `QueryError`.

    Args:
        text: the config, as JSON.
        where: the file that it is from.
        parameters: how many the layers have, by their names, where that is known.
        compiled: what `compile` was given, as JSON, where the config itself does not say it.
    """
    config: Any = json_value(text, where)
    training: Any = json_value(compiled, where)
    replay.begin()
    try:
        if _depth(config) > DEEPEST:
            raise RecursionError
        if isinstance(config, dict) and OLD.match(str(config.get("keras_version"))):
            _say_old_defaults(config)
        if isinstance(config, dict) and config.get("class_name") in LAYERS:  # of a layer alone
            config = {"class_name": "Sequential", "config": {"layers": [config]}}
        network = Config(where, parameters or {}).network(config)
        name = plain_name(str(config["class_name"]))
        note = f"{name} is a class of its own: it is read as the file has its layers"
        losses, metrics = compiled_in(config.get("compile_config") or training, network)
        own = () if name in MODELS else (note,)
        notes = (*own, *session().notes_of(network))
        return Reading((Question(network, losses=losses, metrics=metrics, notes=notes),))
    except QueryError as wrong:
        kind = NotReadError if isinstance(wrong, NotReadError) else QueryError
        raise kind(f"{where}: {wrong.message}") from None
    except RecursionError:
        raise QueryError(f"{where} is nested too deeply to be read") from None
    except (ArithmeticError, LookupError, AttributeError, TypeError, ValueError, IsOpenError):
        raise QueryError(f"{where} holds no config of a Keras model that can be read") from None


def compiled_in(
    config: Any, network: Network, keys: Sequence[str] = ()
) -> tuple[tuple[Function | None, ...], tuple[tuple[Function, ...], ...]]:
    """The loss and the metrics of each output, of what Keras writes down of `compile`; `keys` are
    those of a model that returns a dictionary."""
    said = config if isinstance(config, dict) else {}
    outputs = keys or [name for name, _ in names_of_outputs(network, 1)]
    compiled = Compiled(said.get("loss"), said.get("metrics"), said.get("weighted_metrics"))
    return functions_of(compiled, outputs)


def _say_old_defaults(value: Any) -> None:
    """Adds what a layer did that an old Keras wrote, and had no argument for."""
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            _say_old_defaults(part)
    if isinstance(value, dict) and value.get("class_name") in ("GRU", "GRUCell"):
        value.get("config", {}).setdefault("reset_after", False)


def _depth(value: Any) -> int:
    """How many lists and dictionaries stand within each other."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


@dataclass(frozen=True)
class _Tensor:
    """A tensor in a config: by which call of which layer it is made, and its place among those that
    are returned there."""

    call: CallOfLayer
    place: int
    shape: RecordedShape


class Config:
    """Makes the layers of one config, and calls them."""

    def __init__(self, where: str, parameters: Mapping[str, int]) -> None:
        self.where, self.parameters = where, parameters

    def network(self, config: Any) -> Any:
        if not isinstance(config, dict) or "class_name" not in config:
            raise QueryError("this is not the config of a Keras model")
        if not _is_model(config):
            raise NotReadError(
                f"it holds {plain_name(str(config['class_name']))}, a subclassed model: the file "
                "does not say which layers it has"
            )
        network = replay.network_of_model(self.model(config), self.where.rpartition(".")[0])
        if not network.steps:
            raise QueryError("there is no layer in it")
        is_asked = config["class_name"] != "Sequential"  # of which Keras does not look at it
        is_frozen = is_asked and config["config"].get("trainable") is False
        return frozen(network) if is_frozen else network

    def model(self, config: Any, depth: int = 0) -> Model:
        """What stands for a model."""
        inner = config["config"]
        if isinstance(inner, list):  # as the first versions of Keras 2 had it
            inner = {"layers": inner}
        check_count(len(inner["layers"]))
        name = plain_name(_name(config) if depth else str(inner.get("name", "")))
        make = self.sequential if config["class_name"] == "Sequential" else self.functional
        return make(inner, name, depth)

    def layer(self, layer: Any, depth: int) -> Any:
        """What stands for a layer, a model or an operation in a model."""
        if _is_model(layer):
            return self.model(layer, depth + 1)
        class_name = str(layer["class_name"])
        if _is_operation(layer):
            words = layer["config"]
            arguments = {word: _value(words[word]) for word in words if word != "name"}
            if _tensors_in(arguments):
                raise ValueError(arguments)
            return replay.Operation(snake_case(class_name), arguments, self.where)
        if class_name in OF_TENSORFLOW:
            note = f"this Keras does not load it, as it has no {class_name}; tf_keras, Keras 2, may"
            session().notes[note, None] = None
            name = str(layer["config"].get("function", "")).rpartition(".")[2]
            return replay.Operation(plain_name(name), {}, self.where)
        try:
            return layer_of(layer, lambda config: self.model(config, depth + 1))
        except UnreadLayerError as wrong:
            name = _name(layer)
            is_without = class_name in ("Lambda", "Activation")  # weights, whatever they do
            count = 0 if is_without else None if depth else self.parameters.get(name)
            text = row_text(class_name, name)
            if wrong.makes_another:
                text, known = self._with_own_activation(layer, name)
                count = known if count is None else count
            return RecordedLayer(text, wrong.message, self.where, count)

    def _with_own_activation(self, layer: Any, name: str) -> tuple[str, int | None]:
        """How a layer is written whose activation is the user's own, and its parameters, which do
        not depend on that."""
        own = {
            word: {**value, "keeps_shape": True}
            for word, value in layer["config"].items()
            if isinstance(value, dict) and word.endswith("activation")
        }
        with session().aside(), suppress(QueryError):
            made = layer_of({**layer, "config": {**layer["config"], **own}}, self.model)
            session().take(made)
            given = replay.input_tensor(_built_for(layer))
            network = graph.network_of([], (), "", [graph.LayerCall(0, made.own_layer, (given,))])
            is_known = network.inputs[0].shape is not None  # else it would be assumed
            many = describe(network).layers[0].parameters if is_known else None
            return str(made.own_layer.call), many
        return row_text(str(layer["class_name"]), name), None

    def sequential(self, config: Any, name: str, depth: int) -> Model:
        made, layers = Sequential(name=name), config["layers"]
        shapes = [*map(_built_for, layers), None]
        for place, layer in enumerate(layers):
            if layer["class_name"] == "InputLayer":
                made.add(_input(layer["config"]))
                continue
            item = replay.named(self.layer(layer, depth), _name(layer))
            if isinstance(item, RecordedLayer):  # it returns what the next was built for
                item.own_built, after = shapes[place : place + 2]
                item.own_returns = (after,) if after else ()
            made.add(item)
        shape = replay.sizes_of(config.get("build_input_shape"))
        if shape is None and layers:  # the first layer says it too; in Keras 2 it alone
            early = (layers[0].get("config") or {}).get("batch_input_shape")
            shape = shapes[0] or replay.sizes_of(early)
        return replay.built(made, shape)

    def functional(self, config: Any, name: str, depth: int) -> Model:
        held, made = dict[str, Any](), dict[CallOfLayer, list[Any]]()
        calls = dict[CallOfLayer, tuple[list[Any], dict[str, Any]]]()
        takes, is_old = config["input_layers"], False
        keys = {end[0]: key for key, end in takes.items()} if isinstance(takes, dict) else {}
        for layer in config["layers"]:
            word = _name(layer)
            if layer["class_name"] == "InputLayer":
                named = {"name": keys[word]} if word in keys else {}
                made[word, 0] = [_input({**layer["config"], **named})]
                continue
            held[word] = replay.named(self.layer(layer, depth), word)
            for number, node in enumerate(layer.get("inbound_nodes") or ()):
                is_old = isinstance(node, list)
                calls[word, number] = _called_with(node, str(layer["class_name"]))
        check_count(len(calls))

        def counted(tensor: _Tensor, is_end: bool) -> _Tensor:
            """A model in it is made by its first call: Keras 2 counts that, Keras 3 of what is
            returned and no `Sequential` alone."""
            (word, number), layer = tensor.call, held.get(tensor.call[0])
            is_counted = is_old or (is_end and not isinstance(layer, Sequential))
            shift = isinstance(layer, Model) and is_counted
            return replace(tensor, call=(word, max(0, number - shift)))

        ends = [counted(end, True) for end in _tensors_in(_value(config["output_layers"]))]
        for call, given in calls.items():
            calls[call] = rebuilt(
                given, lambda part: counted(part, False) if isinstance(part, _Tensor) else part
            )
        shapes: dict[CallOfLayer, dict[int, RecordedShape]] = {}
        for tensor in (*_tensors_in([*calls.values()]), *ends):
            shapes.setdefault(tensor.call, {}).setdefault(tensor.place, tensor.shape)

        def stand_in(value: Any) -> Any:
            return made[value.call][value.place] if isinstance(value, _Tensor) else value

        for call in _in_order(calls, made):
            recorded = shapes.get(call, {})
            returned = [recorded.get(place) for place in range(max(recorded, default=-1) + 1)]
            arguments, words = rebuilt(calls[call], stand_in)
            made[call] = replay.called(held[call[0]], arguments, words, returned)
        inputs = [*map(stand_in, _tensors_in(_value(takes)))]
        outputs = [*map(stand_in, ends)]
        return Model(inputs, outputs[0] if len(outputs) == 1 else outputs, name=name)


def _in_order(
    calls: Mapping[CallOfLayer, object], made: Mapping[CallOfLayer, object]
) -> Iterator[CallOfLayer]:
    """The calls, each after those that make what it takes, in the order of the file as far as can
    be; a `QueryError` where that can't be."""
    waiting = {call: {one.call for one in _tensors_in(given)} for call, given in calls.items()}
    while waiting:
        ready = (call for call, needed in waiting.items() if needed <= made.keys())
        call = next(ready, None)
        if call is None:
            known = {name for name, _ in waiting}
            pairs = ((name, needed - made.keys()) for (name, _), needed in waiting.items())
            missing = [(name, of) for name, needed in pairs for of, _ in needed]
            taker, taken = min(missing, key=lambda pair: pair[1] in known)
            text = f"{plain_name(taker)} takes what no layer before it returns: {plain_name(taken)}"
            raise QueryError(text)
        del waiting[call]
        yield call


def _name(layer: Any) -> str:
    inner = layer["config"] if isinstance(layer["config"], dict) else {}
    return str(layer.get("name") or inner.get("name") or layer["class_name"])


def _is_model(config: Mapping[str, Any]) -> bool:
    """Whether the layers of a model are there, and how they are called."""
    inner = config.get("config")
    if config["class_name"] in MODELS:
        return isinstance(inner.get("layers") if isinstance(inner, dict) else inner, list)
    return isinstance(inner, dict) and {"layers", "input_layers", "output_layers"} <= {*inner}


def _is_operation(layer: Any) -> bool:
    """Whether it is a function of tensors, which may have the name of a layer. HDF5 files have no
    modules, but all layers say whether they are trained."""
    module = layer.get("module")
    if module:
        return ".ops." in str(module)
    name, config = str(layer["class_name"]), layer["config"]
    needed = signature(name).required if name in LAYERS else ()  # `target_shape`
    if (needed and {*needed} <= {*config}) or layer.get("registered_name"):
        return False
    return snake_case(name) in OPERATIONS and "trainable" not in config


def _built_for(layer: Any) -> RecordedShape:
    """The shape that a layer was given when it was built."""
    return replay.sizes_of((layer.get("build_config") or {}).get("input_shape"))


def _input(config: Any) -> Any:
    given = config.get("batch_shape", config.get("batch_input_shape"))
    shape = replay.sizes_of(given)
    if shape is None and given is not None:
        raise QueryError(f"the shape of its input can't be read: {shortened(str(given))}")
    dtype = config.get("dtype")
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    return replay.input_tensor(shape, dtype, str(config.get("name", "")))


def _tensors_in(value: object) -> list[_Tensor]:
    return [part for part in within(value) if isinstance(part, _Tensor)]


def _tensor(source: Any, shape: Any = None) -> _Tensor:
    name, node, place = source[:3]
    if not (0 <= int(node) <= MOST_LAYERS and 0 <= int(place) <= MOST_LAYERS):
        raise ValueError(source)
    return _Tensor((str(name), int(node)), int(place), replay.sizes_of(shape))


def _called_with(node: Any, class_name: str) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call."""
    if isinstance(node, list):  # Keras 2: [["lstm", 0, 0, {"mask": ...}], ...], or one of them
        parts = [node] if isinstance(node[0], str) else node
        tensors = [_value(part[:3]) for part in parts]
        words = parts[0][3] if len(parts[0]) > 3 else {}
        given = tensors if len(tensors) == 1 else [tensors]
        if len(tensors) > 1 and (is_recurrent(class_name) or class_name == BIDIRECTIONAL):
            given, states = tensors[:1], tensors[1:]
            return given, {"initial_state": states}
    else:
        words = node.get("kwargs") or {}
        given = [_value(part) for part in node.get("args") or ()]
    return given, {str(word): _value(value) for word, value in words.items()}


def _value(value: Any) -> Any:
    """A value of a config as Python has it, with a `_Tensor` for each tensor in it."""
    match value:
        case {"class_name": "__keras_tensor__", "config": config}:
            return _tensor(config["keras_history"], config.get("shape"))
        case {"class_name": "__numpy__" | "__tensor__", "config": {"value": held} as data}:
            if not isinstance(held, list):
                return held
            return replay.data_tensor(tuple(sizes_of(held)), str(data.get("dtype") or "float32"))
        case {"class_name": "__tuple__", "items": items}:
            return [*map(_value, items)]
        case {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}:
            return slice(start, stop, step)
        case {"start": start, "stop": stop, "step": step}:  # of Keras 2
            return slice(start, stop, step)
        case {"class_name": "__ellipsis__"}:
            return ...
        case [str(), int(), int()] | [str(), int(), int(), _]:  # of Keras 2, perhaps with keywords
            return _tensor(value)
        case list():
            return [*map(_value, value)]
        case dict():
            return {word: _value(value[word]) for word in sorted(value)}  # as Keras walks them
    return value
