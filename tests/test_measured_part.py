"""What Keras is asked where a part of a network is not read, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rnnshape.chains import chain
from rnnshape.cli.answer import is_in_part
from rnnshape.expression import Call, Unknown
from rnnshape.measuring.messages import MeasuredLayer, Measurement, Request
from rnnshape.network import Input, Network, Question, Ref, Shape, Step
from rnnshape.reading import parse
from rnnshape.rules.arguments import changes_no_shape
from rnnshape.shown import Report
from rnnshape.signatures import LAYERS, signature
from tests.reports import measured

OWN = Unknown("Own(...)", (), "it is not a layer of Keras")


def own(*returns: Shape | None, parameters: int | None = 7) -> Step:
    return Step(Call("Own(...)"), (Ref(0),), unread=OWN, returns=returns, parameters=parameters)


def network(*steps: Step, outputs: tuple[Ref, ...] = ()) -> Network:
    return Network((Input((None, 5, 3)),), steps, outputs)


def measured_by_keras(question: Question) -> Measurement:
    from rnnshape.measuring.keras_model import measure

    [answer] = measure(Request((question,)))
    assert isinstance(answer, Measurement)
    return answer


def step(text: str, *given: Ref, same_as: int | None = None) -> Step:
    return Step(parse(text), given, same_as=same_as)


IN_THE_MIDDLE = network(
    step("LSTM(4, return_sequences=True)", Ref(0)),
    replace(own((None, 6, 2), (None, 8)), arguments=(Ref(1),)),
    step("GRU(2)", Ref(2)),
    step("Dense(2)", Ref(2, 1)),
    step("Add()", Ref(3), Ref(4)),
)
IN_THE_MIDDLE = replace(
    IN_THE_MIDDLE,
    steps=(*IN_THE_MIDDLE.steps[:-1], Step(parse("Add()"), ((Ref(3), Ref(4)),))),
)


@pytest.mark.keras
def test_keras_is_asked_without_what_is_not_read() -> None:
    question = Question(IN_THE_MIDDLE)
    whole = measured_by_keras(question)
    assert (len(whole.inputs), len(whole.layers)) == (1, 5)
    assert whole.layers[1] == MeasuredLayer((), [], (), (), 0)
    report = Report(question, whole)
    assert not report.differences
    assert [one.keras for one in report.outputs] == [(2, 5, 4), None, None, (2, 2), (2, 2), (2, 2)]
    assert [one.is_measured for one in report.outputs] == [True, False, False, True, True, True]
    assert report.parameters == 128 + 7 + 36 + 18


@pytest.mark.keras
def test_questions_that_run_alike_are_one_model_where_each_names_its_weights_as_if_it_were_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import keras

    from rnnshape.measuring.keras_model import measure

    keras.utils.clear_session(free_memory=False)  # what other tests ran may have left a scope open
    models: list[keras.Model] = []
    predict = keras.Model.predict

    def watched(model: keras.Model, *arguments: object, **keywords: object) -> object:
        models.append(model)
        return predict(model, *arguments, **keywords)

    monkeypatch.setattr(keras.Model, "predict", watched)
    texts = (
        ["LSTM(3)"],
        ["GRU(4, name='a')"],
        ["Dense(5)", "LSTM(6, return_sequences=True)", "LSTM(7, name='a')"],
    )
    asked = tuple(Question(chain([*map(parse, text)])) for text in texts)
    assert all(isinstance(answer, Measurement) for answer in measure(Request(asked)))
    [model] = models
    assert sorted(weight.path for weight in model.weights if weight.name == "bias") == [
        "a/gru_cell/bias",
        "a/lstm_cell/bias",
        "dense/bias",
        "lstm/lstm_cell/bias",
        "lstm/lstm_cell/bias",
    ]


@pytest.mark.keras
def test_a_layer_that_is_called_again_behind_what_is_not_read_is_the_same_one() -> None:
    question = Question(
        network(own((None, 5, 3)), step("GRU(2)", Ref(0)), step("GRU(2)", Ref(1), same_as=2))
    )
    assert [one.parameters for one in measured_by_keras(question).layers] == [0, 42, 0]


OPEN_WITHOUT_EFFECT = [
    Call(name, ((word, Unknown("a")),))
    for name in LAYERS
    for word in signature(name).required
    if changes_no_shape(word)
]


@pytest.mark.keras
@pytest.mark.parametrize("layer", OPEN_WITHOUT_EFFECT, ids=str)
def test_what_changes_no_shape_may_be_open_where_keras_needs_it(layer: Call) -> None:
    report = Report(Question(chain([layer])))
    shapes = [tensor.shape for tensor in measured_by_keras(report.question).layers[0].outputs]
    assert shapes == [tensor.shape for tensor in report.layers[0].outputs]


@pytest.mark.parametrize(
    ("asked", "is_measured"),
    [
        (network(own((None, 6)), step("Dense(2)", Ref(1))), True),
        (network(own((None, 6), parameters=None), step("Dense(2)", Ref(1))), True),
        (network(own(None), step("Dense(2)", Ref(0))), False),
        (network(own((None, Unknown("n"))), step("Dense(2)", Ref(1))), False),
        (network(own((None, 6))), False),
        (network(step("Dense(2)", Ref(0)), replace(own((None, 6)), returns=None)), False),
    ],
    ids=["known", "parameters", "rank", "size", "nothing else", "at the end"],
)
def test_a_network_is_measured_without_what_is_known_to_return(
    asked: Network, is_measured: bool
) -> None:
    report = Report(Question(asked))
    assert report.can_be_measured == is_measured
    assert is_in_part(report, dry_run=False)
    assert not is_in_part(Report(Question(network(step("Dense(2)", Ref(0))))), dry_run=True)


@pytest.mark.parametrize("is_of_code", [True, False])
def test_the_verdict_says_what_was_measured_and_nothing_more(is_of_code: bool) -> None:
    question = Question(IN_THE_MIDDLE, is_of_code=is_of_code)
    shown = " ".join(str(measured(Report(question))).split())
    read = ", as it was read" if is_of_code else ""
    assert f"✓ measured by model.predict{read} without layer 2, Own(...) · Keras" in shown
