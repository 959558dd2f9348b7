"""Whether data fits, read from code and from the command line, against what Keras does."""

from __future__ import annotations

import json
import re
import traceback
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rnnshape import inspect
from rnnshape.errors import NotReadError, Problem, QueryError
from rnnshape.reading.code import read_code
from rnnshape.shown import Report
from rnnshape.signatures import signature
from tests.conftest import command, titled
from tests.on_record import Record, words_of

TABLE = Path(__file__).parent / "tables" / "fit_programs.txt"
IMPORTS = (
    "import numpy as np\nimport tensorflow as tf\nimport keras\nfrom keras.layers import *\n"
    "from keras import Input, Model, Sequential\nfrom keras.utils import pad_sequences\n"
)


def programs() -> list[tuple[str, str]]:
    """`wrong`, `silent` or `right`, and the program."""
    return [(entry.split()[0], program_of(entry)) for entry in entries()]


def program_of(entry: str) -> str:
    _, _, body = entry.partition("\n=>")[0].partition("\n")
    return f"{IMPORTS}{body.strip()}\n"


def entries() -> list[str]:
    """Each program under its title, and what is said of it."""
    return re.split(r"^### ", TABLE.read_text().rstrip(), flags=re.M)[1:]


def answered(program: str, found: Sequence[Problem]) -> str:
    """A program, and under it what is said of it."""
    lines = [program]
    for problem in found:
        lines.append(f"=> {problem.kind}{', silent' * problem.silent}: {problem.message}")
        lines += [f"=> {remedy}" for remedy in problem.remedies]
    return "\n".join(lines)


@cache
def answers(text: str) -> list[QueryError | Report]:
    """The messages on a program, and a report for each model, or what the rule refuses of it."""
    reading = read_code(text, {}, "program.py")
    found: list[QueryError | Report] = [*reading.messages]
    for question in reading.questions:
        try:
            found.append(Report(question))
        except QueryError as wrong:
            found.append(wrong)
    return found


def problems(text: str) -> list[Problem]:
    """What is said of a program; what the rule refuses is a problem too."""
    found: list[Problem] = []
    for one in answers(text):
        if isinstance(one, Report):
            found += one.problems
        elif not isinstance(one, NotReadError):
            found.append(_of(one))
    return found


def _of(wrong: QueryError) -> Problem:
    line = int(wrong.place.where.rpartition(" ")[2]) if wrong.place else None
    return Problem("chain", wrong.message, line=line)


def raised(text: str, *, eagerly: bool = True) -> tuple[int, str]:
    """The line at which Keras fails, and its words, or 0. Only ever of a program of our own."""
    line, words = RAISED.answer([text, eagerly], lambda: run(text, eagerly=eagerly))
    return line, words


def run(text: str, *, eagerly: bool) -> tuple[int, str]:
    import keras
    import tensorflow

    keras.utils.clear_session(free_memory=False)  # to collect takes longer than a program
    keras.utils.set_random_seed(0)  # else an error names other numbers each time
    keras.config.disable_interactive_logging()
    tensorflow.config.run_functions_eagerly(eagerly)  # tracing takes longer than these arrays
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = [frame.lineno for frame in frames if frame.filename == "program.py"][-1]
        return line or 0, words_of(error)
    finally:
        tensorflow.config.run_functions_eagerly(False)
    return 0, ""


RAISED = Record("raised", run, compared=lambda said: said[0])  # which of several errors may vary


def are_words_of_keras(problem: Problem, text: str) -> bool:
    """People do not run eagerly; but it is slow, and says other words only sometimes."""
    [words] = re.findall(r'\(Keras: "(.*)"\)', problem.message) or [""]
    said = (raised(text, eagerly=eagerly)[1] for eagerly in (True, False))
    return any(one in each for each in said for one in words.split('", "'))


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.partition("\n")[0])
def test_what_is_said_of_a_program_is_on_its_screen(entry: str) -> None:
    assert answered_anew(entry) == entry.rstrip()
    for report in answers(program_of(entry)):
        if isinstance(report, Report) and report.problems:  # another is told in place of the table
            screen, told = "".join(str(report).split()), report.problems
            assert [one for one in told if "".join(one.message.split()) not in screen] == []


