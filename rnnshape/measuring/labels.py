"""Whether Keras' own losses and metrics take labels beside what `predict` returned. For the child
process alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import keras
import numpy as np
from keras.src.trainers.compile_utils import CompileLoss, CompileMetrics
from numpy.typing import NDArray

from rnnshape.description import Description
from rnnshape.network import Question
from rnnshape.ports import outputs_with_data
from rnnshape.training.data import Data, Function, TrainingCall
from rnnshape.training.losses import CLASSES, LOSSES, judge_of_loss, loss_named
from rnnshape.training.metrics import judge_of_metric, metric_named

SAMPLES = 29  # where it is not known how many there are: no other size is likely to be it


def refusals(
    question: Question, described: Description, returned: Sequence[Sequence[NDArray[Any]]]
) -> Iterator[tuple[str | None, ...]]:
    """For each call and each of its labels, Keras' words where it refuses them; empty where it
    takes them, and None where it can't be asked."""
    refs = question.network.returned(len(returned[-1]))
    batches = {tensor.axes[0].length for tensor in described.inputs if tensor.axes}
    for call in question.calls:
        if call.network is not None or len(call.y) != len(refs):
            yield (None,) * len(call.y)
            continue
        shapes = outputs_with_data(question.network, call, question.dimensions)
        words: list[str | None] = []
        for place, (y, ref) in enumerate(zip(call.y, refs, strict=True)):
            compared, labels = list(_compared(call, place)), _labels(call, y)
            if not (ref.step and compared) or labels is None:
                words.append(None)
                continue
            found = returned[ref.step - 1][ref.output]
            # It was given other sizes than X has, or has another first axis than the batch.
            if found.shape[1:] != shapes.get(ref, ())[1:] or not {*found.shape[:1]} <= batches:
                words.append(None)
                continue
            rows = _rows_of_batch(call, y) or (len(labels) if y.of else call.rows) or len(labels)
            tensor = keras.ops.convert_to_tensor(np.resize(found, (rows, *found.shape[1:])))
            output = described.layers[ref.step - 1].outputs[ref.output]
            if output.masked and output.mask_runs is None and labels.ndim != tensor.ndim:
                words.append(None)  # nobody knows whether the program has a mask there
                continue
            if output.masked:
                keras.src.backend.set_keras_mask(tensor, keras.ops.ones(tensor.shape[:2], "bool"))
            refused = _refusal(compared, labels, tensor)
            are_all = len(compared) == 1 + len(dict(enumerate(call.metrics)).get(place, ()))
            words.append(refused if refused or are_all else None)
        yield tuple(words)


def _compared(call: TrainingCall, place: int) -> Iterator[Callable[[Any, Any], Any]]:
    """The loss and the metrics of an output, of which the rule says something."""
    loss: Function | None = dict(enumerate(call.losses)).get(place)
    if loss and judge_of_loss(loss):
        name = loss_named(loss.name) or ""
        made = getattr(keras.losses, CLASSES[name])() if name in LOSSES else name
        yield CompileLoss(made)
    for metric in dict(enumerate(call.metrics)).get(place, ()):
        name = metric_named(metric.name) or ""
        arguments = dict(metric.arguments)
        is_written = "?" not in arguments.values() and all(map(str.isidentifier, arguments))
        # What has to know the classes goes wrong over their numbers, too.
        is_written = is_written and (bool(arguments) or _is_made_by_name(metric.name))
        if judge_of_metric(metric) and is_written and "IoU" not in name:
            made = getattr(keras.metrics, name)(**arguments) if arguments else metric.name
            yield CompileMetrics([made], None).update_state


def _is_made_by_name(name: str) -> bool:
    """Whether Keras makes a metric of a name alone; these it makes as the loss is."""
    with suppress(ValueError, TypeError):
        return name in ("accuracy", "acc", "crossentropy", "ce") or bool(keras.metrics.get(name))
    return False


def _rows_of_batch(call: TrainingCall, y: Data) -> int | None:
    """How many samples X has in a batch that has labels of its own number."""
    shape = call.x[0].shape if y.of and call.x else None
    return shape[0] if shape and y.shape and y.shape[0] is not None else None


def _labels(call: TrainingCall, y: Data) -> NDArray[Any] | None:
    """Labels of the shape and within the bounds that are known; None where they can't be made."""
    first, *others = y.shape or (None, None)
    sizes = [size for size in others if size is not None]
    if y.dtype not in (None, "bool", "int64") or len(sizes) < len(others):
        return None
    rows = call.rows if (call.is_batched and not y.of) or first is None else first
    labels = np.full((rows or SAMPLES, *sizes), max(0, (y.values_below or 1) - 1), "float32")
    labels.flat[0] = y.values_from or 0
    return labels


def _refusal(compared: list[Callable[[Any, Any], Any]], labels: NDArray[Any], made: Any) -> str:
    for compare in compared:
        try:
            compare(labels, made)
        except Exception as error:
            return " ".join(str(error).split()) or type(error).__name__
    return ""
