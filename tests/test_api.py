"""The package in Python: what can be asked and how, reports that show themselves, measurements."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

import rnnshape
from rnnshape import Call, MeasurementError, QueryError, Report, inspect, inspect_all, parse
from rnnshape.chains import chain
from tests.conftest import command
from tests.reports import asked, measured, seq2seq, shared
from tests.test_formats import Tree

BI_LSTM = "Bidirectional(LSTM(64, return_state=True))"
UNITS: dict[str, Any] = {"units": np.int64(64)}
TWO_MODELS = "encoder = Sequential([LSTM(8)])\ndecoder = Sequential([GRU(4), Dense(size)])"


def shapes(report: Report) -> list[Any]:
    return [output.shape for output in report.outputs]


# What is offered


def test_every_public_name_is_there() -> None:
    for name in rnnshape.__all__:
        assert hasattr(rnnshape, name)
    assert set(rnnshape.__all__) <= set(dir(rnnshape))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        rnnshape.nonsense  # noqa: B018


@pytest.mark.process
def test_asking_the_rule_imports_nothing_heavy() -> None:
    heavy = "{'numpy', 'tensorflow', 'keras', 'typer', 'rich', 'pandas', 'IPython'}"
    program = (
        f"import sys, rnnshape; rnnshape.inspect('LSTM(3)'); print({heavy} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "set()\n"


@pytest.mark.process
def test_code_that_uses_the_package_is_typed(tmp_path: Path) -> None:
    program = tmp_path / "uses_it.py"
    program.write_text(
        """\
from pathlib import Path
import numpy as np
import rnnshape
from rnnshape import Output, Report, inspect, inspect_all

report: Report = inspect("LSTM(3)", input=(2, 5, 1), let={"n": 3}, measure=False)
report = inspect(["LSTM(3)", rnnshape.parse("Dense(1)")], input=np.zeros((2, 5, 1)))
report = inspect(Path("model.keras"), input=[(2, None, 3), (2, 4)], name="decoder")
output: Output = report.outputs["h1"]
first: Output = report.outputs[0]
several: tuple[Output, ...] = report.outputs[:2]
shape: tuple[int | None, ...] | None = output.shape
names: tuple[str, ...] = report.outputs.names
reports: tuple[Report, ...] = inspect_all(rnnshape.Question(report.question.network))
document: dict[str, object] = report.to_dict(["weights"])
measured: Report = report.measure(seed=7, values=True)
try:
    report.measure()
except rnnshape.MeasurementError as error:
    text: str = error.reason + error.remedy
