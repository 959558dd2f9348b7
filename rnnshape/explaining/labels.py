"""Messages about y, the loss and the metrics, and about arrays of different lengths."""

from __future__ import annotations

from rnnshape.explaining.fitting import classes_advice, labels_remedies, labels_said
from rnnshape.explaining.messages import Advice, Said

__all__ = ["first_dimension", "outside", "pair", "to_categorical", "y_and_output"]


def y_and_output(said: Said) -> Advice:
    """Two shapes that a loss compares."""
    y, output = said.shape("y") or (), said.shape("output") or ()
    remedies = labels_remedies(output, y)
    if ("sparse" in said.text or "ndim - 1" in said.text) and len(y) == len(output) > 0:
        one_hot = classes_advice(output[-1], sparse=True)
        return Advice(
            "sparse_categorical_crossentropy takes y without the axis of classes. "
            + labels_said(output, y),
            (*one_hot, *remedies) if y[-1] != output[-1] else one_hot,
        )
    return Advice(labels_said(output, y), remedies)


def first_dimension(said: Said) -> Advice:
    """Sparse labels: logits (batch, classes) and as many labels, all axes but the last joined."""
    logits, labels = said.shape("output") or (0, 0), said.shape("y") or (0,)
    rows, classes, given = logits[0], logits[-1], labels[0]
    text = f"y gives {given} labels, and the model returns {rows} rows of {classes} classes."
    one_hot = classes_advice(logits[-1], sparse=True)
    last_only = (
        "LSTM(64)  # the last recurrent layer without return_sequences, for one label a sample",
        "Flatten()  # before the last Dense, or GlobalAveragePooling1D()",
    )
    if rows and given and given % rows == 0:
        wide = given // rows
        hint = f" {given} is {rows} times {wide}: y has {wide} columns, as if it were one-hot."
        return Advice(
            text + hint,
            (
                *one_hot,
                "LSTM(64, return_sequences=True)  # the last recurrent layer, if y has a label for "
                "each timestep",
            ),
        )
    if rows and given and rows % given == 0:
        hint = f" {rows} is {given} times {rows // given}: the output still has timesteps."
        return Advice(text + hint, (*last_only, *one_hot))
    return Advice(text, (*one_hot, *last_only))


def outside(said: Said) -> Advice:
    label, classes = said.number("label"), said.number("classes")
    wide = max(label + 1, classes)
    remedies = (
        f"Dense({wide}, activation='softmax')  # as many units as there are classes",
        "y = numpy.unique(y, return_inverse=True)[1]  # classes counted from 0",
        "y = y - 1  # if y counts from 1",
    )
    return Advice(
        f"y holds the class {label}, and the model returns {classes} classes: 0 to {classes - 1}.",
        remedies if label >= 0 else remedies[1:],
    )


def to_categorical(said: Said) -> Advice:
    index, size = said.number("index"), said.number("size")
    return Advice(
        f"There is no place {index} among {size}: with to_categorical a class {index} in y, where "
        f"{size} classes are from 0 to {size - 1}.",
        (
            f"y = keras.utils.to_categorical(y, num_classes={index + 1})",
            "y = y - y.min()  # classes counted from 0",
        ),
    )


def pair(said: Said) -> Advice:
    """`Shapes (None, 1) and (None, 10) are incompatible`: y and the output, in this order."""
    y, output = said.shape("y") or (), said.shape("output") or ()
    weights = ("assign", "load_weights", "set_weights", "checkpoint", "Assign", "variable")
    if any(word in said.text for word in weights) and "train_" not in said.text:
        return Advice(
            f"A weight of shape {said['output']} is given values of shape {said['y']}.",
            (
                "Input(shape=(timesteps, features))  # the same as when the weights were saved",
                "LSTM(64)  # the same units as when the weights were saved",
                "model.load_weights('w.weights.h5', skip_mismatch=True)  # leave out what differs",
            ),
            "chain",
        )
    return Advice(labels_said(output, y), labels_remedies(output, y))