def answered_anew(entry: str) -> str:
    program = entry.partition("\n=>")[0].rstrip()
    return answered(program, problems(program_of(entry)))


@pytest.mark.keras
@pytest.mark.parametrize(("kind", "text"), programs())
def test_what_is_said_of_a_program_is_what_keras_does(kind: str, text: str) -> None:
    found, (raises_at, _) = problems(text), raised(text)
    if bool(raises_at) != (kind == "wrong"):  # while it runs as people run it
        raises_at, _ = raised(text, eagerly=False)
    assert bool(raises_at) == (kind == "wrong")
    if kind == "right":
        assert not found
    elif kind == "silent":
        assert found
        assert all(problem.silent for problem in found)
    else:
        first = next(one for one in found if one.line == raises_at and not one.silent)
        assert are_words_of_keras(first, text)


@pytest.mark.keras
@pytest.mark.parametrize(
    "call",
    ["return Dense(1)(LSTM(2)(x))", "return Dropout(0.1)(x)[:, 0]",
     "self.add_metric(x, name='x'); return x[:, 0]"],
)  # fmt: skip
@pytest.mark.parametrize("made", ["class Net(Model)", "class Own(Layer)"])
def test_what_keras_refuses_of_a_call_of_the_code_is_told(made: str, call: str) -> None:
    text = f"{IMPORTS}{made}:\n    def call(self, x):\n        {call}\n"
    text += "m = Net()\n" if "Net" in made else "m = Sequential([Input((5, 3)), Own()])\n"
    text += "m.compile('adam', 'mse')\nm.fit(np.zeros((20, 5, 3)), np.zeros((20, 1)), verbose=0)\n"
    assert raised(text, eagerly=False)[0]
    [problem] = [one for one in problems(text) if one.kind == "keras"]
    assert are_words_of_keras(problem, text)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("calls", "without_tick"),
    [
        ("m.fit(X, y, verbose=0)\nm.fit(X, y[:, None], verbose=0)",
         ["X", "y[:, None]"]),
        ("m.fit(X, y, validation_split=0.2, verbose=0)\nm.evaluate(X, y[:, None], verbose=0)",
         ["X", "y[:, None]"]),
        ("m.predict(X, verbose=0)\nm.predict(X[..., 0], verbose=0)", ["X[..., 0]"]),
        ("m.fit(X, y, verbose=0)\nm.evaluate(X, y[:, None], verbose=0)", []),
        ("m.fit(X, y, verbose=0)\nm.compile('adam', 'mse')\nm.fit(X, y[:, None], verbose=0)", []),
    ],
)  # fmt: skip
def test_data_of_another_number_of_axes_than_before_has_no_tick(
    calls: str, without_tick: list[str], tmp_path: Path
) -> None:
    text = f"{IMPORTS}X, y = np.zeros((20, 5, 1)), np.zeros(20)\n"
    text += (
        f"m = Sequential([Input((5, 1)), LSTM(4), Dense(1)])\nm.compile('adam', 'mse')\n{calls}\n"
    )
    assert bool(raised(text, eagerly=False)[0]) == bool(without_tick)
    (tmp_path / "program.py").write_text(text)
    told = command(str(tmp_path / "program.py"), "--dry-run").out
    assert re.findall(r"([Xy]\S*(?: None\]| 0\])?) \([^)]*\) ·", told) == without_tick


@pytest.mark.keras
def test_what_is_right_as_one_graph_is_right_where_keras_makes_one() -> None:
    texts = [part.partition("\n")[2] for part in entries() if re.match("right.* graph", part)]
    assert {raised(f"{IMPORTS}{text.strip()}\n", eagerly=False)[0] for text in texts} == {0}


