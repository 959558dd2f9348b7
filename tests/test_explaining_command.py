"""Pasted errors as questions: on the command line, from standard input, in files and in Python."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import rnnshape
from tests.conftest import command
from tests.test_explaining import NDIM

SHAPES = "ValueError: Shapes (None, 1) and (None, 10) are incompatible"
UNKNOWN = "ValueError: the moon is full"
PROGRAM = "from keras import Sequential\nfrom keras.layers import LSTM\n\nmodel = Sequential()\n"
LSTMS = "model.add(LSTM(64))\nmodel.add(LSTM(32))\n"
FRAME = '  File "{}", line {}, in <module>\n    model.add(LSTM(32))\n'
TRACEBACK = f"Traceback (most recent call last):\n{FRAME.format('train.py', 6)}{NDIM}\n"
JUPYTER = f"""\
---------------------------------------------------------------------------
ValueError                                Traceback (most recent call last)
Cell In[3], line 2
      1 model = Sequential()
----> 2 model.add(LSTM(32))

{NDIM}
"""
LOG = "2024-05-01 10:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This\n"
PASTED = {
    "an error": NDIM,
    "a traceback": TRACEBACK,
    "log lines before it": LOG + TRACEBACK,
    "an epoch before it": f"Epoch 1/10\n{TRACEBACK}",
    "an exception": f"keras.src.errors.SomeException: no\n\n{TRACEBACK}",
    "colours": f"\x1b[0;31m{TRACEBACK}\x1b[0m",
    "Jupyter": JUPYTER,
    "Jupyter, coloured": JUPYTER.replace("ValueError", "\x1b[0;31mValueError\x1b[0m"),
    "blank lines and comments before it": f"\n# what is this?\n{TRACEBACK}",
    "Windows' line ends": TRACEBACK.replace("\n", "\r\n"),
}
REMEDY = "LSTM(64, return_sequences=True)"


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
@pytest.mark.parametrize("how", ["argument", "standard input", "error.txt", "error.log", "error"])
def test_a_pasted_error_is_explained(
    text: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if how not in ("argument", "standard input"):
        Path(how).write_text(text, encoding="utf-8", newline="")
    what = {"argument": text, "standard input": "-", "error": "./error"}.get(how, how)
    finished = command(what, "--json", stdin=text)
    assert (finished.code, finished.err) == (0, "")
    [told] = finished.lines
    assert list(told) == ["kind", "explanation", "remedies", "place"]
    assert told["kind"] == "chain"
    assert told["remedies"][0].startswith(REMEDY)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_screen_has_what_keras_says_what_it_means_and_the_changes(width: int) -> None:
    finished = command(NDIM, variables={"COLUMNS": str(width)})
    lines = finished.out.splitlines()
    assert (finished.code, finished.err) == (0, "")
    assert lines[0].startswith('Input 0 of layer "lstm_1" is incompatible')
    assert "LSTM takes 3 axes, (batch, timesteps, features);" in " ".join(lines)
    assert [line for line in lines if line.startswith(REMEDY)]
    assert "\x1b" not in finished.out
    if width > 60:
        assert lines.index("X = X[None]  # a single sample (timesteps, features) lacks its batch")
    assert all(len(line) <= width for line in lines)


def test_a_change_is_code_also_where_its_comment_finds_no_room() -> None:
    narrow = command(NDIM, variables={"COLUMNS": "40"}).out.split("likelier first:\n")[1]
    compile(narrow, "remedies", "exec")
    assert "\n# a single sample (timesteps, features)\n# lacks its batch\nX = X[None]\n" in narrow


def test_the_line_of_a_file_that_is_there_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gone = command(TRACEBACK).out
    Path("train.py").write_text(PROGRAM + LSTMS)
    shown = command(TRACEBACK).out
    assert gone.endswith("\n\ntrain.py, line 6\n")
    assert shown.endswith(
        "\n\ntrain.py, line 6:\n  | model.add(LSTM(32))\n  | ^^^^^^^^^^^^^^^^^^^\n"
    )
    assert command(TRACEBACK.replace("line 6", "line 60")).out.endswith("train.py, line 60\n")
    assert command(TRACEBACK, "--json").lines[0]["place"] == {"file": "train.py", "line": 6}


def test_the_line_of_a_file_that_is_no_code_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("password\n" * 9)
    text = TRACEBACK.replace("train.py", str(path))
    for error in (text, f"{text}, not known"):
        assert "password" not in command(error).out + command(error).err


DATA = """\
import numpy
from keras import Sequential
from keras.layers import LSTM, Dense

