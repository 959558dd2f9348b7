"""Keras' own symbolic tensors, and what else a live object says of itself. Keras is not imported
here: whoever has such an object has it."""

from __future__ import annotations

import inspect
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rnnshape.errors import QueryError, did_you_mean
from rnnshape.expression import is_size
from rnnshape.nest import rebuilt, within
from rnnshape.reading.replay import RecordedShape, sizes_of
from rnnshape.rules.registry import has_rule
from rnnshape.signatures import ACTIVATIONS, is_recurrent, snake_case

# One follows at a time: what is undone would be the other's, too. A `call` may ask for another.
_ALONE = threading.RLock()
# How what layers keep their attributes in, and lists of them, is emptied and filled.
KEPT: dict[Any, tuple[Callable[..., Any], Callable[..., Any]]] = {
    list: (list.clear, list.extend), dict: (dict.clear, dict.update), set: (set.clear, set.update),
    deque: (deque.clear, deque.extend),
}  # fmt: skip


def bases(what: object) -> list[str]:
    return [base.__name__ for base in type(what).__mro__]


def keras_of(what: object) -> Any:
    """The package that a live object is of; it is imported already."""
    packages = [base.__module__.partition(".")[0] for base in type(what).__mro__]
    return sys.modules[next(package for package in packages if package in ("keras", "tf_keras"))]


def is_model(what: object) -> bool:
    return "Model" in bases(what)


def is_made_of_layers(model: Any) -> bool:
    """Whether it is a model of Keras 3 that has no `call` of its own."""
    if not (is_model(model) and (hasattr(model, "_functional") or hasattr(model, "_operations"))):
        return False
    return str(model.call.__module__).partition(".")[0] == "keras"


def is_operation(what: object) -> bool:
    return "Operation" in bases(what) and "Layer" not in bases(what)


def shape_of(tensor: Any) -> RecordedShape:
    shape = getattr(tensor, "shape", None)
    return None if shape is None else sizes_of(tuple(shape))


def built_shape(what: Any) -> RecordedShape:
    """What a layer or model was built for, if that is one shape, or several that are the same."""
    shapes = {*built_shapes(what)}
    return shapes.pop() if len(shapes) == 1 else None


def built_shapes(what: Any) -> list[RecordedShape]:
    """The shape that a layer or model was built for, or those of a query and a value."""
    with suppress(AttributeError, NotImplementedError, TypeError, ValueError):
        said = what.get_build_config() or {}
        told = said.get("shapes_dict", {})
        several = [told[name] for name in ("query_shape", "value_shape") if name in told]
        if {"Attention", "AdditiveAttention"} & {*bases(what)}:
            several = said.get("input_shape") or []
        alone = told.get("sequences_shape", said.get("input_shape"))
        return [*map(sizes_of, several or [alone])]
    return []


def flattened(layer: Any) -> list[Any]:
    """A layer of Keras and all that are in it."""
    return [*layer._flatten_layers()] if "Layer" in bases(layer) else []


def own_activations(layer: Any) -> dict[str, dict[str, object]]:
    """The activations of a layer that are functions of the user's own, as a config may have them:
    with whether they keep a shape. Keras writes down those that have the name of one of its own."""
    found = dict[str, dict[str, object]]()
    for word in ("activation", "recurrent_activation"):
        held: Any = getattr(layer, word, None)
        package = str(getattr(held, "__module__", "")).partition(".")[0]
        is_known = package == "tensorflow" and held.__name__ in ACTIVATIONS  # as Keras writes it
        if inspect.isroutine(held) and package not in ("keras", "tf_keras") and not is_known:
            kept = False
            with suppress(Exception):
                arrays = map(keras_of(layer).ops.zeros, ((2, 12), (3, 5, 24)))
                kept = all(tuple(held(array).shape) == tuple(array.shape) for array in arrays)
            own = {"class_name": "own_function", "config": held.__name__, "keeps_shape": kept}
            found[word] = own
    return found