def test_a_call_is_told_by_its_place() -> None:
    text = "m = Sequential([LSTM(4), Dense(1)])\nif True:\n    p = m.predict(np.zeros((3, 4)))\n"
    (problem,) = problems(text)
    place = problem.call, problem.file, problem.line, problem.column
    assert place == ("predict", "program.py", 3, 9)


@pytest.mark.keras
@pytest.mark.parametrize(("title", "program"), titled("own_models.txt").items())
def test_what_is_given_to_a_model_of_the_code(title: str, program: str) -> None:
    text = f"{IMPORTS}{program}\n"
    found = problems(text)
    assert bool(raised(text)[0]) is bool(found) is title.startswith("refused")
    assert all(are_words_of_keras(problem, text) for problem in found)


@pytest.mark.keras
@pytest.mark.parametrize(("units", "is_wrong"), [(3, True), (4, False)])
def test_weights_that_another_model_has_saved(
    units: int, is_wrong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = "Sequential([Input((5, 2)), LSTM({}), Dense(1)])"
    text = f"{IMPORTS}a, b = {made.format(4)}, {made.format(units)}\n"
    text += "a.save_weights('a.weights.h5')\nb.load_weights('a.weights.h5')\n"
    found = problems(text)
    assert [problem.line for problem in found] == [raised(text)[0]] * is_wrong
    assert all(are_words_of_keras(problem, text) for problem in found)


def test_what_a_loop_does_again_is_said_once() -> None:
    text = "m = Sequential([LSTM(4)])\nfor n in range(9):\n    m.predict(np.zeros((3, 4)))\n"
    assert len(problems(text)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "if unknown:\n    m.compile(loss='mse')",
        "m.compile(loss=unknown)",
        "X = unknown(X)",
        "m = Sequential([unknown(), LSTM(4)])\nm.predict([X, X])",
        "X = unknown(X); m.predict(unknown['x'][[0]])",
        "m = Sequential([unknown(), LSTM(4)])\nm.fit([X, X], y, validation_data=([X, X], y))",
    ],
)
def test_of_what_is_not_known_nothing_is_said(change: str) -> None:
    text = (
        "X, y = np.zeros((8, 4, 3)), np.zeros(8)\nm = Sequential([LSTM(4), Dense(5)])\n"
        f"m.compile(loss='categorical_crossentropy')\n{change}\nm.fit(X, y)\n"
    )
    found = problems(text)
    assert [one.name for one in found] == (["y"] if change.startswith("X") else [])


@pytest.mark.parametrize("word", [*signature("fit").names[2:], "**", *signature("compile").names])
def test_labels_are_told_beside_an_argument_that_is_not_known(word: str) -> None:
    given = f", {word}=unknown".replace("**=", "**")
    of_fit, of_compile = ("", given) if word in signature("compile").names else (given, "")
    text = (
        "from config import unknown\nm = Sequential([LSTM(4), Dense(5)])\n"
        f"m.compile(loss='categorical_crossentropy'{of_compile})\n"
        f"m.fit(np.zeros((8, 4, 3)), np.zeros(8){of_fit})\n"
    ).replace("loss='categorical_crossentropy', loss=", "loss=")
    assert [one.kind for one in problems(text)] == ["labels"] * (word != "loss")


