"""What is not read is never filled in: sizes are known, assumed or open, and the answer says which.

Each case of the first table was answered wrongly by version 0.2, without a word.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rnnshape.description import describe
from rnnshape.errors import NotReadError, QueryError
from rnnshape.network import Dimensions, Question
from rnnshape.reading import read
from rnnshape.reading.code import read_code
from rnnshape.report import Report
from tests.conftest import KerasInProcess, command, titled


class Said(NamedTuple):
    """What the JSON of one model says."""

    inputs: list[list[int | None] | None]
    assumed: list[str]
    open: list[str]
    layers: list[tuple[str, int | None]]  # expressions and parameters
    outputs: list[list[int | None] | None]  # of every layer
    parameters: int | None


def asked(folder: Path, text: str, *options: str) -> tuple[int, list[Said]]:
    """The exit code, and what is said of each model."""
    path = folder / "program.py"
    path.write_text(text)
    finished = command(str(path), "--json", "--dry-run", "--weights", *options)
    return finished.code, [said(one) for one in finished.lines]


def said(answer: dict[str, Any]) -> Said:
    return Said(
        [one["shape"] for one in answer["inputs"]],
        [axis for axes in answer["assumed"].values() for axis in axes],
        list(dict.fromkeys(one["name"] for one in answer["open"])),
        [(one["expression"], one["parameters"]) for one in answer["layers"]],
        [one["shape"] for one in answer["outputs"]],
        answer["parameters"],
    )


FILLED_IN = titled("filled_in.txt")


@pytest.mark.parametrize("part", FILLED_IN.values(), ids=FILLED_IN)
def test_what_was_filled_in_is_read_or_open(part: str, tmp_path: Path) -> None:
    text, _, written = part.rpartition("\n=> ")
    expected = Said(*ast.literal_eval(written))
    code, [answer, *_] = asked(tmp_path, text)
    assert answer == expected
    assert code == (1 if expected.open else 0)


def test_what_is_assumed_is_what_a_model_within_takes(tmp_path: Path) -> None:
    text = """
