"""Messages about X: what the model takes, and what came."""

from __future__ import annotations

import re
from math import prod

from rnnshape.explaining.fitting import data_remedies, labels_remedies, same
from rnnshape.explaining.messages import Advice, Said
from rnnshape.explaining.shapes import (
    Shape,
    axes_of_rank,
    class_of,
    is_model,
    is_recurrent,
    number_of,
    shape_of,
    written,
)

__all__ = [
    "axis",
    "checked",
    "embedding",
    "fit",
    "number_of_arrays",
    "number_of_tensors",
    "rank",
    "reshape",
]


def rank(said: Said) -> Advice:
    """The layer takes tensors with another number of axes."""
    name = said["of"] or said["layer"]
    taken, came, shape = said.number("taken"), said.number("came"), said.shape("shape")
    layer = class_of(name) if name and not is_model(name) else "the model"
    least = {"min_": "at least ", "max_": "at most ", "": ""}[said["bound"]]
    if ">" in said["sign"]:
        least = "at least "
    what = written(shape) if shape else f"a tensor of {came} axes, {axes_of_rank(came)}"
    text = f"{layer} takes {least}{taken} axes, {axes_of_rank(taken)}; what came is {what}."
    inside = not is_model(name) and number_of(name) > 0  # the first layer of a kind has no number
    remedies = _rank_remedies(name, taken, came, shape, inside)
    return Advice(text, remedies, "chain" if inside else None)


def _rank_remedies(
    name: str, taken: int, came: int, shape: Shape | None, inside: bool
) -> tuple[str, ...]:
    last = shape[-1] if shape and shape[-1] else None
    if class_of(name) == "Permute":
        order = tuple(range(came - 1, 0, -1))
        return (f"Permute({order})  # each axis once, without the batch",)
    if (taken, came) == (3, 2):
        sequences = (
            f"LSTM({last or 64}, return_sequences=True)  # the recurrent layer before it, so that "
            "it returns (batch, timesteps, units)"
        )
        given: tuple[str, ...] = (
            f"Input(shape=({last or 'timesteps'}, 1))  # (timesteps, features), without the batch",
            "X = X[..., None]  # (batch, timesteps) becomes (batch, timesteps, 1)",
        )
        if shape and shape[0] is not None:  # an array, and not what a layer returns
            given = given[::-1]
        repeat = "RepeatVector(timesteps)  # before it, for the same vector at each timestep"
        one = "X = X[None]  # a single sample (timesteps, features) lacks its batch"
        if name and "flatten" in name:
            return ("Dense(1)  # without Flatten() before it: there are no timesteps", sequences)
        return (sequences, *given, repeat, one) if inside else (*given, sequences, one)
    if (taken, came) == (3, 4):
        return (
            "Input(shape=(timesteps, features))  # without the number of samples",
            "X = X.reshape(len(X), X.shape[1], -1)  # all that belongs to a timestep in one axis",
            "TimeDistributed(Flatten())  # before it, after layers that return images",
            "X = X[..., 0]  # before an Embedding: X is (batch, timesteps)",
        )
    if (taken, came) == (2, 3):
        return (
            f"LSTM({last or 64})  # the recurrent layer before it, without return_sequences",
            "Flatten()  # before it: all timesteps in one axis",
            "X = X.reshape(len(X), -1)  # if it is the first layer",
        )
    if came == 1:
        sizes = ", ".join(["1"] * (taken - 2) + ["-1"])
        return (
            f"X = X.reshape(1, {sizes})  # a single sample, with its batch",
            "X = X[:, None]  # many samples of one feature",
            f"Input(shape={axes_of_rank(taken).replace('batch, ', '')})  # without the batch",
        )
    if (taken, came) == (4, 3):
        return (
            "X = X[..., None]  # one channel: (batch, rows, columns, 1)",
            "Input(shape=(rows, columns, 1))  # with the channels",
            "Conv1D(64, 3)  # for sequences (batch, timesteps, features)",
            "LSTM(64, return_sequences=True)  # if a recurrent layer is inside TimeDistributed",
        )
    if taken == 5:
        return (
            "X = X.reshape(samples, timesteps, rows, columns, channels)",
            "Input(shape=(timesteps, rows, columns, channels))",
            "ConvLSTM2D(64, 3, return_sequences=True)  # the ConvLSTM2D before it",
        )
    if came < taken:
        axes = axes_of_rank(taken)[1:-1].replace("batch", "len(X)")
        return (f"X = X.reshape({axes})", f"Input(shape=({axes.replace('len(X), ', '')}))")
    return (
        f"X = X.reshape(len(X), {', '.join(['-1'] + ['1'] * (taken - 2))})",
        "Flatten()  # before it",
        f"Input(shape={axes_of_rank(taken).replace('batch, ', '')})  # without the batch",
    )