@pytest.mark.parametrize(
    ("layers", "x", "said"),
    [
        ("LSTM(4), Dense(3)", "np.zeros((20, 5, 2))", "X (20, 5, 2) ✓  y (20, 3) ✓"),
        ("Input((5, 2)), LSTM(4), unknown(), Dense(3)", "np.zeros((20, 5, 2))",
         "X (20, 5, 2) ✓  y (20, 3) ·"),
        ("Input((size, 2)), LSTM(4), Dense(3)", "np.zeros((20, 5, 2))",
         "X (20, 5, 2) ·  y (20, 3) ✓"),
        ("Input((5, 2)), LSTM(4), Dense(3)", "np.zeros((20, 5, size))",
         "X (20, 5, ?) ·  y (20, 3) ✓"),
        ("Input(batch_shape=(4, 5, 2)), LSTM(4, stateful=True), Dense(3)", "np.zeros((size, 5, 2))",
         "X (?, 5, 2) ·  y (20, 3) ·"),
        ("Input((None, 1)), LSTM(1, return_sequences=True), Flatten()", "unknown()",
         "X ? ·  y (20, 3) ·"),
        ("LSTM(4), Dense(3)", "np.array(np.zeros((20, 50, 50)).tolist())",
         "X (?, 50, 50) ✓  y (20, 3) ·"),
        ("LSTM(4), Dense(3)", "0, 0; A, X = np.zeros((900, 20, 8)), []\nfor i in range(len(A)):"
         "\n    X.append(A[i].tolist())\nX, y = np.array(X)", "X (?, 20, 8) ✓  y (20, 3) ·"),
        ("Input((5,)), Dense(3)", "np.zeros((20, 5)).tolist()", "X (20, 5) ✗  y (20, 3) ✓"),
        ("Dense(3)", "0, 0; import pandas; X, y = pandas.DataFrame({'a': [1] * 20, 'b': 'x'})",
         "X (20, 2) ·  y (20, 3) ✓"),
        ("Embedding(9, 2), LSTM(3)", "np.random.randint(0, 10, (20, 1))",
         "X (20, 1) ·  y (20, 3) ✓"),
        ("Embedding(20, 2), LSTM(3)", "np.random.permutation(20)[:, None]",
         "X (20, 1) ✓  y (20, 3) ✓"),
    ],
)  # fmt: skip
def test_what_could_not_be_compared_has_no_tick(
    layers: str, x: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        f"{IMPORTS}X, y = {x}, np.zeros((20, 3))\nm = Sequential([{layers}])\n"
        "m.compile(loss='mse')\nm.fit(X, y)\n"
    )
    assert said in command(str(path), "-n", variables={"COLUMNS": "200"}).out


@pytest.mark.parametrize(
    "argument",
    ["Sparse(ignore_class=0)", "(axis=1)", "(from_logits=True)", "(), metrics=[own]",
     "(), metrics=[keras.losses.MeanAbsoluteError()]"],
)  # fmt: skip
def test_what_there_is_no_rule_for_has_no_tick(argument: str, tmp_path: Path) -> None:
    word, _, given = argument.partition("(")
    path = tmp_path / "program.py"
    path.write_text(
        f"{IMPORTS}X, y = np.zeros((20, 5, 2)), np.zeros((20, 3))\n"
        "m = Sequential([LSTM(4), Dense(3)])\n"
        f"m.compile(loss=keras.losses.{word}CategoricalCrossentropy({given})\nm.fit(X, y)\n"
    )
    mark = "✓" if "logits" in argument else "·"
    found = command(str(path), "-n", variables={"COLUMNS": "200"}).out
    assert f"X (20, 5, 2) ✓  y (20, 3) {mark}" in found


@pytest.mark.parametrize(
    ("first", "said"),
    [((20, 3), "a (20, 3) ✓  b (20, 2) ·"), ((20,), "a (20,) ✗ expected (20, 3)  b (20, 2) ·")],
    ids=str,
)
def test_beside_an_output_that_is_not_known_the_labels_of_another_are_compared(
    first: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        f"{IMPORTS}X, a, b = np.zeros((20, 5, 2)), np.zeros({first}), np.zeros((20, 2))\n"
        "i = Input((5, 2))\nh = LSTM(4)(i)\nm = Model(i, [Dense(3)(h), unknown(h)])\n"
        "m.compile(loss=['categorical_crossentropy', 'mse'])\nm.fit(X, [a, b])\n"
    )
    finished = command(str(path), "-n", variables={"COLUMNS": "200"})
    assert f"X (20, 5, 2) ✓  {said}" in finished.out
    assert ("sparse_categorical_crossentropy', 'mse'" in finished.out) == (first == (20,))


