"""The rule is right: over the whole grid it says what `model.predict` and Keras' layers say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rnnshape import Cell, LayerSpec, Measurement, MergeMode, Report, layers
from tests.conftest import DIMENSIONS, combinations, grid

Measure = Callable[[Sequence[LayerSpec]], tuple[Measurement, ...]]

STACKS: list[tuple[int, ...]] = [(3,), (4, 2), (2, 5, 3), (1, 4, 2, 6)]


def agree(specs: Sequence[LayerSpec], measure: Measure) -> list[Report]:
    reports = [Report(*pair) for pair in zip(specs, measure(specs), strict=True)]
    for report in reports:
        assert report.measurement is not None
        for layer, measured in zip(report.layers, report.measurement.layers, strict=True):
            assert [one.shape for one in layer.outputs] == [one.shape for one in measured.outputs]
            assert {one.dtype for one in measured.outputs} == {"float32"}
            assert tuple(one.shape for one in layer.weights) == measured.weights
            assert layer.parameters == measured.parameters
            assert measured.holds == (True,) * len(layer.relations)
        assert report.differences == ()
    return reports


@pytest.mark.parametrize("dimensions", DIMENSIONS, ids=str)
def test_every_layer_of_the_grid(
    dimensions: tuple[int, int, int, int], keras_measure: Measure
) -> None:
    specs = grid(*dimensions)
    assert len(specs) == 3 * (4 + 4 * 5)
    agree(specs, keras_measure)


@pytest.mark.parametrize("units", STACKS, ids=str)
def test_every_stack(units: tuple[int, ...], keras_measure: Measure) -> None:
    specs = list(combinations(batch=3, timesteps=4, features=2, units=units))
    if len(units) > 2:  # a layer that adds is merged as one that multiplies or averages
        specs = [one for one in specs if one.merge_mode in (MergeMode.CONCAT, MergeMode.SUM)]
    for report in agree(specs, keras_measure):
        for below, above in zip(report.layers, report.layers[1:], strict=False):
            assert below.return_sequences
            assert not below.return_state
            assert above.input.shape == below.outputs[0].shape


def test_a_long_sequence_in_graph_mode(keras_measure: Measure) -> None:
    specs = combinations(batch=40, timesteps=70, features=2, units=3)
    agree([one for one in specs if one.return_state and one.return_sequences], keras_measure)


def test_a_graph_and_many_batches_bring_every_batch_back(keras_measure: Measure) -> None:
    [report] = agree([LayerSpec(Cell.GRU, batch=3333, timesteps=9)], keras_measure)
    assert report.outputs[0].keras == (3333, 3)


def test_a_stack_as_high_as_anyone_will_ask_for(keras_measure: Measure) -> None:
    [report] = agree([LayerSpec(Cell.SIMPLERNN, units=(2,) * 64)], keras_measure)
    assert len(report.outputs) == 64


@pytest.mark.parametrize("merge_mode", MergeMode)
@pytest.mark.parametrize("cell", Cell)
def test_the_names_come_in_keras_order(cell: Cell, merge_mode: MergeMode) -> None:
    states = {Cell.LSTM: "hc", Cell.GRU: "h", Cell.SIMPLERNN: "h"}[cell]
    outputs = ["o1", "o2"] if merge_mode is MergeMode.NONE else ["o"]
    spec = LayerSpec(cell, bidirectional=True, return_state=True, merge_mode=merge_mode)
    [layer] = layers(spec)
    assert [output.name for output in layer.outputs] == [
        *outputs,
        *(f"{state}{way}" for way in "12" for state in states),
    ]
    [alone] = layers(LayerSpec(cell, return_state=True))
    assert [output.name for output in alone.outputs] == ["o", *states]


def test_the_rule_knows_no_size_that_is_too_large() -> None:
    largest = 2**63 - 1
    [layer] = layers(LayerSpec(Cell.LSTM, batch=largest, units=(largest,), bidirectional=True))
    assert layer.outputs[0].shape == (largest, 2 * largest)


def test_the_axes_are_named_beside_the_numbers() -> None:
    first, second = layers(LayerSpec(Cell.LSTM, units=(64, 32), bidirectional=True))
    assert [axis.name for axis in first.outputs[0].axes] == ["batch", "timesteps", "2*units"]
    assert [axis.name for axis in second.input.axes] == ["batch", "timesteps", "features"]
    assert second.input.axes[-1].size == first.outputs[0].axes[-1].size == 128
    assert [axis.name for axis in second.weights[0].axes] == ["features", "4*units"]


@pytest.mark.parametrize(
    ("fields", "claims"),
    [
        ({}, []),
        ({"return_sequences": True, "bidirectional": True}, []),
        ({"return_state": True}, ["o == h"]),
        ({"return_state": True, "return_sequences": True}, ["o[:, -1] == h"]),
        ({"return_state": True, "bidirectional": True}, ["o == concat(h1, h2)"]),
        (
            {"return_state": True, "bidirectional": True, "return_sequences": True},
            ["o[:, -1, :U] == h1", "o[:, 0, U:] == h2"],
        ),
        (
            {"return_state": True, "bidirectional": True, "merge_mode": MergeMode.SUM},
            ["o == h1 + h2"],
        ),
        (
            {"return_state": True, "bidirectional": True, "merge_mode": MergeMode.AVE},
            ["o == (h1 + h2) / 2"],
        ),
        (
            {"return_state": True, "bidirectional": True, "merge_mode": MergeMode.MUL},
            ["o == h1 * h2"],
        ),
        (
            {"return_state": True, "bidirectional": True, "merge_mode": MergeMode.NONE},
            ["o1 == h1", "o2 == h2"],
        ),
        (
            {
                "return_state": True,
                "return_sequences": True,
                "bidirectional": True,
                "merge_mode": MergeMode.NONE,
            },
            ["o1[:, -1] == h1", "o2[:, 0] == h2"],
        ),
    ],
)
def test_what_is_claimed_of_the_tensors(fields: dict[str, bool], claims: list[str]) -> None:
    for cell in Cell:
        [layer] = layers(LayerSpec(cell, **fields))  # type: ignore[arg-type]
        assert [relation.claim for relation in layer.relations] == claims