def own_activation_within(layer: Any, alone: dict[str, dict[str, object]]) -> str:
    """The name of Keras' that one in a layer within this one has, beside those that the layer has
    `alone`; empty where there is none."""
    parts = (own_activations(part) for part in flattened(layer)[1:])
    names = (str(one["config"]) for part in parts if part != alone for one in part.values())
    return next((name for name in names if name in ACTIVATIONS), "")


def is_built(layer: Any) -> bool:
    """Whether a layer and all that are in it have their weights: else a call would make them."""
    return type(layer).__name__ == "Lambda" or all(part.built for part in flattened(layer))


def input_names(flow: Any) -> list[str]:
    """What a model's inputs are called: those in a dictionary by its keys, in their order."""
    inputs = getattr(flow, "inputs", None) or ()
    return keys_in(getattr(flow, "_inputs_struct", None)) or [tensor.name for tensor in inputs]


def names_of_inputs(what: Any) -> list[str]:
    """The names under which a live object's inputs may be given."""
    flow = getattr(what, "_functional", what)
    if "Functional" in bases(flow) or not is_model(what):
        return input_names(flow)
    with suppress(Exception):  # nobody has called it yet
        return [one.name for one in tensors_in(arguments_of(what))]
    return []


def keys_in(tensors: object) -> list[str]:
    """The keys of a dictionary of tensors, in the order in which Keras takes these."""
    is_flat = isinstance(tensors, dict) and all(hasattr(one, "shape") for one in tensors.values())
    return sorted(tensors) if isinstance(tensors, dict) and is_flat else []


def has_arrays(given: object) -> bool:
    """Whether what is given is a list of arrays, and not of sizes."""
    parts = given if isinstance(given, list | tuple) else ()
    return any(getattr(part, "shape", ()) != () for part in parts)  # NumPy's sizes have ()


def check_nests(what: Any, given: object, target: object) -> None:
    """A `QueryError` for a list or a dictionary in which a live model takes no data."""
    functional = getattr(what, "_functional", None) or what
    if "Functional" in bases(functional):
        names = input_names(functional)
        if isinstance(given, Mapping) and given and len(names) == 1 and names[0] not in given:
            name = next(iter(given))
            hint = did_you_mean(str(name), names) or f": there is {names[0]}"
            raise QueryError(f"no input is named {name!r}{hint}")
        keys = [*functional._inputs_struct] if isinstance(functional._inputs_struct, dict) else []
        if has_arrays(given) and keys != sorted(keys):  # Keras would mistake their order
            written = ", ".join(f"{key!r}: ..." for key in keys)
            raise QueryError(f"input: this model takes no list: give a dictionary, {{{written}}}")
        is_single = len(functional.outputs) == 1 and not keys_in(functional._outputs_struct)
    elif "Sequential" in bases(what):
        is_single, first = True, type([*getattr(what, "layers", ()), None][0])
        is_wrong = has_arrays(given) and is_recurrent(first.__name__)
        if is_wrong or (isinstance(given, Mapping) and first.__module__.startswith("keras.")):
            raise QueryError("input: a Sequential without an Input takes the array itself")
    else:
        return
    if isinstance(target, Mapping) and is_single:
        raise QueryError("target: of a model with one output give the array, by no name")


def has_own(flow: Any) -> bool:
    """Whether a layer in a model is the user's own, or runs a function that is."""
    return any(
        type(layer).__module__.partition(".")[0] != "keras" or type(layer).__name__ == "Lambda"
        for layer in flattened(flow)
    )


def is_keras_own(function: Any) -> bool:
    """Whether a function, or the class of an object, is one of Keras' own."""
    holder = function if inspect.isfunction(function) else type(function)
    return (holder.__module__ or "").startswith("keras.")