def axis(said: Said) -> Advice:
    name = said["of"] or said["layer"]
    shape, value, axis = said.shape("shape") or (), said.number("value"), said.number("axis")
    came = shape[axis] if shape and -len(shape) <= axis < len(shape) else None
    text = (
        f"{class_of(name)} was built for size {value} on axis {axis}, and what came has "
        f"{came}: {written(shape)}."
    )
    if None not in shape[1:] and prod(size or 0 for size in shape[1:]) == value:
        flat = f"X = X.reshape(len(X), {value})  # all of a sample in one axis"
        return Advice(text, (flat, "Flatten()  # the same, as the layer before it"))
    x = f"Input(shape={tuple(shape[1:])})  # build the model for what comes"
    cut = f"X = X[..., :{value}]  # the features that the model was built for"
    again = f"{class_of(name)}(...)  # a layer of its own for each width: this one is called twice"
    flat = "Flatten()  # before it needs inputs of the same length: pad_sequences(X, maxlen=n)"
    return Advice(text, (x, cut, again, flat), "chain" if number_of(name) > 1 else None)


def fit(said: Said) -> Advice:
    """An array or tensor that does not fit the shape of an Input."""
    taken, came = said.shape("taken") or (), said.shape("came") or ()
    if not taken or not came:
        text = f"The model takes {said['taken'] or 'another shape'}; what came is {said['came']}."
        return Advice(text, ("print(X.shape, model.input_shape)  # equal but for the batch",))
    fixed = taken[0]
    if fixed and came[0] != fixed and same(taken[1:], came[1:]):
        return Advice(
            f"The model takes batches of {fixed} samples, and {came[0]} came: {written(came)}.",
            (
                f"model.fit(X, y, batch_size={fixed})",
                f"X = X[: len(X) // {fixed} * {fixed}]  # a number of samples that {fixed} divides",
            ),
            "samples",
        )
    sample = "(timesteps, features), a sample without its batch" if same(came, taken[1:]) else None
    text = f"The model takes {written(taken)}; what came is {written(came, sample)}."
    return Advice(text, data_remedies(taken, came))


def checked(said: Said) -> Advice:
    """`Error when checking input` and `target`, of Keras 1 and 2."""
    layer, is_target = said["layer"], "target" in said["what"] or "output" in said["what"]
    came = said.shape("came") or ()
    if said.match["rank"]:
        rank = said.number("rank")
        taken: Shape = (None,) * rank
        text = f"takes {rank} axes, {axes_of_rank(rank)}; what came is {written(came)}."
    else:
        taken = said.shape("taken") or ()
        if taken[:1] != (None,) and len(taken) == len(came):
            # Keras 2.1.3 and later write both without the batch, where both have the same rank.
            taken, came = (None, *taken), (None, *came)
        text = f"takes {written(taken)}; what came is {written(came)}."
    if is_target:
        return Advice(f"y: {layer} {text}", labels_remedies(taken, came), "labels")
    if said.match["rank"]:
        return Advice(
            f"X: {layer} {text}", _rank_remedies(layer, len(taken), len(came), came, False)
        )
    return Advice(f"X: {layer} {text}", data_remedies(taken, came))


def number_of_arrays(said: Said) -> Advice:
    taken, came = said.number("taken"), int(said["came"] or 1)
    y = "target" in said["what"] or "output" in said["what"]
    name = "y" if y else "X"
    text = f"Arrays of the model: {taken} {'as y' if y else 'as X'}; {came} came."
    if taken == 1:
        remedies: tuple[str, ...] = (
            f"{name} = numpy.array({name})  # one array instead of a list of samples",
            f"model.fit({'X, y[0]' if y else 'X[0], y'})  # one array instead of a list of arrays",
        )
    else:
        names = ", ".join(f"{name}{number + 1}" for number in range(min(taken, 9)))
        remedies = (
            f"model.fit({'X, [' + names + ']' if y else '[' + names + '], y'})  # one array for "
            f"each {'output' if y else 'input'}",
        )
    return Advice(text, remedies, "labels" if y else None)


