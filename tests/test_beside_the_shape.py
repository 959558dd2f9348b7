"""Masks, kernels and what is trained: what the rule says of random models beside what Keras does
with them when they run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnshape import QueryError, inspect, inspect_all
from rnnshape.description import describe
from rnnshape.layer import Mask
from rnnshape.reading import read
from tests.conftest import command, json_lines
from tests.corpus.answers import Answer, Json, read_all
from tests.corpus.beside import generate
from tests.corpus.compare import FAILED, WRONG, Verdict, compare_on_record
from tests.on_record import Record

SEED, COUNT = 7, 80


def judge(program: str, answer: Answer, truth: Json) -> Verdict:
    """Where the rule and Keras part."""
    verdict = Verdict(program)
    if "error" in truth:
        verdict.add(FAILED, truth["error"].strip().splitlines()[-1])
        return verdict
    for line in differences(answer, truth):
        verdict.add(WRONG, line)
    return verdict


def differences(answer: Answer, truth: Json) -> list[str]:
    if not answer.reports:
        return [f"Keras takes it: {answer.messages}"]
    report = next(one for one in answer.reports if one["model"] == "model")
    model = next(one for one in truth["models"] if "model" in one["variables"])
    layers = {one["name"]: one for one in _flat(model["layers"])}
    rows: dict[str, list[Json]] = {}
    for row in report["layers"]:
        if not row["expression"][:1].islower():  # an operation
            rows.setdefault(row["name"], []).append(row)
    if unknown := rows.keys() - layers.keys():
        return [f"Keras has no {', '.join(unknown)}"]
    found = [*_sums_that_differ(answer.text, _sums(model["summary"]))]
    for name, calls in rows.items():
        layer = layers[name]
        said = [_said(row, report) for row in calls]
        made = [one for of, *one in model["runs"][0]["masks"] if of == name]
        pairs = {
            "calls": (sorted(said), sorted(made)),
            "cudnn": (calls[0]["cudnn"], layer["cudnn"]),
            "parameters": (calls[0]["parameters"], layer["parameters"]),
        }
        found += [
            f"{name}: {what} {one}, in Keras {other}"
            for what, (one, other) in pairs.items()
            if one != other
        ]
    return found


def _flat(layers: list[Json]) -> Iterator[Json]:
    for layer in layers:
        yield layer
        yield from _flat(layer["layers"])


def _sums(summary: str) -> list[str]:
    return re.findall(r"params: (.*)", summary)


def _sums_that_differ(program: str, sums: list[str]) -> Iterator[str]:
    """The line under the table says what `summary()` says."""
    text = command(program, "--dry-run", variables={"COLUMNS": "200"}).out
    whole, trained, rest = sums
    parts = "" if rest.startswith("0 ") else f": {said(trained)}, {said(rest, 'non-')}"
    if f" {whole}{parts}" not in text:
        yield f"{whole}{parts} is not in\n{text}"


def said(summed: str, kind: str = "") -> str:
    """`884 trainable (3.45 KB)`"""
    return summed.replace(" (", f" {kind}trainable (")


def _said(row: Json, report: Json) -> list[Any]:
    """The masks that come and go, and the shapes that are returned."""
    shapes = [one["shape"] for one in report["outputs"] if one["layer"] == row["layer"]]
    mask = row["mask"] or {"arrives": False, "leaves": False}
    return [[mask["arrives"], mask["leaves"]], shapes]


@pytest.mark.keras
def test_random_models(tmp_path: Path) -> None:
    answers = read_all(generate(SEED, COUNT), tmp_path)
    verdicts, _ = compare_on_record("random_models", answers, judge=judge)
    wrong = [f"{name}\n{answers[name].text}\n{one}" for name, one in verdicts.items()
             if one.verdict == WRONG]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert sum(one.verdict == FAILED for one in verdicts.values()) < COUNT / 2


# Models, what is set in them, a class of the code, and models of that.
TRAINED = (Path(__file__).parent / "tables" / "trained.txt").read_text().split("\n\n")
MADE, CHANGES, _, MADE_OF_CLASS = map(str.splitlines, TRAINED)


@pytest.mark.keras
@pytest.mark.parametrize("made", MADE_OF_CLASS)
def test_as_much_of_a_model_of_the_code_is_trained_as_keras_counts(
    made: str, tmp_path: Path
) -> None:
    assert not [*_counted_otherwise(f"{TRAINED[2]}\n{made}\n", tmp_path)]


@pytest.mark.keras
@pytest.mark.parametrize(
    "copied", ["", "; m = keras.models.clone_model(m)"], ids=["it", "its copy"]
)
@pytest.mark.parametrize("changed", CHANGES)
@pytest.mark.parametrize("made", MADE)
def test_as_much_is_trained_as_keras_counts(
    made: str, changed: str, copied: str, tmp_path: Path
) -> None:
    assert not [*_counted_otherwise(f"{made}\n{changed}{copied}\n", tmp_path)]


def _counted_otherwise(text: str, folder: Path) -> Iterator[str]:
    text, program = f"import keras\nfrom keras import *\n{text}", folder / "program.py"
    program.write_text(text)
    return _sums_that_differ(f"{program}:m", TRAINED_BY_KERAS.answer(text, lambda: _counted(text)))


def _counted(text: str) -> list[str]:
    made, summary = dict[str, Any](), list[str]()
    exec(text, made)
    made["m"].summary(print_fn=lambda line, **_: summary.append(line))
    return _sums(summary[0])


TRAINED_BY_KERAS = Record("trained", _counted)


@pytest.mark.keras
@pytest.mark.parametrize("within", ["", "Input((8, 3)), "])
def test_the_program_of_a_model_in_a_layer_runs(within: str) -> None:
    inner = f"Sequential([{within}Conv1D(4, 3), GlobalMaxPooling1D()])"
    made: dict[str, Any] = {}
    exec(inspect(f"Input((4, 8, 3)) -> TimeDistributed({inner}) -> LSTM(2)").code, made)
    assert made["model"].output_shape == (None, 2)


OPTIONS = [
    *("activation='tanh'", "activation='relu'", "recurrent_activation='sigmoid'", "unroll=True"),
    *("recurrent_activation='hard_sigmoid'", "use_bias=False", "recurrent_dropout=0.1"),
    *("dropout=0.1", "go_backwards=True", "use_cudnn=False", "use_cudnn=True", "dtype='float16'"),
]
KERNELS = [
    *(f"{name}(3, {option})" for name in ("LSTM", "GRU") for option in OPTIONS),
    *("GRU(3, reset_after=False)", "SimpleRNN(3)", "RNN(LSTMCell(3))", "RNN(SimpleRNNCell(3))"),
    *("RNN([GRUCell(3), GRUCell(2)])", "ConvLSTM1D(3, 2)", "Dense(3)"),
    *("Bidirectional(LSTM(3))", "Bidirectional(GRU(3, reset_after=False))"),
    "Bidirectional(LSTM(3), backward_layer=LSTM(3, go_backwards=True, unroll=True))",
]


@pytest.mark.keras
@pytest.mark.parametrize("text", KERNELS)
def test_the_fast_kernel_is_allowed_where_keras_allows_it(text: str) -> None:
    from rnnshape.measuring.keras_model import build
    from tests.corpus.run_by_keras import cudnn

    report = inspect(text)
    allowed = report.layers[0].facts
    assert allowed is not None
    assert allowed.cudnn == cudnn(build(report.layers[0].call))
    notes = [note.text for note in report.notes]
    assert any("can't use the fast cuDNN kernel" in one for one in notes) == (
        allowed.cudnn is False
    )


@pytest.mark.parametrize(
    ("text", "cudnn"),
    [
        ("LSTM(3, activation=act)", None),
        ("GRU(3, recurrent_dropout=p)", None),
        ("Bidirectional(LSTM(3, recurrent_activation=act))", None),
        ("LSTM(3, activation=act, unroll=True)", False),
        ("LSTM(3, dropout=p)", True),
    ],
)
def test_whether_the_fast_kernel_is_allowed_may_be_open(text: str, cudnn: bool | None) -> None:
    assert inspect(text).to_dict()["layers"][0]["cudnn"] is cudnn


EMBEDDED = "Embedding(9, 4, mask_zero=True)"
SEQUENCES = "LSTM(8, return_sequences=True)"
BOTH = "return_sequences=True, return_state=True"
FROZEN = "Sequential([Input((5, 2)), TimeDistributed(Dense(3)), Bidirectional(GRU(3))]); m"


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        (f"{SEQUENCES} -> MultiHeadAttention(2, 4)", ["self-attention", "(2, 5, 8)"]),
        (f"{SEQUENCES} -> Attention() -> AdditiveAttention()", ["self-attention"]),
        ("GroupQueryAttention(2, 2, 1)", ["layer(inputs, inputs)", "self-attention"]),
        (f"{EMBEDDED} -> Dropout(0.2) -> LSTM(3)", ["mask from here", "LSTM(3)  lstm  mask ✓"]),
        (f"{EMBEDDED} -> Conv1D(4, 2) -> LSTM(3)", ["mask lost here", "LSTM (layer 3) takes padd"]),
        (f"{EMBEDDED} -> Conv1D(4, 2) -> Attention()", ["Attention (layer 3) takes padding"]),
        (f"{EMBEDDED} -> GlobalMaxPooling1D()", ["mask lost here", "takes no mask"]),
        (f"{EMBEDDED} -> GlobalAveragePooling1D()", ["global_average_pooling1d  mask ✓"]),
        (f"{EMBEDDED} -> {SEQUENCES} -> Dense(1)", ["Dense(1)  dense  mask ✓"]),
        ("LSTM(3, stateful=True)", ["sample i", "here 2", "layer.reset_state()"]),
        ("LSTM(3, activation='relu')", ["activation='relu': this layer can't use the fast cuDNN"]),
        ("RNN(LSTMCell(3))", ["RNN of a cell: this layer can't use the fast cuDNN"]),
        (f"{SEQUENCES} -> TimeDistributed(Dense(1))", ["Dense(1) alone does the same"]),
        (f"{SEQUENCES} -> LSTM(4)", ["lstm_1", "o →", "→ what the model returns"]),
        ("LSTM(8) -> Dense(1)", ["in total 329* (1.29 KB)"]),
        ("LSTM(8, trainable=False) -> Dense(1)", ["9 trainable (36.00 B), 320 non-trainable"]),
        ("LSTM(8) -> BatchNormalization()", ["16 non-trainable (64.00 B)"]),
        ("LSTM(8, dtype='float16') -> Dense(1)", ["in total 329* (676.00 B)"]),
        ("RNN(LSTMCell(8, trainable=False)) -> Dense(1)", ["9 trainable (36.00 B), 320 non-trai"]),
        ("RNN(LSTMCell(8), trainable=False) -> Dense(1)", ["in total 329* (1.29 KB)"]),
        (f"m = {FROZEN}.trainable = False; m.layers[1].trainable = True", [": 0 trainable"]),
        (f"m = {FROZEN}.layers[0].layer.trainable = False", [": 144 trainable (576.00 B)"]),
        (f"Bidirectional(ConvLSTM1D(3, 2, {BOTH}))", ["where U is filters"]),
        ("Dropout(0.5) -> Conv2D(3, 2)", ["(batch, rows, columns, channels)"]),
    ],
)
def test_the_screen_alone_answers(question: str, answers: list[str]) -> None:
    screen = " ".join(command(question, "--dry-run", variables={"COLUMNS": "100"}).out.split("\n"))
    for answer in answers:
        assert answer in screen


LAYERS = "a = Input((5, 3)); x, h, c = LSTM(3, return_state=True)(a); q = Dense(2)(x)"


@pytest.mark.parametrize(
    ("returned", "marks"),
    [
        ("[x, q]", ["x →", "q →"]),
        ("[q, x]", ["q → 1", "x → 2"]),
        ("[q, h, a]", ["a → 3", "h → 2", "q → 1", "returns, in this order"]),
        ("[x, q, x]", ["x → 1, 3", "q → 2"]),
        ("[h, h]", ["h → 1, 2"]),
        ("q", ["q →"]),
    ],
)
def test_what_a_model_returns_in_another_order_than_its_layers_make_it_has_numbers(
    returned: str, marks: list[str]
) -> None:
    screen = command(f"{LAYERS}; m = Model(a, {returned})", "-n").out
    found = re.findall(r"(\w) (→(?: [\d, ]*\d)?) ", screen)
    expected = {mark for mark in marks if "→" in mark}
    assert {f"{name} {mark}" for name, mark in found} == expected
    assert ("in this order" in screen) is any(mark[-1].isdigit() for mark in expected)


FOLLOW = [
    *("Dense(2) -> LSTM(3)", "Softmax()", "Masking() -> LSTM(3)", f"{SEQUENCES} -> Dense(1)"),
    *("Conv1D(3, 2) -> LSTM(2)", "Dropout(0.1) -> GlobalAveragePooling1D()"),
    *("Flatten()", "RNN([LSTMCell(3)])", "Bidirectional(GRU(3))", "BatchNormalization()"),
]


@pytest.mark.parametrize("rest", FOLLOW)
def test_after_an_unread_layer_a_mask_is_what_it_is_with_one_and_without(rest: str) -> None:
    def masks(*before: str) -> list[list[bool | None]]:
        layers = ", ".join([*before, *rest.split(" -> ")])
        try:
            described = describe(read(f"from own import Own\nSequential([{layers}])").networks[0])
        except QueryError:  # refused where a mask comes
            return []
        found = [layer.mask or Mask(False, False) for layer in described.layers]
        return [[mask.arrives, mask.leaves] for mask in found[len(before) :]]

    own, masked, plain = masks(EMBEDDED, "Own(3)"), masks(EMBEDDED), masks("Embedding(9, 4)")
    assert own == [
        [one if one == other else None for one, other in zip(*pair, strict=True)]
        for pair in zip(masked or plain, plain, strict=True)
    ]


@pytest.mark.process
def test_what_is_not_known_of_a_mask_is_on_the_screen() -> None:
    code = f"from own import Own\nSequential([{EMBEDDED}, Own(3), LSTM(3)])"
    assert "lstm  mask ?" in command(code, "--dry-run", variables={"COLUMNS": "100"}).out


def test_no_false_alarm_where_the_timesteps_are_others() -> None:
    said = command(f"{EMBEDDED} -> Flatten() -> RepeatVector(3) -> LSTM(2)", "--dry-run").out
    assert "mask lost here" in said
    assert "padding" not in said


def test_notes_are_three_at_most_and_the_most_surprising_comes_first() -> None:
    question = (
        f"{EMBEDDED} -> Conv1D(4, 2) -> Bidirectional(GRU(3, return_state=True, unroll=True))"
    )
    notes = inspect(question).notes
    assert len(notes) > 3
    assert "the mask is lost here" in notes[0].text
    screen = command(question, "--dry-run").out
    assert screen.count("note: ") == 4
    assert f"note: {len(notes) - 3} more with --json" in screen
    assert len(json_lines(command(question, "--dry-run", "--json").out)[0]["notes"]) == len(notes)


@pytest.mark.parametrize("columns", [60, 80])
def test_a_table_has_two_lines_a_layer_and_one_for_the_sum(columns: int) -> None:
    layers = ["LSTM(8, return_sequences=True)", "Dropout(0.2)", "Dense(4, activation='relu')"] * 8
    screen = command(" -> ".join(layers), "-n", variables={"COLUMNS": str(columns)}).out
    table = screen.partition("\n\n")[0].splitlines()
    assert len(table) == 3 + 1 + 2 * len(layers) + 1


@pytest.mark.process
def test_masks_that_attention_takes_away() -> None:
    """In Keras, `MultiHeadAttention` takes the mask off the tensor that goes around it, too."""
    code = """
import keras
from keras import layers
i = keras.Input((8,), dtype="int32")
x = layers.Embedding(9, 4, mask_zero=True)(i)
a = layers.MultiHeadAttention(2, 3)(x, x)
x = layers.Add()([x, a])
x = layers.MultiHeadAttention(2, 3)(x, x)
model = keras.Model(i, x)
"""
    [report] = inspect_all(code)
    masks = [layer.mask and layer.mask[:2] for layer in report.layers]
    assert masks == [(False, True), (True, True), (True, False), None]
    assert "MultiHeadAttention has taken it off an input" in report.notes[0].text