def own_step(model: Any, call: str) -> str:
    """The name of what a model of the user's own does itself with each batch of a call."""
    names = ("train_step", "compute_loss") if call == "fit" else ("predict_step",)
    steps = (name for name in names if inspect.ismethod(getattr(model, name, None)))
    return next((name for name in steps if not is_keras_own(getattr(model, name).__func__)), "")


def has_rules(flow: Any) -> bool:
    """Whether there is a rule for each operation in a model, and in those within it, and none runs
    a function that is not of Keras."""
    for layer in flattened(flow):
        functions = (one for one in vars(layer).values() if callable(one))
        if not all(map(is_keras_own, functions)):
            return False
    for operation in getattr(flow, "operations", ()):
        name = type(operation).__name__
        if is_made_of_layers(operation):
            is_known = has_rules(getattr(operation, "_functional", None) or operation)
        else:
            is_known = has_rule(snake_case(name) if is_operation(operation) else name)
        if not is_known and name != "InputLayer":
            return False
    return True


def calls_in(flow: Any) -> Iterator[Any]:
    """The calls that a model holds, in the order of its layers, in which they can run."""
    by_depth = flow._nodes_by_depth
    places = {id(operation): place for place, operation in enumerate(flow.operations)}
    for depth in sorted(by_depth, reverse=True):
        nodes = (node for node in by_depth[depth] if not node.is_input)
        yield from sorted(nodes, key=lambda node: places[id(node.operation)])


@contextmanager
def left_as_it_is(*layers: Any) -> Iterator[None]:
    """What runs within it, as the user's own `call`, changes nothing that the layers keep, and
    takes none of the names that Keras counts."""
    with _ALONE:
        from_keras = sys.modules.get("keras.src.backend.common.global_state")
        counts = from_keras.get_global_attribute("object_name_uids") if from_keras else None
        own = [vars(part) for one in layers for part in flattened(one)]
        trackers = [vars(one["_tracker"]) for one in own if "_tracker" in one]  # a build locks them
        each, waiting = {*map(id, own)}, list[Any]([counts, *own, *trackers])
        before = dict[int, tuple[Any, Any, Any]]()
        while waiting:
            one = waiting.pop()
            kind = next((kind for kind in KEPT if kind in type(one).__mro__), None)
            if kind is not None and id(one) not in before:
                content = kind(one)
                before[id(one)] = one, kind, content
                waiting += content.values() if isinstance(one, dict) else content
            if isinstance(one, list | dict):  # what TensorFlow wraps
                names = ("__wrapped__", "_storage")
                waiting += [getattr(one, name) for name in names if hasattr(one, name)]
        try:
            yield
        finally:
            for one, kind, content in before.values():
                _put_back(one, kind, content, is_own=id(one) in each)


def _put_back(one: Any, kind: Any, content: Any, is_own: bool) -> None:
    """Sets back what has changed, and that alone: another thread may use it. `is_own` is whether it
    has the attributes of a layer, to which Keras itself may add some in another thread."""
    if kind is not dict:
        if [*map(id, kind(one))] != [*map(id, content)]:
            clear, fill = KEPT[kind]  # Keras' own methods would note each part
            clear(one)
            fill(one, content)
        return
    for key, value in content.items():
        if dict.get(one, key, one) is not value:
            dict.__setitem__(one, key, value)
    for key in [key for key in one if key not in content]:
        if not is_own or hasattr(one[key], "dtype"):
            dict.__delitem__(one, key)


@contextmanager
def traced(model: Any, shapes: Sequence[RecordedShape]) -> Iterator[Any]:
    """The calls of a subclassed model's layers, of symbolic inputs of the shapes that it was built
    for; None where it can't be followed."""
    with left_as_it_is(model):
        keras, flow = keras_of(model), None
        inner = getattr(sys.modules.get("tensorflow"), "__internal__", None)
        graph = inner.FuncGraph("rnnshape").as_default() if inner else nullcontext()
        # It is the user's own `call`, which may change variables.
        with suppress(Exception), keras.StatelessScope(), graph:
            flow = _model_of_call(keras, model, shapes) if is_built(model) else None
        yield flow


