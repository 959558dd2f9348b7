"""Each format, read back by a parser that others wrote."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

import rnnshape
from rnnshape import Cell, LayerSpec, Report
from rnnshape.inspection import View
from rnnshape.render.json_lines import json_line
from tests.conftest import answered, environment, json_lines, run

BI_LSTM = ("lstm", "--bidirectional", "--return-state")
SHAPES = {"o": [2, 6], "h1": [2, 3], "c1": [2, 3], "h2": [2, 3], "c2": [2, 3]}


def cells(text: str) -> list[list[str]]:
    """The cells of all tables of a Markdown document, a list a row, as a real parser reads it."""
    rows: list[list[str]] = []
    tokens: list[Token] = MarkdownIt("commonmark").enable("table").parse(text)
    for token, inner in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            rows[-1].append(inner.content)
    return rows


def test_json_is_what_the_contract_says() -> None:
    [layer] = json_lines(answered(*BI_LSTM, "--format", "json").stdout)
    assert list(layer) == [
        "layer",
        "cell",
        "units",
        "bidirectional",
        "merge_mode",
        "return_sequences",
        "return_state",
        "input",
        "outputs",
        "source",
        "relations",
        "versions",
    ]
    assert layer["layer"] == "Bidirectional(LSTM(3, return_state=True))"
    assert (layer["cell"], layer["units"]) == ("lstm", [3])
    assert (layer["bidirectional"], layer["merge_mode"]) == (True, "concat")
    assert (layer["return_sequences"], layer["return_state"]) == (False, True)
    assert layer["input"] == {
        "name": "inputs",
        "shape": [2, 5, 1],
        "axes": ["batch", "timesteps", "features"],
    }
    assert {one["name"]: one["shape"] for one in layer["outputs"]} == SHAPES
    assert layer["outputs"][0] == {
        "name": "o",
        "layer": 1,
        "shape": [2, 6],
        "axes": ["batch", "2*units"],
        "dtype": "float32",
        "meaning": "last output, forward and backward concatenated",
    }
    assert layer["source"] == "predict"
    assert layer["relations"] == [{"claim": "o == concat(h1, h2)", "holds": True, "layer": 1}]
    assert layer["versions"]["rnnshape"] == rnnshape.__version__
    assert int(layer["versions"]["keras"].split(".")[0]) >= 3
    assert layer["versions"]["tensorflow"].startswith("2.")


def test_json_of_the_rule_alone_has_no_dtype_and_no_relations() -> None:
    [layer] = json_lines(answered("gru", "--return-state", "--dry-run", "--format", "json").stdout)
    assert (layer["source"], layer["merge_mode"]) == ("rule", None)
    assert {one["dtype"] for one in layer["outputs"]} == {None}
    assert "relations" not in layer
    assert layer["versions"] == {
        "rnnshape": rnnshape.__version__,
        "keras": None,
        "tensorflow": None,
    }


def test_json_is_a_line_a_layer() -> None:
    finished = answered("lstm", "gru", "simplernn", "--return-state", "--format", "json")
    shapes = [[one["shape"] for one in layer["outputs"]] for layer in json_lines(finished.stdout)]
    assert shapes == [[[2, 3]] * 3, [[2, 3]] * 2, [[2, 3]] * 2]


def test_everything_that_json_can_carry() -> None:
    finished = answered(
        *BI_LSTM, "--weights", "--code", "--values", "--diagram", "--seed", "4", "--format", "json"
    )
    [layer] = json_lines(finished.stdout)
    assert finished.stderr == "note: --diagram has no place in json, and is left out\n"
    assert layer["parameters"] == 120 == sum(one["parameters"] for one in layer["weights"])
    assert layer["weights"][1] == {
        "name": "forward_recurrent_kernel",
        "layer": 1,
        "shape": [3, 12],
        "axes": ["units", "4*units"],
        "parameters": 36,
    }
    assert layer["code"].startswith("from keras import")
    assert [len(layer["input"]["values"]), len(layer["input"]["values"][0])] == [2, 5]
    values = {one["name"]: one["values"] for one in layer["outputs"]}
    assert values["o"] == [one + two for one, two in zip(values["h1"], values["h2"], strict=True)]


def test_a_stack_numbers_its_layers_in_every_format() -> None:
    arguments = ("gru", "-u", "4", "-u", "2", "--return-state", "--dry-run")
    [stack] = json_lines(answered(*arguments, "--format", "json").stdout)
    assert stack["layer"] == "GRU(4, return_sequences=True) -> GRU(2, return_state=True)"
    assert stack["units"] == [4, 2]
    assert [(one["layer"], one["name"]) for one in stack["outputs"]] == [
        (1, "o"),
        (2, "o"),
        (2, "h"),
    ]
    rows = list(csv.DictReader(io.StringIO(answered(*arguments, "--format", "csv").stdout)))
    assert [(row["units"], row["layer"], row["output"]) for row in rows] == [
        ("4 2", "1", "o"),
        ("4 2", "2", "o"),
        ("4 2", "2", "h"),
    ]
    assert answered(*arguments, "--format", "plain").stdout == (
        "# GRU(4, return_sequences=True), layer 1 of 2\no 2 5 4\n"
        "# GRU(2, return_state=True), layer 2 of 2\no 2 2\nh 2 2\n"
    )


def test_csv_has_the_header_and_the_lines_of_the_contract() -> None:
    text = answered(*BI_LSTM, "--format", "csv").stdout
    header = (
        "cell,units,bidirectional,merge_mode,return_sequences,return_state,layer,output,shape,"
        "axes,dtype,source"
    )
    assert text.splitlines()[0] == header
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {
        row["output"]: [int(size) for size in row["shape"].split("x")] for row in rows
    } == SHAPES
    assert rows[0] == {
        "cell": "lstm",
        "units": "3",
        "bidirectional": "true",
        "merge_mode": "concat",
        "return_sequences": "false",
        "return_state": "true",
        "layer": "1",
        "output": "o",
        "shape": "2x6",
        "axes": "batch 2*units",
        "dtype": "float32",
        "source": "predict",
    }


def test_plain_is_read_by_the_shell() -> None:
    script = 'while read name dims; do set -- $dims; echo "$name=$#:$2"; done'
    lines = answered(*BI_LSTM, "--dry-run", "--format", "plain").stdout
    done = subprocess.run(
        ["sh", "-c", script], input=lines, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["o=2:6", "h1=2:3", "c1=2:3", "h2=2:3", "c2=2:3"]


def test_plain_heads_each_block_where_there_are_several() -> None:
    text = answered("lstm", "gru", "--return-state", "--dry-run", "--format", "plain").stdout
    assert text == (
        "# LSTM(3, return_state=True)\no 2 3\nh 2 3\nc 2 3\n"
        "# GRU(3, return_state=True)\no 2 3\nh 2 3\n"
    )


@pytest.mark.parametrize("form", ["plain", "csv"])
def test_weights_in_the_formats_of_lines(form: str) -> None:
    text = answered("gru", "--weights", "--dry-run", "--format", form).stdout
    if form == "csv":
        assert [row["parameters"] for row in csv.DictReader(io.StringIO(text))] == ["54"]
    else:
        assert text.splitlines()[2:] == [
            "# GRU(3), weights",
            "kernel 1 9",
            "recurrent_kernel 3 9",
            "bias 2 9",
        ]


def test_markdown_is_a_table_and_more() -> None:
    text = answered(
        *BI_LSTM, "--weights", "--code", "--values", "--diagram", "--format", "markdown"
    ).stdout
    rows = cells(text)
    assert rows[0] == ["Output", "Shape", "Axes", "What it is"]
    assert {row[0]: row[1] for row in rows[1:6]} == {
        name: str(tuple(shape)) for name, shape in SHAPES.items()
    }
    assert rows[6][0] == "Weight"
    assert rows[-1][:2] == ["in total", "120"]
    fences = [token.info for token in MarkdownIt().parse(text) if token.type == "fence"]
    assert fences == ["text", "python", *["text"] * 6]
    assert "✓ o == concat(h1, h2)" in text


def test_a_comparison_in_markdown() -> None:
    rows = cells(answered("gru", "--compare", "--dry-run", "--format", "markdown").stdout)
    assert rows[0] == ["bidirectional", "return_sequences", "return_state", "o", "h / h1", "h2"]
    assert rows[-1] == ["✓", "✓", "✓", "(2, 5, 6)", "(2, 3)", "(2, 3)"]
    assert len(rows) == 9


@pytest.mark.parametrize("form", ["plain", "json", "csv", "markdown"])
def test_no_format_for_programs_has_colours_or_early_answers(form: str) -> None:
    env = environment(FORCE_COLOR="1")
    finished = run(*BI_LSTM, "--dry-run", "--format", form, env=env)
    assert "\x1b" not in finished.stdout
    assert finished.stderr == ""


def test_without_a_measurement_nothing_has_values(
    keras_measure: Callable[..., Any],
) -> None:
    spec = LayerSpec(Cell.GRU)
    document = json_lines(json_line(Report(spec, *keras_measure([spec])), {View.VALUES}))[0]
    assert document["input"]["values"] is None  # measured, but the numbers were not asked for
    finished = answered("gru", "--dry-run", "--values", "--format", "json")
    assert "values" not in json_lines(finished.stdout)[0]["outputs"][0]
    assert finished.stderr == "note: --values come from model.predict: --dry-run has none\n"


def test_with_a_seed_a_layer_is_the_same_alone_and_in_company() -> None:
    arguments = ("--seed", "1", "--values", "--format", "json")
    [alone] = json_lines(answered("gru", *arguments).stdout)
    first, second = json_lines(answered("lstm", "gru", *arguments).stdout)
    assert second["outputs"] == alone["outputs"]
    assert first["input"] == alone["input"]


def test_a_seed_repeats_the_numbers() -> None:
    one, two, other = (
        run("lstm", "--return-state", "--values", "--seed", seed).stdout for seed in "112"
    )
    assert one == two != other
    assert one.count("\n[[") == 4