def test_arrays_that_do_not_fit_together_have_no_tick(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        f"{IMPORTS}a, b = Input((None, 8)), Input((None, 8))\nX, Z = np.zeros((9, 4, 8)), "
        "np.zeros((9, 6, 8))\nm = Model([a, b], Concatenate()([a, b]))\nm.predict([X, Z])\n"
    )
    out = command(str(path), "-n", variables={"COLUMNS": "200"}).out
    assert "X (9, 4, 8) ·  Z (9, 6, 8) ·" in out
    assert "with X (9, 4, 8) and Z (9, 6, 8) Concatenate()" in out


@pytest.mark.parametrize("drop", ["", "    if drop: m.add(Dropout(0.2))\n"])
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_a_mistake_on_one_side_of_a_condition_is_told_where_nobody_calls_the_function(
    method: str, drop: str
) -> None:
    text = (
        "def train(mode, drop):\n    m = Sequential([Input((5, 3)), LSTM(8)])\n"
        f"{drop}    m.add(Dense(1))\n    m.compile('adam', 'mse')\n"
        "    if mode == 'train':\n        m.fit(np.zeros((4, 5, 3)), np.zeros((4, 1)))\n"
        f"    elif mode == 'test':\n        m.{method}(np.zeros((4, 5, 2)), np.zeros((4, 1)))\n"
        "    return m"
    )
    text = f"{IMPORTS}{text}"
    told = {(one.line, "does not fit" in one.message) for one in problems(text)}
    assert told == {(text.count("\n"), True)}


def test_what_a_model_of_the_code_is_not_known_to_take_has_no_tick(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        f"{IMPORTS}class M(Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.inner = LSTM(3)\n    def call(self, x):\n        return self.inner(x)\n"
        "model = M()\n"
    )
    asked = command(f"{path}:model", "--x", "9,5,3", "--x", "9,5,2", "-n")
    assert "X (9, 5, 3) ·  X1 (9, 5, 2) ·" in asked.out


# The command line


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["lstm", "--x", "100,5,3"], 0, "inputs (32, 5, 3)"),
        (["lstm", "--x", "8,5,3", "--y", "8,3", "--loss", "mse"], 0, "y (8, 3) ✓"),
        (["lstm", "--x", "8,5,3", "--y", "8,2", "--loss", "mse"], 2, "write LSTM(2)"),
        (["lstm", "--x", "8,5"], 2, "X (8, 5) ✗"),
        (["GRU(3, return_state=True)", "--y", "8,3", "--y", "8,4", "--loss", "mse"], 2,
         "y1 (8, 4) ✗"),
        (["Concatenate()", "--x", "8,5,3", "--x", "8,5,2"], 0, "X1 (8, 5, 2) ✓"),
        (["lstm", "--x", "8,5,3", "--y", "8"], 0, "give --loss"),
        (["lstm", "--x", "8,5,3", "--y", "9"], 2, "Data cardinality is ambiguous"),
        (["LSTM(4) -> Dense(2)", "--y", "9", "--loss", "mse"], 2, "y (9,) ✗"),
        (["Dense(3)", "--x", "8," + "1," * 3_000], 2, "takes (8, any, any)"),
        (["lstm", "--x", "8,5,3", "-t", "5"], 0, "inputs (8, 5, 3)"),
    ],
)  # fmt: skip
def test_data_by_its_shape(arguments: list[str], code: int, words: str) -> None:
    finished = command(*arguments, "-n", variables={"COLUMNS": "200"})
    assert finished.code == code
    assert words in finished.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--x", "8,5,3", "-t", "6"], "--timesteps 6: --x 8,5,3 says 5"),
        (["--x", "8,a"], "--x 8,a: give a shape, such as 16,5,3, or a .npy file"),
        (["--x", "{8,5,3}"], "--x {8,5,3}: give a shape"),  # a set has no order
        (["--x", "8,0"], "--x 8,0: give a shape"),
        (["--x", ""], "--x: give a shape"),
        (["--x", "none.npy"], "--x none.npy: there is no such file"),
        (["--y", "8", "--loss", "mse", "--loss", "mae"], "2 losses for 1 array of labels: "),
        (["--y", "8", "--loss", "mes"], "loss mes: Keras has no such loss"),
        (["--loss", "mse"], "--loss mse: it compares y with the output: give --y"),
        (["--x", "2,5,1", "--loss", "mse"], "--loss mse: it compares y with the output: give --y"),
        (["--x", "8,5,3", "--x", "8,5,3"], "LSTM(3) takes one tensor, and is called with 2"),
        (["-u", "3", "-u", "4", "--x", "8,5,3", "--x", "8,5,3"], "--x is given 2 times"),
    ],
)
def test_data_that_makes_no_sense(arguments: list[str], words: str) -> None:
    finished = command("lstm", *arguments, "-n")
    assert (finished.code, finished.out) == (2, "")
    assert words in finished.err


