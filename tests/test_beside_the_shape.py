"""Masks, kernels and what is trained: what the rule says of random models beside what Keras does
with them when they run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnshape import inspect
from tests.conftest import command, environment, json_lines
from tests.corpus.beside import generate

SEED, COUNT = 7, 80
Json = dict[str, Any]


def run_by_keras(texts: dict[str, str]) -> dict[str, Json]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.corpus.beside"],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=str(Path(__file__).parents[1])),
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return {one["program"]: one for one in map(json.loads, lines)}


def differences(text: str, truth: Json, folder: Path) -> list[str]:
    """Where the rule and Keras part."""
    path = folder / "program.py"
    path.write_text(text)
    done = command(str(path), "--json", "--dry-run", "--weights")
    if "error" in truth:
        return []
    if not done.out:
        return [f"Keras takes it: {done.err}"]
    report = next(one for one in json_lines(done.out) if one["model"] == "model")
    rows: dict[str, list[Json]] = {}
    for row in report["layers"]:
        if not row["expression"][:1].islower():  # an operation
            rows.setdefault(row["name"], []).append(row)
    if unknown := rows.keys() - truth["layers"].keys():
        return [f"Keras has no {', '.join(unknown)}"]
    found = [*_sums_that_differ(path, truth["summary"])]
    for name, calls in rows.items():
        layer, made = truth["layers"][name], truth["calls"][name]
        said = [_said(row, report) for row in calls]
        pairs = {
            "calls": (sorted(said), sorted([one["mask"], one["shapes"]] for one in made)),
            "cudnn": (calls[0]["cudnn"], layer["cudnn"]),
            "parameters": (calls[0]["parameters"], layer["parameters"]),
        }
        found += [
            f"{name}: {what} {one}, in Keras {other}"
            for what, (one, other) in pairs.items()
            if one != other
        ]
    return found


def _sums_that_differ(path: Path, summary: str) -> Iterator[str]:
    """The line under the table says what `summary()` says."""
    text = command(f"{path}:model", "--dry-run", variables={"COLUMNS": "200"}).out
    whole, trained, rest = re.findall(r"params: (.*)", summary)
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
    programs = generate(SEED, COUNT)
    truths = run_by_keras(programs)
    assert sum("error" not in one for one in truths.values()) > COUNT / 2
    wrong = {
        name: found
        for name, text in programs.items()
        if (found := differences(text, truths[name], tmp_path))
    }
    said = "\n".join(f"{name}\n{programs[name]}\n{found}" for name, found in wrong.items())
    assert not wrong, said


RETURN_STATES = [
    "LSTM(3, return_state=True)",
    "GRU(3, return_state=True, return_sequences=True)",
    "LSTM(3, return_state=True, stateful=True)",
    "Bidirectional(LSTM(3, return_state=True))",
    "Bidirectional(GRU(3, return_state=True), merge_mode=None)",
    "RNN([LSTMCell(3), GRUCell(4)], return_state=True)",
    "RNN([LSTMCell(3)], return_state=True)",
    "Bidirectional(RNN([LSTMCell(3), GRUCell(4)], return_state=True))",
    "ConvLSTM1D(2, 2, return_state=True)",
    "Embedding(9, 4, mask_zero=True) -> LSTM(3, return_state=True)",
    "Input((None, 4)) -> LSTM(3, return_state=True)",
]


@pytest.mark.keras
@pytest.mark.parametrize("text", RETURN_STATES)
def test_the_program_feeds_the_states_back_and_runs(text: str) -> None:
    import numpy as np

    code = inspect(text).code
    assert "initial_state=" in code
    made: dict[str, Any] = {}
    exec(code, made)
    model = made["Model"]([made["inputs"], made["more"]], made["o"] if "o" in made else made["o1"])
    sizes = [[2 if n == 0 else size or 5 for n, size in enumerate(i.shape)] for i in model.inputs]
    model.predict([np.ones(size) for size in sizes], verbose=0)


@pytest.mark.parametrize(
    "text",
    [
        "LSTM(3)",
        "LSTM(3, return_sequences=True) -> GRU(2)",
        "Bidirectional(GRU(3, return_state=True), backward_layer=LSTM(3, return_state=True, "
        "go_backwards=True))",
    ],
)
def test_no_states_are_fed_back_where_there_are_none_or_too_few(text: str) -> None:
    assert "initial_state" not in inspect(text).code
