"""The table of signatures is Keras' own: names, order and defaults; and what is not in it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from rnnshape.errors import QueryError
from rnnshape.expression import Call, bind
from rnnshape.rules.registry import has_rule
from rnnshape.signatures import (
    ACTIVATIONS,
    ALIASES,
    ARGUMENT_OBJECTS,
    LAYERS,
    REFUSED,
    module_of,
    signature,
)
from tests.conftest import KerasInProcess
from tests.tools.make_signatures import TARGET, lines

# Keras has what is newer than the oldest version that is supported, but not all of it in that.
NEWEST = (3, 15)
GONE = {"value_range"}  # of RandomRotation, in Keras 3.0
NAMES = [(module, name) for module in ARGUMENT_OBJECTS for name in ARGUMENT_OBJECTS[module]]
NAMES = [*(("layers", name) for name in LAYERS), *NAMES]


@pytest.fixture(scope="module")
def keras(keras_measurer: KerasInProcess) -> Any:
    import keras

    return keras


def is_newest(keras: Any) -> bool:
    return tuple(map(int, keras.__version__.split(".")[:2])) >= NEWEST


def test_the_signature_of_input_is_that_of_keras(keras: Any) -> None:
    real = inspect.signature(keras.Input).parameters
    ours = signature("Input")
    assert module_of("Input") == "layers"
    assert is_newest(keras) <= (set(ours.names) <= set(real))
    both = [name for name in ours.names if name in real]
    assert [name for name in real if name in ours.names] == both
    assert {name: real[name].default for name in both} == {one: ours.defaults[one] for one in both}


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda one: one)
def test_a_signature_is_that_of_keras(module: str, name: str, keras: Any) -> None:
    real = getattr(getattr(keras, module), name, None)
    if real is None and not is_newest(keras):
        pytest.skip(f"Keras {keras.__version__} has no {name}")
    assert real is not None
    parameters = list(inspect.signature(real).parameters.values())
    own = [
        one
        for one in parameters
        if one.kind is not one.VAR_KEYWORD and one.kind is not one.VAR_POSITIONAL
    ]
    required = tuple(one.name for one in own if one.default is one.empty)
    defaults = {one.name: plain(one.default) for one in own if one.default is not one.empty}
    known = signature(name)
    assert known.required == required
    ours = {word: value for word, value in known.defaults.items() if word in known.positional}
    if is_newest(keras):
        assert list(ours.items()) == list(defaults.items())
    else:  # an older Keras may have fewer
        older = {word: value for word, value in defaults.items() if word not in GONE - set(ours)}
        assert {word: known.defaults.get(word, "none") for word in older} == older


def plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def test_every_layer_of_keras_is_in_the_table_or_refused(keras: Any) -> None:
    base = keras.layers.Layer
    names = {
        name
        for name in dir(keras.layers)
        if isinstance(getattr(keras.layers, name), type)
        and issubclass(getattr(keras.layers, name), base)
    }
    not_layers = {"Layer", "Wrapper", "InputLayer", "InputSpec"}
    assert names - set(LAYERS) - set(ALIASES) - set(REFUSED) <= not_layers


def test_every_alias_is_what_it_stands_for(keras: Any) -> None:
    for alias, name in ALIASES.items():
        module = getattr(keras, str(module_of(name)))
        known = getattr(module, alias, None)
        assert known is getattr(module, name, None) or (not known and not is_newest(keras)), alias


def test_every_activation_is_known_to_keras(keras: Any) -> None:
    if not is_newest(keras):
        pytest.skip("an older Keras knows fewer")
    for word in ACTIVATIONS:
        assert callable(keras.activations.get(word)), word


# An example of whatever needs arguments, so that each can be made of plain data.
EXAMPLES: dict[str, Any] = {
    "axes": 1,
    "cells": (bind("LSTMCell", (2,), {}),),
    "cell": bind("LSTMCell", (2,), {}),
    "layer": bind("LSTM", (2,), {}),
    "activation": "relu",
    "dims": (1, 2),
    "target_shape": (-1,),
    "equation": "abc,cd->abd",
    "rate": 0.5,
    "stddev": 0.5,
    "factor": 0.5,
    "scale": 2.0,
}
SPECIAL: dict[str, dict[str, Any]] = {
    "SpectralNormalization": {"layer": bind("Dense", (2,), {})},
    "EinsumDense": {"output_shape": (None, 3)},
    "Discretization": {"num_bins": 3},
    "CategoryEncoding": {"num_tokens": 3},
    "RandomPosterization": {"factor": 2},
    "RandomTranslation": {"height_factor": 0.5, "width_factor": 0.5},
    "RandomZoom": {"height_factor": 0.5},
    "GroupQueryAttention": {"num_query_heads": 2, "num_key_value_heads": 2, "head_dim": 2},
}


def example(name: str, **given: Any) -> Call:
    required = {word: EXAMPLES.get(word, 2) for word in signature(name).required}
    return bind(name, (), required | SPECIAL.get(name, {}) | given)


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_of_the_table_is_made_of_plain_data(name: str, keras: Any) -> None:
    from rnnshape.measuring.keras_model import build

    if not hasattr(keras.layers, name):
        pytest.skip(f"Keras {keras.__version__} has no {name}")
    if name == "STFTSpectrogram":
        pytest.importorskip("scipy")
    assert isinstance(build(example(name)), getattr(keras.layers, name))


BY_KEYWORDS = [
    (name, word)
    for name in LAYERS
    for word in signature(name).defaults
    if word not in (*signature(name).positional, *signature("layer").defaults)
]


@pytest.mark.parametrize(("name", "word"), BY_KEYWORDS)
def test_what_a_layer_takes_by_its_name_only_is_taken_by_keras(
    name: str, word: str, keras: Any
) -> None:
    if not is_newest(keras):
        pytest.skip("an older Keras takes fewer")
    if name == "STFTSpectrogram":
        pytest.importorskip("scipy")
    made = getattr(keras.layers, name)
    given = {one: as_keras(value) for one, value in example(name).arguments}
    made(**given, **{word: 0.1 if word == "alpha" else signature(name).defaults[word]})
    with pytest.raises((TypeError, ValueError), match="no_such_argument"):
        made(**given, no_such_argument=1)


def as_keras(value: Any) -> Any:
    from rnnshape.measuring.keras_model import build

    return build(value)


def test_the_file_is_what_the_script_makes_of_this_keras(keras: Any) -> None:
    if not is_newest(keras):
        pytest.skip("the file is made from the newest Keras")
    made, written = list(lines(keras)), TARGET.read_text(encoding="utf-8").splitlines()
    assert made[1:] == written[1:]  # the first names the version: another may have the same


@pytest.mark.parametrize("name", REFUSED)
def test_what_reads_files_or_runs_code_is_refused_with_its_reason(name: str) -> None:
    assert module_of(name) is None
    assert name not in LAYERS
    assert not has_rule(name)
    with pytest.raises(QueryError) as wrong:
        bind(name, (), {})
    assert wrong.value.message == f"{name} is not answered: {REFUSED[name]}"


def test_what_is_refused_is_a_layer_of_keras_unless_that_is_the_reason(keras: Any) -> None:
    if is_newest(keras):
        for name, reason in REFUSED.items():
            assert hasattr(keras.layers, name) is ("Keras 3 has no such layer" not in reason), name
