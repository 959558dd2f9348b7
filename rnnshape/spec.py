"""The vocabulary: which layer is meant, in Keras' own words, checked once."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Self

__all__ = [
    "Cell",
    "LayerSpec",
    "MergeMode",
    "SpecError",
    "Word",
    "either",
    "seed_number",
    "whole_number",
]

LARGEST_DIMENSION = 2**63 - 1  # a tensor's dimensions are signed 64-bit integers
LARGEST_SEED = 2**32 - 1  # as `keras.utils.set_random_seed` has it


class SpecError(ValueError):
    """A description of a layer that no Keras layer answers to.

    Attributes:
        field: the word that is wrong, as `LayerSpec` spells it: `"units"`.
        value: what was given for it, as text; empty when the fault is that it was given at all.
        reason: what would be right instead.
    """

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field = field
        self.value = _text(value)
        self.reason = reason
        super().__init__(field, value, reason)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.field, self.value))) + f": {self.reason}"


class Word(StrEnum):
    """A closed set of words, in any letter case, with or without `-` and `_`.

    A word that is not one of them raises a `SpecError` that names the nearest:

    >>> Cell("ltsm")
    Traceback (most recent call last):
        ...
    rnnshape.spec.SpecError: cell ltsm: choose lstm, gru or simplernn; did you mean lstm?
    """

    @classmethod
    def _missing_(cls, value: object) -> Self:
        word = str(value).lower().replace("-", "").replace("_", "")
        for member in cls:
            if member == word:
                return member
        from difflib import get_close_matches  # only a misspelt word needs it

        near = get_close_matches(word, list(cls), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SpecError(cls._field(), value, f"choose {either(cls)}{hint}")

    @classmethod
    def _field(cls) -> str:
        """`merge_mode`, of `MergeMode`."""
        return "".join(f"_{one.lower()}" if one.isupper() else one for one in cls.__name__)[1:]


class Cell(Word):
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


class MergeMode(Word):
    """How `Bidirectional` merges its two directions. `NONE` is Keras' `merge_mode=None`.

    >>> MergeMode(None)
    <MergeMode.NONE: 'none'>
    """

    CONCAT = "concat"
    SUM = "sum"
    MUL = "mul"
    AVE = "ave"
    NONE = "none"


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
    rnnshape.spec.SpecError: units 0: give a whole number, 1 or more
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
        checked = {
            "cell": Cell(self.cell),
            "merge_mode": MergeMode(self.merge_mode),
            "units": tuple(whole_number("units", one) for one in units),
            **{
                name: whole_number(name, getattr(self, name))
                for name in ("batch", "timesteps", "features")
            },
            **{
                name: _flag(name, getattr(self, name))
                for name in ("return_sequences", "return_state", "bidirectional")
            },
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if not units:
            raise SpecError("units", "", "a layer needs at least one")
        if self.merge_mode is not MergeMode.CONCAT and not self.bidirectional:
            raise SpecError("merge_mode", self.merge_mode, "only a bidirectional layer merges")
        if self.merge_mode is MergeMode.NONE and len(units) > 1:
            raise SpecError(
                "merge_mode",
                self.merge_mode,
                "it returns two tensors, and the next layer of a stack takes one: "
                "concat, sum, mul or ave",
            )


def whole_number(
    field: str, value: object, *, least: int = 1, most: int = LARGEST_DIMENSION
) -> int:
    """`value` as an integer within bounds, those of a dimension by default, or a `SpecError`.

    >>> whole_number("batch", 7)
    7
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # its TypeError is the check
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise SpecError(field, value, f"give a whole number, {least} or more")
    if number > most:
        raise SpecError(field, value, f"the largest is {most}")
    return number


def either(words: Iterable[str]) -> str:
    """The words as a choice.

    >>> either(["lstm", "gru", "simplernn"])
    'lstm, gru or simplernn'
    """
    *others, last = words
    return f"{', '.join(others)} or {last}"


def seed_number(value: object) -> int:
    """`value` as a seed that Keras takes, or a `SpecError`.

    >>> seed_number(42)
    42
    """
    return whole_number("seed", value, least=0, most=LARGEST_SEED)


def _flag(field: str, value: object) -> bool:
    if type(value).__name__ not in ("bool", "bool_"):  # NumPy's count too, under either name
        raise SpecError(field, value, "give True or False")
    return bool(value)


def _text(value: object, limit: int = 100) -> str:
    """What a message shows of a value."""
    try:
        text = str(value)
    except ValueError:  # Python writes out no integer of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
