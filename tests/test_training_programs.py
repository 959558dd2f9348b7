"""Programs whose data does not fit: what is said of them, and what mends them."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest

from rnnshape.training.losses import LOSSES
from tests.test_fit_from_code import IMPORTS, problems
from tests.test_training import LABELS, OUTPUTS

TABLE = Path(__file__).parent / "tables" / "training.txt"
GIVEN = IMPORTS + "X = np.random.random((16, 5, 3)).astype('float32')\n"
METHODS = ("fit", "evaluate", "predict", "train_on_batch", "predict_on_batch")


def programs() -> list[str]:
    return [one.partition("\n=>")[0] for one in TABLE.read_text().strip().split("\n\n")]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@functools.cache
def raised(program: str, *, eagerly: bool = True) -> str:
    """What Keras says of a program that fails. Only ever a program of our own."""
    import keras
    import tensorflow

    keras.utils.clear_session()
    keras.config.disable_interactive_logging()
    tensorflow.config.run_functions_eagerly(eagerly)
    try:
        exec(GIVEN + program, {})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        tensorflow.config.run_functions_eagerly(False)
    return ""


def mended(program: str, remedy: str) -> str:
    """The program after the change that a remedy is."""
    *before, call = program.split("\n")
    for change in remedy.split(" with "):
        if re.match(r"[\w, ]+ = ", change):
            before.append(change)
            continue
        text = "\n".join([*before, call])
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


def answered(program: str) -> str:
    """A program, and under it what is said of it."""
    lines = [program]
    for problem in problems(GIVEN + program):
        lines.append(f"=> {problem.kind}{', silent' * problem.silent}: {problem.message}")
        lines += [f"=> {remedy}" for remedy in problem.remedies]
    return "\n".join(lines)


@pytest.mark.parametrize("program", programs())
def test_what_is_said_of_a_program(program: str) -> None:
    assert f"\n\n{answered(program)}\n\n" in f"\n\n{TABLE.read_text().strip()}\n\n"


@pytest.mark.keras
@pytest.mark.parametrize("program", programs())
def test_keras_does_what_is_said(program: str) -> None:
    found = problems(GIVEN + program)
    assert all(problem.silent for problem in found) == (not raised(program)), raised(program)
    for problem in found:
        for words in re.findall(r'\(Keras: "(.*)"\)', problem.message):
            # People do not run eagerly; but it is slow, and says other words only sometimes.
            assert words in raised(program) or words in raised(program, eagerly=False)


@pytest.mark.keras
@pytest.mark.parametrize("program", programs())
def test_a_program_runs_once_it_is_mended(program: str) -> None:
    (problem,) = problems(GIVEN + program)
    assert problem.remedies
    for remedy in problem.remedies:
        changed = mended(program, remedy)
        assert changed != program
        assert (problems(GIVEN + changed), raised(changed)) == ([], ""), changed


CASES = list(product(LOSSES, OUTPUTS, LABELS))


@pytest.mark.keras
@pytest.mark.parametrize("seed", range(8))
def test_fit_does_what_is_said(seed: int) -> None:
    """A loss and some metrics, a few dozen times, by real training."""
    random = Random(seed)
    for loss, output, labels in random.sample(CASES, 25):
        if loss in ("circle", "categorical_generalized_cross_entropy"):
            continue
        method = random.choice(["fit", "evaluate", "train_on_batch"])
        metrics = random.choices(["accuracy", "mae", "Precision", "categorical_accuracy"], k=2)
        program = (
            f"model = Sequential([Input((2,)), Dense({int(np.prod(output))}), Reshape({output})])\n"
            f"model.compile(loss={LOSSES[loss].name!r}, metrics={metrics})\n"
            f"X, y = np.ones((6, 2)), np.zeros({(6, *labels)})\n"
            f"model.{method}(X, y)"
        )
        refused = [problem for problem in problems(GIVEN + program) if not problem.silent]
        assert bool(refused) == bool(raised(program)), f"{program}\n{refused}\n{raised(program)}"


if __name__ == "__main__":
    TABLE.write_text("\n\n".join(map(answered, programs())) + "\n")
