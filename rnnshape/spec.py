"""The vocabulary: which layer is meant, in Keras' own words, checked once."""

from __future__ import annotations

import operator
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

__all__ = ["Cell", "LayerSpec", "MergeMode", "SpecError", "choose", "whole_number"]

LARGEST_DIMENSION = 2**63 - 1  # a tensor's dimensions are signed 64-bit integers


class SpecError(ValueError):
    """A description of a layer that no Keras layer answers to.

    Attributes:
        field: the word that is wrong, as `LayerSpec` spells it: `"units"`.
        value: what was given for it, as text; empty when the fault is that it was given at all.
        reason: what would be right instead.
    """

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field = field
        self.value = _shortened(str(value))
        self.reason = reason
        super().__init__(f"{field} {self.value}: {reason}" if self.value else f"{field}: {reason}")


class Cell(StrEnum):
    """A recurrent cell. Any letter case will do, and `simple-rnn` or `simple_rnn`.

    >>> Cell("Simple_RNN").keras_name
    'SimpleRNN'
    """

    LSTM = "lstm"
    GRU = "gru"
    SIMPLERNN = "simplernn"

    @property
    def keras_name(self) -> str:
        """The name of the layer's class in `keras.layers`."""
        return {Cell.LSTM: "LSTM", Cell.GRU: "GRU", Cell.SIMPLERNN: "SimpleRNN"}[self]

    @classmethod
    def _missing_(cls, value: object) -> Cell:
        word = str(value).lower().replace("-", "").replace("_", "")
        return cls(choose("cell", word, tuple(cls), given=value))


class MergeMode(StrEnum):
    """How `Bidirectional` merges its two directions. `NONE` is Keras' `merge_mode=None`."""

    CONCAT = "concat"
    SUM = "sum"
    MUL = "mul"
    AVE = "ave"
    NONE = "none"

    @classmethod
    def _missing_(cls, value: object) -> MergeMode:
        return cls(choose("merge_mode", str(value).lower(), tuple(cls), given=value))


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A recurrent layer, or a stack of them, and the input it is given.

    Args:
        cell: a `Cell`, or its name in any letter case.
        batch, timesteps, features: the input's shape, in that order.
        units: one number a layer; several stack layers. A lone integer will do.
        return_sequences, return_state: Keras' own flags, of the last layer of a stack.
        bidirectional: whether each layer is wrapped in `Bidirectional`.
        merge_mode: a `MergeMode` or its name; Keras' `None` is understood as `MergeMode.NONE`.

    Raises:
        SpecError: a `ValueError` that names the field, the value and what is allowed.

    >>> LayerSpec(Cell.LSTM, units=(64, 32), bidirectional=True).units
    (64, 32)
    >>> LayerSpec(Cell.GRU, units=(0,))
    Traceback (most recent call last):
        ...
    rnnshape.spec.SpecError: units 0: give a whole number from 1 to 9223372036854775807
    """

    cell: Cell
    _: KW_ONLY
    batch: int = 2
    timesteps: int = 5
    features: int = 1
    units: tuple[int, ...] = (3,)
    return_sequences: bool = False
    return_state: bool = False
    bidirectional: bool = False
    merge_mode: MergeMode = MergeMode.CONCAT

    def __post_init__(self) -> None:
        units = self.units if isinstance(self.units, tuple | list) else (self.units,)
        merge_mode = MergeMode.NONE if self.merge_mode is None else MergeMode(self.merge_mode)
        checked = {
            "cell": Cell(self.cell),
            "batch": whole_number("batch", self.batch),
            "timesteps": whole_number("timesteps", self.timesteps),
            "features": whole_number("features", self.features),
            "units": tuple(whole_number("units", one) for one in units),
            "merge_mode": merge_mode,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if not units:
            raise SpecError("units", "", "a layer needs at least one")
        if merge_mode is not MergeMode.CONCAT and not self.bidirectional:
            raise SpecError("merge_mode", merge_mode, "only a bidirectional layer merges")
        if merge_mode is MergeMode.NONE and len(units) > 1:
            raise SpecError(
                "merge_mode",
                merge_mode,
                "it returns two tensors, and the next layer of a stack takes one: "
                "concat, sum, mul or ave",
            )


def whole_number(field: str, value: object) -> int:
    """`value` as a dimension of a tensor, or a `SpecError` that names `field`.

    >>> whole_number("batch", 7)
    7
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # its TypeError is the check
    except TypeError:
        number = 0
    if isinstance(value, bool) or not 1 <= number <= LARGEST_DIMENSION:
        raise SpecError(field, value, f"give a whole number from 1 to {LARGEST_DIMENSION}")
    return number


def choose(field: str, word: str, words: tuple[str, ...], *, given: object = None) -> str:
    """The one of `words` that `word` is, or a `SpecError` that names the nearest.

    >>> choose("cell", "ltsm", ("lstm", "gru"))
    Traceback (most recent call last):
        ...
    rnnshape.spec.SpecError: cell ltsm: choose lstm or gru; did you mean lstm?
    """
    if word in words:
        return word
    from difflib import get_close_matches  # only a misspelt word needs it

    near = get_close_matches(word, words, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    allowed = f"{', '.join(words[:-1])} or {words[-1]}"
    raise SpecError(field, word if given is None else given, f"choose {allowed}{hint}")


def _shortened(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