def number_of_tensors(said: Said) -> Advice:
    name, taken, came = said["layer"], said.number("taken"), said.number("came")
    text = f"Tensors that {class_of(name)} takes: {taken}; {came} came."
    if is_recurrent(name) and taken > 1:
        return Advice(
            f"{text} Its initial_state counts as inputs: an LSTM has 2 states, a GRU 1.",
            ("LSTM(64)(x, initial_state=[h, c])", "LSTM(64)(x)"),
            "chain",
        )
    if taken > 1:
        names = ", ".join(f"x{number + 1}" for number in range(min(taken, 9)))
        keys = re.findall(r"'([^']+)'", said.match.groupdict().get("keys") or "")
        by_name = ", ".join(f"{key!r}: x{number + 1}" for number, key in enumerate(keys))
        remedies: tuple[str, ...] = (f"model.fit([{names}], y)  # one array for each input",)
        if keys:
            remedies += (f"model.fit({{{by_name}}}, y)  # by the inputs' names",)
        return Advice(text, (*remedies, f"model.predict([{names}])"))
    if is_model(name):
        return Advice(
            text,
            ("model.fit(X, y)  # one array, not a list", "X = numpy.array(X)  # a list of samples"),
        )
    return Advice(
        f"{text} A recurrent layer with return_state=True returns its output and its states.",
        (
            "output, *states = LSTM(64, return_state=True)(x)  # hand on the output alone",
            "LSTM(64)  # the layer before it, without return_state",
            "Concatenate()([a, b])  # several tensors become one",
        ),
        "chain",
    )


def embedding(said: Said) -> Advice:
    index, size = said.number("index"), said.number("size")
    if index < 0:
        return Advice(
            f"X holds the number {index}, and Embedding takes 0 to {size - 1}.",
            ("X = X - X.min()  # numbers from 0", "Embedding(X.max() + 1, 64)"),
        )
    return Advice(
        f"X holds the number {index}, and an Embedding of {size} words takes 0 to {size - 1}.",
        (
            f"Embedding({index + 1}, 64)  # input_dim is the largest number in X, plus 1",
            "Embedding(len(tokenizer.word_index) + 1, 64)  # a Tokenizer counts from 1",
            f"Tokenizer(num_words={size})  # rarer words are left out",
        ),
    )


def reshape(said: Said) -> Advice:
    """A number of entries, or a shape, that cannot become another shape."""
    came, taken = said["came"], said["taken"]
    what = f"{came} numbers" if came.isdigit() else f"a tensor {came}".rstrip()
    into = f"{taken} numbers" if taken.isdigit() else f"the shape {taken}".rstrip()
    remedies: tuple[str, ...] = (
        "X = X.reshape(len(X), timesteps, -1)  # -1 is worked out from the rest",
        "Reshape((timesteps, -1))  # in a model: without the batch",
        "X = X[: len(X) // timesteps * timesteps]  # before it: leave out what is left over",
    )
    size = prod(size or 1 for size in shape_of(came) or (0,))
    fitting = None if taken.isdigit() else _reshaped(shape_of(taken) or (), size)
    if fitting and not came.isdigit():
        remedies = (f"Reshape({fitting})  # {size} numbers, without the batch", *remedies)
    elif fitting and len(fitting) > 1:
        remedies = (f"X = X.reshape{fitting}  # {size} numbers", *remedies)
    return Advice(
        f"Reshaping keeps the number of entries, the product of the sizes; {what} cannot become "
        f"{into}. A Reshape layer leaves the batch out of both.",
        remedies,
    )


def _reshaped(taken: Shape, size: int) -> Shape | None:
    """The shape with one axis, the first that fits, of another size."""
    for axis in range(len(taken)):
        before, after = taken[:axis], taken[axis + 1 :]
        others = prod(size or 0 for size in (*before, *after))
        if size and others > 0 and size % others == 0:
            return (*before, size // others, *after)
    return None
