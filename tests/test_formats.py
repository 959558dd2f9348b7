"""Each format, and the terminal, read back by parsers that others wrote."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from types import ModuleType
from typing import Any

import pyte
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

import rnnshape
from rnnshape.formats.html import STYLES, elements, fragment, html_page
from rnnshape.formats.json_lines import document
from rnnshape.query import Format, Query
from rnnshape.reading import parse
from rnnshape.shown import Report
from rnnshape.terminal.answer_writer import AnswerWriter
from rnnshape.terminal.environment import Environment, size
from rnnshape.terminal.output import write
from rnnshape.terminal.progress import text_of, waiting_line
from rnnshape.views import VIEWS, View, left_out
from rnnshape.views.blocks import Lines
from rnnshape.views.document import body, ending, report_blocks
from rnnshape.views.page import Page
from rnnshape.views.text import LOOKS, in_picture, styled
from tests.reports import Tty, answer, asked, measured, seq2seq
from tests.test_views import BI_LSTM, BI_STACK, GOLDEN, MODEL, SCREENS, UNKNOWN, check

SHAPES = {"o": [2, 6], "h1": [2, 3], "c1": [2, 3], "h2": [2, 3], "c2": [2, 3]}
DOCUMENTS = (
    "compare-held",
    "disagreement",
    "everything",
    "weights-of-several",
)
EVERY_VIEW = ("weights", "diagram", "code", "values")
BI_LSTM_AXES = ["batch", "timesteps", "features"]


def json_of(report: Report, *views: str) -> Any:
    text = answer(report, views, form=Format.JSON)
    assert text.count("\n") == 1

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def csv_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), strict=True))


# JSON


def test_json_is_what_the_contract_says() -> None:
    layer = json_of(measured(asked(BI_LSTM)))
    assert " ".join(layer) == (
        "model layer inputs assumed open layers outputs relations notes problems source versions"
    )
    assert layer["model"] is None
    assert layer["assumed"] == {"inputs": ["batch", "timesteps", "features"]}
    assert layer["open"] == layer["problems"] == []
    assert layer["layer"] == "Bidirectional(LSTM(3, return_state=True))"
    assert layer["inputs"] == [{"name": "inputs", "shape": [2, 5, 1], "axes": BI_LSTM_AXES}]
    assert layer["layers"] == [
        {
            "layer": 1,
            "name": "bidirectional",
            "expression": "Bidirectional(LSTM(3, return_state=True))",
            "class": "Bidirectional",
            "inputs": ["inputs"],
            "returns": ["o", "h1", "c1", "h2", "c2"],
            "parameters": 120,
            "within": [],
            "assumes": ["features"],
            "mask": None,
            "cudnn": True,
        }
    ]
    assert {one["name"]: one["shape"] for one in layer["outputs"]} == SHAPES
    assert layer["outputs"][0] == {
        "name": "o",
        "layer": 1,
        "shape": [2, 6],
        "axes": ["batch", "2*units"],
        "dtype": "float32",
        "meaning": "last output, forward and backward concatenated",
    }
    assert layer["relations"] == [{"claim": "o == concat(h1, h2)", "layer": 1, "holds": True}]
    assert layer["source"] == "predict"
    assert layer["versions"] == {
        "rnnshape": rnnshape.__version__,
        "keras": "3.15.1",
        "tensorflow": "2.21.0",
    }


def test_json_of_the_rule_alone_knows_no_dtype_and_no_verdict() -> None:
    layer = json_of(asked("GRU(3, return_state=True)", notes=("a word on the question",)))
    assert layer["source"] == "rule"
    assert {one["dtype"] for one in layer["outputs"]} == {None}
    assert layer["relations"] == [{"claim": "o == h", "layer": 1, "holds": None}]
    assert layer["notes"][0] == "a word on the question"
    assert len(layer["notes"]) > 1
    assert set(layer["versions"].values()) == {rnnshape.__version__, None}


@pytest.mark.parametrize("layers", [MODEL, (BI_STACK,), ("LSTM(2, name='a -> b')", "Dense(1)")])
def test_the_layer_of_json_can_be_asked_again(layers: Sequence[str]) -> None:
    report = asked(*layers)
    text = json_of(report)["layer"]
    if "'a -> b'" not in text:
        assert [str(parse(part)) for part in text.split(" -> ")] == [
            str(layer) for layer in report.question.network.layers
        ]


def test_nested_states_stay_nested_in_json() -> None:
    [layer] = json_of(asked(BI_STACK))["layers"]
    assert layer["returns"] == [
        "o",
        ["h1_1", "c1_1"],
        ["h1_2", "c1_2"],
        ["h2_1", "c2_1"],
        ["h2_2", "c2_2"],
    ]


def test_json_tells_what_each_layer_takes() -> None:
    layers = json_of(seq2seq())["layers"]
    taken = [one["inputs"] for one in layers]
    assert taken == [["source"], ["target", "state_h", "state_c"], ["decoded"]]


def test_every_view_that_has_a_place_in_json() -> None:
    report = measured(asked(BI_LSTM), values=True)
    layer = json_of(report, "weights", "code", "values", "diagram")
    assert layer["parameters"] == 120 == sum(one["parameters"] for one in layer["weights"])
    assert layer["weights"][1] == {
        "name": "forward_recurrent_kernel",
        "layer": 1,
        "shape": [3, 12],
        "axes": ["units", "4*units"],
        "parameters": 36,
    }
    assert layer["code"] == report.code
    assert report.measurement is not None
    assert layer["inputs"][0]["values"] == report.measurement.inputs[0].values
    for output, one in zip(layer["outputs"], report.outputs, strict=True):
        assert one.array is not None
        assert output["values"] == one.array.values


def test_values_are_null_where_they_were_not_asked_for_or_not_measured() -> None:
    assert json_of(measured(asked("GRU(2)")), "values")["inputs"][0]["values"] is None
    assert "values" not in json_of(asked("GRU(2)"), "values")["inputs"][0]


def test_differences_are_in_json() -> None:
    report = measured(asked(BI_LSTM), shapes={(1, 0): (2, 7)})
    layer = json_of(report)
    assert layer["outputs"][0]["shape"] == [2, 7]
    assert layer["differences"] == list(report.differences)


def test_what_only_keras_knows_is_null_in_json() -> None:
    layer = json_of(asked(*UNKNOWN), "weights")
    assert [one["shape"] for one in layer["outputs"]] == [[2, 5, 3], None, None]
    assert [one["axes"] for one in layer["outputs"]][1:] == [None, None]
    assert [one["parameters"] for one in layer["layers"]] == [60, None, None]
    assert layer["layers"][1]["returns"] is None
    assert layer["layers"][2]["inputs"] == [None]
    assert layer["parameters"] is None


def test_the_document_is_the_json() -> None:
    report = measured(asked(BI_LSTM), values=True)
    assert document(report, {"values"}) == json_of(report, "values")


# Plain and CSV


@pytest.mark.process
def test_plain_is_read_by_the_shell() -> None:
    script = 'while read name dims; do set -- $dims; echo "$name=$#:$2"; done'
    lines = answer(asked(BI_LSTM), form=Format.PLAIN)
    done = subprocess.run(
        ["sh", "-c", script], input=lines, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["o=2:6", "h1=2:3", "c1=2:3", "h2=2:3", "c2=2:3"]


def test_plain_heads_each_layer_where_there_are_several() -> None:
    assert answer(asked("GRU(4, return_sequences=True)", "Dense(2)"), form=Format.PLAIN) == (
        "# GRU(4, return_sequences=True), layer 1 of 2\no 2 5 4\n"
        "# Dense(2), layer 2 of 2\no 2 5 2\n"
    )
    assert answer([asked("LSTM(3)"), asked("GRU(3)")], form=Format.PLAIN) == (
        "# LSTM(3)\no 2 3\n# GRU(3)\no 2 3\n"
    )
    stream = answer(asked("GRU(3)"), form=Format.PLAIN, query=Query(reads_stdin=True))
    assert stream == "# GRU(3)\no 2 3\n"


def test_plain_has_weights_and_question_marks() -> None:
    assert answer(asked("GRU(3)"), ["weights"], form=Format.PLAIN).splitlines()[2:] == [
        "# GRU(3), weights",
        "kernel 1 9",
        "recurrent_kernel 3 9",
        "bias 2 9",
    ]
    assert "o ?\n" in answer(asked(*UNKNOWN), form=Format.PLAIN)


def test_csv_has_the_header_and_the_lines_of_the_contract() -> None:
    text = answer(measured(asked(BI_LSTM)), form=Format.CSV)
    assert text.splitlines()[0] == "question,layer,expression,output,shape,axes,dtype,source"
    rows = csv_of(text)
    assert {one["output"]: [int(size) for size in one["shape"].split("x")] for one in rows} == (
        SHAPES
    )
    assert rows[0] == {
        "question": "Bidirectional(LSTM(3, return_state=True))",
        "layer": "1",
        "expression": "Bidirectional(LSTM(3, return_state=True))",
        "output": "o",
        "shape": "2x6",
        "axes": "batch 2*units",
        "dtype": "float32",
        "source": "predict",
    }


def test_csv_of_several_layers_with_their_parameters() -> None:
    rows = csv_of(
        answer(asked("GRU(4, return_sequences=True)", "Dense(2)"), ["weights"], form=Format.CSV)
    )
    assert [(one["layer"], one["expression"], one["parameters"]) for one in rows] == [
        ("1", "GRU(4, return_sequences=True)", "84"),
        ("2", "Dense(2)", "10"),
    ]
    assert {one["question"] for one in rows} == {"GRU(4, return_sequences=True) -> Dense(2)"}
    assert [(one["dtype"], one["source"]) for one in rows] == [("", "rule")] * 2


def test_csv_leaves_empty_what_only_keras_knows() -> None:
    row = csv_of(answer(asked(*UNKNOWN), ["weights"], form=Format.CSV))[1]
    assert (row["shape"], row["axes"], row["parameters"]) == ("", "", "")


def test_the_header_of_a_stream_is_written_once() -> None:
    stream = io.StringIO()
    shown = AnswerWriter(
        Query(format=Format.CSV, reads_stdin=True), Environment(None, stream, None, {})
    )
    shown.finish([asked("GRU(3)")])
    first = stream.getvalue()
    shown.finish([asked("LSTM(3)")])
    assert first.count("\n") == 2
    assert [one["question"] for one in csv_of(stream.getvalue())] == ["GRU(3)", "LSTM(3)"]


# Markdown


def cells(text: str) -> list[list[str]]:
    """The cells of all tables of a Markdown document, a list per row, as a real parser has them."""
    rows: list[list[str]] = []
    tokens: list[Token] = MarkdownIt("commonmark").enable("table").parse(text)
    for token, inner in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            children = inner.children or []
            rows[-1].append("".join(one.content for one in children))
    return rows


def test_markdown_takes_names_as_they_are() -> None:
    name = "a|b`c*d<i>_e_``f"
    text = answer(asked(f"LSTM(3, name='{name}')", "Dense(1)"), form=Format.MARKDOWN)
    assert cells(text)[2][1] == f"LSTM(3, name='{name}')"
    [heading] = [
        two.children[0].content
        for one, two in pairwise(
            MarkdownIt().parse(answer(asked(f"LSTM(3, name='{name}')"), form=Format.MARKDOWN))
        )
        if one.type == "heading_open" and two.children
    ]
    assert heading == f"LSTM(3, name='{name}')"
    only = answer(asked("LSTM(3, name='`')"), form=Format.MARKDOWN).splitlines()[0]
    assert only == "### ``LSTM(3, name='`')``"


# HTML


class Tree(HTMLParser):
    """The cells of a page's tables, and whether every element that begins also ends."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.spans: list[int] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.spans.append(int(dict(attributes).get("colspan") or 1))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def test_html_escapes_names() -> None:
    for layers in (("LSTM(3, name='<script>&')",), ("LSTM(3, name='<script>&')", "Dense(1)")):
        text = fragment(report_blocks(asked(*layers), EVERY_VIEW, Page(folds=True)))
        assert "<script>" not in text
        assert "LSTM(3, name='<script>&')" in Tree(text).text


