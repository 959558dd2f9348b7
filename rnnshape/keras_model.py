"""The measurement: Keras builds the model, and `model.predict` runs on random input.

The only room that works with Keras and NumPy. It is imported in the child process alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnnshape.measurement import Answer, Array, MeasuredLayer, Request
from rnnshape.rules import Layer, layers
from rnnshape.spec import LayerSpec

__all__ = ["measure"]

Floats = NDArray[np.float32]

EAGER_STEPS = 48  # tracing a graph costs as much as running so many timesteps eagerly
USUAL_BATCH = 32  # Keras' own batch_size
BATCHES_AT_MOST = 100  # fewer and larger batches are faster, and enough for a smooth bar


def measure(request: Request, progress: Callable[[int, int], None] | None = None) -> Answer:
    """Every layer of every spec, from one model, one input and one `predict`.

    Args:
        request: specs that share `batch`, `timesteps` and `features`.
        progress: called with the number of batches done, and how many there are.
    """
    first = request.specs[0]
    inputs = keras.Input((first.timesteps, first.features))
    built = []
    for spec in request.specs:
        if request.seed is not None:  # each anew: what it holds is what it would hold alone
            keras.utils.set_random_seed(request.seed)
        built.append(_build(spec, inputs))
    tensors = [tensor for stack in built for _, returned in stack for tensor in returned]

    batch_size = max(USUAL_BATCH, -(-first.batch // BATCHES_AT_MOST))
    batches = -(-first.batch // batch_size)
    model = keras.Model(inputs, tensors)
    model.run_eagerly = batches * first.timesteps <= EAGER_STEPS
    shape = (first.batch, first.timesteps, first.features)
    given = np.random.default_rng(request.seed).standard_normal(shape, dtype=np.float32)
    arrays = model.predict(
        given,
        batch_size=batch_size,
        verbose=0,
        callbacks=[_Telling(progress, batches)] if progress else [],
    )

    answered = iter(arrays if isinstance(arrays, list) else [arrays])  # of one output, no list
    return Answer(
        _array(given, request),
        tuple(
            tuple(
                _measured(layer, keras_layer, [next(answered) for _ in returned], request)
                for layer, (keras_layer, returned) in zip(layers(spec), stack, strict=True)
            )
            for spec, stack in zip(request.specs, built, strict=True)
        ),
        keras.__version__,
        tf.__version__,
    )


def _build(spec: LayerSpec, inputs: Any) -> list[tuple[Any, list[Any]]]:
    """Each Keras layer of the stack, and the tensors that calling it returned."""
    stack, x = [], inputs
    for layer in layers(spec):
        keras_layer = getattr(keras.layers, layer.cell.keras_name)(
            layer.units.size, **layer.arguments
        )
        if layer.merge_mode is not None:
            keras_layer = keras.layers.Bidirectional(keras_layer, **layer.wrapper_arguments)
        returned = keras_layer(x)
        tensors = list(returned) if isinstance(returned, list | tuple) else [returned]
        stack.append((keras_layer, tensors))
        x = tensors[0]
    return stack


def _measured(
    layer: Layer, keras_layer: Any, arrays: Sequence[Floats], request: Request
) -> MeasuredLayer:
    return MeasuredLayer(
        tuple(_array(array, request) for array in arrays),
        _holds(layer, arrays),
        tuple(tuple(weight.shape) for weight in keras_layer.weights),
        keras_layer.count_params(),
    )


def _holds(layer: Layer, arrays: Sequence[Floats]) -> tuple[bool, ...]:
    """Whether each claim of the rule is true of these arrays: the very text that is shown."""
    names: dict[str, Any] = {
        tensor.name: array for tensor, array in zip(layer.outputs, arrays, strict=False)
    }
    names |= {"U": layer.units.size, "concat": lambda *parts: np.concatenate(parts, axis=-1)}

    def value(expression: str) -> Any:
        return eval(expression, {"__builtins__": {}}, names)  # the rule's own text, no one else's

    def holds(left: str, right: str) -> bool:
        try:
            return np.array_equal(value(left), value(right))
        except (IndexError, NameError, ValueError):  # Keras returned other tensors than the rule's
            return False

    return tuple(holds(relation.left, relation.right) for relation in layer.relations)


def _array(array: Floats, request: Request) -> Array:
    return Array(
        array.shape,
        str(array.dtype),
        str(array) if request.text else None,
        array.tolist() if request.values else None,
    )


class _Telling(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    def __init__(self, progress: Callable[[int, int], None], batches: int) -> None:
        super().__init__()
        self.progress, self.batches = progress, batches

    def on_predict_batch_end(self, batch: int, logs: object = None) -> None:
        self.progress(batch + 1, self.batches)
