"""What the rule says of y, losses, metrics and X is what Keras does with arrays of these shapes."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest

from rnnshape.training import problems_of
from rnnshape.training.data import Data, Function, Model, Port, TrainingCall
from rnnshape.training.losses import CLASSES, LOSSES, judge_of_loss, loss_named
from rnnshape.training.metrics import METRICS, judge_of_metric, metric_named
from rnnshape.training.shapes import Outcome, Shape, likely_outcome
from tests.on_record import Record

pytestmark = pytest.mark.keras

# Without the batch.
OUTPUTS = [(1,), (3,), (5,), (5, 1), (5, 3), (1, 1), (1, 3), (3, 3), (2, 5, 3), (2, 5, 1)]
LABELS = [
    *[(), (1,), (2,), (3,), (5,), (7,), (15,), (5, 1), (1, 1), (5, 3), (3, 1), (3, 3), (1, 3)],
    *[(3, 5), (2, 5), (2, 5, 1), (2, 5, 3), (1, 5, 1), (5, 3, 1), (5, 7)],
]
BATCHES = {6: 1, 5: 4}  # with 5, of which every fourth case is tried, sizes are the same by chance
DRAWS = 3
ARGUMENTS: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 2, "target_class_ids": [0, 1]},
    "MeanIoU": {"num_classes": 2},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0, 1]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "TopKCategoricalAccuracy": {"k": 1},
    "SparseTopKCategoricalAccuracy": {"k": 1},
}
# Of these the labels are the numbers of classes.
SPARSE = {name for name in (*LOSSES, *METRICS) if name.lower().startswith("sparse")} | {
    "categorical_generalized_cross_entropy",
    "circle",
}
BUILT = ("R2Score", "F1Score", "FBetaScore")  # for the shapes that they see first
SLOW = re.compile("AUC|At|IoU")
Compared = Callable[[Any, Any], Any]
Case = tuple[Shape, Shape]
RECORD = Record("training", sys.modules[__name__])


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def said(outcome: Outcome | None) -> str:
    if outcome is None or outcome.fits:
        return "fits"
    return "silent" if outcome.silent else "refused"


def done_by_keras(
    number: Compared, y_shape: Shape, shape: Shape, *, sparse: bool, mask: Any = None
) -> str:
    """`refused` where Keras raises, `fits` where the number is that of equal shapes, else `silent`.

    Equal are the shapes once y is reshaped to what the output has, or the output to what y has;
    where y holds the numbers of classes, to the output without its last axis. `constant` is a
    number that no prediction changes: of it nothing can be told.
    """
    import keras

    random = np.random.default_rng(prod(y_shape) * 31 + prod(shape))
    numbers, constant = set(), True
    for _ in range(DRAWS):
        predicted = random.uniform(0.05, 0.95, shape).astype("float32")
        y = random.integers(0, shape[-1] if sparse else 2, y_shape).astype("float32")

        def of(y: Any, predicted: Any, mask: Any = mask) -> Any:
            tensor = keras.ops.convert_to_tensor(predicted)
            if mask is not None:
                keras.src.backend.set_keras_mask(tensor, keras.ops.convert_to_tensor(mask))
            return np.asarray(number(y, tensor))

        try:
            found = of(y, predicted)
        except Exception:  # Keras raises whatever it stumbles over
            return "refused"
        wanted = shape[:-1] if sparse else shape
        meant = []
        if y.size == prod(wanted):
            meant.append(attempt(of, y.reshape(wanted), predicted))
            if not sparse and mask is None and len(y_shape) > 1:
                meant.append(attempt(of, y, predicted.reshape(y_shape)))
        if not any(np.allclose(found, one, rtol=1e-4, equal_nan=True) for one in meant):
            return "silent"
        numbers.add(found.tobytes())
        other = of(y, random.uniform(0.05, 0.95, shape).astype("float32"))
        constant = constant and np.allclose(other, found, atol=1e-6, equal_nan=True)
    return "constant" if constant else "fits"


def attempt(number: Compared, *arrays: Any) -> Any:
    try:
        return number(*arrays)
    except Exception:
        return np.nan


def learns(loss: Compared, y_shape: Shape, shape: Shape, *, sparse: bool) -> bool:
    """Whether the loss changes with the output."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    predicted = tf.constant(random.uniform(0.05, 0.95, shape).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        y = np.zeros(y_shape) if sparse else random.uniform(0.3, 0.7, y_shape)
        found = loss(y.astype("float32"), predicted)
    return bool(np.abs(tape.gradient(found, predicted)).max() > 1e-5)


