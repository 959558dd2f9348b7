"""Masks, kernels and what is trained: what the rule says of random models beside what Keras does
with them when they run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
    found: list[str] = []
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
