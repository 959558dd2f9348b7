"""What the views say: weights, code, diagram, comparison, the foot, and how they fold."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from rich.console import Console

from rnnshape import Cell, LayerSpec, Measurement, MergeMode, Report, layers
from rnnshape.inspection import Inspection, View
from rnnshape.render.blocks import show
from rnnshape.render.code import program
from rnnshape.render.diagram import diagram
from rnnshape.render.document import body, ending
from rnnshape.render.page import Page
from tests.conftest import DIMENSIONS, answered, combinations, environment, grid, run


def drawn(blocks: Any, page: Page) -> str:
    console = Console(file=io.StringIO(), width=page.width, highlight=False)
    with console.capture() as capture:
        show(blocks, console, page)
    return "\n".join(line.rstrip() for line in capture.get().strip().splitlines())


def everything(spec: LayerSpec, page: Page) -> str:
    ask = Inspection((spec,), frozenset(View))
    reports = [Report(spec)]
    return drawn([*body(ask, reports, page), *ending(ask, reports, page)], page)


# The code


@pytest.mark.parametrize("dimensions", DIMENSIONS[:2], ids=str)
def test_the_program_makes_the_layer_that_the_rule_describes(
    dimensions: tuple[int, int, int, int],
    keras_measure: Callable[[Sequence[LayerSpec]], tuple[Measurement, ...]],
) -> None:
    specs = grid(*dimensions)
    if dimensions == DIMENSIONS[0]:
        specs += combinations(units=(4, 2))
    for spec in specs:
        report, names = Report(spec), dict[str, Any]()
        exec(program(report), names)
        last = report.layers[-1]
        for tensor in (report.layers[0].input, *last.outputs):
            assert tuple(names[tensor.name].shape) == tensor.shape
        assert [tuple(one.shape) for one in names["model"].outputs] == [
            one.shape for one in last.outputs
        ]
        assert names["model"].count_params() == report.parameters


def test_the_program_is_short() -> None:
    spec = LayerSpec(Cell.LSTM, bidirectional=True, return_state=True, merge_mode=MergeMode.NONE)
    assert program(Report(spec)) == (
        "from keras import Input, Model\n"
        "from keras.layers import Bidirectional, LSTM\n"
        "\n"
        "inputs = Input((5, 1), batch_size=2)\n"
        "o1, o2, h1, c1, h2, c2 = "
        "Bidirectional(LSTM(3, return_state=True), merge_mode=None)(inputs)\n"
        "model = Model(inputs, [o1, o2, h1, c1, h2, c2])\n"
    )


def test_a_pipe_gets_the_program_alone() -> None:
    piped = answered("gru", "--return-state", "--dry-run", "--code")
    assert piped.stdout == program(Report(LayerSpec(Cell.GRU, return_state=True)))
    several = answered("gru", "lstm", "--dry-run", "--code").stdout
    assert several.startswith("# GRU(3)\nfrom keras")
    compile(several, "layers.py", "exec")


def test_with_another_view_it_is_one_of_them() -> None:
    text = answered("gru", "--dry-run", "--code", "--weights").stdout
    assert text.index("o = layer(inputs)") < text.index("in total") < text.index("from keras")


# The weights


def test_the_weights_add_up_and_are_named_by_direction() -> None:
    text = answered("gru", "-f", "4", "-u", "5", "--bidirectional", "--weights", "--dry-run").stdout
    rows = [line.split()[:2] for line in text.splitlines()]
    for name, parameters in [
        ("forward_kernel", "60"),
        ("forward_recurrent_kernel", "75"),
        ("forward_bias", "30"),
        ("backward_bias", "30"),
        ("in", "total"),
    ]:
        assert [name, parameters] in rows
    assert "(2, 3·units)" in text
    assert " ".join(text.split()).count("one for the kernel, one for the recurrent kernel") == 2


def test_the_total_is_what_keras_counts() -> None:
    text = answered("lstm", "-u", "4", "-u", "2", "--weights").stdout
    assert "✓ 152 parameters by layer.count_params()" in text


def test_of_several_layers_no_total_is_made() -> None:
    text = answered("lstm", "gru", "--weights").stdout
    assert "✓ all parameters by layer.count_params()" in text


# The comparison


def test_a_held_flag_leaves_the_columns_for_the_title() -> None:
    lines = answered(
        "lstm", "--compare", "--return-state", "--no-bidirectional", "--dry-run"
    ).stdout.splitlines()
    assert lines[0] == "LSTM(3)  bidirectional=False, return_state=True"
    assert lines[4].split() == ["sequences", "o", "h", "c"]
    assert lines[6].split() == ["·", "(2,", "3)", "(2,", "3)", "(2,", "3)"]
    assert lines[7].split() == ["✓", "(2,", "5,", "3)", "(2,", "3)", "(2,", "3)"]


def test_all_flags_held_leave_one_row() -> None:
    flags = ["--return-state", "--return-sequences", "--bidirectional"]
    text = answered("gru", "--compare", *flags, "--dry-run", "--format", "plain").stdout
    assert text == "o 2 5 6\nh1 2 3\nh2 2 3\n"


def test_the_whole_field_fits_a_hundred_columns() -> None:
    specs = tuple(
        LayerSpec(cell, bidirectional=both, return_sequences=sequences, return_state=state)
        for cell in Cell
        for both in (False, True)
        for sequences in (False, True)
        for state in (False, True)
    )
    ask = Inspection(specs, frozenset({View.WEIGHTS}), compare=True)
    page = Page(100, unicode=True)
    text = drawn(body(ask, [Report(spec) for spec in specs], page), page)
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("h / h1") == 3
    assert text.count("(2, 5, 6)") == 6


def test_a_claim_is_shown_with_the_flags_that_make_it() -> None:
    lines = answered("lstm", "gru", "--compare").stdout.splitlines()
    assert "✓ o == h                return_state" in lines
    assert "✓ o[:, 0, U:] == h2     bidirectional, return_sequences, return_state" in lines


@pytest.mark.parametrize("columns", range(45, 100, 5))
def test_the_parameters_of_a_row_are_named(columns: int) -> None:
    env = environment(COLUMNS=str(columns))
    text = run("lstm", "--compare", "--weights", "--dry-run", env=env).stdout
    assert text.count("parameters") in (1, 8)  # a column's heading, or each layer's own
    assert max(map(len, text.splitlines())) <= columns


@pytest.mark.parametrize("columns", ["20", "40", "60", "80", "100"])
def test_a_comparison_of_stacks_is_whole_at_any_width(columns: str) -> None:
    arguments = ("gru", "-u", "4", "-u", "2", "--compare", "--bidirectional", "--dry-run")
    text = run(*arguments, "--weights", env=environment(COLUMNS=columns)).stdout
    assert max(map(len, text.splitlines())) <= int(columns)
    assert text.count("(2, 5, 8)") >= 4
    assert "(2, 5, 4)" in text
    assert "312 parameters" in text or ("168" in text and "144" in text)


# The diagram


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("timesteps", [1, 2, 3, 4, 5, 8, 2000])
def test_every_diagram_fits_and_shows_what_is_returned(timesteps: int, columns: int) -> None:
    page = Page(columns, unicode=True)
    for spec in combinations(timesteps=timesteps):
        [layer] = layers(spec)
        text = drawn(diagram(Report(spec), page), page)
        assert max(map(len, text.splitlines())) <= columns
        assert ("h1" in text.split() or "h1," in text or "h" in text.split()) == spec.return_state
        assert "inputs" in text
        assert str(layer.input.shape) in text
        assert f"t = {timesteps - 1}" in text
        assert ("···" in text) == (timesteps > {60: 3, 80: 5, 120: 8}[columns])


@pytest.mark.parametrize("columns", range(20, 62))
def test_a_page_too_narrow_for_a_diagram_is_told(columns: int) -> None:
    page = Page(columns, unicode=True)
    for timesteps in (1, 2, 5):
        report = Report(LayerSpec(Cell.GRU, timesteps=timesteps))
        text = drawn(diagram(report, page), page).replace("\n", " ")
        assert ("the diagram needs" in text) != ("t = 0" in text)


def test_return_sequences_is_visible() -> None:
    page = Page(80, unicode=True)
    for sequences, boxes in ((False, 1), (True, 5)):
        spec = LayerSpec(Cell.LSTM, bidirectional=True, return_sequences=sequences)
        assert drawn(diagram(Report(spec), page), page).count("│fwd") == boxes


def test_the_halves_that_equal_a_state_are_marked() -> None:
    """The backward half of the first timestep is h2, the forward half of the last one is h1."""
    spec = LayerSpec(Cell.LSTM, bidirectional=True, return_sequences=True, return_state=True)
    page = Page(60, unicode=True)
    boxes = drawn(diagram(Report(spec), page), page).splitlines()[2]
    assert boxes.split("│")[1:-1] == [
        "fwd ",
        " =h2",
        "  ",
        "fwd ",
        " bwd",
        "       ",
        "=h1 ",
        " bwd",
    ]


def test_it_is_drawn_in_ascii_where_unicode_cannot_be_written() -> None:
    for spec in combinations(timesteps=6):
        assert everything(spec, Page(70, unicode=False)).isascii()


def test_a_high_stack_shows_its_ends() -> None:
    page = Page(60, unicode=True)
    text = drawn(diagram(Report(LayerSpec(Cell.GRU, units=(2,) * 64)), page), page)
    assert text.startswith("layer 64: GRU(2)")
    assert "62 more layers" in text
    assert "layer 1: GRU(2, return_sequences=True)" in text


# How it folds


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120])
def test_no_name_or_shape_is_ever_broken(columns: int) -> None:
    page = Page(columns, unicode=True)
    for spec in combinations():
        text = everything(spec, page)
        for output in Report(spec).outputs:
            assert any(
                line.startswith(output.name) and str(output.shape) in line
                for line in text.splitlines()
            )
