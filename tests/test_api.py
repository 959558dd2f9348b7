"""The package in a notebook: a spec, the rule, the measurement, and the two beside each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import rnnshape
from rnnshape import (
    Array,
    Cell,
    LayerSpec,
    MeasuredLayer,
    Measurement,
    MeasurementError,
    Report,
    SpecError,
    layers,
    measure,
)


def test_what_is_offered_is_there() -> None:
    for name in rnnshape.__all__:
        assert hasattr(rnnshape, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        rnnshape.nonsense  # noqa: B018


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5])
def test_a_seed_has_bounds(seed: int) -> None:
    with pytest.raises(SpecError, match="seed"):
        measure(LayerSpec(Cell.GRU), seed=seed)


def test_it_is_typed() -> None:
    assert Path(rnnshape.__file__).with_name("py.typed").exists()


def test_a_measurement_agrees_with_the_rule() -> None:
    spec = LayerSpec(Cell.GRU, units=(4, 2), return_state=True)
    measurement = measure(spec, seed=3, values=True)
    assert Report(spec, measurement).differences == ()
    assert measurement == measure(spec, seed=3, values=True)
    [o, h] = measurement.layers[-1].outputs
    assert o.values == h.values
    assert o.shape == layers(spec)[-1].outputs[0].shape


def test_a_layer_that_cannot_fit_raises_before_it_is_tried() -> None:
    with pytest.raises(MeasurementError, match="of memory") as refused:
        measure(LayerSpec(Cell.LSTM, units=(10**6,)))
    assert refused.value.remedy


def test_a_measurement_of_something_else_is_refused() -> None:
    measurement = Measurement(Array((2, 5, 1), "float32"), (), "3", "2")
    other = replace(measurement, layers=(MeasuredLayer((), (True,), (), 0),))
    with pytest.raises(ValueError, match="another layer"):
        Report(LayerSpec(Cell.GRU), other)