def shapes(outputs: list[tuple[int, ...]] = OUTPUTS) -> Iterator[tuple[Shape, Shape]]:
    for batch, step in BATCHES.items():
        for output, labels in list(product(outputs, LABELS))[::step]:
            yield (batch, *labels), (batch, *output)
    for output in outputs:
        yield (), (6, *output)  # of a data set that is not cut into batches


def by_keras(
    made: Callable[[str], Compared], name: str, cases: Sequence[Case], outcome: Callable[..., str]
) -> Iterator[tuple[Shape, Shape, str]]:
    """Each pair of shapes with its outcome for what is `made`, a loss or a metric of Keras."""

    def ask() -> list[str]:
        of = made(name)
        return [outcome(of, y, output) for y, output in cases]

    question = [made.__name__, outcome.__qualname__, name, cases]
    for (y, output), done in zip(cases, RECORD.answer(question, ask), strict=True):
        yield y, output, done


def compiled(name: str) -> Compared:
    import keras
    from keras.src.trainers.compile_utils import CompileLoss

    given = getattr(keras.losses, CLASSES[name])() if name in LOSSES else name
    made: Compared = CompileLoss(given)
    return made


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_loss_makes_of_shapes(name: str) -> None:
    judged = judge_of_loss(Function(name))
    assert judged is not None
    cases = [
        (y, output)
        for y, output in shapes()
        if not (name == "categorical_generalized_cross_entropy" and output[-1] == 1)
    ]

    def outcome(loss: Compared, y: Shape, output: Shape) -> str:
        done = done_by_keras(loss, y, output, sparse=name in SPARSE)
        if done in ("fits", "constant") and name not in ("circle", "dice", "tversky"):
            done = "fits" if learns(loss, y, output, sparse=name in SPARSE) else "silent"
        return done

    if name not in SPARSE:  # which has an entry for each class
        cases += [(y, output[:1]) for y, output in shapes([(1,)])]
    differ = []
    for y, output, expected in by_keras(compiled, name, cases, outcome):
        if name in ("ctc", "circle") and expected != "refused":  # no other shape is meant
            expected = "fits"
        found = said(likely_outcome(y, output, judged[1]))
        if found != expected and expected != "constant":
            differ.append((y, output, found, expected))
    assert differ == []


@pytest.mark.parametrize("name", METRICS)
def test_what_a_metric_makes_of_shapes(name: str) -> None:
    judge = judge_of_metric(Function(name))
    assert judge is not None
    cases = list(shapes())[:: 6 if SLOW.search(name) else 1]

    def outcome(metric: Compared, y: Shape, output: Shape) -> str:
        sparse = name in SPARSE
        if name == "accuracy":
            sparse = output[-1] > 1 and (len(y) < len(output) or y[-1] == 1)
        return done_by_keras(metric, y, output, sparse=sparse)

    differ = []
    for y, output, expected in by_keras(measured, name, cases, outcome):
        found = said(likely_outcome(y, output, judge))
        if found != expected and not (expected == "constant" and found != "refused"):
            differ.append((y, output, found, expected))
    assert differ == []


def measured(name: str) -> Compared:
    """What a metric of Keras says of y and an output."""
    import keras
    from keras.src.trainers.compile_utils import get_metric

    made: Any = None if name == "accuracy" else getattr(keras.metrics, name)
    if made and name not in BUILT:
        made = get_metric(made(**ARGUMENTS.get(name, {})) if inspect.isclass(made) else made, 0, 0)

    def number(y: Any, predicted: Any) -> Any:
        metric = made() if name in BUILT else made or get_metric(name, y, predicted)
        metric.reset_state()
        metric.update_state(y, predicted)
        return metric.result()

    return number


def masked(of: Compared, y: Shape, output: Shape, *, sparse: bool) -> str:
    mask = np.arange(output[1]) < output[1] - np.arange(output[0])[:, None] % 2
    return done_by_keras(of, y, output, sparse=sparse, mask=mask)


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_loss_makes_of_a_mask(name: str) -> None:
    judged = judge_of_loss(Function(name), masked=True)
    assert judged is not None
    cases = [
        (y, output)
        for y, output in shapes([(5, 1), (5, 3), (3, 3)])
        if not (name in ("circle", "dice", "tversky") or (name in SPARSE and output[-1] == 1))
    ]

    def outcome(loss: Compared, y: Shape, output: Shape) -> str:
        return masked(loss, y, output, sparse=name in SPARSE)

    differ = []
    for y, output, expected in by_keras(compiled, name, cases, outcome):
        found = said(likely_outcome(y, output, judged[1]))
        if name == "ctc" and "refused" not in (expected, found):  # no other shape is meant
            continue
        if found != expected and not (expected == "constant" and found == "silent"):
            differ.append((y, output, found, expected))
    assert differ == []


