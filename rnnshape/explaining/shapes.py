"""Shapes and layers as messages write them."""

from __future__ import annotations

import re

__all__ = [
    "SHAPE",
    "Shape",
    "axes_of_rank",
    "class_of",
    "is_model",
    "is_recurrent",
    "number_of",
    "shape_of",
    "written",
]

Shape = tuple[int | None, ...]

# `(None, 5, 3)`, `[16,5]`, `(?, 3)`, `TensorShape([None, 3])`, `(Dimension(5), Dimension(None))`
SHAPE = r"(?:TensorShape)?\(?[(\[](?:Dimension\(\w{1,9}\)|[^()\[\]]){0,80}[)\]]\)?"

_SIZE = re.compile(r"\d+|None|\?|<unknown>")
_AXES = {
    1: "(batch,)",
    2: "(batch, features)",
    3: "(batch, timesteps, features)",
    4: "(batch, rows, columns, channels)",
    5: "(batch, timesteps, rows, columns, channels)",
}
_CLASSES = {
    "cu_dnnlstm": "CuDNNLSTM",
    "cu_dnngru": "CuDNNGRU",
    "conv_lstm": "ConvLSTM{}D",
    "lstm": "LSTM",
    "gru": "GRU",
    "simple_rnn": "SimpleRNN",
    "simplernn": "SimpleRNN",
    "rnn": "RNN",
    "bidirectional": "Bidirectional",
    "time_distributed": "TimeDistributed",
    "timedistributed": "TimeDistributed",
    "repeat_vector": "RepeatVector",
    "repeatvector": "RepeatVector",
    "embedding": "Embedding",
    "flatten": "Flatten",
    "dense": "Dense",
    "separable_conv": "SeparableConv{}D",
    "conv": "Conv{}D",
    "convolution": "Conv{}D",
    "global_max_pooling": "GlobalMaxPooling{}D",
    "global_average_pooling": "GlobalAveragePooling{}D",
    "max_pooling": "MaxPooling{}D",
    "maxpooling": "MaxPooling{}D",
    "average_pooling": "AveragePooling{}D",
    "permute": "Permute",
    "reshape": "Reshape",
}


def shape_of(text: str | None) -> Shape | None:
    """The shape that a message writes.

    >>> shape_of("(None, 5, 3)"), shape_of("[?,4]"), shape_of(None)
    ((None, 5, 3), (None, 4), None)
    """
    if text is None:
        return None
    sizes = _SIZE.findall(text.replace("Dimension", ""))
    return tuple(int(size) if size.isdigit() else None for size in sizes)


def written(shape: Shape | None, axes: str | None = None) -> str:
    """A shape and the names of its axes.

    >>> written((None, 5, 3))
    '(None, 5, 3) = (batch, timesteps, features)'
    """
    if shape is None:
        return "a shape that the message leaves out"
    named = axes or _AXES.get(len(shape))
    return f"{shape} = {named}" if named else str(shape)


def axes_of_rank(rank: int) -> str:
    return _AXES.get(rank, f"{rank} axes")


def class_of(name: str | None) -> str:
    """The class of an automatic name; a name that the user gave stays.

    >>> class_of("lstm_12"), class_of("conv_lstm2d"), class_of("my_model")
    ('LSTM', 'ConvLSTM2D', 'my_model')
    """
    if not name:
        return "the layer"
    stem = re.sub(r"_\d+$", "", name.lower())
    dimensions = re.search(r"(\d)d$", stem)
    known = _CLASSES.get(re.sub(r"_?\dd$", "", stem))
    if known is None:
        return name
    return known.format(dimensions[1] if dimensions else "")


def is_recurrent(name: str | None) -> bool:
    return bool(name and re.search(r"lstm|gru|rnn|bidirectional", name, re.IGNORECASE))


def is_model(name: str | None) -> bool:
    return bool(name and re.match(r"sequential|functional|model", name, re.IGNORECASE))


def number_of(name: str | None) -> int:
    """The number that Keras gave the layer: 0 of `lstm`, 2 of `lstm_2`."""
    number = re.search(r"_(\d+)$", name or "")
    return int(number[1]) if number else 0