a, b = Input((10, 8)), Input((28, 32, 1))
A, B = Model(a, LSTM(4)(a)), Model(b, Flatten()(Conv2D(4, 3)(b)))
p, q = Input((None, 8)), Input((None, None, 1))
m = Model([p, q], Concatenate()([A(p), B(q)]))
"""
    code, [*_, answer] = asked(tmp_path, text)
    assert (code, answer[0]) == (0, [[2, 10, 8], [2, 28, 32, 1]])


@pytest.mark.parametrize(
    "text",
    [
        "Dense(3)(LSTM(2))",
        "LSTM(3)(5)",
        "LSTM(3)('text')",
        "LSTM(3)()",
        "GRU(3)(x)(y)",
        "a = Input((5, 2))\nm = Model(a, Dense(3)(LSTM))",
        "m = Sequential([LSTM(3, retrun_state=True)])",
        "m = Sequential([LSTM(3), 4])",
        "a, b = Input((5, 2)), Input((5, 2))\nm = Model(a, Add()([a, b]))",
        "d, x = GRU(3, return_sequences=True), Input((None, 2))\nm = Model(x, d(d(x)))",
    ],
)
def test_what_keras_refuses_is_refused(text: str) -> None:
    assert command(text, "--dry-run").code == 2


CALLED_AGAIN = titled("called_again.txt")


@pytest.mark.keras
@pytest.mark.parametrize("part", CALLED_AGAIN.values(), ids=CALLED_AGAIN)
def test_what_is_called_again_or_wrongly_is_refused_as_by_keras(
    part: str, keras_measurer: KerasInProcess
) -> None:
    text, _, expected = part.rpartition("\n=> ")
    names: dict[str, Any] = {}
    exec("import tensorflow as tf\nfrom keras import *\nfrom keras.layers import *", names)
    try:
        exec(text, names)
    except (AttributeError, ValueError):
        refused = True
    else:
        refused = False
    assert refused == (expected == "refused")
    assert (command(text, "--dry-run").code == 2) == refused


@pytest.mark.keras
@pytest.mark.parametrize(
    ("refused", "remedy", "mended"),
    [
        ("Attention()([x])", "give the same twice", "Attention()([x, x])"),
        ("ops.squeeze(x, axis=1)", "with one entry", "ops.squeeze(x[:, :1], axis=1)"),
    ],
)
def test_keras_takes_a_function_of_tensors_that_is_mended(
    refused: str, remedy: str, mended: str, tmp_path: Path, keras_measurer: KerasInProcess
) -> None:
    names: dict[str, Any] = {}
    exec("from keras import *\nfrom keras.layers import *", names)
    wrong, right = (f"x = Input((5, 3))\nm = Model(x, {made})" for made in (refused, mended))
    called = "m(ops.zeros((2, 5, 3)))"
    with pytest.raises(ValueError, match=r"inputs list|is not 1"):
        exec(f"{wrong}\n{called}", names)
    exec(f"{right}\n{called}", names)
    path = tmp_path / "x.py"
    path.write_text(wrong)
    assert remedy in command(str(path), "-n").err
    path.write_text(right)
    assert command(str(path), "-n").code == 0


@pytest.mark.parametrize(
    "text", ["LSTM(64, batch_input_shape=(32, 10, 4))", "LSTM(64, time_major=True)"]
)
def test_what_only_keras_2_takes_is_never_said_to_be_right(text: str) -> None:
    assert command(text, "--dry-run").code == 2


@pytest.mark.parametrize(("size", "code"), [("3", 0), ("4", 2)])
def test_whether_a_layer_fits_again_may_follow_from_what_is_open(size: str, code: int) -> None:
    text = "d = Dense(3); x = Input((5, n)); m = Model(x, d(d(x)))"
    assert command(text, "-n").code == 1
    assert command(text, "-n", "--let", f"n={size}").code == code


LSTM_8 = "LSTM(8, input_shape={0}), Dense(1)"
SIZES = {
    "all is known": ("(5, 2)", [], [], 352, 0),
    "nothing is said": ("None", ["timesteps", "features"], [], 320, 0),
    "timesteps are left to Keras": ("(None, 2)", ["timesteps"], [], 352, 0),
    "features come from data": ("(5, X.shape[2])", [], ["X.shape[2]"], None, 1),
    "all of it comes from data": ("X.shape[1:]", [], ["X.shape[1:]"], None, 1),
    "timesteps come from data": ("(len(X), 2)", [], ["len(X)"], 352, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "assumed", "unknown", "parameters", "code"), SIZES.values(), ids=SIZES
)
def test_sizes_are_known_assumed_or_open(
    shape: str, assumed: list[str], unknown: list[str], parameters: int | None, code: int,
    tmp_path: Path,
) -> None:  # fmt: skip
    exit_code, [answer] = asked(tmp_path, f"m = Sequential([{LSTM_8.format(shape)}])")
    assert [axis for axis in answer.assumed if axis != "batch"] == assumed
    assert answer.open == unknown
    assert answer.layers[0][1] == parameters
    assert answer.layers[1] == ("Dense(1)", 9)  # it depends on nothing of this
    assert exit_code == code


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("Rescaling(0.1) -> Conv2D(8, 3)", 4),
        ("RandomFlip() -> RandomRotation(0.1) -> Rescaling(0.1) -> MaxPooling2D() -> Flatten()", 4),
        ("BatchNormalization() -> ReLU() -> Conv3D(2, 2)", 5),
        ("Dropout(0.1) -> Embedding(9, 4) -> LSTM(3)", 2),
        ("Normalization() -> TimeDistributed(Conv2D(2, 2))", 5),
        ("Dropout(0.1) -> LSTM(3)", 3),
        ("Flatten() -> Dense(8) -> Reshape((2, 2, 2)) -> Conv2D(3, 1)", 3),
    ],
)
def test_an_input_that_nothing_describes_has_the_axes_of_the_first_layer_that_says_how_many(
    text: str, rank: int, keras_measurer: KerasInProcess
) -> None:
    [answer] = command(text, "--json", measurer=keras_measurer).lines
    assert [len(tensor["shape"]) for tensor in answer["inputs"]] == [rank]
    assert answer["source"] == "predict"


OF_IMAGES = "i = Input((28, 20, 3))\ninner = Model(i, Flatten()(Conv2D(8, 3)(i)))\nm = Sequential("
OF_TIME = "i = Input((20, 4))\ninner = Model(i, LSTM(3)(i))\nm = Sequential("
OF_BUILT = "l = {}\nl.build((None, 6, 7))\nm = Sequential("


@pytest.mark.parametrize(
    "text",
    [
        OF_IMAGES + "[Sequential([RandomFlip(), RandomZoom(0.1)]), inner, Dense(2)])",
        OF_TIME + "[Dropout(0.1), inner])",
        OF_TIME + "[Embedding(50, 4), inner])",
        OF_BUILT.format("LSTM(3)") + "[Masking(), l])",
        OF_BUILT.format("Dense(3)") + "[Flatten(), l])",
    ],
)
def test_what_a_later_part_was_made_for_leaves_open_what_a_model_is_given(
    text: str, tmp_path: Path
) -> None:
    text = "from keras import *\nfrom keras.layers import *\n" + text
    [shape] = asked(tmp_path, text)[1][-1].inputs
    assert shape in (None, [2, None], [2, None, None])


def test_parameters_that_follow_from_an_assumed_size_have_a_star() -> None:
    finished = command("LSTM(8) -> Dense(1)", "--dry-run")
    assert "320*" in finished.out
    assert " 9*" not in finished.out
    assert "* for features=1, which is assumed (-f)" in finished.out
    [answer] = command("LSTM(8) -> Dense(1)", "--dry-run", "--json").lines
    assert [one["assumes"] for one in answer["layers"]] == [["features"], []]
    given = command("LSTM(8) -> Dense(1)", "-f", "1", "--dry-run")
    assert "*" not in given.out


ASSUMING = """
LSTM(3) -> Dense(2)
Bidirectional(GRU(3, return_sequences=True)) -> Flatten() -> Dense(1)
Conv1D(3, 2, strides=2) -> MaxPooling1D(2) -> Flatten() -> Dense(2)
Conv2D(3, 2, data_format='channels_first') -> Flatten() -> Dense(2)
SeparableConv2D(2, 2, depth_multiplier=3) -> UpSampling2D() -> Flatten() -> Dense(2)
ConvLSTM2D(3, 2) -> ZeroPadding2D() -> Flatten() -> Dense(1)
ConvLSTM1D(3, 2, return_sequences=True) -> TimeDistributed(Flatten()) -> LSTM(3)
Permute((2, 1)) -> LSTM(3)
Reshape((-1, 1)) -> GlobalMaxPooling1D() -> Dense(1)
Reshape((1, -1)) -> SimpleRNN(2)
LayerNormalization(axis=(1, 2))
MultiHeadAttention(2, 3) -> LSTM(2)
PReLU(shared_axes=[1]) -> Flatten() -> RepeatVector(3)
SpectralNormalization(Dense(3, lora_rank=2))
EinsumDense('abc,cd->abd', output_shape=(5, 64), bias_axes='bd')
EinsumDense('abc,bd->adc', output_shape=(7, None))
Embedding(10, 3) -> Cropping1D(1) -> Flatten() -> Dense(2)
Sequential([Lambda(lambda x: x[:, :3]), Flatten(), Dense(2)])
Sequential([Lambda(lambda x: x[:, 1:]), Flatten(), Dense(2)])
"""


@pytest.mark.parametrize("text", ASSUMING.strip().splitlines())
def test_what_follows_from_an_assumed_size_is_another_with_another_size(text: str) -> None:
    [network] = read(text).networks
    report = Report(Question(network))
    for kind in {*report.description.assumed_kinds} - {"batch"}:
        sizes = report.question.dimensions
        with suppress(QueryError):  # it takes no other size
            other = describe(network, replace(sizes, **{kind: sizes[kind] + 7}))
            for layer, changed in zip(report.layers, other.layers, strict=True):
                follows = layer.parameters != changed.parameters
                assert (kind in report.assumes_of(layer)) == follows


OF_ANY = """
Conv1D(4, k)
Conv1D(4, 3, strides=k)
Conv1D(4, 3, strides=k, padding='same')
Conv1D(4, 3, dilation_rate=k)
Conv1D(4, 3, groups=k)
SeparableConv1D(4, 3, strides=k)
MaxPooling1D(k)
AveragePooling1D(k, padding='same')
AveragePooling1D(2, strides=k)
Cropping1D((1, k))
Reshape((3, 2, 4)) -> Conv2D(4, 2, strides=(k, 1), padding='same')
Reshape((3, 2, 4)) -> ConvLSTM1D(4, 2, strides=k)
Reshape((3, 2, 4)) -> TimeDistributed(MaxPooling1D(k, padding='same'))
LSTM(3, return_sequences=True) -> Bidirectional(GRU(k, return_sequences=True))
GroupNormalization(k) -> UpSampling1D(k) -> GlobalMaxPooling1D()
Lambda(lambda t: t[:, k:]) -> Conv1D(2, 1)
Lambda(lambda t: t[:, :k]) -> LSTM(2)
Lambda(lambda t: t[:, 3:k])
Lambda(lambda t: t[:, k:2])
Lambda(lambda t: t[:, k:1])
Lambda(lambda t: t[:, :, k:])
Lambda(lambda t: t[:, k:, 1])
"""


@pytest.mark.parametrize("text", OF_ANY.strip().splitlines())
def test_what_is_known_beside_an_open_argument_is_so_whatever_that_is(text: str) -> None:
    program = f"m = Sequential([Input((12, 2)), {text.replace(' -> ', ', ')}])"
    [before] = read_code(program, {}).networks
    layers = [layer.outputs for layer in describe(before).layers]
    assert all(layers)  # of each it is known how many axes it makes
    for number in (1, 2, 3, 4, 0, -1, -3):
        [network] = read_code(program, {"k": number}).networks
        with suppress(QueryError):  # Keras does not take it
            for outputs, layer in zip(layers, describe(network).layers, strict=True):
                for axis, other in zip(outputs[0].axes, layer.outputs[0].axes, strict=True):
                    assert axis.is_unknown or axis.length == other.length


@pytest.mark.parametrize("part", ["-20:", "-3:", "::40", ":18", ":-4", "1:", ":"])
def test_a_part_of_an_open_length_is_as_long_as_it_is_said_to_be(part: str) -> None:
    text = f"x = Input((None, 3))\nm = Model(x, Lambda(lambda t: t[:, {part}])(x))"
    [network] = read_code(text, {}).networks
    for timesteps in (50, 400):
        [layer] = describe(network, Dimensions(timesteps=timesteps)).layers
        axis = layer.outputs[0].axes[1]
        assert axis.is_unknown or axis.length == len(eval(f"range({timesteps})[{part}]"))


def test_a_weight_that_is_a_single_number_counts() -> None:
    [answer] = command("Normalization()", "--dry-run", "--json").lines
    assert answer["layers"][0]["parameters"] == 1 + 1 + 1  # a mean, a variance, how many there were


@pytest.mark.parametrize("shape", ["60000,28,28", "(60000, 28, 28)", "[60000, 28, 28]"])
def test_the_shape_of_data_is_given_by_let(shape: str, tmp_path: Path) -> None:
    text = (
        "X = X_train.reshape(-1, 28, 28) / 255\n"
        "m = Sequential([LSTM(8, input_shape=(X_train.shape[1], X_train.shape[2]))])"
    )
    code, [answer] = asked(tmp_path, text)
    assert (code, answer.inputs) == (1, [[2, None, None]])
    code, [answer] = asked(tmp_path, text, "--let", f"X_train.shape={shape}")
    assert (code, answer.inputs, answer.open, answer.parameters) == (0, [[2, 28, 28]], [], 1184)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("vocab = len(words) + 1\nm = Sequential([Embedding(vocab, 8)])", ["vocab"]),
        ("m = Sequential([Dense(len(words))])", ["len(words)"]),
        ("k = len(set(text))\nm = Sequential([Dense(k // 2)])", ["k"]),
        ("longest = max(len(x) for x in texts)\nm = Sequential([Input((longest, 2)), GRU(3)])",
         ["longest"]),
        ("half = units // 2\nm = Sequential([GRU(half), Dense(units)])", ["units"]),
        ("m = Sequential([GRU(config['units'])])", ["config['units']"]),
        ("m = Sequential([GRU(int(args.units))])", ["args.units"]),
        ("m = Sequential([GRU(3 if flag else 4)])", ["flag"]),
        ("from mine import UNITS\nm = Sequential([GRU(UNITS)])", ["mine.UNITS"]),
        ("def make(n):\n    return Sequential([GRU(n)])", ["n"]),
        ("m = Sequential([GRU(3)])\nfor _ in range(depth):\n    m.add(Dense(2))", ["depth"]),
        ("m = Sequential([GRU(3)])\nif deep:\n    m.add(Dense(2))", ["deep"]),
    ],
)  # fmt: skip
def test_what_is_asked_for_can_be_given(text: str, names: list[str], tmp_path: Path) -> None:
    code, [answer] = asked(tmp_path, text)
    assert (code, answer.open) == (1, names)
    given = [part for name in names for part in ("--let", f"{name}=4")]
    code, [answer] = asked(tmp_path, text, *given)
    assert (code, answer.open) == (0, [])
    assert answer.parameters is not None


BRANCHES = {
    "both sides build": (
        "if flag:\n    m = Sequential([GRU(3)])\nelse:\n    m = Sequential([LSTM(3)])",
        ["GRU(3)", "LSTM(3)"],
        ["made where flag", "made where not flag"],
    ),
    "one side loads": (
        "import os\nif os.path.exists(path):\n    m = keras.models.load_model(path)\n"
        "else:\n    m = Sequential([GRU(3)])",
        ["GRU(3)"],
        ["made where not os.path.exists(path)"],
    ),
    "one side raises": (
        "if not flag:\n    raise ValueError('no')\nm = Sequential([GRU(3)])",
        ["GRU(3)"],
        [],
    ),
    "both sides agree": (
        "n = 3 if flag else 3\nm = Sequential([GRU(n)])",
        ["GRU(3)"],
        [],
    ),
    "a function that nobody calls": (
        "def make():\n    return Sequential([GRU(3)])", ["GRU(3)"], []
    ),
    "a class that nobody calls": (
        "class Net:\n    def build(self):\n        return Sequential([GRU(3)])", ["GRU(3)"], []
    ),
    "a class that makes it": (
        "class Net:\n    def __init__(self):\n        self.m = Sequential([GRU(3)])", ["GRU(3)"], []
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "layers", "notes"), BRANCHES.values(), ids=BRANCHES)
def test_models_of_branches_and_of_what_nobody_calls(
    text: str, layers: list[str], notes: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(text)
    finished = command(str(path), "--json", "--dry-run")
    assert (finished.code, finished.err) == (0, "")
    assert [one["layer"] for one in finished.lines] == layers
    assert [note for one in finished.lines for note in one["notes"] if "made" in note] == notes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("m = keras.models.load_model('a.keras')\nm.summary()",
         "it is loaded from a file: rnnshape a.keras reads it"),
        ("m = Sequential([GRU(n) for n in sizes])",
         "m is not read: sizes (program.py, line 1) comes from data"),
        ("class M(Model):\n    def __init__(self):\n        super().__init__()\n"
         "        self.d = Dense(3)\n    def call(self, x):\n        return []\nm = M()",
         "what its outputs are made of is not known"),
    ],
)  # fmt: skip
def test_a_model_of_which_nothing_is_known_is_said(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(text)
    finished = command(str(path), "--dry-run")
    assert finished.code != 0
    assert finished.out == ""
    assert told in finished.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("LSTM(3)", 0),
        ("LSTM(units)", 1),
        ("Lambda(f) -> Dense(1)", 1),
        ("Sequential([mystery(3), Dense(1)])", 2),
        ("LSTM(0)", 2),
        ("LSTM(units, foo=1)", 2),
    ],
)
def test_exit_codes_of_expressions(text: str, code: int) -> None:
    assert command(text, "--dry-run").code == code


@pytest.mark.parametrize(
    ("layers", "total"),
    [("LSTM(3), Mine(4), Dense(1)", "in total at least 72"), ("Mine(4), Dense(1)", "in total ?")],
)
def test_a_total_is_at_least_what_is_known(layers: str, total: str, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(f"m = Sequential([Input((5, 2)), {layers}])")
    finished = command(str(path), "--dry-run")
    assert total in finished.out
    assert "Mine(4)" in finished.out


@pytest.mark.parametrize(
    "text",
    [
        "Input((None, 8, 8, 1)) -> ConvLSTM2D(3, 3)",
        "Input((None, 8, 1)) -> TimeDistributed(Flatten())",
        "Input((None, 8, 8, 8, 1)) -> TimeDistributed(Flatten())",
    ],
)
def test_the_open_time_of_an_input_is_given_by_an_option(text: str) -> None:
    finished = command(text, "-t", "7", "--dry-run", "--json")
    assert finished.code == 0
    assert finished.lines[0]["inputs"][0]["shape"][1] == 7


def test_data_that_a_tensor_is_added_to_is_no_input() -> None:
    text = "x = Input((5, 3)); m = Model(x, LSTM(4)(x + np.ones((5, 3))))"
    [network] = read_code(text, {}).networks
    report = Report(Question(network))
    assert [one.name for one in report.inputs] == ["x"]
    assert "data" not in report.assumed
    screen = str(report).splitlines()
    assert not any(line.split()[:1] == ["data"] for line in screen)
    assert any("x + data" in line for line in screen)


def test_a_name_that_is_open_is_listed_once(tmp_path: Path) -> None:
    text = (
        "X = load()\nm = Sequential([Input((X.shape[1] // 2, X.shape[1])), LSTM(X.shape[1] + 1)])"
    )
    path = tmp_path / "program.py"
    path.write_text(text)
    [answer] = command(str(path), "--json", "--dry-run").lines
    assert [(one["name"], one["line"]) for one in answer["open"]] == [("X.shape[1]", 1)]


def test_what_this_keras_warns_of_is_said_of_the_network_that_has_it_alone() -> None:
    text = "a = Sequential([Embedding(9, 4, input_length=3)])\nb = Sequential([LSTM(3)])"
    first, second = read_code(text, {}, "program.py").questions
    assert first.notes == ("this Keras warns of input_length of Embedding: write Input((3,))",)
    assert not second.notes


@pytest.mark.parametrize("call", ["keras.ops.sum(axis=3)", "ops.softmax()"])
def test_a_function_of_tensors_in_a_chain_says_how_it_is_called(call: str) -> None:
    name = call.partition("(")[0].removeprefix("keras.").removeprefix("ops.")
    with pytest.raises(QueryError, match=rf"write x = Input\(...\); keras.ops.{name}\(x, ...\)"):
        read(f"Input((5, 4)) -> {call}")


@pytest.mark.parametrize(
    ("layer", "first", "then", "taken"),
    [
        ("Dense(3)", "(2,)", "(None,)", (None, 2)),
        ("LSTM(3)", "(None, 2)", "(4, None)", (None, 4, 2)),
        ("Dropout(0.5)", "(2,)", "(None,)", (None, None)),  # which takes any other, too
        ("Dense(3)", "(None,)", "(2,)", None),
    ],
)
def test_what_a_layer_is_called_with_again_has_the_size_that_it_was_built_with(
    layer: str, first: str, then: str, taken: tuple[int | None, ...] | None
) -> None:
    text = f"d = {layer}; a, b = Input({first}), Input({then}); m = Model([a, b], [d(a), d(b)])"
    [network] = read_code(text, {}).networks
    if taken is None:
        with pytest.raises(QueryError, match="needs to know the number of features"):
            describe(network)
    else:
        assert network.inputs[1].shape == taken
        assert describe(network).layers[1].outputs


def test_what_only_another_call_of_a_model_uses_is_said_to_be_not_counted() -> None:
    text = """
