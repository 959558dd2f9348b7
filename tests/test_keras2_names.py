"""The names of Keras 1 and 2: what the installed Keras does with each, and with today's."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import pytest

from rnnshape.reading.keras2 import (
    ARGUMENTS,
    ATTRIBUTES,
    FUNCTIONS,
    MODULES,
    NAMES,
    Today,
    argument,
    attribute,
    name,
)

pytestmark = pytest.mark.keras

# How each is called otherwise, with `{}` in the place of the argument.
CALLS = {
    "layer": "keras.layers.SimpleRNN(4, {})",
    "LSTM": "keras.layers.LSTM(4, {})",
    "GRU": "keras.layers.GRU(4, {})",
    "LSTMCell": "keras.layers.LSTMCell(4, {})",
    "GRUCell": "keras.layers.GRUCell(4, {})",
    "Embedding": "keras.layers.Embedding({})",
    "Dropout": "keras.layers.Dropout({})",
    "Reshape": "keras.layers.Reshape({})",
    "LeakyReLU": "keras.layers.LeakyReLU({})",
    "BatchNormalization": "keras.layers.BatchNormalization({})",
    "SpatialDropout1D": "keras.layers.SpatialDropout1D(0.2, {})",
    "InputLayer": "keras.layers.InputLayer({})",
    "Input": "keras.Input({})",
    "Model": "keras.Model({})",
    "optimizer": "keras.optimizers.Adam({})",
    "compile": "model.compile(loss='mse', {})",
    "fit": "model.fit(X, y, verbose=0, {})",
    "predict": "model.predict(X, verbose=0, {})",
    "ModelCheckpoint": "keras.callbacks.ModelCheckpoint('m.keras', {})",
    "TensorBoard": "keras.callbacks.TensorBoard({})",
    "l1": "keras.regularizers.L1({})",
    "l2": "keras.regularizers.L2({})",
}
CONVOLUTION = {"border_mode", "subsample", "subsample_length", "dim_ordering"}
VALUES = {
    "input_shape": "(5, 3)",
    "batch_input_shape": "(8, 5, 3)",
    "batch_shape": "(8, 5, 3)",
    "alpha": "0.3",
    "lr": "0.01",
    "decay": "1e-6",
    "weights": "[numpy.zeros((1000, 64))]",
}
OLD_ARGUMENTS = [(of, old) for of, names in ARGUMENTS.items() for old in names]
OLD_ATTRIBUTES = [(of, old) for of, names in ATTRIBUTES.items() for old in names]


@pytest.fixture(scope="module")
def world() -> dict[str, Any]:
    """What the programs know."""
    import keras
    import numpy
    import tensorflow as tf

    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4), keras.layers.Dense(1)])
    model.compile(loss="mse")
    return {
        "keras": keras,
        "tf": tf,
        "numpy": numpy,
        "model": model,
        "layer": model.layers[0],
        "tensor": keras.Input((5, 3)),
        "X": numpy.zeros((8, 5, 3)),
        "y": numpy.zeros(8),
        "x": keras.Input((5, 3)),
        "inputs": keras.Input((3,)),
        "timesteps": 5,
        "features": 3,
        "Input": keras.Input,
    }


def _call(of: str, old: str, code: str) -> str:
    if of == "Embedding":
        rest = {"output_dim": "1000, ", "input_dim": "output_dim=64, "}.get(old, "1000, 64, ")
        return CALLS[of].format(rest + code)
    if of == "layer" and old in CONVOLUTION:
        return f"keras.layers.Conv1D(4, 3, {code})"
    return CALLS[of].format(code)


def _what_keras_does(code: str, world: dict[str, Any]) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            eval(code, dict(world))
        except Exception:
            return "refused"
    return "warned" if any(warning.category is UserWarning for warning in caught) else "taken"


@pytest.mark.parametrize(("of", "old"), OLD_ARGUMENTS)
def test_keras_does_with_an_old_argument_what_the_table_says(
    of: str, old: str, world: dict[str, Any]
) -> None:
    today = ARGUMENTS[of][old]
    code = _call(of, old, f"{old}={VALUES.get(old, '1')}")
    assert _what_keras_does(code, world) == today.keras3


@pytest.mark.parametrize(("of", "old"), OLD_ATTRIBUTES)
def test_an_old_attribute_is_there_only_where_the_table_says_so(
    of: str, old: str, world: dict[str, Any]
) -> None:
    today = ATTRIBUTES[of][old]
    assert hasattr(world[of], old) is (today.keras3 == "taken")
    if today.code:
        eval(today.code.replace("generator", "X, y") if "fit" in old else "None", dict(world))
        is_whole = today.code.startswith("[")
        eval(today.code if is_whole else today.code.partition("(")[0], dict(world))


def _exists(dotted: str) -> bool:
    """Can it be imported, or is it a name in what can be?"""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:split]))
        except (ImportError, AttributeError):
            continue
        try:
            for part in parts[split:]:
                found = getattr(found, part)
        except (ImportError, AttributeError):
            return False
        return True
    return False


@pytest.mark.parametrize("old", [*NAMES, *FUNCTIONS])
def test_an_old_name_is_gone_and_todays_is_there(old: str) -> None:
    assert not _exists(old)
    assert name(old) == {**NAMES, **FUNCTIONS}[old]
    today = {**NAMES, **FUNCTIONS}[old].code.partition("(")[0]
    assert not today or _exists(today)


@pytest.mark.parametrize("old", MODULES)
def test_an_old_module_is_gone_and_todays_is_there(old: str) -> None:
    with pytest.raises(ImportError):
        importlib.import_module(old)
    assert name(f"{old}.Thing") == Today(f"{MODULES[old]}.Thing")
    assert MODULES[old].startswith("scikeras") or _exists(MODULES[old])


def test_what_moved_may_be_gone_from_where_it_moved_to() -> None:
    assert name("keras.layers.core.Merge") == NAMES["keras.layers.Merge"]


@pytest.mark.parametrize(
    ("of", "old"),
    [
        (of, old)
        for of, old in OLD_ARGUMENTS
        if ARGUMENTS[of][old].code.partition("=")[0].isidentifier()
    ],
)
def test_keras_takes_an_argument_as_it_is_written_today(
    of: str, old: str, world: dict[str, Any]
) -> None:
    code = ARGUMENTS[of][old].code
    calls = [
        *([CALLS[of]] if of not in ("layer", "Embedding") else []),
        "keras.layers.SimpleRNN({})",
        "keras.layers.SimpleRNN(4, {})",
        "keras.layers.LSTM(4, {})",
        "keras.layers.Conv1D(4, 3, {})",
        "keras.layers.Conv1D(4, {})",
        "keras.layers.Conv2D(4, {})",
        "keras.layers.Conv1D(kernel_size=3, {})",
        "keras.layers.MaxPooling1D({})",
        "keras.layers.Embedding(1000, {})",
        "keras.layers.Embedding(output_dim=64, {})",
        "keras.layers.Embedding(1000, 64, {})",
        "model.compile(loss='mse', {})",
        "keras.Model({}, outputs=inputs)",
        "keras.Model({}, inputs=inputs)",
    ]
    world = world | {"outputs": world["inputs"]}
    assert any(_what_keras_does(call.format(code), world) == "taken" for call in calls)


def test_what_is_no_old_name_is_not_found() -> None:
    assert argument("LSTM", "units") is None
    assert argument("fit", "epochs") is None
    assert attribute("summary") is None
    assert name("keras.layers.LSTM") is None
    assert name("tensorflow.keras.preprocessing.text.Tokenizer") is None
    resets = "[each.reset_state() for each in model.layers if getattr(each, 'stateful', False)]"
    assert attribute("reset_states", "model") == Today(resets)


@pytest.mark.parametrize(
    "path", [path for path in (*MODULES, *NAMES, *FUNCTIONS) if path.startswith("keras.")]
)
def test_what_tensorflow_still_has_is_not_gone(path: str) -> None:
    assert not _exists(f"tensorflow.{path}") or name(f"tensorflow.{path}") is None