inspect(3)
inspect("LSTM(3)", inputs=(2, 5, 1))
"""
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    first, second, total = (line for line in checked.stdout.splitlines() if "error" in line)
    assert 'incompatible type "int"' in first
    assert 'Unexpected keyword argument "inputs"' in second
    assert "Found 2 errors" in total


# What can be asked


@pytest.mark.parametrize(
    "what",
    [
        BI_LSTM,
        f"keras.layers.{BI_LSTM}",
        parse(BI_LSTM),
        [BI_LSTM],
        (parse(BI_LSTM),),
        Call("Bidirectional", (("layer", parse("LSTM(3, return_state=True)").having(**UNITS)),)),
        chain([parse(BI_LSTM)]),
        asked(BI_LSTM).question,
    ],
    ids=lambda what: type(what).__name__,
)
def test_one_layer_in_each_of_its_forms(what: Any) -> None:
    report = inspect(what, input=(32, 100, 16))
    assert report.expression == BI_LSTM
    assert shapes(report) == [(32, 128), *[(32, 64)] * 4]
    assert report.source == "rule"


def test_a_list_is_a_chain_as_in_sequential() -> None:
    layers: list[str | Call] = ["Input((100, 16))", "LSTM(8, return_sequences=True)"]
    layers.append(parse("Dense(1)"))
    assert inspect(layers).expression == " -> ".join(map(str, layers))


@pytest.mark.process
def test_a_file_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "a model.py"
    file.write_text(TWO_MODELS)
    for what in (file, str(file)):
        assert shapes(inspect(what, let={"size": 3}, name="decoder"))[-1] == (2, 3)


@pytest.mark.process
def test_several_networks_are_chosen_by_name_or_taken_together() -> None:
    code = TWO_MODELS.replace("size", "2")
    with pytest.raises(QueryError, match=r"2 networks, 'encoder', 'decoder': choose one by name="):
        inspect(code)
    assert inspect(code, name="decoder").expression == "GRU(4) -> Dense(2)"
    assert [one.question.network.name for one in inspect_all(code)] == ["encoder", "decoder"]
    with pytest.raises(QueryError, match="this has no model decode; did you mean decoder"):
        inspect(code, name="decode")
    with pytest.raises(QueryError, match="none has a name"):
        inspect(BI_LSTM, name="decoder")
    loop = "for units in ({}): m = keras.Sequential([keras.layers.LSTM(units)])"
    assert inspect(loop.format("3, 3"), name="m").expression == "LSTM(3)"
    with pytest.raises(QueryError, match=r"2 networks, 'm': take all of them by inspect_all"):
        inspect(loop.format("3, 4, 3"), name="m")


@pytest.mark.process
def test_what_code_takes_from_data_is_open_and_is_given_by_the_argument() -> None:
    _, decoder = inspect_all(TWO_MODELS)
    assert shapes(decoder)[-1] == (2, None)
    assert [str(one) for one in decoder.open] == ["size"]
    report = inspect(TWO_MODELS, let={"size": np.int64(3)}, name="decoder")
    assert (shapes(report)[-1], report.open) == ((2, 3), ())


@pytest.mark.process
def test_what_keras_refuses_of_a_file_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(
        "import keras\nfrom keras.layers import LSTM\n"
        "good = keras.Sequential([LSTM(3)])\nbad = keras.Sequential([LSTM(0)])\n"
    )
    with pytest.warns(UserWarning, match=r"not read: LSTM takes units.*line 4") as warned:
        report = inspect(file)
    assert report.expression == "LSTM(3)"
    assert warned[0].filename == __file__


@pytest.mark.process
def test_all_that_is_wrong_with_a_text_is_said() -> None:
    lines = "m = Sequential([LSTM(3, foo=1)])", "n = Sequential([GRU(bar=1)])"
    with pytest.raises(QueryError, match="LSTM takes no 'foo'") as refused:
        inspect("; ".join(lines))
    assert any("GRU takes no 'bar'" in note for note in refused.value.__notes__)
    with pytest.warns(UserWarning, match="takes no") as told:  # of several, the rest is there
        reports = inspect_all("\n".join(lines))
    assert [report.open[0].name for report in reports] == ["LSTM(3, foo=1)", "GRU(bar=1)"]
    assert ["LSTM takes no 'foo'" in str(told[0]), "GRU takes no 'bar'" in str(told[1])] == [
        True
    ] * 2


# Layers and models of Keras, live


class FakeLayer:
    """A layer as far as its config goes, so that no Keras has to be imported."""

    __module__ = "keras.src.layers"

    def __init__(self, built: Any = None, **config: Any) -> None:
        self.config, self.built = config, built

    def get_config(self) -> dict[str, Any]:
        return self.config

    def get_build_config(self) -> Any:
        return None if self.built is None else {"input_shape": self.built}


def fake(name: str, module: str = "keras.src.layers") -> type[FakeLayer]:
    return type(name, (FakeLayer,), {"__module__": module})


class Model(FakeLayer):
    pass


class Sequential(Model):
    pass


def test_a_layer_is_read_through_its_config() -> None:
    conv = fake("Conv1D")(filters=3, kernel_size=(2,), name="conv1d_7")
    report = inspect(conv, input=(2, 9, 4))
    assert report.expression == "Conv1D(3, 2)"
    assert shapes(report) == [(2, 8, 3)]


def test_a_layer_that_was_called_takes_what_it_was_built_for() -> None:
    dense = fake("Dense")
    assert shapes(inspect(dense((None, 7, 5), units=3))) == [(2, 7, 3)]
    assert shapes(inspect(dense((None, 7, 5), units=3), input=(9, 7, 5))) == [(9, 7, 3)]
    both = fake("AdditiveAttention")([(2, 7, 5), (2, 7, 5)])
    assert shapes(inspect(both)) == [(2, 7, 5)]


def test_what_is_not_plain_data_in_a_config_is_left_out() -> None:
    lstm = fake("LSTM")
    report = inspect(lstm(units=np.int64(3), kernel_initializer=object()))
    assert report.expression == "LSTM(3)"


def test_a_model_is_read_through_its_config() -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": (None, 10, 4), "name": "input"}},
        {"class_name": "LSTM", "config": {"units": 3}},
    ]
    report = inspect(Sequential(name="small", layers=layers))
    assert (report.question.network.name, shapes(report)) == ("small", [(2, 3)])


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda: Model(), "Model is a subclassed model that was not called yet"),
        (lambda: fake("Mine")(), "^Mine is not answered: it is not a layer of Keras$"),
        (lambda: fake("Lambda")(), "^Lambda is not answered: "),
        (lambda: fake("LSTM", "mine")(units=3), "^LSTM is not answered: it is not a layer of"),
        (
            lambda: fake("TimeDistributed")(layer={"class_name": "Mine", "config": {}}),
            "^TimeDistributed is not answered: what is inside it is not a layer of Keras$",
        ),
        (lambda: fake("LSTM")(), "LSTM"),
    ],
)
def test_an_object_that_cannot_be_read_says_why(what: Callable[[], Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        inspect(what())


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_real_layers_and_models(keras_measurer: object) -> None:
    import keras
    from keras import layers

    stacked = layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)], return_state=True)
    for layer in (
        layers.Bidirectional(layers.LSTM(3, return_state=True), merge_mode="sum"),
        layers.TimeDistributed(layers.Dense(2, activation="relu")),
        layers.Conv1D(3, 2, padding="same", kernel_regularizer="l2"),
        stacked,
    ):
        report = inspect(layer, input=(2, 6, 5))
        expected = keras.tree.flatten(layer(np.zeros((2, 6, 5), np.float32)))
        assert shapes(report) == [tuple(one.shape) for one in expected]
        assert shapes(inspect(layer)) == shapes(report)  # it is built now

    source = keras.Input((20, 8), name="source")
    _, *states = layers.LSTM(16, return_state=True)(source)
    target = keras.Input((None, 4), name="target")
    decoded = layers.LSTM(16, return_sequences=True)(target, initial_state=states)
    model = keras.Model([source, target], layers.Dense(4)(decoded), name="seq2seq")
    report = inspect(model, input=[(3, 20, 8), (3, 10, 4)])
    assert report.outputs["o"].shape == (3, 10, 4)
    assert report.parameters == model.count_params()
    for made in (layers.LSTM(4, return_sequences=True), layers.Dense(3), layers.Conv1D(3, 2)):
        made(np.zeros((2, 7, 8), np.float32))
        row = keras.Sequential([keras.Input((7, 8)), made, layers.Dense(2)])
        assert inspect([made, "Dense(2)"]).parameters == row.count_params()
        assert inspect(row.layers, input=(3, 9, 8)).parameters == row.count_params()
        for other in ([made, "Dense(2)"], ["Dense(4)", made]):
            with pytest.raises(QueryError, match="was built with kernel"):
                inspect(other, input=(3, 9, 4))
    again = layers.Dense(2)
    assert inspect([again, again], input=(3, 9, 2)).parameters == 6
    assert inspect([row, layers.Dense(1)]).parameters == row.count_params() + 3
    every_second = layers.Lambda(lambda t: t[:, ::2])
    assert inspect([every_second, "LSTM(3)"], input=(4, 9, 2)).outputs[0].shape == (4, 5, 2)
    attends = [layers.LSTM(3, return_sequences=True), layers.Attention()]
    assert inspect(attends, input=(4, 9, 2)).outputs[-1].shape == (4, 9, 3)
    assert inspect(layers.Attention(), input=(4, 9, 2)).outputs[0].shape == (4, 9, 2)
    made.filters = 9
    with pytest.raises(QueryError, match="the layers were changed"):
        inspect([made])
    mixed = inspect([keras.Input((7, 2)), layers.LSTM(3), "Dense(1)"])
    assert mixed.expression == "Input((7, 2)) -> LSTM(3) -> Dense(1)"


# The input


class Data:
    """Something that has a shape."""

    def __init__(self, *shape: Any) -> None:
        self.shape = shape

    def __repr__(self) -> str:
        return f"Data{self.shape}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((32, 100, 16), (32, 100, 16)),
        ([32, 100, 16], (32, 100, 16)),
        ((None, 100, 16), (2, 100, 16)),
        (np.zeros((4, 7, 3)), (4, 7, 3)),
        (np.zeros((4, 7, 3)).shape, (4, 7, 3)),
        (tuple(np.array([4, 7, 3])), (4, 7, 3)),
        (Data(4, np.int32(7), 3), (4, 7, 3)),
        ([Data(4, 7, 3)], (4, 7, 3)),
        ([(4, 7, 3)], (4, 7, 3)),
    ],
    ids=str,
)
def test_the_input_is_a_shape_or_has_one(given: Any, expected: tuple[int, ...]) -> None:
    report = inspect("LSTM(3)", input=given)
    assert report.inputs[0].shape == expected
    assert report.expression == "LSTM(3)"


def test_data_of_pandas_has_a_shape() -> None:
    pandas = pytest.importorskip("pandas")
    assert shapes(inspect("Dense(2)", input=pandas.DataFrame(np.zeros((6, 3))))) == [(6, 2)]
    column = pandas.Series(np.zeros(6))  # of which Keras makes a table
    report = inspect("Dense(1)", input=column, target=column, loss="mse")
    assert (shapes(report), report.problems) == ([(6, 1)], ())
    table = pandas.DataFrame({"a": column, "b": list("xyzxyz"), "c": pandas.Categorical(column)})
    own = [column.astype("Int64"), table[["a"]].assign(d=column.astype("UInt8"))]
    for data in (table, table[["b"]], table["b"], table["c"], [table["b"].astype("string")], *own):
        assert " holds " in str(inspect("Dense(1)", input=(6, 3), target=data, loss="mse").problems)
    given: Any = {"input": (6, 3), "loss": "sparse_categorical_crossentropy"}
    for data in (n := np.array([0, 1, 2, 1, 0, 3]), pandas.Categorical(n), own[0].array):
        assert bool(inspect("Dense(3)", target=data, **given).problems) == (data is n)


def test_a_remedy_for_a_table_mends_it() -> None:
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.zeros((50, 3)))  # noqa: N806
    [problem] = inspect("LSTM(3) -> Dense(1)", input=X, target=X[0], loss="mse").problems
    for remedy in problem.remedies:
        made: dict[str, Any] = {"X": X}
        exec(remedy, made)
        report = inspect("LSTM(3) -> Dense(1)", input=made["X"], target=X[0], loss="mse")
        assert report.problems == ()
    assert len(problem.remedies) == 2


def test_several_inputs_are_given_in_a_list() -> None:
    network = seq2seq().question.network
    described = replace(network, inputs=tuple(replace(one, shape=None) for one in network.inputs))
    given: list[Any] = [(4, 7, 8), Data(4, 6, 8)]
    report = inspect(described, input=given)
    assert [tensor.shape for tensor in report.inputs] == [(4, 7, 8), (4, 6, 8)]
    with pytest.raises(QueryError, match=r"1 shape for 2 inputs \(source, target\)"):
        inspect(network, input=(4, 7, 8))


def test_a_layer_that_joins_tensors_takes_a_list() -> None:
    report = inspect("Concatenate()", input=[(2, 5, 3), (2, 5, 4)])
    assert shapes(report) == [(2, 5, 7)]
    assert report.expression.endswith(
        "o = Concatenate()([inputs_1, inputs_2]); model = Model([inputs_1, inputs_2], o)"
    )
    with pytest.raises(QueryError, match="takes one tensor, and is called with 2"):
        inspect("GRU(4)", input=[(2, 5, 3), (2, 4)])
    with pytest.raises(QueryError, match="takes tensors that differ along its axis only"):
        inspect("Concatenate()", input=[(2, 5, 3), (2, 6, 3)])
    with pytest.raises(QueryError, match=r"2 shapes for 1 input \(inputs\)"):
        inspect("GRU(4) -> Dense(1)", input=[(2, 5, 1), (2, 5, 1)])


def test_sizes_that_no_word_stands_for_are_written_into_the_question() -> None:
    report = inspect("Dense(2)", input=(2, 3, 4, 5))
    assert report.expression == "Input((3, 4, 5), batch_size=2) -> Dense(2)"
    assert inspect("ConvLSTM2D(3, 2)", input=(2, 3, 8, 9, 1)).outputs["o"].shape == (2, 7, 8, 3)
    assert inspect("ConvLSTM2D(3, 2)", input=(2, 3, 8, 8, 1)).expression == "ConvLSTM2D(3, 2)"


def test_an_open_dimension_stays_open() -> None:
    report = inspect("Input((None, 16)) -> LSTM(3, return_sequences=True)", input=(4, 9, 16))
    assert report.expression.startswith("Input((None, 16))")
    assert shapes(report) == [(4, 9, 3)]
    with pytest.raises(QueryError, match="fully-defined"):
        inspect("Dense(3)", input=(2, 5, None))


def deep_list() -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            (100, 16),
            QueryError,
            r"batch comes first, as in \(batch, 100, 16\), and .* X\[..., None",
        ),
        ((32, 0, 16), QueryError, r"input=\(32, 0, 16\): give whole numbers, 1 or more, or None"),
        ((32, True, 16), QueryError, "give whole numbers"),
        ((32, 2.5, 16), QueryError, "give whole numbers"),
        ((32, 2**64, 16), QueryError, "give whole numbers"),
        ((), QueryError, "give the batch at least"),
        (np.array(3), QueryError, "give the batch at least"),
        (5, TypeError, "input is of type int: give a shape"),
        ("5", TypeError, "input is of type str: give a shape"),
        pytest.param(iter([4, 7]), TypeError, "not read: give one batch", id="iterator"),
        ({4, 7, 5}, TypeError, "input is of type set: give a shape"),
        (b"abc", TypeError, "input is of type bytes: give a shape"),
        pytest.param(deep_list(), QueryError, "lists in lists", id="deep"),
        pytest.param([(5, 3)] * 3_000, QueryError, "3000 shapes for 1 input", id="samples"),
    ],
    ids=str,
)
def test_an_input_that_makes_no_sense(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        inspect("LSTM(3)", input=given)


def test_an_input_that_the_network_excludes() -> None:
    assert shapes(inspect("Input(batch_shape=(8, 5, 3)) -> GRU(4)", input=(9, 6, 3, 1))) == [(9, 4)]
    with pytest.raises(QueryError, match=r"input=\(4, 9, 16\) does not fit: .* \(None, 9, 8\)"):
        inspect("Input((9, 8)) -> LSTM(3)", input=(4, 9, 16))


# Errors


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        ("LSTM(64) -> LSTM(32)", QueryError, "give it return_sequences=True"),
        (
            "GRU(4) -> Dropout(0.2) -> BatchNormalization() -> LSTM(3)",
            QueryError,
            r"GRU\(4\) before "
            r"it returns \(batch, units\): give it return_sequences=True",
        ),
        ("lstm", QueryError, "lstm is not known; did you mean LSTM"),
        pytest.param(
            *("ValueError: Shapes (2,) and (3,) are incompatible", QueryError, "rnnshape.explain"),
            marks=pytest.mark.process,
        ),
        ("", QueryError, "no Keras layer"),
        (["Wrapper(Dense(3))", "Dense(2)"], QueryError, "it is not read alone: a layer around"),
        ([], QueryError, "no layer in this list"),
        (["Input((3, 4))"], QueryError, "no layer in this list"),
        (["LSTM(3)", "Input((3, 4))"], QueryError, "put it first"),
        (Path("missing.keras"), QueryError, "there is no file missing.keras"),
        (Path(__file__).with_name("golden"), QueryError, "there is no file"),
        (3, TypeError, "what is of type int: give a Keras expression"),
        (FakeLayer, TypeError, r"FakeLayer is a class: make a layer of it, FakeLayer\(...\)"),
        ([FakeLayer], TypeError, "FakeLayer is a class"),
        ([3], TypeError, "layer 1 is of type int"),
        pytest.param(["Dense(3)"] * 90_000, QueryError, "too many layers", id="many"),
    ],
    ids=str,
)
def test_a_question_that_makes_no_sense(what: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as refused:
        inspect(what)
    assert "--" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": len}, "loss is of type builtin_function_or_method: give the name of a loss"),
        ({"loss": ["mse", 3]}, "loss is of type int"),
        ({"let": "units=3"}, "let is of type str: give a dictionary"),
        ({"let": {"units": 3}, "name": 3}, "name is of type int"),
        ({"let": {"units": {3}}}, "let: units is of type set: give plain data"),
        ({"let": {"X": np.zeros(3)}}, r"let: X is of type ndarray: give its shape, as 'X\.shape'"),
        ({"input": 5}, "input is of type int: give a shape"),
        ({"target": 5}, "target is of type int: give a shape"),
        ({"values": np.zeros(3)}, "values is of type ndarray: give True or False"),
        ({"measure": np.zeros(0)}, "measure is of type ndarray"),
        ({"measure": "no"}, "measure is of type str"),
    ],
    ids=str,
)
def test_arguments_of_another_type_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        inspect("LSTM(units)", **({"target": (2, 3)} | arguments))


@pytest.mark.parametrize("text", [None, b"LSTM(3)", np.zeros(3), ["LSTM(3)"]], ids=repr)
def test_only_a_text_is_parsed(text: Any) -> None:
    with pytest.raises(TypeError, match=r"text is of type .*: give a Keras expression"):
        parse(text)


@pytest.mark.process
def test_what_code_gives_its_model_is_compared_with_it(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(
        "m = Sequential([LSTM(3), Dense(2)])\nm.compile(loss='mse')\n"
        "m.fit(np.zeros((9, 5, 1)), np.zeros((9, 3)))\n"
    )
    assert [problem.shape for problem in inspect(path).problems] == [(9, 3)]
    assert inspect(path, input=(9, 5, 1), target=(9, 2), loss="mse").problems == ()


@pytest.mark.parametrize("held", ["O", "U3", "S2", "M8[s]", "m8[s]", [("a", "f4")], "f16"], ids=str)
def test_an_array_of_no_numbers_does_not_fit(tmp_path: Path, held: Any) -> None:
    data = np.zeros((9, 5, 1), held)
    [problem] = inspect("LSTM(3)", input=data, target=np.zeros((9, 3)), loss="mse").problems
    assert "where numbers are expected" in problem.message
    np.save(tmp_path / "X.npy", data)
    finished = command("LSTM(3)", "-n", "--json", "--x", str(tmp_path / "X.npy"))
    assert problem.message in [found["message"] for found in json.loads(finished.out)["problems"]]
    report = inspect("LSTM(3)", input=(9, 5, 1), target=np.zeros((9, 3), held), loss="mse")
    assert [problem.name for problem in report.problems] == ["y"]


@pytest.mark.parametrize(("columns", "is_told"), [(2, True), (10, False)])
def test_a_binary_loss_takes_no_number_of_a_class(columns: int, is_told: bool) -> None:
    report = inspect("GRU(3) -> Dense(1)", input=(9, 5, 1), target=(9, columns), loss="bce")
    assert ("y = y.argmax(axis=-1)" in report.problems[0].remedies) == is_told
    assert f"Dense({columns})" in report.problems[0].remedies


def test_a_binary_loss_takes_a_share_and_no_softmax_of_one() -> None:
    report = inspect("GRU(3) -> Dense(2, 'softmax')", input=(9, 5, 1), target=(9,), loss="bce")
    assert report.problems[0].remedies[0] == "Dense(1, activation='sigmoid')"


@pytest.mark.process
def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("LSTM(3)")
    with pytest.raises(QueryError, match=r"is not read: only \.keras"):
        inspect(tmp_path / "notes.txt")


def test_an_error_shows_the_place_and_is_short() -> None:
    with pytest.raises(QueryError, match="did you mean return_state") as refused:
        inspect("LSTM(64, retrun_state=True)")
    assert refused.value.__notes__ == ["  | LSTM(64, retrun_state=True)\n  |          ^^^^^^^^^^^^"]
    assert len(refused.traceback) == 2  # the caller's line and `inspect`
    assert repr(refused.value) == (
        "QueryError(\"LSTM takes no 'retrun_state'; did you mean return_state?\")"
    )
    assert repr(MeasurementError("no memory", "ask for less")) == (
        "MeasurementError('no memory; ask for less')"
    )


@pytest.mark.parametrize("arguments", [{"seed": 3}, {"values": True}], ids=str)
def test_arguments_of_a_measurement_need_one(arguments: Any) -> None:
    for ask in (inspect, inspect_all):
        with pytest.raises(QueryError, match="only a measurement has it: give measure=True"):
            ask("LSTM(3)", **arguments)


# Reports


def test_outputs_are_found_by_name_and_by_place() -> None:
    report = inspect("LSTM(4, return_sequences=True) -> LSTM(3, return_state=True)")
    assert report.outputs["o"] is report.outputs[1]
    assert report.outputs["h"].shape == (2, 3)
    assert report.outputs[-1].name == "c"
    assert [one.name for one in report.outputs[1:]] == ["o", "h", "c"]
    assert report.outputs_of(report.layers[0])["o"].shape == (2, 5, 4)
    with pytest.raises(KeyError, match="no output 'h1': there are o, h, c"):
        report.outputs["h1"]


def test_the_document_is_that_of_the_command() -> None:
    report = measured(asked(BI_LSTM))
    document = report.to_dict(["weights", "code"])
    assert json.loads(json.dumps(document)) == document
    assert document["layer"] == BI_LSTM
    assert (document["parameters"], document["code"]) == (report.parameters, report.code)
    assert "weights" not in report.to_dict()
    with pytest.raises(ValueError, match=r"choose from code, .*values, weights"):
        report.to_dict(["diagram"])


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (
            asked("LSTM(3, return_state=True)"),
            "<Report LSTM(3, return_state=True): o (2, 3), h (2, 3), c (2, 3); by the rule>",
        ),
        (measured(asked("LSTM(3)")), "<Report LSTM(3): o (2, 3); measured by Keras>"),
        (
            measured(asked("LSTM(3)"), shapes={(1, 0): (2, 4)}),
            "<Report LSTM(3): o (2, 4); Keras and the rule differ>",
        ),
        (asked("AutoContrast()"), "<Report AutoContrast(): o of unknown shape; by the rule>"),
        (
            asked("LSTM(3)").outputs[0],
            "<Output o (2, 3): last output, after the last timestep; by the rule>",
        ),
        (
            measured(asked("LSTM(3)")).outputs[0],
            "<Output o (2, 3): last output, after the last timestep; Keras measured (2, 3)>",
        ),
        (asked("LSTM(3)").layers[0], "<Layer 1 LSTM(3): o (2, 3)>"),
        (asked("LSTM(3)").inputs[0], "<Tensor inputs (2, 5, 1) = (batch, timesteps, features)>"),
        (parse("LSTM(3, return_state=True)"), "<Call LSTM(3, return_state=True)>"),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_everything_shows_itself_in_one_line(shown: object, expected: str) -> None:
    assert repr(shown) == expected


def test_the_line_of_a_large_report_is_short() -> None:
    cells = ", ".join(["LSTMCell(3)"] * 30)
    shown = repr(asked(f"RNN([{cells}], return_state=True)"))
    assert "\n" not in shown
    assert len(shown) < 250
    assert shown.count("...") == 2


def test_print_shows_the_table() -> None:
    report = asked(BI_LSTM)
    lines = str(report).splitlines()
    assert lines[0] == BI_LSTM
    assert lines[-1] == "· by the rule, not measured"
    assert str(measured(report)).splitlines()[-2].startswith("✓ o == concat(h1, h2)")
    assert all(len(line) <= 80 for line in lines)


def test_print_is_ascii_where_nothing_else_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    shown = str(asked(BI_LSTM))
    monkeypatch.undo()
    assert shown.isascii()


def test_rich_shows_the_table_with_styles() -> None:
    console = Console(file=io.StringIO(), width=60, record=True, force_terminal=True)
    console.print(asked(BI_LSTM))
    shown = console.export_text(styles=False)
    assert shown.splitlines()[0].startswith("Bidirectional(LSTM(64")
    assert all(len(line.rstrip()) <= 60 for line in shown.splitlines())
    table = Table("report")
    table.add_row(asked("LSTM(3)"))
    console.print(table)
    assert "(batch, units)" in console.export_text()


def test_a_report_is_pickled_and_copied() -> None:
    report = measured(asked(BI_LSTM))
    assert pickle.loads(pickle.dumps(report)) == report


# In a notebook


@pytest.mark.parametrize(
    "report",
    [
        measured(asked(BI_LSTM)),
        asked("LSTM(4, return_sequences=True)", "Dense(1)"),
        seq2seq(),
        shared(),
        asked("AutoContrast()"),
    ],
    ids=repr,
)
def test_html_has_no_headings_and_nothing_that_github_strips(
    report: Report,
) -> None:
    html = report._repr_html_()
    text = Tree(html).text
    assert "<table" in html
    assert not re.search(r"<(svg|h\d)\b", html)
    for output in report.outputs:
        assert output.name in text
    assert html.count("<style>") == 1
    assert "url(" not in html
    assert "\xa0" not in html  # no shape that is copied from it could be read
    assert "<script" not in html


def test_html_of_a_measured_report_has_its_relations() -> None:
    assert "✓ o == concat(h1, h2)" in Tree(measured(asked(BI_LSTM))._repr_html_()).text


def test_html_escapes_what_others_have_written() -> None:
    network = replace(seq2seq().question.network, name="<script>alert(1)</script>")
    assert "<script" not in inspect(network)._repr_html_()


def test_a_report_is_saved_as_a_picture_a_page_or_a_text(tmp_path: Path) -> None:
    report = asked(BI_LSTM)
    for name, begins in (("a.svg", "<svg"), ("a.html", "<!DOCTYPE html>"), ("a.txt", "Bidir")):
        report.save(tmp_path / name, ["diagram"])
        text = (tmp_path / name).read_text()
        assert text.startswith(begins)
        assert "▶" in text
    with pytest.raises(ValueError, match="the name must end in"):
        report.save("a.pdf")
    with pytest.raises(FileNotFoundError, match="there is no folder of the file"):
        report.save(tmp_path / "none" / "a.svg")
    views: Any = (view for view in ["weights"])
    report.save(tmp_path / "a.txt", views)
    assert "Parameters" in (tmp_path / "a.txt").read_text()
    for views in (["weight"], "weight", np.zeros((2, 2)), count(), 3, None, [[]]):
        with pytest.raises(ValueError, match="choose from code"):
            report.save("a.txt", views)


# Names of inputs and of open values


TWO_INPUTS = """
a, b = Input((5, 3), name="a"), Input((6, 2), name="b")
model = Model([a, b], [LSTM(3)(a), LSTM(4)(b)])
"""


@pytest.mark.process
def test_inputs_are_given_by_their_names() -> None:
    data = {"c": np.zeros(7), "b": np.zeros((7, 6, 2)), "a": np.zeros((7, 5, 3))}
    assert [one.sizes for one in inspect(TWO_INPUTS, input=data).inputs] == [(7, 5, 3), (7, 6, 2)]
    assert inspect("LSTM(3)", input={"x": (7, 5, 2)}).outputs["o"].shape == (7, 3)
    with pytest.raises(QueryError, match="no input is named 'bb': there are a, b"):
        inspect(TWO_INPUTS, input={"a": (7, 5, 3), "bb": (7, 6, 2)})
    with pytest.raises(QueryError, match="input: give b, too"):
        inspect(TWO_INPUTS, input={"a": (2, 5, 3)})
    with pytest.raises(QueryError, match="no input is named 1: there are a, b"):
        inspect(TWO_INPUTS, input={1: (7, 5, 3)})  # type: ignore[dict-item]


@pytest.mark.process
@pytest.mark.parametrize("given", [[(9, 5, 3), (8, 6, 2)], {"a": (9, 5, 3), "b": (8, 6, 2)}])
def test_inputs_of_different_numbers_of_samples_do_not_fit(given: Any) -> None:
    [problem] = inspect(TWO_INPUTS, input=given).problems
    assert "Data cardinality is ambiguous" in problem.message


@pytest.mark.parametrize(
    ("what", "given", "message"),
    [
        ("Dense(4)", [(4, 3), (5, 7)], "takes one tensor, and is called with 2"),
        ("LSTM(4)", [(4, 5, 3), (1, 4), (1, 4)], "takes one tensor, and is called with 3"),
        ("LSTM(4) -> Dense(2)", [(4, 5, 3), (2, 5, 3)], "2 shapes for 1 input"),
        ("Concatenate()", [(4, 5), (3, 6)], r"is given inputs_1 \(4, 5\), inputs_2 \(3, 6\)"),
        ("Add()", [(2, 3), (1, 3)], r"takes tensors of one batch size, not \[2, 1\]"),
    ],
)
def test_several_shapes_for_a_layer_that_does_not_take_them(
    what: str, given: Any, message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        inspect(what, input=given)


@pytest.mark.keras
def test_a_layer_alone_takes_other_numbers_of_samples_as_keras_does() -> None:
    from keras import layers

    for layer, given in (
        (layers.Attention(), [(4, 5, 3), (1, 5, 3)]),
        (layers.Concatenate(axis=0), [(4, 5, 3), (2, 5, 3)]),
    ):
        arrays = [np.zeros(shape, "float32") for shape in given]
        report = inspect(layer, input=arrays)
        assert (report.outputs["o"].shape, report.problems) == (layer(arrays).shape, ())


@pytest.mark.process
def test_targets_are_given_by_the_names_of_the_layers_that_return_them() -> None:
    data = {"a": (7, 5, 3), "b": (7, 6, 2)}
    targets = {"lstm_1": (7, 4), "lstm": (7, 3)}
    assert inspect(TWO_INPUTS, input=data, target=targets, loss="mse").problems == ()
    targets["lstm_1"] = (7, 3)
    [problem] = inspect(TWO_INPUTS, input=data, target=targets, loss="mse").problems
    assert (problem.tensor, problem.expected) == ("lstm_1", (7, 4))
    with pytest.raises(QueryError, match="no output is named 'y': there are lstm, lstm_1"):
        inspect(TWO_INPUTS, input=data, target={"lstm": (7, 3), "y": (7, 4)}, loss="mse")


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_inputs_and_targets_of_a_live_model_are_given_by_the_keys_of_its_dictionaries() -> None:
    import keras

    first, second = keras.Input((4,)), keras.Input((6, 2))
    outputs = {"z": keras.layers.Dense(2)(first), "y": keras.layers.GRU(3)(second)}
    model = keras.Model({"b": first, "a": second}, outputs)
    data, targets = {"b": (7, 4), "a": (7, 6, 2)}, {"z": (7, 2), "y": (7, 3)}
    report = inspect(model, input=data, target=targets, loss="mse")
    found = [(tensor.name, tensor.sizes) for tensor in report.inputs]
    assert found == [("a", (7, 6, 2)), ("b", (7, 4))]
    assert report.problems == ()


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_targets_of_a_model_with_a_call_of_its_own_are_given_by_the_keys_that_it_returns() -> None:
    import keras

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.z, self.y = keras.layers.Dense(2), keras.layers.LSTM(3)

        def call(self, x: Any) -> Any:
            return {"z": self.z(x), "y": self.y(x)}

    model = Own()
    model(np.zeros((7, 4, 1)))
    targets = {"z": (7, 4, 2), "y": (7, 3)}
    assert inspect(model, input=(7, 4, 1), target=targets, loss="mse").problems == ()
    targets["y"] = (7, 2)
    [problem] = inspect(model, input=(7, 4, 1), target=targets, loss="mse").problems
    assert (problem.shape, problem.expected) == ((7, 2), (7, 3))
    model.compile("sgd", {"y": "mse", "z": "mae"})
    assert [loss and loss.name for loss in inspect(model).question.losses] == ["mse", "mae"]


@pytest.mark.process
def test_let_gives_names_of_a_list_too_and_none_in_vain() -> None:
    layers = ["LSTM(units)", "Dense(classes)"]
    assert inspect(layers, let={"units": 3, "classes": 2}).expression == "LSTM(3) -> Dense(2)"
    assert inspect("LSTM(**config)", let={"config": {"units": 4}}).expression == "LSTM(4)"
    for what in (layers, "LSTM(units)"):
        with pytest.raises(QueryError, match=r"let=\{'unit': ...\}; did you mean units"):
            inspect(what, let={"unit": 3})
    with pytest.raises(TypeError, match="let: a name is a text, not 3"):
        inspect(layers, let={3: 4})  # type: ignore[dict-item]
    with pytest.raises(QueryError, match="whole numbers, 1 or more"):
        inspect("LSTM(X.shape[2])", let={"X.shape": (3, 0)})
    with pytest.raises(QueryError, match=r"LSTM\(n\) -> Dense\(1\) is not one layer"):
        inspect(["LSTM(n) -> Dense(1)", "GRU(2)"], let={"n": 3})


@pytest.mark.process
def test_what_depends_on_data_is_not_measured_and_let_is_named() -> None:
    with pytest.raises(MeasurementError, match=r"words; give let=\{'words': \.\.\.\}"):
        inspect("Embedding(words, 4) -> LSTM(3)").measure()


# Measurements


@pytest.fixture(scope="module")
def question() -> Report:
    return inspect("GRU(4, return_sequences=True) -> LSTM(2, return_state=True)", input=(3, 4, 5))


@pytest.mark.keras
@pytest.mark.process
def test_keras_confirms_a_report(question: Report) -> None:
    confirmed = question.measure(seed=3, values=True)
    assert question.measurement is None
    assert (confirmed.source, confirmed.differences) == ("predict", ())
    assert all(claim.holds for claim in confirmed.claims)
    o, h = confirmed.outputs["o"].array, confirmed.outputs["h"].array
    assert o is not None
    assert h is not None
    assert o.values == h.values
    assert confirmed.to_dict(["values"])["outputs"][-1]["values"] is not None
    of_numpy: dict[str, Any] = {"measure": np.True_, "seed": np.int64(3), "values": np.True_}
    [again] = inspect_all(question.question, **of_numpy)
    assert again.measurement == confirmed.measurement


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, np.int64(-1), np.bool_(True), "3"])
def test_a_seed_has_bounds(seed: Any) -> None:
    with pytest.raises(QueryError, match=r"seed=.*: give a whole number from 0"):
        inspect("GRU(3)").measure(seed=seed)


@pytest.mark.process
def test_a_number_that_python_does_not_write_is_too_large() -> None:
    with pytest.raises(QueryError, match=r"seed=\.\.\.: give a whole number"):
        inspect("GRU(3)").measure(seed=10**5000)
    with pytest.raises(QueryError, match=r"seed=\.\.\.: only a measurement has it"):
        inspect("GRU(3)", seed=10**5000)
    with pytest.raises(QueryError, match=r"input=\(32, \.\.\., 16\): give whole numbers"):
        inspect("GRU(3)", input=(32, 10**5000, 16))
    with pytest.raises(QueryError, match="a number that it uses is too large"):
        inspect("m = Sequential([GRU(n) for _ in range(2)])", let={"n": 10**5000})
    with pytest.raises(QueryError, match="nested too deeply"):
        inspect("GRU(3)", seed=deep_list())  # type: ignore[arg-type]


@pytest.mark.process
def test_what_cannot_fit_is_refused_before_it_is_tried() -> None:
    with pytest.raises(MeasurementError, match="memory") as refused:
        inspect("LSTM(1000000)").measure()
    assert refused.value.remedy
    assert "--" not in str(refused.value)


def test_a_measurement_of_something_else_is_refused() -> None:
    other = measured(asked("GRU(3)")).measurement
    with pytest.raises(ValueError, match="of another network"):
        Report(asked("LSTM(3, return_state=True)").question, other)


@pytest.mark.keras
@pytest.mark.process
@pytest.mark.filterwarnings("ignore:.*fork")
def test_four_at_once_in_threads_in_asyncio_and_after_fork(question: Report) -> None:
    def measure() -> bool:
        """Whether it was measured, and right, or was said why not."""
        try:
            return not question.measure().differences
        except MeasurementError as refused:
            return bool(refused.reason)

    async def in_asyncio() -> bool:
        return await asyncio.to_thread(measure)

    with ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(measure) for _ in range(2)]
        answers.append(threads.submit(lambda: asyncio.run(in_asyncio())))
        if hasattr(os, "fork"):
            child = os.fork()
            if not child:
                os._exit(not measure())
            assert os.waitpid(child, 0)[1] == 0
        assert all(one.result() for one in answers)


@pytest.mark.process
def test_a_file_is_read_in_the_folder_where_a_notebook_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for units in (3, 4):
        folder = tmp_path / str(units)
        folder.mkdir()
        (folder / "here.py").write_text(f"from keras.layers import LSTM\nn = {units}\nLSTM(n)\n")
        monkeypatch.chdir(folder)
        [report] = inspect_all("here.py")
        assert report.outputs["o"].shape == (2, units)


@pytest.mark.keras
@pytest.mark.parametrize("says_target", [False, True])
def test_a_data_set_is_never_read_as_that_may_not_end(says_target: bool) -> None:
    import tensorflow as tf

    samples = (np.zeros((64, 5, 3)), np.zeros((64, 1)))
    data = tf.data.Dataset.from_tensor_slices(samples).batch(8).repeat()
    target = data if says_target else None
    report = inspect("LSTM(4) -> Dense(2)", input=data, target=target, loss="mse", measure=False)
    assert report.inputs[0].shape[1:] == (5, 3)
    [problem] = report.problems
    assert (problem.kind, problem.silent) == ("labels", True)
