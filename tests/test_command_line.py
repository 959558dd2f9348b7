"""What the command answers, by the rule and by Keras: words, texts, files and standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rnnshape.measuring.messages import Answer, Measurement, MeasurementError, Request
from rnnshape.terminal.environment import Measurer
from tests.conftest import COMMAND, KerasInProcess, command, environment, json_lines
from tests.processes import shell

CHAIN = "Bidirectional(LSTM(64, return_sequences=True)) -> LSTM(32) -> Dense(1)"
QUESTIONS = [  # as people write them, and the shapes of the last layer's outputs
    ("lstm", [(2, 3)]),
    (CHAIN, [(2, 1)]),
    ("tf.keras.layers.GRU(4, return_state=True)", [(2, 4), (2, 4)]),
    ("Sequential([Input((7, 2)), LSTM(5, return_sequences=True)])", [(2, 7, 5)]),
    ("model.add(LSTM(5, input_shape=(7, 2)))\nmodel.add(Dense(2))", [(2, 2)]),
    ("RNN([LSTMCell(3), LSTMCell(4)], return_state=True)", [(2, 4), *[(2, 3)] * 2, *[(2, 4)] * 2]),
    ("RNN([LSTMCell(3)] * 2)", [(2, 3)]),
    ("RNN([GRUCell(3) for _ in range(3)])", [(2, 3)]),
    ("Embedding(50, 8, mask_zero=True) -> Bidirectional(GRU(4))", [(2, 8)]),
    ("ConvLSTM2D(4, 3, padding='same', strides=2)", [(2, 8, 8, 4)]),
    ("Input((None, 16), batch_size=8) -> LSTM(4, stateful=True)", [(8, 4)]),
    ("MaxPooling1D(2) -> Conv1D(4, 2) -> Flatten()", [(2, 4)]),
    ("AutoContrast() -> LSTM(3)", [(2, 3)]),
]
REFUSED = [
    ("LSTM(3) -> LSTM(3)", "give it return_sequences=True"),
    ("LSTM(3, return_state=True) -> Dense(1)", "returns o, h, c"),
    ("Bidirectional(LSTM(3, go_backwards=True))", "go_backwards"),
    ("Bidirectional(Dense(3))", "recurrent layer"),
    ("LSTM(0)", "units"),
    ("Dense(3, activation='rleu')", "relu"),
    ("Input((5, 4)) -> LSTM(3, stateful=True)", "batch"),
    ("Input((5,)) -> Reshape((3, 3))", "Reshape"),
    ("LSTM(4, return_sequences=True) -> Reshape((25,)) -> Dense(1)", "Reshape"),
    ("TimeDistributed(Dense(4)) -> TimeDistributed(Reshape((3,)))", "Reshape"),
    ("LSTM(4, return_sequences=True) -> Sequential([Attention()])", "Attention()"),
    ("Sequential([Input((5, 3)), GRU(2, return_state=True), Attention()])", "Attention"),
    ("Sequential([Input((5, 3)), GRU(4, return_sequences=True), Attention()])", "Attention()"),
    ("Sequential([Input((5, 3)), GRU(4, return_state=True), Dense(2)])", "Dense(2)"),
    ("TimeDistributed(LSTM(3, return_state=True))", "several tensors"),
]


class Forged:
    """Keras, but what it answers is bent."""

    def __init__(self, keras: KerasInProcess) -> None:
        self._keras = keras

    def answers(self, request: Request, tell: object = None) -> Iterator[Answer]:
        for answer in self._keras.answers(request):
            assert isinstance(answer, Measurement)
            [layer] = answer.layers
            bent = replace(layer.outputs[0], shape=(2, 9))
            yield replace(answer, layers=(replace(layer, outputs=(bent, *layer.outputs[1:])),))


class Broken:
    """Whoever measures has gone down."""

    def answers(self, request: Request, tell: object = None) -> Iterator[Answer]:
        words = "the measuring process was ended by SIGABRT"
        for _ in request.questions:
            yield MeasurementError(words, "try again", stderr_tail=("why",))


@pytest.mark.parametrize(("question", "shapes"), QUESTIONS)
def test_keras_confirms_what_the_rule_says_at_once(
    question: str, shapes: list[tuple[int, ...]], keras_measurer: KerasInProcess
) -> None:
    finished = command(question, "--json", "--weights", measurer=keras_measurer)
    assert (finished.code, finished.err) == (0, "")
    [answer] = finished.lines
    assert answer["source"] == "predict"
    last = answer["layers"][-1]["layer"]
    assert [tuple(one["shape"]) for one in answer["outputs"] if one["layer"] == last] == shapes
    assert all(one["dtype"] == "float32" for one in answer["outputs"])
    assert all(one["holds"] for one in answer["relations"])
    assert "differences" not in answer


@pytest.mark.parametrize(("question", "shapes"), QUESTIONS)
def test_layer_given_back_asks_the_same_question(
    question: str, shapes: list[tuple[int, ...]], keras_measurer: KerasInProcess
) -> None:
    [first] = command(question, "--json", measurer=keras_measurer).lines
    [again] = command(first["layer"], "--json", measurer=keras_measurer).lines
    of_code = {key: first[key] for key in ("model", "assumed", "notes")}  # the layer says no more
    assert again | of_code == first


def test_after_a_layer_without_a_rule_the_rule_goes_on_with_what_keras_measured(
    keras_measurer: KerasInProcess,
) -> None:
    question = "AutoContrast() -> Bidirectional(LSTM(3, return_state=True))"
    finished = command(question, "--json", "--weights", measurer=keras_measurer)
    [answer] = finished.lines
    assert (finished.code, finished.err) == (0, "")
    assert [one["name"] for one in answer["outputs"]] == ["o", "o", "h1", "c1", "h2", "c2"]
    claims = [(one["claim"], one["layer"], one["holds"]) for one in answer["relations"]]
    assert claims == [("o == concat(h1, h2)", 2, True)]
    assert "differences" not in answer


STATES_AFTER = """
from keras import Input, Model
from keras.layers import LSTM, AutoContrast, Dense
x = Input((5, 3))
_, h, c = LSTM(4, return_state=True)(AutoContrast()(x))
y = LSTM(4, return_sequences=True)(Input((6, 2), name="y"), initial_state=[h, c])
"""


@pytest.mark.parametrize("form", ["--json", "--code"])
def test_states_of_a_layer_after_one_without_a_rule_can_be_passed_on(
    form: str, keras_measurer: KerasInProcess
) -> None:
    finished = command(STATES_AFTER, form, "--dry-run")
    assert finished.code == 1  # its units say what it returns, and nothing what makes its states
    assert form == "--code" or finished.lines[0]["outputs"][-1]["shape"] == [2, 6, 4]
    finished = command(STATES_AFTER, form, measurer=keras_measurer)
    assert finished.code == 0
    assert "a bug" not in finished.err


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("LSTM(U) -> Dense(n)", "LSTM(7) -> Dense(2)"),
        ("LSTM(U)", "LSTM(7)"),
        ("Sequential([LSTM(U), Dense(n)])", "LSTM(7) -> Dense(2)"),
        ("model.add(LSTM(U))", "LSTM(7)"),
        ("RNN([LSTMCell(u) for u in (3, U)])", "RNN([LSTMCell(3), LSTMCell(7)])"),
    ],
)
def test_names_in_a_text_are_given_by_let(text: str, layer: str) -> None:
    given = ("--let", "U=7", "--let", "n=2") if "n)" in text else ("--let", "U=7")
    finished = command(text, *given, "--json", "--dry-run")
    assert (finished.code, finished.err) == (0, "")
    assert finished.lines[0]["layer"] == layer


def test_a_name_in_a_text_that_is_not_given_is_open_and_asked_for() -> None:
    finished = command("LSTM(U)", "--dry-run")
    assert finished.code == 1
    assert "(2, ?)" in finished.out
    assert "not measured: U (line 1) comes from data: --let U=..." in finished.out


@pytest.mark.parametrize("inner", ["Conv1D(8, 3)", "Bidirectional(LSTM(3))", "LSTM(3)"])
def test_a_layer_with_time_of_its_own_is_given_it_in_time_distributed(inner: str) -> None:
    [answer] = command(f"TimeDistributed({inner})", "--json", "--dry-run").lines
    assert answer["inputs"][0]["axes"] == ["batch", "timesteps", "timesteps", "features"]


@pytest.mark.parametrize(("question", "words"), REFUSED)
def test_what_keras_would_refuse_is_refused_before_it_is_asked(question: str, words: str) -> None:
    finished = command(question)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("error: ")
    assert words in finished.err


@pytest.mark.parametrize(
    ("text", "taken", "made"),
    [
        ("Reshape((3, 3))", [9, 1], [3, 3]),
        ("Reshape((7, 3)) -> LSTM(4)", [21, 1], [4]),
        ("LSTM(4, return_sequences=True) -> Reshape((24,)) -> Dense(1)", [6, 1], [1]),
        ("Sequential([Conv1D(4, 2), Reshape((6, 2)), LSTM(3)])", [4, 1], [3]),
        ("Embedding(100, 8) -> Reshape((56,)) -> Dense(3)", [7], [3]),
    ],
)
def test_where_no_usual_size_fits_another_is_assumed(
    text: str, taken: list[int], made: list[int], keras_measurer: KerasInProcess
) -> None:
    finished = command(text, "--json", measurer=keras_measurer)
    assert (finished.code, finished.err) == (0, "")
    [answer] = finished.lines
    assert answer["inputs"][0]["shape"] == [2, *taken]
    assert answer["outputs"][-1]["shape"] == [2, *made]
    assert answer["source"] == "predict"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Bidirectional(LSTM(4), merge_mode=None), Concatenate()", (2, 8)),
        ("LSTM(4, return_state=True), Concatenate()", (2, 12)),
        ("GRU(2, return_sequences=True, return_state=True), Lambda(lambda t: t[0])", (2, 5, 2)),
    ],
)
def test_a_sequential_hands_on_all_that_a_layer_returns(text: str, made: tuple[int, ...]) -> None:
    [answer] = command(f"Sequential([Input((5, 3)), {text}])", "--json", "--dry-run").lines
    assert answer["outputs"][-1]["shape"] == list(made)


@pytest.mark.parametrize("attention", ["MultiHeadAttention(2, 3)", "Attention()"])
def test_attention_in_a_chain_turns_to_what_comes_before_it(attention: str) -> None:
    chain = f"Input((5, 3)) -> LSTM(4, return_sequences=True) -> {attention}"
    for behind in ("Lambda(lambda t: t[:, -1])", "GlobalAveragePooling1D()"):
        [answer] = command(f"{chain} -> {behind}", "--json", "--dry-run").lines
        assert answer["outputs"][-1]["shape"] == [2, 4]


def test_a_layer_without_a_rule_is_answered_by_keras_alone(keras_measurer: KerasInProcess) -> None:
    finished = command("AutoContrast()", "--json", measurer=keras_measurer)
    [answer] = finished.lines
    assert answer["outputs"][0]["shape"] == [2, 5, 1]
    assert answer["notes"] == ["there is no rule for AutoContrast: its shapes are Keras' alone"]
    finished = command("AutoContrast()", "--dry-run")
    assert (finished.code, finished.out) == (2, "")
    assert "leave out --dry-run" in finished.err


def test_a_layer_without_a_rule_keeps_no_other_question_from_its_answer() -> None:
    finished = command("AutoContrast()", "lstm", "--json", "--dry-run")
    assert finished.code == 1
    assert [one["outputs"][0]["shape"] for one in finished.lines] == [None, [2, 3]]


def test_several_questions_are_answered_in_order(keras_measurer: KerasInProcess) -> None:
    finished = command("gru", CHAIN, "lstm", "--json", measurer=keras_measurer)
    assert [one["layer"] for one in finished.lines] == ["GRU(3)", CHAIN, "LSTM(3)"]


def test_units_stack_layers_and_what_that_adds_is_said() -> None:
    finished = command("lstm", "-u", "64", "-u", "32", "--json", "--dry-run")
    [answer] = finished.lines
    assert answer["layer"] == "LSTM(64, return_sequences=True) -> LSTM(32)"
    assert "layer 1 got return_sequences=True" in answer["notes"][0]
    finished = command("lstm", "-u", "64", "-u", "32", "--no-return-sequences", "--json", "-n")
    assert "--no-return-sequences holds for layer 2" in finished.lines[0]["notes"][0]


def test_compare_varies_the_flags_that_are_not_given() -> None:
    every = command("lstm", "--compare", "--json", "--dry-run").lines
    assert len(every) == len({one["layer"] for one in every}) == 8
    held = command("lstm", "--compare", "--no-bidirectional", "--json", "--dry-run").lines
    assert [one["layer"] for one in held] == [
        "LSTM(3)",
        "LSTM(3, return_state=True)",
        "LSTM(3, return_sequences=True)",
        "LSTM(3, return_sequences=True, return_state=True)",
    ]


def test_a_difference_is_shown_and_fails(keras_measurer: KerasInProcess) -> None:
    finished = command("lstm", measurer=Forged(keras_measurer))
    assert finished.code == 1
    assert "(2, 9)" in finished.out
    assert "(2, 3)" in finished.out
    assert finished.err.splitlines() == [
        "error: Keras and the rule disagree",
        "  | LSTM(3): o: the rule says (2, 3), Keras (2, 9)",
    ]
    [answer] = command("lstm", "--json", measurer=Forged(keras_measurer)).lines
    assert answer["differences"] == ["LSTM(3): o: the rule says (2, 3), Keras (2, 9)"]


def test_without_a_measurement_the_rule_answers_and_the_command_fails() -> None:
    finished = command("lstm", measurer=Broken())
    assert finished.code == 1
    assert "by the rule, not measured" in finished.out
    assert finished.err.splitlines() == [
        "error: not measured: the measuring process was ended by SIGABRT; try again",
        "  | why",
    ]


def test_without_a_measurement_what_was_exported_before_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    file.write_text("before")
    finished = command("lstm", "-o", str(file), measurer=Broken(), variables={"COLUMNS": "200"})
    assert finished.err.startswith(
        f"note: --export {file}: not written, as the measurement failed\nerror: not measured"
    )
    assert (finished.code, file.read_text()) == (1, "before")


def test_what_keras_can_not_run_fails_alone(keras_measurer: KerasInProcess) -> None:
    finished = command("Discretization()", "gru", measurer=keras_measurer)
    assert finished.code == 1
    assert "Keras could not run this: " in finished.err
    assert "✓ measured" in finished.out


# rnnshape -


def test_lines_are_answered_in_order_and_a_wrong_one_fails_alone(
    keras_measurer: KerasInProcess,
) -> None:
    text = f"# a comment\n\nlstm\n  {CHAIN}  \nLTSM(3)\ngru"
    finished = command("-", "--json", stdin=text, measurer=keras_measurer)
    assert finished.code == 1
    assert [one.get("layer") for one in finished.lines] == ["LSTM(3)", CHAIN, None, "GRU(3)"]
    assert finished.lines[2] == {
        "line": 5,
        "question": "LTSM(3)",
        "error": "Keras has no layer LTSM; did you mean LSTM?",
    }
    assert finished.err == ""


@pytest.mark.parametrize("option", [["--let", "U=7"], ["--features", "7"]])
def test_an_option_is_for_any_line_and_an_error_where_it_is_for_none(option: list[str]) -> None:
    lines = ["Dense(2, input_shape=(5,))", "LSTM(U, input_shape=(5, 1))", "LSTM(2) -> Dense(3)"]
    for taking in (lines, [lines[0]]):
        finished = command("-", *option, "--json", "--dry-run", stdin="\n".join(taking))
        assert len(finished.lines) == len(taking)
        assert (f"error: {' '.join(option)[:6]}" in finished.err) == (taking != lines)
        assert all("error" not in line for line in finished.lines)


@pytest.mark.parametrize("format", ["plain", "csv", "table", "markdown"])
def test_a_wrong_line_is_a_message_in_other_formats(format: str) -> None:
    finished = command("-", "--format", format, "--dry-run", stdin="lstm\nLTSM(3)\ngru\n")
    assert finished.code == 1
    assert finished.err.startswith("error: line 2: Keras has no layer LTSM; did you mean LSTM?\n")
    assert finished.out.count("(2, 3)" if format in ("table", "markdown") else "3") >= 2


@pytest.mark.parametrize("form", [("--format", "plain"), ("--format", "csv"), ("--code",)])
def test_what_does_not_fit_is_said_beside_a_format_without_a_place_for_it(
    form: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "fit.py"
    file.write_text("m = Sequential([LSTM(3)])\nm.compile(loss='mse')\nm.fit(X, np.zeros((4, 2)))")
    told = "does not fit the output lstm (batch, 3) with mean_squared_error, which takes (4, 3)"
    finished = command(str(file), "--dry-run", *form)
    assert finished.code == 2
    assert finished.err.startswith("error: ")
    assert told in finished.err
    assert finished.err.endswith("  | fit.py, line 3\n  | write LSTM(2)\n")
    finished = command("-", "--dry-run", *form, stdin=f"GRU(2)\n{file}\n")
    assert finished.err.startswith("error: line 2: ")
    assert told in finished.err


def test_what_is_open_on_a_line_is_not_measured_and_what_is_wrong_in_its_file_is_said(
    tmp_path: Path,
) -> None:
    file = tmp_path / "two.py"
    file.write_text("a = Sequential([Dense(units)])\nb = Sequential([LSTM(3, foo=1)])\n")
    finished = command("-", "--json", stdin=f"\ufeff{file}\n")  # as some editors begin a text
    assert finished.code == 1
    assert {one["source"] for one in finished.lines} == {"rule"}
    assert finished.err.startswith("error: line 1: LSTM takes no 'foo'")


def test_csv_has_one_header_for_all_lines() -> None:
    finished = command("-", "--format", "csv", "--dry-run", stdin="lstm\ngru\n")
    assert finished.out.count("question,") == 1
    assert len(finished.out.splitlines()) == 3


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_no_lines_are_no_questions_and_no_error(text: str) -> None:
    finished = command("-", "--json", "--dry-run", stdin=text)
    assert (finished.code, finished.out, finished.err) == (0, "", "")


def test_a_line_without_end_is_not_read_whole() -> None:
    text = "x" * 3_000_000 + "\ngru\n"
    finished = command("-", "--json", "--dry-run", stdin=text)
    assert finished.lines[0]["error"] == "the line is longer than 100,000 characters"
    assert finished.lines[1]["layer"] == "GRU(3)"


def test_the_next_lines_are_answered_after_the_measurer_went_down(
    keras_measurer: KerasInProcess,
) -> None:
    class DownOnce:
        def answers(self, request: Request, tell: object = None) -> Iterator[Answer]:
            measurers: tuple[Measurer, ...] = (keras_measurer, Broken(), keras_measurer)
            for measurer, question in zip(measurers, request.questions, strict=True):
                yield from measurer.answers(replace(request, questions=(question,)))

    finished = command("-", "--json", stdin="lstm\ngru\nsimplernn\n", measurer=DownOnce())
    assert finished.code == 1
    assert [one["source"] for one in finished.lines] == ["predict", "rule", "predict"]
    assert finished.err.startswith("error: line 2: not measured: ")


@pytest.mark.process
@pytest.mark.parametrize("options", ["- -n", "--check -"])
def test_what_can_t_be_read_of_standard_input_is_said(options: str) -> None:
    for words, given in (
        ("can't be read: Bad file descriptor", "0>/dev/null"),
        ("is UTF-16: give it as UTF-8", "< <(printf '\\xff\\xfeL\\0')"),
    ):
        finished = shell(f"rnnshape {options} {given}")
        wrong = f"error: -: standard input {words}\n"
        assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", wrong)


@pytest.mark.process
def test_a_line_without_an_end_ends_the_stream() -> None:
    finished = shell("{ echo 'GRU(3)'; cat /dev/zero; } | timeout 60 rnnshape - -n --format plain")
    assert finished.stdout == "# GRU(3)\no 2 3\n"
    assert finished.stderr == "error: line 2: the line is longer than 100,000 characters\n"
    assert finished.returncode == 1


@pytest.mark.process
def test_an_answer_is_there_before_the_next_question_is_asked() -> None:
    process = subprocess.Popen(
        [*COMMAND, "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for question in ("lstm", "GRU(7)", "nonsense(", CHAIN):
        process.stdin.write(f"{question}\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert ("error" in answer) == (question == "nonsense(")
    process.stdin.close()
    assert process.stdout.read() == ""
    assert process.wait(timeout=10) == 1


@pytest.mark.process
def test_bytes_that_are_no_text_fail_alone() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "rnnshape", "-", "--json", "--dry-run"],
        input=b"lstm\n\xff\xfe(3)\ngru\n",
        capture_output=True,
        check=False,
    )
    assert finished.returncode == 1
    lines = json_lines(finished.stdout.decode())
    assert [one.get("layer") for one in lines] == ["LSTM(3)", None, "GRU(3)"]


@pytest.mark.parametrize("words", [("lstm",), ("lstm", "gru"), ("lstm", "-u", "4", "-u", "3")])
def test_what_holds_is_not_called_wrong_before_it_is_measured(words: tuple[str, ...]) -> None:
    finished = command(*words, "--compare", "--dry-run")
    assert "✗" not in finished.out
    assert "· return_state: o == h" in finished.out


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("LSTM(3, activation='glu', kernel_regularizer=L2())", "LSTM"),
    ],
)
def test_the_layer_that_the_rule_has_no_word_on_is_named(question: str, name: str) -> None:
    finished = command(question, "--dry-run")
    assert finished.code == 2
    assert finished.err.startswith(f"error: there is no rule for {name} with these arguments, only")


def test_groups_share_the_channels_among_them() -> None:
    finished = command("Input((5, 4)) -> Conv1D(6, 2, groups=2)", "--weights", "--json", "-n")
    assert [one["shape"] for one in finished.lines[0]["weights"]] == [[2, 2, 6], [6]]


def test_a_missing_bias_initializer_is_shown_where_it_stands() -> None:
    finished = command("LSTM(3, bias_initializer=None)", "--dry-run")
    assert finished.code == 2
    assert finished.err.splitlines()[-1] == "  |         ^^^^^^^^^^^^^^^^"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Conv1D(8, 7)", [2, 10, 1]),
        ("Conv1D(8, 7) -> Flatten() -> Dense(3)", [2, 10, 1]),
        ("Conv1D(8, 1000)", [2, 1280, 1]),
        ("Conv2D(8, 17)", [2, 32, 32, 1]),
        ("GroupNormalization(8)", [2, 5, 8]),
        ("Input((None, 3)) -> Conv1D(8, 7)", [2, 10, 3]),
        ("Conv1D(8, 5)", [2, 5, 1]),
    ],
)
@pytest.mark.parametrize("line", [False, True])
def test_a_size_that_is_assumed_refuses_nothing(text: str, shape: list[int], line: bool) -> None:
    finished = command("-" if line else text, "-n", "--json", stdin=text)
    [said] = finished.lines
    assert finished.code == 0
    assert said["inputs"][0]["shape"] == shape
    assert {"timesteps", "rows"} & {*said["assumed"]["inputs"]}


def test_a_size_that_is_given_is_kept_and_refused() -> None:
    assert "needs 7 timesteps, and is given 5" in command("Conv1D(8, 7)", "-t", "5").err
    assert command("Input((5, 1)) -> Conv1D(8, 7)").code == 2


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 3", 1),
        ("def f(:", 1),
        ("m = keras.models.load_model('a.h5')", 1),
        ("m = Sequential([LSTM(3, foo=2)])", 2),
    ],
)
def test_a_file_in_which_nothing_is_read_is_no_wrong_one(
    code: str, expected: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.py"
    path.write_text(code)
    assert command(str(path), "-n").code == expected


def test_what_is_open_is_said_once_and_a_line_each_where_it_is_several(tmp_path: Path) -> None:
    path = tmp_path / "open.py"
    path.write_text(
        "from keras import Sequential\nfrom keras.layers import LSTM, Dense\n"
        "n = len(words)\nk = len(names)\n"
        "a = Sequential([LSTM(n), Dense(k)])\nb = Sequential([LSTM(n)])\n"
    )
    finished = command(str(path), "--dry-run")
    assert finished.out[finished.out.index("· not measured") :].splitlines() == [
        "· not measured:",
        "- n (line 3) comes from data: --let n=...",
        "- k (line 4) comes from data: --let k=...",
    ]


def test_beside_a_measured_model_one_that_is_not_is_named(
    tmp_path: Path, keras_measurer: KerasInProcess
) -> None:
    path = tmp_path / "open.py"
    path.write_text("a = Sequential([LSTM(3)])\nb = Sequential([LSTM(n)])\n")
    *_, unknown, measured = command(str(path), measurer=keras_measurer).out.splitlines()
    assert unknown == "· b not measured: n (line 2) comes from data: --let n=..."
    assert measured.startswith("✓ measured by model.predict, as it was read")


@pytest.mark.parametrize(("units", "headings"), [("3, 3, 3", 1), ("3, 4, 4", 2), ("3, 4, 3", 3)])
def test_models_of_a_loop_that_are_alike_are_shown_once(
    units: str, headings: int, tmp_path: Path
) -> None:
    layers = "keras.layers.LSTM(units), keras.layers.Dense(1)"
    loop = f"for units in ({units}):\n  m = keras.Sequential([{layers}])\n"
    file = tmp_path / "a.py"
    file.write_text(f"import keras\n{loop}")
    shown = command(f"{file}", "-n").out.splitlines()
    assert sum(line.split()[:1] == ["m"] for line in shown) == headings
    assert any(line.endswith("alike") for line in shown) == (headings < 3)
    assert shown.count("* for features=1, which is assumed (-f)") == 1
    assert command(f"{file}", "-n", "--json").out.count('"model": "m"') == 3
    differ = len({*units.split(", ")})
    assert command(f"{file}:m", "-n", "--json").out.count('"model": "m"') == differ


@pytest.mark.parametrize("view", [[], ["--diagram"], ["--export", "a.html"]])
def test_of_several_files_each_model_is_called_as_it_can_be_asked_for(
    view: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "import keras\nnet = keras.Sequential([keras.layers.LSTM(3)])\n"
    for name in ("a.py", "b.py"):
        Path(name).write_text(text)
    several, alone = command("a.py", "b.py", "-n", *view), command("b.py", "-n", *view)
    for name in ("a.py:net", "b.py:net"):
        assert several.out.count(name) == 1
        assert name not in alone.out
        assert command(name, "-n").code == 0
    lines = json_lines(command("a.py", "b.py", "gru", "-n", "--json").out)
    assert [line.get("file") for line in lines] == ["a.py", "b.py", None]


def test_layers_of_one_name_are_measured_where_each_is_in_a_block_of_its_own(
    tmp_path: Path, keras_measurer: KerasInProcess
) -> None:
    (tmp_path / "blocks.py").write_text(
        "from keras import Input, Model, layers\nclass Block(layers.Layer):\n"
        "    def __init__(self, units):\n        super().__init__()\n"
        "        self.hidden = layers.Dense(units, name='hidden')\n"
        "    def call(self, x):\n        return self.hidden(x)\n"
        "i = Input((5, 7))\nm = Model(i, Block(4)(Block(3)(i)))\n"
    )
    finished = command(str(tmp_path / "blocks.py"), "--json", measurer=keras_measurer)
    assert (finished.code, finished.lines[0]["source"]) == (0, "predict")