class Net(Model):
    def __init__(self):
        super().__init__()
        self.first, self.other = Dense(3), Dense(5)
    def call(self, x, other=False):
        return self.other(x) if other else self.first(x)
net = Net()
x = Input((4,))
m = Model(x, [net(x), net(x, other=True)])
"""
    questions = read_code(text, {}).questions
    assert [question.network.name for question in questions] == ["net", "m"]
    note = "not counted: Dense(5), which this call does not use"
    assert [question.notes for question in questions] == [(note,), ()]


@pytest.mark.parametrize("parts", ["[one, two]", "{'one': one, 'two': two}"])
def test_a_model_in_a_list_that_a_call_does_not_use_is_said_to_be_not_counted(parts: str) -> None:
    text = f"""
class Student(Model):
    def __init__(self, one, two):
        super().__init__()
        self.parts = {parts}
    def call(self, x):
        return self.parts[{"0" if parts[0] == "[" else "'one'"}](x)
teacher = Sequential([Input((20, 6)), GRU(9)])
net = Student(Sequential([GRU(5)]), teacher)
net(np.zeros((8, 20, 6)))
"""
    *_, question = read_code(text, {}).questions
    assert question.notes == ("not counted: teacher, which this call does not use",)


def test_a_layer_that_is_built_and_never_called_is_told() -> None:
    text = """
