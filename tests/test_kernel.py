"""In a real kernel: reports show themselves, and the magic answers like the command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from rnnshape.magic import _Names
from tests.conftest import command, titled

pytestmark = [
    pytest.mark.keras,
    pytest.mark.process,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

CELLS = titled("cells.txt")
Shown = Callable[[str, str], str]


@pytest.fixture(scope="module")
def shown() -> Shown:
    """What a cell of a notebook shows, of one kind; every cell is run once."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    # Where a kernel sees that a test runs, its cells' output is no longer what people have.
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    nbclient.NotebookClient(notebook, timeout=120, allow_errors=True).execute(env=env)
    outputs = dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))

    def of(cell: str, kind: str) -> str:
        return "".join(_text(output, kind) for output in outputs[cell])

    return of


def _text(output: Any, kind: str) -> str:
    """`kind` is a stream, a media type, or `error`."""
    if output.output_type == "stream":
        return str(output.text) if output.name == kind else ""
    if output.output_type == "error":
        return "\n".join(output.traceback) if kind == "error" else ""
    return str(output.data.get(kind, ""))


def test_the_extension_loads_and_loads_again(shown: Shown) -> None:
    assert shown("load", "error") == shown("load", "stderr") == ""


def test_a_report_is_a_table(shown: Shown) -> None:
    html = shown("report", "text/html")
    assert "<table>" in html
    assert "measured by model.predict" in html
    assert shown("report", "text/plain").startswith("<Report Bidirectional(LSTM(8")
    assert shown("thread", "stdout") == "predict\n"


def test_an_error_ends_in_its_place(shown: Shown) -> None:
    error = shown("wrong", "error")
    assert error.endswith("\n  | LSTM(64, retrun_state=True)\n  |          ^^^^^^^^^^^^")
    assert "expression.py" not in error


def test_the_magic_shows_a_table(shown: Shown) -> None:
    html = shown("word", "text/html")
    assert "<table>" in html
    assert "measured by model.predict" in html
    text = shown("word", "text/plain")
    assert text.startswith("Bidirectional(LSTM(3, return_state=True))\ninputs (2, 5, 1)")
    assert "\033" not in text
    assert shown("word", "stderr") == ""


def test_the_magic_shows_every_view(shown: Shown) -> None:
    html = shown("views", "text/html")
    assert html.count("<table>") == 2
    assert "▶" in html
    assert "keras.layers" in html
    assert shown("compare", "text/html").count("<table>") >= 2


@pytest.mark.parametrize("cell", ["json", "code", "version"])
def test_what_is_no_table_is_text_as_the_command_writes_it(cell: str, shown: Shown) -> None:
    words = CELLS[cell].replace("'GRU(3) -> Dense(1)'", "GRU(3)->Dense(1)").split()[1:]
    assert shown(cell, "stdout") == command(*words).out
    assert shown(cell, "text/html") == ""


def test_the_help_is_shown_once(shown: Shown) -> None:
    everything = shown("help", "stdout") + shown("help", "text/plain")
    assert everything.count("What comes out of a Keras layer") == 1


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("bad text", ["LSTM(64, retrun_state=True)"]),
        ("bad option", ["lstm", "--bidrectional"]),
        ("nothing", []),
    ],
)
def test_an_error_is_that_of_the_command_and_stops_the_notebook(
    cell: str, words: list[str], shown: Shown
) -> None:
    assert shown(cell, "stderr") == f"UsageError: {command(*words).err.removeprefix('error: ')}"
    assert shown(cell, "text/html") == shown(cell, "stdout") == ""


def test_a_line_that_is_broken(shown: Shown) -> None:
    assert "UsageError: the line can't be read: No closing quotation" in shown("bad line", "stderr")
    assert "UsageError: the line can't be read: a bracket" in shown("bracket", "stderr")


def test_a_call_needs_no_quotes(shown: Shown) -> None:
    assert "LSTM(4, name='a b')" in shown("unquoted", "text/plain")
    assert "(2, 7, 1)" in shown("unquoted", "text/plain")


def test_what_stands_in_braces_is_not_run(shown: Shown) -> None:
    assert shown("untouched", "text/plain") == "[]"


def test_what_is_live_is_asked_alone(shown: Shown) -> None:
    assert "model is the notebook's own" in shown("live in a chain", "stderr")
    assert "lstm is the notebook's own, and a word of the command" in shown(
        "named as a word", "stderr"
    )
    other = "lstm is the notebook's own, and is not read here: give yours another name"
    assert other in shown("an attribute of what is named as a word", "stderr")


def test_the_report_is_returned_and_shown_once(shown: Shown) -> None:
    assert shown("unquoted", "text/html").count('class="rnnshape"') == 1
    assert shown("returned", "text/plain") == "(2, 1)"
    assert shown("assigned", "text/html").count('class="rnnshape"') == 1
    assert shown("later", "text/html").count('class="rnnshape"') == 1
    assert shown("silent", "text/html").count('class="rnnshape"') == 1
    assert "Report" not in shown("compare", "text/plain")
    assert shown("compare", "text/html").count('class="rnnshape"') == 1


