"""Pasted errors: which text is one, what it means, what mends it, and where it stands."""

from __future__ import annotations

import ast
import contextlib
import importlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rnnshape.explaining import Explanation, explain, is_error
from rnnshape.explaining.advice import FUNCTIONS
from rnnshape.explaining.messages import known_messages
from rnnshape.explaining.text import one_line, plain

TABLE = Path(__file__).parent / "tables" / "errors.txt"
OLD_MESSAGES = [
    tuple(line.split(" | ", 2))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PROVOKED = [
    line
    for line in TABLE.with_name("provoked.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
NDIM = (
    'ValueError: Input 0 of layer "lstm_1" is incompatible with the layer: expected ndim=3, '
    "found ndim=2. Full shape received: (None, 64)"
)

# A program that Keras 3 refuses, the remedy that is printed for it, and the program with it.
# `X` is (16, 5, 3), `y` is (16,), and `model(...)` a compiled LSTM(4) with a Dense behind it.
MENDED = [
    (
        "Sequential([Input((5, 3)), LSTM(4), LSTM(2)])",
        "LSTM(4, return_sequences=True)",
        "Sequential([Input((5, 3)), LSTM(4, return_sequences=True), LSTM(2)])",
    ),
    ("LSTM(4)(Input((5,)))", "Input(shape=(5, 1))", "LSTM(4)(Input(shape=(5, 1)))"),
    (
        "X = X[:, :, 0]; LSTM(4)(X)",
        "X = X[..., None]",
        "X = X[:, :, 0]; X = X[..., None]; LSTM(4)(X)",
    ),
    (
        "Sequential([Input((5, 3)), LSTM(4, return_sequences=True), RepeatVector(3)])",
        "LSTM(4)",
        "Sequential([Input((5, 3)), LSTM(4), RepeatVector(3)])",
    ),
    (
        "X = X[0]; model().predict(X, verbose=0)",
        "X = X[None]",
        "X = X[0]; X = X[None]; model().predict(X, verbose=0)",
    ),
    (
        "m = functional(); X = X[0]; m.predict(X, verbose=0)",
        "X = X[None]",
        "m = functional(); X = X[0]; X = X[None]; m.predict(X, verbose=0)",
    ),
    (
        "m = functional(); X = X.transpose(0, 2, 1); m.predict(X, verbose=0)",
        "X = X.transpose(0, 2, 1)",
        "m = functional(); X = X.transpose(0, 2, 1); X = X.transpose(0, 2, 1); "
        "m.predict(X, verbose=0)",
    ),
    (
        "m = functional(); X = X[:, :4]; m.predict(X, verbose=0)",
        "X = keras.utils.pad_sequences(X, maxlen=5, dtype='float32')",
        "m = functional(); X = X[:, :4]; "
        "X = keras.utils.pad_sequences(X, maxlen=5, dtype='float32'); m.predict(X, verbose=0)",
    ),
    (
        "X = numpy.zeros((16, 5, 4)); model().predict(X, verbose=0)",
        "X = X[..., :3]",
        "X = numpy.zeros((16, 5, 4)); X = X[..., :3]; model().predict(X, verbose=0)",
    ),
    (
        "Sequential([Input((4,)), Dense(1)]).predict(numpy.zeros((2, 5)), verbose=0)",
        "Input(shape=(5,))",
        "Sequential([Input(shape=(5,)), Dense(1)]).predict(numpy.zeros((2, 5)), verbose=0)",
    ),
    (
        "model(10, 'softmax', loss='categorical_crossentropy').train_on_batch(X, y[:, None])",
        "loss='sparse_categorical_crossentropy'",
        "model(10, 'softmax', loss='sparse_categorical_crossentropy')"
        ".train_on_batch(X, y[:, None])",
    ),
    (
        "model(10, 'softmax', loss='categorical_crossentropy').train_on_batch(X, y)",
        "y = keras.utils.to_categorical(y, num_classes=10)",
        "y = keras.utils.to_categorical(y, num_classes=10); "
        "model(10, 'softmax', loss='categorical_crossentropy').train_on_batch(X, y)",
    ),
    (
        "y = numpy.eye(3)[[0] * 16]; "
        "model(3, 'softmax', loss='sparse_categorical_crossentropy').train_on_batch(X, y)",
        "loss='categorical_crossentropy'",
        "y = numpy.eye(3)[[0] * 16]; "
        "model(3, 'softmax', loss='categorical_crossentropy').train_on_batch(X, y)",
    ),
    (
        "y = numpy.eye(3)[[0] * 16]; "
        "model(3, 'softmax', loss='sparse_categorical_crossentropy').train_on_batch(X, y)",
        "y = y.argmax(axis=-1)",
        "y = numpy.eye(3)[[0] * 16]; y = y.argmax(axis=-1); "
        "model(3, 'softmax', loss='sparse_categorical_crossentropy').train_on_batch(X, y)",
    ),
    (
        "model(1, 'sigmoid', loss='binary_crossentropy').train_on_batch(X, numpy.zeros((16, 2)))",
        "Dense(2, activation='softmax')",
        "m = Sequential([Input((5, 3)), LSTM(4), Dense(2, activation='softmax')]); "
        "m.compile(loss='categorical_crossentropy'); m.train_on_batch(X, numpy.zeros((16, 2)))",
    ),
    (
        "model(3).train_on_batch(X, numpy.zeros((16, 2)))",
        "Dense(2)",
        "m = Sequential([Input((5, 3)), LSTM(4), Dense(2)]); m.compile(loss='mse'); "
        "m.train_on_batch(X, numpy.zeros((16, 2)))",
    ),
    (
        "model(3, 'softmax', loss='sparse_categorical_crossentropy').fit(X, y + 7, verbose=0)",
        "Dense(8, activation='softmax')",
        "m = Sequential([Input((5, 3)), LSTM(4), Dense(8, activation='softmax')]); "
        "m.compile(loss='sparse_categorical_crossentropy'); m.fit(X, y + 7, verbose=0)",
    ),
    (
        "y = numpy.zeros((16, 4, 1)); model(1, return_sequences=True).train_on_batch(X, y)",
        "RepeatVector(4)",
        "m = Sequential([Input((5, 3)), LSTM(4), RepeatVector(4), LSTM(4, return_sequences=True), "
        "Dense(1)]); m.compile(loss='mse'); m.train_on_batch(X, numpy.zeros((16, 4, 1)))",
    ),
    (
        "y = y[:15]; model().fit(X, y, verbose=0)",
        "n = min(len(X), len(y))",
        "y = y[:15]; n = min(len(X), len(y)); X, y = X[:n], y[:n]; model().fit(X, y, verbose=0)",
    ),
    (
        "Embedding(5, 2)(numpy.array([[7]]))",
        "Embedding(8, 64)",
        "Embedding(8, 64)(numpy.array([[7]]))",
    ),
    (
        "X = X[:, :, 0]; model().predict(X, verbose=0)",
        "X = X[..., None]",
        "X = X[:, :, 0]; X = X[..., None]; "
        "Sequential([Input(shape=(5, 1)), LSTM(4)]).predict(X, verbose=0)",
    ),
    (
        "X = X.reshape(16, 7, 3)",
        "X = X.reshape(len(X), timesteps, -1)",
        "timesteps = 5; X = X.reshape(len(X), timesteps, -1)",
    ),
    (
        "Reshape((7,))(Input((5, 3)))",
        "Reshape((timesteps, -1))",
        "timesteps = 3; Reshape((timesteps, -1))(Input((5, 3)))",
    ),
    ("LSTM(4)(Input(5))", "Input(shape=(5,))", "Dense(4)(Input(shape=(5,)))"),
    (
        "Concatenate()([Input((5, 3)), Input((4, 3))])",
        "Concatenate(axis=1)([a, b])",
        "a, b = Input((5, 3)), Input((4, 3)); Concatenate(axis=1)([a, b])",
    ),
    (
        "Add()([Input((3,)), Input((4,))])",
        "Dense(3)(b)",
        "a, b = Input((3,)), Input((4,)); Add()([a, Dense(3)(b)])",
    ),
    (
        "Conv1D(4, 7)(Input((5, 3)))",
        "Conv1D(64, 3, padding='same')",
        "Conv1D(64, 3, padding='same')(Input((5, 3)))",
    ),
    (
        "first, second = Input((3,)), Input((3,)); outputs = Add()([first, second]); "
        "Model(first, outputs)",
        "model = Model([first, second], outputs)",
        "first, second = Input((3,)), Input((3,)); outputs = Add()([first, second]); "
        "model = Model([first, second], outputs)",
    ),
    (
        "Sequential([Input((5, 3)), LSTM(4, return_state=True), Dense(2)])",
        "LSTM(64)",
        "Sequential([Input((5, 3)), LSTM(64), Dense(2)])",
    ),
    (
        "x = Input((5, 3)); output, h, c = LSTM(64)(x)",
        "output, h, c = LSTM(64, return_state=True)(x)",
        "x = Input((5, 3)); output, h, c = LSTM(64, return_state=True)(x)",
    ),
    (
        "x, h = X, numpy.zeros((16, 3), 'float32'); LSTM(4)(x, initial_state=[h, h])",
        "h = Dense(4)(h)",
        "x, h = X, numpy.zeros((16, 3), 'float32'); h = Dense(4)(h); "
        "LSTM(4)(x, initial_state=[h, h])",
    ),
    (
        "timesteps = features = 3; LSTM(4, stateful=True)(Input((timesteps, features)))",
        "Input(batch_shape=(32, timesteps, features))",
        "timesteps = features = 3; "
        "LSTM(4, stateful=True)(Input(batch_shape=(32, timesteps, features)))",
    ),
    (
        "batch = 4; model = Sequential([Input((5, 3), batch_size=4), LSTM(4, stateful=True)]); "
        "model.predict(X, verbose=0)",
        "model.predict(X, batch_size=batch)",
        "batch = 4; model = Sequential([Input((5, 3), batch_size=4), LSTM(4, stateful=True)]); "
        "model.predict(X, batch_size=batch)",
    ),
    (
        "model = Sequential([Input((5, 3)), LSTM(1)]); model.fit(X, y, verbose=0)",
        "model.compile(optimizer='adam', loss='mse')",
        "model = Sequential([Input((5, 3)), LSTM(1)]); "
        "model.compile(optimizer='adam', loss='mse'); model.fit(X, y, verbose=0)",
    ),
    (
        "timesteps, features = 5, 3; model = Sequential([LSTM(4)]); model.count_params()",
        "model.build((None, timesteps, features))",
        "timesteps, features = 5, 3; model = Sequential([LSTM(4)]); "
        "model.build((None, timesteps, features)); model.count_params()",
    ),
    (
        "timesteps, features = 5, 3; TimeDistributed(Dense(3))(Input((5,)))",
        "Input(shape=(timesteps, features))",
        "timesteps, features = 5, 3; TimeDistributed(Dense(3))(Input(shape=(timesteps, features)))",
    ),
    ("LSTM(units=4, nb_epoch=1)", "epochs=10", "model().fit(X, y, epochs=10, verbose=0)"),
    (
        "LSTM(4, inner_activation='tanh')",
        "recurrent_activation='hard_sigmoid'",
        "LSTM(4, recurrent_activation='hard_sigmoid')",
    ),
    (
        "keras.optimizers.Adam(lr=0.1)",
        "learning_rate=0.001",
        "keras.optimizers.Adam(learning_rate=0.001)",
    ),
    (
        "from keras.layers import CuDNNLSTM",
        "from keras.layers import LSTM",
        "from keras.layers import LSTM",
    ),
    (
        "from keras.utils import np_utils",
        "keras.utils",
        "keras.utils.to_categorical([0, 1])",
    ),
    (
        "model = model(); model.predict_classes(X)",
        "model.predict(X).argmax(axis=-1)",
        "model = model(); model.predict(X).argmax(axis=-1)",
    ),
    (
        "x = Input((5, 3)); numpy.mean(x)",
        "x = keras.ops.mean(x, axis=1)",
        "x = Input((5, 3)); x = keras.ops.mean(x, axis=1)",
    ),
    (
        "X = X.tolist(); model().fit(X, y, verbose=0)",
        "X, y = numpy.array(X), numpy.array(y)",
        "X = X.tolist(); X, y = numpy.array(X), numpy.array(y); model().fit(X, y, verbose=0)",
    ),
    (
        "X = X.astype(object); model().fit(X, y, verbose=0)",
        "X = X.astype('float32')",
        "X = X.astype(object); X = X.astype('float32'); model().fit(X, y, verbose=0)",
    ),
    (
        "keras.utils.to_categorical([0, 5], 3)",
        "y = keras.utils.to_categorical(y, num_classes=6)",
        "y = [0, 5]; y = keras.utils.to_categorical(y, num_classes=6)",
    ),
    ("Permute((1, 3))(Input((5, 3)))", "Permute((2, 1))", "Permute((2, 1))(Input((5, 3)))"),
    ("RNN(Dense(3))", "RNN(LSTMCell(64))", "RNN(LSTMCell(64))"),
    ("Bidirectional(LSTM)", "Bidirectional(LSTM(64))", "Bidirectional(LSTM(64))"),
    (
        "MultiHeadAttention(2, 3)(Input((5, 3)))",
        "MultiHeadAttention(8, 64)(x, x)",
        "x = Input((5, 3)); MultiHeadAttention(8, 64)(x, x)",
    ),
]

# Texts that people ask rnnshape about, or paste by mistake, and that are no errors.
NO_ERRORS = [
    "",
    "lstm",
    "LSTM",
    "simple-rnn",
    "LSTM(64)",
    "LSTM(64) -> Dense(1)",
    "LSTM(64, return_sequences=True) → LSTM(32)",
    "Bidirectional(LSTM(64)) -> Dense(1, activation='softmax')",
    "Sequential([Input((5, 3)), LSTM(4)])",
    "model.keras",
    "train.py",
    "train.py:decoder",
    "error.txt",
    "ValueError.py",
    "./runs/2024-01-01/best model.keras",
    "C:\\models\\old.h5",
    "import keras\nmodel = keras.Sequential()\n",
    "from keras.layers import LSTM\nmodel.add(LSTM(4))",
    "model = Sequential()\nmodel.add(LSTM(4, input_shape=(5, 3)))\nmodel.add(Dense(1))",
    "model.add(LSTM(4))",
    "def build():\n    raise ValueError('expected ndim=3, found ndim=2')\n",
    "try:\n    model.fit(X, y)\nexcept ValueError:\n    print('no')\n",
    "class ShapeError(ValueError):\n    pass",
    'def f():\n    """It\n\n    Raises:\n        ValueError: if the shape is wrong.\n    """\n',
    "# ValueError: Shapes (None, 1) and (None, 10) are incompatible\nLSTM(4)",
    "%matplotlib inline\nimport keras\nmodel = keras.Sequential([keras.layers.LSTM(4)])",
    "!pip install keras\nmodel.add(LSTM(4))",
    ">>> model.add(LSTM(4))\n>>> model.summary()",
    "x = LSTM(4)(x)",
    '{"class_name": "Sequential", "config": {}}',
    '{"cells": [{"cell_type": "code", "source": ["LSTM(4)"]}], "nbformat": 4}',
    "How many outputs does an LSTM return?",
    "An LSTM takes a tensor of three axes: batch, timesteps and features.",
    "no errors were found",
    "Error handling in Keras is explained in chapter 3.",
    "lstm --return-state -u 3",
    "2 5 1",
    "units=64",
    "Epoch 1/10\n16/16 [=====] - 1s 3ms/step - loss: 0.6931",
    'Model: "sequential"\nLayer (type)  Output Shape  Param #\nlstm (LSTM)  (None, 4)  128',
    "assert x.shape == (16, 5, 3), 'shape'",
    "GRU(8); print('ValueError')",
    "error_rate = 0.1",
    "The bridge has not been built yet, and that question is out of scope.",
    "Iteration: 10\nloss: 0.3",
    "MeanSquaredError: 0.25",
    "Reads a model.\n\nRaises:\n    ValueError: if the file is damaged.",
]


@pytest.mark.parametrize(("kind", "remedy", "message"), OLD_MESSAGES)
def test_a_message_of_keras_1_and_2_is_explained(kind: str, remedy: str, message: str) -> None:
    told = explain(message)
    assert is_error(message)
    assert told.kind == kind
    if remedy.startswith("... "):
        assert remedy[4:] in told.remedies[0]
    else:
        assert told.remedies[0].startswith(remedy)
    _is_well_said(told)


def _is_well_said(told: Explanation) -> None:
    for remedy in told.remedies:
        ast.parse(remedy)  # a remedy is Python
    assert len(set(told.remedies)) == len(told.remedies)
    assert told.explanation.endswith(".")
    assert "  " not in told.explanation
    assert "None, None" not in told.explanation
    assert "\n" not in told.message
    assert told.message == told.message.strip()


@pytest.fixture(scope="module")
def keras_names() -> Mapping[str, Any]:
    keras = pytest.importorskip("keras")
    import numpy

    names = {name: getattr(keras.layers, name) for name in dir(keras.layers)}

    def model(
        units: int = 1,
        activation: str | None = None,
        *,
        return_sequences: bool = False,
        loss: str = "mse",
    ) -> Any:
        layers = keras.layers
        made = keras.Sequential(
            [layers.Input((5, 3)), layers.LSTM(4, return_sequences=return_sequences)]
        )
        made.add(layers.Dense(units, activation))
        made.compile(loss=loss)
        return made

    def functional() -> Any:
        inputs = keras.Input((5, 3))
        return keras.Model(inputs, keras.layers.LSTM(4)(inputs))

    return names | {
        "keras": keras,
        "ops": keras.ops,
        "tf": importlib.import_module("tensorflow"),
        "numpy": numpy,
        "Sequential": keras.Sequential,
        "Model": keras.Model,
        "model": model,
        "functional": functional,
    }


def _run(program: str, names: Mapping[str, Any]) -> None:
    import numpy

    arrays = {"X": numpy.zeros((16, 5, 3), "float32"), "y": numpy.zeros(16, "int32")}
    exec(program, dict(names) | arrays)


@pytest.mark.keras
@pytest.mark.parametrize(("refused", "remedy", "mended"), MENDED)
def test_keras_takes_a_program_with_the_remedy(
    refused: str, remedy: str, mended: str, keras_names: Mapping[str, Any]
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - Keras raises what it likes
        _run(refused, keras_names)
    told = explain(caught.value)
    assert is_error(f"{caught.typename}: {caught.value}")
    assert remedy in [told.split("  #")[0] for told in told.remedies]
    _is_well_said(told)
    assert remedy in mended
    _run(mended, keras_names)


@pytest.fixture(scope="module")
def raised(
    keras_names: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """What Keras says of each program that it refuses."""
    found = {}
    with contextlib.chdir(tmp_path_factory.mktemp("refused")):
        for program in PROVOKED:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - Keras raises what it likes
                _run(program, keras_names)
            found[program] = f"{caught.typename}: {caught.value}"
    return found


@pytest.mark.keras
@pytest.mark.parametrize("program", PROVOKED)
def test_what_keras_3_raises_is_explained(program: str, raised: Mapping[str, str]) -> None:
    told = explain(raised[program])
    assert is_error(raised[program])
    assert told.is_known
    assert told.remedies
    _is_well_said(told)


@pytest.mark.keras
def test_each_wording_of_the_table_is_one_of_keras(raised: Mapping[str, str]) -> None:
    messages = [one_line(plain(text)) for text in raised.values()]
    messages += [one_line(message) for _, _, message in OLD_MESSAGES]
    wordings = [pattern for entry in known_messages() for pattern in entry.patterns]
    unheard = [one.pattern for one in wordings if not any(map(one.search, messages))]
    assert unheard == []


@pytest.mark.parametrize(
    "text",
    [
        "Shapes (None, 1) and (None, 10) are incompatible",
        "W tensorflow/core/op_kernel.cc:1 Invalid argument: Incompatible shapes: [32] vs. [180]",
        "model.add(LSTM(4)\nmodel.fit(X, y)\nValueError: Shapes (None, 1) and (None, 10) differ",
        "keras.src.errors.MyException: a thing",
        "KeyError: 0",
        "KeyboardInterrupt:",
        f"My program:\n\nmodel.add(LSTM(4))\n\nand its error\n\n{NDIM}",
        f"E   {NDIM}",
        f"> {NDIM}",
    ],
)
def test_what_python_or_a_log_printed_is_taken_for_an_error(text: str) -> None:
    assert is_error(text)


@pytest.mark.parametrize("text", NO_ERRORS)
def test_what_is_no_error_is_not_taken_for_one(text: str) -> None:
    assert not is_error(text)


@pytest.mark.parametrize(
    ("message", "explanation"),
    [
        (
            NDIM,
            "LSTM takes 3 axes, (batch, timesteps, features); what came is (None, 64) = "
            "(batch, features).",
        ),
        (
            "ValueError: Input 0 of layer conv1d is incompatible with the layer: expected "
            "min_ndim=3, found ndim=2. Full shape received: (None, 5)",
            "Conv1D takes at least 3 axes, (batch, timesteps, features); what came is (None, 5) = "
            "(batch, features).",
        ),
        (
            'ValueError: Input 0 of layer "my_layer" is incompatible with the layer: expected '
            "ndim=3, found ndim=2",
            "my_layer takes 3 axes, (batch, timesteps, features); what came is a tensor of 2 axes, "
            "(batch, features).",
        ),
        (
            'ValueError: Input 0 of layer "model" is incompatible with the layer: expected '
            "shape=(None, 5, 3), found shape=(5, 3)",
            "The model takes (None, 5, 3) = (batch, timesteps, features); what came is (5, 3) = "
            "(timesteps, features), a sample without its batch.",
        ),
        (
            "ValueError: Arguments `target` and `output` must have the same rank (ndim). "
            "Received: target.shape=(None,), output.shape=(None, 5, 1)",
            "y is (None,) = (batch,), and the model returns (None, 5, 1) = (batch, timesteps, "
            "units).",
        ),
        (
            "InvalidArgumentError: logits and labels must have the same first dimension, got "
            "logits shape [80,3] and labels shape [16]",
            "y gives 16 labels, and the model returns 80 rows of 3 classes. 80 is 16 times 5: the "
            "output still has timesteps.",
        ),
        (
            "ValueError: Data cardinality is ambiguous. Make sure all arrays contain the same "
            "number of samples.'x' sizes: 16\n'y' sizes: 15\n",
            "All arrays must have the same number of samples, their first size: 16 and 15.",
        ),
        (
            "ValueError: Shapes (1, 4) and (5, 4) are incompatible, in load_weights",
            "A weight of shape (5, 4) is given values of shape (1, 4).",
        ),
    ],
)
def test_what_came_and_what_is_taken_are_said_with_their_axes(
    message: str, explanation: str
) -> None:
    assert explain(message).explanation == explanation


def test_the_remedy_has_the_names_and_numbers_of_the_message() -> None:
    told = explain(
        "ValueError: Layer \"functional\" expects 2 named input(s) with keys ['a', 'b'], but it "
        "received 1 input tensors."
    )
    assert "model.fit(dict(zip(['a', 'b'], [x1, x2])), y)  # by the inputs' names" in told.remedies
    sparse = explain(
        "ValueError: Argument `output` must have rank (ndim) `target.ndim - 1`. Received: "
        "target.shape=(None, 3), output.shape=(None, 1)"
    )
    assert [remedy.split(" ")[0] for remedy in sparse.remedies] == [
        "loss='categorical_crossentropy'",
        "y",
        "Dense(3,",
        "y",
    ]


def test_of_two_errors_in_a_chain_the_last_is_explained() -> None:
    first = "ValueError: Shapes (None, 1) and (None, 10) are incompatible"
    between = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    assert explain(f"{first}{between}{NDIM}").kind == "chain"
    assert explain(f"{NDIM}{between}{first}").kind == "labels"
    assert explain(f"{first}{between}ZeroDivisionError: no").kind == "labels"


def test_a_place_behind_the_error_is_taken_only_where_none_stands_before_it() -> None:
    frame = '  File "{}.py", line 3, in f\n'
    assert explain(f"{NDIM}\n{frame.format('after')}").place == ("after.py", 3)
    text = f"Traceback (most recent call last):\n{frame.format('before')}{NDIM}\n"
    assert explain(text + frame.format("after")).place == ("before.py", 3)


@pytest.mark.parametrize("shape", ["()", "[3]", "(None,)", "(?, ?, ?, ?, ?, ?)", "[0,0]"])
@pytest.mark.parametrize("number", ["0", "-1", "7", "99999999999999"])
def test_any_shape_and_number_in_a_message_is_taken(shape: str, number: str) -> None:
    for _, _, message in OLD_MESSAGES:
        numbered = re.sub(r"\b\d+\b", number, message)
        for text in (
            numbered,
            re.sub(r"[(\[](?:None|\d+|\?)(?:, ?(?:None|\d+))*,?[)\]]", shape, message),
        ):
            told = explain(text)
            assert told.explanation.endswith(".")


@pytest.mark.parametrize(
    "message",
    [
        "TypeError: train() got an unexpected keyword argument 'speed'",
        "TypeError: Car.drive() missing 1 required positional argument: 'road'",
        "ModuleNotFoundError: No module named 'requests'",
        "ImportError: cannot import name 'build' from 'models' (models.py)",
        "AttributeError: 'Car' object has no attribute 'drive'",
        "ValueError: invalid literal for int() with base 10: 'a'",
    ],
)
def test_an_error_of_another_library_is_unknown(message: str) -> None:
    assert is_error(message)
    assert not explain(message).is_known


def test_an_error_that_is_not_known_is_said_to_be_unknown() -> None:
    told = explain("Traceback (most recent call last):\nZeroDivisionError: division by zero")
    assert (told.kind, told.is_known, told.remedies) == ("unknown", False, ())
    assert told.message == "division by zero"
    assert "not guessed" in told.explanation


TRACEBACK = f"""\
2024-05-01 10:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow
Traceback (most recent call last):
  File "/home/me/project/train.py", line 12, in <module>
    model = build()
  File "/home/me/project/models.py", line 7, in build
    model.add(LSTM(32))
  File "/usr/lib/python3.11/site-packages/keras/src/utils/traceback_utils.py", line 122, in handler
    raise e.with_traceback(filtered_tb) from None
{NDIM}
2024-05-01 10:00:01.123456: W tensorflow/core/framework/op_kernel.cc:1830] cancelled
"""
JUPYTER = f"""\
---------------------------------------------------------------------------
ValueError                                Traceback (most recent call last)
Cell In[3], line 5
      3 model = Sequential()
      4 model.add(LSTM(64))
----> 5 model.add(LSTM(32))

File ~/env/lib/python3.11/site-packages/keras/src/models/sequential.py:120, in Sequential.add(self)
    118     self._layers.append(layer)
--> 120     self._maybe_rebuild()

{NDIM}
"""
OLD_JUPYTER = f"""\
---------------------------------------------------------------------------
ValueError                                Traceback (most recent call last)
<ipython-input-61-684c0d35ce76> in <module>()
      1 model = Sequential()
----> 2 model.add(LSTM(32))

~/anaconda3/lib/python3.6/site-packages/keras/engine/sequential.py in add(self, layer)
    179         elif self.outputs:
--> 180             output_tensor = layer(self.outputs[0])

{NDIM}
"""
RICH = f"""\
╭─────────────────────────────── Traceback (most recent call last) ───────────────────────────────╮
│ /home/me/train.py:9 in <module>                                                                  │
│                                                                                                  │
│    8 model.add(LSTM(64))                                                                         │
│ ❱  9 model.add(LSTM(32))                                                                         │
│ /usr/lib/python3.11/site-packages/keras/src/models/sequential.py:120 in add                      │
╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
{NDIM}
"""
CHAINED = f"""\
Traceback (most recent call last):
  File "a.py", line 1, in <module>
    sizes["x"]
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in <module>
    model.add(LSTM(32))
{NDIM}
"""
USER_CODE = """\
Traceback (most recent call last):
  File "C:\\\\me\\\\fit.py", line 30, in <module>
    model.fit(X, y)
  File "C:\\\\py\\\\site-packages\\\\keras\\\\utils\\\\traceback_utils.py", line 67, in handler
    raise e.with_traceback(filtered_tb) from None
ValueError: in user code:

    File "C:\\\\py\\\\site-packages\\\\keras\\\\engine\\\\training.py", line 1051, in f  *
        return step_function(self, iterator)

    ValueError: Shapes (None, 1) and (None, 10) are incompatible
"""
GRAPH = """\
InvalidArgumentError                      Traceback (most recent call last)
Input In [44], in <cell line: 1>()
----> 1 history = model.fit(X, y)

InvalidArgumentError: Graph execution error:

Detected at node 'mean_squared_error/SquaredDifference' defined at (most recent call last):
    File "/usr/lib/python3.9/runpy.py", line 197, in _run_module_as_main
      return _run_code(code, main_globals, None,
Node: 'mean_squared_error/SquaredDifference'
Incompatible shapes: [16,3] vs. [16,2]
\t [[{{node mean_squared_error/SquaredDifference}}]] [Op:__inference_train_function_123]
"""
WRAPPED = """\
ValueError: Exception encountered when calling LSTMCell.call().

\x1b[1mDimensions must be equal, but are 2 and 3 for '{{node lstm/MatMul}} = MatMul[T=DT_FLOAT]\
(x, kernel)' with input shapes: [16,2], [3,16].\x1b[0m

Arguments received by LSTMCell.call():
  • inputs=tf.Tensor(shape=(16, 2), dtype=float32)
"""


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        pytest.param(TRACEBACK, NDIM, ("/home/me/project/models.py", 7), id="traceback, logs"),
        pytest.param(JUPYTER, NDIM, ("Cell In[3]", 5), id="Jupyter"),
        pytest.param(OLD_JUPYTER, NDIM, ("Cell In[61]", 2), id="Jupyter of 2018"),
        pytest.param(RICH, NDIM, ("/home/me/train.py", 9), id="rich"),
        pytest.param(CHAINED, NDIM, ("a.py", 3), id="chained exceptions"),
        pytest.param(
            USER_CODE.replace("\\\\", "\\"),
            "Shapes (None, 1) and (None, 10) are incompatible",
            ("C:\\me\\fit.py", 30),
            id="in user code, Windows",
        ),
        pytest.param(
            GRAPH, "Incompatible shapes: [16,3] vs. [16,2]", ("Cell In[44]", 1), id="graph"
        ),
        pytest.param(WRAPPED, "Dimensions must be equal, but are 2 and 3", None, id="wrapper"),
    ],
)
def test_a_pasted_traceback_is_read(text: str, message: str, place: tuple[str, int] | None) -> None:
    for pasted in (text, text.replace("\n", "\r\n"), f"\n\n{text}\n", f"\x1b[0;31m{text}\x1b[0m"):
        told = explain(pasted)
        assert is_error(pasted)
        assert told.message == message.removeprefix("ValueError: ")
        assert told.place == place
        assert told.is_known


def test_an_exception_that_was_caught_is_explained_with_its_line() -> None:
    try:
        raise ValueError("Shapes (None, 1) and (None, 10) are incompatible")
    except ValueError as error:
        told = explain(error)
    assert told.kind == "labels"
    assert told.place is not None
    assert told.place.file == __file__


def test_the_answer_as_json_has_the_keys_that_scripts_depend_on() -> None:
    told = explain(TRACEBACK).to_dict()
    assert list(told) == ["kind", "explanation", "remedies", "place"]
    assert told["place"] == {"file": "/home/me/project/models.py", "line": 7}
    assert explain(NDIM).to_dict()["place"] is None


def test_each_entry_of_the_table_is_whole() -> None:
    for entry in known_messages():
        assert entry.kind in ("data", "labels", "samples", "chain", "keras")
        assert entry.patterns
        assert (
            entry.function in FUNCTIONS if entry.function else entry.explanation and entry.remedies
        )
    assert {entry.function for entry in known_messages()} - {""} == set(FUNCTIONS)


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "[(",
        "Input 0 ",
        "Error when checking ",
        "ValueError: ",
        "x: ",
        "File ",
        "\n",
        " ",
        "1, ",
    ],
)
def test_the_time_to_read_a_text_grows_with_its_length_alone(piece: str) -> None:
    text = f"ValueError: {piece * 200_000}"
    began = time.process_time()
    explain(text)
    assert time.process_time() - began < 5
