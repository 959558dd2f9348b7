"""The notebook's thirteen results, one by one, as its cells printed them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rnnshape import Cell, LayerSpec, Measurement, Report
from tests.conftest import json_lines, run

CELLS: list[tuple[str, dict[str, bool], dict[str, tuple[int, ...]]]] = [
    ("lstm", {}, {"o": (2, 3)}),
    ("lstm", {"return_sequences": True}, {"o": (2, 5, 3)}),
    ("lstm", {"return_state": False}, {"o": (2, 3)}),
    ("lstm", {"return_state": True}, {"o": (2, 3), "h": (2, 3), "c": (2, 3)}),
    ("lstm", {"bidirectional": True}, {"o": (2, 6)}),
    ("lstm", {"bidirectional": True, "return_sequences": True}, {"o": (2, 5, 6)}),
    (
        "lstm",
        {"bidirectional": True, "return_state": True},
        {"o": (2, 6), "h1": (2, 3), "c1": (2, 3), "h2": (2, 3), "c2": (2, 3)},
    ),
    ("gru", {}, {"o": (2, 3)}),
    ("gru", {"return_sequences": True}, {"o": (2, 5, 3)}),
    ("gru", {"return_state": True}, {"o": (2, 3), "h": (2, 3)}),
    ("gru", {"bidirectional": True}, {"o": (2, 6)}),
    ("gru", {"bidirectional": True, "return_sequences": True}, {"o": (2, 5, 6)}),
    (
        "gru",
        {"bidirectional": True, "return_state": True},
        {"o": (2, 6), "h1": (2, 3), "h2": (2, 3)},
    ),
]


@pytest.mark.parametrize(("cell", "flags", "printed"), CELLS)
def test_a_cell_of_the_notebook(
    cell: str,
    flags: dict[str, bool],
    printed: dict[str, tuple[int, ...]],
    keras_measure: Callable[[Sequence[LayerSpec]], tuple[Measurement, ...]],
) -> None:
    spec = LayerSpec(Cell(cell), **flags)  # type: ignore[arg-type]
    report = Report(spec, *keras_measure([spec]))
    assert {output.name: output.rule for output in report.outputs} == printed
    assert {output.name: output.keras for output in report.outputs} == printed


@pytest.fixture(scope="module")
def compared() -> list[Any]:
    finished = run("lstm", "gru", "--compare", "--format", "json")
    assert (finished.returncode, finished.stderr) == (0, "")
    return json_lines(finished.stdout)


@pytest.mark.parametrize(("cell", "flags", "printed"), CELLS)
def test_it_is_read_off_the_comparison(
    cell: str,
    flags: dict[str, bool],
    printed: dict[str, tuple[int, ...]],
    compared: list[Any],
) -> None:
    wanted = dict.fromkeys(("return_sequences", "return_state", "bidirectional"), False) | flags
    [layer] = [
        one
        for one in compared
        if one["cell"] == cell and all(one[flag] == value for flag, value in wanted.items())
    ]
    assert layer["source"] == "predict"
    assert {one["name"]: tuple(one["shape"]) for one in layer["outputs"]} == printed


def test_it_is_read_off_the_comparison_with_the_eye() -> None:
    """The row of the table that a person would look for, and the columns under its headings."""
    lines = run("lstm", "gru", "--compare", "--dry-run").stdout.splitlines()
    heading = next(line for line in lines if "h / h1" in line)
    starts = {name: heading.index(name) for name in ("bidirectional", "o ", "h / h1", "c / c1")}
    row = next(
        line for line in lines if line.startswith("✓") and line.count("✓") == 2 and "5" not in line
    )
    assert row[starts["o "] :].startswith("(2, 6)")
    assert row[starts["h / h1"] :].startswith("(2, 3)")
    assert row[starts["c / c1"] :].startswith("(2, 3)")
