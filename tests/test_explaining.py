"""Pasted errors: which text is one, what it means, what mends it, and where it stands."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest

from rnnshape.explaining import Explanation, explain, is_error
from rnnshape.explaining.advice import FUNCTIONS
from rnnshape.explaining.messages import known_messages
from tests.conftest import many

TABLE = Path(__file__).parent / "tables" / "errors.txt"
OLD_MESSAGES = [
    tuple(line.split(" | ", 2))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
NDIM = (
    'ValueError: Input 0 of layer "lstm_1" is incompatible with the layer: expected ndim=3, '
    "found ndim=2. Full shape received: (None, 64)"
)
OTHERS = (
    'Traceback (most recent call last):\n  File "app.py", line 3, in <module>\n    a, b = f()\n'
)

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
    "UserWarning: Do not pass an `input_shape`/`input_dim` argument to a layer.",
    "WARNING:tensorflow:Layer lstm will not use cuDNN kernels since it doesn't meet the criteria.",
    "raise ValueError('Input 0 is incompatible with layer lstm_1: expected ndim=3, found ndim=2')",
    'with pytest.raises(ValueError, match="expected ndim=3"):\n    LSTM(4)(x)',
    "model.fit(X, y)  # ValueError: Data cardinality is ambiguous",
    'logger.error("ValueError: Shapes (None, 1) and (None, 10) are incompatible")',
    'print("Traceback (most recent call last):")',
    "The state of the encoder has to be compatible with the state size of the decoder.",
    'git commit -m "Fix ValueError: Shapes are incompatible"',
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
    is_well_said(told)


def is_well_said(told: Explanation) -> None:
    for remedy in told.remedies:
        ast.parse(remedy)  # a remedy is Python
    assert len(set(told.remedies)) == len(told.remedies)
    assert told.explanation.endswith(".")
    assert "  " not in told.explanation
    assert "\n" not in told.message
    assert told.message == told.message.strip()


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
        "LSTM(64,",
    ]


def test_a_line_of_a_log_behind_an_error_names_no_argument() -> None:
    error = "ValueError: Unrecognized keyword arguments passed to LSTM: {'input_length': 1}"
    log = "2024-05-01 10:00:02.1: W tensorflow/core/kernels/generator_dataset_op.cc:107] Error"
    assert explain(f"{error}\n{log}").remedies == explain(error).remedies


def test_of_two_errors_in_a_chain_the_last_is_explained() -> None:
    first = "ValueError: Shapes (None, 1) and (None, 10) are incompatible"
    between = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    assert explain(f"{first}{between}{NDIM}").kind == "chain"
    assert explain(f"{NDIM}{between}{first}").kind == "labels"
    assert explain(f"{first}{between}ZeroDivisionError: no").kind == "labels"


def test_a_line_of_a_compiled_library_is_not_the_users() -> None:
    library = '  File "h5py/h5f.pyx", line 102, in h5py.h5f.open\n'
    own = '  File "train.py", line 3, in <module>\n'
    assert explain(f"{own}{library}{NDIM}").place == ("train.py", 3)


def test_a_place_behind_the_error_is_taken_only_where_none_stands_before_it() -> None:
    frame = '  File "{}.py", line 3, in f\n'
    assert explain(f"{NDIM}\n{frame.format('after')}").place == ("after.py", 3)
    text = f"Traceback (most recent call last):\n{frame.format('before')}{NDIM}\n"
    assert explain(text + frame.format("after")).place == ("before.py", 3)


@pytest.mark.parametrize("shape", ["()", "[3]", "(None,)", "(?, ?, ?, ?, ?, ?)", "[0,0]"])
@pytest.mark.parametrize("number", many(["0", "-1", "7", "99999999999999"]))
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
        "AttributeError: 'Car' object has no attribute 'power_generator'",
        "TypeError: 'NoneType' object is not subscriptable",
        f"{OTHERS}ValueError: too many values to unpack (expected 2)",
        f"{OTHERS}TypeError: 'int' object is not iterable",
        f"{OTHERS}TypeError: cannot pickle '_thread.RLock' object",
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


PIECES = ["(", "[(", "Input 0 ", "Error when checking ", "ValueError: "]
PIECES += ["x: ", "File ", "\n", " ", "1, "]


@pytest.mark.parametrize("piece", PIECES)
def test_the_time_to_read_a_text_grows_with_its_length_alone(piece: str) -> None:
    text = f"ValueError: {piece * 200_000}"
    began = time.process_time()
    explain(text)
    assert time.process_time() - began < 5