# Whole documents


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("suffix", ["md", "html"])
def test_documents_are_as_they_were(name: str, suffix: str) -> None:
    """`RNNSHAPE_UPDATE=1` rewrites them."""
    shown = SCREENS[name].answers[-1]
    if suffix == "md":
        text = shown.text(80, form=Format.MARKDOWN)
    else:
        page = Page(folds=True)
        text = elements(
            [*body(shown.query, shown.reports, page), *ending(shown.query, shown.reports, page)]
        )
        Tree(text)
    check(GOLDEN / f"{name}.{suffix}", f"{text.rstrip()}\n")


def test_a_page_brings_its_styles() -> None:
    text = html_page(report_blocks(asked("GRU(3)"), (), Page(folds=True)), "a <title>")
    check(GOLDEN / "page.html", text)


def test_every_kept_document_is_still_made() -> None:
    kept = {path.name for path in GOLDEN.iterdir() if path.suffix != ".txt"}
    made = {f"{name}.{suffix}" for name in DOCUMENTS for suffix in ("md", "html")}
    assert kept == made | {"page.html"}


# Which view has a place where


def test_every_view_is_in_the_table_and_in_markdown() -> None:
    every = {view.name for view in VIEWS}
    assert left_out(every, Format.TABLE) == left_out(every, Format.MARKDOWN) == []
    assert left_out(EVERY_VIEW, Format.JSON) == ["diagram"]
    assert left_out(EVERY_VIEW, Format.PLAIN) == ["diagram", "code", "values"]
    assert left_out(EVERY_VIEW, Format.CSV) == ["diagram", "code", "values"]