@pytest.mark.parametrize("shape", [(8, 5, 3), (7,), (2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_of_a_file_of_numpy_the_header_is_read(
    tmp_path: Path, shape: tuple[int, ...], dtype: str
) -> None:
    np.save(tmp_path / "X.npy", np.zeros(shape, dtype))
    finished = command("LSTM(4)", "-n", "--x", str(tmp_path / "X.npy"))
    assert f"X {shape}" in finished.out
    assert finished.code == (0 if len(shape) == 3 else 2)


@pytest.mark.parametrize(
    "shape",
    ["(1e999,)", "(-8,)", "(8.5,)", f"(8, 0x1{'0' * 9_000})", "'8'", "None", "(8", "(8, 5)", None],
    ids=str,
)
def test_a_file_of_numpy_whose_header_makes_no_sense(tmp_path: Path, shape: str | None) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".encode()
    length = len(header).to_bytes(2, "little")
    content = b"\x93NUMPY\1\0" + length + header if shape else b"\x93NUMPY"
    (tmp_path / "X.npy").write_bytes(content)
    finished = command("LSTM(4)", "-n", "--x", str(tmp_path / "X.npy"))
    assert (finished.code, finished.out) == (2, "")
    assert "it is no whole .npy file" in finished.err


def test_one_model_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text("a = Sequential([LSTM(2)])\nb = Sequential([GRU(4), Dense(1)])\n")
    assert command(f"{file}:a", "-n", "--x", "8,5,3").out.startswith("a: LSTM(2)\n")
    assert "choose one" in command(str(file), "-n", "--x", "8,5,3").err
    assert "has no model c: it has a, b" in command(f"{file}:c", "-n").err


# --check


WRONG = "import numpy as np\nm = Sequential([LSTM(2)])\nm.predict(np.zeros((3, 4)))\n"
CHAIN = "m = Sequential([LSTM(2), LSTM(3)])\n"
RIGHT = "import numpy as np\nm = Sequential([LSTM(2)])\nm.predict(np.zeros((3, 4, 5)))\n"


def test_check_tells_what_is_wrong_a_line_each(tmp_path: Path) -> None:
    files = {"a.py": WRONG, "b.py": RIGHT, "c\n.py": CHAIN, "d.py": "{}[1]\n", "e.py": "m = f("}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    finished = command("--check", *(str(tmp_path / name) for name in files))
    places = [line.partition(": ")[0] for line in finished.out.splitlines()]
    assert places == [f"{tmp_path}/a.py:3:1", rf"{tmp_path}/c\n.py:1:26", f"{tmp_path}/e.py:1:6"]
    assert (finished.code, finished.err.split(": ", 2)[2:]) == (2, ["this stops: KeyError: 1\n"])
    assert command("--check", *(str(tmp_path / f"{name}.py") for name in "bd")).code == 0
    assert command("--check", str(tmp_path / "b.py"), str(tmp_path / "none.py")).code == 1
    nothing = command("--check")
    assert (nothing.code, "so that nothing is checked" in nothing.err) == (0, True)


ALL_SAID = "no input leaves its timesteps open"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("lstm -t 4", ""),
        ("a.py --let units=3", ""),
        ("a.py --let unitz=4", "note: --let unitz; did you mean units?\n"),
        ("a.py -t 9", f"note: --timesteps 9: {ALL_SAID}\n"),
        ("lstm a.py -t 9", ""),
    ],
)
def test_check_tells_of_sizes_and_values_that_nothing_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("m = Sequential([Input((5, 4)), LSTM(units)])\n")
    finished = command("--check", *options.split())
    assert (finished.code, finished.out, finished.err) == (0, "", said)


def test_check_of_a_notebook_names_the_cell(tmp_path: Path) -> None:
    cells = [{"cell_type": "markdown", "source": "text"}, {"cell_type": "code", "source": WRONG}]
    (tmp_path / "nb.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
    finished = command("--check", str(tmp_path / "nb.ipynb"))
    assert finished.out.startswith(f"{tmp_path}/nb.ipynb:cell 2:3:1: ")


@pytest.mark.parametrize(
    ("what", "start"),
    [
        ("LSTM(3) -> LSTM(4)", "<expression>:1:12: LSTM(4) takes"),
        ("LSTM(3, retrun_state=True)", "<expression>:1:9: LSTM takes no 'retrun_state'"),
        ("LSTM(3)", ""),
        ("lstm", ""),
        ("LSTM(n)", ""),
        ("MaxPooling1D(9) -> LSTM(2)", ""),  # of timesteps that are only assumed
        ("Input((5, 2)) -> MaxPooling1D(9)", "<expression>:1:31: MaxPooling1D"),
    ],
)
def test_check_of_an_expression(what: str, start: str) -> None:
    finished = command("--check", what)
    assert finished.out.startswith(start)
    assert (finished.code, bool(finished.out)) == ((2, True) if start else (0, False))


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (RIGHT + CHAIN + WRONG, "<stdin>:4:26: LSTM(3) takes"),
        ("LSTM(3) -> LSTM(4)\n", "<stdin>:1:12: LSTM(4) takes"),
        (RIGHT, ""),
        ("import keras\n", ""),
        (f">>> {RIGHT}{CHAIN}".replace("\n", "\n>>> ", RIGHT.count("\n")), "<stdin>:4:"),
        ("```LSTM(3) -> LSTM(4)```\n", "<stdin>:1:"),
        (f"```python\n{RIGHT}{CHAIN}```\nIt is (short)", "<stdin>:5:"),
        (RIGHT + "m.fit(\n", "<stdin>:4:6: this can't be read: '(' was never closed"),
        ("", ""),
        ("lstm\nLSTM(3) -> Dense(4)\n# two more\nLSTM(3) -> LSTM(4)\n", "<stdin>:4:12: LSTM(4)"),
    ],
)
def test_check_of_standard_input(text: str, start: str) -> None:
    finished = command("--check", "-", stdin=text)
    assert finished.out.startswith(start)
    assert (finished.code, bool(finished.out)) == ((2, True) if start else (0, False))


