"""Messages of TensorFlow's operations: which of a model's tensors they are follows from the
operation's name and from the shapes."""

from __future__ import annotations

import re

from rnnshape.explaining.fitting import labels_remedies, labels_said
from rnnshape.explaining.messages import Advice, Said
from rnnshape.explaining.shapes import SHAPE, Shape, shape_of

__all__ = ["inner_product", "joined", "negative", "unequal"]

_LOSS = re.compile(
    r"loss|SquaredDifference|squared|entropy|metrics|accuracy|hinge|mse\b|mae\b|LogicalAnd|Equal\b|"
    r"_error|poisson|huber|divergence|cosine|precision|recall|true_positives",
    re.IGNORECASE,
)
_SHAPES = re.compile(rf"with input shapes: (?P<a>{SHAPE}), (?P<b>{SHAPE})")
_NODE = re.compile(
    r"node '?\{?\{?(?:node )?([\w./:]+)|for '(?:\{\{node )?([\w./:]+)|Node: '([\w./:]+)"
)


def unequal(said: Said) -> Advice:
    """Two tensors that an operation combines, and that differ."""
    node = _node(said.text)
    # Not the whole text: the program's own lines in a traceback may say `concatenate` too.
    operation = f"{node} {said.text[said.match.start() :]}"
    shapes = _SHAPES.search(operation)
    a, b = said.shape("a"), said.shape("b")
    if shapes:
        a, b = shape_of(shapes["a"]), shape_of(shapes["b"])
    numbers = f"{said['m']} and {said['n']}" if said["m"] else f"{a} and {b}"
    if re.search(r"MatMul|Matrix size", operation):
        return _product(numbers, a, b, node)
    if re.search(r"= (?:Conv|Depthwise)|op: '(?:Conv|Depthwise)", operation):
        return Advice(
            f"The convolution was built for another number of features (the last axis): {numbers}.",
            ("Input(shape=(timesteps, features))  # as X has", "X = X[..., :features]"),
            "data",
        )
    if "concat" in operation.lower():
        return joined(said)
    if _LOSS.search(node) or _looks_like_loss(a, b):
        return _labels(a, b, said.text)
    wide = b[-1] if b and re.search("lstm|gru|rnn", node, re.IGNORECASE) else None
    states = (f"LSTM({wide})(x, initial_state=[h, c])  # as many units as the states",)
    return Advice(
        f"Two tensors are combined entry by entry, and differ: {numbers}"
        f"{f' ({a} and {b})' if shapes else ''}. The sizes of each axis, from the last backwards, "
        "must be equal, or one of them 1.",
        (
            *(states if wide else ()),
            "Dense(units)  # a layer that makes both of one width, before they are combined",
            "LSTM(64)  # with the same units and return_sequences in both branches",
            "y = y.reshape(-1, 1)  # if it is the loss: y of the shape of the output",
            "model.fit(X, y, batch_size=batch)  # if the layer is stateful: the batch_size of "
            "Input",
        ),
        "chain",
    )


def inner_product(said: Said) -> Advice:
    return _product("as the message says", said.shape("a"), said.shape("b"), "")


def _node(text: str) -> str:
    """The name of the operation; of the whole text where it has none."""
    node = _NODE.search(text)
    return next(filter(None, node.groups()), text) if node else text


def _looks_like_loss(a: Shape | None, b: Shape | None) -> bool:
    """`[16]` and `[16, 3]`, `[2, 1]` and `[4, 1]` are a loss; `[1, 160]` and `[1, 16]` a metric."""
    if not a or not b:
        return False
    if a[0] != b[0]:
        return a[1:] == b[1:]
    return {len(a), len(b)} == {1, 2} or (a[0] == 1 and len(a) == len(b) == 2)