def test_the_notebooks_own_names_are_known(shown: Shown) -> None:
    assert "LSTM(6)" in shown("of names", "text/plain")
    assert "(2, 5, 3)" in shown("of names", "text/plain")
    assert "(2, 5, 3)" in shown("of a list", "text/plain")
    held = shown("of a dictionary, and of layers in a list", "text/plain")
    assert all(one in held for one in ("LSTM(config['units'])", "LSTM(7)", "LSTM(9)", "Dense(9)"))
    assert "X (16, 5, 3)" in held
    assert "counted[1] (line 1) comes from data" in held
    assert "takes a whole number of Python's own, not NumPy's" in shown("of NumPy", "text/plain")
    assert "(16, 5, 3)" in shown("of a tensor", "text/plain")
    assert "modern (line 1) comes from data" in shown("odd", "text/plain")
    assert "y (16, 2)" in shown("live", "text/plain")
    assert "y (16, 2) does not fit the output" in shown("live", "text/plain")
    assert shown("live", "stderr") == "UsageError: what is wrong stands above\n"
    assert "X (16, 5, 3) holds objects where numbers are expected" in shown("objects", "text/plain")
    assert "measured by model.predict" in shown("live fits", "text/plain")
    assert "fit(X, y)  X (16, 1) ✓  y (16, 1) ✓" in shown("column", "text/plain")


def test_what_was_called_once_takes_other_data_of_the_same_features(shown: Shown) -> None:
    taken = "# {}, layer 1 of {}\no {} 4\n# Dense(1), layer 2 of {}\no {} 1\n"
    assert shown("called", "stdout") == taken.format("LSTM(4)", 2, 16, 2, 16)
    assert "✗ X (2, 7, 8) does not fit" in shown("called", "text/plain")


def test_a_shape_without_end_is_not_waited_for(shown: Shown) -> None:
    assert shown("endless", "text/plain").startswith("LSTM(endless)\n")


def test_names_and_options_are_completed(shown: Shown) -> None:
    assert "'model'" in shown("complete", "text/plain")
    assert shown("complete alone", "stderr") == shown("complete alone", "stdout") == ""
    assert "'--merge-mode'" in shown("complete option", "text/plain")
    assert "'huber'" in shown("complete loss", "text/plain")
    assert "'X', 'y', 'tensor'" in shown("complete data", "text/plain")


def test_what_stands_where_a_layer_should(shown: Shown) -> None:
    told = "UsageError: X is data: give it to a layer or model, as --x X\n"
    assert shown("data alone", "stderr") == told
    assert shown("a shape in brackets", "stderr") == ""
    told = "--x X[:10]: give the name of one of the notebook's arrays, or a shape"
    assert told in shown("data that has no name", "stderr")
    assert "the notebook has no layer or model of this name" in shown("no such name", "stderr")
    assert "%%rnnshape -" in shown("standard input", "stderr")


def test_an_error_of_keras_is_explained_as_text_and_needs_no_quotes(shown: Shown) -> None:
    assert "y is (None, 1)" in shown("error", "stdout")
    assert shown("unquoted error", "stdout") == shown("error", "stdout")
    assert "LSTM(64, return_sequences=True)" in shown("caught error", "stdout")


def test_a_cell_holds_keras_code_or_questions(shown: Shown) -> None:
    assert "(2, 7, 1)" in shown("cell", "text/html")
    assert "Dense(2)" in shown("cell", "text/html")
    assert '"shape": [2, null, null]' in shown("cell of its own data", "stdout")
    assert shown("cell of earlier data", "stdout") == "o 2 4\n"
    assert shown("lines", "stdout") == "# GRU(3)\no 2 3\n# LSTM(4)\no 2 4\n"


def test_what_answers_to_any_name_ends_no_cell() -> None:
    class Anything:
        def __getattr__(self, name: str) -> Anything:
            return self

        def __call__(self) -> Anything:
            return self

    class Endless(list[int]):
        def __iter__(self) -> Iterator[int]:
            return count()

    class Number:
        shape = ()

        def item(self) -> int:
            raise ValueError

    class Proxy:  # as of a web framework's request, where there is none
        shape = property(lambda proxy: [proxy])

        @property  # type: ignore[misc]
        def __class__(self) -> type:
            raise RuntimeError

    names = _Names({"a": Anything(), "b": Endless([1]), "c": Number(), "d": [1, 2], "e": [1] * 101,
                    "f": Proxy()})  # fmt: skip
    assert not any(map(names.knows, "af"))
    found = {name: value for name, kind, value in names._plain(set("abcdef")) if kind != "open"}
    assert found == {"b": (*range(100),), "d": (1, 2)}


@pytest.mark.parametrize(
    ("cell", "layer"),
    [
        ("one = LSTM(n)\nn = load()\nm = Sequential([LSTM(n)])", "LSTM(n)"),
        ("from config import n\nm = Sequential([LSTM(n)])", "LSTM(config.n)"),
        ("with load() as n:\n    m = Sequential([LSTM(n)])", "LSTM(n)"),
        ("for n in load():\n    m = Sequential([LSTM(n)])", "LSTM(n)"),
        ("n = n + 1\nm = Sequential([LSTM(n)])", "LSTM(7)"),
        ("sizes.append(load())\nm = Sequential([LSTM(sizes[-1])])", "LSTM(load())"),
        ("sizes[1] = 9\nm = Sequential([LSTM(sizes[1])])", "LSTM(9)"),
        ("X.shape = (8, 10, 1)\nm = Sequential([LSTM(X.shape[1])])", "LSTM(10)"),
        ("X = X[:, :2]\nm = Sequential([LSTM(X.shape[1])])", "LSTM(2)"),
        ("m = Sequential([LSTM(*pair[:1])])", "LSTM(3)"),
        ("m = Sequential([GRU(n)])", "GRU(n)"),  # which is no layer of Keras
    ],
)
def test_a_cell_begins_with_what_the_notebook_has_and_may_change_it(cell: str, layer: str) -> None:
    class Data:
        shape = (8, 5, 2)

    names = _Names({"n": 6, "sizes": [8, 16], "X": Data(), "pair": (3, 4), "GRU": print})
    [network] = names.read(cell).networks
    assert [str(call) for call in network.layers] == [layer]
    [network] = names.read("m = Sequential([LSTM(n)])", {"n": 2}).networks
    assert str(network.layers[0]) == "LSTM(2)"