def test_check_of_one_model_tells_what_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CHAIN + "b = Sequential([GRU(1)])\nc = Sequential(['x'])\n")
    codes = {name: command("--check", f"{tmp_path}/a.py:{name}").code for name in "mbc"}
    assert codes == {"m": 2, "b": 0, "c": 2}


@pytest.mark.parametrize(
    "calls",
    [
        "m.predict([np.ones((9, 4, 8)), np.ones((9, 5, 8))])\n"
        "m.predict([np.ones((9, 6, 8)), np.ones((9, 7, 8))])\n",
        "m.compile(loss='mse')\n"
        "m.fit([np.ones((9, 4, 8)), np.ones((9, 5, 8))], np.ones((9, 6)),\n"
        "      validation_data=([np.ones((9, 6, 8)), np.ones((9, 7, 8))], np.ones((9, 6))))\n",
    ],
    ids=["predict", "validation_data"],
)
def test_two_inputs_of_any_length_take_other_data_in_each_call(calls: str, tmp_path: Path) -> None:
    model = "i, j = Input((None, 8)), Input((None, 8))\n"
    model += "m = keras.Model([i, j], concatenate([LSTM(2)(i), LSTM(4)(j)]))\n"
    head = "import keras\nimport numpy as np\nfrom keras import Input\n"
    (tmp_path / "a.py").write_text(
        f"{head}from keras.layers import LSTM, concatenate\n{model}{calls}"
    )
    finished = command("--check", str(tmp_path / "a.py"))
    assert (finished.code, finished.out) == (0, "")


