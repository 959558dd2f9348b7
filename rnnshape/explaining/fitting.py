"""What makes one shape fit another: X to the model's input, y to its output."""

from __future__ import annotations

from math import prod

from rnnshape.explaining.messages import changes
from rnnshape.explaining.shapes import Shape, same, written

__all__ = ["data_remedies", "labels_remedies", "labels_said"]


def _or(size: int | None, name: str = "timesteps") -> str:
    """A size; where any will do, a name for it."""
    return name if size is None else str(size)


def data_remedies(taken: Shape, came: Shape) -> tuple[str, ...]:
    """Changes, likelier first, after which an array of shape `came` fits `taken`.

    >>> data_remedies((None, 5, 1), (16, 5))[0]
    'X = X[..., None]  # (16, 5) becomes (16, 5, 1)'
    """
    sizes = ", ".join(_or(size, "-1") for size in taken[1:])
    reshape = f"X = X.reshape(-1, {sizes})  # if the numbers are the same, in this order"
    own = f"Input(shape={came[1:]})  # the model takes what X has"
    if len(came) == len(taken) - 1 and same(came, taken[1:]):
        return (f"X = X[None]  # a single sample lacks its batch: (1, {sizes})", reshape)
    if len(came) == len(taken) - 1 and taken[-1] == 1:
        return (f"X = X[..., None]  # {came} becomes {(*came, 1)}", reshape, own)
    if len(came) != len(taken) and None not in came[1:] and _entries(came) == _entries(taken):
        return (reshape, f"Reshape(({sizes},))  # the same in the model, behind its Input", own)
    if len(came) < len(taken):
        grown = ", ".join(_or(size) for size in (*came[1:], 1))
        return (f"X = X[..., None]  # with Input(shape=({grown})), one feature a timestep", own)
    if len(came) > len(taken):
        if 1 in came[1:]:
            return ("X = X.squeeze()  # without the axes that are 1", own, reshape)
        return (own, reshape, "X = X[:, -1]  # only the last timestep")
    if len(came) == 3 and same(came[:0:-1], taken[1:]) and came[1] != came[2]:
        return ("X = X.transpose(0, 2, 1)  # timesteps and features are exchanged", own)
    if len(came) == 3 and came[2] == taken[2]:
        return (
            f"Input(shape=(None, {_or(taken[2], 'features')}))  # any number of timesteps",
            f"X = keras.utils.pad_sequences(X, maxlen={_or(taken[1])}, dtype='float32')",
            own,
        )
    if len(came) == 2 and came[-1] == 1:
        return (f"X = X.reshape(-1, {_or(taken[-1], 'features')})  # of one sample, one row", own)
    return (own, f"X = X[..., :{_or(taken[-1], 'features')}]", reshape)


def labels_remedies(output: Shape, y: Shape) -> tuple[str, ...]:
    """Changes, likelier first, after which `y` fits the model's output.

    >>> labels_remedies((None, 10), (None, 1))[0]
    "loss='sparse_categorical_crossentropy'  # for y with the class as a number"
    """
    wide, columns = output[-1] if output else None, y[-1] if y else None
    if len(output) == len(y):
        if len(y) == 3 and output[1] != y[1] and output[1] and y[1]:
            return changes("other timesteps", came=output[1], wanted=y[1])
        if columns == 1 and wide != 1 and len(y) < 3:
            return changes("classes as numbers", classes=_or(wide, "classes"))
        if wide == 1 and columns != 1:
            return changes("one unit", columns=_or(columns, "classes"))
        return changes("other columns", columns=_or(columns, "n"), units=_or(wide, "n"))
    if len(output) == 2 and len(y) == 1:
        return changes("classes as numbers", classes=_or(wide, "classes"))
    if len(output) > len(y):
        if len(y) == 2 and output[1] is not None and output[1] == y[1]:
            return ("y = y[..., None]  # (batch, timesteps) becomes (batch, timesteps, 1)",)
        return changes("last timestep only")
    if columns == 1 and len(output) == 2 and same(y[1:2], output[1:]):
        return ("y = y[..., 0]  # without the last axis, which is 1",)
    if len(output) == 1:
        return ("y = y.reshape(len(y))", "y = y.argmax(axis=-1)  # the class as a number")
    return changes("all timesteps")


def labels_said(output: Shape | None, y: Shape | None) -> str:
    """Both shapes, their axes named."""
    return f"y is {written(y, 'classes')}, and the model returns {written(output, 'units')}."


def _entries(shape: Shape) -> int:
    """How many numbers a sample has; 0 where a size is not known."""
    return prod(size or 0 for size in shape[1:])
