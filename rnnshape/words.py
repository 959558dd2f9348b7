"""The short way to ask for a recurrent layer: a word, some flags, and units that stack layers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from rnnshape.chains import chain
from rnnshape.expression import Call, bind
from rnnshape.network import Network

WORDS = {"lstm": "LSTM", "gru": "GRU", "simplernn": "SimpleRNN"}
MERGE_MODES = ("concat", "sum", "mul", "ave", "none")
FLAGS = ("bidirectional", "return_sequences", "return_state")


class Flags(NamedTuple):
    """What is said of a layer beside its word; None where nothing is."""

    bidirectional: bool | None = None
    return_sequences: bool | None = None
    return_state: bool | None = None
    merge_mode: str | None = None


def layer_of_word(word: str) -> str | None:
    """The layer that a word stands for, in any letter case, with or without `-` and `_`.

    >>> layer_of_word("Simple-RNN"), layer_of_word("LSTM(3)")
    ('SimpleRNN', None)
    """
    return WORDS.get(word.lower().replace("-", "").replace("_", ""))


def stack(
    layer: str, units: Sequence[int], flags: Flags, given: Flags | None = None
) -> tuple[Network, tuple[str, ...]]:
    """A layer, or one on top of the other for several units, and notes on what that changes.

    The flags are the last layer's: one below must return a sequence, and nothing else. `given`
    are those that someone has set, where these are not.

    >>> network, notes = stack("LSTM", (64, 32), Flags(return_state=True))
    >>> print(network)
    LSTM(64, return_sequences=True) -> LSTM(32, return_state=True)
    """
    below = Flags(flags.bidirectional, True, False, flags.merge_mode)
    layers = [_layer(layer, size, below) for size in units[:-1]]
    return chain([*layers, _layer(layer, units[-1], flags)]), _notes(len(units), given or flags)


def combinations(flags: Flags) -> list[Flags]:
    """Every combination of the flags that are not given; of `merge_mode` only where it merges."""
    free = (
        (given,) if given is not None else (False, True)
        for given in (getattr(flags, name) for name in FLAGS)
    )
    return [
        Flags(both, sequences, state, flags.merge_mode if both else None)
        for both, sequences, state in product(*free)
    ]


def _layer(name: str, units: int, flags: Flags) -> Call:
    returned = {name: bool(getattr(flags, name)) for name in ("return_sequences", "return_state")}
    layer = bind(name, (units,), returned)
    if not flags.bidirectional:
        return layer
    mode = flags.merge_mode or "concat"
    return bind("Bidirectional", (layer,), {"merge_mode": None if mode == "none" else mode})


def _notes(height: int, flags: Flags) -> tuple[str, ...]:
    if height == 1:
        return ()
    of_last = "--return-state" if flags.return_state else ""
    of_last = "--no-return-sequences" if flags.return_sequences is False else of_last
    alone = f"{of_last} holds for layer {height} alone, and " if of_last else ""
    below = "layer 1" if height == 2 else f"layers 1 to {height - 1}"
    because = 'the next layer takes a sequence (Keras: "expected ndim=3, found ndim=2")'
    return (f"{alone}{below} got return_sequences=True: {because}",)
