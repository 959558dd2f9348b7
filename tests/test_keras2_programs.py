"""Programs of 2016 to 2020: answered as in the spelling of today, and what is said mends them."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import Finished, command
from tests.on_record import Record

CORPUS = Path(__file__).parent / "corpus" / "keras2_programs.txt"
NAME = r"\b[A-Za-z_]\w*"
NO_NAMES = {
    "each",
    "for",
    "in",
    "if",
    "hasattr",
    "steps",
    "model",
    "layer",
    "generator",
    "X",
    "tensorflow",
    "keras",
    "backend",
    "None",
}
RUNNER = """
import json, sys, traceback
import tensorflow
tensorflow.config.run_functions_eagerly(True)  # tracing takes longer than these arrays
failed = {}
for title, text in json.load(sys.stdin).items():
    try:
        exec(compile(text, title, "exec"), {"__name__": "__main__"})
    except Exception:
        failed[title] = traceback.format_exc()
print("\\n" + json.dumps(failed))
"""


class Program(NamedTuple):
    title: str
    text: str
    today: str


def programs() -> list[Program]:
    found = []
    for block in CORPUS.read_text().split("=== ")[1:]:
        whole, _, changes = block.partition("\n---\n")
        title, _, text = whole.partition("\n")
        today = text
        for change in changes.strip().splitlines():
            old, _, new = change.partition(" =>")
            assert old in today, f"{title}: {old}"
            today = today.replace(old, new.lstrip(" ").replace(";;", "\n") if new.strip() else "")
        found.append(Program(title, text, today))
    return found


def answered(text: str, path: Path) -> Finished:
    path.write_text(text)
    return command(str(path), "-n", "--json")


def layers(answer: dict[str, Any]) -> list[Any]:
    """What is said of each layer that does not depend on how the code spells it."""
    return [(one["class"], one["parameters"]) for one in answer["layers"]] + [
        output["shape"] for output in answer["outputs"]
    ]


@pytest.mark.process  # where TensorFlow is loaded, what reads code is a fresh process
@pytest.mark.parametrize("program", programs(), ids=lambda program: program.title)
def test_an_old_program_is_answered_as_in_todays_spelling(program: Program, tmp_path: Path) -> None:
    old = answered(program.text, tmp_path / "old.py")
    today = answered(program.today, tmp_path / "today.py")
    assert [layers(line) for line in old.lines] == [layers(line) for line in today.lines]
    assert old.code == 2
    problems = {json.dumps(one): one for line in old.lines for one in line["problems"]}.values()
    assert problems
    for problem in problems:
        assert problem["kind"] == "keras"
        assert problem["line"] > 0
        words = set(re.findall(NAME, " ".join(problem["remedies"])))
        assert words - NO_NAMES <= set(re.findall(NAME, program.today)), problem
    assert [problem for line in today.lines for problem in line["problems"]] == []


@pytest.mark.process
@pytest.mark.keras
def test_each_program_runs_once_what_is_said_is_done(tmp_path: Path) -> None:
    texts = {program.title: program.today for program in programs()}
    for program in programs():
        old = answered(program.text, tmp_path / "old.py")
        code = command(str(tmp_path / "old.py"), "-n", "--code").out
        names = [line["model"] for line in old.lines]
        assert re.findall(r"^(\w+) = Model", code, re.MULTILINE) == names
        ast.parse(code)
        missing = "Lambda(" in program.text or any(line["open"] for line in old.lines)
        assert ("write its function in place of ..." in code) == ("Lambda(" in program.text)
        if not missing:
            texts[f"{program.title}, --code"] = code
    assert len(texts) > 19
    asked = {title: text for title, text in texts.items() if RECORD.is_asked([RUNNER, text])}
    ends = failed_in_keras(asked, tmp_path) if asked else {}
    for title, text in texts.items():
        words = RECORD.answer([RUNNER, text], functools.partial(ends.get, title, ""))
        assert not words, words


def failed_in_keras(texts: dict[str, str], folder: Path) -> dict[str, str]:
    finished = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps(texts), cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    failed: dict[str, str] = json.loads(finished.stdout.splitlines()[-1])
    return failed


RECORD = Record("keras2", failed_in_keras)


@pytest.mark.process
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("from keras import backend as K; Lambda(lambda t: K.cast(t, 'int32'))(x)",
         "keras.backend.cast is gone in this Keras: write keras.ops.cast"),
        ("from keras import backend as K; s = K.rnn",
         "keras.backend.rnn is gone in this Keras: write tensorflow.keras.backend.rnn"),
        ("from keras.layers.merge import concatenate",
         "keras.layers.merge is gone in this Keras: write keras.layers"),
        ("import tensorflow as tf; tf.contrib.rnn.BasicLSTMCell(4)",
         "tensorflow.contrib is gone in this TensorFlow: write keras.layers"),
        ("from keras.engine import Layer",
         "keras.engine.Layer is gone in this Keras: write keras.layers.Layer"),
        ("keras.Sequential([keras.layers.GRU(4, input_dim=3)])",
         "GRU takes no input_dim in this Keras: write Input((None, 3))"),
        ("keras.layers.Conv2D(4, nb_row=5, nb_col=1)",
         "Conv2D takes no nb_row in this Keras: write kernel_size=(5, 1)"),
        ("keras.layers.GRU(4)(inputs=x)", "GRU takes no inputs in this Keras: write sequences=x"),
        ("keras.layers.Dense(4)(sequences=x)",
         "Dense takes no sequences in this Keras: write inputs=x"),
        ("n = x.get_shape()", "tensor.get_shape is gone in this Keras: write x.shape"),
        ("m.save_weights('w.h5')",
         "save_weights takes the name of a file that ends in .weights.h5: "
         "write 'w.weights.h5' (Keras: \"must end in `.weights.h5`\")"),
        ("m.to_yaml()", "model.to_yaml is gone in this Keras: write model.to_json()"),
        ("from tensorflow.keras import backend as K; Lambda(lambda t: K.sum(t))(x)", ""),
        ("Lambda(lambda t: K.sum(t))(x)", ""),
        ("from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator", ""),
        ("from keras import backend as K; K.clear_session(); K.epsilon()", ""),
        ("keras.layers.GRU(4, input_dim=3)(x)", ""),
        ("keras.layers.GRU(4)(sequences=x); keras.layers.Dense(4)(inputs=x)", ""),
        ("keras.optimizers.Adam(learning_rate=.1); keras.callbacks.ModelCheckpoint('a.keras')", ""),
        ("m.compile(); m.save_weights('w.weights.h5'); m.fit(X, y, epochs=3).history['loss']", ""),
        ("m.compile('adam', 'mse', metrics=['acc']); m.fit(X, y).history['acc']", ""),
    ],
)  # fmt: skip
def test_what_is_gone_is_said_and_what_is_there_is_not(
    code: str, said: str, tmp_path: Path
) -> None:
    text = (
        "import keras\nfrom keras.layers import LSTM, Lambda\nx = keras.Input((5, 3))\n"
        f"m = keras.Model(x, LSTM(4)(x))\n{code}\n"
    )
    [answer, *_] = answered(text, tmp_path / "code.py").lines
    assert [one["message"] for one in answer["problems"] if one["kind"] == "keras"][:1] == (
        [said] if said else []
    )