def test_a_view_is_a_module_and_a_line_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ranks(ModuleType):
        @staticmethod
        def blocks(report: Report, page: Page) -> Iterator[Lines]:
            yield Lines(
                tuple(styled(f"{one.name}: rank {len(one.axes)}") for one in report.outputs)
            )

        @staticmethod
        def fields(report: Report) -> dict[str, int]:
            return {one.name: len(one.axes) for one in report.outputs}

    view = View("ranks", "Count axes.", frozenset({Format.TABLE, Format.MARKDOWN, Format.JSON}))
    monkeypatch.setitem(sys.modules, "rnnshape.views.ranks", Ranks("ranks"))
    monkeypatch.setattr("rnnshape.views.VIEWS", (*VIEWS, view))
    for module in ("views.document", "formats.json_lines"):
        monkeypatch.setattr(f"rnnshape.{module}.VIEWS", (*VIEWS, view))
    report = asked("GRU(3, return_sequences=True)")
    assert "\no: rank 3\n" in answer(report, ["ranks"])
    assert "\n`o: rank 3`\n" in answer(report, ["ranks"], form=Format.MARKDOWN)
    assert json_of(report, "ranks")["o"] == 3
    assert left_out({"ranks"}, Format.CSV) == ["ranks"]


def test_no_format_for_programs_is_painted_early() -> None:
    for form in Format:
        stream = Tty()
        shown = AnswerWriter(Query(format=form), Environment(None, stream, None, {}))
        shown.begin([asked(BI_LSTM)])
        assert shown.begun is bool(stream.getvalue()) is (form is Format.TABLE)


