"""Keras' own symbolic tensors, and what else a live object says of itself. Keras is not imported
here: whoever has such an object has it."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from rnnshape.reading.replay import RecordedShape, sizes_of

# One follows at a time: what is undone would be the other's, too. A `call` may ask for another.
_ALONE = threading.RLock()


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


def is_built(layer: Any) -> bool:
    """Whether a layer and all that are in it have their weights: else a call would make them."""
    return type(layer).__name__ == "Lambda" or all(part.built for part in flattened(layer))


def shapes_by_keras(layer: Any, shape: RecordedShape) -> list[RecordedShape]:
    """What a layer returns of a tensor of this shape; nothing where Keras can't tell."""
    with suppress(Exception):  # it is the user's own `call`
        if not is_built(layer):
            return []
        keras = keras_of(layer)
        spec = layer.compute_output_spec(keras.KerasTensor(shape))
        return [*map(shape_of, keras.tree.flatten(spec))]
    return []


def input_names(flow: Any) -> list[str]:
    """What a model's inputs are called: those in a dictionary by its keys, in their order."""
    inputs = getattr(flow, "inputs", None) or ()
    return _keys(getattr(flow, "_inputs_struct", None)) or [tensor.name for tensor in inputs]


def output_keys(model: Any) -> list[str]:
    """The keys of a model that returns a dictionary, in the order of its outputs."""
    if getattr(model, "built", False) and {"Functional", "Sequential"}.isdisjoint(bases(model)):
        with suppress(Exception), traced(model, ()) as model:  # it has a `call` of its own
            pass
    return _keys(getattr(model, "_outputs_struct", None))


def _keys(tensors: object) -> list[str]:
    is_flat = isinstance(tensors, dict) and all(hasattr(one, "shape") for one in tensors.values())
    return sorted(tensors) if isinstance(tensors, dict) and is_flat else []


def of_any_batch(
    shape: RecordedShape, tensor: Any, shapes: Sequence[RecordedShape]
) -> RecordedShape:
    """What is returned where inputs of these shapes are given; of the batch where the model's own
    tensor is of any."""
    batches = [given[:1] for given in shapes if given]
    is_batch = shape and shape_of(tensor)[:1] == (None,) and shape[:1] in batches  # type: ignore[index]
    return (None, *shape[1:]) if shape and is_batch else shape


def specs_after(node: Any, given: dict[int, Any]) -> Sequence[Any]:
    """What a call returns of symbolic tensors of other shapes, which are added to `given`."""
    with suppress(Exception):  # the user's own `call`, with shapes that it may refuse
        if not (is_operation(node.operation) or is_built(node.operation)):
            return ()
        arguments, words = node.arguments.fill_in(given)
        spec = node.operation.compute_output_spec(*arguments, **words)
        returned: Sequence[Any] = keras_of(node.operation).tree.flatten(spec)
        given |= zip(map(id, node.output_tensors), returned, strict=True)
        return returned
    return ()


def asks_for_masks(flow: Any) -> bool:
    """Whether masks are made in a model, and a layer of the user's own takes one: as a model is
    made, Keras hands on none behind another model, and as it runs it does."""
    layers = flattened(flow)
    return any(map(_makes_mask, layers)) and any(map(_takes_mask, layers))


def _is_own(layer: Any) -> bool:
    return type(layer).__module__.partition(".")[0] != "keras"


def _makes_mask(layer: Any) -> bool:
    is_made = type(layer).__name__ == "Masking" or getattr(layer, "mask_zero", False)
    return bool(is_made) or (_is_own(layer) and "compute_mask" in dir(type(layer)))


def _takes_mask(layer: Any) -> bool:
    function = layer.call if _is_own(layer) else getattr(layer, "function", None)
    with suppress(TypeError, ValueError):
        return function is not None and "mask" in inspect.signature(function).parameters
    return True


