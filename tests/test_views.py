"""What every view shows, at several widths. The screens are in `tests/golden`; set
`RNNSHAPE_UPDATE=1` to rewrite them, and look at the difference."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import pytest
from rich.cells import cell_len

from rnnshape import inspect
from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.formats.layout import laid_out
from rnnshape.measuring.messages import Array
from rnnshape.network import Input, Network, Question, Ref, Step
from rnnshape.query import Format, Query
from rnnshape.reading import parse, read
from rnnshape.reading.saved_model import read_config
from rnnshape.rules.facts import Axis
from rnnshape.shown import Report
from rnnshape.views.blocks import Lines
from rnnshape.views.page import Page
from rnnshape.views.text import LOOKS, NO_BREAK, Style, in_picture, pieces, styled, with_blanks
from tests.conftest import command
from tests.reports import answer, asked, compared, given_states, measured, seq2seq, shared

GOLDEN = Path(__file__).parent / "golden"

BI_LSTM = "Bidirectional(LSTM(3, return_state=True))"
BI_LSTM_SEQUENCES = "Bidirectional(LSTM(3, return_sequences=True, return_state=True))"
BI_STACK = "Bidirectional(RNN([LSTMCell(3), LSTMCell(4)], return_state=True))"
MIXED_STACK = "RNN([GRUCell(3), LSTMCell(4)], return_sequences=True, return_state=True)"
MODEL = (
    "Embedding(1000, 64)",
    "Bidirectional(LSTM(64, return_sequences=True, dropout=0.2))",
    "Dropout(0.5)",
    "LSTM(32, return_state=False, kernel_initializer='he_normal', recurrent_dropout=0.25)",
    "Dense(1, activation='sigmoid')",
)
UNKNOWN = ("LSTM(3, return_sequences=True)", "AutoContrast()", "Dense(2)")


TWELVE = ("LSTM(2)", *["Dense(1)"] * 11)


def named(report: Report, name: str) -> Report:
    question = report.question
    return Report(replace(question, network=replace(question.network, name=name)))


class Shown(NamedTuple):
    """What is asked, and in which views it is shown."""

    query: Query
    reports: list[Report]

    def text(self, columns: int, *, form: Format = Format.TABLE, **more: Any) -> str:
        views = self.query.views
        return answer(self.reports, views, columns=columns, form=form, query=self.query, **more)


@dataclass(frozen=True)
class Screen:
    """An answer, or several under each other, in some views."""

    make: Callable[[], Report | Sequence[Report]]
    views: tuple[str, ...] = ()

    @cached_property
    def answers(self) -> list[Shown]:
        made = self.make()
        reports = [made] if isinstance(made, Report) else list(made)
        return [Shown(Query(views=frozenset(self.views)), reports)]

    def text(self, columns: int, **more: Any) -> str:
        return "\n\n".join(one.text(columns, **more) for one in self.answers)


@dataclass(frozen=True)
class Comparison(Screen):
    """A comparison: some of its rows by the rule, then all of them measured."""

    make: Callable[[], tuple[Query, list[Report]]]  # type: ignore[assignment]

    @cached_property
    def answers(self) -> list[Shown]:
        query, reports = self.make()
        query = query._replace(views=frozenset(self.views))
        return [Shown(query, reports[:3]), Shown(query, list(map(measured, reports)))]


SCREENS: dict[str, Screen] = {
    "one-layer-by-the-rule": Screen(lambda: asked(BI_LSTM)),
    "one-layer-measured": Screen(lambda: measured(asked("GRU(64, return_state=True)", batch=32))),
    "stacked-cells": Screen(lambda: measured(asked(BI_STACK))),
    "several-layers": Screen(lambda: asked(*MODEL, batch=32, timesteps=100)),
    "several-layers-with-states": Screen(
        lambda: measured(asked("GRU(4, return_sequences=True)", BI_LSTM))
    ),
    "notes-before": Screen(
        lambda: asked("GRU(4)", "Dense(1)", notes=("layer 1 got return_sequences=True",))
    ),
    "functional": Screen(lambda: measured(seq2seq())),
    "shared-layer": Screen(lambda: measured(shared())),
    "without-rule": Screen(lambda: asked(*UNKNOWN)),
    "without-rule-measured": Screen(
        lambda: measured(
            asked(*UNKNOWN), shapes={(2, 0): (2, 5, 3), (3, 0): (2, 5, 2)}, weights=((3,), (2, 1))
        ),
        ("weights",),
    ),
    "disagreement": Screen(lambda: measured(asked(BI_LSTM), shapes={(1, 0): (2, 7)}, holds=False)),
    "several-questions": Screen(
        lambda: [
            measured(asked(one)) for one in (BI_LSTM, "SimpleRNN(3, return_state=True)", "LSTM(3)")
        ]
    ),
    "weights-of-one-layer": Screen(
        lambda: measured(asked("Bidirectional(GRU(64))", features=16)), ("weights",)
    ),
    "weights-of-several": Screen(lambda: measured(asked(*MODEL, features=16)), ("weights",)),
    "weights-of-kinds": Screen(
        lambda: asked("ConvLSTM2D(8, (3, 3), return_sequences=True)", "BatchNormalization()"),
        ("weights",),
    ),
    "weights-of-stacked-cells": Screen(
        lambda: asked("Bidirectional(RNN([GRUCell(3), LSTMCell(4)]))"), ("weights",)
    ),
    "weights-of-shared-layer": Screen(lambda: measured(shared()), ("weights",)),
    "values": Screen(lambda: measured(asked(BI_LSTM_SEQUENCES), values=True), ("values",)),
    "values-long": Screen(
        lambda: measured(
            asked("LSTM(64, return_sequences=True)", "Dense(2)", timesteps=100, features=12),
            values=True,
        ),
        ("values",),
    ),
    "values-of-questions": Screen(
        lambda: [measured(asked(one), values=True) for one in ("GRU(2)", "GRU(1)")], ("values",)
    ),
    "code": Screen(lambda: seq2seq(), ("code",)),
    "diagram": Screen(lambda: measured(asked(BI_LSTM)), ("diagram",)),
    "diagram-sequences": Screen(lambda: asked(BI_LSTM_SEQUENCES), ("diagram",)),
    "diagram-one-direction": Screen(
        lambda: asked("GRU(3, return_sequences=True, return_state=True)", timesteps=100),
        ("diagram",),
    ),
    "diagram-last-output": Screen(lambda: asked("LSTM(3)"), ("diagram",)),
    "diagram-go-backwards": Screen(
        lambda: asked("SimpleRNN(3, return_sequences=True, return_state=True, go_backwards=True)"),
        ("diagram",),
    ),
    "diagram-go-backwards-last": Screen(
        lambda: asked("LSTM(3, return_state=True, go_backwards=True)"), ("diagram",)
    ),
    "diagram-of-convolutions": Screen(
        lambda: asked("ConvLSTM2D(4, 3, return_sequences=True, return_state=True)"), ("diagram",)
    ),
    "diagram-without-time": Screen(lambda: asked("Dense(2)", "Dropout(0.5)"), ("diagram",)),
    "diagram-without-rule": Screen(lambda: asked(*UNKNOWN), ("diagram",)),
    "diagram-of-twelve": Screen(lambda: asked(*TWELVE), ("diagram",)),
    "unnamed-network": Screen(lambda: named(shared(), "")),
    "diagram-given-states": Screen(lambda: given_states(), ("diagram",)),
    "diagram-merged": Screen(
        lambda: asked(
            "Bidirectional(LSTM(3, return_sequences=True, return_state=True), merge_mode='sum')",
            timesteps=3,
        ),
        ("diagram",),
    ),
    "diagram-merged-last": Screen(
        lambda: asked("Bidirectional(GRU(3, return_state=True), merge_mode='ave')", timesteps=3),
        ("diagram",),
    ),
    "diagram-not-merged": Screen(
        lambda: asked("Bidirectional(LSTM(3, return_state=True), merge_mode=None)"), ("diagram",)
    ),
    "diagram-not-merged-sequences": Screen(
        lambda: asked(
            "Bidirectional(LSTM(3, return_sequences=True, return_state=True), merge_mode=None)"
        ),
        ("diagram",),
    ),
    "diagram-one-timestep": Screen(lambda: asked(BI_LSTM, timesteps=1), ("diagram",)),
    "diagram-stacked-cells": Screen(lambda: asked(MIXED_STACK), ("diagram",)),
    "diagram-stacked-both": Screen(lambda: asked(BI_STACK), ("diagram",)),
    "diagram-turned-round": Screen(
        lambda: asked(
            "Bidirectional(LSTM(3, return_state=True, go_backwards=True), "
            "backward_layer=LSTM(3, return_state=True))"
        ),
        ("diagram",),
    ),
    "diagram-of-several": Screen(lambda: asked(*MODEL), ("diagram",)),
    "diagram-functional": Screen(lambda: seq2seq(), ("diagram",)),
    "everything": Screen(
        lambda: measured(asked("GRU(3, return_state=True)", timesteps=2), values=True),
        (
            "weights",
            "diagram",
            "code",
            "values",
        ),
    ),
    "compare": Comparison(lambda: compared("LSTM", "GRU")),
    "compare-weights": Comparison(lambda: compared("SimpleRNN", "LSTM"), ("weights",)),
    "compare-held": Comparison(
        lambda: compared("LSTM", return_state=True, bidirectional=True, merge_mode="sum")
    ),
    "compare-stacks": Comparison(
        lambda: compared("GRU", units=(4, 2), return_sequences=False), ("weights",)
    ),
    "compare-views": Comparison(
        lambda: compared("GRU", return_state=False, return_sequences=False), ("code", "diagram")
    ),
}


# Each line of these stands in another that is kept.
SHOWN_BY_OTHERS = {
    "diagram-sequences",
    "everything",
    "functional",
    "one-layer-by-the-rule",
    "shared-layer",
    "unnamed-network",
    "without-rule",
}
# Kept with their styles, in which all that is shown stands, too.
STYLED = (
    "compare-weights",
    "diagram-functional",
    "diagram-not-merged-sequences",
    "disagreement",
    "everything",
    "weights-of-several",
    "without-rule-measured",
)
# The screens that are kept whole, to be looked at: each at 80 columns, and some at other widths and
# in ASCII (at 70 columns). What holds for all, `test_screens.py` tests.
KEPT: dict[str, Sequence[str]] = {
    "80": tuple(name for name in SCREENS if name not in {*SHOWN_BY_OTHERS, *STYLED}),
    "20": ("several-layers",),
    "30": ("one-layer-by-the-rule", "weights-of-one-layer"),
    "60": ("compare-weights", "functional", "several-layers"),
    "120": ("several-layers", "weights-of-several"),
    "ascii": ("compare-held", "everything"),
    "styles": STYLED,
}


def check(path: Path, text: str) -> None:
    """Compares a text with the one that was looked at and kept."""
    if os.environ.get("RNNSHAPE_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for kind, names in KEPT.items() for name in names]
)
def test_screens_are_as_they_were(name: str, kind: str) -> None:
    screen = SCREENS[name]
    if kind == "styles":
        text = screen.text(80, FORCE_COLOR="1").replace("\x1b[", "^[")
    elif kind == "ascii":
        text = screen.text(70, unicode=False)
    else:
        text = screen.text(int(kind))
    check(GOLDEN / f"{name}-{kind}.txt", text)


@pytest.mark.parametrize("columns", [20, 26, 40, 60, 80, 120])
@pytest.mark.parametrize("layer", [BI_LSTM, BI_LSTM_SEQUENCES, "GRU(100, return_state=True)"])
def test_no_name_or_shape_is_ever_broken(columns: int, layer: str) -> None:
    report = asked(layer)
    lines = answer(report, ["weights"], columns=columns).splitlines()
    for output in report.outputs:
        assert any(line.startswith(output.name) and str(output.shape) in line for line in lines)
    for weight in report.layers[0].weights:
        assert any(str(weight.shape) in line for line in lines)


@pytest.mark.parametrize("columns", range(20, 62, 3))
@pytest.mark.parametrize("timesteps", [1, 2, 5])
def test_a_page_that_is_too_narrow_for_a_diagram_is_told(columns: int, timesteps: int) -> None:
    text = answer(asked("GRU(3)", timesteps=timesteps), ["diagram"], columns=columns)
    assert ("the diagram needs" in text) != ("t = 0" in text)
    assert max(map(len, text.splitlines())) <= columns


def test_where_no_timestep_is_left_there_is_no_diagram() -> None:
    [question] = read("x = Input((5, 3)); y = LSTM(3)(x[:, 5:])").questions
    assert "layer 2: LSTM(3)  y (2, 3)\n" in answer(Report(question), ["diagram"])


def test_how_wide_a_diagram_must_be_is_said() -> None:
    text = answer(asked("GRU(3)"), ["diagram"], columns=30)
    assert "\n(the diagram needs 31 columns)\n" in text
    assert "inputs above" not in text


def test_a_long_name_stands_at_the_right_where_there_is_no_room_at_the_left() -> None:
    layer = parse("Bidirectional(GRU(3))")
    name = "a_name_that_is_rather_long"
    step = Step(layer, (Ref(0),), names=(name,))
    report = Report(Question(Network((Input((2, 2, 1)),), (step,), name="code.py")))
    assert f"│ :U│ U: │ {name}\n" in answer(report, ["diagram"])


@pytest.mark.parametrize("columns", range(45, 100, 5))
def test_the_parameters_of_a_comparison_are_always_named(columns: int) -> None:
    query, reports = compared("LSTM")
    text = answer(reports, ["weights"], columns=columns, query=query)
    assert text.count("parameters") in (1, 8)  # a column's heading, or each layer's own
    assert max(map(len, text.splitlines())) <= columns


@pytest.mark.slow
def test_a_thousand_layers_take_as_many_lines() -> None:
    """Each is written once, in the table and in the sum of the parameters."""
    report = asked(*["GRU(2, return_sequences=True)"] * 1000)
    text = answer(report, columns=120)
    assert text.count("GRU(2, return_sequences=True)") == 1000
    assert len(text.splitlines()) < 1010


@pytest.mark.parametrize("before", ["x", "Dense(3)(x)"])
@pytest.mark.slow
def test_a_layer_may_be_one_of_very_many_that_are_given_the_same(before: str) -> None:
    text = f"x = Input((3,))\nh = {before}\nm = Model(x, [Dense(2)(h) for _ in range(1_500)])"
    report = Report(read(text).questions[0])
    began = process_time()
    lines = answer(report).splitlines()
    assert process_time() - began < 5  # it took 14 seconds
    assert len(lines) > 1_500


def test_what_agrees_adds_up_to_the_parameters() -> None:
    """The numbers of every formula, reckoned."""
    for layer in ("LSTM(64)", "Bidirectional(GRU(7))", BI_STACK, MIXED_STACK, "ConvLSTM2D(8, 3)"):
        report = asked(layer)
        text = answer(report, ["weights"], columns=400)
        [line] = [one for one in text.splitlines() if one.count(" = ") == 2]
        _, numbers, total = line.split(" = ")
        assert eval(numbers.replace("·", "*")) == int(total.replace(",", ""))
        assert int(total.replace(",", "")) == report.parameters


# The values


@pytest.mark.parametrize(
    ("scale", "rows"),
    [
        (1, ["[[ 0.5600  0.9300]", "[-0.6900 -0.3200]]"]),
        (0, ["[[ 0.0000  0.0000]", "[-0.0000 -0.0000]]"]),
        (0.1, ["[[ 0.05600  0.09300]", "[-0.06900 -0.03200]]"]),
        (1e-3, ["[[ 0.0005600  0.0009300]", "[-0.0006900 -0.0003200]]"]),
        (10, ["[[ 5.6000  9.3000]", "[-6.9000 -3.2000]]"]),
        (1e6, ["[[ 560000.0000  930000.0000]", "[-690000.0000 -320000.0000]]"]),
    ],
)
def test_all_numbers_have_as_many_decimals(scale: float, rows: list[str]) -> None:
    """As many as the array with the smallest numbers needs; the inputs are always around 1."""
    text = answer(measured(asked("GRU(2)"), values=True, scale=scale), ["values"])
    numbers = [line.strip() for line in text.splitlines() if line.strip().startswith("[")]
    assert numbers[-2:] == rows
    assert len({len(digits) for row in numbers for digits in re.findall(r"\.(\d+)", row)}) == 1


def test_large_numbers_have_fewer_decimals() -> None:
    report = measured(asked("GRU(2)"), values=True, scale=1000)
    assert report.measurement is not None
    [layer] = report.measurement.layers
    forged = replace(report, measurement=replace(report.measurement, inputs=layer.outputs))
    text = answer(forged, ["values"])
    assert text.count("[[ 560.00  930.00]\n [-690.00 -320.00]]\n") == 2


def test_whole_numbers_and_texts_are_shown_as_they_are() -> None:
    report = measured(asked("Embedding(1000, 1)", timesteps=2), values=True)
    assert report.measurement is not None
    whole = Array((2, 2), "int32", np.array([[7, 999], [0, -5]]))
    texts = Array((2, 2), "string", np.array([["a", "b c"], ["", "d"]]))
    for given, lines in (
        (whole, ["[[  7 999]", " [  0  -5]]"]),
        (texts, ["[['a' 'b c']", " ['' 'd']]"]),
    ):
        forged = replace(report, measurement=replace(report.measurement, inputs=(given,)))
        rows = answer(forged, ["values"]).splitlines()
        [_, first] = [at for at, row in enumerate(rows) if row.startswith("inputs (2, 2)")]
        assert rows[first + 1 : first + 3] == lines


def test_of_many_numbers_those_at_the_ends_are_shown() -> None:
    report = measured(asked("GRU(2, return_sequences=True)", batch=20, timesteps=30), values=True)
    text = answer(report, ["values"])
    assert len(text.splitlines()) < 130
    assert text.count("\n ...\n") == 2


def test_what_is_no_number_is_shown_and_spoils_no_other() -> None:
    report = measured(asked("GRU(2)", batch=1, timesteps=1), values=True)
    assert report.measurement is not None
    broken = Array((1, 1, 1), "float32", np.array([[[np.nan]]]))
    forged = replace(report, measurement=replace(report.measurement, inputs=(broken,)))
    text = answer(forged, ["values"])
    assert "[[[nan]]]" in text
    assert "[[0.5600 0.9300]]" in text


# Styles and pages


def test_every_style_has_looks_everywhere() -> None:
    from rnnshape.formats.html import STYLES

    assert LOOKS.keys() == set(Style)
    for style, look in LOOKS.items():
        assert style is Style.PLAIN or (look and in_picture(style))
        assert style is Style.PLAIN or f".rnnshape .{style}" in STYLES


def test_a_page_is_eighty_columns_wide_and_holds_any_table_that_it_may_fold() -> None:
    assert Page() == Page(80, unicode=True, folds=False)
    assert (Page().fits(80), Page().fits(81), Page(folds=True).fits(10**9)) == (True, False, True)
    assert [Page().axes(axes) for axes in ((), (Axis("units", 3),))] == ["", "(units,)"]
    assert Page().shape(None) == "?"
    assert Page().number(None).plain == "?"


# Text


def test_lines_are_broken_at_blanks_and_go_on_further_right() -> None:
    text = styled(("one two ", Style.NAME), f"three{NO_BREAK}four five")
    [first, *others] = laid_out([Lines((text,), indent=2)], Page(12))
    assert [line.plain for line in (first, *others)] == ["one two", "  three four", "  five"]
    assert [*pieces(first)][:2] == [("", Style.PLAIN), ("one two", Style.NAME)]
    assert [line.plain for line in laid_out([Lines((text,), indent=2)], Page(40))] == [
        with_blanks(text).plain
    ]


def test_a_word_that_is_too_long_is_cut() -> None:
    lines = laid_out([Lines((styled("abcdefgh"),))], Page(4))
    assert [line.plain for line in lines] == ["abcd", "efgh"]


def test_wide_characters_keep_columns_apart() -> None:
    text = answer(asked("LSTM(3, name='編碼')", "Dense(1)"), columns=120)
    rows = [line for line in text.splitlines() if "(batch" in line]
    assert len({cell_len(row[: row.index("(batch")]) for row in rows}) == 1


@pytest.mark.parametrize("form", list(Format))
def test_what_is_not_printable_never_reaches_the_terminal(form: Format) -> None:
    text = answer(asked(r"LSTM(3, name='a\x1b[31mb\u202ec')"), ["code"], form=form)
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("form", list(Format))
def test_what_others_call_a_model_is_no_line_of_ours(form: Format) -> None:
    name = "m\nimport os\n\x1b[2J"
    text = (
        f"i = Input((5, 2)); a = LSTM(3)(i); n = Model(i, Add()([a, a]), name={name!r})\n"
        f"f = Input((4, 5, 2)); Model(f, TimeDistributed(n)(f), name={name!r})"
    )
    told = answer([Report(question) for question in read(text).questions], ["code"], form=form)
    assert "\x1b" not in told
    assert "\nimport os" not in told


@pytest.mark.parametrize("form", list(Format))
def test_what_others_call_their_data_is_no_line_of_ours(form: Format) -> None:
    name = "n\n\n<img src=x>\n\x1b[2J"
    text = (
        f"N = {name!r}; i = Input((5, 2), name=N); o = LSTM(3, name=N + 'o')(i)\n"
        "m = Model(i, {N: o}); m.compile(loss='mse', metrics=[N])\n"
        "m.fit({N: np.zeros((8, 6, 2))}, {N: np.zeros((9, 4))})"
    )
    [report] = map(Report, read(f"import numpy as np\n{text}").questions)
    assert len(report.problems) == 5
    told = [answer([report], form=form), *report.names]
    told += [f"{one.message} {one.remedies[:1]} {one.name} {one.tensor}" for one in report.problems]
    for one in told:
        assert "\x1b" not in one
        assert "\n<img" not in one


def test_a_class_of_a_saved_model_is_no_code_of_a_program() -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 5], "name": "i"}},
        {"class_name": "__import__('os').system('true') or F", "config": {"name": "f"}},
    ]
    model = {"class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    [question] = read_config(json.dumps(model), "a.json").questions
    assert "__import__(" not in Report(question).code


@pytest.mark.parametrize(
    ("outputs", "marked"),
    [("[o, h, c]", ""), ("[h, c]", "hc"), ("o", "o"), ("[x, o]", "xo"), ("[c, o, h]", "")],
)
def test_what_a_model_of_one_layer_returns_is_marked_where_it_is_not_all(
    outputs: str, marked: str
) -> None:
    text = "x = Input((5, 3)); o, h, c = LSTM(4, return_state=True)(x); m = Model(x, "
    [question] = read(f"{text}{outputs})").questions
    shown = answer([Report(question)])
    assert [name for name in "xohc" if re.search(rf"^ *\S* *{name} →", shown, re.M)] == [
        *("ohc" if outputs == "[c, o, h]" else marked)
    ]


def test_a_comparison_tells_what_does_not_fit() -> None:
    finished = command("lstm", "--compare", "-n", "--x", "10,5,3", "--y", "10,7", "--loss", "mse")
    assert finished.code == 2
    assert "y (10, 7) does not fit the output" in finished.out


def test_data_without_any_timestep_is_not_compared() -> None:
    report = inspect("LSTM(4)", input=(10, 5, 3), target=(10, 4), loss="mse")
    [call] = report.question.calls
    empty = replace(call, x=(replace(call.x[0], shape=(10, 0, 3)),))
    told = answer([Report(replace(report.question, calls=(empty,)))])
    assert "X (10, 0, 3) ·" in told
    assert "X is empty" in told


def test_a_model_that_is_called_with_nothing_has_a_program() -> None:
    [question] = read("x = Input((5, 2))\nModel(x, Sequential([unknown(3)])([]))").questions
    assert Report(question).code.endswith("model = Model([], o)\n")


def test_of_the_calls_of_a_loop_each_has_its_own_faults() -> None:
    text = (
        "import numpy as np\nm = Sequential([Input((3,)), Dense(1)])\nm.compile('adam', 'mse')\n"
        "for n in (2, 3, 4): m.fit(np.zeros((5, n)), np.zeros(5))"
    )
    told = answer([Report(question) for question in read(text).questions])
    assert told.count("does not fit") == told.count("✗ expected (5, 3)") == 2
    assert "np.zeros((5, n)) (5, 3) ✓" in told


FITTED = """
import numpy as np
m = Sequential([Input((5,)), Dense(1)])
m.compile('adam', 'mse')
X, y = np.zeros((20, 5)), np.zeros((20, 1))
"""


NOT_COMPARED = (Path(__file__).parent / "tables" / "not_compared.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", NOT_COMPARED.strip().split("\n\n"))
def test_what_is_not_compared_says_why(block: str) -> None:
    code, _, why = block.partition("\n=>")
    why = why.strip()
    told = answer([Report(question) for question in read(FITTED + code).questions], columns=120)
    assert (" not compared: " in told) == bool(why)
    assert why in told
    for name in re.findall(r"--let '?(.*?)=", told):
        assert read(FITTED + code, {name: (20, 5)}).names_used == (name,)


def test_whole_numbers_are_not_ticked_where_nobody_knows_how_many_rows_they_choose_from() -> None:
    text = (
        "words = len(load())\nm = Sequential([Input((5,)), Embedding({}, 4), LSTM(2)])\n"
        "m.predict(np.random.randint(0, 90, (20, 5)))"
    )
    for rows, mark in (("words", "·"), ("90", "✓"), ("50", "✗")):
        reading = read("import numpy as np\n" + text.format(rows))
        told = answer([Report(question) for question in reading.questions], columns=120)
        assert f"(20, 5) {mark}" in told
        assert "not compared" not in told
    reading = read("import numpy as np\n" + text.format("words"), {"words": 90})
    assert "(20, 5) ✓" in answer([Report(question) for question in reading.questions])


def test_what_takes_data_of_no_known_shape_has_a_program() -> None:
    [question] = read("data = load()\no, h = GRU(3, return_state=True)(data)").questions
    assert "o, h = GRU(3, return_state=True)(data)" in Report(question).code


@pytest.mark.parametrize("text", ["m = Model(x, x * ops.ones(()))", "Dropout(0.3)(np.ones(()))"])
def test_a_number_that_goes_into_a_network_is_an_input_of_no_axes(text: str) -> None:
    [question] = read(f"x = Input((5, 2)); {text}").questions
    assert "= Input(batch_shape=())\n" in Report(question).code
    [again] = read(Report(question).expression).questions
    assert () in [one.shape for one in again.network.inputs]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Add()([x, ops.ones(())])", "takes tensors of one shape"),
        ("Flatten()(ops.sum(x))", "takes a batch, but is given"),
    ],
)
def test_a_layer_that_takes_no_number_says_so(text: str, said: str) -> None:
    [question] = read(f"x = Input((5, 2)); m = Model(x, {text})").questions
    with pytest.raises(QueryError, match=said):
        describe(question.network)


def test_a_tensor_of_the_name_of_an_input_is_another_variable() -> None:
    [question] = read("x = LSTM(32)(x)").questions
    assert Report(question).code.endswith("x_2 = LSTM(32)(x)\nmodel = Model(x, x_2)\n")


def test_every_kept_screen_is_still_made() -> None:
    made = {f"{name}-{kind}.txt" for kind, names in KEPT.items() for name in names}
    assert {path.name for path in GOLDEN.glob("*.txt")} == made