def test_a_program_alone_is_for_a_pipe() -> None:
    report = asked("GRU(3)")
    query = Query(code_alone=True)
    assert answer(report, ["code"], query=query) == report.code
    two = answer([report, asked("LSTM(3)")], ["code"], query=query)
    assert two.startswith("# GRU(3)\nfrom keras")
    compile(two, "layers.py", "exec")


@pytest.mark.parametrize("form", [one for one in Format if one is not Format.TABLE])
def test_no_format_for_programs_is_coloured(form: Format) -> None:
    assert "\x1b" not in answer(asked(BI_LSTM), ["weights"], form=form, FORCE_COLOR="1")


# The terminal


def painted(text: str, width: int, lines: int) -> tuple[list[str], pyte.Screen]:
    screen = pyte.HistoryScreen(width, lines, history=1000)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    above = ["".join(row[x].data for x in range(width)) for row in screen.history.top]
    shown = [line.rstrip() for line in (*above, *screen.display)]
    while shown and not shown[-1]:
        shown.pop()
    return shown, screen


def begun(report: Report, query: Query, width: int, lines: int) -> tuple[AnswerWriter, Tty]:
    stream = Tty()
    variables = {"COLUMNS": str(width), "LINES": str(lines), "TERM": "xterm-256color"}
    shown = AnswerWriter(query, Environment(None, stream, Tty(), variables))
    shown.begin([report])
    assert shown.begun
    return shown, stream


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("lines", [12, 24, 60])
@pytest.mark.slow
@pytest.mark.parametrize("layers", [(BI_LSTM,), MODEL, UNKNOWN, ("GRU(3, return_state=True)",)])
def test_what_is_painted_turns_into_the_whole_answer(
    width: int, lines: int, layers: Sequence[str]
) -> None:
    report = asked(*layers)
    query = Query(views=frozenset({"values", "weights", "diagram"}))
    shown, stream = begun(report, query, width, lines)
    early, _ = painted(stream.getvalue(), width, lines)
    whole = measured(report, values=True)
    shown.finish([whole])
    late, screen = painted(stream.getvalue(), width, lines)
    expected = answer(whole, query.views, columns=width).splitlines()
    assert not screen.cursor.hidden
    assert "\x1b[?25l" not in stream.getvalue()
    assert not any("measured" in line for line in early)
    # What has left the screen can't be painted over: then the whole is written once more.
    assert late[-len(expected) :] == expected
    if len(early) < lines or layers[0] not in UNKNOWN:
        assert late == expected