class Net(Model):
    def __init__(self):
        super().__init__()
        self.first, self.other, self.third = Dense(3), Dense(5), Dense(7)
        self.first.build((None, 4))
        self.other.build((None, 4))
    def call(self, x):
        return self.first(x)
net = Net()
net(np.ones((2, 4)))
"""
    (question,) = read_code(f"import numpy as np{text}", {}).questions
    assert question.notes == ("not counted: Dense(5), which this call does not use",)


def test_what_no_input_says_is_as_long_as_the_data(tmp_path: Path) -> None:
    path = tmp_path / "data.py"
    path.write_text(
        "import numpy as np\nfrom keras import Input, Model\nfrom keras.layers import GRU\n"
        "i = Input((None, 3), name='i')\nm = Model(i, GRU(4, return_sequences=True)(i))\n"
        "m.compile('adam', 'mse')\nm.fit(np.zeros((30, 12, 3)), np.zeros((30, 12, 4)))\n"
    )
    [answer] = command(str(path), "--dry-run", "--json").lines
    assert answer["outputs"][0]["shape"] == [2, 12, 4]
    assert answer["assumed"] == {"i": ["batch"]}
    [answer] = command(str(path), "--dry-run", "--json", "-t", "7").lines
    assert answer["outputs"][0]["shape"] == [2, 7, 4]


def test_each_input_is_as_long_as_its_own_data(tmp_path: Path) -> None:
    path = tmp_path / "data.py"
    path.write_text(
        "import numpy as np\nfrom keras import Input, Model\nfrom keras.layers import GRU\n"
        "i, j = Input((None, 3)), Input((None, 2))\n"
        "m = Model([i, j], GRU(4, return_sequences=True)(j, initial_state=GRU(4)(i)))\n"
        "m.compile('adam', 'mse')\n"
        "m.fit([np.zeros((9, 7, 3)), np.zeros((9, 8, 2))], np.zeros((9, 8, 4)))\n"
    )
    [answer] = command(str(path), "--dry-run", "--json").lines
    assert [given["shape"] for given in answer["inputs"]] == [[2, 7, 3], [2, 8, 2]]
    [answer] = command(str(path), "--dry-run", "--json", "-t", "6").lines
    assert [given["shape"] for given in answer["inputs"]] == [[2, 6, 3], [2, 6, 2]]


POLICIES = [
    "keras.config.set_floatx('float16')",
    "i = keras.Input((3,)); keras.config.set_floatx('float64')",
    "m = Sequential(); keras.config.set_floatx('float64')",
    "Dense(1, dtype='float32'); keras.config.set_floatx('float64')",
    "keras.config.set_floatx('float16'); print(keras.config.dtype_policy()); "
    "keras.config.set_floatx('float64')",
    "keras.config.set_dtype_policy('float16'); keras.config.set_floatx('float64')",
    "keras.config.set_dtype_policy('float16'); keras.backend.clear_session()",
    "keras.mixed_precision.set_global_policy(keras.dtype_policies.DTypePolicy('mixed_bfloat16'))",
    "p = keras.mixed_precision.Policy('mixed_float16'); print(p.compute_dtype, p.name); "
    "keras.mixed_precision.set_global_policy(p)",
    "try:\n    keras.config.set_dtype_policy('foo')\nexcept Exception:\n"
    "    keras.config.set_floatx('bfloat16')",
    "if keras.config.floatx() == 'float32':\n    keras.config.set_floatx('float64')",
]


@pytest.mark.keras
@pytest.mark.parametrize("text", POLICIES)
def test_the_type_of_a_layers_numbers_is_that_which_keras_takes(text: str) -> None:
    import keras

    program = f"import keras\nfrom keras import Sequential\nfrom keras.layers import *\n{text}\n"
    program += "d = Dense(2, dtype=None)\nm = Sequential([Input((3,)), d])\n"
    keras.utils.clear_session()
    try:
        exec(program, names := dict[str, Any]())
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    made = names["d"].dtype_policy.name
    [network] = read_code(program, {}, "x.py").networks[-1:]
    [layer] = network.layers
    assert str(layer) == ("Dense(2)" if made == "float32" else f"Dense(2, dtype={made!r})")


def test_an_axis_that_is_repeated_an_open_number_of_times_names_no_number() -> None:
    told = command("x = Input((3,)); m = Model(x, ops.tile(x, (n, 2)))", "-n").out
    assert "(?, 6)  (batch, 2·features)" in told


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        ("Concatenate()([LSTM(8)(b), unread(a)])", (2, None)),  # the samples are those of the other
        ("Concatenate()([LSTM(8)(AveragePooling1D(k)(b)), unread(a)])", (2, None)),
        ("Concatenate()([Flatten()(unread(a)), LSTM(8)(b)])", (2, None)),
        ("Add()([Reshape((10, 4))(unread(a)), Reshape((10, 4))(unread(c))])", (None, 10, 4)),
        ("Concatenate()([Reshape((-1, 4))(unread(x)) for x in (a, a)])", None),
        ("Concatenate()([Reshape((-1, 4))(unread(x)) for x in (a, c)])", None),
    ],
)
def test_of_what_is_not_read_no_number_of_samples_is_made_up(
    made: str, shape: tuple[int | None, ...] | None
) -> None:
    inputs = "a, b, c = Input((40,)), Input((5, 3)), Input((40,))\n"
    [network] = read_code(f"{inputs}m = Model([a, b, c], {made})", {}).networks
    last = describe(network).layers[-1]
    assert (last.outputs[0].sizes if last.outputs else None) == shape


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        ("Add()([x, Dense(8)(Keep()(x))])", None),  # (2, 20, 8) where it keeps the axes
        ("Multiply()([x, Dense(1)(Keep()(x))])", None),
        ("Dot(1)([x, Dense(20)(Keep()(x))])", None),
        ("Concatenate()([x, Keep()(x)])", None),
        (
            "Multiply()([x, Permute((2, 1))(RepeatVector(8)(Flatten()(Dense(1)(Keep()(x)))))])",
            None,
        ),
        ("LSTM(4)(Dense(8)(Keep()(x)))", (None, 4)),
    ],
)
def test_a_rank_of_what_is_not_read_does_not_follow_from_sizes_that_were_tried(
    made: str, shape: tuple[int | None, ...] | None
) -> None:
    [network] = read_code(f"x = Input((20, 8))\nm = Model(x, {made})", {}).networks
    last = describe(network).layers[-1]
    assert (last.outputs[0].sizes if last.outputs else None) == shape


@pytest.mark.keras
@pytest.mark.parametrize("made", ["x * k", "k - x", "ops.maximum(k, x)", "ops.where(x > 0, k, x)"])
@pytest.mark.parametrize("sizes", [(7, 4), (7, 1), (1, 4), (1, 1)], ids=str)
def test_what_is_known_beside_a_value_that_may_be_an_array_is_so_whatever_that_is(
    sizes: tuple[int, int], made: str
) -> None:
    from keras import ops

    [network] = read_code(f"x = Input({sizes})\nm = Model(x, {made})", {}).networks
    said = describe(network).layers[-1].outputs[0].sizes
    x = ops.ones((2, *sizes))
    found = [
        tuple(eval(made, {"ops": ops, "x": x, "k": k}).shape)
        for k in (0.5, *map(ops.ones, [(1,), (4,), (7, 1), (2, 7, 4)]))
        if _are_broadcast(ops.shape(k), x.shape)
    ]
    assert said == tuple(
        several[0] if len({*several}) == 1 else None for several in zip(*found, strict=True)
    )


def _are_broadcast(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return all(1 in pair or len({*pair}) == 1 for pair in pairs)


@pytest.mark.parametrize(
    "made",
    [
        "Concatenate()([x[:, :, :n], x[:, :, k:]])",
        "Concatenate(axis=1)([x[:, :n], x[:, k:]])",
        "x[:, k:][:, :n]",
        "Flatten()(x[:, :, k:][:, :, :n])",
        "ops.split(x[:, k:], 2, axis=1)[0]",
        "Conv1D(3, 2, padding='same')(x[:, k:])[:, :n]",
        "Add()([x[:, n:], x[:, k:]])",
        "Reshape((-1, 4))(x[:, :, :n])",
    ],
)
def test_what_is_known_of_two_parts_of_open_lengths_is_so_whatever_these_are(made: str) -> None:
    program = f"x = Input((12, 8))\nm = Model(x, {made})"
    [before] = read_code(program, {}).networks
    described = describe(before)
    for n, k in ((1, 2), (3, 2), (4, 4), (7, 1), (2, 6)):
        with suppress(QueryError):  # Keras does not take it
            [network] = read_code(program, {"n": n, "k": k}).networks
            for layer, other in zip(described.layers, describe(network).layers, strict=True):
                known = layer.outputs[0].sizes if layer.outputs else None
                pairs = zip(known or (), other.outputs[0].sizes or (), strict=False)
                assert all(size in (None, its) for size, its in pairs)
                assert layer.parameters in (None, other.parameters)


HOLDING = {  # what code fills, and how much is in it
    "a = [0]": "len(a)",
    "a = {'k': [0]}['k']": "len(a)",
    "d = {}; a = d.setdefault('k', [0])": "len(d['k'])",
    "d = collections.defaultdict(list); a = d['k']; a.append(0)": "len(d['k'])",
    "a = {0}": "len(a)",
    "a = {'n': 1}": "len(a)",
    "a = collections.Counter('a')": "len(a)",
    "d = {'k': collections.Counter('a')}; a = d['k']": "len(d['k'])",
}
FILLING = [
    (("[0]", "(list)"), "a.extend(GIVEN)"),
    (("[0]", "(list)"), "fill = a.extend; fill(GIVEN)"),
    (("{0}", "'n'", "Counter"), "a.update(GIVEN)"),
    (("{0}", "Counter"), "a.update([len(unread)])"),
    (("{0}", "Counter"), "for word in unread: a.update([word])"),
    (("'n'",), "a.update([(len(unread), 3)])"),
    (("{0}",), "a.intersection_update([len(unread)])"),
    (("{0}",), "a.difference_update(GIVEN)"),
    (("'n'",), "a.update(m=2, **unread)"),
    (("Counter",), "a.subtract(GIVEN)"),
    (("Counter",), "for row in unread: a.update(row)"),
]
GIVEN = ["unread", "(x for x in unread if x)", "each()", "(x for x in (y for y in unread))"]
FILLED = {
    f"{start}; {fill.replace('GIVEN', given)}".replace("; for", "\nfor"): f"n = {size} + 1"
    for start, size in HOLDING.items()
    for kinds, fill in FILLING
    for given in (GIVEN if "GIVEN" in fill else [""])
    if any(kind in start for kind in kinds)
}


@pytest.mark.parametrize("begins", FILLED)
def test_how_much_is_in_what_is_filled_from_what_is_not_read_is_open(
    begins: str, tmp_path: Path
) -> None:
    each = "def each():\n    yield from unread"
    text = f"import collections\n{each}\n{begins}\n{FILLED[begins]}\nm = Sequential([GRU(n)])\n"
    _, [answer] = asked(tmp_path, text)
    assert answer.layers == [("GRU(n)", None)]


CHANGED = {  # under a condition that is not known, and what follows from it, or what does not
    "d['b'] = 2": ("len(d)", "sum(d.values())", "len({**d})", "len(dict(d, c=1))", "len(d.copy())",
                   "5 if 'b' in d else 6", "len([*d])", "len(list(d.items()))", "count(d)",
                   "d['b']", "len(sorted(d))", "len(d | {'c': 1})", "max(d.values())",
                   "d.get('b', 1)"),
    "del d['a']": ("len(d) + 1", "5 if d else 6", "5 if 'a' in d else 6"),
    "d.clear()": ("len(d) + 1", "1 + sum(1 for _ in d)"),
    "d.pop('a')": ("len(d) + 1",),
    "d |= {'c': 2}": ("len(d)",),
    "d.setdefault('z', 2)": ("len(d)", "len(d.keys())"),
    "d.update(b=2)": ("len(d)", "len(d.values())"),
}  # fmt: skip
UNCHANGED = {
    "d['b'] = 2": ("d['a']", "{**d}['a']", "dict(d)['a']", "d.get('a')", "4 if 'a' in d else 5",
                   "4 if d else 5", "4 if 'z' in d else 5", "len({'a': 1})"),
    "d['b'] = 2; n = len(d)\nelse: n = len(d) + 1": ("n",),
    "d['b'] = 2\nelse: d['b'] = 3": ("len(d)",),
    "d['b'] = 2\nd['b'] = 3": ("len(d)", "d['b']"),
    "e = 2": ("len(d)",),
}  # fmt: skip
KEYS = "def count(d): return len(d)\nd = {'a': 4}\nif unread: "


@pytest.mark.parametrize(
    ("change", "size", "is_known"),
    [(change, size, False) for change, sizes in CHANGED.items() for size in sizes]
    + [(change, size, True) for change, sizes in UNCHANGED.items() for size in sizes],
)
def test_what_follows_from_the_keys_of_a_dictionary_is_open_where_they_depend_on_what_is_not_read(
    change: str, size: str, is_known: bool, tmp_path: Path
) -> None:
    code = f"{KEYS}{change}\nunits = {size}\nm = Sequential([GRU(units)])\n"
    _, [answer] = asked(tmp_path, code)
    [(_, parameters)] = answer.layers
    assert (parameters is not None) is is_known
    for unread in (True, False) if is_known else ():
        names: dict[str, object] = {"unread": unread}
        exec(f"{KEYS}{change}\nunits = {size}", names)
        assert answer.layers == [(f"GRU({names['units']})", parameters)]


@pytest.mark.parametrize("kind", ["FileNotFoundError", "OSError", "(IOError, ValueError)"])
@pytest.mark.parametrize(
    "reads", ["open('x')", "np.load('x')", "pd.read_csv('x').values", "json.load(open('x'))['k']"]
)
def test_what_is_done_where_a_file_may_not_be_there_is_open(
    reads: str, kind: str, tmp_path: Path
) -> None:
    text = (
        f"try:\n    a = {reads}\n    n = 3\nexcept {kind}:\n    n = {{}}\nm = Sequential([GRU(n)])"
    )
    for otherwise, is_known in (("2", False), ("3", True)):
        _, [answer] = asked(tmp_path, text.format(otherwise))
        assert [counted is not None for _, counted in answer.layers] == [is_known]


WORDS = """
from collections import Counter
from functools import reduce
SIZES = {"lstm": 4, "gru": 8, "rnn": 16}
WORDS = {"lstm", "gru", "rnn"}
"""
OF_SETS = """
SIZES[list(WORDS)[0]]
SIZES[tuple(WORDS)[1]]
SIZES[[*WORDS][-1]]
SIZES[next(iter(WORDS))]
SIZES[WORDS.copy().pop()]
SIZES[list(frozenset(WORDS))[0]]
SIZES[list(SIZES.keys() & WORDS)[0]]
SIZES[[*map(str, WORDS)][0]]
SIZES[max(WORDS, key=lambda word: 1)]
SIZES[(lambda first, *others: first)(*WORDS)]
[SIZES[word] for word in WORDS][1]
{word: place for place, word in enumerate(WORDS)}["gru"] + 1
dict(zip(WORDS, (1, 2, 3)))["gru"]
" ".join(WORDS).index("lstm") + 1
[kept := [], kept.extend(WORDS), SIZES[kept[0]]][-1]
len(WORDS)
SIZES[list(Counter(WORDS))[0]]
SIZES[reduce(lambda one, other: one, WORDS)]
SIZES[sorted(WORDS)[0]]
SIZES[min(WORDS)]
sum(SIZES[word] for word in WORDS)
len({word: 0 for word in WORDS})
("gru" in WORDS) + len("".join(WORDS))
list({3, 1, 2})[0]
list({(8, 1), (4, 2), (2, 3)})[0][0]
""".strip().splitlines()


@pytest.mark.process
def test_what_follows_from_the_order_of_a_set_is_read_where_each_run_has_the_same() -> None:
    program = f"{WORDS}print([{', '.join(OF_SETS)}])"
    runs = [
        json.loads(subprocess.check_output([sys.executable, "-c", program], env=seeded(seed)))
        for seed in range(8)
    ]
    for size, *values in zip(OF_SETS, *runs, strict=True):
        reading = read_code(f"{WORDS}m = Sequential([Input((5, 2)), GRU({size})])", {})
        units = [network.layers[0]["units"] for network in reading.networks]
        assert units == ([values[0]] if len({*values}) == 1 else []), size


def seeded(seed: int) -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": str(seed)}


def test_what_does_not_follow_from_the_order_of_a_set_is_answered_beside_what_does() -> None:
    code = """
places = {letter: place for place, letter in enumerate(set("abcdef"))}
X = np.array([[places["a"], places["b"]], [places["c"], places["d"]]])
m = Sequential([Embedding(6, 4), LSTM(3), Dense(6, activation="softmax")])
m.compile("adam", "sparse_categorical_crossentropy")
m.fit(X, np.array([places["e"], places["f"]]))
m.fit(X, np.zeros(len(list({"a", "bc"})[0])))
if list({"x", "y"})[0] == "x": p = Sequential([Input((5, 2)), GRU(4)])
q = Sequential([Input((5, 2)), GRU(5)])
np.zeros(1).reshape(len(list({"a", "bc"})[0]))
"""
    reading = read_code(code, {})
    assert [network.name for network in reading.networks] == ["m", "q"]
    [call] = reading.questions[0].calls
    assert [data.shape for data in (*call.x, *call.y)] == [(2, 2), (2,)]
    assert [data.drawn_below for data in (*call.x, *call.y)] == [6, 6]
    assert "is not compared" in " ".join(reading.questions[0].notes)
    assert all(isinstance(wrong, NotReadError) for wrong in reading.messages)
    assert "p is not read" in " ".join(wrong.message for wrong in reading.messages)
