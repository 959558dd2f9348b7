"""Programs whose data does not fit: what is said of them, and what mends them."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest

from rnnshape.training.losses import CLASSES, LOSSES
from tests.test_fit_from_code import IMPORTS, answered, are_words_of_keras, problems, raised
from tests.test_training import LABELS, OUTPUTS

TABLE = Path(__file__).parent / "tables" / "training.txt"
GIVEN = IMPORTS + "X = np.random.random((16, 5, 3)).astype('float32')\n"
METHODS = ("fit", "evaluate", "predict", "train_on_batch", "predict_on_batch")
pytestmark = pytest.mark.filterwarnings("ignore")


def programs() -> list[str]:
    return [one.partition("\n=>")[0] for one in TABLE.read_text().strip().split("\n\n")]


def mended(program: str, remedy: str) -> str:
    """The program after the change that a remedy is."""
    *before, call = program.split("\n")
    for change in remedy.split(" with "):
        if re.match(r"[\w, ]+ = ", change):
            before.append(change)
            continue
        text = "\n".join([*before, call])
        if " before " in change:  # of what the last layer is given
            layer, _, last = change.partition(" before ")
            text = f", {layer}, {last[:-1]}".join(text.rsplit(f", {last[:-1]}", 1))
            *before, call = text.split("\n")
            continue
        name = re.match(r"\w+", change)
        assert name
        if change.startswith("Input("):
            text = re.sub(r"Input\(\([^)]*\)\)", change, text)
        elif name[0] in METHODS:
            text = re.sub(rf"\.{name[0]}\(.*\)$", f".{change}", text)
        elif change[name.end()] == "(":
            place = text.rindex(f"{name[0]}(")
            others = "" if "=" in change else r"\1"
            text = text[:place] + re.sub(
                r"\w+\(\d+([^()]*)\)", f"{change[:-1]}{others})", text[place:], count=1
            )
        elif re.search(rf"\b{name[0]}=", text):
            value = r"=(\[.*?\](?=[,)])|\{.*?\}|keras[.\w]*\(.*?\)|[^,)]*)"
            text = re.sub(rf"\b{name[0]}{value}", change.replace("\\", r"\\"), text, count=1)
        else:
            text = f"{text[:-1]}, {change})"
        *before, call = text.split("\n")
    return "\n".join([*before, call])


@pytest.mark.parametrize("program", programs())
def test_what_is_said_of_a_program(program: str) -> None:
    assert (
        f"\n\n{answered(program, problems(GIVEN + program))}\n\n"
        in f"\n\n{TABLE.read_text().strip()}\n\n"
    )


@pytest.mark.keras
@pytest.mark.parametrize("program", programs())
def test_keras_does_what_is_said(program: str) -> None:
    found = problems(GIVEN + program)
    error = raised(GIVEN + program)
    assert all(problem.silent for problem in found) == (not any(error)), error
    assert all(are_words_of_keras(problem, GIVEN + program) for problem in found)


@pytest.mark.keras
@pytest.mark.parametrize("program", programs())
def test_a_program_runs_once_it_is_mended(program: str) -> None:
    (problem,) = problems(GIVEN + program)
    assert problem.remedies
    for remedy in problem.remedies:
        changed = mended(program, remedy)
        assert changed != program
        assert (problems(GIVEN + changed), raised(GIVEN + changed)) == ([], (0, "")), changed


CASES = list(product(LOSSES, OUTPUTS, LABELS))


@pytest.mark.keras
@pytest.mark.parametrize("seed", range(8))
def test_fit_does_what_is_said(seed: int) -> None:
    """A loss and some metrics, a few dozen times, by real training."""
    random = Random(seed)
    for loss, output, labels in random.sample(CASES, 25):
        if loss == "circle":
            continue
        method = random.choice(["fit", "evaluate", "train_on_batch"])
        metrics = random.choices(["accuracy", "mae", "Precision", "categorical_accuracy"], k=2)
        program = (
            f"model = Sequential([Input((2,)), Dense({int(np.prod(output))}), Reshape({output})])\n"
            f"model.compile(loss={CLASSES[loss]!r}, metrics={metrics})\n"
            f"X, y = np.ones((6, 2)), np.zeros({(6, *labels)})\n"
            f"model.{method}(X, y)"
        )
        refused = [problem for problem in problems(GIVEN + program) if not problem.silent]
        error = raised(GIVEN + program)
        assert bool(refused) == any(error), f"{program}\n{refused}\n{error}"


if __name__ == "__main__":
    TABLE.write_text("\n\n".join(answered(one, problems(GIVEN + one)) for one in programs()) + "\n")
