"""What the rule says of labels is what Keras' losses and metrics say of what is predicted."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import cache
from importlib import import_module
from itertools import product
from pkgutil import iter_modules
from random import Random
from textwrap import dedent
from typing import Any

import pytest

from rnnshape import measuring, training
from rnnshape.chains import chain
from rnnshape.fitting import call_with
from rnnshape.measuring.messages import (
    Array,
    MeasuredLayer,
    Measurement,
    MeasurementError,
    Request,
)
from rnnshape.network import Question
from rnnshape.reading import parse
from rnnshape.reading.code import read_code
from rnnshape.shown import Report
from rnnshape.training.data import Data, Function
from rnnshape.training.losses import LOSSES
from rnnshape.wire import as_dict, tuples
from tests.conftest import KerasInProcess
from tests.on_record import Record
from tests.reports import measured
from tests.test_fit_from_code import programs
from tests.test_training import LABELS
from tests.test_training_programs import GIVEN
from tests.test_training_programs import programs as programs_to_mend

TEXTS = [text for kind, text in programs() if kind != "wrong" or "chain" not in text]


@cache
def _record() -> Record:
    """What was measured, for as long as what measures is the same."""
    packages = (measuring, training)
    paths = [(one.__name__, part.name) for one in packages for part in iter_modules(one.__path__)]
    return Record("measured", *(import_module(".".join(path)) for path in sorted(paths)))


def _measurement(held: dict[str, Any]) -> Measurement:
    """The same again, of what JSON has of it."""

    def arrays(several: list[dict[str, Any]]) -> tuple[Array, ...]:
        return tuple(Array(tuple(one["shape"]), one["dtype"]) for one in several)

    layers = tuple(
        MeasuredLayer(
            arrays(one["outputs"]),
            one["nesting"],
            tuple(one["holds"]),
            tuples(one["weights"]),
            one["parameters"],
        )
        for one in held["layers"]
    )
    versions = held["keras"], held["tensorflow"]
    return Measurement(arrays(held["inputs"]), layers, *versions, tuples(held["labels"]))


def differences(report: Report, measurer: KerasInProcess) -> tuple[str, ...]:
    def measured() -> dict[str, Any]:
        (answer,) = measurer.answers(Request((report.question,)))
        assert not isinstance(answer, MeasurementError), answer
        return asdict(answer)

    asked = json.dumps(report.question, default=as_dict)
    given = [tensor.shape for tensor in report.inputs]
    relations = [str(layer.facts and layer.facts.relations) for layer in report.layers]
    answer = _measurement(_record().answer([asked, given, relations], measured))
    return replace(report, measurement=answer).differences


@pytest.mark.parametrize("text", [*TEXTS, *(GIVEN + program for program in programs_to_mend())])
def test_of_programs_keras_says_what_the_rule_says(
    text: str, keras_measurer: KerasInProcess
) -> None:
    for question in read_code(text, {}).questions:
        try:
            report = Report(question)
        except Exception:  # between layers: there is nothing to be measured
            continue
        if report.can_be_measured:
            assert differences(report, keras_measurer) == ()


@pytest.mark.parametrize("seed", range(6))
def test_of_random_labels_keras_says_what_the_rule_says(
    seed: int, keras_measurer: KerasInProcess
) -> None:
    random = Random(seed)
    layers = ["LSTM(4, return_sequences=True) -> Dense(3)", "GRU(3)", "LSTM(4) -> Dense(1)",
              "Masking() -> LSTM(2, return_sequences=True) -> Dense(1)"]  # fmt: skip
    metrics = ["accuracy", "mae", "Precision", "categorical_accuracy", "AUC", "F1Score"]
    for text, loss, labels in random.sample(list(product(layers, LOSSES, LABELS)), 40):
        network = chain([parse(one) for one in text.split(" -> ")])
        given = [Data("X", (6, 5, 2))], [Data("y", (6, *labels))]
        call = call_with(Question(network), *given, [loss])
        call = replace(call, metrics=((Function(random.choice(metrics)),),))
        assert differences(Report(Question(network, calls=(call,))), keras_measurer) == ()


def test_labels_behind_a_layer_that_keras_alone_can_tell_of_are_not_compared(
    keras_measurer: KerasInProcess,
) -> None:
    code = """
        other = LSTM(6, go_backwards=True)
        m = Sequential([Input((5, 3)), Bidirectional(LSTM(4), backward_layer=other)])
        m.compile(loss="mse")
        m.fit(np.zeros((8, 5, 3)), np.zeros((8, 7)))
        m.add(Activation("relu"))
        m.fit(np.zeros((8, 5, 3)), np.zeros((8, 9)))"""
    (question,) = read_code(GIVEN + dedent(code), {}).questions
    (answer,) = keras_measurer.answers(Request((question,)))
    assert not isinstance(answer, MeasurementError), answer
    told = str(Report(question).measured(answer))
    assert "(2, 10)" in told
    assert told.count("(8, 7) ·") == told.count("(8, 9) ·") == 1


@pytest.mark.parametrize(
    ("labels", "words", "said"),
    [((8, 3), "so says Keras", 'y (8, 3) fits dense, Keras refuses it: "so says Keras"'),
     ((8, 2), "", "y (8, 2) does not fit dense, Keras takes it")],
)  # fmt: skip
def test_where_keras_says_something_else_both_are_told(
    labels: tuple[int, ...], words: str, said: str
) -> None:
    network = chain([parse("LSTM(4)"), parse("Dense(3)")])
    call = call_with(Question(network), [Data("X", (8, 5, 2))], [Data("y", labels)], ["bce"])
    report = measured(Report(Question(network, calls=(call,))))
    assert report.measurement is not None
    agreeing = replace(report.measurement, labels=(("" if words else "refused",),))
    assert replace(report, measurement=agreeing).differences == ()
    differing = replace(report.measurement, labels=((words,),))
    (difference,) = replace(report, measurement=differing).differences
    assert difference == f"fit(X, y): the rule says that {said}"