def shapes_of_run(flow: Any, given: Sequence[Any]) -> dict[int, RecordedShape]:
    """What the calls in a model, and in those within it, return as it runs on symbolic tensors, by
    the `id` of what they returned as it was made; nothing where Keras can't tell, or where it is
    not the same each time."""
    found: list[tuple[int, Any]] = []

    def run(flow: Any, *given: Any) -> list[Any]:
        made = dict(zip(map(id, flow.inputs), given, strict=True))
        for node in calls_in(flow):
            inner, (arguments, words) = node.operation, node.arguments.fill_in(made)
            inner = getattr(inner, "_functional", inner) if is_made_of_layers(inner) else inner
            is_inner = hasattr(inner, "_nodes_by_depth")
            values = run(inner, *flatten(arguments)) if is_inner else inner(*arguments, **words)
            made |= zip(map(id, node.output_tensors), flatten(values), strict=True)
        found.extend(made.items())
        return [made[id(output)] for output in flow.outputs]

    def all_values(*given: Any) -> list[Any]:
        run(flow, *given)
        return [value for _, value in found]

    flatten, shapes = keras_of(flow).tree.flatten, dict[int, RecordedShape]()
    with suppress(Exception):  # it is the user's own `call`
        specs = sys.modules["keras.src.backend"].compute_output_spec(all_values, *given)
        for (name, _), shape in zip(found, map(shape_of, specs), strict=True):
            shapes[name] = shape if shapes.get(name, shape) == shape else None
    return shapes


def calls_in(flow: Any) -> Iterator[Any]:
    """The calls that a model holds, in an order in which they can run."""
    by_depth = flow._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if not node.is_input)


@contextmanager
def names_kept() -> Iterator[None]:
    """What is made within it takes none of the names that Keras counts."""
    with _ALONE:
        from_keras = sys.modules.get("keras.src.backend.common.global_state")
        counts = from_keras.get_global_attribute("object_name_uids") if from_keras else None
        before = dict(counts or {})
        try:
            yield
        finally:
            if counts is not None:
                counts.clear()
                counts.update(before)


@contextmanager
def traced(model: Any, shapes: Sequence[RecordedShape]) -> Iterator[Any]:
    """The calls of a subclassed model's layers, of symbolic inputs of the shapes that it was built
    for; None where it can't be followed. What Keras notes of them is undone."""
    with names_kept():
        keras = keras_of(model)
        layers = flattened(model)
        calls = [(layer, len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in layers]
        flow = None
        try:
            with suppress(Exception):  # it is the user's own `call`
                flow = _model_of_call(keras, model, shapes) if is_built(model) else None
            yield flow
        finally:
            for layer, inbound, outbound in calls:
                del layer._inbound_nodes[inbound:], layer._outbound_nodes[outbound:]


def _model_of_call(keras: Any, model: Any, shapes: Sequence[RecordedShape]) -> Any:
    """`keras.Model(inputs, model.call(inputs))`"""
    recorded = dict(getattr(model, "_build_shapes_dict", None) or {})
    if len(recorded) < 2:
        recorded = {"": (model.get_build_config() or {})["input_shape"]}
    given = iter(shapes)

    def made(shape: Any, name: str) -> Any:
        if isinstance(shape, dict):
            return {word: made(size, str(word)) for word, size in shape.items()}
        if any(isinstance(size, list | tuple | dict) for size in shape):
            return [made(size, f"{name}_{place}") for place, size in enumerate(shape)]
        shape = next(given, None) or (None, *shape[1:])
        return keras.Input(batch_shape=shape, name=name or "inputs")

    if "" in recorded:
        inputs = made(recorded[""], "")
        return keras.Model(inputs, model.call(inputs), name="rnnshape")
    words = {word.removesuffix("_shape"): shape for word, shape in recorded.items()}
    inputs = {word: made(shape, word) for word, shape in words.items()}
    return keras.Model(inputs, model.call(**inputs), name="rnnshape")
