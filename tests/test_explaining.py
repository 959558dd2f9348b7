"""Pasted errors: which text is one, what it means, what mends it, and where it stands."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rnnshape.explaining import Explanation, explain
from rnnshape.explaining.advice import FUNCTIONS
from rnnshape.explaining.messages import known_messages
from rnnshape.explaining.text import is_error
from tests.conftest import titled

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
NO_ERRORS = TABLE.with_name("no_errors.txt").read_text(encoding="utf-8").splitlines()


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
    assert not is_error(text.replace("\\n", "\n"))


EXPLANATIONS = TABLE.with_name("explanations.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", EXPLANATIONS.strip().split("\n\n"))
def test_what_came_and_what_is_taken_are_said_with_their_axes(block: str) -> None:
    message, _, explanation = block.partition("\n=> ")
    assert explain(message).explanation == explanation


def test_the_remedy_has_the_names_and_numbers_of_the_message() -> None:
    told = explain(
        "ValueError: Layer \"functional\" expects 2 named input(s) with keys ['a', 'b'], but it "
        "received 1 input tensors."
    )
    assert "model.fit(dict(zip(['a', 'b'], [x1, x2])), y)  # by the inputs' names" in told.remedies
    for columns, of_two_classes in ((2, ["y"]), (3, [])):
        sparse = explain(
            "ValueError: Argument `output` must have rank (ndim) `target.ndim - 1`. Received: "
            f"target.shape=(None, {columns}), output.shape=(None, 1)"
        )
        assert [remedy.split(" ")[0] for remedy in sparse.remedies] == [
            "loss='categorical_crossentropy'",
            "y",
            f"Dense({columns},",
            *of_two_classes,
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
@pytest.mark.parametrize("number", ["0", "-1", "7", "99999999999999"])
@pytest.mark.slow
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


TRACEBACKS = titled("tracebacks.txt")


@pytest.mark.parametrize("part", TRACEBACKS.values(), ids=TRACEBACKS)
def test_a_pasted_traceback_is_read(part: str) -> None:
    line, _, text = part.replace("\\x1b", "\x1b").replace("\\t", "\t").partition("\n")
    place, _, message = line.partition(": ")
    for pasted in (text, text.replace("\n", "\r\n"), f"\n\n{text}\n", f"\x1b[0;31m{text}\x1b[0m"):
        told = explain(pasted)
        assert is_error(pasted)
        assert told.message == message
        assert (f"{told.place.file}:{told.place.line}" if told.place else "nowhere") == place
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
    told = explain(TRACEBACKS["traceback, logs"]).to_dict()
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


def test_a_notebook_shows_an_explanation_as_it_is_printed() -> None:
    explained = explain("ValueError: Shapes (None, 1) and (None, 10) are incompatible")
    shown = ElementTree.fromstring(explained._repr_html_())
    assert (shown.tag, shown.text) == ("pre", str(explained))


PIECES = ["(", "[(", "Input 0 ", "Error when checking ", "ValueError: "]
PIECES += ["x: ", "File ", "\n", " ", "1, "]


@pytest.mark.parametrize("piece", PIECES)
def test_the_time_to_read_a_text_grows_with_its_length_alone(piece: str) -> None:
    text = f"ValueError: {piece * 200_000}"
    began = time.process_time()
    explain(text)
    assert time.process_time() - began < 5
