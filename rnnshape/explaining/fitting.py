"""What makes one shape fit another: X to the model's input, y to its output."""

from __future__ import annotations

from math import prod

from rnnshape.explaining.shapes import Shape, axes_of_rank, written

__all__ = ["classes_advice", "data_remedies", "labels_remedies", "labels_said", "same"]


def _or(size: int | None, name: str = "timesteps") -> str:
    """A size; where any will do, a name for it."""
    return name if size is None else str(size)


def data_remedies(taken: Shape, came: Shape, x: str = "X") -> tuple[str, ...]:
    """Changes, likelier first, after which an array of shape `came` fits `taken`.

    >>> data_remedies((None, 5, 1), (16, 5))[0]
    'X = X[..., None]  # (16, 5) becomes (16, 5, 1)'
    """
    sizes = ", ".join(_or(size, "-1") for size in taken[1:])
    reshape = f"{x} = {x}.reshape(-1, {sizes})  # if the numbers are the same, in this order"
    own = f"Input(shape={_tuple(came[1:])})  # the model takes what {x} has"
    if len(came) == len(taken) - 1 and same(came, taken[1:]):
        return (f"{x} = {x}[None]  # a single sample lacks its batch: (1, {sizes})", reshape)
    if len(came) == len(taken) - 1 and taken[-1] == 1:
        grown = _tuple((*came, 1))
        return (f"{x} = {x}[..., None]  # {_tuple(came)} becomes {grown}", reshape, own)
    if len(came) != len(taken) and _entries(came) == _entries(taken):
        return (reshape, f"Reshape(({sizes},))  # the same in the model, behind its Input", own)
    if len(came) < len(taken):
        grown = ", ".join(_or(size) for size in (*came[1:], 1))
        return (f"{x} = {x}[..., None]  # with Input(shape=({grown})), one feature a timestep", own)
    if len(came) > len(taken):
        if came[-1] == 1:
            return (f"{x} = {x}[..., 0]  # without the last axis, which is 1", own, reshape)
        if 1 in came[1:]:
            return (f"{x} = {x}.squeeze()  # without the axes that are 1", own, reshape)
        return (own, reshape, f"{x} = {x}[:, -1]  # only the last timestep")
    if len(came) == 3 and same(came[:0:-1], taken[1:]) and came[1] != came[2]:
        return (f"{x} = {x}.transpose(0, 2, 1)  # timesteps and features are exchanged", own)
    if len(came) == 3 and came[2] == taken[2]:
        steps = _or(taken[1])
        return (
            f"Input(shape=(None, {_or(taken[2], 'features')}))  # any number of timesteps",
            f"{x} = keras.utils.pad_sequences({x}, maxlen={steps}, dtype='float32')",
            own,
        )
    if len(came) == 2 and came[-1] == 1:
        return (
            f"{x} = {x}.reshape(-1, {_or(taken[-1], 'features')})  # of one sample, one row",
            own,
        )
    if len(came) == 2:
        pad = f"{x} = keras.utils.pad_sequences({x}, maxlen={_or(taken[-1])})"
        return (own, reshape, f"{pad}  # before an Embedding: all of one length")
    return (own, f"{x} = {x}[..., :{_or(taken[-1], 'features')}]", reshape)


def classes_advice(classes: int | None, *, sparse: bool) -> tuple[str, ...]:
    """Labels and the loss for them: one number for each sample, or one column for each class."""
    number = _or(classes, "classes")
    one_hot = f"y = keras.utils.to_categorical(y, num_classes={number})  # one column a class"
    if sparse:
        return (
            "loss='categorical_crossentropy'  # for y with a column for each class",
            "y = y.argmax(axis=-1)  # the class as a number, for sparse_categorical_crossentropy",
        )
    return (
        "loss='sparse_categorical_crossentropy'  # for y with the class as a number",
        one_hot,
    )


def labels_remedies(output: Shape, y: Shape) -> tuple[str, ...]:
    """Changes, likelier first, after which `y` fits the model's output.

    >>> labels_remedies((None, 10), (None, 1))[0]
    "loss='sparse_categorical_crossentropy'  # for y with the class as a number"
    """
    wide, columns = output[-1] if output else None, y[-1] if y else None
    last_only = "LSTM(64)  # the last recurrent layer without return_sequences, for one y a sample"
    sequences = "LSTM(64, return_sequences=True)  # the last recurrent layer: y has timesteps"
    as_wide = f"Dense({_or(columns, 'n')})  # the last layer, as wide as y"
    if len(output) == len(y):
        if len(y) == 3 and output[1] != y[1] and output[1] and y[1]:
            return (
                f"y = y[:, :{output[1]}]  # as many timesteps as the output",
                f"RepeatVector({y[1]})  # before the decoder, which then returns {y[1]} timesteps",
            )
        if columns == 1 and wide != 1 and len(y) < 3:
            return (
                *classes_advice(wide, sparse=False),
                "Dense(1)  # the last layer, where y is a number and not a class",
                f"LSTM(64)  # without return_sequences, where {_or(wide, 'the size')} is timesteps",
            )
        if wide == 1 and columns != 1:
            return (
                f"Dense({_or(columns, 'classes')}, activation='softmax')  # the last "
                "layer, with loss='categorical_crossentropy'",
                "y = y.argmax(axis=-1)  # two classes: 0 or 1, for Dense(1, activation='sigmoid')",
            )
        fitting = f"y = keras.utils.to_categorical(y, num_classes={_or(wide, 'n')})"
        return (as_wide, f"{fitting}  # if y holds classes")
    if len(output) > len(y):
        if len(output) == 2:
            return (
                *classes_advice(wide, sparse=False),
                "Dense(1)  # the last layer, where y is a number and not a class",
            )
        if len(y) == 2 and output[1] is not None and output[1] == y[1]:
            return ("y = y[..., None]  # (batch, timesteps) becomes (batch, timesteps, 1)", as_wide)
        return (
            last_only,
            "GlobalAveragePooling1D()  # after the recurrent layers, instead",
            "y = y[..., None]  # where y has a value for each timestep",
        )
    if columns == 1 and len(output) == 2 and same(y[1:2], output[1:]):
        return ("y = y[..., 0]  # without the last axis, which is 1", sequences)
    if len(output) == 1:
        return ("y = y.reshape(len(y))", "y = y.argmax(axis=-1)  # the class as a number")
    return (
        sequences,
        "y = y[:, -1]  # only the last timestep's, for a model with one output a sample",
        "y = y.reshape(len(y), -1)  # where the output is as wide as all timesteps together",
    )


def labels_said(output: Shape | None, y: Shape | None) -> str:
    """Both shapes, their axes named."""
    return f"y is {_named(y, 'classes')}, and the model returns {_named(output, 'units')}."


def _named(shape: Shape | None, last: str) -> str:
    if shape is None or len(shape) > 3:
        return written(shape)
    return written(shape, axes_of_rank(len(shape)).replace("features", last))


def same(these: Shape, those: Shape) -> bool:
    """Can both be one shape? None stands for any size."""
    return len(these) == len(those) and all(
        a is None or b is None or a == b for a, b in zip(these, those, strict=True)
    )


def _entries(shape: Shape) -> int | float:
    """How many numbers a sample has; where a size is not known, a number that equals none."""
    return float("nan") if None in shape[1:] else prod(size or 0 for size in shape[1:])


def _tuple(shape: Shape) -> str:
    return str(tuple(shape))