@pytest.mark.parametrize("width", [60, 120])
def test_what_was_painted_says_so_when_no_measurement_comes(width: int) -> None:
    report = asked(BI_LSTM)
    shown, stream = begun(report, Query(), width, 40)
    shown.finish([report])
    late, _ = painted(stream.getvalue(), width, 40)
    assert late == answer(report, columns=width).splitlines()
    assert late[-1] == "· by the rule, not measured"


def test_what_was_painted_in_part_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal may come while it is painted: nothing above it may be lost then."""
    report, stream = asked(BI_LSTM), Tty()
    shown = AnswerWriter(Query(), Environment(None, stream, None, {"COLUMNS": "80"}))

    def interrupted(screen: object, lines: object) -> None:
        stream.write("Bidirectional(")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("rnnshape.terminal.screen.Screen.write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shown.begin([report])
    assert shown.begun
    shown.finish([report])
    late, _ = painted(stream.getvalue(), 80, 40)
    assert "\n".join(late) == f"Bidirectional(\n{answer(report)}".rstrip()


def test_a_disagreement_replaces_what_was_painted() -> None:
    report = asked(BI_LSTM)
    shown, stream = begun(report, Query(), 80, 40)
    wrong = measured(report, shapes={(1, 0): (2, 7)})
    shown.finish([wrong])
    late, _ = painted(stream.getvalue(), 80, 40)
    assert late == answer(wrong, columns=80).splitlines()


@pytest.mark.parametrize(
    ("stream", "variables"),
    [(Tty(), {"TERM": "dumb"}), (io.StringIO(), {})],
    ids=["dumb terminal", "pipe"],
)
def test_nothing_is_painted_early_where_it_could_not_be_replaced(
    stream: io.StringIO, variables: dict[str, str]
) -> None:
    shown = AnswerWriter(Query(), Environment(None, stream, None, variables))
    shown.begin([asked(BI_LSTM)])
    assert (shown.begun, stream.getvalue()) == (False, "")


@pytest.mark.parametrize(
    ("stream", "variables", "expected"),
    [
        (Tty(), {}, True),
        (Tty(), {"NO_COLOR": "1"}, False),
        (Tty(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_those_who_want_them(
    stream: io.StringIO, variables: dict[str, str], expected: bool
) -> None:
    shown = AnswerWriter(Query(), Environment(None, stream, None, variables))
    shown.finish([measured(asked(BI_LSTM))])
    assert ("\x1b[" in stream.getvalue()) is expected


def test_no_colour_is_one_that_fades_on_white_or_black() -> None:
    text = answer(measured(asked(BI_LSTM)), ["weights", "diagram", "code"], FORCE_COLOR="1")
    codes = {code for part in text.split("\x1b[")[1:] for code in part.split("m")[0].split(";")}
    assert codes <= {"0", "1", "2", "31", "32", "35"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("60", 60),
        ("0", 80),
        ("1", 20),
        ("1000000000", 400),
        ("9" * 5000, 400),
        ("²", 80),
        ("-5", 80),
        ("wide", 80),
        ("", 80),
    ],
)
def test_columns_are_bounded(given: str, expected: int) -> None:
    variables = {"COLUMNS": given, "TERMINAL_WIDTH": "abc"}
    assert size((io.StringIO(),), variables)[0] == expected


# The waiting line


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_waiting_line_leaves_nothing_behind(width: int) -> None:
    stream = Tty()
    environment = Environment(None, io.StringIO(), stream, {"COLUMNS": str(width)})
    with waiting_line(environment, painted=True) as tell:
        assert tell is not None
        tell("loading TensorFlow")
        assert "by the rule, not yet measured · loading TensorFlow" in stream.getvalue()
        tell("model.predict")
        assert "model.predict" in stream.getvalue()
        during, screen = painted(stream.getvalue(), width, 5)
        assert screen.cursor.y == 0
        assert screen.cursor.x <= width - len("^C^C")
        assert during
    after, screen = painted(stream.getvalue(), width, 5)
    assert after == []
    assert (screen.cursor.x, screen.cursor.y) == (0, 0)
    assert "\x1b[?25l" not in stream.getvalue()


@pytest.mark.parametrize(
    ("width", "unicode", "expected"),
    [
        (80, True, "⠙ by the rule, not yet measured · model.predict 0 s"),
        (80, False, "\\ by the rule, not yet measured - model.predict 0 s"),
        (50, True, "⠙ by the rule, not yet measured · model.predict"),
        (20, True, "⠙ by the rule, not y"),
    ],
)
def test_the_waiting_line_shows_no_part_of_a_number(
    width: int, unicode: bool, expected: str
) -> None:
    page = Page(width, unicode)
    assert text_of("model.predict", 0.1, page, painted=True) == expected


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_waiting_line_goes_when_something_is_raised(error: type[BaseException]) -> None:
    stream = Tty()

    def interrupted() -> None:
        with waiting_line(Environment(None, None, stream, {}), painted=False):
            assert "not yet measured" in stream.getvalue()
            raise error

    with pytest.raises(error):
        interrupted()
    assert painted(stream.getvalue(), 80, 5)[0] == []


def test_there_is_no_waiting_line_where_no_one_watches() -> None:
    for environment in (
        Environment(None, io.StringIO(), io.StringIO(), {}),
        Environment(None, Tty(), Tty(), {"TERM": "dumb"}),
        Environment(None, io.StringIO(), None, {}),
    ):
        with waiting_line(environment, painted=False) as tell:
            assert tell is None


# Streams


def test_all_is_written_to_a_pipe_that_does_not_wait() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    text = "0123456789" * 50_000
    received: list[bytes] = []

    def read() -> None:
        with open(reader, "rb") as file:
            received.append(file.read())

    thread = threading.Thread(target=read)
    thread.start()
    with open(writer, "w", encoding="utf-8") as stream:
        write(stream, (text[start : start + 7919] for start in range(0, len(text), 7919)))
    thread.join()
    assert received == [text.encode()]


def test_what_was_written_before_stays_before() -> None:
    reader, writer = os.pipe()
    with open(writer, "w", encoding="ascii") as stream:
        stream.write("one ")
        write(stream, ["two ", "drei: ä"])
    with open(reader, "rb") as file:
        assert file.read() == b"one two drei: \\xe4"


def test_a_reader_that_has_left_is_an_error_of_its_own() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = open(writer, "w", encoding="utf-8")  # noqa: SIM115
    with pytest.raises(BrokenPipeError):
        write(stream, ["text"])
    stream.close()


def test_a_second_answer_is_set_apart() -> None:
    stream = io.StringIO()
    shown = AnswerWriter(
        Query(reads_stdin=True), Environment(None, stream, None, {"COLUMNS": "80"})
    )
    one, two = asked("GRU(3)"), asked("LSTM(3)")
    shown.finish([one])
    shown.finish([two])
    assert stream.getvalue() == f"{answer(one)}\n{answer(two)}"
    shown = AnswerWriter(
        Query(reads_stdin=True)._replace(format=Format.MARKDOWN),
        Environment(None, markdown := io.StringIO(), None, {}),
    )
    shown.finish([one])
    shown.finish([two])
    assert "\n\n### `LSTM(3)`" in markdown.getvalue()
    query = Query(reads_stdin=True, code_alone=True)
    shown = AnswerWriter(query, Environment(None, programs := io.StringIO(), None, {}))
    shown.finish([one])
    shown.finish([two])
    assert programs.getvalue() == f"{one.code}\n{two.code}"


# Colours

# Text and ground, light and dark, of JupyterLab, VS Code, GitHub and a page without styles.
THEMES = (
    *("#212121 #ffffff", "#ffffff #111111", "#3b3b3b #ffffff", "#cccccc #1f1f1f"),
    *("#1f2328 #ffffff", "#e6edf3 #0d1117", "#000000 #ffffff", "#ffffff #000000"),
)
GROUND_OF_PICTURES = "#292929"


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """As the Web Content Accessibility Guidelines have it; their level AA is 4.5."""

    def luminance(colour: Sequence[float]) -> float:
        red, green, blue = (((x + 0.055) / 1.055) ** 2.4 if x > 0.04 else x / 12.92 for x in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_a_page_can_be_read_in_light_and_dark(theme: str) -> None:
    text, ground = map(rgb, theme.split())
    mixed = re.findall(r"color-mix\(in srgb, (#\w+) (\d+)%, currentColor\)", STYLES)
    assert len(set(mixed)) == 3
    shares = [(rgb(colour), int(share) / 100) for colour, share in mixed]
    shares += [(ground, 1 - float(share)) for share in re.findall(r"opacity: ([\d.]+)", STYLES)]
    for colour, share in shares:
        shown = [share * one + (1 - share) * other for one, other in zip(colour, text, strict=True)]
        assert contrast(shown, ground) >= 4.5


def test_every_colour_of_a_picture_can_be_read() -> None:
    colours = {word for style in LOOKS for word in in_picture(style).split() if "#" in word}
    assert len(colours) == 4
    assert min(contrast(rgb(one), rgb(GROUND_OF_PICTURES)) for one in colours) >= 4.5
