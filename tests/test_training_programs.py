"""Programs that do not fit, what is said of them, and that they run once they are mended."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pytest

from rnnshape.errors import Problem
from rnnshape.training import Data, Function, Model, Port, TrainingCall, Validation, problems_of
from rnnshape.training.losses import LOSSES
from tests.test_training import LABELS, OUTPUTS

pytestmark = pytest.mark.keras

TABLE = Path(__file__).parent / "tables" / "training.txt"
METHODS = ("fit", "evaluate", "predict", "train_on_batch")


class Ran(NamedTuple):
    """What is said of a program, and what Keras raised."""

    problems: tuple[Problem, ...]
    raised: str


def programs() -> list[str]:
    return [one.partition("\n=>")[0] for one in TABLE.read_text().strip().split("\n\n")]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@functools.cache
def run(program: str, *, eagerly: bool = True) -> Ran:
    """The program, in which each call is first put before the rule, then before Keras."""
    import keras

    keras.utils.clear_session()
    keras.config.disable_interactive_logging()
    X = np.random.default_rng(0).random((16, 5, 3)).astype("float32")  # noqa: N806
    names = {**vars(keras.layers), "np": np, "keras": keras, "X": X}
    names.update(Input=keras.Input, Model=keras.Model, Sequential=keras.Sequential)
    *before, call = program.split("\n")
    exec("\n".join(before), names)
    model = names["model"]
    model.run_eagerly = eagerly
    method = next(method for method in METHODS if f".{method}(" in call)
    given: list[Any] = []
    names["model"] = type("Asked", (), {method: lambda _, *a, **k: given.append((a, k))})()
    exec(call, names)
    ((arguments, keywords),) = given
    plain = plain_call(method, model, names, *arguments, **keywords)
    try:
        getattr(model, method)(*arguments, **keywords)
    except Exception as error:
        return Ran(problems_of(*plain), f"{type(error).__name__}: {error}")
    return Ran(problems_of(*plain), "")


def plain_call(
    method: Any, model: Any, names: dict[str, Any], x: Any, y: Any = None, **keywords: Any
) -> tuple[Model, TrainingCall]:
    """A model of Keras and the arguments of a call, as the rule takes them."""

    def data(given: Any) -> tuple[Data, ...]:
        is_numbers = isinstance(given, list) and not isinstance(given[0], np.ndarray)
        arrays = given if isinstance(given, list) and not is_numbers else [given]
        return tuple(one(array) for array in arrays if array is not None)

    def one(array: Any) -> Data:
        name = next(name for name, value in names.items() if value is array)
        if isinstance(array, list):
            return Data(name, np.shape(array), "list")
        if array.dtype.kind == "i":
            return Data(name, array.shape, "int64", int(array.min()), int(array.max()) + 1)
        return Data(name, array.shape, str(array.dtype))

    losses: list[Function] = []
    metrics: tuple[Function, ...] = ()
    if model.compiled:
        config = model.get_compile_config()
        loss = config["loss"]
        written = loss if isinstance(loss, list) else [loss] * len(model.outputs)
        losses = [function(one) for one in written]
        metrics = tuple(function(one) for one in config["metrics"] or ())
    validation = keywords.get("validation_data")
    call = TrainingCall(
        method,
        data(x),
        data(y),
        tuple(losses),
        (metrics,) if metrics else (),
        validation and Validation(*(data(array) for array in validation)),
        keywords.get("batch_size"),
        keywords.get("validation_split"),
        tuple(keywords.get("class_weight") or ()),
    )
    return plain_model(model), call


def function(written: Any) -> Function:
    if isinstance(written, str):
        return Function(written)
    standard = {"name", "dtype", "reduction", "axis"}
    kept = {key: value for key, value in written["config"].items() if key not in standard}
    return Function(written["class_name"], tuple((k, v) for k, v in kept.items() if v is not None))


def plain_model(model: Any) -> Model:
    import keras

    if not model.built:
        return Model((Port("inputs", (None, None, None), is_described=False),), (), True, True)
    layers = [one for one in model.layers if not isinstance(one, keras.layers.InputLayer)]
    first = layers[0]
    recurrent = [one for one in layers if hasattr(one, "return_sequences")]
    embedding = first.input_dim if isinstance(first, keras.layers.Embedding) else None
    masked = any(isinstance(one, keras.layers.Masking) for one in layers)

    def output(tensor: Any) -> Port:
        layer = tensor._keras_history.operation
        return Port(
            layer.name,
            tensor.shape,
            masked=masked and recurrent[-1].return_sequences,
            units_of=type(layer).__name__,
            returns_sequences=recurrent[-1].return_sequences if recurrent else None,
        )

    inputs = []
    for tensor in model.inputs:
        needed = (*(None for _ in tensor.shape[1:]), tensor.shape[-1])
        name = tensor._keras_history.operation.name
        inputs.append(
            Port(
                name,
                tensor.shape,
                needed=None if embedding else needed,
                whole_numbers_below=embedding,
            )
        )
    is_stateful = any(one.stateful for one in recurrent)
    is_sequential = isinstance(model, keras.Sequential)
    return Model(tuple(inputs), tuple(map(output, model.outputs)), is_sequential, is_stateful)


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


def answered(program: str, problems: tuple[Problem, ...]) -> str:
    lines = [program]
    for problem in problems:
        lines.append(f"=> {problem.kind}{', silent' * problem.silent}: {problem.message}")
        lines += [f"=> {remedy}" for remedy in problem.remedies]
    return "\n".join(lines)


@pytest.mark.parametrize("program", programs())
def test_what_is_said_of_a_program(program: str) -> None:
    ran = run(program)
    assert f"\n\n{answered(program, ran.problems)}\n\n" in f"\n\n{TABLE.read_text().strip()}\n\n"
    assert all(problem.silent for problem in ran.problems) == (not ran.raised), ran.raised
    for problem in ran.problems:
        for words in re.findall(r'\(Keras: "(.*)"\)', problem.message):
            # People do not run eagerly; but it is slow, and says other words only sometimes.
            assert words in ran.raised or words in run(program, eagerly=False).raised


@pytest.mark.parametrize("program", programs())
def test_a_program_runs_once_it_is_mended(program: str) -> None:
    (problem,) = run(program).problems
    assert problem.remedies
    for remedy in problem.remedies:
        changed = mended(program, remedy)
        assert changed != program
        assert run(changed) == Ran((), ""), changed


CASES = list(product(LOSSES, OUTPUTS, LABELS))


@pytest.mark.parametrize("seed", range(8))
def test_fit_does_what_is_said(seed: int) -> None:
    """A loss and some metrics, a few dozen times, by real training."""
    import keras

    random = Random(seed)
    for loss, output, labels in random.sample(CASES, 25):
        if loss in ("circle", "categorical_generalized_cross_entropy"):
            continue
        method = random.choice(["fit", "evaluate", "train_on_batch"])
        layers = [keras.layers.Dense(int(np.prod(output))), keras.layers.Reshape(output)]
        model = keras.Sequential([keras.Input((2,)), *layers])
        metrics = random.choices(["accuracy", "mae", "Precision", "categorical_accuracy"], k=2)
        model.compile(loss=LOSSES[loss].name, metrics=metrics, run_eagerly=True)
        X, y = np.ones((6, 2)), np.zeros((6, *labels))  # noqa: N806
        silent = {"verbose": 0} if method != "train_on_batch" else {}
        raised = ""
        try:
            getattr(model, method)(X, y, **silent)
        except Exception as error:
            raised = str(error)
        problems = problems_of(*plain_call(method, model, {"X": X, "y": y}, X, y))
        refused = [problem for problem in problems if not problem.silent]
        assert bool(refused) == bool(raised), (loss, metrics, output, labels, problems, raised)


if __name__ == "__main__":
    said = [answered(program, run(program).problems) for program in programs()]
    TABLE.write_text("\n\n".join(said) + "\n")