def test_check_as_json_gives_the_problems(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(WRONG + CHAIN)
    chain, data = command("--check", "--json", str(tmp_path / "a.py")).lines[::-1]
    assert (data["kind"], data["call"], data["shape"]) == ("data", "predict", [3, 4])
    assert (chain["kind"], chain["line"]) == ("chain", 4)


# From Python


def test_a_target_that_does_not_fit_is_a_problem_and_no_error() -> None:
    report = inspect("LSTM(3)", input=np.zeros((100, 5)), target=(100, 2), loss="mse")
    assert [problem.name for problem in report.problems] == ["X", "y"]
    with pytest.raises(QueryError, match="Keras has no such loss"):
        inspect("LSTM(3)", target=(100, 2), loss="mes")
    with pytest.raises(QueryError, match="give target, too"):
        inspect("LSTM(3)", loss="mse")


@pytest.mark.keras
def test_a_data_set_without_an_end_is_taken_by_its_spec() -> None:
    import tensorflow as tf

    pairs = tf.data.Dataset.from_tensor_slices((np.zeros((8, 5, 2)), np.zeros((8, 3))))
    report = inspect("LSTM(4) -> Dense(2)", input=pairs.batch(4).repeat(), loss="mse")
    assert [problem.expected for problem in report.problems] == [(None, 2)]


def test_a_number_of_samples_that_is_not_known_stands_as_such_in_what_is_said() -> None:
    program = (
        "import numpy as np\nfrom keras import Input, Sequential\n"
        "from keras.layers import LSTM, Dense\nn = len(open('a.csv').read())\n"
        "m = Sequential([Input((5, 3)), LSTM(4), Dense(2)])\nm.compile('adam', 'mse')\n"
        "m.fit(np.zeros((n, 5, 3)), np.zeros((n, 1)))\n"
    )
    [problem] = problems(program)
    assert "repeats entries up to (?, 2)" in problem.message


if __name__ == "__main__":
    TABLE.write_text(
        "".join(f"### {answered_anew(entry)}\n\n" for entry in entries()).rstrip() + "\n"
    )


@pytest.mark.parametrize("form", ["plain", "csv"])
def test_what_lines_of_numbers_have_no_place_for_is_said_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    made = "m = Sequential([Input((5, 3)), LSTM({}), Dense(1)])\n"
    Path("wrong.py").write_text(f"{IMPORTS}{made.format(4)}X = np.zeros((5, 3))\nm.predict(X)\n")
    Path("open.py").write_text(f"{IMPORTS}{made.format('words')}")
    wrong, left_open, right = (
        command(text, "-n", "--format", form) for text in ("wrong.py", "open.py", "LSTM(3)")
    )
    assert wrong.err.splitlines()[0].startswith("error: X (5, 3) does not fit the input")
    assert wrong.err.endswith("  | wrong.py, line 9\n  | write X = X[None]\n")
    assert left_open.err == (
        "note: not known: words (open.py, line 7) comes from data: --let words=...\n"
    )
    assert (wrong.code, left_open.code, right.code, right.err) == (2, 1, 0, "")