def _labels(a: Shape | None, b: Shape | None, text: str) -> Advice:
    # Keras 3 and `sub` have y first, SquaredDifference of Keras 2 the output; where the operation
    # does not tell, the shape with fewer axes, or the last size of 1, is y.
    if not a or not b:
        return Advice(
            "The loss combines y and the output entry by entry, and they differ.",
            (
                "print(model.output_shape, y.shape)  # these must be equal",
                "Dense(y.shape[-1])  # the last layer, as wide as y",
                "LSTM(64)  # the last recurrent layer without return_sequences, for one y a sample",
            ),
            "labels",
        )
    if a[0] == b[0] == 1 and len(a) == len(b) == 2:
        return Advice(
            f"A metric such as Precision compares y and the output entry by entry: {a} and {b}.",
            (
                "y = keras.utils.to_categorical(y)  # one column a class, as the output has",
                "metrics=['accuracy']  # for y with the class as a number",
            ),
            "labels",
        )
    y, output = (b, a) if "SquaredDifference" in text else (a, b)
    if len(a) != len(b) and "loss" not in _node(text):
        y, output = sorted((a, b), key=len)
    if a[1:] == b[1:] and a[0] != b[0]:
        return Advice(
            f"{a} and {b} are combined: another number of samples in y or in a state than in the "
            "output, as with a fixed batch that does not divide the data, or with arrays of "
            "different lengths.",
            (
                f"model.fit(X, y, batch_size={max(a[0] or 1, b[0] or 1)})  # that of the Input",
                "n = len(X) // batch * batch  # then X, y = X[:n], y[:n]",
                "n = min(len(X), len(y))  # then X, y = X[:n], y[:n]",
            ),
            "samples",
        )
    if len(a) == 1 and len(b) == 2 and a[0] == b[0]:
        return Advice(
            f"y, its mask or its weights are {a} and the output is {b}: one value for each sample "
            "against one for each timestep or class.",
            (
                "y = y[..., None]  # of the rank of the output, where a mask reaches it",
                f"Dense(1)  # the last layer, where y is a number, instead of Dense({b[1]})",
                "loss='sparse_categorical_crossentropy'  # for y with the class as a number",
            ),
            "labels",
        )
    return Advice(labels_said(output, y), labels_remedies(output, y), "labels")


def _product(numbers: str, a: Shape | None, b: Shape | None, node: str) -> Advice:
    """x @ kernel: the features that came, and those that the layer was built for."""
    came = a[-1] if a else None
    built, wide = (b[-2], b[-1]) if b and len(b) > 1 else (None, None)
    # In a cell the first product is that of x, and the others, MatMul_1, those of the state.
    if built and wide in (3 * built, 4 * built) and not node.endswith("MatMul"):
        return Advice(
            f"The product {a} @ {b} needs equal sizes in its middle, {numbers}. A matrix of "
            f"{built} "
            f"rows and {wide} columns is the recurrent kernel of {built} units, so the state that "
            f"came in has {came} units instead of {built} (or x has {came} features).",
            (
                f"LSTM({came}, return_sequences=True)(x, initial_state=[h, c])  # as many units as "
                "the states",
                f"h = Dense({built})(h)  # states as wide as the units, likewise c",
                f"Input(shape=(timesteps, {came}))  # if it is x",
            ),
            "chain",
        )
    return Advice(
        f"The product of {a or 'x'} and {b or 'the kernel'} needs equal sizes in its middle, "
        f"{numbers}: {came or 'other'} features came where the layer was built for "
        f"{built or 'another number'}.",
        (
            f"Input(shape=(timesteps, {came or 'features'}))  # as many features as X has",
            f"X = X[..., :{built or 'features'}]  # the features that the model was built for",
            "LSTM(64)  # a layer of its own for each input: a shared one keeps its first width",
        ),
        "data",
    )


def joined(said: Said) -> Advice:
    return Advice(
        f"Tensors are joined along one axis, and differ in another: {said['a'] or 'one'} and "
        f"{said['b'] or 'the other'}.",
        (
            "Concatenate(axis=1)([a, b])  # along the axis that differs",
            "LSTM(64)  # both branches with, or both without return_sequences",
            "RepeatVector(timesteps)(b)  # (batch, units) becomes (batch, timesteps, units)",
            "n = min(len(X1), len(X2))  # then X1[:n], X2[:n]: all with one number of samples",
        ),
    )


def negative(said: Said) -> Advice:
    """A convolution or pooling that leaves nothing of an axis."""
    size, length, shape = said["size"], said["length"], said["shape"]
    window = f"a window of {size} is laid over {length} entries" if size else "a window is too long"
    named = re.search(r"(pool|conv)\w*?(\d)d", said.text, re.IGNORECASE)
    pools, axes = named and named[1].lower() == "pool", named[2] if named else "1"
    layer = f"MaxPooling{axes}D(2" if pools else f"Conv{axes}D(64, 3"
    shorter = f"MaxPooling{axes}D(" if pools else f"Conv{axes}D(64, "
    return Advice(
        f"Without padding {window}{f' for {shape}' if shape else ''}: nothing would be left. "
        "After a convolution or pooling the axis is shorter than before it.",
        (
            f"{layer}, padding='same')  # an axis is not shortened by the window",
            f"{shorter}{length or 1})  # a window no longer than the axis",
            "Input(shape=(timesteps, features))  # a longer sequence, its axes in this order",
            f"{layer}, data_format='channels_last')  # with channels as the last axis of X",
        ),
    )
