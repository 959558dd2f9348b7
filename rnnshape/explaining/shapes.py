"""Shapes and layers as messages write them."""

from __future__ import annotations

import re

from rnnshape.signatures import LAYERS

Shape = tuple[int | None, ...]

# `(None, 5, 3)`, `[16,5]`, `(?, 3)`, `TensorShape([None, 3])`, `(Dimension(5), Dimension(None))`
SHAPE = r"(?:TensorShape)?\(?[(\[](?:Dimension\(\w{1,9}\)|[^()\[\]]){0,80}[)\]]\)?"
# The axes of a tensor that goes into a layer, by their number.
AXES = {
    1: "(batch,)",
    2: "(batch, features)",
    3: "(batch, timesteps, features)",
    4: "(batch, rows, columns, channels)",
    5: "(batch, timesteps, rows, columns, channels)",
}

_SIZE = re.compile(r"\d+|None|\?|<unknown>")
_CLASSES = {name.lower(): name for name in LAYERS}


def shape_of(text: str | None) -> Shape | None:
    """The shape that a message writes.

    >>> shape_of("(None, 5, 3)"), shape_of("[?,4]"), shape_of("")
    ((None, 5, 3), (None, 4), None)
    """
    if not text:
        return None
    sizes = _SIZE.findall(text.replace("Dimension", ""))
    return tuple(int(size) if size.isdigit() else None for size in sizes)


def written(shape: Shape | None, last: str = "features", axes: str | None = None) -> str:
    """A shape and the names of its axes.

    >>> written((None, 5, 3), "units")
    '(None, 5, 3) = (batch, timesteps, units)'
    """
    if shape is None:
        return "a shape that the message leaves out"
    named = axes or AXES.get(len(shape), "").replace("features", last)
    return f"{shape} = {named}" if named else str(shape)


def same(these: Shape, those: Shape) -> bool:
    """Can both be one shape? None stands for any size."""
    return len(these) == len(those) and all(
        a is None or b is None or a == b for a, b in zip(these, those, strict=True)
    )


def class_of(name: str) -> str:
    """The class of an automatic name; a name that the user gave stays.

    >>> class_of("lstm_12"), class_of("conv_lstm2d"), class_of("my_model")
    ('LSTM', 'ConvLSTM2D', 'my_model')
    """
    stem = re.sub(r"_\d+$", "", name.lower()).replace("_", "")
    return _CLASSES.get(stem, name or "The layer")


def is_model(name: str) -> bool:
    return re.match(r"$|sequential|functional|model", name, re.IGNORECASE) is not None


def number_of(name: str) -> int:
    """The number that Keras gave the layer: 0 of `lstm`, 2 of `lstm_2`."""
    number = re.search(r"_(\d+)$", name)
    return int(number[1]) if number else 0