series, labels = numpy.zeros((100, 20, 8)), numpy.zeros(100)
model = Sequential([LSTM(64), Dense(3)])
model.compile(loss="categorical_crossentropy")
model.fit(series, labels)
"""
MISFIT = (
    "ValueError: Arguments `target` and `output` must have the same rank (ndim). Received: "
    "target.shape=(None,), output.shape=(None, 3)"
)


@pytest.mark.process  # where TensorFlow is loaded, what reads code is a fresh process
@pytest.mark.parametrize("how", ["argument", "standard input"])
def test_the_program_of_a_traceback_is_read_for_its_names_and_sizes(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(DATA)
    text = f"Traceback (most recent call last):\n{FRAME.format('train.py', 8)}{MISFIT}\n"
    finished = command("-" if how == "standard input" else text, "--json", stdin=text)
    [told] = finished.lines
    assert told["kind"] == "labels"
    assert told["explanation"].startswith("labels (100,) does not fit the output dense (batch, 3)")
    assert told["remedies"][0] == "labels = keras.utils.to_categorical(labels, 3)"
    assert told["place"] == {"file": "train.py", "line": 8}
    assert rnnshape.explain(text).to_dict() == told
    assert rnnshape.explain(text.replace(MISFIT, "ValueError: what nobody knows")).to_dict() == told
    Path("train.py").write_text(PROGRAM + LSTMS)
    told = command(TRACEBACK, "--json").lines[0]
    assert told["explanation"].startswith("LSTM(32) takes")
    assert told["remedies"] == ["return_sequences=True  # of LSTM(64)"]
    Path("train.py").write_text(DATA)
    other = command(text.replace("line 8", "line 7"), "--json").lines[0]
    assert other["explanation"].startswith("y is (None,) = (batch,)")


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("plain", "LSTM takes 3 axes, (batch, timesteps, features); what came is"),
        ("markdown", '### `Input 0 of layer "lstm_1" is incompatible with the layer:'),
        ("table", 'Input 0 of layer "lstm_1"'),
        ("json", '{"kind": "chain", "explanation": "LSTM takes 3 axes'),
    ],
)
def test_each_format_has_the_changes_a_line_each(form: str, begins: str) -> None:
    finished = command(NDIM, "--format", form, variables={"COLUMNS": "120"})
    assert finished.out.startswith(begins)
    if form != "json":
        assert "\nX = X[None]  # a single sample" in finished.out
    if form == "markdown":
        assert "```python\nLSTM(64, return_sequences=True)  #" in finished.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "csv"], "error: --format csv: an error has no place in it"),
        (["--export", "a.svg"], "error: --export a.svg: an error has no place in it"),
    ],
)
def test_what_has_no_place_for_an_error_says_so(options: list[str], said: str) -> None:
    finished = command("lstm", NDIM, *options)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(said)


@pytest.mark.parametrize("option", ["-b 3", "-u 3", "--bidirectional", "--weights", "--let a=3"])
def test_what_an_explanation_would_pass_over_is_an_error(option: str) -> None:
    finished = command(NDIM, *option.split())
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.endswith(": an error has no place for it\n")
    if option == "-b 3":  # which the word takes
        assert command("lstm", NDIM, "-n", *option.split()).code == 0


def test_a_file_by_its_name_alone_may_hold_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("error.txt").write_text(NDIM)
    assert command("error.txt").out == command(NDIM).out


def test_an_error_that_is_not_known_is_said_to_be_so() -> None:
    finished = command(UNKNOWN)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == (
        "error: not explained: no message of Keras or TensorFlow that is known here: the moon is "
        "full\n"
    )
    as_json = command(UNKNOWN, "--json")
    assert (as_json.code, as_json.lines[0]["kind"], as_json.err) == (1, "unknown", finished.err)


def test_a_traceback_may_name_a_file_that_there_can_t_be() -> None:
    traceback = TRACEBACK.replace("train.py", f"{'a' * 256}.py")
    finished = command(traceback)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out.startswith('Input 0 of layer "lstm_1"')


@pytest.mark.parametrize("form", ["table", "plain", "json", "markdown"])
def test_errors_are_answered_in_order_with_other_questions(form: str) -> None:
    whats = ("lstm", NDIM, SHAPES, "GRU(3)")
    together = command(*whats, "-n", "--format", form)
    alone = [command(what, "-n", "--format", form).out for what in whats]
    blank = "\n" if form in ("table", "markdown") else ""
    assert together.out == blank.join(alone)
    assert together.code == 0
    assert command(UNKNOWN, *whats, "-n", "--format", form).code == 1


def test_nothing_is_answered_where_one_of_the_questions_is_wrong() -> None:
    finished = command(NDIM, "LSTM(4) -> LSTM(4)", "-n")
    assert (finished.code, finished.out) == (2, "")


def test_an_error_is_explained_among_the_lines_of_standard_input() -> None:
    finished = command("-", "-n", "--json", stdin=f"lstm\n{NDIM}\n{UNKNOWN}\ngru\n")
    found = [line.get("layer") or line["kind"] for line in finished.lines]
    assert found == ["LSTM(3)", "chain", "unknown", "GRU(3)"]
    assert finished.code == 1
    assert finished.err.startswith("error: line 3: not explained: ")
    as_csv = command("-", "-n", "--format", "csv", stdin=f"lstm\n{NDIM}\ngru\n")
    assert "line 2: --format csv: an error has no place in it" in as_csv.err
    assert len(as_csv.out.splitlines()) == 3
    logged = f"320 samples\nTraceback (most recent call last):\n{NDIM}\n"  # all is one question
    assert [line["kind"] for line in command("-", "--json", stdin=logged).lines] == ["chain"]


@pytest.mark.process  # where TensorFlow is loaded, what reads code is a fresh process
@pytest.mark.parametrize(
    "first",
    [
        "import keras",
        "from keras.layers import LSTM",
        "def build():\n    pass",
        "class Model:\n    pass",
        "@decorated\ndef build():\n    pass",
        "model = Sequential()",
        "model = keras.models.Sequential(name='a')  # of layers",
        "for size in (1, 2):\n    pass",
        "sizes = [\n    1,\n]",
        '"""A program."""',
        "# a comment\n\nimport keras",
        "size = 3",
        "x = Input((5, 2))",
        "...",
        "%matplotlib inline",
    ],
)
def test_a_program_on_standard_input_is_one_question(first: str) -> None:
    text = f"{first}\n{PROGRAM}model.add(LSTM(64))\n"
    finished = command("-", "-n", "--json", stdin=text)
    assert (finished.code, finished.err) == (0, "")
    assert [line["layer"] for line in finished.lines] == ["LSTM(64)"]


@pytest.mark.parametrize(
    ("lines", "layers"),
    [
        ("m = Sequential([LSTM(4)])\nm.add(Dense(2))\n", ["LSTM(4), Dense(2)"]),
        ("m = LSTM(4)(a)\n\nn = Dense(2)(m)\n", ["LSTM(4), Dense(2)"]),
        ("m = Sequential([LSTM(4)])\nm = Sequential([GRU(4)])\n", ["LSTM(4)", "GRU(4)"]),
        ("m = LSTM(4)(a)\nn = Dense(2)(am)\n", ["LSTM(4)", "Dense(2)"]),
        ("x = LSTM(4)(x)\nx = GRU(4)(x)\n", ["LSTM(4)", "GRU(4)"]),  # each may stand alone
    ],
)
def test_lines_are_one_program_where_one_uses_what_the_first_names(
    lines: str, layers: list[str]
) -> None:
    answers = command("-", "-n", "--json", stdin=lines).lines
    told = [", ".join(layer["expression"] for layer in one["layers"]) for one in answers]
    assert told == layers


@pytest.mark.process  # where TensorFlow is loaded, what reads code is a fresh process
def test_a_program_on_standard_input_is_refused_as_one_that_is_an_argument() -> None:
    piped, given = command("-", "-n", stdin=PROGRAM + LSTMS), command(PROGRAM + LSTMS, "-n")
    assert (piped.code, piped.err) == (given.code, given.err)
    assert "line 6" in piped.err


@pytest.mark.process  # where TensorFlow is loaded, what reads code is a fresh process
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import keras\n" + "#" * 100_001, "error: -: line 2: standard input is too long"),
        ("import keras\n" + ("#" * 90_000 + "\n") * 223, "error: -: line 224: standard input is"),
    ],
    ids=["a line", "all lines"],
)
def test_a_program_on_standard_input_is_bounded(text: str, said: str) -> None:
    finished = command("-", "-n", stdin=text)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(said)


def test_lines_that_hold_nothing_are_not_kept_for_ever() -> None:
    finished = command("-", "-n", stdin="\n" * 10_000 + "import keras\nGRU(3)\n")
    assert finished.err.startswith("error: line 10001: ")
    assert finished.out.startswith("GRU(3)\n")
    began = time.process_time()
    assert command("-", "-n", stdin="\n" * 10_000_000).code == 0
    assert time.process_time() - began < 2


@pytest.mark.process  # where TensorFlow is loaded, what reads code is a fresh process
@pytest.mark.parametrize(
    "line",
    ["lstm", "LSTM(64)", "LSTM(64) -> Dense(1)", "x = LSTM(4)(x)", "[LSTM(n) for n in (1, 2)]"],
)
def test_lines_of_questions_stay_a_question_each(line: str) -> None:
    finished = command("-", "-n", "--json", stdin=f"\n# questions\n{line}\ngru\n")
    assert len(finished.lines) == 2
    assert finished.lines[1]["layer"] == "GRU(3)"


@pytest.mark.process  # the program of the exception is read by a process
def test_explain_takes_a_text_or_an_exception() -> None:
    told = rnnshape.explain(NDIM)
    assert isinstance(told, rnnshape.Explanation)
    assert told.remedies[0].startswith(REMEDY)
    assert str(told).startswith(f"{told.explanation}\n{REMEDY}")
    with pytest.raises(TypeError, match="error is int: give the text of an error"):
        rnnshape.explain(3)  # type: ignore[arg-type]
    try:
        raise ValueError(SHAPES.removeprefix("ValueError: "))
    except ValueError as error:
        live = rnnshape.explain(error)
    assert (live.kind, live.is_known) == ("labels", True)
    assert live.place is not None
    assert live.place.file == __file__


@pytest.mark.process
@pytest.mark.parametrize(
    ("what", "imports"), [("lstm", False), ("LSTM(64) -> Dense(1)", False), (NDIM, True)]
)
def test_what_is_no_error_imports_nothing_for_errors(what: str, imports: bool) -> None:
    program = (
        "import sys; from rnnshape.cli.run import run; run([sys.argv[1], '-n'])\n"
        "print('rnnshape.explaining' in sys.modules, 'tensorflow' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, what], capture_output=True, text=True, check=True
    )
    assert finished.stdout.splitlines()[-1] == f"{imports} False"