@pytest.mark.parametrize("name", METRICS)
def test_what_a_metric_makes_of_a_mask(name: str) -> None:
    judge = judge_of_metric(Function(name), masked=True)
    assert judge is not None
    cases = list(shapes([(5, 1), (5, 3)]))

    def outcome(metric: Compared, y: Shape, output: Shape) -> str:
        is_classes = name == "accuracy" and output[-1] > 1 and len(y) < len(output)
        return masked(metric, y, output, sparse=name in SPARSE or is_classes)

    differ = []
    for y, output, expected in by_keras(measured, name, cases, outcome):
        found = said(likely_outcome(y, output, judge))
        if (found == "refused") != (expected == "refused"):
            differ.append((y, output, found, expected))
    assert differ == []


def test_every_name_that_compile_takes_is_known() -> None:
    from keras.src import losses, metrics

    for name, loss in losses.ALL_OBJECTS_DICT.items():
        if name not in ("Loss", "LossFunctionWrapper"):
            found = loss_named(name)
            assert found, f"{name} is not in _JUDGES of rnnshape/training/losses.py"
            assert loss.__name__ in (found, CLASSES[found])
    for name, metric in metrics.ALL_OBJECTS_DICT.items():
        if metric.__name__ not in ("Metric", "Mean", "Sum", "MeanMetricWrapper"):
            found = metric_named(name)
            assert found == ("accuracy" if name == "accuracy" else metric.__name__)


def test_what_crossentropy_becomes() -> None:
    judged = judge_of_loss(Function("crossentropy"))
    assert judged is not None
    cases = list(shapes())

    def outcome(_: Compared, y: Shape, output: Shape) -> str:
        sparse = output[-1] > 1 and (len(y) < len(output) or y[-1] == 1)
        return done_by_keras(  # what it becomes depends on the first shapes that it sees
            lambda y, o: compiled("crossentropy")(y, o), y, output, sparse=sparse
        )

    for y, output, expected in by_keras(compiled, "crossentropy", cases, outcome):
        assert said(likely_outcome(y, output, judged[1])) == expected, (y, output)


INPUTS = [(1,), (5,), (None,), (5, 3), (5, 1), (None, 3), (None, 1), (1, 5), (2, 5, 3), (2, 5, 1)]
GIVEN = [(), (1,), (5,), (3,), (5, 1), (5, 3), (6, 3), (5, 4), (1, 5), (6, 1), (3, 5), (5, 3, 1)]
GIVEN += [(2, 5), (2, 5, 3), (2, 5, 1), (2, 4, 3), (2, 5, 3, 1), (5, 1, 1), (1, 1, 5)]


@pytest.mark.parametrize("is_sequential", [True, False], ids=["Sequential", "functional"])
@pytest.mark.parametrize("layer", ["Identity", "LSTM", "Dense"])
def test_what_a_model_makes_of_x(is_sequential: bool, layer: str) -> None:
    import keras

    differ = []
    for taken in INPUTS:
        needed: tuple[int | None, ...] | None = None
        if layer == "LSTM" and len(taken) != 2:
            continue
        if layer != "Identity":
            needed = (*(None for _ in taken), taken[-1])
            if taken[-1] is None:
                continue
        made = {"Identity": keras.layers.Identity}.get(
            layer, lambda: getattr(keras.layers, layer)(2)
        )
        given = keras.Input(taken)
        model = (
            keras.Sequential([given, made()])
            if is_sequential
            else keras.Model(given, made()(given))
        )
        port = Port("input", (None, *taken), needed=needed)
        plain = Model((port,), (), is_sequential)
        for shape in GIVEN:
            call = TrainingCall("__call__", (Data("X", (6, *shape)),))
            try:
                model(np.zeros((6, *shape), "float32"))
                expected = "fits"
            except Exception:
                expected = "refused"
            found = "refused" if problems_of(plain, call) else "fits"
            if found != expected:
                differ.append((taken, shape, found, expected))
    assert differ == []
