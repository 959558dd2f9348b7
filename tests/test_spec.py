"""A layer's description: what it takes, and what it says of what it does not take."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape import Cell, LayerSpec, MergeMode, SpecError
from rnnshape.spec import LARGEST_DIMENSION

FIELDS = ["batch", "timesteps", "features", "units"]


@pytest.mark.parametrize(
    ("word", "cell"),
    [
        ("lstm", Cell.LSTM),
        ("LSTM", Cell.LSTM),
        ("Gru", Cell.GRU),
        ("simplernn", Cell.SIMPLERNN),
        ("SimpleRNN", Cell.SIMPLERNN),
        ("simple-rnn", Cell.SIMPLERNN),
        ("Simple_RNN", Cell.SIMPLERNN),
    ],
)
def test_a_cell_is_known_in_any_spelling(word: str, cell: Cell) -> None:
    assert Cell(word) is cell
    assert LayerSpec(word).cell is cell  # type: ignore[arg-type]  # a notebook writes it so


@pytest.mark.parametrize(
    ("kind", "word", "near"),
    [
        (Cell, "ltsm", "lstm"),
        (Cell, "gur", "gru"),
        (Cell, "simplernnn", "simplernn"),
        (MergeMode, "conact", "concat"),
        (MergeMode, "summ", "sum"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest(kind: Any, word: str, near: str) -> None:
    with pytest.raises(SpecError) as refused:
        kind(word)
    assert refused.value.value == word
    assert refused.value.reason.endswith(f"; did you mean {near}?")


def test_a_word_that_is_near_to_nothing_is_answered_with_all() -> None:
    with pytest.raises(SpecError, match=r"transformer: choose lstm, gru or simplernn$"):
        Cell("transformer")


@given(st.sampled_from(FIELDS), st.integers(1, LARGEST_DIMENSION))
def test_every_dimension_a_tensor_can_have_is_taken(field: str, number: int) -> None:
    fields: dict[str, Any] = {field: number}
    spec = LayerSpec(Cell.GRU, **fields)
    assert getattr(spec, field) == ((number,) if field == "units" else number)


@given(
    st.sampled_from(FIELDS),
    st.integers(max_value=0)
    | st.integers(min_value=LARGEST_DIMENSION + 1)
    | st.floats()
    | st.text()
    | st.booleans()
    | st.none(),
)
def test_anything_else_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(SpecError, match=r"give a whole number|the largest is") as refused:
        LayerSpec(Cell.GRU, **{field: value})
    assert refused.value.field == field
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize("flag", ["return_sequences", "return_state", "bidirectional"])
@pytest.mark.parametrize("value", ["false", 1, None, "True", 1.0])
def test_a_flag_is_true_or_false(flag: str, value: Any) -> None:
    fields: dict[str, Any] = {flag: value}
    with pytest.raises(SpecError, match=rf"^{flag} .*: give True or False$"):
        LayerSpec(Cell.LSTM, **fields)


def test_numpy_booleans_are_booleans() -> None:
    import numpy as np

    spec = LayerSpec(Cell.LSTM, return_state=np.True_)  # type: ignore[arg-type]
    assert spec.return_state is True


def test_numpy_integers_are_integers() -> None:
    import numpy as np

    assert LayerSpec(Cell.LSTM, batch=np.int64(4)).batch == 4  # type: ignore[arg-type]


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(SpecError) as refused:
        LayerSpec(Cell.LSTM, batch=10**4000)
    assert len(str(refused.value)) < 200


def test_keras_none_is_the_merge_mode_none() -> None:
    spec = LayerSpec(Cell.LSTM, bidirectional=True, merge_mode=None)  # type: ignore[arg-type]
    assert spec.merge_mode is MergeMode.NONE


@pytest.mark.parametrize("mode", [mode for mode in MergeMode if mode is not MergeMode.CONCAT])
def test_only_a_bidirectional_layer_merges(mode: MergeMode) -> None:
    with pytest.raises(SpecError, match="merge_mode"):
        LayerSpec(Cell.LSTM, merge_mode=mode)


def test_a_stack_cannot_go_on_from_two_tensors() -> None:
    with pytest.raises(SpecError, match="the next layer of a stack takes one"):
        LayerSpec(Cell.LSTM, units=(2, 2), bidirectional=True, merge_mode=MergeMode.NONE)


def test_no_units_make_no_layer() -> None:
    with pytest.raises(SpecError, match="units"):
        LayerSpec(Cell.LSTM, units=())


def test_an_error_comes_back_whole_from_another_process() -> None:
    with pytest.raises(SpecError) as refused:
        LayerSpec(Cell.LSTM, units=(0,))
    copy = pickle.loads(pickle.dumps(refused.value))
    assert (str(copy), copy.field) == (str(refused.value), "units")


def test_a_number_that_python_will_not_write_out_is_refused_too() -> None:
    with pytest.raises(SpecError, match=r"batch a number of thousands of digits: the largest is"):
        LayerSpec(Cell.LSTM, batch=10**5000)


def test_a_spec_is_frozen_hashable_and_can_be_replaced() -> None:
    spec = LayerSpec(Cell.LSTM, bidirectional=True, merge_mode=MergeMode.SUM)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.batch = 3  # type: ignore[misc]
    assert dataclasses.replace(spec, batch=9) != spec
    assert {spec: 1}[dataclasses.replace(spec)] == 1
