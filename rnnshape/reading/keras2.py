"""Names of Keras 1 and 2, how they are written today, and what Keras 3 does with each: the table
of `keras2.txt`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, cast

from rnnshape.signatures import OPERATIONS, OPTIMIZERS, sections
from rnnshape.training.losses import loss_named

Fate: TypeAlias = Literal["refused", "warned", "taken"]


class Today(NamedTuple):
    """How a name is written today, as code, and what Keras 3 does with the old one.

    Attributes:
        code: the spelling of today; empty where nothing takes its place, and it is left out.
        keras3: `refused` (raises), `warned` (goes on, and warns), `taken` (goes on, silently).
        keeps_value: whether an argument has the same value under its name of today.
    """

    code: str
    keras3: Fate = "refused"
    keeps_value: bool = True

    def given(self, value: str) -> Today:
        """The same with the value that code gives it.

        >>> Today("learning_rate=0.001").given("0.01").code
        'learning_rate=0.01'
        """
        word, equals, _ = self.code.partition("=")
        is_same = equals and word.isidentifier() and self.keeps_value
        return self._replace(code=f"{word}={value}") if is_same else self


def _today(text: str) -> Today:
    code, _, mark = text.partition("# ")
    is_kept = mark != "another value"
    fate = cast(Fate, mark) if mark and is_kept else "refused"
    return Today(code.strip(), fate, is_kept)


_TABLE = sections(os.path.join(os.path.dirname(__file__), "keras2.txt"))


def _entries(begins: str) -> dict[str, dict[str, Today]]:
    """Those of all sections whose names begin so, by how these go on: `[argument of fit]`."""
    return {
        section.removeprefix(begins): {old: _today(text) for old, text in lines.items()}
        for section, lines in _TABLE.items()
        if section.startswith(begins)
    }


ARGUMENTS, ATTRIBUTES = _entries("argument of "), _entries("attribute of ")
NAMES, MODULES = _entries("names")[""], _TABLE["modules"]
NAMES_OF_TENSORFLOW, OTHER_NAMES = _TABLE["tensorflow"], _TABLE["ops"]
# What arguments of functions are called in TensorFlow and NumPy, and in keras.ops.
OTHER_WORDS = {
    "keep_dims": "keepdims", "axes": "axis", "perm": "axes", "pattern": "axes",
    "shape": "newshape", "multiples": "repeats", "num_or_size_splits": "indices_or_sections",
    "depth": "num_classes", "paddings": "pad_width", "input": "x", "inputs": "x", "a": "x1",
    "b": "x2", "x": "x1", "y": "x2", "values": "xs", "tensors": "xs", "input_tensor": "x",
    "reduction_indices": "axis", "dim": "axis",
}  # fmt: skip

PRIVATE = "tensorflow.python.keras"  # what is left of it trains nothing

# Functions of losses and metrics: `keras` has the long names alone, `tensorflow.keras` the short.
_LONG_NAMES = {
    **{short: loss_named(short) for short in ("MSE", "mse", "MAE", "mae", "mape", "msle", "kld")},
    "logcosh": "log_cosh",
}
FUNCTIONS: Mapping[str, Today] = {
    f"{start}.{module}.{old}": Today(f"{start}.{module}.{today}")
    for short, long in _LONG_NAMES.items()
    for start, old, today in (
        ("keras", short, long),
        ("tensorflow.keras", long, short),
        ("tensorflow", long, short),
    )
    for module in ("losses", "metrics")
}


def argument(of: str, old: str) -> Today | None:
    """What is written today for an argument of a class or function; None if it is not gone.

    >>> argument("GRU", "inner_activation").code, argument("fit", "nb_epoch").code
    ("recurrent_activation='hard_sigmoid'", 'epochs=10')
    >>> argument("LSTM", "units") is None
    True
    """
    known = ARGUMENTS.get("optimizer" if of in OPTIMIZERS else of)
    if known and old in known:
        return known[old]
    is_layer = of[:1].isupper() and of not in ("Model", "Input", "InputLayer")
    return ARGUMENTS["layer"].get(old) if is_layer else None


def attribute(old: str, of: str = "") -> Today | None:
    """What is written today for an attribute of a `model`, `layer` or `tensor`.

    >>> attribute("predict_classes").code
    'model.predict(X).argmax(axis=-1)'
    """
    kinds = (of,) if of else tuple(ATTRIBUTES)
    return next((ATTRIBUTES[kind][old] for kind in kinds if old in ATTRIBUTES[kind]), None)


def name(dotted: str) -> Today | None:
    """What is written today for a module, or a name in one; `tensorflow.keras` as `keras`.

    >>> name("keras.layers.recurrent.LSTM").code, name("tensorflow.keras.layers.CuDNNLSTM").code
    ('keras.layers.LSTM', 'keras.layers.LSTM')
    >>> name("keras.backend.cast").code, name("tensorflow.keras.backend.cast")
    ('keras.ops.cast', None)
    """
    given = dotted = dotted.replace("keras._tf_keras.keras", "tensorflow.keras")
    if given == PRIVATE:
        return Today("tensorflow.keras")
    if given in FUNCTIONS:
        return FUNCTIONS[given]
    for prefix in ("tensorflow.keras.", "keras.api._v2.keras."):
        if dotted.startswith(prefix):
            dotted = f"keras.{dotted.removeprefix(prefix)}"
    if dotted in NAMES:
        is_there = given in (NAMES[dotted].code, "tensorflow.keras.layers.ThresholdedReLU")
        return None if is_there else NAMES[dotted]
    module, _, last = dotted.rpartition(".")
    if module == "keras.backend" and last not in _TABLE["backend of today"]:
        today = {**OTHER_NAMES, **_TABLE["backend"]}.get(last, last)
        is_known = today in OPERATIONS or last in _TABLE["backend"]
        code = f"keras.ops.{today}" if is_known else f"tensorflow.keras.backend.{last}"
        return None if given.startswith("tensorflow.") else Today(code)
    for module in sorted(MODULES, key=len, reverse=True):
        if dotted == module or dotted.startswith(f"{module}."):
            moved = f"{MODULES[module]}{dotted.removeprefix(module)}"
            return NAMES.get(moved, Today(moved)) if moved != given else None
    return None