def _model_of_call(keras: Any, model: Any, shapes: Sequence[RecordedShape]) -> Any:
    """`keras.Model(inputs, model.call(inputs))`"""

    def made(one: GivenTensor) -> Any:
        return keras.Input(batch_shape=one.shape, name=one.name or "inputs")

    given = {word: rebuilt(nest, made) for word, nest in arguments_of(model, shapes).items()}
    inputs = [*given.values()]
    return keras.Model(
        inputs if inputs[1:] else inputs[0],
        called_with(python_of(model.call), given),
        name="rnnshape",
    )


def check_called(model: Any) -> None:
    """A `QueryError` for a model that nobody has called, or that has no `call`."""
    name = type(model).__name__
    if str(getattr(model, "call", model).__module__).startswith("keras."):
        parts = (word for word, part in vars(model).items() if is_model(part))
        such = "".join(f", such as {name.lower()}.{part}" for part in islice(parts, 1))
        raise QueryError(f"{name} has no call of its own: ask for what is in it{such}")
    if not getattr(model, "built", False) or not any(layer.built for layer in model.layers):
        raise QueryError(
            f"{name} is a subclassed model that was not called yet, so nothing says what its "
            "layers are given: call it once, or ask for keras.Model(inputs, "
            "model.call(inputs)), with inputs = keras.Input((timesteps, features))"
        )


@dataclass(frozen=True)
class GivenTensor:
    """A tensor that a model is called with, and its shape, where anybody knows that."""

    name: str
    shape: RecordedShape


def arguments_of(model: Any, shapes: Sequence[RecordedShape] = ()) -> dict[str, Any]:
    """What a model with a `call` of its own takes: `GivenTensor`s by the names of its parameters,
    nested as those that it was built with. `shapes` are those of all of them, where they are known.
    """
    recorded = dict(getattr(model, "_build_shapes_dict", None) or {})
    words = {word.removesuffix("_shape"): shape for word, shape in recorded.items()}
    if len(words) < 2:
        takes = [
            one
            for one in inspect.signature(model.call).parameters.values()
            if one.kind is one.POSITIONAL_OR_KEYWORD and one.name not in ("mask", "training")
        ]
        first = takes[0].name if takes else "inputs"
        others = [one.name for one in takes[1:] if one.default is one.empty]
        inputs = getattr(model, "_inputs_struct", None)  # of a `Functional` with another `call`
        said = (model.get_build_config() or {}).get("input_shape")
        words = {first: rebuilt(inputs, shape_of) if inputs is not None else said}
        words |= dict.fromkeys(others)
        may_be_given = (one.name for one in takes[1:] if one.default is not one.empty)
        spare = len(shapes) - len(words) if words[first] and _is_shape(words[first]) else 0
        words |= dict.fromkeys(islice(may_be_given, max(spare, 0)))
    given = iter(shapes)

    def made(shape: Any, name: str) -> Any:
        if isinstance(shape, dict):
            return {word: made(shape[word], str(word)) for word in sorted(shape)}
        if shape is not None and not _is_shape(shape):
            return [made(size, f"input_{place}") for place, size in enumerate(shape)]
        return GivenTensor(name, next(given, None) or (shape and (None, *shape[1:])))

    return {word: made(shape, word if len(words) > 1 else "") for word, shape in words.items()}


def _is_shape(shape: Any) -> bool:
    return not isinstance(shape, dict) and all(size is None or is_size(size) for size in shape)


def tensors_in(given: Mapping[str, Any]) -> list[GivenTensor]:
    """All of them, in the order in which their shapes are given."""
    return [tensor for nest in given.values() for tensor in within(nest)]


def python_of(call: Any) -> Any:
    """The function of which TensorFlow has made a `tf.function`, which keeps what it has traced."""
    return getattr(call, "python_function", call)


def called_with(function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    (_, first), *others = given.items()
    return function(first, **dict(others))
